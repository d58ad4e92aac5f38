//! A firewall: a network access list whose inbound rules are the open ports.
//!
//! It is a list to read, not one that Incus enforces: a bridge enforces access lists only where the kernel tracks connections on
//! bridges. What enforces it everywhere is the binding or the balancer, which forwards these ports and no others.

use cloud::order::PortRange;
use cloud::{CloudError, Fate, Intent, Kind, Observed, Opening, Seen};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::IncusCloud;
use crate::client::Deadline;
use crate::labels::{BALANCER, BINDING, Config, Labels, OWN, json as config_json, made};
use crate::trouble::Trouble;

/// An access list as Incus shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct AccessList {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) config: Config,
    #[serde(default)]
    ingress: Vec<Rule>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rule {
    #[serde(default)]
    action: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    protocol: String,
    #[serde(default)]
    destination_port: String,
}

impl Rule {
    fn lets_tcp_in(&self) -> bool {
        self.action == "allow" && self.state == "enabled" && self.protocol == "tcp"
    }
}

impl AccessList {
    /// The open ports, as forwards write them: `22`, `60000-60010`.
    pub(crate) fn ports(&self) -> Vec<String> {
        self.ingress.iter().filter(|rule| rule.lets_tcp_in()).map(|rule| rule.destination_port.clone()).collect()
    }

    /// The same, as orders write them. A rule that no order of ours writes reads as no port at all.
    fn tcp(&self) -> Vec<Opening> {
        let closed = PortRange { from: 0, to: 0 };
        self.ingress
            .iter()
            .map(|rule| if rule.lets_tcp_in() { port_range(&rule.destination_port).unwrap_or(closed) } else { closed })
            .map(Opening::from)
            .collect()
    }
}

fn port_range(text: &str) -> Option<PortRange> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Some(PortRange { from: from.parse().ok()?, to: to.parse().ok()? })
}

fn port_text(range: PortRange) -> String {
    if range.from == range.to { range.from.to_string() } else { format!("{}-{}", range.from, range.to) }
}

impl IncusCloud {
    pub(crate) async fn firewall_named(&self, name: &str, by: Deadline) -> Result<Option<AccessList>, Trouble> {
        self.client.find(&format!("/1.0/network-acls/{name}"), by).await
    }

    pub(crate) async fn firewalls(&self, by: Deadline) -> Result<Vec<AccessList>, Trouble> {
        let all: Vec<AccessList> = self.client.get("/1.0/network-acls?recursion=1", by).await?;
        Ok(all.into_iter().filter(|list| OWN.is_of(&list.config, &self.installation)).collect())
    }

    pub(crate) async fn create_firewall(&self, intent: &Intent, tcp: &[Opening], by: Deadline) -> Result<Seen, CloudError> {
        let name = intent.name();
        let rules: Vec<_> = tcp
            .iter()
            .map(
                |opening| json!({ "action": "allow", "state": "enabled", "protocol": "tcp", "destination_port": port_text(opening.ports) }),
            )
            .collect();
        let body = json!({ "name": name, "config": config_json(OWN.of(intent)), "ingress": rules, "egress": [] });
        match self.client.run(Method::POST, "/1.0/network-acls", Some(body.clone()), by).await {
            Ok(_) => {}
            // Incus calls a name that is taken a bad request: look.
            Err(trouble @ Trouble::Silent(_)) => return Err(trouble.into()),
            Err(trouble) => match self.firewall_named(&name, by).await? {
                Some(list) if !OWN.is_by(&list.config, intent) => {
                    return Err(CloudError::new(Fate::Final, "name_taken", format!("access list {name} is somebody else's")));
                }
                // Rules that somebody changed are what the order says again.
                Some(list) if list.tcp() != tcp => {
                    self.client.run(Method::PUT, &format!("/1.0/network-acls/{name}"), Some(body), by).await?;
                }
                Some(_) => {}
                None => return Err(trouble.into()),
            },
        }
        Ok(made(intent, name, Observed::Firewall { tcp: tcp.to_vec() }))
    }

    pub(crate) async fn delete_firewall(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        match self.firewall_named(name, by).await? {
            Some(list) if OWN.is_of(&list.config, &self.installation) => {}
            _ => return Ok(()),
        }
        let is_read_by = |of: Labels, config: &Config| of.is_of(config, &self.installation) && of.get(config, "firewall") == Some(name);
        if self.forwards(by).await?.iter().any(|forward| [BINDING, BALANCER].into_iter().any(|of| is_read_by(of, &forward.config))) {
            return Err(CloudError::new(Fate::InUse, "firewall_in_use", format!("a binding or a balancer uses {name}")));
        }
        match self.client.run(Method::DELETE, &format!("/1.0/network-acls/{name}"), None, by).await {
            Err(trouble) if !trouble.is_missing() => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn seen_firewall(&self, list: &AccessList) -> Option<Seen> {
        let observed = Observed::Firewall { tcp: list.tcp() };
        OWN.is_a(&list.config, Kind::Firewall).then(|| OWN.seen(&list.config, &self.installation, list.name.clone(), observed))?
    }
}
