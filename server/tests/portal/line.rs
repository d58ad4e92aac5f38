//! Who is next: people before images, courses in turn; and the place that a page shows is the place that counts.

use app::domain::ids::{BlueprintVersionId, CloudId, CourseId, EnvironmentId, PersonId};
use serde_json::json;
use server::db::environments::{self, Request};
use server::db::{Db, courses, people, queue};
use server::demo::web_and_tex;
use sqlx::PgPool;
use uuid::Uuid;

struct Line {
    db: sqlx::pool::PoolConnection<sqlx::Postgres>,
    cloud: CloudId,
    person: PersonId,
}

type Course = (CourseId, BlueprintVersionId);

impl Line {
    async fn new(pool: PgPool) -> Self {
        let mut db = pool.acquire().await.expect("a connection");
        let cloud = courses::add_cloud(&mut db, "sim", "test", "here", &json!({})).await.expect("a cloud");
        let person = people::add(&mut db, "aoi", "Aoi", "not a hash", false).await.expect("a person");
        queue::beat(&mut db, Uuid::now_v7(), "here").await.expect("a worker lives");
        Self { db, cloud, person }
    }

    async fn course(&mut self, code: &str) -> Course {
        let db: &mut Db = &mut self.db;
        let course = courses::add(db, code, code, self.cloud, "koza-machines.test").await.expect("a course");
        (course, courses::publish(db, course, "Web and TeX", &web_and_tex()).await.expect("a version"))
    }

    async fn request(&mut self, (course, version): Course, name: &str) -> EnvironmentId {
        let (holder, cloud, domain) = (self.person, self.cloud, "koza-machines.test");
        let request = Request { holder, version, course, cloud, name, domain, options: json!({}) };
        environments::request(&mut self.db, &request).await.expect("requested").expect("the name is free")
    }

    async fn claim(&mut self, n: i64) -> Vec<EnvironmentId> {
        let claims = queue::claim(&mut self.db, Uuid::now_v7(), n).await.expect("claims");
        claims.into_iter().map(|claim| claim.environment).collect()
    }

    async fn ahead(&mut self, id: EnvironmentId) -> Option<i64> {
        queue::ahead_of(&mut self.db, id).await.expect("a place")
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_class_of_three_hundred_does_not_keep_a_student_of_another_course_waiting(pool: PgPool) {
    let mut line = Line::new(pool).await;
    let (class, other) = (line.course("BIG-1").await, line.course("SMALL-1").await);
    let mut seats = Vec::new();
    for seat in 0..300 {
        seats.push(line.request(class, &format!("c{seat}")).await);
    }
    let alone = line.request(other, "alone").await;
    assert_eq!(line.ahead(alone).await, Some(1), "one of the class, then this one");
    assert_eq!(line.ahead(seats[0]).await, Some(0));
    assert_eq!(line.ahead(seats[299]).await, Some(300));

    let first = line.claim(16).await;
    assert_eq!(first.len(), 16);
    assert!(first.contains(&alone));
    let late = line.request(other, "late").await;
    assert_eq!(line.ahead(late).await, Some(0), "the class holds more claims than the other course");
    assert_eq!(line.claim(1).await, [late]);
    assert_eq!(line.ahead(late).await, None, "it is being worked on");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn people_come_before_images_however_long_those_wait(pool: PgPool) {
    let mut line = Line::new(pool).await;
    let course = line.course("SYS-101").await;
    environments::wish_for_image(&mut line.db, course.1, line.cloud).await.expect("a wish");
    let person = line.request(course, "c1").await;
    assert_eq!(line.claim(1).await, [person]);
    assert_eq!(line.claim(5).await.len(), 1, "then the image");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_place_is_shown_only_while_somebody_works(pool: PgPool) {
    let mut line = Line::new(pool).await;
    let course = line.course("SYS-101").await;
    let one = line.request(course, "c1").await;
    let two = line.request(course, "c2").await;
    assert_eq!((line.ahead(one).await, line.ahead(two).await), (Some(0), Some(1)));
    sqlx::query("delete from worker").execute(&mut *line.db).await.expect("all have ended");
    assert_eq!(line.ahead(two).await, None);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn two_workers_at_once_never_take_the_same_and_leave_nothing(pool: PgPool) {
    let mut line = Line::new(pool.clone()).await;
    let course = line.course("SYS-101").await;
    for seat in 0..40 {
        line.request(course, &format!("c{seat}")).await;
    }
    let take = || async {
        let mut all = Vec::new();
        loop {
            let mut db = pool.acquire().await.expect("a connection");
            match queue::claim(&mut db, Uuid::now_v7(), 3).await.expect("claims") {
                some if some.is_empty() => return all,
                some => all.extend(some.into_iter().map(|claim| claim.environment.0)),
            }
        }
    };
    let (one, other) = tokio::join!(take(), take());
    let mut all = [one, other].concat();
    let taken = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!((taken, all.len()), (40, 40));
}
