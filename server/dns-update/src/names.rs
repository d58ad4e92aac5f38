//! Names between text and the wire.
//!
//! Only letters of host names and the underscore are let through in either direction, in small letters: escapes, dots within labels and
//! whatever else the DNS allows are not ours, and a name that has one is passed over or refused, never bent into another one.

use std::net::{IpAddr, Ipv4Addr};

use cloud::dns::{Companion, is_under, plain};
use cloud::{CloudError, Fate};
use domain::base::Name;
use domain::base::name::ToName;

/// A name as messages carry it.
pub(crate) type Wire = Name<Vec<u8>>;

fn is_label(label: &[u8]) -> bool {
    (1..=63).contains(&label.len()) && label.iter().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'))
}

/// A name of plain letters. None: it is none, or is too long.
pub(crate) fn read(text: &str) -> Option<Wire> {
    if !text.split('.').all(|label| is_label(label.as_bytes())) {
        return None;
    }
    Wire::from_chars(text.chars()).ok()
}

/// The text of a name of plain letters.
pub(crate) fn text(name: &impl ToName) -> Option<String> {
    let mut text = String::new();
    for label in name.iter_labels().filter(|label| !label.is_root()) {
        if !is_label(label.as_slice()) {
            return None;
        }
        if !text.is_empty() {
            text.push('.');
        }
        text.extend(label.as_slice().iter().map(|letter| char::from(letter.to_ascii_lowercase())));
    }
    Some(text)
}

/// A record's name and its companion's.
///
/// # Errors
/// `not_our_domain`, `bad_name`.
pub(crate) fn pair(name: &str, domain: &str) -> Result<(Wire, Wire), CloudError> {
    if !is_under(name, domain) {
        let said = format!("{} is not under {domain}, the zone that is kept here", name.escape_debug());
        return Err(CloudError::new(Fate::Final, "not_our_domain", said));
    }
    if name.split('.').any(|label| label == Companion::LABEL) {
        return Err(bad(name));
    }
    read(name).zip(read(&Companion::name(name))).ok_or_else(|| bad(name))
}

/// `bad_name`.
pub(crate) fn bad(name: &str) -> CloudError {
    CloudError::new(Fate::Final, "bad_name", format!("{} is no name that a record can have", name.escape_debug()))
}

/// What a record leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Address(Ipv4Addr),
    Name(Wire),
}

impl Value {
    /// Reads an order's value: an IPv4 address, or another name.
    ///
    /// # Errors
    /// `bad_order`.
    pub(crate) fn read(text: &str) -> Result<Self, CloudError> {
        let bad = |why: &str| CloudError::new(Fate::Final, "bad_order", format!("{}: {why}", text.escape_debug()));
        match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => Ok(Self::Address(address)),
            Ok(IpAddr::V6(_)) => Err(bad("records lead to IPv4 addresses or names")),
            Err(_) => read(&plain(text)).map(Self::Name).ok_or_else(|| bad("neither an address nor a name")),
        }
    }

    /// As a [`cloud::Record`] has it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            // What is no plain name is shown as it is; it is not ours, and differs from anything that we would write.
            Self::Name(name) => text(name).unwrap_or_else(|| name.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_name_is_refused_and_never_bent_into_another() {
        let long = format!("{}.exp.test", "a".repeat(64));
        // Fits by itself; its companion would be 258 octets.
        let brim = format!("{0}.{0}.{0}.{1}.exp.test", "a".repeat(61), "b".repeat(55));
        for hostile in [
            "c5\\.d.exp.test",
            "c\\053.exp.test",
            "c5..exp.test",
            "c 5.exp.test",
            "c5\0.exp.test",
            "*.exp.test",
            "講座.exp.test",
            "@.exp.test",
            "_koza.c5.exp.test",
            &long,
            &brim,
        ] {
            let refused = pair(hostile, "exp.test").expect_err(hostile);
            assert_eq!((refused.fate, refused.code), (Fate::Final, "bad_name"), "{hostile}");
        }
        assert!(pair("c5.exp.test", "exp.test").is_ok());
    }

    #[test]
    fn a_value_is_an_address_or_a_name() {
        assert_eq!(Value::read("198.51.100.7").expect("an address").text(), "198.51.100.7");
        assert_eq!(Value::read("Balancer.Example.ORG.").expect("a name").text(), "balancer.example.org");
        for bad in ["2001:db8::1", "", "a b", "198.51.100.7\n", "\\000"] {
            assert_eq!(Value::read(bad).expect_err(bad).code, "bad_order");
        }
    }

    #[test]
    fn a_name_on_the_wire_that_only_looks_like_ours_has_no_text() {
        let dotted = Wire::from_octets(b"\x07c5.exp.\x04test\x00".to_vec()).expect("a name");
        assert_eq!(text(&dotted), None);
        let ours = Wire::from_octets(b"\x02C5\x03exp\x04test\x00".to_vec()).expect("a name");
        assert_eq!(text(&ours).as_deref(), Some("c5.exp.test"));
    }
}
