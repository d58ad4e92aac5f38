//! Instances: what machines and balancers are made of. Made once, started by the request that makes it, at an address of its own.
//!
//! Made once per name: a second call finds it by name and looks at its intent tag. Its private address is chosen and pinned when it is
//! made (the upper half of the bridge's network; leave it out of `ipv4.dhcp.ranges`), so that what leads to it survives stop and
//! start, and it may use no other. One that could be made but not started is taken away again: nothing half-made stays.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use cloud::{CloudError, Fate, Intent, Kind, MachineState};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::IncusCloud;
use crate::client::{Deadline, Outcome};
use crate::forward::Forward;
use crate::labels::{Config, OWN};
use crate::trouble::Trouble;

/// An instance as Incus shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Instance {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) status_code: u16,
    #[serde(default)]
    pub(crate) config: Config,
    #[serde(default)]
    devices: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub(crate) profiles: Vec<String>,
    #[serde(default)]
    created_at: String,
    #[serde(default)]
    last_used_at: String,
}

/// Whom an instance reaches on the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The host, and whoever has [`Reach::All`].
    Host,
    /// Everybody.
    All,
}

/// One that was made so long ago and never ran will not start by itself any more.
const STARTS_WITHIN: Duration = Duration::minutes(2);
/// How many private addresses are tried before the call gives up.
const ADDRESS_TRIES: usize = 16;

fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().filter(|at| at.unix_timestamp() > 0)
}

impl Instance {
    /// When Incus last started it.
    pub(crate) fn started_at(&self) -> Option<OffsetDateTime> {
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
}

impl IncusCloud {
    pub(crate) async fn instance_named(&self, name: &str, by: Deadline) -> Result<Option<Instance>, Trouble> {
        self.client.find(&format!("/1.0/instances/{name}"), by).await
    }

    pub(crate) async fn existing(&self, name: &str, by: Deadline) -> Result<Instance, CloudError> {
        let found = self.instance_named(name, by).await?;
        found.ok_or_else(|| CloudError::new(Fate::Final, "instance_not_found", format!("there is no {name}")))
    }

    /// Every instance of ours, of whatever kind.
    pub(crate) async fn instances(&self, by: Deadline) -> Result<Vec<Instance>, Trouble> {
        let all: Vec<Instance> = self.client.get("/1.0/instances?recursion=1", by).await?;
        Ok(all.into_iter().filter(|instance| OWN.is_of(&instance.config, &self.installation)).collect())
    }

    /// Its port of the bridge, where it uses no other name than its own.
    pub(crate) fn port(&self, address: Ipv4Addr, reach: Reach) -> Value {
        json!({
            "type": "nic", "name": "eth0", "network": self.network, "ipv4.address": address.to_string(),
            "security.port_isolation": (reach == Reach::Host).to_string(),
            "security.mac_filtering": "true", "security.ipv4_filtering": "true",
        })
    }

    /// Makes and starts the instance of an intent, or finds it; `body` says what it is made of, at an address.
    pub(crate) async fn make_instance(
        &self,
        intent: &Intent,
        body: impl Fn(Ipv4Addr) -> Value,
        by: Deadline,
    ) -> Result<Instance, CloudError> {
        let name = intent.name();
        let mut lost_addresses = Vec::new();
        loop {
            if self.instance_named(&name, by).await?.is_none() {
                self.order_instance(intent, &body, &lost_addresses, by).await?;
            }
            let Some(instance) = self.instance_named(&name, by).await? else {
                return Err(CloudError::new(Fate::NotVisibleYet, "instance_not_listed", format!("{name} was ordered and is not listed")));
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
            return Ok(self.instance_named(&name, by).await?.unwrap_or(instance));
        }
    }

    async fn order_instance(
        &self,
        intent: &Intent,
        body: impl Fn(Ipv4Addr) -> Value,
        lost: &[Ipv4Addr],
        by: Deadline,
    ) -> Result<(), CloudError> {
        let name = intent.name();
        // An address that a forward still leads to would hand its visitors to the new one.
        let led_to: Vec<_> = self.forwards(by).await?.iter().filter_map(Forward::target).collect();
        let subnet = self.subnet(by).await?;
        let is_free = |address: &Ipv4Addr| !led_to.contains(address) && !lost.contains(address);
        for address in subnet.candidates(intent.token).filter(is_free).take(ADDRESS_TRIES) {
            let refused = match self.client.run(Method::POST, "/1.0/instances", Some(body(address)), by).await {
                Ok(_) => return Ok(()),
                Err(trouble @ Trouble::Silent(_)) => return Err(trouble.into()),
                Err(trouble) => trouble,
            };
            match self.instance_named(&name, by).await? {
                // Made, by this call or by another one at the same moment; whether it runs is the next question.
                Some(_) => return Ok(()),
                None if refused.is_taken() => {}
                None => return Err(refused.into()),
            }
        }
        Err(CloudError::new(Fate::NoCapacity, "no_private_address", "the bridge's network has no free address"))
    }

    /// Starts one that was made and never ran. If it cannot, it goes again.
    async fn start_new(&self, name: &str, by: Deadline) -> Result<(), Trouble> {
        let Err(trouble) = self.change_state(name, json!({ "action": "start" }), by).await else {
            return Ok(());
        };
        if trouble.is_so_already() || trouble.is_busy() {
            return Ok(());
        }
        if matches!(trouble, Trouble::Refused { .. }) {
            tracing::warn!(instance = name, ?trouble, "a new instance does not start and is taken away");
            self.client.run(Method::DELETE, &format!("/1.0/instances/{name}"), None, by).await?;
        }
        Err(trouble)
    }

    pub(crate) async fn change_state(&self, name: &str, body: Value, by: Deadline) -> Result<Outcome, Trouble> {
        self.client.run(Method::PUT, &format!("/1.0/instances/{name}/state"), Some(body), by).await
    }

    /// Stops it at once, whatever it does.
    pub(crate) async fn stop_by_force(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        match self.change_state(name, json!({ "action": "stop", "timeout": -1, "force": true }), by).await {
            Ok(Outcome::Done) => Ok(()),
            Ok(Outcome::StillRunning) => Err(CloudError::new(Fate::TryAgain, "still_stopping", format!("{name} is on its way down"))),
            Err(trouble) if trouble.is_so_already() => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// The instance if it is ours to delete.
    ///
    /// # Errors
    /// Code `not_ours`, if somebody else made it.
    pub(crate) async fn deletable(&self, name: &str, kind: Kind, by: Deadline) -> Result<Option<Instance>, CloudError> {
        let found = self.instance_named(name, by).await?;
        let is_ours = |instance: &Instance| OWN.is_of(&instance.config, &self.installation) && OWN.is_a(&instance.config, kind);
        if found.as_ref().is_some_and(|instance| !is_ours(instance)) {
            return Err(CloudError::new(Fate::Final, "not_ours", format!("instance {name} was made by somebody else")));
        }
        Ok(found)
    }

    /// Deletes one that is stopped.
    pub(crate) async fn remove_instance(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        match self.client.run(Method::DELETE, &format!("/1.0/instances/{name}"), None, by).await {
            Ok(Outcome::StillRunning) => Err(CloudError::new(Fate::TryAgain, "still_deleting", format!("{name} is being deleted"))),
            Err(trouble) if !trouble.is_missing() => Err(trouble.into()),
            _ => Ok(()),
        }
    }
}
