//! One zone on one server, with us and somebody else at work in it.

use std::sync::Arc;

use cloud::{Clock, CloudError, Dns, EnvironmentTag, Intent, Kind, Observed, Record, Seen, Tags};
use dns_update::{DnsUpdate, DnsUpdateConfig, KeyConfig, SecretPlace};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::relay::Relay;
use crate::server::{self, DOMAIN, KEY, Server};
use crate::somebody::Somebody;

pub const INSTALLATION: &str = "wire";

pub struct Trial {
    pub server: Server,
    pub relay: Relay,
    pub config: DnsUpdateConfig,
    pub dns: Arc<DnsUpdate>,
    pub environment: Uuid,
    pub somebody: Somebody,
}

/// Nothing to do here; but what has an end of its own is captured whole, and so the server lives as long as its promise, whatever of the trial
/// that uses.
impl Drop for Trial {
    fn drop(&mut self) {}
}

/// Runs a promise on a fresh zone of every kind of server.
pub async fn on_each<F: Future<Output = ()>>(promise: impl Fn(Trial) -> F) {
    for kind in server::kinds() {
        eprintln!("on {kind:?}");
        promise(Trial::on(kind).await).await;
    }
}

/// The clock on the wall.
pub fn wall() -> Clock {
    Arc::new(OffsetDateTime::now_utc)
}

/// The value, or what the name server said.
#[track_caller]
pub fn must<T>(result: Result<T, CloudError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("refused: {error}"),
    }
}

pub fn record(label: &str, value: &str) -> Record {
    Record { name: format!("{label}.{DOMAIN}"), value: value.into() }
}

impl Trial {
    pub async fn on(kind: server::Kind) -> Self {
        let server = Server::primary(kind).await;
        let relay = Relay::to(server.port).await;
        let key = KeyConfig { name: KEY.into(), algorithm: "hmac-sha256".into(), secret: SecretPlace::File(server.secret()) };
        let config = DnsUpdateConfig {
            domain: DOMAIN.into(),
            server: format!("127.0.0.1:{}", relay.port),
            name_servers: vec![server.address()],
            key,
            installation: INSTALLATION.into(),
        };
        let dns = Arc::new(must(DnsUpdate::new(&config, wall())));
        let somebody = Somebody::at(server.port);
        Self { server, relay, config, dns, environment: Uuid::now_v7(), somebody }
    }

    /// The same zone under other settings.
    pub fn with(&self, change: impl FnOnce(&mut DnsUpdateConfig)) -> DnsUpdate {
        let mut config = self.config.clone();
        change(&mut config);
        must(DnsUpdate::new(&config, wall()))
    }

    pub fn intent(&self) -> Intent {
        self.intent_of(self.environment)
    }

    pub fn intent_of(&self, environment: Uuid) -> Intent {
        let environment = EnvironmentTag { installation: INSTALLATION.into(), environment };
        let tags = Tags { environment, course: Uuid::now_v7(), owner: Uuid::now_v7() };
        Intent { token: Uuid::now_v7(), kind: Kind::Record, slot: 1, incarnation: 1, is_repeat: false, tags }
    }

    pub async fn put(&self, label: &str, value: &str) -> Seen {
        must(self.dns.put(&self.intent(), &record(label, value)).await)
    }

    /// What is listed, as (name, value, in sync, out).
    pub async fn listed(&self) -> Vec<(String, String, bool, bool)> {
        listed(&self.dns).await
    }
}

pub async fn listed(dns: &DnsUpdate) -> Vec<(String, String, bool, bool)> {
    let all = must(dns.list().await);
    let told = all.into_iter().map(|seen| match seen.observed {
        Observed::Record { record, is_in_sync, is_out } => (record.name, record.value, is_in_sync, is_out),
        other => panic!("{other:?} is no record"),
    });
    told.collect()
}

/// As [`Trial::listed`] tells it.
pub fn told(label: &str, value: &str, is_in_sync: bool, is_out: bool) -> (String, String, bool, bool) {
    (format!("{label}.{DOMAIN}"), value.into(), is_in_sync, is_out)
}
