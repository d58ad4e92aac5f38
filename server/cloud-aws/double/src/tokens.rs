//! Client tokens as EC2 honours them, which moto does not.
//!
//! RunInstances is idempotent in a zone: the same token and parameters again give the reservation of the first time with its machines as
//! they are now (asked of moto, not remembered, because AWS does not answer with a state that is over); other parameters are refused; in
//! another zone the token is as good as new, and a second machine starts. A launch that failed leaves nothing behind.

use std::collections::HashMap;

use crate::answer::{Answer, REQUEST_ID, Refusal};
use crate::aws::{Aws, Instead};
use crate::form::Form;
use crate::wire::Wire;
use crate::xml::Element;

/// The launches that succeeded, by account and region, token, and zone.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    launches: HashMap<(String, String, String), Launch>,
}

#[derive(Debug, Clone)]
struct Launch {
    asked: Form,
    machines: Vec<String>,
}

impl Aws {
    /// The zone that a launch is for: the subnet's, or the one named, or empty for any.
    async fn zone(&self, wire: &Wire) -> Result<String, Refusal> {
        let subnet = wire.form.get("SubnetId").or_else(|| wire.form.get("NetworkInterface.1.SubnetId"));
        match subnet {
            Some(subnet) => self.zone_of(wire, subnet).await,
            None => Ok(wire.form.get("Placement.AvailabilityZone").unwrap_or_default().to_owned()),
        }
    }

    pub(crate) async fn zone_of(&self, wire: &Wire, subnet: &str) -> Result<String, Refusal> {
        let tree = self.moto.ec2(wire, "DescribeSubnets", &[("SubnetId.1", subnet)]).await?;
        Ok(tree.text_at("subnetSet/item/availabilityZone"))
    }

    /// The answer to a launch whose token was used before.
    pub(crate) async fn launched_before(&self, wire: &Wire) -> Instead {
        let Some(token) = wire.token() else { return Ok(None) };
        let zone = self.zone(wire).await?;
        let launch = self.world().tokens.launches.get(&(wire.place(), token.to_owned(), zone)).cloned();
        let Some(launch) = launch else { return Ok(None) };
        if launch.asked != wire.form.sorted() {
            let message = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
            return Err(Refusal::new("IdempotentParameterMismatch", message));
        }
        let names: Vec<String> = (1..=launch.machines.len()).map(|nth| format!("InstanceId.{nth}")).collect();
        let pairs: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(launch.machines.iter().map(String::as_str)).collect();
        let tree = self.moto.ec2(wire, "DescribeInstances", &pairs).await?;
        let mut answer = Element::new("RunInstancesResponse");
        for part in tree.at("reservationSet/item").into_iter().flat_map(Element::children) {
            answer.push(part.clone());
        }
        self.world().show_machines(answer.items_mut("instancesSet"));
        Ok(Some(Answer::of_xml(&answer.with(Element::of_text("requestId", REQUEST_ID)))))
    }

    /// Remembers a launch that succeeded.
    pub(crate) async fn note_launch(&self, wire: &Wire, machines: Vec<String>) -> Result<(), Refusal> {
        if let Some(token) = wire.token() {
            let zone = self.zone(wire).await?;
            let launch = Launch { asked: wire.form.sorted(), machines };
            self.world().tokens.launches.insert((wire.place(), token.to_owned(), zone), launch);
        }
        Ok(())
    }
}
