//! RunInstances: how many start, what is tagged, and what goes with a machine when it ends.

use crate::answer::{Answer, Refusal};
use crate::aws::Aws;
use crate::faults::Fault;
use crate::wire::Wire;

fn asked(wire: &Wire, field: &str) -> Option<u32> {
    wire.form.get(field)?.parse().ok()
}

impl Aws {
    /// AWS launches as many as it has room for up to MaxCount (moto launches MinCount), and a network interface that is made with a machine goes
    /// with it unless the request says otherwise (at moto it stays).
    pub(crate) fn whole_launch(&self, wire: &Wire) -> Wire {
        let mut form = wire.form.clone();
        let room = self.world().settings.room;
        if let Some(most) = asked(wire, "MaxCount") {
            let made = most.min(room).to_string();
            form.set("MinCount", &made);
            form.set("MaxCount", &made);
        }
        for (nth, interface) in (1..).zip(wire.form.groups("NetworkInterface")) {
            let nth: u32 = nth;
            if interface.get("NetworkInterfaceId").is_none() && interface.get("DeleteOnTermination").is_none() {
                form.set(&format!("NetworkInterface.{nth}.DeleteOnTermination"), "true");
            }
        }
        wire.with_form(form)
    }

    /// A launch for which there is no room at all.
    pub(crate) fn has_no_room(&self, wire: &Wire) -> Option<Refusal> {
        let room = self.world().settings.room;
        let Fault::Refuse { code, message, status } = Fault::no_capacity() else { return None };
        (asked(wire, "MinCount").unwrap_or(1) > room).then_some(Refusal { code, message, status })
    }

    /// A launch that succeeded: its token is used up, its machines begin, and its network interfaces get their tags.
    pub(crate) async fn launched(&self, wire: &Wire, answer: Answer) -> Result<Answer, Refusal> {
        let Some(tree) = answer.tree() else { return Err(Refusal::lost("moto's launch is not XML")) };
        let machines = tree.items("instancesSet");
        let ids: Vec<String> = machines.iter().map(|machine| machine.text_at("instanceId")).collect();
        let interfaces: Vec<String> = machines
            .iter()
            .flat_map(|machine| machine.items("networkInterfaceSet"))
            .map(|interface| interface.text_at("networkInterfaceId"))
            .collect();
        {
            let mut world = self.world();
            ids.iter().for_each(|id| world.begins(id));
            // Made without being asked for: at moto it would outlive its machine.
            if wire.form.groups("NetworkInterface").is_empty() {
                world.machines.interfaces.extend(ids.iter().cloned().zip(interfaces.iter().cloned()));
            }
        }
        self.note_launch(wire, ids).await?;
        for tags in wire.form.groups("TagSpecification") {
            if tags.get("ResourceType") == Some("network-interface") {
                self.tag(wire, &interfaces, &tags.groups("Tag")).await?;
            }
        }
        Ok(answer.changed(|tree| self.world().show_machines(tree.items_mut("instancesSet"))))
    }

    /// Tags what moto forgot to tag.
    pub(crate) async fn tag(&self, wire: &Wire, ids: &[String], tags: &[crate::form::Form]) -> Result<(), Refusal> {
        let mut pairs: Vec<(String, String)> =
            (1..).zip(ids).map(|(nth, id): (u32, _)| (format!("ResourceId.{nth}"), id.clone())).collect();
        for (nth, tag) in (1..).zip(tags) {
            let nth: u32 = nth;
            for part in ["Key", "Value"] {
                pairs.push((format!("Tag.{nth}.{part}"), tag.get(part).unwrap_or_default().to_owned()));
            }
        }
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.moto.ec2(wire, "CreateTags", &pairs).await.map(|_| ())
    }
}
