//! The ledger on PostgreSQL: what the cloud's bill says, corrections, and bills that differ.

use std::collections::BTreeMap;

use app::domain::money::Currency;
use app::domain::phase::{Goal, Phase};
use app::ports::Environments;
use bill::Cause;
use cloud::{Kind, Meter};
use server::db::budgets::Scope;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use crate::money::YEN;
use crate::support::TestPortal;

/// Prices as `know_prices` has them, in millionths of a dollar, and whether they are for a month.
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
    // Twice what is rounded is not what is rounded of the double: a millionth of a dollar an interval.
    let is_as_much = (twice.corrected - of_addresses_before).abs() <= 1;
    assert!(twice.new == 1 && is_as_much, "it was half of what it should have been: {} of {of_addresses_before}", twice.corrected);
    let (after, more) = sum().await;
    assert_eq!((after, of_addresses().await), (before + twice.corrected, of_addresses_before + twice.corrected));
    assert!(more > lines, "nothing was changed, entries were added");
    let differs = bring(list("0.007", "2026-01-01")).await;
    assert_eq!((differs.new, differs.differ.len()), (0, 1), "a figure is not changed");
    portal.let_pass(Duration::days(1)).await;
    let reasons = portal.count("select count(distinct reason) from ledger where reason is not null").await;
    assert_eq!(reasons, 1);
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
    portal.advance(Duration::minutes(1)).await;
    portal.follow_budgets().await;
    // Two processors and a GiB for two days at least.
    assert!(portal.accounts().await.spent_by(id) > 2 * 24 * 24 * 150 * YEN / 1_000);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_first_price_that_is_entered_late_is_that_of_the_days_before_it_too(pool: PgPool) {
    let portal = TestPortal::new(pool).await;
    sqlx::query("update price set valid_from = '2099-01-01' where item = 'address'").execute(&portal.engine.pool).await.expect("later");
    let id = portal.ready().await;
    portal.let_pass(Duration::days(3)).await;
    let of_addresses = async || -> i64 {
        sqlx::query_scalar("select sum(usd)::bigint from ledger where environment = $1 and item = 'address'")
            .bind(id.0)
            .fetch_one(&portal.engine.pool)
            .await
            .expect("a sum")
    };
    let before = of_addresses().await;
    assert!(before > 0, "charged by the first that is known");
    let text =
        "cloud = \"sim\"\nregion = \"here\"\nsource = \"a test\"\nread_on = 2026-11-22\nvalid_from = 2098-01-01\nhour.address = \"0.01\"\n";
    let mut tx = portal.engine.pool.begin().await.expect("a transaction");
    server::operator::prices::bring(&mut tx, &[price_list::read_toml(text).expect("a list")]).await.expect("brought");
    tx.commit().await.expect("committed");
    assert!((of_addresses().await - 2 * before).abs() <= 1, "twice as dear: {} of {before}", of_addresses().await);
}
