//! A machine: an unprivileged container, made and started by one request.
//!
//! Made once per name: a second call finds it by name and looks at its intent tag. Its private address is chosen and pinned when it is
//! made (the upper half of the bridge's network; leave it out of `ipv4.dhcp.ranges`), so that what leads to it survives stop and
//! start, and it may use no other. A machine that could be made but not started is taken away again: nothing half-made stays.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use cloud::{CloudError, Fate, ImageSource, Intent, Kind, MachineState, Metrics, Observed, Seen, Size};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::IncusCloud;
use crate::client::{Deadline, Outcome};
use crate::forward::Forward;
use crate::labels::{Config, OWN, json as config_json, made};
use crate::trouble::Trouble;

/// An instance as Incus shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Instance {
    pub(crate) name: String,
    #[serde(default)]
    status_code: u16,
    #[serde(default)]
    pub(crate) config: Config,
    #[serde(default)]
    devices: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    created_at: String,
    #[serde(default)]
    last_used_at: String,
}

/// What is ordered.
pub(crate) struct Order<'a> {
    pub(crate) image: &'a ImageSource,
    pub(crate) size: &'a Size,
    pub(crate) user_data: &'a str,
    pub(crate) host_name: &'a str,
}

/// A machine that was made so long ago and never ran will not start by itself any more.
const STARTS_WITHIN: Duration = Duration::minutes(2);
/// How long one request to stop is given before it is made again.
const ASK_AGAIN_AFTER: std::time::Duration = std::time::Duration::from_secs(2);
/// How many private addresses are tried before the call gives up.
const ADDRESS_TRIES: usize = 16;

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().filter(|at| at.unix_timestamp() > 0)
}

impl Instance {
    /// When Incus last started it.
    fn started_at(&self) -> Option<OffsetDateTime> {
        moment(&self.last_used_at)
    }

    pub(crate) fn is_stopped(&self) -> bool {
        matches!(self.status_code, 102 | 110)
    }

    pub(crate) fn state(&self) -> MachineState {
        let is_new = || moment(&self.created_at).is_some_and(|at| OffsetDateTime::now_utc() - at < STARTS_WITHIN);
        match self.status_code {
            103 | 113 => MachineState::Running,
            102 if self.started_at().is_none() && is_new() => MachineState::Starting,
            102 | 110 => MachineState::Stopped,
            107 | 108 => MachineState::Stopping,
            _ => MachineState::Starting,
        }
    }

    /// The address that was pinned when it was made.
    pub(crate) fn private_address(&self) -> Option<&str> {
        self.devices.get("eth0")?.get("ipv4.address").map(String::as_str)
    }

    fn observed(&self) -> Observed {
        Observed::Machine {
            state: self.state(),
            started_at: self.started_at(),
            stopped_at: None,
            private_address: self.private_address().map(str::to_owned),
            zone: None,
            is_locked: false,
        }
    }
}

/// What Incus measures of an instance.
#[derive(Debug, Clone, Deserialize)]
struct Measured {
    status_code: u16,
    cpu: Used,
    memory: Used,
    #[serde(default)]
    disk: Option<BTreeMap<String, Used>>,
    #[serde(default)]
    network: Option<BTreeMap<String, Interface>>,
}

/// Nanoseconds of processor time, or bytes; negative where the host cannot tell.
#[derive(Debug, Clone, Deserialize)]
struct Used {
    usage: i64,
}

#[derive(Debug, Clone, Deserialize)]
struct Interface {
    counters: Counters,
}

#[derive(Debug, Clone, Deserialize)]
struct Counters {
    bytes_received: u64,
    bytes_sent: u64,
}

impl Measured {
    fn metrics(&self) -> Option<Metrics> {
        let at_least_zero = |used: &Used| u64::try_from(used.usage).unwrap_or(0);
        let interface = self.network.as_ref().and_then(|all| all.get("eth0"));
        (self.status_code == 103).then(|| Metrics {
            processor_time: std::time::Duration::from_nanos(at_least_zero(&self.cpu)),
            memory: Some(at_least_zero(&self.memory)),
            disk: self
                .disk
                .as_ref()
                .and_then(|all| all.get("root"))
                .and_then(|root| u64::try_from(root.usage).ok())
                .filter(|bytes| *bytes > 0),
            received: interface.map_or(0, |eth0| eth0.counters.bytes_received),
            sent: interface.map_or(0, |eth0| eth0.counters.bytes_sent),
        })
    }
}

impl IncusCloud {
    pub(crate) async fn machine_metrics(&self, name: &str, by: Deadline) -> Result<Option<Metrics>, CloudError> {
        match self.client.get::<Measured>(&format!("/1.0/instances/{name}/state"), by).await {
            Ok(measured) => Ok(measured.metrics()),
            Err(trouble) if trouble.is_off_by_now() => Ok(None),
            Err(trouble) => Err(trouble.into()),
        }
    }

    pub(crate) async fn machine_named(&self, name: &str, by: Deadline) -> Result<Option<Instance>, Trouble> {
        self.client.find(&format!("/1.0/instances/{name}"), by).await
    }

    pub(crate) async fn machines(&self, by: Deadline) -> Result<Vec<Instance>, Trouble> {
        let all: Vec<Instance> = self.client.get("/1.0/instances?recursion=1", by).await?;
        let ours = |instance: &Instance| OWN.is_of(&instance.config, &self.installation) && OWN.is_a(&instance.config, Kind::Machine);
        Ok(all.into_iter().filter(ours).collect())
    }

    pub(crate) async fn create_machine(&self, intent: &Intent, order: Order<'_>, by: Deadline) -> Result<Seen, CloudError> {
        let name = intent.name();
        let mut lost_addresses = Vec::new();
        loop {
            if self.machine_named(&name, by).await?.is_none() {
                self.order_machine(intent, &order, &lost_addresses, by).await?;
            }
            let Some(instance) = self.machine_named(&name, by).await? else {
                return Err(CloudError::new(Fate::NotVisibleYet, "machine_not_listed", format!("{name} was ordered and is not listed")));
            };
            if !OWN.is_by(&instance.config, intent) {
                return Err(CloudError::new(Fate::Final, "name_taken", format!("instance {name} was made by somebody else")));
            }
            if instance.is_stopped() && instance.started_at().is_none() {
                match (self.start_new(&name, by).await, instance.private_address().and_then(|text| text.parse().ok())) {
                    (Ok(()), _) => {}
                    // Incus lets two that are made at the same moment have one address, and starts neither.
                    (Err(trouble), Some(address)) if trouble.is_taken() && lost_addresses.len() < ADDRESS_TRIES => {
                        lost_addresses.push(address);
                        continue;
                    }
                    (Err(trouble), _) => return Err(trouble.into()),
                }
            }
            let now = self.machine_named(&name, by).await?.unwrap_or(instance);
            return Ok(made(intent, name, now.observed()));
        }
    }

    async fn order_machine(&self, intent: &Intent, order: &Order<'_>, lost: &[Ipv4Addr], by: Deadline) -> Result<(), CloudError> {
        let name = intent.name();
        // An address that a forward still leads to would hand its visitors to the new machine.
        let led_to: Vec<_> = self.forwards(by).await?.iter().filter_map(Forward::target).collect();
        let subnet = self.subnet(by).await?;
        let is_free = |address: &Ipv4Addr| !led_to.contains(address) && !lost.contains(address);
        for address in subnet.candidates(intent.token).filter(is_free).take(ADDRESS_TRIES) {
            let body = self.instance_body(intent, order, address);
            let refused = match self.client.run(Method::POST, "/1.0/instances", Some(body), by).await {
                Ok(_) => return Ok(()),
                Err(trouble @ Trouble::Silent(_)) => return Err(trouble.into()),
                Err(trouble) => trouble,
            };
            match self.machine_named(&name, by).await? {
                // Made, by this call or by another one at the same moment; whether it runs is the next question.
                Some(_) => return Ok(()),
                None if refused.is_taken() => {}
                None => return Err(refused.into()),
            }
        }
        Err(CloudError::new(Fate::NoCapacity, "no_private_address", "the bridge's network has no free address"))
    }

    fn instance_body(&self, intent: &Intent, order: &Order<'_>, address: Ipv4Addr) -> Value {
        let source = match order.image {
            ImageSource::Base(profile) => json!({ "type": "image", "alias": format!("koza-{profile}") }),
            ImageSource::Baked(fingerprint) => json!({ "type": "image", "fingerprint": fingerprint }),
        };
        let mut config = OWN.of(intent);
        config.extend(
            [
                ("security.nesting", "true".to_owned()),
                ("limits.cpu", order.size.cpus.to_string()),
                ("limits.memory", format!("{}MiB", order.size.memory_mib)),
                ("cloud-init.user-data", order.user_data.to_owned()),
                ("user.meta-data", format!("local-hostname: {}", order.host_name)),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        );
        json!({
            "name": intent.name(),
            "type": "container",
            "source": source,
            "profiles": [],
            "config": config_json(config),
            "devices": {
                "root": { "type": "disk", "path": "/", "pool": self.storage_pool, "size": format!("{}GiB", order.size.disk_gib) },
                "eth0": {
                    "type": "nic", "name": "eth0", "network": self.network, "ipv4.address": address.to_string(),
                    // Not to each other, and in no other name than their own.
                    "security.port_isolation": "true", "security.mac_filtering": "true", "security.ipv4_filtering": "true",
                },
            },
            "start": true,
        })
    }

    /// Starts a machine that was made and never ran. If it cannot, it goes again.
    async fn start_new(&self, name: &str, by: Deadline) -> Result<(), Trouble> {
        let Err(trouble) = self.change_state(name, json!({ "action": "start" }), by).await else {
            return Ok(());
        };
        if trouble.is_so_already() || trouble.is_busy() {
            return Ok(());
        }
        if matches!(trouble, Trouble::Refused { .. }) {
            tracing::warn!(machine = name, ?trouble, "a new machine does not start and is taken away");
            self.client.run(Method::DELETE, &format!("/1.0/instances/{name}"), None, by).await?;
        }
        Err(trouble)
    }

    async fn change_state(&self, name: &str, body: Value, by: Deadline) -> Result<Outcome, Trouble> {
        self.client.run(Method::PUT, &format!("/1.0/instances/{name}/state"), Some(body), by).await
    }

    pub(crate) async fn start_machine(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        let instance = self.existing(name, by).await?;
        let action = if instance.status_code == 110 { "unfreeze" } else { "start" };
        match self.change_state(name, json!({ "action": action }), by).await {
            Err(trouble) if !trouble.is_so_already() => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    /// Orderly for half of the call's time, then by force.
    pub(crate) async fn stop_machine(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        if self.existing(name, by).await?.status_code == 102 {
            return Ok(());
        }
        let half = by.left() / 2;
        while by.left() > half {
            // A system that has only just begun to boot does not hear the first call: ask again every few seconds.
            let patience = (by.left() - half).min(ASK_AGAIN_AFTER).as_secs().max(1);
            match self.change_state(name, json!({ "action": "stop", "timeout": patience, "force": false }), by).await {
                Ok(Outcome::Done) => return Ok(()),
                Err(trouble) if trouble.is_so_already() => return Ok(()),
                Err(trouble @ Trouble::Silent(_)) => return Err(trouble.into()),
                // Frozen, or taken by another call: no use in asking nicely.
                Err(trouble) if !trouble.is_timeout() => break,
                Ok(Outcome::StillRunning) | Err(_) => {}
            }
        }
        match self.change_state(name, json!({ "action": "stop", "timeout": -1, "force": true }), by).await {
            Ok(Outcome::Done) => Ok(()),
            Ok(Outcome::StillRunning) => Err(CloudError::new(Fate::TryAgain, "still_stopping", format!("{name} is on its way down"))),
            Err(trouble) if trouble.is_so_already() => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    pub(crate) async fn delete_machine(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        let Some(instance) = self.machine_named(name, by).await? else {
            return Ok(());
        };
        if !OWN.is_of(&instance.config, &self.installation) {
            return Err(CloudError::new(Fate::Final, "not_ours", format!("instance {name} was made by somebody else")));
        }
        if !instance.is_stopped() {
            return Err(CloudError::new(Fate::InUse, "still_running", format!("{name} is not stopped")));
        }
        if !self.snapshots_of(&instance, by).await?.is_empty() {
            return Err(CloudError::new(Fate::InUse, "has_snapshots", format!("{name} has a snapshot")));
        }
        match self.client.run(Method::DELETE, &format!("/1.0/instances/{name}"), None, by).await {
            Ok(Outcome::StillRunning) => Err(CloudError::new(Fate::TryAgain, "still_deleting", format!("{name} is being deleted"))),
            Err(trouble) if !trouble.is_missing() => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    pub(crate) async fn existing(&self, name: &str, by: Deadline) -> Result<Instance, CloudError> {
        let found = self.machine_named(name, by).await?;
        found.ok_or_else(|| CloudError::new(Fate::Final, "instance_not_found", format!("there is no {name}")))
    }

    pub(crate) fn seen_machine(&self, instance: &Instance) -> Option<Seen> {
        OWN.seen(&instance.config, &self.installation, instance.name.clone(), instance.observed())
    }
}
