//! Names in a zone of Knot, BIND or PowerDNS: dynamic update (RFC 2136), signed with a TSIG key (RFC 8945).
//!
//! - The zone itself is the only memory. A name is looked at before it is changed, at the server that takes changes, and a change says exactly
//!   what that look saw: was it otherwise by then, the server refuses all of it, and we look again. A change whose answer was lost is found
//!   made, or is made.
//! - A record without a companion of ours beside it is somebody else's. It is never named in a change, and a name where anything is counts as
//!   taken.
//! - A name is in sync once each listed name server says of it what the zone's primary says. A server that does not answer says nothing, so a
//!   name is not gone while one of them cannot be asked.
//! - All of the zone's names are found by a transfer (AXFR); who asks at the same moment shares one.
//!
//! Nothing is repeated in here beyond that second look: the loop above decides. Only A and CNAME records are made.

mod change;
mod config;
mod doctor;
mod names;
mod servers;
mod talk;
mod trouble;
mod world;
mod zone;

use std::time::Duration;

use async_trait::async_trait;
use cloud::dns::{Companion, plain};
use cloud::{Clock, CloudError, Deletion, Dns, Fate, Intent, Observed, Record, Seen, Shared};
use domain::rdata::Txt;
use tokio::sync::{Semaphore, SemaphorePermit};

pub use config::{DnsUpdateConfig, KeyConfig, SecretPlace};
pub use doctor::examine;
pub use world::{Answer, answer_of};

use change::{Change, Data};
use names::{Value, Wire};
use servers::Servers;
use talk::Peer;
use trouble::{ELSEWHERE, NOT_SO};
use zone::{Entry, Set};

/// Conversations with the primary at the same moment: BIND takes 150 from the whole world unless told otherwise.
const AT_ONCE: usize = 16;
/// How long a change waits for the other name servers to say so, too. Later is found out by the next look.
const GLANCE: Duration = Duration::from_millis(500);

/// One zone.
pub struct DnsUpdate {
    domain: String,
    zone: Wire,
    installation: String,
    primary: Peer,
    servers: Servers,
    turns: Semaphore,
    look: Shared<Vec<Seen>>,
}

impl DnsUpdate {
    /// A zone that has not been asked anything yet.
    ///
    /// # Errors
    /// `bad_settings`: the secret cannot be read, or something is written wrongly.
    pub fn new(config: &DnsUpdateConfig, clock: Clock) -> Result<Self, CloudError> {
        let domain = plain(&config.domain);
        let zone = names::read(&domain).ok_or_else(|| trouble::settings(format!("{:?} is no domain", config.domain)))?;
        let primary = Peer { server: config.server.clone(), key: Some(config.key.open()?), clock };
        let world = if config.name_servers.is_empty() { std::slice::from_ref(&config.server) } else { &config.name_servers };
        let servers = Servers::new(world, &primary.clock);
        let installation = config.installation.clone();
        Ok(Self { domain, zone, installation, primary, servers, turns: Semaphore::new(AT_ONCE), look: Shared::new(Duration::ZERO) })
    }

    async fn turn(&self) -> SemaphorePermit<'_> {
        self.turns.acquire().await.expect("it is never closed")
    }
}

fn text(companion: &Companion) -> Result<Data, CloudError> {
    let txt = Txt::build_from_slice(companion.text().as_bytes());
    txt.map(Data::Text).map_err(|error| CloudError::new(Fate::Final, "bad_order", format!("companion: {error}")))
}

/// What a change of a name that is ours begins with: it is as it was seen, and both its parts go.
fn from(entry: &Entry, name: &Wire, companion_name: &Wire, wanted: Option<&Set>) -> Change {
    let mut change = Change::new();
    change.if_are(companion_name, entry.texts.all.iter().cloned().map(Data::Text));
    change.take_out(companion_name, Data::Text(entry.texts.ours.clone()));
    // Beside a companion that says "out" it is somebody else's.
    match entry.set.as_ref().filter(|_| !entry.companion.is_out) {
        Some(set) => {
            change.if_are(name, set.values.iter().cloned().map(Data::Value));
            if Some(set) != wanted {
                for value in &set.values {
                    change.take_out(name, Data::Value(value.clone()));
                }
            }
        }
        None if wanted.is_some() => change.if_leads_nowhere(name),
        None => {}
    }
    change
}

#[async_trait]
impl Dns for DnsUpdate {
    async fn list(&self) -> Result<Vec<Seen>, CloudError> {
        let look = async {
            let _turn = self.turn().await;
            let mut talk = self.primary.open().await?;
            let entries = talk.read_all(&self.zone, &self.installation).await?;
            drop(talk);
            let in_sync = self.servers.in_sync(&entries).await;
            Ok(entries.iter().map(|(name, entry)| entry.seen(name, in_sync.contains(name))).collect())
        };
        self.look.ask(look).await.map(|seen| seen.to_vec())
    }

    async fn put(&self, intent: &Intent, record: &Record) -> Result<Seen, CloudError> {
        let name = record.name.to_ascii_lowercase();
        let (at, companion_at) = names::pair(&name, &self.domain)?;
        let wanted_value = Value::read(&record.value)?;
        let wanted = Set::of(wanted_value.clone());
        let made = |is_in_sync| Seen {
            cloud_id: name.clone(),
            environment: intent.tags.environment.environment,
            intent: Some(intent.token),
            observed: Observed::Record { record: record.clone(), is_in_sync, is_out: false },
            since: None,
        };
        let taken = |why: &str| Err(CloudError::new(Fate::Final, "name_taken", format!("{name} is {why}; it was not touched")));
        let _turn = self.turn().await;
        let mut talk = self.primary.open().await?;
        for is_second in [false, true] {
            let entry = talk.look(&at, &companion_at, &self.installation).await?;
            let companion = Companion::by(intent, (self.primary.clock)(), entry.as_ref().map(|entry| entry.companion.changed));
            let mut change = match &entry {
                Some(entry) if entry.companion.environment != companion.environment => return taken("another environment's"),
                Some(entry)
                    if entry.companion.intent == companion.intent && entry.set.as_ref() == Some(&wanted) && !entry.companion.is_out =>
                {
                    return Ok(made(self.servers.all_say_soon(&at, Some(&wanted), GLANCE).await));
                }
                Some(entry) if entry.companion.is_out && entry.set.is_some() => return taken("in the zone again and is not Koza's"),
                Some(entry) => from(entry, &at, &companion_at, Some(&wanted)),
                None => {
                    let mut change = Change::new();
                    change.if_nothing_at(&at);
                    change.if_nothing_at(&companion_at);
                    change
                }
            };
            change.put_in(&companion_at, text(&companion)?);
            if entry.as_ref().and_then(|entry| entry.set.as_ref()) != Some(&wanted) {
                change.put_in(&at, Data::Value(wanted_value.clone()));
            }
            match talk.make(&self.zone, &change).await {
                Ok(()) => return Ok(made(self.servers.all_say_soon(&at, Some(&wanted), GLANCE).await)),
                Err(error) if error.code == NOT_SO && !is_second => {}
                Err(error) if error.code == NOT_SO && entry.is_none() => return taken("in the zone already and is not Koza's"),
                Err(error) if error.code == NOT_SO => {}
                Err(error) => return Err(error),
            }
        }
        Err(CloudError::new(Fate::TryAgain, "zone_changes", format!("{name} is being changed by somebody else")))
    }

    async fn remove(&self, cloud_id: &str) -> Result<Deletion, CloudError> {
        // What could not have been made is not there.
        let Ok((at, companion_at)) = names::pair(&plain(cloud_id), &self.domain) else { return Ok(Deletion::Done(None)) };
        let _turn = self.turn().await;
        for _ in 0..2 {
            let mut talk = self.primary.open().await?;
            let Some(entry) = talk.look(&at, &companion_at, &self.installation).await? else {
                return Ok(Deletion::Done(None));
            };
            // Ours is gone where they say what the primary says: nothing, or what somebody else has put there since.
            if entry.companion.is_out && !self.servers.all_say(&at, entry.set.as_ref()).await {
                return Ok(Deletion::UnderWay);
            }
            let mut change = from(&entry, &at, &companion_at, None);
            if !entry.companion.is_out {
                let changed = Companion::later_than(Some(entry.companion.changed), (self.primary.clock)());
                change.put_in(&companion_at, text(&Companion { is_out: true, changed, ..entry.companion.clone() })?);
            }
            match talk.make(&self.zone, &change).await {
                Ok(()) if entry.companion.is_out => return Ok(Deletion::Done(None)),
                Ok(()) => return Ok(Deletion::UnderWay),
                Err(error) if error.code == NOT_SO => {}
                Err(error) => return Err(error),
            }
        }
        Err(CloudError::new(Fate::TryAgain, "zone_changes", format!("{} is being changed by somebody else", plain(cloud_id))))
    }

    async fn is_taken(&self, name: &str) -> Result<bool, CloudError> {
        let (at, companion_at) = names::pair(&plain(name), &self.domain)?;
        let _turn = self.turn().await;
        let mut talk = self.primary.open().await?;
        // Once the zone is known to be kept there, a name in it that is not was given to other name servers.
        talk.soa(&self.zone).await?;
        match talk.look(&at, &companion_at, &self.installation).await {
            Ok(None) => {}
            Ok(Some(_)) => return Ok(true),
            Err(error) if error.code == ELSEWHERE => return Ok(true),
            Err(error) => return Err(error),
        }
        // Records of any kind count, and a wildcard does not: the condition on which a new name is put, with nothing to change.
        let mut change = Change::new();
        change.if_nothing_at(&at);
        change.if_nothing_at(&companion_at);
        match talk.make(&self.zone, &change).await {
            Ok(()) => Ok(false),
            Err(error) if error.code == NOT_SO => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn name_servers(&self) -> Result<Vec<String>, CloudError> {
        Ok(self.servers.world().iter().map(|peer| peer.server.clone()).collect())
    }

    async fn describe(&self) -> Result<String, CloudError> {
        let _turn = self.turn().await;
        let (number, _) = self.primary.open().await?.soa(&self.zone).await?;
        Ok(format!("zone {} at {}, number {number}", self.domain, self.primary.server))
    }
}
