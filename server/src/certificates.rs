//! Certificates: whom machines ask for them, and when it is whose turn.
//!
//! Machines get, renew and serve their certificates themselves (docs/machines.md). What the portal adds is the order in which new ones are
//! asked for: authorities count, and one that was asked too often says no to everybody for days. A renewal takes nothing from the others.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::wish::spec::hex;

/// Let's Encrypt's limits, as its page had them in June 2025 (letsencrypt.org/docs/rate-limits): new certificates for a registered domain …
const A_WEEK: u32 = 50;
/// … and new accounts from one address.
const ACCOUNTS: u32 = 10;
const OF_LETS_ENCRYPT: &str = ".api.letsencrypt.org/";

/// A week, as authorities count it.
pub const WEEK: Duration = Duration::days(7);
/// In which accounts are counted.
pub const ACCOUNTS_WITHIN: Duration = Duration::hours(3);

/// The authority that a cloud's machines ask: what its row says under `certificates`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// Its ACME directory.
    pub directory: String,
    /// A mail address that it may write to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// PEM: who vouches for the directory's own HTTPS, if no public authority does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_root: Option<String>,
    /// PEM: whom browsers have to trust for what it issues, if it is no public authority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuing_root: Option<String>,
    /// Who we are to it, where it wants to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_account: Option<ExternalAccount>,
    /// New certificates in any seven days for one registrable domain, if that is not the authority's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a_week: Option<u32>,
    /// New accounts in any three hours from the address that a cloud's machines go out by, if they share one: each machine has an account of
    /// its own. Without a number there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<u32>,
}

/// An external account (RFC 8555, 7.3.4). Machines hold its key: choose one that is good for their names only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAccount {
    /// Its name.
    pub key_id: String,
    /// The file with its HMAC key in base64url. It is read when a machine asks.
    pub hmac_key_file: PathBuf,
}

/// So many in any stretch of time as long as this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub count: u32,
    /// How long.
    pub within: Duration,
}

impl Authority {
    /// What a person named, with the certificates that files hold.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn new(directory: &str, contact: Option<&str>, trusted_root: Option<&Path>, issuing_root: Option<&Path>) -> anyhow::Result<Self> {
        let uri: http::Uri = directory.parse().with_context(|| format!("{directory} is no address"))?;
        if uri.scheme_str() != Some("https") || uri.host().is_none() {
            bail!("an ACME directory is an https address: https://acme-v02.api.letsencrypt.org/directory");
        }
        let contact = contact.map(|typed| typed.trim_start_matches("mailto:").to_owned());
        if contact.as_deref().is_some_and(|contact| contact.split('@').filter(|part| !part.is_empty()).count() != 2) {
            bail!("the contact is a mail address: desk@example.ac.jp");
        }
        let pem = |file: Option<&Path>| -> anyhow::Result<Option<String>> {
            let Some(file) = file else { return Ok(None) };
            let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            if !text.contains("-----BEGIN CERTIFICATE-----") {
                bail!("{} holds no certificate in PEM", file.display());
            }
            Ok(Some(text))
        };
        let (trusted_root, issuing_root) = (pem(trusted_root)?, pem(issuing_root)?);
        Ok(Self {
            directory: directory.to_owned(),
            contact,
            issuing_root: issuing_root.or_else(|| trusted_root.clone()),
            trusted_root,
            external_account: None,
            a_week: None,
            accounts: None,
        })
    }

    /// The external account, if it wants one: the key's name and the key.
    ///
    /// # Errors
    /// The key's file cannot be read.
    pub fn account(&self) -> std::io::Result<Option<(String, String)>> {
        let Some(account) = &self.external_account else { return Ok(None) };
        let key = std::fs::read_to_string(&account.hmac_key_file)?;
        Ok(Some((account.key_id.clone(), key.trim().to_owned())))
    }

    /// What a machine, or a balancer that is one, is told for the service `https` (docs/machines.md): whom it asks for which name, whether it may,
    /// and by which external account.
    #[must_use]
    pub fn settings(&self, name: &str, is_allowed: bool, account: Option<(String, String)>) -> Value {
        json!({
            "names": [name],
            "is_allowed": is_allowed,
            "directory": self.directory,
            "contact": self.contact.as_ref().map(|contact| format!("mailto:{contact}")),
            "trusted_root": self.trusted_root,
            "external_account": account.map(|(key_id, hmac_key)| json!({"key_id": key_id, "hmac_key": hmac_key})),
        })
    }

    /// Changes with these settings, and tells no key.
    #[must_use]
    pub fn digest(&self, name: &str, is_allowed: bool) -> String {
        let key_id = self.external_account.as_ref().map(|account| (account.key_id.clone(), String::new()));
        let text = self.settings(name, is_allowed, key_id).to_string();
        hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()).as_ref())
    }

    /// New certificates for one registrable domain; `None`: as many as one likes.
    #[must_use]
    pub fn of_domain(&self) -> Option<Limit> {
        let count = self.a_week.or_else(|| self.is_lets_encrypt().then_some(A_WEEK))?;
        Some(Limit { count, within: WEEK })
    }

    /// Machines that go out by one address, each with a new account; `None`: as many as one likes.
    #[must_use]
    pub fn of_address(&self) -> Option<Limit> {
        Some(Limit { count: self.accounts?, within: ACCOUNTS_WITHIN })
    }

    /// The same after another one: what that issued is served until it ends, so its root goes on counting here.
    #[must_use]
    pub fn after(mut self, before: &Self) -> Self {
        if let Some(root) =
            before.issuing_root.as_ref().filter(|root| !self.issuing_root.as_ref().is_some_and(|own| own.contains(root.trim())))
        {
            let own = self.issuing_root.unwrap_or_default();
            self.issuing_root = Some(format!("{}\n{}\n", own.trim(), root.trim()).trim_start().to_owned());
        }
        self
    }

    /// The same for machines that share the address that they go out by: the authority's own number counts.
    #[must_use]
    pub fn behind_one_address(mut self) -> Self {
        self.accounts = self.accounts.or_else(|| self.is_lets_encrypt().then_some(ACCOUNTS));
        self
    }

    fn is_lets_encrypt(&self) -> bool {
        self.directory.contains(OF_LETS_ENCRYPT)
    }
}

/// The first moment at which one more keeps a limit, after those given before (in any order, some of them for later).
///
/// It is after the last of them: turns are taken in the order in which they were asked for.
#[must_use]
pub fn turn(limit: Limit, given: &[OffsetDateTime], now: OffsetDateTime) -> Option<OffsetDateTime> {
    let count = usize::try_from(limit.count).ok().filter(|count| *count > 0)?;
    let mut given = given.to_vec();
    given.sort_unstable();
    let last = given.last().copied().map_or(now, |last| last.max(now));
    let full_until = given.len().checked_sub(count).map(|place| given[place] + limit.within);
    Some(full_until.map_or(last, |until| until.max(last)))
}

/// How many more may be asked for at this moment.
#[must_use]
pub fn left(limit: Limit, given: &[OffsetDateTime], now: OffsetDateTime) -> u32 {
    let used = given.iter().filter(|at| **at > now - limit.within).count();
    limit.count.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_795_251_600).expect("a time")
    }

    #[test]
    fn a_class_of_three_hundred_is_spread_over_as_many_weeks_as_the_authority_wants() {
        let limit = Limit { count: 50, within: WEEK };
        let mut given = Vec::new();
        for _ in 0..300 {
            given.push(turn(limit, &given, now()).expect("a turn"));
        }
        assert_eq!(given[49], now());
        assert_eq!(given[50], now() + WEEK);
        assert_eq!(given[299], now() + WEEK * 5);
        assert_eq!(left(limit, &given[..20], now()), 30);
        assert_eq!(left(limit, &given, now()), 0);
    }

    #[test]
    fn an_authority_that_gives_none_gives_nobody_a_turn() {
        assert_eq!(turn(Limit { count: 0, within: WEEK }, &[], now()), None);
    }

    #[test]
    fn lets_encrypts_numbers_hold_unless_somebody_has_others() {
        let lets_encrypt = Authority::new("https://acme-v02.api.letsencrypt.org/directory", None, None, None).expect("an authority");
        assert_eq!(lets_encrypt.of_domain(), Some(Limit { count: 50, within: WEEK }));
        assert_eq!(lets_encrypt.of_address(), None, "machines with addresses of their own");
        let lets_encrypt = lets_encrypt.behind_one_address();
        assert_eq!(lets_encrypt.of_address(), Some(Limit { count: 10, within: ACCOUNTS_WITHIN }));
        let more = Authority { a_week: Some(500), accounts: Some(100), ..lets_encrypt };
        assert_eq!((more.of_domain().map(|limit| limit.count), more.of_address().map(|limit| limit.count)), (Some(500), Some(100)));
        let in_the_house = Authority::new("https://ca.example.ac.jp/acme/directory", Some("mailto:desk@example.ac.jp"), None, None);
        let in_the_house = in_the_house.expect("an authority");
        assert_eq!((in_the_house.of_domain(), in_the_house.of_address()), (None, None));
        assert_eq!(in_the_house.contact.as_deref(), Some("desk@example.ac.jp"));
    }

    #[test]
    fn what_an_earlier_authority_issued_is_vouched_for_however_its_file_ends() {
        let root = |name: &str| format!("-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----");
        let asked = |directory: &str, root: Option<String>| Authority {
            issuing_root: root,
            ..Authority::new(directory, None, None, None).expect("an authority")
        };
        let first = asked("https://first.example/", Some(root("first")));
        let second = asked("https://second.example/", Some(root("second"))).after(&first);
        let both = second.issuing_root.clone().unwrap_or_default();
        assert_eq!(both.lines().filter(|line| line.starts_with("-----BEGIN")).count(), 2, "{both}");
        assert_eq!(asked("https://second.example/", Some(both.clone())).after(&second).issuing_root, Some(both), "once");
        assert_eq!(
            asked("https://public.example/", None).after(&first).issuing_root.map(|text| text.trim().to_owned()),
            Some(root("first"))
        );
    }

    #[test]
    fn what_is_no_authority_is_refused_with_the_reason() {
        for bad in ["http://ca.example.ac.jp/directory", "ca.example.ac.jp", "https://", ""] {
            assert!(Authority::new(bad, None, None, None).is_err(), "{bad}");
        }
        assert!(Authority::new("https://ca.example.ac.jp/", Some("desk"), None, None).is_err());
        assert!(Authority::new("https://ca.example.ac.jp/", None, Some(Path::new("/nowhere")), None).is_err());
    }

    proptest! {
        /// Whoever comes when, no stretch of time ever holds more than the limit, and nobody overtakes.
        #[test]
        fn no_stretch_of_time_holds_more_than_the_limit(waits in proptest::collection::vec(0..2_000_i64, 1..80), count in 1..12_u32, hours in 1..200_i64) {
            let limit = Limit { count, within: Duration::hours(hours) };
            let (mut at, mut given) = (now(), Vec::new());
            for wait in waits {
                at += Duration::minutes(wait);
                let turn = turn(limit, &given, at).expect("a turn");
                prop_assert!(turn >= at);
                prop_assert!(given.last().is_none_or(|before| *before <= turn));
                given.push(turn);
            }
            for (place, from) in given.iter().enumerate() {
                let within = given[place..].iter().filter(|at| **at < *from + limit.within).count();
                prop_assert!(within <= count as usize, "{within} within {hours} hours");
            }
        }
    }
}
