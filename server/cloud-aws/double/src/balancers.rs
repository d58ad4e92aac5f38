//! Balancers, target groups and listeners, made once by their name: the same request again gives what is there, another one with that name
//! is refused. moto makes a second balancer and a second listener, and refuses a target group in either case.

use std::collections::HashMap;
use std::time::Duration;

use crate::answer::{Answer, REQUEST_ID, Refusal};
use crate::aws::{Aws, Instead};
use crate::form::Form;
use crate::wire::Wire;
use crate::xml::Element;

/// What each was asked for, and until when balancers are provisioning.
#[derive(Debug, Default)]
pub(crate) struct Balancers {
    asked: HashMap<String, Form>,
    provisioning: HashMap<String, Duration>,
}

/// What makes it the same one.
fn name(wire: &Wire) -> String {
    let of = |name| wire.form.get(name).unwrap_or_default();
    format!("{} {} {} {} {}", wire.place(), wire.action, of("Name"), of("LoadBalancerArn"), of("Port"))
}

impl Aws {
    /// What is there, if it was asked for in the same words.
    fn same(&self, wire: &Wire, kind: &str, members: Vec<&Element>, otherwise: Refusal) -> Instead {
        let is_same = self.world().balancers.asked.get(&name(wire)) == Some(&wire.form.sorted());
        if !is_same {
            return Err(otherwise);
        }
        let mut list = Element::new(kind);
        members.into_iter().for_each(|member| list.push(member.clone()));
        let metadata = Element::new("ResponseMetadata").with(Element::of_text("RequestId", REQUEST_ID));
        let result = Element::new(&format!("{}Result", wire.action)).with(list);
        let mut tree = Element::new(&format!("{}Response", wire.action)).with(result).with(metadata);
        self.show_provisioning(&mut tree, &format!("{}Result/{kind}", wire.action));
        Ok(Some(Answer::of_xml(&tree)))
    }

    pub(crate) async fn balancer_exists(&self, wire: &Wire) -> Instead {
        let named = wire.form.get("Name").unwrap_or_default();
        let present = self.moto.balancing(wire, "DescribeLoadBalancers", &[("Names.member.1", named)]).await;
        if let Ok(tree) = present {
            let message = format!("A load balancer with the same name '{named}' exists, but with different settings");
            let members = tree.items("DescribeLoadBalancersResult/LoadBalancers");
            return self.same(wire, "LoadBalancers", members, Refusal::new("DuplicateLoadBalancerName", message));
        }
        if wire.form.get("Type").is_some_and(|kind| kind != "application") {
            return Ok(None);
        }
        let mapped = wire.form.groups("SubnetMappings.member");
        let mut zones = vec![];
        for subnet in wire.form.list("Subnets.member").into_iter().chain(mapped.iter().filter_map(|mapping| mapping.get("SubnetId"))) {
            zones.push(self.zone_of(wire, subnet).await?);
        }
        zones.sort();
        zones.dedup();
        if zones.len() < 2 {
            return Err(Refusal::new("ValidationError", "At least two subnets in two different Availability Zones must be specified"));
        }
        Ok(None)
    }

    pub(crate) async fn target_group_exists(&self, wire: &Wire) -> Instead {
        let named = wire.form.get("Name").unwrap_or_default();
        let Ok(tree) = self.moto.balancing(wire, "DescribeTargetGroups", &[("Names.member.1", named)]).await else { return Ok(None) };
        let message = format!("A target group with the same name '{named}' exists, but with different settings");
        let members = tree.items("DescribeTargetGroupsResult/TargetGroups");
        self.same(wire, "TargetGroups", members, Refusal::new("DuplicateTargetGroupName", message))
    }

    pub(crate) async fn listener_exists(&self, wire: &Wire) -> Instead {
        let (balancer, port) = (wire.form.get("LoadBalancerArn").unwrap_or_default(), wire.form.get("Port").unwrap_or_default());
        let tree = self.moto.balancing(wire, "DescribeListeners", &[("LoadBalancerArn", balancer)]).await?;
        let mut members = tree.items("DescribeListenersResult/Listeners");
        members.retain(|listener| listener.text_at("Port") == port);
        if members.is_empty() {
            return Ok(None);
        }
        let message = format!("A listener already exists on this port for this load balancer '{balancer}'");
        self.same(wire, "Listeners", members, Refusal::new("DuplicateListener", message))
    }

    pub(crate) fn balancing_made(&self, wire: &Wire, answer: Answer) -> Answer {
        let mut world = self.world();
        world.balancers.asked.insert(name(wire), wire.form.sorted());
        let until = world.settings.clock.now() + world.settings.provisioning;
        let made = answer.tree().map(|tree| tree.text_at("CreateLoadBalancerResult/LoadBalancers/member/LoadBalancerArn"));
        if let Some(arn) = made.filter(|arn| !arn.is_empty()) {
            world.balancers.provisioning.insert(arn, until);
        }
        answer
    }

    pub(crate) fn balancers_shown(&self, answer: Answer) -> Answer {
        answer.changed(|tree| self.show_provisioning(tree, "DescribeLoadBalancersResult/LoadBalancers"))
    }

    fn show_provisioning(&self, tree: &mut Element, path: &str) {
        let world = self.world();
        let now = world.settings.clock.now();
        for balancer in tree.items_mut(path) {
            let until = world.balancers.provisioning.get(&balancer.text_at("LoadBalancerArn"));
            if let (Some(until), Some(state)) = (until, balancer.at_mut("State")) {
                state.set("Code", if now < *until { "provisioning" } else { "active" });
            }
        }
    }
}
