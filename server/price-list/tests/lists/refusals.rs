//! Offer files that are not taken, and what is said about them.

use std::io::{self, Read};

use price_list::{ListError, read_offer};

use crate::offer::{File, READ_ON, TOKYO, but, machine, pairs};

const MACHINE: &str = "Compute Instance";
const WANTED: [&str; 1] = ["machine/t3.micro"];

fn micro(unit: &str, usd: &str) -> File {
    File::of("AmazonEC2").sells("MICRO", MACHINE, &machine("t3.micro"), unit, usd)
}

fn refusal(text: &str) -> String {
    read_offer(text.as_bytes(), TOKYO, &WANTED, READ_ON).expect_err("a refusal").to_string()
}

#[test]
fn a_figure_that_cannot_be_believed_is_refused_with_its_place_and_product() {
    for (usd, why) in
        [("-0.01", "negative"), ("1e-3", "no figure"), ("", "no figure"), ("5000", "cannot be meant"), ("0.01234567891", "decimals")]
    {
        let said = micro("Hrs", usd).refusal(&WANTED);
        assert!(said.starts_with("line ") && said.contains("machine/t3.micro, product MICRO: ") && said.contains(why), "{usd}: {said}");
    }
}

#[test]
fn a_price_in_another_currency_or_unit_is_refused() {
    let yuan = micro("Hrs", "0.0936").text().replace(r#""USD" :"#, r#""CNY" :"#);
    assert!(refusal(&yuan).contains("its price is in CNY, and not in USD"));
    assert!(micro("Quantity", "0.0136").refusal(&WANTED).contains("counted in \"Quantity\", and not by the hour"));
}

#[test]
fn two_products_that_look_alike_must_cost_the_same() {
    let both = |usd| micro("Hrs", "0.0136").sells("SECOND", MACHINE, &machine("t3.micro"), "Hrs", usd);
    assert_eq!(both("0.01360").costs(&WANTED), pairs(&[("machine/t3.micro", "0.0136")]));
    assert_eq!(both("0.02").refusal(&WANTED), "machine/t3.micro, products MICRO and SECOND: two prices for 2026-09-01: 0.0136 and 0.02");
}

#[test]
fn a_price_that_is_about_to_change_is_two_prices() {
    let next = micro("Hrs", "0.0136").text().replacen(
        r#""MICRO.JRTCKXETXF" : {"#,
        r#""MICRO.NEXT" : { "effectiveDate" : "2027-01-01T00:00:00Z", "priceDimensions" : { "MICRO.NEXT.1" : { "unit" : "Hrs",
            "beginRange" : "0", "pricePerUnit" : { "USD" : "0.0150000000" } } } }, "MICRO.JRTCKXETXF" : {"#,
        1,
    );
    let list = read_offer(next.as_bytes(), TOKYO, &WANTED, READ_ON).expect("a list").list;
    let on = |day| list.price_on("machine/t3.micro", day).map(|price| price.usd.to_string());
    assert_eq!(on(time::macros::date!(2026 - 08 - 31)), None);
    assert_eq!(on(time::macros::date!(2026 - 12 - 31)).as_deref(), Some("0.0136"));
    assert_eq!(on(time::macros::date!(2027 - 01 - 01)).as_deref(), Some("0.015"));
}

#[test]
fn half_a_download_is_not_taken_for_a_list() {
    let text = micro("Hrs", "0.0136").reserves("MICRO", "0.006").text();
    for length in (0..text.len()).filter(|length| text.is_char_boundary(*length)) {
        let said = refusal(&text[..length]);
        assert!(said.starts_with("line ") && said.ends_with("fetch it again"), "{length}: {said}");
    }
    assert!(refusal(&format!("{text} {{}}")).starts_with("line "), "nor is one with more behind it");
}

#[test]
fn a_file_that_fails_while_it_is_read_is_not_called_wrong() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let text = micro("Hrs", "0.0136").text();
    let error = read_offer(text.as_bytes()[..400].chain(Fails), TOKYO, &WANTED, READ_ON).expect_err("a failure");
    assert!(matches!(error, ListError::Unread(cause) if cause.to_string() == "the disk is gone"));
}

#[test]
fn what_is_no_offer_file_is_said_to_be_none() {
    let text = micro("Hrs", "0.0136").text();
    for other in
        ["{}", "[]", "null", "{\"offers\": {}}", &text.replace("\"terms\"", "\"tarms\""), &text.replace("\"products\"", "\"terms\"")]
    {
        let said = refusal(other);
        assert!(said.contains("offer file"), "{said}");
    }
    assert!(
        refusal(&text.replace("AmazonEC2\",\n", "AmazonRDS\",\n")).contains("no offer of ours; there are AmazonEC2, AWSELB, AmazonVPC")
    );
    assert!(refusal(&text.replace("\"version\"", "\"virsion\"")).contains("version or publicationDate is not there"));
    assert!(refusal(&text.replace("2026-09-01T00:00:00Z", "soon")).contains("\"soon\" is no moment"));
}

#[test]
fn whoever_wants_what_aws_does_not_have_is_told_before_anything_is_read() {
    let said = |item| micro("Hrs", "0.0136").refusal(&[item]);
    assert_eq!(said("cpu"), "cpu: AWS has no such item");
    assert_eq!(said("machine"), "machine: a type is missing; write \"machine/t3.micro\", in quotes");
    assert!(said("t3.micro").contains("no item has this name"));
}

#[test]
fn a_crowd_of_products_that_look_alike_is_not_kept() {
    let crowd = (0..17).fold(File::of("AmazonEC2"), |file, number| file.has(&format!("MICRO{number}"), MACHINE, &machine("t3.micro")));
    assert!(crowd.refusal(&WANTED).contains("more than 16 products look like machine/t3.micro"));
    let twice = micro("Hrs", "0.0136").has("MICRO", MACHINE, &but(machine("t3.micro"), &[]));
    assert!(twice.refusal(&WANTED).contains("product MICRO is listed twice"));
}
