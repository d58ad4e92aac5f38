//! Network forwards: what an address and a binding are made of here.
//!
//! A forward without ports is an address; its `user.koza.binding.*` tags and its ports together are a binding. One with
//! `user.koza.balancer.*` tags is a balancer's. Incus applies all
//! forwards of a network at each change and takes no lock meanwhile: two changes at once may lose the rules of one. So changes of this
//! process go one after the other ([`IncusCloud::one_at_a_time`]); one that another process stepped on is made again; a rule lost to
//! another process is put back by the next change of any forward.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use cloud::{CloudError, Fate, Intent};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::IncusCloud;
use crate::client::Deadline;
use crate::labels::{BINDING, Config, Labels, json as config_json};
use crate::trouble::Trouble;

/// How often a change is made again that another process stepped on, and how long before.
const STEPPED_ON: u32 = 8;
const STEP_ASIDE: std::time::Duration = std::time::Duration::from_millis(40);

/// A forward as Incus shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Forward {
    pub(crate) listen_address: String,
    #[serde(default)]
    pub(crate) config: Config,
    #[serde(default)]
    pub(crate) ports: Vec<Port>,
}

/// Ports of a forward and where they lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Port {
    pub(crate) protocol: String,
    pub(crate) listen_port: String,
    #[serde(default)]
    pub(crate) target_address: String,
}

impl Forward {
    pub(crate) fn address(&self) -> Option<Ipv4Addr> {
        self.listen_address.parse().ok()
    }

    /// Where it leads; every port leads to the same place, or it leads nowhere.
    pub(crate) fn target(&self) -> Option<Ipv4Addr> {
        let first = self.ports.first()?;
        self.ports.iter().all(|port| port.target_address == first.target_address).then(|| first.target_address.parse().ok())?
    }
}

impl IncusCloud {
    fn forwards_path(&self) -> String {
        format!("/1.0/networks/{}/forwards", self.network)
    }

    /// Every forward of the network, whoever made it.
    pub(crate) async fn forwards(&self, by: Deadline) -> Result<Vec<Forward>, Trouble> {
        self.client.get(&format!("{}?recursion=1", self.forwards_path()), by).await
    }

    /// The forward that is an address of ours ([`OWN`]), a binding or a balancer's, by the cloud name of that.
    pub(crate) async fn forward_named(&self, of: Labels, name: &str, by: Deadline) -> Result<Option<Forward>, CloudError> {
        let all = self.forwards(by).await?;
        Ok(all.into_iter().find(|forward| of.is_of(&forward.config, &self.installation) && of.name(&forward.config) == Some(name)))
    }

    async fn add_forward(&self, address: Ipv4Addr, config: Config, by: Deadline) -> Result<(), Trouble> {
        let body = json!({ "listen_address": address.to_string(), "config": config_json(config), "ports": [] });
        self.change(Method::POST, &self.forwards_path(), Some(body), by).await
    }

    /// A forward of the pool that bears the family's tags of this intent: the one it made before, or a new one.
    pub(crate) async fn take_forward(&self, of: Labels, intent: &Intent, by: Deadline) -> Result<Forward, CloudError> {
        let mut refused = BTreeSet::new();
        loop {
            let all = self.forwards(by).await?;
            let taken: BTreeSet<_> =
                all.iter().filter_map(Forward::address).filter(|address| self.pool.has(*address)).chain(refused.iter().copied()).collect();
            if let Some(forward) = self.settle(of, intent, all, by).await? {
                return Ok(forward);
            }
            let Some(free) = self.pool.from(intent.token).find(|address| !taken.contains(address)) else {
                return Err(self.exhausted(taken.len()));
            };
            match self.add_forward(free, of.of(intent), by).await {
                // Looked up once more at the top: whoever overlapped with us sees the same list and keeps the same one.
                Ok(()) => {}
                // Somebody else was quicker, or the host uses it for something that is no forward.
                Err(trouble) if trouble.is_taken() => {
                    refused.insert(free);
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
    }

    /// The one forward that carries this intent's tag; more than one are reduced to the one that is used, or the lowest.
    async fn settle(&self, of: Labels, intent: &Intent, mut all: Vec<Forward>, by: Deadline) -> Result<Option<Forward>, CloudError> {
        all.retain(|forward| of.is_by(&forward.config, intent));
        all.sort_by_key(|forward| (BINDING.get(&forward.config, "intent").is_none(), forward.address()));
        for spare in all.iter().skip(1) {
            self.remove_forward(&spare.listen_address, by).await?;
        }
        Ok(all.into_iter().next())
    }

    fn exhausted(&self, used: usize) -> CloudError {
        let (used, size) = (u32::try_from(used).unwrap_or(u32::MAX), self.pool.size());
        CloudError::new(Fate::OverQuota, "no_free_address", format!("{used} of {size} in use")).with_numbers(used, size)
    }

    pub(crate) async fn change_forward(&self, address: &str, config: Config, ports: Vec<Port>, by: Deadline) -> Result<(), Trouble> {
        let body = json!({ "config": config_json(config), "ports": ports });
        self.change(Method::PUT, &format!("{}/{address}", self.forwards_path()), Some(body), by).await
    }

    pub(crate) async fn remove_forward(&self, address: &str, by: Deadline) -> Result<(), Trouble> {
        self.change(Method::DELETE, &format!("{}/{address}", self.forwards_path()), None, by).await
    }

    async fn change(&self, method: Method, path: &str, body: Option<Value>, by: Deadline) -> Result<(), Trouble> {
        for step in 1..=STEPPED_ON {
            match self.client.run(method.clone(), path, body.clone(), by).await {
                Err(trouble) if trouble.is_stepped_on() => tokio::time::sleep(STEP_ASIDE * step).await,
                end => return end.map(drop),
            }
        }
        self.client.run(method, path, body, by).await.map(drop)
    }

    /// Held while forwards are changed.
    pub(crate) async fn one_at_a_time(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.forward_changes.lock().await
    }
}
