//! A binding: the ports of a forward, each leading to the machine, and the `user.koza.binding.*` tags that say whose it is.
//!
//! It lets through exactly the ports of its firewall. The machine's private address is pinned when the machine is made, so a binding
//! holds across stop and start. What is observed is where the ports really lead: if somebody took ports away or turned them elsewhere,
//! the binding is shown as leading nowhere.

use cloud::{CloudError, Fate, Intent, Kind, Observed, Seen};

use crate::IncusCloud;
use crate::client::Deadline;
use crate::firewall::AccessList;
use crate::forward::{Forward, Port};
use crate::instance::Instance;
use crate::labels::{BINDING, OWN, made};

/// What a binding joins, by the cloud's names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) address: &'a str,
    pub(crate) machine: &'a str,
    pub(crate) firewall: &'a str,
}

/// An error: what the order names is not there (any more).
pub(crate) fn gone(code: &'static str, name: &str) -> CloudError {
    CloudError::new(Fate::Final, code, format!("there is no {name}"))
}

/// What a firewall lets in, as a forward passes it on.
pub(crate) fn ports(firewall: &AccessList, target: &str) -> Vec<Port> {
    let to = |listen_port| Port { protocol: "tcp".to_owned(), listen_port, target_address: target.to_owned() };
    firewall.ports().into_iter().map(to).collect()
}

impl IncusCloud {
    pub(crate) async fn create_binding(&self, intent: &Intent, ends: Ends<'_>, by: Deadline) -> Result<Seen, CloudError> {
        let _turn = self.one_at_a_time().await;
        let (forward, machine, firewall) = tokio::try_join!(
            self.forward_named(OWN, ends.address, by),
            async { self.instance_named(ends.machine, by).await.map_err(CloudError::from) },
            async { self.firewall_named(ends.firewall, by).await.map_err(CloudError::from) },
        )?;
        let forward = forward.ok_or_else(|| gone("address_not_found", ends.address))?;
        let machine = machine.ok_or_else(|| gone("instance_not_found", ends.machine))?;
        let firewall = firewall.ok_or_else(|| gone("firewall_not_found", ends.firewall))?;
        if BINDING.get(&forward.config, "intent").is_some() && !BINDING.is_by(&forward.config, intent) {
            return Err(CloudError::new(Fate::InUse, "address_is_bound", format!("{} leads to another machine", forward.listen_address)));
        }
        let target = machine.private_address().ok_or_else(|| gone("no_private_address", ends.machine))?;

        let mut config = forward.config;
        config.extend(BINDING.of(intent));
        config.insert(BINDING.key("machine"), ends.machine.to_owned());
        config.insert(BINDING.key("firewall"), ends.firewall.to_owned());
        self.change_forward(&forward.listen_address, config, ports(&firewall, target), by).await?;

        let observed = Observed::Binding { address: ends.address.to_owned(), machine: ends.machine.to_owned() };
        Ok(made(intent, intent.name(), observed))
    }

    pub(crate) async fn delete_binding(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        let _turn = self.one_at_a_time().await;
        let Some(mut forward) = self.forward_named(BINDING, name, by).await? else {
            return Ok(());
        };
        forward.config.retain(|key, _| !key.starts_with(&BINDING.key("")));
        match self.change_forward(&forward.listen_address, forward.config, Vec::new(), by).await {
            Err(trouble) if !trouble.is_missing() => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn seen_binding(&self, forward: &Forward, machines: &[Instance], firewalls: &[AccessList]) -> Option<Seen> {
        let tag = |word| BINDING.get(&forward.config, word);
        BINDING.is_a(&forward.config, Kind::Binding).then_some(())?;
        let machine = machines.iter().find(|machine| Some(machine.name.as_str()) == tag("machine"));
        let firewall = firewalls.iter().find(|list| Some(list.name.as_str()) == tag("firewall"));
        let leads_there = match (machine.and_then(Instance::private_address), firewall) {
            (Some(target), Some(firewall)) => forward.ports == ports(firewall, target),
            _ => false,
        };
        let machine = if leads_there { tag("machine").unwrap_or_default() } else { "" };
        let address = OWN.name(&forward.config)?.to_owned();
        let observed = Observed::Binding { address, machine: machine.to_owned() };
        BINDING.seen(&forward.config, &self.installation, BINDING.name(&forward.config)?, observed)
    }
}
