//! Who is next: people before images, courses in turn; and the place that a page shows is the place that counts.

use app::domain::ids::{BlueprintVersionId, CloudId, CourseId, EnvironmentId, PersonId};
use serde_json::json;
use server::db::environments::{self, Request};
use server::db::queue::{Claim, Reach};
use server::db::{Db, courses, people, queue, world};
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

    async fn claims(&mut self, n: i64) -> Vec<Claim> {
        queue::claim(&mut self.db, Uuid::now_v7(), n).await.expect("claims")
    }

    async fn claim(&mut self, n: i64) -> Vec<EnvironmentId> {
        self.claims(n).await.into_iter().map(|claim| claim.environment).collect()
    }

    async fn claim_by(&mut self, reach: Reach) -> Vec<EnvironmentId> {
        let claims = queue::claim_by(&mut self.db, Uuid::now_v7(), 10, reach).await.expect("claims");
        claims.into_iter().map(|claim| claim.environment).collect()
    }

    async fn claim_alone(&mut self, id: EnvironmentId) -> Option<Claim> {
        queue::claim_alone(&mut self.db, Uuid::now_v7(), id, Reach::Everything).await.expect("asked")
    }

    /// Whatever is due or held gets a turn that ends with: look again now.
    async fn look_again_at_all(&mut self) {
        let held = sqlx::query("update environment set claimed_until = koza_now() - interval '1 second' where claimed_by is not null");
        held.execute(&mut *self.db).await.expect("its worker is gone");
        for claim in self.claims(1000).await {
            let now = server::db::now(&mut self.db).await.expect("the time");
            queue::finish(&mut self.db, claim, Some(now), None).await.expect("finished");
        }
    }

    /// The claim that what is loaded now is good for.
    async fn loaded(&mut self, id: EnvironmentId) -> Claim {
        world::load(&mut self.db, id).await.expect("loaded").claim
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
async fn who_pressed_or_is_new_comes_before_looks_at_what_is_being_built(pool: PgPool) {
    let mut line = Line::new(pool).await;
    let course = line.course("SYS-101").await;
    let mut built = Vec::new();
    for seat in 0..20 {
        built.push(line.request(course, &format!("c{seat}")).await);
    }
    line.look_again_at_all().await;
    let new = line.request(course, "new").await;
    assert_eq!(line.ahead(new).await, Some(0));
    server::db::wake(&mut line.db, built[7].0).await.expect("pressed");
    assert_eq!(line.ahead(built[7]).await, Some(1), "of two who are new the first");
    assert_eq!(line.ahead(built[0]).await, Some(2), "then the looks, in their order");
    assert_eq!(line.claim(1).await, [new]);
    assert_eq!(line.claim(1).await, [built[7]]);
    assert_eq!(line.claim(1).await, [built[0]]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_look_is_not_put_off_for_ever(pool: PgPool) {
    let mut line = Line::new(pool).await;
    let course = line.course("SYS-101").await;
    let built = line.request(course, "built").await;
    line.look_again_at_all().await;
    sqlx::query("insert into clock_offset (shift) values (interval '11 seconds')").execute(&mut *line.db).await.expect("the clock moves");
    let new = line.request(course, "new").await;
    assert_eq!((line.ahead(built).await, line.ahead(new).await), (Some(0), Some(1)));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn nobody_is_claimed_by_name_past_another_who_waits(pool: PgPool) {
    let mut line = Line::new(pool).await;
    let course = line.course("SYS-101").await;
    let (one, two) = (line.request(course, "c1").await, line.request(course, "c2").await);
    assert_eq!(line.claim_alone(one).await, None);
    assert_eq!(line.claim_alone(two).await, None);
    assert_eq!(line.claim(1).await, [one]);
    let claim = line.claim_alone(two).await.expect("the other one is held");
    assert_eq!(line.claim_alone(two).await, None, "so is this one");
    queue::finish(&mut line.db, claim, None, None).await.expect("it was a claim");
    assert_eq!(line.claim_alone(two).await, None, "it is not due");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_look_at_news_finds_what_fell_due_just_now_and_a_look_at_everything_whatever_was_left(pool: PgPool) {
    let mut line = Line::new(pool).await;
    let course = line.course("SYS-101").await;
    let old = line.request(course, "old").await;
    sqlx::query("insert into clock_offset (shift) values (interval '1 minute')").execute(&mut *line.db).await.expect("the clock moves");
    assert_eq!(line.claim_by(Reach::News).await, []);
    let new = line.request(course, "new").await;
    assert_eq!(line.claim_by(Reach::News).await, [new]);
    assert_eq!(line.claim_by(Reach::Everything).await, [old]);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_was_loaded_is_worth_something_to_a_claim_only_if_nothing_came_in_between(pool: PgPool) {
    let mut line = Line::new(pool).await;
    let course = line.course("SYS-101").await;
    let id = line.request(course, "c1").await;
    let loaded = line.loaded(id).await;
    let [claim] = line.claims(1).await[..] else { panic!("one is due") };
    assert_eq!(loaded, claim, "before it");
    assert_eq!(line.loaded(id).await, claim, "and after it");

    queue::finish(&mut line.db, claim, None, None).await.expect("finished");
    server::db::wake(&mut line.db, id.0).await.expect("woken");
    let loaded = line.loaded(id).await;
    line.look_again_at_all().await;
    assert_ne!(line.claims(1).await, [loaded], "a worker held it in between");

    line.look_again_at_all().await;
    let loaded = line.loaded(id).await;
    server::db::wake(&mut line.db, id.0).await.expect("woken");
    assert_ne!(line.claims(1).await, [loaded], "the wish changed in between");
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
