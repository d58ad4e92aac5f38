//! Bills that differ from the books in ways that are known.

use std::collections::BTreeMap;

use bill::{Cause, Kind, Known, Line, Lives, Ours, Report, explain};
use rust_decimal::Decimal;
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use crate::paper::{Folder, INSTALLATION, Row, legacy_csv, lines};

const ENVIRONMENT: Uuid = Uuid::from_u128(0x0199_a7c0_0000_7000_8000_0000_0000_0001);
const AS_OF: OffsetDateTime = datetime!(2026-10-08 06:00 UTC);
const AFTER: OffsetDateTime = datetime!(2026-11-03 06:00 UTC);
const BALANCER: &str = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/koza/1";

fn usd(text: &str) -> Decimal {
    text.parse().expect("an amount")
}

fn ours(resource: &str, kind: Kind, day: Date, quantity: &str, cost: &str) -> Ours {
    Ours { environment: ENVIRONMENT, resource: resource.to_owned(), kind, day, quantity: usd(quantity), usd: usd(cost) }
}

fn known(resource: &str, to: Option<OffsetDateTime>) -> Known {
    Known { environment: ENVIRONMENT, resource: resource.to_owned(), from: datetime!(2026-10-01 09:13 UTC), to }
}

/// A row for each hour from a day's midnight.
fn hours(usage_type: &str, resource: &str, day: u8, count: u8, quantity: &str, cost: &str) -> Vec<Row> {
    let hour = |hour: u8| {
        let (from, to) = (format!("2026-10-{day:02}T{hour:02}:00:00Z"), format!("2026-10-{day:02}T{hour:02}:59:59Z"));
        Row::new(usage_type, resource, &from, &to, quantity, cost)
    };
    (0..count).map(hour).collect()
}

fn tagged(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().map(|row| row.tagged(&ENVIRONMENT.to_string())).collect()
}

fn final_(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().map(|row| Row { invoice: "2026100001".to_owned(), ..row }).collect()
}

fn compared(ours: Vec<Ours>, known: Vec<Known>, rows: &[Row], as_of: OffsetDateTime) -> Report {
    let folder = Folder::new();
    let read: Vec<Line> = lines(&folder.file("report", legacy_csv(rows))).expect("a report");
    let report = explain(ours, &Lives::new(INSTALLATION, known), read.into_iter().map(Ok::<_, ()>), as_of).expect("lines");
    for explained in report.days.values().chain([&report.total]) {
        assert_eq!(explained.causes.values().sum::<Decimal>(), explained.difference(), "{explained:?}");
    }
    report
}

fn causes(report: &Report) -> BTreeMap<Cause, String> {
    report.total.causes.iter().map(|(cause, usd)| (*cause, usd.normalize().to_string())).collect()
}

fn said<const N: usize>(causes: [(Cause, &str); N]) -> BTreeMap<Cause, String> {
    causes.into_iter().map(|(cause, usd)| (cause, usd.to_owned())).collect()
}

#[test]
fn a_drifted_bill_is_explained_to_the_last_micro_dollar() {
    let mut books = vec![ours("eipalloc-1", Kind::Address, date!(2026 - 10 - 05), "12", "0.06")];
    for day in [date!(2026 - 10 - 05), date!(2026 - 10 - 06), date!(2026 - 10 - 07)] {
        books.push(ours("i-1", Kind::Machine, day, "24", "0.3264"));
        books.push(ours("vol-1", Kind::Disk, day, "0.2580645161", "0.024774"));
    }
    books.push(ours("eipalloc-2", Kind::Address, date!(2026 - 10 - 06), "24", "0.12"));
    let known = vec![
        known("i-1", None),
        known("vol-1", None),
        known("vol-2", None),
        known("eipalloc-1", Some(datetime!(2026-10-05 12:00 UTC))),
        known("eipalloc-2", None),
    ];
    let disk = "APN1-EBS:VolumeUsage.gp3";
    let mut rows = Vec::new();
    for day in [5, 6] {
        // Seven percent more than we think.
        rows.extend(tagged(hours("APN1-BoxUsage:t3.micro", "i-1", day, 24, "1", "0.014552")));
        // Eight GiB, rounded each hour.
        rows.extend(tagged(hours(disk, "arn:aws:ec2:ap-northeast-1:123456789012:volume/vol-1", day, 24, "0.0107526882", "0.0010322581")));
    }
    rows.extend(hours(disk, "vol-2", 5, 24, "0.0107526882", "0.0010322581"));
    rows.extend(hours("APN1-PublicIPv4:InUseAddress", "eipalloc-2", 6, 24, "1", "0.005"));
    rows.extend(tagged(hours("APN1-PublicIPv4:IdleAddress", "arn:aws:ec2:x:1:elastic-ip/eipalloc-1", 5, 24, "1", "0.005")));
    rows.extend(tagged(hours("APN1-DataTransfer-Out-Bytes", "i-1", 6, 1, "0.1", "0.0114")));
    let mut snapshot = tagged(hours("APN1-EBS:SnapshotUsage", "arn:aws:ec2:x:1:snapshot/snap-9", 6, 1, "1", "0.05"));
    snapshot[0].tags.remove(1);
    rows.extend(snapshot);
    // Somebody else's.
    let mut other = tagged(hours("BoxUsage:m5.large", "i-2", 5, 1, "1", "5"));
    other[0].tags[0].1 = "koza-osaka".to_owned();
    rows.extend(other);
    rows.extend(hours("TimedStorage-ByteHrs", "bucket", 7, 1, "100", "7.5"));

    let report = compared(books, known, &rows, AS_OF);
    assert_eq!(
        causes(&report),
        said([
            (Cause::Rate, "0.045696"),
            (Cause::Rounding, "0.0000003888"),
            (Cause::Untagged, "0.0247741944"),
            (Cause::Leftover, "0.11"),
            (Cause::DataTransfer, "0.0114"),
            (Cause::Late, "-0.351174"),
        ])
    );
    assert_eq!(report.total.difference().normalize().to_string(), "-0.1593034168");
    assert_eq!((report.not_ours.lines, report.not_ours.usd.normalize()), (2, usd("12.5")));
    // Of the recorded address the money is right, yet the tag is missing.
    assert_eq!((report.untagged.lines, report.untagged.usd.normalize()), (48, usd("0.1447741944")));
    let resources: Vec<_> = report.resources.iter().map(|((cause, resource), tally)| (*cause, resource.as_str(), tally.lines)).collect();
    assert_eq!(resources, [(Cause::Untagged, "vol-2", 24), (Cause::Leftover, "eipalloc-1", 12), (Cause::Leftover, "snap-9", 1)]);
    assert_eq!(report.days[&(None, date!(2026 - 10 - 06))].theirs, usd("0.05"));
    let late = &report.days[&(Some(ENVIRONMENT), date!(2026 - 10 - 07))];
    assert_eq!((late.ours, late.theirs, late.lines), (usd("0.351174"), Decimal::ZERO, 0));
    assert_eq!(report.months, BTreeMap::from([(date!(2026 - 10 - 01), false)]));
    assert_eq!(report.newest, Some(datetime!(2026-10-07 00:00 UTC)));
}

#[test]
fn what_a_final_report_does_not_have_is_not_late_but_not_billed() {
    let books = || vec![ours("vol-1", Kind::Disk, date!(2026 - 10 - 05), "1", "0.096")];
    let rows = final_(hours("APN1-BoxUsage:t3.micro", "i-1", 5, 1, "1", "0.0136"));
    assert_eq!(causes(&compared(books(), vec![], &rows, AFTER)), said([(Cause::NotBilled, "-0.096")]));
    // An invoice before the month is over is not the last.
    assert_eq!(causes(&compared(books(), vec![], &rows, AS_OF)), said([(Cause::Late, "-0.096")]));
    let mixed = [rows, hours("APN1-BoxUsage:t3.micro", "i-1", 6, 1, "1", "0.0136")].concat();
    assert_eq!(causes(&compared(books(), vec![], &mixed, AFTER)), said([(Cause::Late, "-0.096")]));
    assert_eq!(causes(&compared(books(), vec![], &[], AFTER)), said([(Cause::Late, "-0.096")]));
}

#[test]
fn hours_that_the_newest_day_lacks_are_late_and_those_of_an_older_day_are_usage() {
    let books = vec![
        ours("i-1", Kind::Machine, date!(2026 - 10 - 03), "24", "0.24"),
        ours("i-1", Kind::Machine, date!(2026 - 10 - 05), "24", "0.24"),
        ours("i-1", Kind::Machine, date!(2026 - 10 - 06), "2", "0.02"),
    ];
    let day = |day, count| tagged(hours("BoxUsage:t3.micro", "i-1", day, count, "1", "0.01"));
    let rows = [day(3, 23), day(5, 14), day(6, 3)].concat();
    let expected = said([(Cause::Late, "-0.1")]);
    let report = compared(books.clone(), vec![], &rows, AS_OF);
    // An hour too few on the third, and one too many on the sixth.
    assert_eq!(causes(&report), expected);
    assert_eq!(report.days[&(Some(ENVIRONMENT), date!(2026 - 10 - 03))].causes, BTreeMap::from([(Cause::Usage, usd("-0.01"))]));
    assert_eq!(report.days[&(Some(ENVIRONMENT), date!(2026 - 10 - 06))].causes, BTreeMap::from([(Cause::Usage, usd("0.01"))]));
    assert_eq!(causes(&compared(books, vec![], &final_(rows), AFTER)), said([(Cause::Usage, "-0.1")]));
}

#[test]
fn free_hours_credits_and_taxes_are_kept_apart() {
    let books = vec![ours(BALANCER, Kind::Balancer, date!(2026 - 10 - 05), "24", "0.5832")];
    let line = |line_type: &str, cost: &str| {
        let rows = tagged(hours("APN1-LoadBalancerUsage", BALANCER, 5, 1, "1", cost));
        rows.into_iter().map(|row| Row { line_type: line_type.to_owned(), ..row }).collect::<Vec<_>>()
    };
    let free = tagged(hours("APN1-LoadBalancerUsage", BALANCER, 5, 24, "1", "0"));
    let other = [line("Credit", "-2"), line("Refund", "-1"), line("Tax", "0.1"), line("Fee", "3")].concat();
    let report = compared(books, vec![], &[free, other].concat(), AS_OF);
    let expected =
        [(Cause::FreeTier, "-0.5832"), (Cause::Credit, "-2"), (Cause::Refund, "-1"), (Cause::Tax, "0.1"), (Cause::Agreement, "3")];
    assert_eq!(causes(&report), said(expected));
}

#[test]
fn use_that_koza_has_no_kind_for_is_unrecorded() {
    let books = vec![
        ours("i-1", Kind::Machine, date!(2026 - 10 - 05), "1", "0.0136"),
        ours(BALANCER, Kind::Balancer, date!(2026 - 10 - 05), "1", "0.0243"),
    ];
    let rows = [
        hours("APN1-BoxUsage:t3.micro", "i-1", 5, 1, "1", "0.0136"),
        hours("APN1-CPUCredits:t3", "i-1", 5, 1, "1", "0.05"),
        hours("APN1-LoadBalancerUsage", BALANCER, 5, 1, "1", "0.0243"),
        hours("APN1-LCUUsage", BALANCER, 5, 1, "1", "0.008"),
    ];
    let report = compared(books, vec![], &tagged(rows.concat()), AS_OF);
    assert_eq!(causes(&report), said([(Cause::Unrecorded, "0.058")]));
}

#[test]
fn a_resource_that_changes_hands_is_billed_to_whom_it_belonged() {
    let next = Uuid::from_u128(7);
    let noon = datetime!(2026-10-05 12:00 UTC);
    let mut books = vec![
        ours("i-1", Kind::Machine, date!(2026 - 10 - 05), "12", "0.12"),
        ours("i-1", Kind::Machine, date!(2026 - 10 - 05), "12", "0.12"),
    ];
    books[1].environment = next;
    let mut hands = vec![known("i-1", Some(noon)), known("i-1", None)];
    (hands[1].environment, hands[1].from) = (next, noon);
    // The tag may still be the old one.
    let report = compared(books, hands, &tagged(hours("BoxUsage:t3.micro", "i-1", 5, 24, "1", "0.01")), AS_OF);
    assert!(report.days.values().all(|day| day.causes.is_empty() && day.lines == 12), "{report:?}");
    assert_eq!(report.days.len(), 2);
    assert_eq!(report.as_of - AS_OF, Duration::ZERO);
}
