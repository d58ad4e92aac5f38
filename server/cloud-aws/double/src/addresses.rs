//! Elastic IPs. What AWS does and moto does not: an address that is bound is not released; a machine that is not there yet or no longer
//! takes none; the address stays a machine's public one while it is stopped and after it starts again; it comes free when the machine ends.

use std::collections::HashMap;

use crate::answer::{Answer, Refusal};
use crate::aws::{Aws, Instead};
use crate::machines::State;
use crate::wire::Wire;
use crate::xml::Element;

/// A machine as AWS shows it while an Elastic IP is bound to it.
pub(crate) fn show_bound(machine: &mut Element, ip: &str) {
    machine.set("ipAddress", ip);
    let Some(interface) = machine.items_mut("networkInterfaceSet").into_iter().next() else { return };
    let association = || Element::new("association").with(Element::of_text("publicIp", ip));
    match interface.at_mut("association") {
        Some(present) => present.set("publicIp", ip),
        None => interface.push(association()),
    }
}

impl Aws {
    /// The Elastic IP of each machine that has one.
    pub(crate) async fn bound_addresses(&self, wire: &Wire) -> Result<HashMap<String, String>, Refusal> {
        let tree = self.moto.ec2(wire, "DescribeAddresses", &[]).await?;
        let bound = tree.items("addressesSet").into_iter().map(|address| (address.text_at("instanceId"), address.text_at("publicIp")));
        Ok(bound.filter(|(machine, _)| !machine.is_empty()).collect())
    }

    /// In the default VPC AWS lets go of it silently, elsewhere it refuses. The double refuses always, though its machines are in a default
    /// VPC: who gives back what is still bound has forgotten something.
    pub(crate) async fn address_in_use(&self, wire: &Wire) -> Instead {
        let Some(id) = wire.form.get("AllocationId") else { return Ok(None) };
        let tree = self.moto.ec2(wire, "DescribeAddresses", &[("AllocationId.1", id)]).await?;
        let address = tree.at("addressesSet/item").filter(|address| !address.text_at("associationId").is_empty());
        address.map_or(Ok(None), |address| {
            Err(Refusal::new("InvalidIPAddress.InUse", format!("Address {} is in use.", address.text_at("publicIp"))))
        })
    }

    pub(crate) async fn cannot_associate(&self, wire: &Wire) -> Instead {
        let Some(id) = wire.form.get("InstanceId") else { return Ok(None) };
        let word = match self.states(wire, &[id]).await?.get(id) {
            Some(State::Pending) => "pending",
            Some(State::ShuttingDown | State::Terminated) => "terminated",
            _ => return Ok(None),
        };
        Err(Refusal::new("InvalidInstanceID", format!("The {word} instance '{id}' is not in a valid state for this operation.")))
    }

    /// Without a word about it an address that is bound elsewhere moves; moto needs the word.
    pub(crate) fn reassociating(wire: &Wire) -> Wire {
        let mut form = wire.form.clone();
        if form.get("AllowReassociation").is_none() {
            form.set("AllowReassociation", "true");
        }
        wire.with_form(form)
    }

    /// What machines that end let go of: their addresses, and the network interface that was made with them.
    pub(crate) async fn let_go(&self, wire: &Wire) -> Result<(), Refusal> {
        for id in wire.form.list("InstanceId") {
            let tree = self.moto.ec2(wire, "DescribeAddresses", &[("Filter.1.Name", "instance-id"), ("Filter.1.Value.1", id)]).await?;
            for address in tree.items("addressesSet") {
                self.moto.ec2(wire, "DisassociateAddress", &[("AssociationId", &address.text_at("associationId"))]).await?;
            }
            let interface = self.world().machines.interfaces.remove(id);
            if let Some(interface) = interface {
                self.moto.ec2(wire, "DeleteNetworkInterface", &[("NetworkInterfaceId", &interface)]).await?;
            }
        }
        Ok(())
    }

    /// moto calls an Elastic IP `vpc-elastic-ip` where tags are listed.
    pub(crate) fn tags_asked(wire: &Wire) -> Wire {
        let mut form = wire.form.clone();
        let mut filters = form.filters();
        for value in filters.iter_mut().filter(|filter| filter.name == "resource-type").flat_map(|filter| &mut filter.values) {
            if value == "elastic-ip" {
                "vpc-elastic-ip".clone_into(value);
            }
        }
        form.set_filters(&filters);
        wire.with_form(form)
    }

    /// moto keeps the tags of what is gone.
    pub(crate) async fn tags_shown(&self, wire: &Wire, answer: Answer) -> Result<Answer, Refusal> {
        let lists = [
            ("DescribeVolumes", "volumeSet", "volumeId", "vol-"),
            ("DescribeSecurityGroups", "securityGroupInfo", "groupId", "sg-"),
            ("DescribeAddresses", "addressesSet", "allocationId", "eipalloc-"),
            ("DescribeKeyPairs", "keySet", "keyPairId", "key-"),
            ("DescribeNetworkInterfaces", "networkInterfaceSet", "networkInterfaceId", "eni-"),
        ];
        let mut there = Vec::new();
        for (action, list, id, _) in lists {
            let tree = self.moto.ec2(wire, action, &[]).await?;
            there.extend(tree.items(list).iter().map(|item| item.text_at(id)));
        }
        let is_there = |id: &str| !lists.iter().any(|(.., prefix)| id.starts_with(prefix)) || there.iter().any(|known| known == id);
        Ok(answer.changed(|tree| {
            if let Some(tags) = tree.at_mut("tagSet") {
                tags.retain(|tag| is_there(&tag.text_at("resourceId")));
            }
            for tag in tree.items_mut("tagSet").into_iter().filter(|tag| tag.text_at("resourceType") == "vpc-elastic-ip") {
                tag.set("resourceType", "elastic-ip");
            }
        }))
    }
}
