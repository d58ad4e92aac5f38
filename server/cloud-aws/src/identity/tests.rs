//! The documents are in `tests/identity`; its README says how they were made.

use base64ct::{Base64, Encoding};
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-21 09:05 UTC);
const OURS: Expected<'_> = Expected { account: "123456789012", region: "ap-northeast-1" };
/// Documents that are good.
const GOOD: [&str; 4] = ["like_aws", "der", "without_attributes", "with_certificate"];

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/identity/{name}", env!("CARGO_MANIFEST_DIR"))).expect("a file of tests/identity")
}

fn document(name: &str) -> String {
    file(&format!("{name}.txt"))
}

fn signers() -> Signers {
    Signers::parse(&file("signers.md")).expect("the certificates read")
}

fn bytes(document: &str) -> Vec<u8> {
    Base64::decode_vec(&document.split_ascii_whitespace().collect::<String>()).expect("base64")
}

/// The document with the first occurrence of some bytes replaced.
fn edited(name: &str, from: &[u8], to: &[u8]) -> String {
    let mut bytes = bytes(&document(name));
    let at = bytes.windows(from.len()).position(|window| window == from).expect("the bytes are there");
    bytes.splice(at..at + from.len(), to.iter().copied());
    Base64::encode_string(&bytes)
}

fn why(document: &str) -> String {
    signers().verify(document).expect_err("it proves nothing").to_string()
}

#[test]
fn a_document_proves_its_machine() {
    for name in GOOD {
        let identity = signers().prove(&document(name), &OURS, NOW).unwrap_or_else(|error| panic!("{name}: {error}"));
        let Identity { account, region, zone, instance, image, pending_since } = identity;
        assert_eq!((account.as_str(), region.as_str(), zone.as_str()), ("123456789012", "ap-northeast-1", "ap-northeast-1a"), "{name}");
        assert_eq!((instance.as_str(), image.as_str()), ("i-0123456789abcdef0", "ami-0123456789abcdef0"), "{name}");
        assert_eq!(pending_since, datetime!(2026-11-21 09:00 UTC), "{name}");
    }
}

#[test]
fn a_document_of_another_form_or_by_another_hand_proves_nothing() {
    for (name, reason) in [
        ("by_another_region", "the signature is not AWS's of ap-northeast-1"),
        ("by_a_stranger", "the signature is not AWS's of ap-northeast-1"),
        ("of_an_unknown_region", "no certificate is known for the region \"eu-west-9\""),
        ("by_two", "the document has 2 signers, not one"),
        ("with_sha1", "the digest is not SHA-256"),
        ("with_pss", "the signature is not RSA (PKCS#1 v1.5) with SHA-256"),
        ("without_content", "the document has no content"),
        ("of_another_type", "the document signs something else than plain data"),
        ("with_fields_missing", "the content is not an identity document"),
        ("with_a_field_twice", "the content is not an identity document"),
    ] {
        assert_eq!(why(&document(name)), reason, "{name}");
    }
}

#[test]
fn what_was_changed_on_the_way_is_not_what_was_signed() {
    let account = (b"123456789012".as_slice(), b"210987654321".as_slice());
    assert_eq!(why(&edited("like_aws", account.0, account.1)), "the digest that was signed is not the content's");
    assert_eq!(why(&edited("without_attributes", account.0, account.1)), "the signature is not AWS's of ap-northeast-1");
    // The other region's key is known, and does not fit.
    let region = (b"\"region\" : \"ap-northeast-1\"".as_slice(), b"\"region\" : \"us-east-1\"     ".as_slice());
    assert_eq!(why(&edited("without_attributes", region.0, region.1)), "the signature is not AWS's of us-east-1");
}

/// A message put together by hand from what was signed elsewhere, every length left open that may be.
fn assembled(content: &[u8], attributes: Option<&[u8]>, signature: &[u8]) -> String {
    let whole = |tag: u8, inner: &[u8]| {
        let length = u16::try_from(inner.len()).expect("short").to_be_bytes();
        [&[tag, 0x82], length.as_slice(), inner].concat()
    };
    let open = |tag: u8, parts: &[&[u8]]| [&[tag, 0x80], parts.concat().as_slice(), &[0, 0]].concat();
    let name = |last: u8| [6, 9, 42, 134, 72, 134, 247, 13, 1, 7, last];
    let sha256 = [0x30, 11, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1];
    let rsa = [0x30, 11, 6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 11];
    let pieces: Vec<u8> = content.chunks(100).flat_map(|piece| whole(4, piece)).collect();
    let content = open(0x30, &[&name(1), &open(0xa0, &[&open(0x24, &[&pieces])])]);
    let attributes = attributes.map(|attributes| whole(0xa0, attributes)).unwrap_or_default();
    let signer = open(0x30, &[&[2, 1, 1, 0x30, 0], &sha256, &attributes, &rsa, &whole(4, signature)]);
    let signed = open(0x30, &[&[2, 1, 1, 0x31, 0], &content, &open(0x31, &[&signer])]);
    Base64::encode_string(&open(0x30, &[&name(2), &open(0xa0, &[&signed])]))
}

#[test]
fn attributes_and_content_cannot_be_parted_or_swapped() {
    let message = message::read(&document("der")).expect("the message reads");
    let (content, signature) = (message.content.as_slice(), message.signature.as_slice());
    // What is signed is a SET with one byte of length; in the message its inside stands under another tag.
    let attributes = message.covered.get(2..).expect("a set");
    assert!(signers().verify(&assembled(content, Some(attributes), signature)).is_ok(), "by hand, but the same");

    let missing = "the signed attributes do not tell the content's type and digest, once each";
    let unread = "the signed attributes do not read";
    let (first, rest) = attributes.split_at(2);
    for (content, attributes, reason) in [
        (content, None, "the signature is not AWS's of ap-northeast-1"),
        (message.covered.as_slice(), None, "the content is not an identity document"),
        (message.covered.as_slice(), Some(attributes), "the digest that was signed is not the content's"),
        (content, Some([].as_slice()), missing),
        (content, Some(&[attributes, attributes].concat()), missing),
        // A length that takes a byte more than it needs, and an open one, are BER but not DER.
        (content, Some(&[&[first[0], 0x81, first[1]], rest].concat()), unread),
        (content, Some(&[&[first[0], 0x80], &rest[..24], &[0, 0], &rest[24..]].concat()), unread),
        (content, Some(&[attributes, &[5, 0]].concat()), unread),
    ] {
        assert_eq!(why(&assembled(content, attributes, signature)), reason);
    }
    let attribute = |last: u8| [6, 9, 42, 134, 72, 134, 247, 13, 1, 9, last];
    assert_eq!(why(&edited("der", &attribute(3), &attribute(9))), missing, "without the content's type");
    assert_eq!(why(&edited("der", &attribute(4), &attribute(9))), missing, "without the digest");
    assert_eq!(why(&edited("der", &attribute(5), &attribute(4))), unread, "a time is no digest");
    let kind = |last: u8| [49, 11, 6, 9, 42, 134, 72, 134, 247, 13, 1, 7, last];
    assert_eq!(why(&edited("der", &kind(1), &kind(2))), "the document signs something else than plain data");
}

#[test]
fn what_is_not_a_message_is_refused() {
    assert_eq!(why(&"A".repeat(LONGEST + 1)), format!("the document has {} characters, more than {LONGEST}", LONGEST + 1));
    for text in ["é", "-----BEGIN PKCS7-----", "MIAG=CSq", "M"] {
        assert_eq!(why(text), "the document is not base64", "{text:?}");
    }
    for text in ["", "AAAA", "MIAG", "MAA="] {
        assert_eq!(why(text), "the document is not a signed CMS message", "{text:?}");
    }
    let mut longer = bytes(&document("like_aws"));
    longer.push(0);
    assert_eq!(why(&Base64::encode_string(&longer)), "the document goes on after its end");
}

#[test]
fn a_message_that_stops_early_is_refused() {
    let signers = signers();
    for name in GOOD {
        let whole = bytes(&document(name));
        for length in 0..whole.len() {
            let error = signers.verify(&Base64::encode_string(&whole[..length])).expect_err("a part is not the whole");
            assert!(matches!(error, NotProven::NotSignedData(_)), "{name}, {length} bytes: {error}");
        }
    }
}

#[test]
fn no_byte_can_be_changed_so_that_another_machine_is_proven() {
    let signers = signers();
    for name in GOOD {
        let mut bytes = bytes(&document(name));
        let whole = signers.verify(&document(name)).expect("the whole is good");
        for at in 0..bytes.len() {
            for flip in [0x01, 0x20, 0xff] {
                bytes[at] ^= flip;
                // Some bytes mean nothing: who claims to have signed, a certificate that nobody asked for.
                if let Ok(identity) = signers.verify(&Base64::encode_string(&bytes)) {
                    assert_eq!(identity, whole, "{name}, {flip:#x} at byte {at}");
                }
                bytes[at] ^= flip;
            }
        }
    }
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let good = bytes(&document("like_aws"));
    let signers_at = good.windows(4).rposition(|window| window == [0, 0, 0x31, 0x82]).expect("signers follow the content") + 2;
    for opening in [[0x30, 0x80], [0xa0, 0x80], [0x24, 0x80]] {
        let (opened, closed) = (opening.repeat(2_500), [0, 0].repeat(2_500));
        assert_eq!(why(&Base64::encode_string(&opened)), "the document is not a signed CMS message");
        // Where certificates would be; they are passed over.
        let (before, after) = good.split_at(signers_at);
        let nested = [before, &[0xa0, 0x80], &opened, &closed, &[0, 0], after].concat();
        signers().verify(&Base64::encode_string(&nested)).expect("certificates are passed over");
        let unfinished = [before, &[0xa0, 0x80], &opened].concat();
        assert_eq!(why(&Base64::encode_string(&unfinished)), "the document is not a signed CMS message");
    }
}

#[test]
fn only_a_machine_that_we_expect_passes() {
    let document = document("like_aws");
    let prove = |expected: Expected<'_>, now| signers().prove(&document, &expected, now).map(|_| ()).map_err(|error| error.to_string());
    let started = datetime!(2026-11-21 09:00 UTC);
    for (now, good) in [
        (started - AHEAD, true),
        (started - AHEAD - Duration::SECOND, false),
        (started + FRESH_FOR, true),
        (started + FRESH_FOR + Duration::SECOND, false),
    ] {
        assert_eq!(prove(OURS, now).is_ok(), good, "{now}");
    }
    assert_eq!(prove(Expected { account: "210987654321", ..OURS }, NOW), Err("the machine belongs to another account".to_owned()));
    assert_eq!(prove(Expected { region: "us-east-1", ..OURS }, NOW), Err("the machine is in ap-northeast-1".to_owned()));
}

#[test]
fn certificates_are_read_from_the_page_of_aws() {
    assert_eq!(signers().regions().collect::<Vec<_>>(), ["ap-northeast-1", "us-east-1"]);
    let page = file("signers.md");
    let bad = |page: &str| Signers::parse(page).expect_err("it cannot be used").to_string();
    assert_eq!(bad(""), "there is no certificate for RSA-2048 signatures");
    assert_eq!(bad(&page.replace("RSA-2048", "DSA")), "there is no certificate for RSA-2048 signatures");
    assert_eq!(bad(&file("short_key.md")), "line 2: the certificate's key is not RSA of 2048 bits or more");
    assert!(bad(&page.replace("\n## ", "\n# ")).ends_with(": no region is named above this certificate"));
    assert_eq!(bad("## a — us-east-1\n-----BEGIN CERTIFICATE-----\nMAA=\n"), "line 2: the certificate does not end");
    assert_eq!(
        bad("## a — us-east-1\n-----BEGIN CERTIFICATE-----\nMA\n-----END CERTIFICATE-----"),
        "line 2: the certificate is not base64"
    );
    assert_eq!(bad("## a — us-east-1\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"), "line 2: this is not a certificate");
}

#[test]
fn a_region_may_have_several_keys() {
    let page = file("signers.md").replace("## US East (N. Virginia) — us-east-1", "## 亚太地区（东京）— ap-northeast-1");
    let signers = Signers::parse(&page).expect("the certificates read");
    for name in ["like_aws", "by_another_region"] {
        assert!(signers.verify(&document(name)).is_ok(), "{name}");
    }
}
