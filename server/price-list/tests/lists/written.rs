//! Lists that people write.

use price_list::{Unit, read_toml};
use time::macros::date;

const TOP: &str = "cloud = \"incus\"\nregion = \"campus\"\nsource = \"invoice 4711\"\nread_on = 2026-11-22\nvalid_from = 2026-04-01\n";

fn refusal(rest: &str) -> String {
    read_toml(&format!("{TOP}{rest}")).expect_err("a refusal").to_string()
}

#[test]
fn a_list_is_read_with_what_holds_for_all_of_it_and_what_a_group_says_otherwise() {
    let text = format!(
        "{TOP}
hour.cpu = \"0.0076\"       # one processor
hour.address = \"free\"
gib_month.\"disk/fast\" = \"0.05\"

[[prices]]
source = \"the contract of 2027\"
valid_from = 2027-04-01
hour.cpu = \"0.0070\"
"
    );
    let list = read_toml(&text).expect("a list");
    assert_eq!((list.cloud.as_str(), list.region.as_str(), list.prices.len()), ("incus", "campus", 4));
    let on = |item, day| list.price_on(item, day).map(|price| (price.usd.to_string(), price.unit, price.source.as_str()));
    assert_eq!(on("cpu", date!(2026 - 03 - 31)), None, "not yet");
    assert_eq!(on("cpu", date!(2027 - 03 - 31)), Some(("0.0076".into(), Unit::Hour, "invoice 4711")));
    assert_eq!(on("cpu", date!(2027 - 04 - 01)), Some(("0.007".into(), Unit::Hour, "the contract of 2027")));
    assert_eq!(on("address", date!(2030 - 01 - 01)), Some(("0".into(), Unit::Hour, "invoice 4711")), "free is a figure");
    assert_eq!(on("disk/fast", date!(2026 - 04 - 01)), Some(("0.05".into(), Unit::GibMonth, "invoice 4711")));
    assert_eq!(on("memory", date!(2026 - 04 - 01)), None, "what is not written is not known");
    assert!(list.prices.iter().all(|price| price.read_on == date!(2026 - 11 - 22)));
}

#[test]
fn an_error_names_the_line_the_field_and_what_to_write() {
    for (rest, said) in [
        ("hour.cpu = 0.0076", "line 6, hour.cpu: write the figure in quotes: \"0.0076\""),
        ("\nhour.cpu = 1", "line 7, hour.cpu: write the figure in quotes: \"1\""),
        ("hour.cpu = \"0,5\"", "line 6, hour.cpu: \"0,5\" is no figure; write US dollars as digits with a point, like \"0.0136\""),
        ("hour.cpu = \"-1\"", "line 6, hour.cpu: \"-1\" is negative; a price never is"),
        ("hour.cpu = \"0\"", "line 6, hour.cpu: zero is not believed; write \"free\" if it costs nothing, and no line if you do not know"),
        (
            "hour.cpu = \"76000\"",
            "line 6, hour.cpu: 76000 US dollars for one hour or GiB-month cannot be meant; 1000 is the most that is believed",
        ),
        ("hour.disk = \"0.1\"", "line 6, hour.disk: disk is counted otherwise; write gib_month.disk"),
        ("hour.machine = \"0.1\"", "line 6, hour.machine: a type is missing; write \"machine/t3.micro\", in quotes"),
        ("hour.machine.t3 = \"0.1\"", "line 6, hour.machine: a type is missing; write \"machine/t3.micro\", in quotes"),
        ("hour.\"cpu/fast\" = \"0.1\"", "line 6, hour.cpu/fast: there is one kind of it; write cpu"),
        (
            "hour.\"machine/T3 Micro\" = \"0.1\"",
            "line 6, hour.machine/T3 Micro: a type is small letters, digits, points and hyphens, like t3.micro",
        ),
        ("hour = \"0.1\"", "line 6, hour: write what it is the price of, like hour.cpu = \"0.0031\""),
        (
            "month.disk = \"0.1\"",
            "line 6, month: no such key here; there are cloud, region, source, read_on, valid_from, hour, gib_month, prices",
        ),
        ("prices = 1", "line 6, prices: write [[prices]] above the figures of a group"),
        ("[[prices]]\nregion = \"x\"", "line 7, prices.region: no such key here; there are source, read_on, valid_from, hour, gib_month"),
        ("[[prices]]\nvalid_from = \"2026-04-01\"", "line 7, prices.valid_from: write a day without quotes, like 2026-11-22"),
        ("[[prices]]\nvalid_from = 2026-04-01T00:00:00Z", "line 7, prices.valid_from: write a day without quotes, like 2026-11-22"),
        ("[[prices]]\nsource = \" \"", "line 7, prices.source: write in one line, in quotes, where the figure can be looked up"),
        (
            "hour.cpu = \"0.1\"\n[[prices]]\nhour.cpu = \"0.2\"",
            "line 8, prices.hour.cpu: line 6 has a price for it from 2026-04-01 on, too; leave one",
        ),
        ("", "line 6: the list has no figure; write one, like hour.cpu = \"0.0031\""),
    ] {
        assert_eq!(refusal(rest), said, "{rest}");
    }
    assert!(refusal("hour.cpu = \"0.1\"\nhour.cpu = \"0.2\"").starts_with("line 7: duplicate key"));
    assert!(refusal("hour.cpu = ").starts_with("line 6: "));
    let unknown = refusal("hour.gpu = \"0.1\"");
    assert!(unknown.contains("no item has this name; write one of machine, address, balancer"), "{unknown}");
}

#[test]
fn a_figure_without_a_source_or_a_day_is_refused() {
    for (key, said) in [
        ("source", "source, where the figure was read, is missing"),
        ("read_on", "read_on, the day on which it was read, is missing"),
        ("valid_from", "valid_from, the first day on which the figure holds, is missing"),
        ("cloud", "line 1, cloud: it is missing; write cloud = \"aws\" at the top"),
        ("region", "line 1, region: it is missing; write region = \"ap-northeast-1\" at the top"),
    ] {
        let lines: Vec<&str> = TOP.lines().filter(|line| !line.starts_with(key)).collect();
        let error = read_toml(&format!("{}\nhour.cpu = \"0.1\"", lines.join("\n"))).expect_err("a refusal").to_string();
        assert!(error.contains(said), "{key}: {error}");
    }
    let other = format!("{TOP}hour.cpu = \"0.1\"").replace("incus", "azure");
    assert_eq!(read_toml(&other).expect_err("a refusal").to_string(), "line 1, cloud: no such cloud; write one of aws, incus, sim");
}
