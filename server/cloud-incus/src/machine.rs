//! A machine: an unprivileged container with limits, cloud-init's data and a port that leads to no other machine ([`crate::instance`]).

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use cloud::{CloudError, Fate, ImageSource, Intent, Kind, Metrics, Observed, Seen, Size};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::IncusCloud;
use crate::client::{Deadline, Outcome};
use crate::instance::{Instance, Reach};
use crate::labels::{OWN, json as config_json, made};
use crate::trouble::Trouble;

/// What is ordered.
pub(crate) struct Order<'a> {
    pub(crate) image: &'a ImageSource,
    pub(crate) size: &'a Size,
    pub(crate) user_data: &'a str,
    pub(crate) host_name: &'a str,
}

/// How long one request to stop is given before it is made again.
const ASK_AGAIN_AFTER: std::time::Duration = std::time::Duration::from_secs(2);

fn observed(machine: &Instance) -> Observed {
    Observed::Machine {
        state: machine.state(),
        started_at: machine.started_at(),
        stopped_at: None,
        private_address: machine.private_address().map(str::to_owned),
        zone: None,
        is_locked: false,
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
            Err(trouble) if trouble.is_off_meanwhile() => Ok(None),
            Err(trouble) => Err(trouble.into()),
        }
    }

    pub(crate) async fn create_machine(&self, intent: &Intent, order: Order<'_>, by: Deadline) -> Result<Seen, CloudError> {
        let machine = self.make_instance(intent, |address| self.machine_body(intent, &order, address), by).await?;
        Ok(made(intent, machine.name.clone(), observed(&machine)))
    }

    fn machine_body(&self, intent: &Intent, order: &Order<'_>, address: Ipv4Addr) -> Value {
        let source = match order.image {
            ImageSource::Base(profile) => json!({ "type": "image", "alias": format!("koza-{profile}") }),
            ImageSource::Baked(fingerprint) => json!({ "type": "image", "fingerprint": fingerprint }),
        };
        let mut config = OWN.of(intent);
        config.extend(
            [
                ("security.nesting", "true".to_owned()),
                // Nothing in there needs the guest API, and who is root in there could bring Incus' daemon down by it (lxc/incus, issue 3618).
                ("security.guestapi", "false".to_owned()),
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
                "eth0": self.port(address, Reach::Host),
            },
            "start": true,
        })
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
        self.stop_by_force(name, by).await
    }

    pub(crate) async fn delete_machine(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        let Some(machine) = self.deletable(name, Kind::Machine, by).await? else {
            return Ok(());
        };
        if !machine.is_stopped() {
            return Err(CloudError::new(Fate::InUse, "still_running", format!("{name} is not stopped")));
        }
        if !self.snapshots_of(&machine, by).await?.is_empty() {
            return Err(CloudError::new(Fate::InUse, "has_snapshots", format!("{name} has a snapshot")));
        }
        self.remove_instance(name, by).await
    }

    pub(crate) fn seen_machine(&self, instance: &Instance) -> Option<Seen> {
        let is_it = OWN.is_a(&instance.config, Kind::Machine);
        is_it.then(|| OWN.seen(&instance.config, &self.installation, instance.name.clone(), observed(instance)))?
    }
}
