//! Who is told what without having asked, and when Koza looks.

use app::domain::money::{Currency, Money};
use app::domain::news::{Budget, News};
use app::domain::person::Caller;
use app::domain::phase::Goal;
use app::error::{AppError, Field, Why};
use app::ports::{BudgetOf, Costs, Environments, Notices};
use server::db::budgets::{self, Scope};
use server::db::{credits, people};
use server::spend;
use sqlx::PgPool;
use time::Duration;

use crate::money::YEN;
use crate::support::TestPortal;

impl TestPortal {
    /// What somebody was told, the oldest first.
    async fn told(&self, who: &Caller) -> Vec<News> {
        let mut told = Notices::mine(&self.environments, who).await.expect("notices");
        told.reverse();
        told.into_iter().map(|notice| notice.news).collect()
    }

    /// The thresholds that somebody was told, with whose budget it is.
    async fn reached(&self, who: &Caller) -> Vec<(Budget, u8)> {
        let reached = |news| match news {
            News::BudgetReached { budget, percent, .. } => Some((budget, percent)),
            _ => None,
        };
        self.told(who).await.into_iter().filter_map(reached).collect()
    }

    async fn set_budget(&self, of: BudgetOf, yen: i64) {
        let set = self.environments.set_budget(&self.instructor, "SYS-101", of, &yen.to_string(), "for the test").await;
        set.expect("set");
    }

    async fn is_looked_at(&self) -> bool {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        !budgets::courses_to_look_at(&mut db, Duration::seconds(30)).await.expect("courses").is_empty()
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn each_threshold_of_a_budget_is_told_once_to_whom_it_concerns(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    portal.let_pass(Duration::hours(6)).await;
    let spent = portal.accounts().await.spent_by(id) / YEN;
    // Ten more hours fit before it is stopped; more than half is spent.
    portal.set_budget(BudgetOf::Each, spent * 100 / 60).await;
    portal.follow_budgets().await;
    assert_eq!(portal.reached(&portal.student).await, [(Budget::Own, 50)]);
    assert!(portal.reached(&portal.instructor).await.is_empty(), "the course's budget has no limit");
    portal.advance(Duration::minutes(1)).await;
    portal.follow_budgets().await;
    assert_eq!(portal.reached(&portal.student).await.len(), 1, "once");
    portal.set_budget(BudgetOf::Course, portal.accounts().await.of_all().0 / YEN * 100 / 90).await;
    portal.follow_budgets().await;
    assert_eq!(portal.reached(&portal.instructor).await, [(Budget::Course, 80)], "the highest that was reached, alone");
    portal.set_budget(BudgetOf::Course, 1_000_000).await;
    portal.follow_budgets().await;
    portal.set_budget(BudgetOf::Course, portal.accounts().await.of_all().0 / YEN * 100 / 55).await;
    portal.follow_budgets().await;
    assert_eq!(portal.reached(&portal.instructor).await, [(Budget::Course, 80), (Budget::Course, 50)], "a larger budget was reached anew");
    portal.set_budget(BudgetOf::Each, 1).await;
    portal.follow_budgets().await;
    assert_eq!(portal.goal(id).await, Goal::Stopped);
    let told = portal.told(&portal.student).await;
    let [.., News::BudgetReached { percent: 100, spent, allowed, .. }, News::BudgetUsedUp] = &told[..] else { panic!("{told:?}") };
    assert!(spent.micros > allowed.micros && *allowed == Money::new(Currency::Jpy, YEN));
    assert!(portal.told(&portal.other_student).await.is_empty());
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_course_says_at_how_many_percent_its_people_are_told(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let port = &portal.environments;
    let tell_at = async |typed: &'static str| port.tell_at(&portal.instructor, "SYS-101", typed).await;
    let wrong = Err(AppError::Invalid { field: Field::Percents, why: Why::NotPercents });
    for typed in ["0", "101", "50, half", "-5", "1 2 3 4 5 6 7 8 9 10 11"] {
        assert_eq!(tell_at(typed).await, wrong, "{typed}");
    }
    let seen = async || port.of_course(&portal.instructor, "SYS-101", 1).await.expect("a page").tell_at;
    assert_eq!(seen().await, [50, 80, 100]);
    tell_at("90 %、 25, 25").await.expect("set");
    assert_eq!(seen().await, [25, 90]);
    tell_at("").await.expect("never");
    assert_eq!(seen().await, [0_u8; 0]);
    assert_eq!(port.tell_at(&portal.student, "SYS-101", "50").await, Err(AppError::NotFound));
    portal.ready().await;
    portal.set_budget(BudgetOf::Course, 1).await;
    portal.follow_budgets().await;
    assert!(portal.reached(&portal.instructor).await.is_empty());
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn money_is_looked_at_in_every_second_round_and_in_the_next_when_it_matters(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    portal.follow_budgets().await;
    assert!(!portal.is_looked_at().await, "just now");
    portal.advance(Duration::seconds(20)).await;
    assert!(!portal.is_looked_at().await, "not in the next round");
    portal.advance(Duration::seconds(19)).await;
    assert!(portal.is_looked_at().await);
    portal.follow_budgets().await;
    portal.allow(Scope::Course, 1_000_000).await;
    assert!(portal.is_looked_at().await, "its budget changed");
    portal.follow_budgets().await;
    portal.environments.stop(&portal.student, id).await.expect("asked");
    assert!(portal.is_looked_at().await, "something was stopped: what was set aside for it is free");
    portal.environments.start(&portal.student, id).await.expect("asked");
    portal.follow_budgets().await;
    sqlx::query("update hold set short_since = koza_now(), runs_until = koza_now()").execute(&portal.engine.pool).await.expect("short");
    assert!(portal.is_looked_at().await, "something is to be stopped now");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn operators_are_told_before_a_providers_credits_are_gone(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let admin = people::add(&mut db, "admin", "Operator", "not a hash", true).await.expect("a person");
    let admin = Caller { person: admin, name: "Operator".into(), is_operator: true };
    portal.ready().await;
    portal.let_pass(Duration::days(2)).await;
    let cloud = portal.cloud_id().await;
    spend::credits::tell(&portal.engine).await.expect("nothing to tell");
    let (today, used) = (server::db::now(&mut db).await.expect("a time").date(), portal.count("select sum(usd)::bigint from ledger").await);
    let since = today - Duration::days(10);
    credits::set(&mut db, cloud, Some((used * 100 / 85, since)), Some(today + Duration::days(20))).await.expect("set");
    for _ in 0..2 {
        spend::credits::tell(&portal.engine).await.expect("told");
    }
    let told = portal.told(&admin).await;
    let [News::CreditsReached { percent: 80, used: said, .. }, News::CreditsEnd { on, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((said.micros, *on), (used, today + Duration::days(20)), "each once");
    let seen = portal.environments.of_course(&portal.instructor, "SYS-101", 1).await.expect("a page").credits.expect("credits");
    assert_eq!((seen.used.micros, seen.until), (used, Some(today + Duration::days(20))));
    assert!(portal.told(&portal.instructor).await.is_empty(), "the account is the operators'");
    credits::set(&mut db, cloud, None, None).await.expect("set");
    assert_eq!(portal.environments.of_course(&portal.instructor, "SYS-101", 1).await.expect("a page").credits, None);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn sums_are_those_of_the_ledger_and_nobody_else_writes_them(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let one = portal.ready().await;
    portal.let_pass(Duration::days(2)).await;
    portal.environments.delete(&portal.student, one, "c5").await.expect("asked");
    portal.let_pass(Duration::days(1)).await;
    assert!(portal.count("select count(*) from ledger").await > 10);
    let differ = portal.count(
        "select count(*) from (select course, day, item, sum(usd)::bigint usd, sum(amount)::bigint amount from ledger group by 1, 2, 3) l
           full join spent_by_day s using (course, day, item, usd, amount) where l.course is null or s.course is null",
    );
    assert_eq!(differ.await, 0);
    let differ = portal.count(
        "select count(*) from (select environment, course, sum(amount)::bigint amount from ledger group by 1, 2) l
           full join spent_by_environment s using (environment, course, amount) where l.course is null or s.course is null",
    );
    assert_eq!(differ.await, 0);
    let mut tx = portal.engine.pool.begin().await.expect("a transaction");
    sqlx::query("set local role koza_app").execute(&mut *tx).await.expect("the role");
    let refused = sqlx::query("update spent_by_environment set amount = 0").execute(&mut *tx).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("permission denied")));
}
