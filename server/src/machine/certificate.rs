//! A machine's certificate, as the machine tells it (docs/machines.md): checked at the door, because whoever is root there may tell anything.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The longest sentence that is kept.
const SENTENCE: usize = 500;
const NAMES: usize = 10;

/// What it has, and what is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// How far it is.
    pub state: State,
    /// Whether it serves HTTPS with it.
    #[serde(default)]
    pub is_served: bool,
    /// The name that people are led to.
    pub name: Option<String>,
    /// What the certificate is for.
    #[serde(default)]
    pub names: Vec<String>,
    /// From when it is good.
    #[serde(default, with = "time::serde::timestamp::option")]
    pub not_before: Option<OffsetDateTime>,
    /// Until when.
    #[serde(default, with = "time::serde::timestamp::option")]
    pub not_after: Option<OffsetDateTime>,
    /// Who issued it.
    pub issuer: Option<String>,
    /// SHA-256 of it, in lower-case hexadecimal digits.
    pub fingerprint: Option<String>,
    /// What is in the way, in a sentence of the authority's or the machine's.
    pub said: Option<String>,
    /// The same in a word.
    pub problem: Option<String>,
    /// When it asks again.
    #[serde(default, with = "time::serde::timestamp::option")]
    pub try_again_at: Option<OffsetDateTime>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It has one.
    Issued,
    /// It has none that is good, and asks again by itself.
    Waiting,
    /// The authority said no, and it asks again by itself.
    Refused,
    /// There is nothing to ask for.
    Off,
}

impl Certificate {
    /// The same without what no honest machine tells.
    #[must_use]
    pub fn checked(self) -> Self {
        let short = |text: String| text.chars().filter(|letter| !letter.is_control()).take(SENTENCE).collect::<String>();
        let fingerprint = self.fingerprint.filter(|text| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        Self {
            is_served: self.is_served && fingerprint.is_some() && self.not_before.is_some() && self.not_after.is_some(),
            name: self.name.map(short),
            names: self.names.into_iter().take(NAMES).map(short).collect(),
            issuer: self.issuer.map(short),
            fingerprint: fingerprint.map(|text| text.to_ascii_lowercase()),
            said: self.said.map(short),
            problem: self.problem.map(short),
            ..self
        }
    }

    /// Whether it serves HTTPS for a name with it.
    #[must_use]
    pub fn serves(&self, name: &str) -> bool {
        self.is_served && self.name.as_deref() == Some(name)
    }

    /// Whether it is served, or not, just as another: that is all that proofs go by.
    #[must_use]
    pub fn serves_like(&self, other: &Self) -> bool {
        let what = |it: &Self| (it.is_served, it.name.clone(), it.fingerprint.clone(), it.not_after);
        what(self) == what(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(told: serde_json::Value) -> Option<Certificate> {
        serde_json::from_value::<Certificate>(told).ok().map(Certificate::checked)
    }

    #[test]
    fn what_a_machine_tells_is_read_as_it_is_written_down() {
        let told = json!({
            "state": "issued", "is_served": true, "name": "c5.exp.example.ac.jp", "names": ["c5.exp.example.ac.jp"],
            "not_before": 1_795_238_400, "not_after": 1_803_014_399, "issuer": "CN=R10,O=Let's Encrypt,C=US", "serial": "03ab",
            "fingerprint": "a".repeat(64), "directory": "https://acme.example", "said": null, "problem": null, "try_again_at": null,
        });
        let certificate = read(told).expect("read");
        assert!(certificate.serves("c5.exp.example.ac.jp") && !certificate.serves("c6.exp.example.ac.jp"));
        let renewed = Certificate { fingerprint: Some("b".repeat(64)), ..certificate.clone() };
        let explained = Certificate { said: Some("the authority is away".into()), ..certificate.clone() };
        assert!(!certificate.serves_like(&renewed) && certificate.serves_like(&explained));
    }

    #[test]
    fn who_tells_nonsense_serves_nothing() {
        let bare = json!({"state": "waiting", "name": null, "issuer": null, "fingerprint": null, "said": null, "problem": "turn"});
        assert_eq!(read(bare).map(|certificate| (certificate.state, certificate.is_served)), Some((State::Waiting, false)));
        let lies = json!({"state": "issued", "is_served": true, "fingerprint": "<script>", "said": "a\u{7}b".repeat(1000)});
        let lies = read(lies).expect("read");
        assert!(!lies.is_served && lies.fingerprint.is_none());
        assert_eq!(lies.said.map(|said| said.chars().count()), Some(SENTENCE));
        assert_eq!(read(json!({"state": "perfect"})), None);
    }
}
