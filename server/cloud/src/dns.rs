//! Names: a domain whose records we keep, and a cloud together with one.
//!
//! Records carry no tags, so each has a TXT record beside it that carries them; both change in one act, or neither does. A record without
//! one of ours beside it is somebody else's and is never touched.
//!
//! A record goes in two steps, so that nobody is led where nothing is: first the name is taken out and its companion says so; once every name
//! server knows, the companion goes, too. From that moment on resolvers remember the name for [`Record::TTL`] at most.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::call::{Allowance, Call};
use crate::error::CloudError;
use crate::order::{Create, Launch, Record};
use crate::seen::{Deletion, Metrics, Seen};
use crate::tag::{EnvironmentTag, Intent, Kind};
use crate::{Cloud, Nature};

/// A domain that we keep records in.
#[async_trait]
pub trait Dns: Send + Sync {
    /// Every record of this installation.
    ///
    /// # Errors
    /// [`CloudError`]; an answer is always whole.
    async fn list(&self) -> Result<Vec<Seen>, CloudError>;

    /// Makes a record, or changes the one that the same intent has made.
    ///
    /// # Errors
    /// [`CloudError`]; code `name_taken` if there is a record of that name and it is not ours.
    async fn put(&self, intent: &Intent, record: &Record) -> Result<Seen, CloudError>;

    /// Takes a record out. Under way until no name server knows it any more; done if there is none of ours.
    ///
    /// # Errors
    /// [`CloudError`].
    async fn remove(&self, cloud_id: &str) -> Result<Deletion, CloudError>;

    /// Whether an environment that is new would not get a name (`c5.exp.example.ac.jp`) now: there is anything at it, or where its companion
    /// goes. What one of ours has is taken, too, and so is what is on its way out, until it is gone.
    ///
    /// # Errors
    /// [`CloudError`]; also for what no record of this domain can be called.
    async fn is_taken(&self, name: &str) -> Result<bool, CloudError>;

    /// The name servers that the world asks for the domain: a host or an address each, with `:port` if it is not 53.
    ///
    /// # Errors
    /// [`CloudError`].
    async fn name_servers(&self) -> Result<Vec<String>, CloudError>;

    /// What an operator should know of it.
    ///
    /// # Errors
    /// [`CloudError`].
    async fn describe(&self) -> Result<String, CloudError>;
}

/// A cloud whose machines have names in a domain that something else keeps.
pub struct Named {
    cloud: Arc<dyn Cloud>,
    dns: Arc<dyn Dns>,
    nature: Nature,
}

impl Named {
    /// The two together.
    #[must_use]
    pub fn new(cloud: Arc<dyn Cloud>, dns: Arc<dyn Dns>) -> Self {
        let mut nature = cloud.nature().clone();
        nature.kinds.push(Kind::Record);
        Self { cloud, dns, nature }
    }
}

#[async_trait]
impl Cloud for Named {
    fn nature(&self) -> &Nature {
        &self.nature
    }

    fn allowances(&self) -> &'static [Allowance] {
        self.cloud.allowances()
    }

    fn draws(&self, call: Call) -> &'static [&'static str] {
        self.cloud.draws(call)
    }

    fn draws_in_batch(&self, call: Call) -> &'static [&'static str] {
        self.cloud.draws_in_batch(call)
    }

    async fn list_kinds(&self, environment: &EnvironmentTag, kinds: &[Kind]) -> Result<Vec<Seen>, CloudError> {
        let others: Vec<Kind> = kinds.iter().copied().filter(|kind| *kind != Kind::Record).collect();
        let of_cloud = async { if others.is_empty() { Ok(Vec::new()) } else { self.cloud.list_kinds(environment, &others).await } };
        let of_dns = async { if others.len() == kinds.len() { Ok(Vec::new()) } else { self.dns.list().await } };
        let (mut seen, records) = tokio::try_join!(of_cloud, of_dns)?;
        seen.extend(records.into_iter().filter(|record| record.environment == environment.environment));
        Ok(seen)
    }

    async fn list_all(&self) -> Result<Vec<Seen>, CloudError> {
        let (mut seen, records) = tokio::try_join!(self.cloud.list_all(), self.dns.list())?;
        seen.extend(records);
        Ok(seen)
    }

    async fn list_what_answers(&self) -> Result<(Vec<Seen>, Vec<(Kind, CloudError)>), CloudError> {
        let (of_cloud, records) = tokio::join!(self.cloud.list_what_answers(), self.dns.list());
        let (mut seen, mut unknown) = of_cloud?;
        match records {
            Ok(records) => seen.extend(records),
            Err(error) => unknown.push((Kind::Record, error)),
        }
        Ok((seen, unknown))
    }

    async fn create(&self, intent: &Intent, create: &Create) -> Result<Seen, CloudError> {
        match create {
            Create::Record(record) => self.dns.put(intent, record).await,
            _ => self.cloud.create(intent, create).await,
        }
    }

    async fn launch(&self, launch: &Launch) -> Result<Vec<Option<String>>, CloudError> {
        self.cloud.launch(launch).await
    }

    async fn hand_over(&self, machine: &str, intent: &Intent, disk: Option<Uuid>, firewall: &str) -> Result<(), CloudError> {
        self.cloud.hand_over(machine, intent, disk, firewall).await
    }

    fn prove(&self, document: &str, now: OffsetDateTime) -> Result<String, String> {
        self.cloud.prove(document, now)
    }

    async fn start(&self, machine: &str) -> Result<(), CloudError> {
        self.cloud.start(machine).await
    }

    async fn stop(&self, machine: &str) -> Result<(), CloudError> {
        self.cloud.stop(machine).await
    }

    async fn delete(&self, kind: Kind, cloud_id: &str) -> Result<Deletion, CloudError> {
        match kind {
            Kind::Record => self.dns.remove(cloud_id).await,
            _ => self.cloud.delete(kind, cloud_id).await,
        }
    }

    async fn several(&self, call: Call, machines: &[String]) -> Vec<Result<Deletion, CloudError>> {
        self.cloud.several(call, machines).await
    }

    async fn image_by_recipe(&self, recipe: &str) -> Result<Option<String>, CloudError> {
        self.cloud.image_by_recipe(recipe).await
    }

    async fn metrics(&self, machine: &str) -> Result<Option<Metrics>, CloudError> {
        self.cloud.metrics(machine).await
    }

    async fn is_name_taken(&self, name: &str) -> Result<bool, CloudError> {
        self.dns.is_taken(name).await
    }

    async fn name_servers(&self) -> Result<Vec<String>, CloudError> {
        self.dns.name_servers().await
    }

    async fn describe(&self) -> Result<String, CloudError> {
        Ok(format!("{}; {}", self.cloud.describe().await?, self.dns.describe().await?))
    }
}

/// A name without the last dot, in small letters.
#[must_use]
pub fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Whether a name is under a domain; the domain is not under itself.
#[must_use]
pub fn is_under(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.')).is_some_and(|rest| !rest.is_empty())
}

/// What a companion says: whose the record is, what for, and since when it is as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companion {
    /// This installation.
    pub installation: String,
    /// The environment.
    pub environment: Uuid,
    /// The intent.
    pub intent: Uuid,
    /// The last change, in seconds since 1970.
    pub changed: i64,
    /// Whether the record was taken out.
    pub is_out: bool,
}

impl Companion {
    /// The label before the record's name.
    pub const LABEL: &'static str = "_koza";

    /// That of a record which an intent changes now; every change of it is later than the one `before`.
    #[must_use]
    pub fn by(intent: &Intent, now: OffsetDateTime, before: Option<i64>) -> Self {
        let EnvironmentTag { installation, environment } = intent.tags.environment.clone();
        Self { installation, environment, intent: intent.token, changed: Self::later_than(before, now), is_out: false }
    }

    /// The moment of a change, in seconds since 1970: now, and later than the one before.
    #[must_use]
    pub fn later_than(before: Option<i64>, now: OffsetDateTime) -> i64 {
        now.unix_timestamp().max(before.map_or(0, |before| before + 1))
    }

    /// The name of a record's companion.
    #[must_use]
    pub fn name(of: &str) -> String {
        format!("{}.{of}", Self::LABEL)
    }

    /// The name of the record that a companion of this name belongs to.
    #[must_use]
    pub fn of(name: &str) -> Option<&str> {
        name.strip_prefix(Self::LABEL)?.strip_prefix('.')
    }

    /// As a TXT record has it, without quotes: at most 255 letters.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { installation, environment, intent, changed, is_out } = self;
        let out = if *is_out { " out=yes" } else { "" };
        format!("koza installation={installation} environment={environment} intent={intent} changed={changed}{out}")
    }

    /// Reads it back. None: it is nothing that we wrote.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let words: BTreeMap<&str, &str> = text.strip_prefix("koza ")?.split(' ').filter_map(|word| word.split_once('=')).collect();
        Some(Self {
            installation: (*words.get("installation")?).to_owned(),
            environment: words.get("environment")?.parse().ok()?,
            intent: words.get("intent")?.parse().ok()?,
            changed: words.get("changed")?.parse().ok()?,
            is_out: words.contains_key("out"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_companion_reads_as_it_was_written_and_fits_a_txt_record() {
        let companion = Companion {
            installation: "9f".repeat(16),
            environment: Uuid::from_u128(u128::MAX),
            intent: Uuid::from_u128(7),
            changed: 1_795_238_400,
            is_out: true,
        };
        assert_eq!(Companion::read(&companion.text()), Some(companion.clone()));
        assert!(companion.text().len() <= 255);
        assert_eq!(Companion::of(&Companion::name("c5.exp.test")), Some("c5.exp.test"));
    }

    #[test]
    fn a_domain_is_not_under_itself_nor_under_one_that_only_ends_alike() {
        assert!(is_under("c5.exp.test", "exp.test"));
        assert!(is_under("www.c5.exp.test", "exp.test"));
        for outside in ["exp.test", ".exp.test", "c5exp.test", "exp.test.evil", ""] {
            assert!(!is_under(outside, "exp.test"), "{outside}");
        }
    }

    #[test]
    fn a_change_is_later_than_the_one_before_though_the_clock_went_back() {
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(100);
        assert_eq!([None, Some(50), Some(100), Some(200)].map(|before| Companion::later_than(before, now)), [100, 100, 101, 201]);
    }

    #[test]
    fn what_others_write_is_no_companion() {
        for text in ["", "v=spf1 -all", "koza", "koza installation=x environment=y intent=z changed=1"] {
            assert_eq!(Companion::read(text), None, "{text}");
        }
    }
}
