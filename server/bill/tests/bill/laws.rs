//! What holds whatever is recorded and billed.

use std::collections::BTreeMap;

use bill::{Cause, Kind, Known, Line, LineType, Lives, Ours, Report, explain};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use rust_decimal::Decimal;
use time::macros::{date, datetime};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const KINDS: [(Kind, &str); 6] = [
    (Kind::Machine, "APN1-BoxUsage:t3.micro"),
    (Kind::Disk, "EBS:VolumeUsage.gp3"),
    (Kind::Address, "EU-PublicIPv4:IdleAddress"),
    (Kind::Balancer, "USE1-LoadBalancerUsage"),
    (Kind::BalancerCapacity, "APN1-LCUUsage"),
    (Kind::Snapshot, "APN1-EBS:SnapshotUsage"),
];
const OTHERS: [&str; 4] = ["APN1-DataTransfer-Out-Bytes", "APN1-CPUCredits:t3", "", "APN1-TimedStorage-ByteHrs"];
const START: OffsetDateTime = datetime!(2026-10-29 00:00 UTC);

fn amount(scale: u32) -> impl Strategy<Value = Decimal> {
    prop_oneof![
        2 => Just(Decimal::ZERO),
        5 => (0..2_000_000_i64, 0..=scale).prop_map(|(number, scale)| Decimal::new(number, scale)),
        1 => (any::<i64>(), 10..=scale.max(10)).prop_map(|(number, scale)| Decimal::new(number, scale)),
    ]
}

fn environment() -> impl Strategy<Value = Uuid> {
    (1..4_u128).prop_map(Uuid::from_u128)
}

fn resource() -> impl Strategy<Value = String> {
    (0..5_u8).prop_map(|number| format!("r-{number}"))
}

fn at() -> impl Strategy<Value = OffsetDateTime> {
    (0..100_i64).prop_map(|hour| START + Duration::hours(hour))
}

fn ours() -> impl Strategy<Value = Ours> {
    let what = (environment(), resource(), select(&KINDS[..]), 0..5_i64);
    (what, amount(10), amount(6)).prop_map(|((environment, resource, (kind, _), day), quantity, usd)| Ours {
        environment,
        resource,
        kind,
        day: date!(2026 - 10 - 29) + Duration::days(day),
        quantity,
        usd,
    })
}

fn known() -> impl Strategy<Value = Known> {
    let times = (at(), option::of(0..60_i64));
    (environment(), resource(), times).prop_map(|(environment, resource, (from, hours))| Known {
        environment,
        resource,
        from,
        to: hours.map(|hours| from + Duration::hours(hours)),
    })
}

fn line() -> impl Strategy<Value = Line> {
    let usage = prop_oneof![4 => select(&KINDS[..]).prop_map(|(_, usage)| usage), 1 => select(&OTHERS[..])];
    let line_type = prop_oneof![
        8 => Just(LineType::Usage),
        1 => Just(LineType::DiscountedUsage),
        1 => select(vec![LineType::Credit, LineType::Refund, LineType::Tax, LineType::Other("Fee".to_owned())]),
    ];
    let tags = (option::of(environment()), option::of(select(vec!["ours", "theirs"])));
    let what = (usage, line_type, option::weighted(0.9, resource()), tags);
    (what, at(), amount(12), amount(16), any::<bool>()).prop_map(
        |((usage, line_type, resource, (environment, installation)), from, quantity, cost, is_final)| Line {
            id: "x".to_owned(),
            line_type,
            from,
            to: from + Duration::HOUR,
            account: "123456789012".to_owned(),
            product: "AmazonEC2".to_owned(),
            usage_type: usage.to_owned(),
            operation: String::new(),
            resource,
            environment,
            installation: installation.map(str::to_owned),
            quantity,
            unit: "Hrs".to_owned(),
            cost,
            is_final,
        },
    )
}

fn report(ours: &[Ours], known: &[Known], lines: &[Line]) -> Report {
    let lives = Lives::new("ours", known.to_vec());
    let as_of = datetime!(2026-11-05 00:00 UTC);
    explain(ours.to_vec(), &lives, lines.iter().cloned().map(Ok::<_, ()>), as_of).expect("no line is an error")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn causes_sum_up_to_the_difference_and_every_line_is_in_one_place(
        ours in vec(ours(), 0..12),
        known in vec(known(), 0..6),
        lines in vec(line(), 0..40),
    ) {
        let report = report(&ours, &known, &lines);
        for explained in report.days.values().chain([&report.total]) {
            prop_assert_eq!(explained.causes.values().sum::<Decimal>(), explained.difference());
            prop_assert!(explained.causes.values().all(|usd| !usd.is_zero()));
        }
        let placed: u64 = report.days.values().map(|day| day.lines).sum();
        prop_assert_eq!(placed + report.not_ours.lines, lines.len() as u64);
        prop_assert_eq!(placed, report.total.lines);
        let billed: Decimal = lines.iter().map(|line| line.cost.round_dp(12)).sum();
        prop_assert_eq!(report.total.theirs + report.not_ours.usd, billed);
        prop_assert_eq!(report.total.ours, ours.iter().map(|ours| ours.usd).sum::<Decimal>());
    }

    #[test]
    fn rounding_is_never_more_than_a_cent_for_each_thing_that_was_compared(ours in vec(ours(), 1..8), lines in vec(line(), 0..40)) {
        let report = report(&ours, &[], &lines);
        for day in report.days.values() {
            let rounding = day.causes.get(&Cause::Rounding).copied().unwrap_or_default();
            prop_assert!(rounding.abs() <= Decimal::new(11, 3) * Decimal::from(ours.len()), "{rounding}");
        }
    }

    #[test]
    fn the_order_of_lines_does_not_matter(
        ours in vec(ours(), 0..8),
        known in vec(known(), 0..6),
        (lines, shuffled) in vec(line(), 0..30).prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
    ) {
        prop_assert_eq!(report(&ours, &known, &lines), report(&ours, &known, &shuffled));
    }

    #[test]
    fn a_bill_of_what_we_recorded_needs_no_explanation(ours in vec(ours(), 0..12)) {
        // One record for each use, as AWS has one price for each.
        let ours: BTreeMap<_, _> = ours.into_iter().map(|ours| ((ours.resource.clone(), ours.day, ours.kind), ours)).collect();
        let ours: Vec<Ours> = ours.into_values().filter(|ours| !ours.quantity.is_zero() && !ours.usd.is_zero()).collect();
        let lines: Vec<Line> = ours.iter().map(|ours| Line {
            id: String::new(),
            line_type: LineType::Usage,
            from: ours.day.midnight().assume_utc(),
            to: ours.day.midnight().assume_utc() + Duration::DAY,
            account: String::new(),
            product: String::new(),
            usage_type: KINDS.iter().find(|(kind, _)| *kind == ours.kind).map_or("", |(_, usage)| usage).to_owned(),
            operation: String::new(),
            resource: Some(ours.resource.clone()),
            environment: None,
            installation: None,
            quantity: ours.quantity,
            unit: String::new(),
            cost: ours.usd,
            is_final: true,
        }).collect();
        let report = report(&ours, &[], &lines);
        prop_assert!(report.total.causes.is_empty(), "{:?}", report.total);
        prop_assert_eq!(report.untagged.lines, ours.len() as u64);
    }

    #[test]
    fn numbers_beyond_any_bill_do_not_make_it_panic(
        numbers in vec((any::<i128>(), 0..=28_u32), 12),
        mut ours in vec(ours(), 3),
        mut lines in vec(line(), 3),
    ) {
        let mut numbers = numbers.into_iter().map(|(number, scale)| Decimal::from_i128_with_scale(number >> 32, scale));
        for ours in &mut ours {
            (ours.quantity, ours.usd) = numbers.next().zip(numbers.next()).expect("twelve");
            ours.resource = "r-0".to_owned();
        }
        for line in &mut lines {
            (line.quantity, line.cost) = numbers.next().zip(numbers.next()).expect("twelve");
            line.resource = Some("r-0".to_owned());
        }
        report(&ours, &[], &lines);
    }
}
