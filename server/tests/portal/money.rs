//! Money on PostgreSQL: holds under one lock, the ledger to the second, budgets that stop and never delete.

use std::collections::BTreeMap;

use app::domain::ids::{CourseId, EnvironmentId};
use app::domain::money::{Currency, Money};
use app::domain::phase::{Goal, Phase};
use app::domain::price::CostsView;
use app::error::{AppError, Field, Why};
use app::ports::{BudgetOf, Costs, Environments, Scaling};
use bill::Cause;
use cloud::{Kind, Meter};
use server::db::budgets::{self, Scope};
use server::spend::{self, Accounts};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use crate::support::TestPortal;

const YEN: i64 = 1_000_000;

impl TestPortal {
    pub async fn course(&self) -> CourseId {
        CourseId(sqlx::query_scalar("select id from course").fetch_one(&self.engine.pool).await.expect("a course"))
    }

    async fn allow(&self, scope: Scope, yen: i64) {
        let mut db = self.engine.pool.acquire().await.expect("a connection");
        let money = Money::new(Currency::Jpy, yen * YEN);
        budgets::allow(&mut db, self.course().await, scope, money, "for the test", None).await.expect("allowed");
    }

    pub async fn accounts(&self) -> Accounts {
        Accounts::of(&mut self.engine.pool.acquire().await.expect("a connection"), self.course().await).await.expect("accounts")
    }

    async fn costs(&self, id: EnvironmentId) -> CostsView {
        self.environments.of_environment(&self.student, id).await.expect("costs")
    }

    /// What goes on by itself.
    async fn follow_budgets(&self) {
        spend::follow::follow(&self.engine).await.expect("followed");
    }

    async fn goal(&self, id: EnvironmentId) -> Goal {
        let goal = sqlx::query_scalar("select goal from environment where id = $1").bind(id.0);
        goal.fetch_one(&self.engine.pool).await.expect("a goal")
    }

    /// Lets so much time go by, with a look at budgets every quarter of an hour.
    async fn let_pass(&self, time: Duration) {
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

/// Prices as `know_prices` has them, in thousandths of a dollar, and what of it a month is.
fn provider_price(kind: Kind, meter: Meter) -> Vec<(i128, bool)> {
    match (kind, meter) {
        // Two processors, one GiB.
        (Kind::Machine, Meter::Running) => vec![(20_000, false), (4_000, false)],
        (Kind::Disk, _) => vec![(8 * 100_000, true)],
        (Kind::Snapshot, _) => vec![(8 * 50_000, true)],
        (Kind::Address, _) => vec![(5_000, false)],
        (Kind::Balancer, _) => vec![(24_300, false)],
        _ => vec![],
    }
}

/// A provider's arithmetic, in whole numbers: millionths of a dollar for a line of its bill.
fn provider_bill(kind: Kind, meter: Meter, from: OffsetDateTime, to: OffsetDateTime) -> i64 {
    let to = if meter == Meter::Running { to.max(from + Duration::MINUTE) } else { to };
    // All lengths of a month, in hours, divide this.
    const HOURS: i128 = 32 * 9 * 5 * 7 * 29 * 31;
    let mut month_parts = 0_i128;
    let mut at = from;
    while at < to {
        let first = at.replace_day(1).expect("a first").replace_time(time::Time::MIDNIGHT);
        let next = (first + Duration::days(32)).replace_day(1).expect("a first");
        let until = next.min(to);
        month_parts += (until - at).whole_microseconds() * (HOURS / i128::from((next - first).whole_hours()));
        at = until;
    }
    let hour = Duration::HOUR.whole_microseconds();
    let round = |amount: i128, of: i128| i64::try_from((amount * 2 + of) / (of * 2)).expect("a sum");
    let lines = provider_price(kind, meter).into_iter();
    lines
        .map(
            |(price, is_monthly)| {
                if is_monthly { round(price * month_parts, hour * HOURS) } else { round(price * (to - from).whole_microseconds(), hour) }
            },
        )
        .sum()
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn the_ledger_is_the_clouds_bill_to_the_millionth_of_a_dollar(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let mut seed = 11_u64;
    let mut chance = move |of: i64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((seed >> 33) % of.unsigned_abs()).expect("small")
    };
    let mut all = Vec::new();
    for name in ["one", "two", "three"] {
        let id = portal.request(name).await.expect("requested");
        portal.run_until_phase(id, Phase::Ready).await;
        all.push(id);
    }
    portal.scale_out(all[2], 2).await;
    for _ in 0..25 {
        portal.advance(Duration::seconds(chance(200_000))).await;
        let id = all[usize::try_from(chance(3)).expect("small")];
        match portal.goal(id).await {
            Goal::Running => portal.environments.stop(&portal.student, id).await.expect("asked"),
            _ => portal.environments.start(&portal.student, id).await.expect("asked"),
        }
        let turns = chance(40);
        for _ in 0..turns {
            portal.turn_once().await;
            portal.advance(Duration::milliseconds(chance(20_000))).await;
        }
        if chance(2) == 0 {
            portal.follow_budgets().await;
        }
    }
    for (id, name) in all.iter().zip(["one", "two", "three"]) {
        portal.environments.delete(&portal.student, *id, name).await.expect("asked");
        portal.run_until_phase(*id, Phase::Removed).await;
    }
    portal.advance(Duration::minutes(2)).await;
    portal.follow_budgets().await;
    for id in all {
        let kinds: Vec<(String, String)> =
            sqlx::query_as("select cloud_id, kind from resource where environment = $1 and cloud_id is not null")
                .bind(id.0)
                .fetch_all(&portal.engine.pool)
                .await
                .expect("rows");
        let ends: Vec<(String, OffsetDateTime)> = sqlx::query_as(
            "select cloud_id, to_at from interval join resource r on r.id = interval.resource where environment = $1 and kind = 'disk'",
        )
        .bind(id.0)
        .fetch_all(&portal.engine.pool)
        .await
        .expect("ends");
        let rounded = |at: OffsetDateTime| at.replace_nanosecond(at.microsecond() * 1000).expect("a time");
        let mut theirs = BTreeMap::<String, i64>::new();
        for line in portal.sim.bill(id.0).expect("a bill") {
            let kind = kinds.iter().find(|(cloud_id, _)| *cloud_id == line.cloud_id).map(|(_, kind)| kind);
            let kind = Kind::from_code(kind.expect("each has one row")).expect("a kind");
            let mut to = rounded(line.to.expect("it is gone"));
            // A disk goes with its machine, without a word of the cloud's: for us at the look that misses it.
            let missed = ends.iter().find(|(cloud_id, _)| *cloud_id == line.cloud_id).map(|(_, at)| *at).filter(|_| kind == Kind::Disk);
            if let Some(missed) = missed.filter(|at| (Duration::ZERO..Duration::seconds(30)).contains(&(*at - to))) {
                to = missed;
            }
            let usd = provider_bill(kind, line.meter, rounded(line.from), to);
            *theirs.entry(line.cloud_id).or_default() += usd;
        }
        let ours: Vec<(String, i64)> = sqlx::query_as(
            "select r.cloud_id, sum(usd)::bigint from ledger l join resource r on r.id = l.resource where l.environment = $1 group by 1",
        )
        .bind(id.0)
        .fetch_all(&portal.engine.pool)
        .await
        .expect("sums");
        let ours: BTreeMap<_, _> = ours.into_iter().collect();
        theirs.retain(|_, usd| *usd != 0);
        assert_eq!(ours, theirs, "our ledger, the cloud's bill");
        assert!(ours.values().sum::<i64>() > 0);
    }
    assert_eq!(portal.count("select count(*) from interval where not is_settled and to_at is not null").await, 0);
    assert_eq!(portal.count("select count(*) from hold").await, 0, "every hold was released");
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn nobody_changes_what_was_written_down_not_even_the_owner_of_the_table(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    portal.ready().await;
    portal.let_pass(Duration::days(1)).await;
    assert!(portal.count("select count(*) from ledger").await > 0, "a day is over");
    for change in ["update ledger set usd = 0", "delete from ledger", "truncate ledger", "delete from allowance", "truncate allowance"] {
        portal.allow(Scope::Course, 1_000_000).await;
        let refused = sqlx::query(sqlx::AssertSqlSafe(change)).execute(&portal.engine.pool).await.expect_err(change);
        assert!(refused.to_string().contains("append-only"), "{change}: {refused}");
    }
    let may: bool = sqlx::query_scalar(
        "select has_table_privilege('koza_app', 'ledger', 'update') or has_table_privilege('koza_app', 'ledger', 'delete')",
    )
    .fetch_one(&portal.engine.pool)
    .await
    .expect("a privilege");
    assert!(!may, "by privilege, too");
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
async fn a_price_for_days_that_were_charged_already_corrects_them_by_entries(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    portal.let_pass(Duration::days(3)).await;
    let sum = async || -> (i64, i64) {
        sqlx::query_as("select sum(usd)::bigint, count(*) from ledger where environment = $1")
            .bind(id.0)
            .fetch_one(&portal.engine.pool)
            .await
            .expect("sums")
    };
    let of_addresses = async || -> i64 {
        sqlx::query_scalar("select sum(usd)::bigint from ledger where environment = $1 and item = 'address'")
            .bind(id.0)
            .fetch_one(&portal.engine.pool)
            .await
            .expect("a sum")
    };
    let ((before, lines), of_addresses_before) = (sum().await, of_addresses().await);
    let list = |usd: &str, from: &str| {
        let text = format!(
            "cloud = \"sim\"\nregion = \"here\"\nsource = \"a test\"\nread_on = 2026-11-22\nvalid_from = {from}\nhour.address = \"{usd}\"\n"
        );
        price_list::read_toml(&text).expect("a list")
    };
    let bring = async |list| {
        let mut tx = portal.engine.pool.begin().await.expect("a transaction");
        let brought = server::operator::prices::bring(&mut tx, &[list]).await.expect("brought");
        tx.commit().await.expect("committed");
        brought
    };
    let same = bring(list("0.005", "2026-01-01")).await;
    assert_eq!((same.new, same.known, same.entries), (0, 1, 0), "that held already");
    let twice = bring(list("0.010", "2026-01-01")).await;
    assert_eq!((twice.new, twice.corrected), (1, of_addresses_before), "it was half of what it should have been");
    let (after, more) = sum().await;
    assert_eq!((after, of_addresses().await), (before + of_addresses_before, 2 * of_addresses_before));
    assert!(more > lines, "nothing was changed, entries were added");
    let differs = bring(list("0.007", "2026-01-01")).await;
    assert_eq!((differs.new, differs.differ.len()), (0, 1), "a figure is not changed");
    portal.let_pass(Duration::days(1)).await;
    let reasons = portal.count("select count(distinct reason) from ledger where reason is not null").await;
    assert_eq!(reasons, 1);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_teaches_sets_budgets_and_who_learns_does_not_see_them(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    let port = &portal.environments;
    for stranger in [&portal.student, &portal.stranger] {
        assert_eq!(port.of_course(stranger, "SYS-101").await.map(|_| ()), Err(AppError::NotFound));
        assert_eq!(port.set_budget(stranger, "SYS-101", BudgetOf::Course, "1", "mine").await, Err(AppError::NotFound));
        assert_eq!(port.charges(stranger, "SYS-101", 0, 10).await.map(|_| ()), Err(AppError::NotFound));
    }
    assert_eq!(port.of_environment(&portal.other_student, id).await.map(|_| ()), Err(AppError::NotFound));
    let set =
        async |of, amount: &'static str, reason: &'static str| port.set_budget(&portal.instructor, "SYS-101", of, amount, reason).await;
    let refused = |field, why| Err(AppError::Invalid { field, why });
    assert_eq!(set(BudgetOf::Course, "much", "term").await, refused(Field::Amount, Why::NotMoney));
    assert_eq!(set(BudgetOf::Course, "5000", " ").await, refused(Field::Reason, Why::Missing));
    assert_eq!(set(BudgetOf::Person(portal.stranger.person), "5000", "a friend").await, Err(AppError::NotFound));
    set(BudgetOf::Course, "5,000", "term").await.expect("set");
    set(BudgetOf::Course, "4000", "less").await.expect("set");
    set(BudgetOf::Course, "4000", "again").await.expect("the same");
    set(BudgetOf::Each, "1000", "each").await.expect("set");
    set(BudgetOf::Person(portal.student.person), "250.5", "thesis").await.expect("granted");
    let seen = port.of_course(&portal.instructor, "SYS-101").await.expect("a page");
    assert_eq!(seen.course.allowed, Some(4_000 * YEN));
    let of = |name: &str| seen.people.iter().find(|person| person.of.name == name).expect("a student").clone();
    assert_eq!((of("aoi").allowed, of("ren").allowed), (Some(1_250 * YEN + YEN / 2), Some(1_000 * YEN)));
    assert!(of("aoi").spent > 0 && of("aoi").held > 0 && of("ren").spent == 0);
    let history: Vec<_> = seen.history.iter().rev().map(|row| (row.amount / YEN, row.reason.as_str())).collect();
    assert_eq!(history, [(5_000, "term"), (-1_000, "less"), (1_000, "each"), (250, "thesis")]);
    let of_kinds: i64 = seen.by_cost.iter().map(|cost| cost.amount).sum();
    let of_days: i64 = seen.days.iter().map(|day| day.amount).sum();
    let of_environments: i64 = seen.environments.iter().map(|environment| environment.amount).sum();
    assert_eq!([of_kinds, of_days, of_environments], [seen.course.spent; 3], "however it is cut");
    let assistant = port.of_course(&portal.instructor, "NO-SUCH").await;
    assert_eq!(assistant.map(|_| ()), Err(AppError::NotFound));
}

/// The simulator in the place of AWS: only what was recorded counts here.
#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_bill_with_a_known_drift_is_explained_to_the_millionth(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    portal.let_pass(Duration::days(2)).await;
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    sqlx::query("update cloud set kind = 'aws'").execute(&mut *db).await.expect("another kind");
    crate::support::know_prices(&mut db, "aws").await;
    let rows: Vec<(String, String, OffsetDateTime)> = sqlx::query_as(
        "select r.kind, r.cloud_id, i.from_at from interval i join resource r on r.id = i.resource
          where r.environment = $1 and r.kind in ('machine', 'address')",
    )
    .bind(id.0)
    .fetch_all(&mut *db)
    .await
    .expect("rows");
    drop(db);
    // The day in the middle: everything was there from its beginning to its end.
    let day = (rows.iter().map(|(_, _, from)| *from).max().expect("some") + Duration::DAY).date();
    let installation = portal.engine.installation.simple().to_string();
    let mut report = String::from(
        "identity/LineItemId,bill/InvoiceId,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,\
         lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,lineItem/ResourceId,lineItem/UsageAmount,lineItem/UnblendedCost,\
         lineItem/CurrencyCode,pricing/unit,bill/BillingPeriodStartDate,resourceTags/user:koza:environment,resourceTags/user:koza:installation\n",
    );
    let mut line = |number: u32, usage: &str, resource: &str, amount: &str, cost: &str, is_tagged: bool| {
        let (environment, installation) = if is_tagged { (id.0.to_string(), installation.clone()) } else { Default::default() };
        report.push_str(&format!(
            "l{number},INV,1,Usage,{day}T00:00:00Z,{}T00:00:00Z,AmazonEC2,{usage},RunInstances,{resource},{amount},{cost},USD,Hrs,{}-{:02}-01T00:00:00Z,{environment},{installation}\n",
            day.next_day().expect("a day"),
            day.year(),
            u8::from(day.month()),
        ));
    };
    for (number, (kind, cloud_id, _)) in (0..).zip(&rows) {
        match kind.as_str() {
            // 24 hours at 0.0136, seven percent dearer.
            "machine" => line(number, "APN1-BoxUsage:t3.micro", cloud_id, "24", "0.3492480000", true),
            _ => line(number, "APN1-PublicIPv4:InUseAddress", cloud_id, "24", "0.1200000000", false),
        }
    }
    line(90, "APN1-DataTransfer-Out-Bytes", &rows[0].1, "3", "0.3420000000", true);
    line(91, "APN1-EBS:VolumeUsage.gp3", "vol-forgotten", "0.2", "0.0192000000", true);
    let file = portal.store_folder.path().join("cur.csv");
    std::fs::write(&file, report).expect("written");
    let (compared, _) = server::operator::bills::compare(&portal.engine, &[file]).await.expect("compared");
    let of = &compared.days[&(Some(id.0), day)];
    let cause = |cause| of.causes.get(&cause).copied().unwrap_or_default().normalize().to_string();
    assert_eq!(cause(Cause::Rate), "0.022848", "seven percent of 0.3264");
    assert_eq!(cause(Cause::DataTransfer), "0.342");
    assert_eq!(cause(Cause::Leftover), "0.0192");
    assert_eq!(compared.untagged.lines, 1, "the address has no tag, and is known by its name");
    assert_eq!(of.causes.values().sum::<rust_decimal::Decimal>(), of.difference());
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

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_ran_before_there_was_a_rate_is_charged_once_there_is_one(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    let id = portal.ready().await;
    sqlx::query("delete from exchange_rate").execute(&portal.engine.pool).await.expect("deleted");
    portal.let_pass(Duration::days(2)).await;
    assert_eq!(portal.accounts().await.spent_by(id), 0, "nobody knows what it cost");
    assert!(portal.costs(id).await.unpriced.is_some_and(|why| why.contains("JPY")), "and the page says so");
    let mut db = portal.engine.pool.acquire().await.expect("a connection");
    let today = server::db::now(&mut db).await.expect("a time").date();
    server::db::prices::enter_rate(&mut db, Currency::Jpy, today, "150".parse().expect("a rate"), "late").await.expect("entered");
    drop(db);
    portal.follow_budgets().await;
    // Two processors and a GiB for two days at least.
    assert!(portal.accounts().await.spent_by(id) > 2 * 24 * 24 * 150 * YEN / 1_000);
}
