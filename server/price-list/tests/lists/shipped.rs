//! The lists that come with Koza.

use std::collections::BTreeSet;

use price_list::{OWN_HARDWARE, PriceList, read_toml, shipped};
use rust_decimal::Decimal;
use time::Date;
use time::macros::date;

const SIZES: [&str; 8] = ["t2.micro", "t3.nano", "t3.micro", "t3.small", "t3.medium", "t3.large", "t3.xlarge", "t3.2xlarge"];
const OTHERS: [&str; 6] = ["disk/gp2", "disk/gp3", "snapshot", "address", "balancer", "balancer-capacity"];
/// The day on which the lists were made.
const NOW: Date = date!(2026 - 11 - 22);

fn list(cloud: &str, region: &str) -> PriceList {
    shipped().into_iter().find(|list| list.cloud == cloud && list.region == region).expect("it is shipped")
}

fn usd(list: &PriceList, item: &str, day: Date) -> Decimal {
    list.price_on(item, day).unwrap_or_else(|| panic!("{item} has no price on {day}")).usd
}

fn figure(text: &str) -> Decimal {
    text.parse().expect("a figure")
}

#[test]
fn each_has_a_price_today_for_all_that_koza_offers_there() {
    for region in ["ap-northeast-1", "us-east-1"] {
        let list = list("aws", region);
        let sizes = SIZES.map(|size| format!("machine/{size}"));
        for item in sizes.iter().map(String::as_str).chain(OTHERS) {
            assert!(usd(&list, item, NOW) > Decimal::ZERO, "{item}");
        }
        assert!(usd(&list, "disk/gp3", NOW) < usd(&list, "disk/gp2", NOW));
        let machines: Vec<Decimal> = SIZES[1..].iter().map(|size| usd(&list, &format!("machine/{size}"), NOW)).collect();
        assert!(machines.windows(2).all(|pair| pair[1] == pair[0] * Decimal::TWO), "each size of t3 costs twice the one before");
    }
    let (simulator, own) = (list("sim", "here"), read_toml(OWN_HARDWARE).expect("a list"));
    for item in ["cpu", "memory", "disk", "snapshot", "address", "balancer"] {
        assert!(simulator.price_on(item, NOW).is_some() && own.price_on(item, NOW).is_some(), "{item}");
    }
}

#[test]
fn each_figure_can_be_looked_up_and_nothing_is_free_but_the_addresses_of_old() {
    for list in shipped() {
        let mut seen = BTreeSet::new();
        for price in &list.prices {
            assert!(price.source.len() > 20, "{price:?}");
            assert!(seen.insert((&price.item, price.valid_from)), "{price:?}");
            assert!(!price.usd.is_zero() || (price.item == "address" && price.valid_from < date!(2024 - 02 - 01)), "{price:?}");
        }
    }
}

#[test]
fn the_price_table_of_the_lecture_comes_out_to_the_cent() {
    let (tokyo, day, hours) = (list("aws", "ap-northeast-1"), date!(2021 - 01 - 20), Decimal::from(730));
    let month = |item, much: u32| (usd(&tokyo, item, day) * Decimal::from(much) * hours).round_dp(2);
    let disks = usd(&tokyo, "disk/gp2", day) * Decimal::from(8 * 2);
    assert_eq!(month("machine/t2.micro", 2), figure("22.19"));
    assert_eq!(disks, figure("1.92"));
    assert_eq!(month("balancer", 1) + month("balancer-capacity", 1), figure("23.58"));
    assert_eq!(month("machine/t2.micro", 2) + disks + month("balancer", 1) + month("balancer-capacity", 1), figure("47.69"));
    assert_eq!(usd(&tokyo, "address", day), Decimal::ZERO);
}

#[test]
fn an_address_costs_since_february_2024_and_was_free_until_then() {
    for region in ["ap-northeast-1", "us-east-1"] {
        let list = list("aws", region);
        assert_eq!(usd(&list, "address", date!(2024 - 01 - 31)), Decimal::ZERO);
        assert_eq!(usd(&list, "address", date!(2024 - 02 - 01)), figure("0.005"));
    }
}

#[test]
fn the_example_for_own_hardware_follows_from_its_own_arithmetic() {
    let own = read_toml(OWN_HARDWARE).expect("a list");
    let bought = Decimal::from(16_000) / Decimal::from(5 * 8_760);
    let electricity = figure("0.350") * figure("1.3") * figure("0.20");
    let hour = bought + electricity;
    assert_eq!((hour * figure("0.50") / Decimal::from(30)).round_dp(4), usd(&own, "cpu", NOW));
    assert_eq!((hour * figure("0.35") / Decimal::from(120)).round_dp(5), usd(&own, "memory", NOW));
    assert_eq!((hour * figure("0.15") * Decimal::from(730) / Decimal::from(1_430)).round_dp(4), usd(&own, "disk", NOW));
    let balancer = usd(&own, "cpu", NOW) + usd(&own, "memory", NOW) / Decimal::TWO;
    assert_eq!(balancer.round_dp(4), usd(&own, "balancer", NOW));
    assert!(!shipped().iter().any(|list| list.cloud == "incus"), "an example is nobody's list");
}
