//! Security groups: one that is used is not deleted, and a machine has exactly those it was last given.

use crate::answer::{Answer, Refusal};
use crate::aws::{Aws, Instead};
use crate::machines::State;
use crate::wire::Wire;
use crate::xml::Element;

/// A machine that was launched with a description of its network interface has that one's groups; moto shows none.
pub(crate) fn show_groups(machine: &mut Element) {
    if machine.items("groupSet").is_empty()
        && let Some(groups) = machine.at("networkInterfaceSet/item/groupSet").cloned()
    {
        machine.replace(groups);
    }
}

fn has_group(element: &Element, id: &str) -> bool {
    element.items("groupSet").iter().any(|group| group.text_at("groupId") == id)
}

impl Aws {
    pub(crate) async fn group_in_use(&self, wire: &Wire) -> Instead {
        let Some(id) = wire.form.get("GroupId") else { return Ok(None) };
        let used = self.has_machines(wire, id).await? || self.is_named_by_a_group(wire, id).await? || self.has_balancers(wire, id).await?;
        if used { Err(Refusal::new("DependencyViolation", format!("resource {id} has a dependent object"))) } else { Ok(None) }
    }

    async fn has_machines(&self, wire: &Wire, id: &str) -> Result<bool, Refusal> {
        let tree = self.moto.ec2(wire, "DescribeInstances", &[("MaxResults", "100000")]).await?;
        let world = self.world();
        let machines = tree.items("reservationSet").into_iter().flat_map(|reservation| reservation.items("instancesSet"));
        let mut there = machines.filter(|machine| {
            let at_moto = State::read(machine.at("instanceState"));
            at_moto.is_some_and(|at_moto| world.state(&machine.text_at("instanceId"), at_moto) != State::Terminated)
        });
        Ok(there
            .any(|machine| has_group(machine, id) || machine.items("networkInterfaceSet").iter().any(|interface| has_group(interface, id))))
    }

    async fn is_named_by_a_group(&self, wire: &Wire, id: &str) -> Result<bool, Refusal> {
        let tree = self.moto.ec2(wire, "DescribeSecurityGroups", &[]).await?;
        let others = tree.items("securityGroupInfo").into_iter().filter(|group| group.text_at("groupId") != id);
        let named = |group: &Element, side: &str| {
            group.items(side).iter().flat_map(|rule| rule.items("groups")).any(|named| named.text_at("groupId") == id)
        };
        Ok(others.into_iter().any(|group| named(group, "ipPermissions") || named(group, "ipPermissionsEgress")))
    }

    async fn has_balancers(&self, wire: &Wire, id: &str) -> Result<bool, Refusal> {
        let tree = self.moto.balancing(wire, "DescribeLoadBalancers", &[]).await?;
        let balancers = tree.items("DescribeLoadBalancersResult/LoadBalancers");
        Ok(balancers.into_iter().flat_map(|balancer| balancer.items("SecurityGroups")).any(|group| group.text() == id))
    }

    /// moto gives a machine its new groups and leaves its network interface the old ones too.
    pub(crate) async fn regrouped(&self, wire: &Wire, answer: Answer) -> Result<Answer, Refusal> {
        let (groups, Some(machine)) = (wire.form.list("GroupId"), wire.form.get("InstanceId")) else { return Ok(answer) };
        if groups.is_empty() {
            return Ok(answer);
        }
        let tree = self.moto.ec2(wire, "DescribeInstances", &[("InstanceId.1", machine)]).await?;
        let interface = tree.text_at("reservationSet/item/instancesSet/item/networkInterfaceSet/item/networkInterfaceId");
        let names: Vec<String> = (1..=groups.len()).map(|nth| format!("SecurityGroupId.{nth}")).collect();
        let mut pairs: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(groups).collect();
        pairs.push(("NetworkInterfaceId", &interface));
        self.moto.ec2(wire, "ModifyNetworkInterfaceAttribute", &pairs).await?;
        Ok(answer)
    }
}
