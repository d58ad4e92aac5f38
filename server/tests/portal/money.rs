//! Money on PostgreSQL: holds under one lock, budgets that stop and never delete.

use app::domain::ids::{AllowanceId, CourseId, EnvironmentId};
use app::domain::money::{Currency, Money};
use app::domain::phase::{Goal, Phase};
use app::domain::price::CostsView;
use app::error::{AppError, Field, Why};
use app::ports::{BudgetOf, Costs, Environments, Granted, Scaling};
use server::db::budgets::{self, Scope};
use server::spend::{self, Accounts};
use sqlx::PgPool;
use time::Duration;

use crate::support::TestPortal;

pub const YEN: i64 = 1_000_000;

impl TestPortal {
    pub async fn course(&self) -> CourseId {
        CourseId(sqlx::query_scalar("select id from course").fetch_one(&self.engine.pool).await.expect("a course"))
    }

    pub async fn allow(&self, scope: Scope, yen: i64) {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        let money = Money::new(Currency::Jpy, yen * YEN);
        budgets::allow(&mut db, self.course().await, scope, money, "for the test", None).await.expect("allowed");
    }

    pub async fn accounts(&self) -> Accounts {
        Accounts::of(&mut self.engine.pool.acquire().await.expect("a connection"), self.course().await).await.expect("accounts")
    }

    pub async fn costs(&self, id: EnvironmentId) -> CostsView {
        self.environments.of_environment(&self.student, id).await.expect("costs")
    }

    /// What goes on by itself.
    pub async fn follow_budgets(&self) {
        spend::follow::follow(&self.engine).await.expect("followed");
    }

    pub async fn goal(&self, id: EnvironmentId) -> Goal {
        let goal = sqlx::query_scalar("select goal from environment where id = $1").bind(id.0);
        goal.fetch_one(&self.engine.pool).await.expect("a goal")
    }

    /// Lets so much time go by, with a look at budgets every quarter of an hour.
    pub async fn let_pass(&self, time: Duration) {
        for _ in 0..time.whole_minutes() / 15 {
            self.advance(Duration::minutes(15)).await;
            while self.turn_once().await > 0 {}
            self.follow_budgets().await;
        }
    }
}

/// What one environment of the test's blueprint has set aside in yen, at least and at most: two processors and a GiB for a day, a disk of 8 GiB
/// and an address for three weeks.
async fn hold_of_one(portal: &TestPortal) -> i64 {
    let id = portal.request("measured").await.expect("requested");
    let held = portal.accounts().await.committed(id);
    sqlx::query("delete from hold").execute(&portal.engine.pool).await.expect("deleted");
    sqlx::query("update environment set removed_at = koza_now(), wake_at = null where id = $1")
        .bind(id.0)
        .execute(&portal.engine.pool)
        .await
        .expect("removed");
    held
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn of_fifty_who_ask_at_once_on_a_budget_for_ten_exactly_ten_get_one(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    // The image's bake has cost something.
    let spent: i64 = portal.accounts().await.spent.values().sum();
    let one = hold_of_one(&portal).await;
    // It rises by a little with the month's disks while the test goes on; a tenth of one more is not another one.
    portal.allow(Scope::Course, (spent + one * 10 + one / 10) / YEN).await;
    let asked = (0..50).map(|number| {
        let (environments, student, version) = (portal.environments.clone(), portal.student.clone(), portal.version);
        tokio::spawn(async move { environments.request(&student, version, &format!("c{number}"), "", 0).await })
    });
    let (mut given, mut refused) = (0, 0);
    for asked in asked.collect::<Vec<_>>() {
        match asked.await.expect("no panic") {
            Ok(_) => given += 1,
            Err(AppError::OverBudget { left, needed }) => {
                assert!(left.micros < needed.micros, "it says what is left and what it needs");
                refused += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((given, refused), (10, 40));
    assert_eq!(portal.count("select count(*) from hold").await, 10);
    assert_eq!(portal.count("select count(*) from environment where purpose = 'course' and removed_at is null").await, 10);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_student_may_spend_what_the_course_gives_each_and_what_was_granted_beside_it(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let one = hold_of_one(&portal).await;
    portal.allow(Scope::Each, one * 12 / 10 / YEN).await;
    portal.request("first").await.expect("the first fits");
    assert!(matches!(portal.request("second").await, Err(AppError::OverBudget { .. })));
    let other = portal.environments.request(&portal.other_student, portal.version, "third", "", 0).await;
    other.expect("another student's money is another's");
    portal.allow(Scope::Person(portal.student.person), one / YEN).await;
    portal.request("second").await.expect("granted");
    portal.allow(Scope::Course, 1).await;
    let none = portal.environments.request(&portal.other_student, portal.version, "fourth", "", 0).await;
    let Err(AppError::OverBudget { left, .. }) = none else { panic!("{none:?}") };
    assert_eq!(left.micros, 0, "what is committed is more than the course has by now");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_has_no_price_is_refused_by_name_and_nothing_is_begun(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    sqlx::query("delete from price where item = 'address'").execute(&portal.engine.pool).await.expect("deleted");
    assert_eq!(portal.request("c5").await, Err(AppError::NoPrice { item: "address".into() }));
    sqlx::query("delete from price").execute(&portal.engine.pool).await.expect("deleted");
    assert!(matches!(portal.request("c5").await, Err(AppError::NoPrice { .. })));
    assert_eq!(portal.count("select count(*) from environment where purpose = 'course'").await, 0);
    crate::support::know_prices(&mut portal.engine.pool.acquire().await.expect("a connection"), "sim").await;
    sqlx::query("delete from exchange_rate").execute(&portal.engine.pool).await.expect("deleted");
    assert_eq!(portal.request("c5").await, Err(AppError::NoRate { currency: Currency::Jpy }));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn starting_and_scaling_out_are_held_too(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let committed = |accounts: &Accounts| accounts.committed(id);
    let alone = committed(&portal.accounts().await);
    portal.scale_out(id, 2).await;
    let spread = committed(&portal.accounts().await);
    assert!(spread > alone * 3 / 2, "{alone} → {spread}");
    portal.allow(Scope::Course, 1).await;
    let more = portal.environments.scale_out(&portal.student, id, 3, None).await;
    assert!(matches!(more, Err(AppError::OverBudget { .. })), "{more:?}");
    portal.environments.stop(&portal.student, id).await.expect("asked");
    portal.follow_budgets().await;
    let stopped = committed(&portal.accounts().await);
    assert!(stopped < spread, "what was set aside for running is free again");
    assert!(matches!(portal.environments.start(&portal.student, id).await, Err(AppError::OverBudget { .. })));
    assert_eq!(portal.goal(id).await, Goal::Stopped);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_is_set_aside_is_renewed_until_there_is_no_more_then_told_then_stopped_and_everything_is_kept(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let accounts = portal.accounts().await;
    // Six more hours of it fit.
    let rest: i64 = accounts.spent.keys().filter(|other| **other != id).map(|other| accounts.spent_by(*other)).sum();
    let hour = accounts.committed(id) / 40;
    portal.allow(Scope::Course, (rest + accounts.committed(id) + hour) / YEN + 1).await;
    let short = async || {
        let short = sqlx::query_scalar::<_, bool>("select short_since is not null from hold where environment = $1").bind(id.0);
        short.fetch_one(&portal.engine.pool).await.expect("a hold")
    };
    portal.follow_budgets().await;
    assert!(!short().await);
    let mut told_after = None;
    let mut stopped_after = None;
    for quarter in 1..=200 {
        portal.let_pass(Duration::minutes(15)).await;
        if told_after.is_none() && short().await {
            told_after = Some(quarter);
        }
        if portal.goal(id).await == Goal::Stopped {
            stopped_after = Some(quarter);
            break;
        }
    }
    let (told, stopped) = (told_after.expect("it was told"), stopped_after.expect("it was stopped"));
    assert!(stopped - told >= 90, "a day of running was set aside when it was told: {told} → {stopped} quarters of an hour");
    portal.run_until_phase(id, Phase::Stopped).await;
    let mut kept = portal.in_cloud(id).await;
    kept.retain(|kind| ["machine", "disk", "address"].contains(kind));
    assert_eq!(kept, ["address", "disk", "machine"], "nothing was deleted");
    let accounts = portal.accounts().await;
    let all: i64 = accounts.spent.keys().map(|id| accounts.spent_by(*id)).sum();
    assert!(all < accounts.allowed.course.expect("a budget"), "keeping it is within the budget");
    assert!(matches!(portal.environments.start(&portal.student, id).await, Err(AppError::OverBudget { .. })));
    portal.allow(Scope::Course, 10_000).await;
    portal.environments.start(&portal.student, id).await.expect("granted");
    portal.run_until_phase(id, Phase::Ready).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_budget_that_is_used_up_stops_within_a_minute(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    portal.let_pass(Duration::hours(2)).await;
    portal.allow(Scope::Course, 1).await;
    portal.follow_budgets().await;
    assert_eq!(portal.goal(id).await, Goal::Stopped, "at the next look, which is every 20 seconds");
    portal.run_until_phase(id, Phase::Stopped).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn another_lease_is_held_like_everything_else(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let first = portal.costs(id).await.lease_until.expect("a lease");
    let early = portal.environments.extend(&portal.student, id).await;
    assert_eq!(early, Ok(()), "some seconds have passed since it was asked for");
    portal.let_pass(Duration::days(3)).await;
    let before = portal.accounts().await.committed(id);
    portal.allow(Scope::Course, 1).await;
    assert!(matches!(portal.environments.extend(&portal.student, id).await, Err(AppError::OverBudget { .. })));
    portal.allow(Scope::Course, 1_000_000).await;
    portal.environments.extend(&portal.student, id).await.expect("there is room");
    let later = portal.costs(id).await.lease_until.expect("a lease");
    assert!(later - first > Duration::days(3));
    assert!(portal.accounts().await.committed(id) > before, "keeping it longer is set aside");
    assert_eq!(portal.environments.extend(&portal.other_student, id).await, Err(AppError::NotFound));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_teaches_sets_budgets_and_who_learns_does_not_see_them(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let port = &portal.environments;
    for stranger in [&portal.student, &portal.stranger] {
        assert_eq!(port.of_course(stranger, "SYS-101", 1).await.map(|_| ()), Err(AppError::NotFound));
        assert_eq!(port.set_budget(stranger, "SYS-101", BudgetOf::Course, "1", "mine").await, Err(AppError::NotFound));
        assert_eq!(port.charges(stranger, "SYS-101", 0, 10).await.map(|_| ()), Err(AppError::NotFound));
    }
    assert_eq!(port.of_environment(&portal.other_student, id).await.map(|_| ()), Err(AppError::NotFound));
    let set =
        async |of, amount: &'static str, reason: &'static str| port.set_budget(&portal.instructor, "SYS-101", of, amount, reason).await;
    let refused = |field, why| Err(AppError::Invalid { field, why });
    assert_eq!(set(BudgetOf::Course, "much", "term").await, refused(Field::Amount, Why::NotMoney));
    assert_eq!(set(BudgetOf::Course, "5000", " ").await, refused(Field::Reason, Why::Missing));
    let grant = async |id, person, amount: &'static str, is_taken_back| {
        let granted = Granted { id, person, amount, reason: "thesis", is_taken_back };
        port.grant(&portal.instructor, "SYS-101", granted).await
    };
    assert_eq!(grant(AllowanceId::new(), portal.stranger.person, "5000", false).await, Err(AppError::NotFound));
    set(BudgetOf::Course, "5,000", "term").await.expect("set");
    set(BudgetOf::Course, "4000", "less").await.expect("set");
    set(BudgetOf::Course, "4000", "again").await.expect("the same");
    set(BudgetOf::Each, "1000", "each").await.expect("set");
    let (student, first) = (portal.student.person, AllowanceId::new());
    for _ in 0..2 {
        grant(first, student, "350.5", false).await.expect("granted, and once only");
    }
    let too_much = refused(Field::Amount, Why::MoreThanGranted);
    assert_eq!(grant(AllowanceId::new(), student, "351", true).await, too_much);
    grant(AllowanceId::new(), student, "100", true).await.expect("taken back");
    let seen = port.of_course(&portal.instructor, "SYS-101", 1).await.expect("a page");
    assert_eq!(seen.course.allowed, Some(4_000 * YEN));
    let of = |name: &str| seen.people.iter().find(|person| person.of.name == name).expect("a student").clone();
    assert_eq!((of("aoi").allowed, of("ren").allowed), (Some(1_250 * YEN + YEN / 2), Some(1_000 * YEN)));
    assert!(of("aoi").spent > 0 && of("aoi").held > 0 && of("ren").spent == 0);
    let history: Vec<_> = seen.history.iter().rev().map(|row| (row.amount / YEN, row.reason.as_str())).collect();
    assert_eq!(history, [(5_000, "term"), (-1_000, "less"), (1_000, "each"), (350, "thesis"), (-100, "thesis")]);
    let of_kinds: i64 = seen.by_cost.iter().map(|cost| cost.amount).sum();
    let of_days: i64 = seen.days.iter().map(|day| day.amount).sum();
    let of_environments: i64 = seen.environments.iter().map(|environment| environment.amount).sum();
    assert_eq!([of_kinds, of_days, of_environments], [seen.course.spent; 3], "however it is cut");
    let assistant = port.of_course(&portal.instructor, "NO-SUCH", 1).await;
    assert_eq!(assistant.map(|_| ()), Err(AppError::NotFound));
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_runs_after_its_lease_is_held_as_before(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    portal.environments.stop(&portal.student, id).await.expect("asked");
    portal.run_until_phase(id, Phase::Stopped).await;
    portal.advance(Duration::days(20)).await;
    portal.follow_budgets().await;
    let accounts = portal.accounts().await;
    let stopped = accounts.committed(id) - accounts.spent_by(id);
    let rest: i64 = accounts.of_all().1;
    portal.allow(Scope::Course, rest / YEN + 10).await;
    assert!(matches!(portal.environments.start(&portal.student, id).await, Err(AppError::OverBudget { .. })), "a day of running is more");
    portal.allow(Scope::Course, 1_000).await;
    portal.environments.start(&portal.student, id).await.expect("there is room");
    let accounts = portal.accounts().await;
    assert!(accounts.committed(id) - accounts.spent_by(id) > stopped, "a day of running is set aside");
}
