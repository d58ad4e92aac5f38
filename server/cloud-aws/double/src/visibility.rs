//! What exists and cannot be found: what was just made (for a while that a test sets), and machines that ended long ago.

use std::collections::HashMap;
use std::time::Duration;

use crate::answer::{Answer, Refusal};
use crate::aws::{Aws, World};
use crate::wire::Wire;
use crate::xml::Element;

/// Until when each new thing of EC2 cannot be found, by its id.
#[derive(Debug, Default)]
pub(crate) struct Visibility {
    until: HashMap<String, Duration>,
}

/// Where a list is, and what its items are known by.
fn listing(action: &str) -> Option<(&'static str, &'static str)> {
    Some(match action {
        "DescribeInstanceStatus" => ("instanceStatusSet", "instanceId"),
        "DescribeSecurityGroups" => ("securityGroupInfo", "groupId"),
        "DescribeAddresses" => ("addressesSet", "allocationId"),
        "DescribeSnapshots" => ("snapshotSet", "snapshotId"),
        "DescribeImages" => ("imagesSet", "imageId"),
        "DescribeTags" => ("tagSet", "resourceId"),
        _ => return None,
    })
}

/// The ids in an answer to a call that makes something.
fn made(action: &str, tree: &Element) -> Vec<String> {
    match action {
        "RunInstances" => tree.items("instancesSet").iter().map(|item| item.text_at("instanceId")).collect(),
        "CreateSecurityGroup" => vec![tree.text_at("groupId")],
        "AllocateAddress" => vec![tree.text_at("allocationId")],
        "CreateSnapshot" => vec![tree.text_at("snapshotId")],
        "RegisterImage" => vec![tree.text_at("imageId")],
        _ => vec![],
    }
}

/// EC2's words for an id that it does not find.
pub(crate) fn not_found(id: &str) -> Refusal {
    let (code, what) = match id.split('-').next() {
        Some("i") => ("InvalidInstanceID.NotFound", "instance ID"),
        Some("sg") => ("InvalidGroup.NotFound", "security group"),
        Some("eipalloc") => ("InvalidAllocationID.NotFound", "allocation ID"),
        Some("snap") => ("InvalidSnapshot.NotFound", "snapshot"),
        Some("ami") => ("InvalidAMIID.NotFound", "image id"),
        _ => ("InvalidID", "ID"),
    };
    Refusal::new(code, format!("The {what} '{id}' does not exist"))
}

impl World {
    /// Whether AWS would not find it now.
    pub(crate) fn is_hidden(&self, id: &str) -> bool {
        let now = self.settings.clock.now();
        let is_new = self.visibility.until.get(id).is_some_and(|until| now < *until);
        is_new || self.machines.ended_at(id).is_some_and(|at| now >= at + self.settings.remembered)
    }

    pub(crate) fn note_made(&mut self, wire: &Wire, answer: &Answer) {
        if wire.service != "ec2" || self.settings.invisible.is_zero() {
            return;
        }
        let until = self.settings.clock.now() + self.settings.invisible;
        let ids = answer.tree().map(|tree| made(&wire.action, &tree)).unwrap_or_default();
        self.visibility.until.extend(ids.into_iter().map(|id| (id, until)));
    }

    /// The answer without items that cannot be found.
    pub(crate) fn without_hidden(&self, wire: &Wire, answer: Answer) -> Answer {
        if wire.service != "ec2" {
            return answer;
        }
        if wire.action == "DescribeInstances" {
            return answer.changed(|tree| {
                for reservation in tree.items_mut("reservationSet") {
                    if let Some(machines) = reservation.at_mut("instancesSet") {
                        machines.retain(|machine| !self.is_hidden(&machine.text_at("instanceId")));
                    }
                }
                if let Some(reservations) = tree.at_mut("reservationSet") {
                    reservations.retain(|reservation| !reservation.items("instancesSet").is_empty());
                }
            });
        }
        let Some((list, id)) = listing(&wire.action) else { return answer };
        answer.changed(|tree| {
            if let Some(list) = tree.at_mut(list) {
                list.retain(|item| !self.is_hidden(&item.text_at(id)));
            }
        })
    }
}

impl Aws {
    /// Refuses a request of EC2 that names what cannot be found.
    pub(crate) fn hidden(&self, wire: &Wire) -> Option<Refusal> {
        if wire.service != "ec2" {
            return None;
        }
        let world = self.world();
        // A filter that matches nothing is an empty list, not an error.
        let filtered: Vec<String> = wire.form.filters().into_iter().flat_map(|filter| filter.values).collect();
        wire.form.values().find(|value| world.is_hidden(value) && !filtered.iter().any(|filtered| filtered == value)).map(not_found)
    }
}
