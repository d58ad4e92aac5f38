//! Whatever is in a file: a list or an error with its place, and never a panic.

use price_list::{ListError, OWN_HARDWARE, read_offer, read_toml};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::offer::{File, READ_ON, TOKYO, in_tokyo, machine};

const WANTED: [&str; 3] = ["machine/t3.micro", "disk/gp3", "snapshot"];

fn offer() -> String {
    let disk = in_tokyo(&[("volumeApiName", "gp3"), ("usagetype", "APN1-EBS:VolumeUsage.gp3")]);
    let file = File::of("AmazonEC2").sells("MICRO", "Compute Instance", &machine("t3.micro"), "Hrs", "0.0136000000").sells_in_tiers(
        "GP3",
        "Storage",
        &disk,
        "GB-Mo",
        &[("0", "0"), ("30", "0.096")],
    );
    file.reserves("MICRO", "0.006").text()
}

/// Some bytes put in the place of others; many of those that mean something to TOML and JSON.
fn mutated(text: String) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => prop::sample::select(b"{}[]\",:=.-+0123456789eE#\\\n '".to_vec()), 1 => any::<u8>()];
    vec((any::<Index>(), 0..12_usize, vec(byte, 0..6)), 1..4).prop_map(move |changes| {
        let mut bytes = text.clone().into_bytes();
        for (at, length, new) in changes {
            let from = at.index(bytes.len() + 1);
            let to = (from + length).min(bytes.len());
            bytes.splice(from..to, new);
        }
        bytes
    })
}

fn has_a_place(error: &ListError) -> bool {
    matches!(error, ListError::Refused { place, why } if !place.is_empty() && !why.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_offer_file_is_read_or_refused_with_its_place(bytes in mutated(offer())) {
        match read_offer(bytes.as_slice(), TOKYO, &WANTED, READ_ON) {
            Ok(offer) => {
                prop_assert!(offer.list.prices.iter().all(|price| !price.usd.is_zero() && !price.usd.is_sign_negative()));
                let prices = offer.list.prices.into_iter().map(|price| price.item);
                let told: Vec<String> = prices.chain(offer.missing).collect();
                prop_assert!(WANTED.iter().all(|item| told.iter().any(|told| told == item)), "nothing is dropped in silence");
            }
            Err(error) => prop_assert!(has_a_place(&error), "{error}"),
        }
    }

    #[test]
    fn a_mutated_list_is_read_or_refused_with_its_place(bytes in mutated(OWN_HARDWARE.to_owned())) {
        let text = String::from_utf8_lossy(&bytes);
        match read_toml(&text) {
            Ok(list) => prop_assert!(list.prices.iter().all(|price| !price.usd.is_sign_negative() && !price.source.is_empty())),
            Err(error) => prop_assert!(has_a_place(&error) && error.to_string().starts_with("line "), "{error}"),
        }
    }
}

#[test]
fn depth_does_not_overflow_the_stack() {
    let deep = format!("{{\"disclaimer\": {}", "[".repeat(1_000_000));
    read_offer(deep.as_bytes(), TOKYO, &WANTED, READ_ON).expect_err("too deep");
    read_toml(&format!("cloud = {}", "[".repeat(1_000_000))).expect_err("too deep");
    read_toml(&format!("[{}]", vec!["a"; 100_000].join("."))).expect_err("too deep");
}
