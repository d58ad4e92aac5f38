//! A balancer: a small container of ours with HAProxy in it (the image `koza-balancer`, see deploy/host/balancer), and a forward of the
//! pool that leads to it through its firewall.
//!
//! ```text
//!  visitor ──► forward ──► container ──► machine, machine, …
//!                 │            └ the profile of its listener says which ([`crate::target_group`])
//!                 └ the ports of the firewall
//! ```
//!
//! Bridge ports that are isolated, as machines' are, reach only ports that are not: so this one is not, and machines still do not reach
//! each other. Nothing of anybody's is in the container: it is stopped by force and made again at will.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use cloud::{CloudError, Fate, Intent, Kind, MachineState, Observed, Seen};
use serde_json::{Value, json};

use crate::IncusCloud;
use crate::binding::{gone, ports};
use crate::client::Deadline;
use crate::firewall::AccessList;
use crate::forward::Forward;
use crate::health::Report;
use crate::instance::{Instance, Reach};
use crate::labels::{BALANCER, OWN, json as config_json, made};

/// What deploy/host/balancer-image makes.
const IMAGE: &str = "koza-balancer";

impl IncusCloud {
    pub(crate) async fn create_balancer(&self, intent: &Intent, firewall: &str, by: Deadline) -> Result<Seen, CloudError> {
        let firewall = self.firewall_named(firewall, by).await?.ok_or_else(|| gone("firewall_not_found", firewall))?;
        let instance = self.make_instance(intent, |address| self.balancer_body(intent, address), by).await.map_err(without_image)?;
        if instance.state() == MachineState::Stopped {
            self.start_machine(&instance.name, by).await?;
        }
        let target = instance.private_address().ok_or_else(|| gone("no_private_address", &instance.name))?;

        let _turn = self.one_at_a_time().await;
        let forward = self.take_forward(BALANCER, intent, by).await?;
        let mut config = forward.config.clone();
        config.insert(BALANCER.key("firewall"), firewall.name.clone());
        let ports = ports(&firewall, target);
        if (&config, &ports) != (&forward.config, &forward.ports) {
            self.change_forward(&forward.listen_address, config, ports, by).await?;
        }
        // Whether it takes requests shows when it is listed; nobody waits for that here.
        Ok(made(
            intent,
            intent.name(),
            Observed::Balancer { name: forward.listen_address, is_active: false, private_address: Some(target.to_owned()) },
        ))
    }

    fn balancer_body(&self, intent: &Intent, address: Ipv4Addr) -> Value {
        let mut config = OWN.of(intent);
        let settings = [
            // As for machines: systemd sandboxes units of its own.
            ("security.nesting", "true"),
            ("limits.cpu", "1"),
            ("limits.memory", "256MiB"),
            ("boot.autostart", "true"),
            // It passes requests on, never packets; it would inherit that from the host.
            ("linux.sysctl.net.ipv4.ip_forward", "0"),
        ];
        config.extend(settings.map(|(key, value)| (key.to_owned(), value.to_owned())));
        json!({
            "name": intent.name(),
            "type": "container",
            "source": { "type": "image", "alias": IMAGE },
            "profiles": [],
            "config": config_json(config),
            "devices": {
                "root": { "type": "disk", "path": "/", "pool": self.storage_pool, "size": "2GiB" },
                "eth0": self.port(address, Reach::All),
            },
            "start": true,
        })
    }

    pub(crate) async fn delete_balancer(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        {
            let _turn = self.one_at_a_time().await;
            if let Some(forward) = self.forward_named(BALANCER, name, by).await? {
                match self.remove_forward(&forward.listen_address, by).await {
                    Err(trouble) if !trouble.is_missing() => return Err(trouble.into()),
                    _ => {}
                }
            }
        }
        let Some(instance) = self.deletable(name, Kind::Balancer, by).await? else {
            return Ok(());
        };
        if !instance.is_stopped() {
            self.stop_by_force(name, by).await?;
        }
        self.remove_instance(name, by).await
    }

    /// Balancers; one of which only half is there is seen too, so that it is completed or given back.
    pub(crate) fn seen_balancers(
        &self,
        instances: &[Instance],
        forwards: &[Forward],
        firewalls: &[AccessList],
        reports: &BTreeMap<String, Report>,
    ) -> Vec<Seen> {
        let forward_of = |name: &str| forwards.iter().find(|forward| BALANCER.name(&forward.config) == Some(name));
        let whole = |instance: &Instance| {
            let forward = forward_of(&instance.name);
            let is_active = reports.contains_key(&instance.name) && forward.is_some_and(|forward| leads_to(forward, instance, firewalls));
            let name = forward.map(|forward| forward.listen_address.clone()).unwrap_or_default();
            let private_address = instance.private_address().map(str::to_owned);
            OWN.seen(&instance.config, &self.installation, instance.name.clone(), Observed::Balancer { name, is_active, private_address })
        };
        let lonely = |forward: &Forward| {
            let cloud_id = BALANCER.name(&forward.config).filter(|name| !instances.iter().any(|instance| instance.name == *name))?;
            let observed = Observed::Balancer { name: forward.listen_address.clone(), is_active: false, private_address: None };
            BALANCER.seen(&forward.config, &self.installation, cloud_id, observed)
        };
        instances.iter().filter_map(whole).chain(forwards.iter().filter_map(lonely)).collect()
    }
}

/// Whether a balancer's forward leads to it, at the ports of its firewall.
fn leads_to(forward: &Forward, instance: &Instance, firewalls: &[AccessList]) -> bool {
    let firewall = firewalls.iter().find(|list| Some(list.name.as_str()) == BALANCER.get(&forward.config, "firewall"));
    match (firewall, instance.private_address()) {
        (Some(firewall), Some(target)) => forward.ports == ports(firewall, target),
        _ => false,
    }
}

/// The image is made on the host, by the operator: nothing that is ordered again brings it.
fn without_image(error: CloudError) -> CloudError {
    if error.code != "image_not_found" {
        return error;
    }
    let said = format!("the image {IMAGE} is missing: run deploy/host/base-image on the host of this Incus");
    CloudError::new(Fate::Final, "no_balancer_image", said).caused_by(error)
}
