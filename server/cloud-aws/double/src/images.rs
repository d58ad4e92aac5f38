//! Images that are registered from a snapshot. moto forgets everything about them but the name: it makes a snapshot of its own, names
//! another root device, and drops tags and architecture. The double remembers what was asked, and shows that.

use std::collections::BTreeMap;

use crate::answer::{Answer, Refusal};
use crate::aws::{Aws, Instead};
use crate::form::Form;
use crate::wire::Wire;
use crate::xml::Element;

/// What the images of Debian 12 and Amazon Linux 2023 say of their disk, in GiB; moto says 15 of all.
const SYSTEM_DISK: &str = "8";

/// What each image was registered as.
#[derive(Debug, Default)]
pub(crate) struct Images {
    registered: BTreeMap<String, Form>,
}

impl Images {
    /// The image that needs a snapshot.
    pub(crate) fn made_of(&self, snapshot: &str) -> Option<&str> {
        let needs = |form: &Form| form.groups("BlockDeviceMapping").iter().any(|mapping| mapping.get("Ebs.SnapshotId") == Some(snapshot));
        self.registered.iter().find(|(_, form)| needs(form)).map(|(id, _)| id.as_str())
    }

    /// A machine has its image's root device.
    pub(crate) fn show_root(&self, machine: &mut Element) {
        if let Some(root) = self.registered.get(&machine.text_at("imageId")).and_then(|form| form.get("RootDeviceName")) {
            machine.set("rootDeviceName", root);
        }
    }

    fn show(&self, image: &mut Element) {
        let Some(asked) = self.registered.get(&image.text_at("imageId")) else {
            for mapping in image.items_mut("blockDeviceMapping") {
                if let Some(disk) = mapping.at_mut("ebs") {
                    disk.set("volumeSize", SYSTEM_DISK);
                }
            }
            return;
        };
        image.set("rootDeviceType", "ebs");
        image.set("hypervisor", "xen");
        let named = [
            ("RootDeviceName", "rootDeviceName"),
            ("Architecture", "architecture"),
            ("VirtualizationType", "virtualizationType"),
            ("Description", "description"),
            ("BootMode", "bootMode"),
            ("ImdsSupport", "imdsSupport"),
            ("EnaSupport", "enaSupport"),
        ];
        for (asked_as, shown_as) in named {
            if let Some(value) = asked.get(asked_as) {
                image.set(shown_as, value);
            }
        }
        let mut mappings = Element::new("blockDeviceMapping");
        for mapping in asked.groups("BlockDeviceMapping") {
            let mut disk = Element::new("ebs");
            for (asked_as, shown_as) in [
                ("Ebs.SnapshotId", "snapshotId"),
                ("Ebs.VolumeSize", "volumeSize"),
                ("Ebs.VolumeType", "volumeType"),
                ("Ebs.DeleteOnTermination", "deleteOnTermination"),
                ("Ebs.Encrypted", "encrypted"),
            ] {
                if let Some(value) = mapping.get(asked_as) {
                    disk.set(shown_as, value);
                }
            }
            let device = Element::of_text("deviceName", mapping.get("DeviceName").unwrap_or_default());
            mappings.push(Element::new("item").with(device).with(disk));
        }
        image.replace(mappings);
    }
}

impl Aws {
    pub(crate) async fn cannot_register(&self, wire: &Wire) -> Instead {
        let name = wire.form.get("Name").unwrap_or_default();
        let pairs = [("Owner.1", "self"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", name)];
        let same = self.moto.ec2(wire, "DescribeImages", &pairs).await?.text_at("imagesSet/item/imageId");
        if !same.is_empty() {
            return Err(Refusal::new("InvalidAMIName.Duplicate", format!("AMI name {name} is already in use by AMI {same}")));
        }
        for mapping in wire.form.groups("BlockDeviceMapping") {
            let Some(snapshot) = mapping.get("Ebs.SnapshotId") else { continue };
            self.moto.ec2(wire, "DescribeSnapshots", &[("SnapshotId.1", snapshot)]).await?;
            if self.world().is_copying(snapshot) {
                return Err(Refusal::new("IncorrectState", format!("Snapshot '{snapshot}' is not 'completed'.")));
            }
        }
        Ok(None)
    }

    pub(crate) async fn registered(&self, wire: &Wire, answer: Answer) -> Result<Answer, Refusal> {
        let Some(tree) = answer.tree() else { return Err(Refusal::lost("moto's image is not XML")) };
        let id = tree.text_at("imageId");
        for tags in wire.form.groups("TagSpecification") {
            if tags.get("ResourceType") == Some("image") {
                self.tag(wire, std::slice::from_ref(&id), &tags.groups("Tag")).await?;
            }
        }
        self.world().images.registered.insert(id, wire.form.clone());
        Ok(answer)
    }

    pub(crate) fn deregistered(&self, wire: &Wire, answer: Answer) -> Answer {
        self.world().images.registered.remove(wire.form.get("ImageId").unwrap_or_default());
        answer
    }

    pub(crate) fn images_shown(&self, answer: Answer) -> Answer {
        answer.changed(|tree| tree.items_mut("imagesSet").into_iter().for_each(|image| self.world().images.show(image)))
    }
}
