//! Names in a hosted zone of Route 53.
//!
//! - A change names the exact values that it takes out, so a view that is a moment old does no harm: Route 53 refuses, and we look again. What is
//!   not ours is never named in a change.
//! - Changes that come at the same moment go in one batch: the service takes few, and one of a zone at a time.
//! - A change is in sync once Route 53 says so. Who did not make it (after a restart, or in another process) does not know what it is called
//!   there, and believes it after twice the time that Route 53 promises.

mod changes;
mod zone;

use std::collections::BTreeMap;
use std::time::Instant;

use async_trait::async_trait;
use aws_sdk_route53::types::{Change, ChangeAction, ResourceRecordSet};
use cloud::dns::{Companion, is_under, plain};
use cloud::{Clock, CloudError, Deletion, Dns, Fate, Intent, Observed, Record, Seen, Shared};
use time::Duration;
use tokio::sync::{Mutex, OnceCell};

use crate::AwsConfig;
use crate::account::Clients;
use crate::trouble::trouble;
use changes::Changes;
use zone::Entry;

/// Twice what Route 53 promises ("generally within 60 seconds").
const SURELY_IN_SYNC_AFTER: Duration = Duration::seconds(120);
/// Between two looks at a name before it is ordered: Route 53 takes five calls a second from a whole account.
const NAMES_APART: std::time::Duration = std::time::Duration::from_millis(500);
/// Route 53 refused a change because what it took out is not so, or what it makes is there.
pub(crate) const NOT_SO: &str = "not_as_named";

/// What does not change of a zone.
struct About {
    domain: String,
    name_servers: Vec<String>,
}

/// One hosted zone.
pub struct Route53 {
    clients: Clients,
    zone: String,
    installation: String,
    clock: Clock,
    about: OnceCell<About>,
    look: Shared<BTreeMap<String, Entry>>,
    names_looked_at: Mutex<Option<Instant>>,
    changes: Changes,
    /// The names of ours as they were last seen or changed.
    known: Mutex<BTreeMap<String, Entry>>,
}

impl Route53 {
    /// A zone that has not been asked anything yet.
    #[must_use]
    pub fn new(clients: Clients, config: &AwsConfig, zone: String, clock: Clock) -> Self {
        Self {
            clients,
            zone,
            installation: config.installation.clone(),
            clock,
            about: OnceCell::new(),
            look: Shared::new(std::time::Duration::from_millis(config.lists_apart_ms)),
            names_looked_at: Mutex::default(),
            changes: Changes::default(),
            known: Mutex::default(),
        }
    }

    /// The zone's domain, without the last dot.
    ///
    /// # Errors
    /// As for any call.
    pub async fn domain(&self) -> Result<&str, CloudError> {
        Ok(&self.about().await?.domain)
    }

    async fn about(&self) -> Result<&About, CloudError> {
        let ask = || async {
            let answer = self.clients.route53.get_hosted_zone().id(&self.zone).send().await;
            let answer = answer.map_err(|error| match crate::trouble::code(&error) {
                "NoSuchHostedZone" => CloudError::new(Fate::Final, "bad_settings", format!("there is no hosted zone {}", self.zone)),
                _ => trouble("route53:GetHostedZone", error),
            })?;
            Ok(About {
                domain: plain(answer.hosted_zone().map_or("", |zone| zone.name())),
                name_servers: answer.delegation_set().map_or_else(Vec::new, |set| set.name_servers().to_vec()),
            })
        };
        self.about.get_or_try_init(ask).await
    }

    /// Looks at the whole zone, or shares somebody's look.
    async fn fresh(&self) -> Result<BTreeMap<String, Entry>, CloudError> {
        let look = async {
            let began = Instant::now();
            let mut listed = zone::read(&self.clients, &self.zone, &self.installation).await?;
            for (name, known) in &*self.known.lock().await {
                if let Some(entry) = listed.get_mut(name).filter(|entry| entry.companion == known.companion) {
                    (entry.change, entry.is_in_sync) = (known.change.clone(), known.is_in_sync);
                }
            }
            self.find_out_sync(&mut listed).await?;
            let mut known = self.known.lock().await;
            // What was changed since the look began is as it was changed.
            for (name, changed) in known.iter().filter(|(_, known)| known.at > began) {
                listed.insert(name.clone(), changed.clone());
            }
            known.clone_from(&listed);
            Ok(listed)
        };
        self.look.ask(look).await.map(|listed| (*listed).clone())
    }

    async fn find_out_sync(&self, entries: &mut BTreeMap<String, Entry>) -> Result<(), CloudError> {
        let now = (self.clock)().unix_timestamp();
        let is_old = |entry: &Entry| now - entry.companion.changed > SURELY_IN_SYNC_AFTER.whole_seconds();
        let mut asked = BTreeMap::new();
        for entry in entries.values_mut().filter(|entry| !entry.is_in_sync) {
            entry.is_in_sync = match &entry.change {
                None => is_old(entry),
                Some(change) => match asked.get(change) {
                    Some(is_in_sync) => *is_in_sync,
                    None => {
                        // Route 53 forgets changes in time.
                        let is_in_sync = changes::is_in_sync(&self.clients, change).await?.unwrap_or_else(|| is_old(entry));
                        asked.insert(change.clone(), is_in_sync);
                        is_in_sync
                    }
                },
            };
        }
        Ok(())
    }

    /// What is known of a name; asked for where nothing is.
    async fn entry(&self, name: &str, is_fresh: bool) -> Result<Option<Entry>, CloudError> {
        if !is_fresh && let Some(entry) = self.known.lock().await.get(name) {
            return Ok(Some(entry.clone()));
        }
        Ok(self.fresh().await?.remove(name))
    }

    /// Makes a change and remembers what is so from now on.
    async fn change(
        &self,
        name: &str,
        changes: Vec<Change>,
        companion: Option<Companion>,
        record: Option<ResourceRecordSet>,
    ) -> Result<(), CloudError> {
        let id = self.changes.make(&self.clients, &self.zone, changes).await?;
        let mut known = self.known.lock().await;
        match companion {
            Some(companion) => {
                let entry = Entry {
                    companion_set: zone::companion_set(name, &companion)?,
                    companion,
                    record,
                    change: Some(id),
                    is_in_sync: false,
                    at: Instant::now(),
                };
                known.insert(name.to_owned(), entry);
            }
            None => {
                known.remove(name);
            }
        }
        Ok(())
    }
}

fn act(action: ChangeAction, set: &ResourceRecordSet) -> Result<Change, CloudError> {
    let change = Change::builder().action(action).resource_record_set(set.clone()).build();
    change.map_err(|error| CloudError::new(Fate::Final, "bad_order", error.to_string()))
}

#[async_trait]
impl Dns for Route53 {
    async fn list(&self) -> Result<Vec<Seen>, CloudError> {
        Ok(self.fresh().await?.into_iter().map(|(name, entry)| entry.seen(name)).collect())
    }

    async fn put(&self, intent: &Intent, record: &Record) -> Result<Seen, CloudError> {
        let name = record.name.to_ascii_lowercase();
        if !is_under(&name, self.domain().await?) {
            let said = format!("{name} is not under {}, the domain of zone {}", self.domain().await?, self.zone);
            return Err(CloudError::new(Fate::Final, "not_our_domain", said));
        }
        let wanted = zone::record_set(&name, &record.value)?;
        let made = |is_in_sync| Seen {
            cloud_id: name.clone(),
            environment: intent.tags.environment.environment,
            intent: Some(intent.token),
            observed: Observed::Record { record: record.clone(), is_in_sync, is_out: false },
            since: None,
        };
        // By what is known; if that is not so any more, by a fresh look.
        for is_fresh in [false, true] {
            let entry = match (is_fresh, intent.is_repeat) {
                (false, false) => self.known.lock().await.get(&name).cloned(),
                _ => self.entry(&name, is_fresh).await?,
            };
            let before = entry.as_ref().map(|entry| entry.companion.changed);
            let companion = Companion::by(intent, (self.clock)(), before);
            let mut changes = Vec::new();
            match &entry {
                Some(entry) if entry.companion.environment != companion.environment => {
                    return Err(CloudError::new(Fate::Final, "name_taken", format!("{name} is another environment's")));
                }
                Some(entry)
                    if entry.companion.intent == companion.intent && entry.record.as_ref() == Some(&wanted) && !entry.companion.is_out =>
                {
                    return Ok(made(entry.is_in_sync));
                }
                Some(entry) => {
                    changes.push(act(ChangeAction::Delete, &entry.companion_set)?);
                    if let Some(old) = entry.record.as_ref().filter(|old| **old != wanted) {
                        changes.push(act(ChangeAction::Delete, old)?);
                    }
                }
                None => {}
            }
            changes.push(act(ChangeAction::Create, &zone::companion_set(&name, &companion)?)?);
            if entry.and_then(|entry| entry.record).as_ref() != Some(&wanted) {
                changes.push(act(ChangeAction::Create, &wanted)?);
            }
            match self.change(&name, changes, Some(companion), Some(wanted.clone())).await {
                Ok(()) => return Ok(made(false)),
                Err(error) if error.code == NOT_SO && !is_fresh => {}
                Err(error) if error.code == NOT_SO && before.is_none() => {
                    let said = format!("{name} is in the zone already and is not Koza's; it was not touched. {}", error.said);
                    return Err(CloudError::new(Fate::Final, "name_taken", said));
                }
                Err(error) if error.code == NOT_SO => {}
                Err(error) => return Err(error),
            }
        }
        Err(CloudError::new(Fate::TryAgain, "zone_changes", format!("{name} is being changed by somebody else")))
    }

    async fn remove(&self, cloud_id: &str) -> Result<Deletion, CloudError> {
        for is_fresh in [false, true] {
            let Some(entry) = self.entry(cloud_id, is_fresh).await? else { return Ok(Deletion::Done(None)) };
            if entry.companion.is_out && !entry.is_in_sync {
                return Ok(Deletion::UnderWay);
            }
            let mut changes = vec![act(ChangeAction::Delete, &entry.companion_set)?];
            let mut companion = None;
            if !entry.companion.is_out {
                let out = Companion {
                    is_out: true,
                    changed: Companion::later_than(Some(entry.companion.changed), (self.clock)()),
                    ..entry.companion
                };
                changes.push(act(ChangeAction::Create, &zone::companion_set(cloud_id, &out)?)?);
                companion = Some(out);
            }
            if let Some(record) = &entry.record {
                changes.push(act(ChangeAction::Delete, record)?);
            }
            let is_out = companion.is_some();
            match self.change(cloud_id, changes, companion, None).await {
                Ok(()) => return Ok(if is_out { Deletion::UnderWay } else { Deletion::Done(None) }),
                Err(error) if error.code == NOT_SO => {}
                Err(error) => return Err(error),
            }
        }
        Err(CloudError::new(Fate::TryAgain, "zone_changes", format!("{cloud_id} is being changed by somebody else")))
    }

    async fn is_taken(&self, name: &str) -> Result<bool, CloudError> {
        let name = plain(name);
        if !is_under(&name, self.domain().await?) {
            return Err(CloudError::new(Fate::Final, "not_our_domain", format!("{name} is not under {}", self.domain().await?)));
        }
        let mut looked_at = self.names_looked_at.lock().await;
        if looked_at.is_some_and(|at| at.elapsed() < NAMES_APART) {
            return Err(CloudError::new(Fate::Throttled, "left_to_changes", "changes come first; whoever makes the record finds out"));
        }
        *looked_at = Some(Instant::now());
        drop(looked_at);
        zone::holds(&self.clients, &self.zone, &name).await
    }

    async fn name_servers(&self) -> Result<Vec<String>, CloudError> {
        Ok(self.about().await?.name_servers.clone())
    }

    async fn describe(&self) -> Result<String, CloudError> {
        Ok(format!("zone {} for {}", self.zone, self.domain().await?))
    }
}
