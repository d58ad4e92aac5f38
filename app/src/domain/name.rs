//! The name of an environment: one DNS label, because it becomes one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A name that is a DNS label (RFC 1123, lower case) and not reserved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvironmentName(String);

/// Why a name was refused. The texts are in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum NameProblem {
    /// Nothing was typed.
    #[error("a name is missing")]
    Missing,
    /// More than [`EnvironmentName::MAX`] characters.
    #[error("the name is too long")]
    TooLong,
    /// Letters beyond a-z: internationalised names are refused, because many of the lesson's programs do not find them.
    #[error("the name is internationalised")]
    International,
    /// Something else than a-z, 0-9 and inner hyphens.
    #[error("the name is not a DNS label")]
    NotALabel,
    /// A name that the site or DNS keeps for itself.
    #[error("the name is reserved")]
    Reserved,
}

/// Names that would be taken for the site's own hosts, or that software expects to be something else.
const RESERVED: &[&str] = &[
    "admin",
    "api",
    "autoconfig",
    "autodiscover",
    "broadcasthost",
    "dns",
    "ftp",
    "imap",
    "isatap",
    "koza",
    "localhost",
    "mail",
    "mx",
    "ns",
    "ns1",
    "ns2",
    "pop",
    "portal",
    "root",
    "smtp",
    "test",
    "wpad",
    "www",
];

impl EnvironmentName {
    /// Leaves room for what clouds put before and after it, and for `www.` names.
    pub const MAX: usize = 30;

    /// Reads a name as a person typed it: surrounding space and capitals are forgiven.
    ///
    /// # Errors
    /// The first [`NameProblem`] found.
    pub fn parse(typed: &str) -> Result<Self, NameProblem> {
        let name = typed.trim().to_ascii_lowercase();
        if name.is_empty() {
            return Err(NameProblem::Missing);
        }
        if name.chars().count() > Self::MAX {
            return Err(NameProblem::TooLong);
        }
        if name.starts_with("xn--") || name.chars().any(|letter| !letter.is_ascii() && letter.is_alphanumeric()) {
            return Err(NameProblem::International);
        }
        let is_label = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-')
            // Hyphens in places 3 and 4 are kept for such uses as internationalised names (RFC 5891).
            && name.get(2..4) != Some("--")
            && !name.bytes().all(|byte| byte.is_ascii_digit());
        if !is_label {
            return Err(NameProblem::NotALabel);
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(NameProblem::Reserved);
        }
        Ok(Self(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the names of a course look like: `sys101-{name}`, where courses share a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(String);

impl NamePattern {
    const PLACE: &str = "{name}";

    /// Reads a pattern.
    ///
    /// # Errors
    /// The [`NameProblem`] that every name by it would have; [`NameProblem::NotALabel`] without `{name}`.
    pub fn parse(typed: &str) -> Result<Self, NameProblem> {
        let pattern = Self(typed.trim().to_ascii_lowercase());
        if pattern.0.matches(Self::PLACE).count() != 1 {
            return Err(NameProblem::NotALabel);
        }
        // Three letters are the least that people want to choose among.
        EnvironmentName::parse(&pattern.0.replace(Self::PLACE, "a0b")).map(|_| pattern)
    }

    /// The name that becomes of what a person typed.
    ///
    /// # Errors
    /// As for [`EnvironmentName::parse`].
    pub fn name(&self, typed: &str) -> Result<EnvironmentName, NameProblem> {
        let name = EnvironmentName::parse(typed)?;
        EnvironmentName::parse(&self.0.replace(Self::PLACE, name.as_str()))
    }

    /// What stands before and after what a person types.
    #[must_use]
    pub fn around(&self) -> (&str, &str) {
        self.0.split_once(Self::PLACE).unwrap_or(("", ""))
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for EnvironmentName {
    type Err = NameProblem;
    fn from_str(typed: &str) -> Result<Self, NameProblem> {
        Self::parse(typed)
    }
}

impl TryFrom<String> for EnvironmentName {
    type Error = NameProblem;
    fn try_from(typed: String) -> Result<Self, NameProblem> {
        Self::parse(&typed)
    }
}

impl From<EnvironmentName> for String {
    fn from(name: EnvironmentName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_type_are_understood() {
        for (typed, name) in [("c5", "c5"), (" C5 ", "c5"), ("my-site", "my-site"), ("3d-lab", "3d-lab")] {
            assert_eq!(EnvironmentName::parse(typed).map(String::from).as_deref(), Ok(name));
        }
    }

    #[test]
    fn a_course_that_shares_its_domain_has_a_mark_in_its_names() {
        let pattern = NamePattern::parse("SYS101-{name}").expect("a pattern");
        assert_eq!(pattern.name(" C5 ").map(String::from).as_deref(), Ok("sys101-c5"));
        assert_eq!(pattern.around(), ("sys101-", ""));
        assert_eq!(pattern.name("www").map(String::from), Err(NameProblem::Reserved), "it would read as somebody's");
        assert_eq!(pattern.name(&"a".repeat(EnvironmentName::MAX)).map(String::from), Err(NameProblem::TooLong));
        for bad in ["sys101", "{name}{name}", "-{name}", "{name}.sys101", "課-{name}", "{NAME", "a".repeat(30).as_str()] {
            assert!(NamePattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_that_cannot_become_a_dns_label_are_refused_with_the_reason() {
        let long = "a".repeat(EnvironmentName::MAX + 1);
        for (typed, problem) in [
            ("", NameProblem::Missing),
            ("  ", NameProblem::Missing),
            (long.as_str(), NameProblem::TooLong),
            ("a_b", NameProblem::NotALabel),
            ("-a", NameProblem::NotALabel),
            ("a-", NameProblem::NotALabel),
            ("a.b", NameProblem::NotALabel),
            ("講座", NameProblem::International),
            ("xn--a", NameProblem::International),
            ("ab--c", NameProblem::NotALabel),
            ("2026", NameProblem::NotALabel),
            ("a<script>", NameProblem::NotALabel),
            ("www", NameProblem::Reserved),
            ("Localhost", NameProblem::Reserved),
        ] {
            assert_eq!(EnvironmentName::parse(typed), Err(problem), "{typed:?}");
        }
    }
}
