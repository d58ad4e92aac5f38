//! Snapshots: `pending` until they are copied, kept while an image needs them, and without those that moto makes for its own images.

use std::collections::HashMap;
use std::time::Duration;

use crate::answer::{Answer, Refusal};
use crate::aws::{Aws, Instead, World};
use crate::wire::Wire;
use crate::xml::Element;

/// Until when each is pending.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    pending: HashMap<String, Duration>,
}

impl World {
    pub(crate) fn is_copying(&self, id: &str) -> bool {
        self.snapshots.pending.get(id).is_some_and(|until| self.settings.clock.now() < *until)
    }
}

fn show_pending(snapshot: &mut Element) {
    snapshot.set("status", "pending");
    snapshot.set("progress", "");
}

impl Aws {
    pub(crate) fn snapshots_asked(wire: &Wire) -> Wire {
        wire.without_filters(&["status"])
    }

    pub(crate) fn snapshots_shown(&self, wire: &Wire, answer: Answer) -> Answer {
        let mut world = self.world();
        if wire.action == "CreateSnapshot" {
            let until = world.settings.clock.now() + world.settings.copying;
            return answer.changed(|snapshot| {
                world.snapshots.pending.insert(snapshot.text_at("snapshotId"), until);
                // AWS has never copied it by the time it answers.
                show_pending(snapshot);
            });
        }
        let filters = wire.form.filters();
        answer.changed(|tree| {
            for snapshot in tree.items_mut("snapshotSet") {
                if world.is_copying(&snapshot.text_at("snapshotId")) {
                    show_pending(snapshot);
                }
            }
            let passes = |snapshot: &Element| {
                let status = snapshot.text_at("status");
                let is_motos_own = snapshot.text_at("description").starts_with("Auto-created snapshot for AMI");
                !is_motos_own && filters.iter().all(|filter| filter.name != "status" || filter.values.contains(&status))
            };
            if let Some(list) = tree.at_mut("snapshotSet") {
                list.retain(passes);
            }
        })
    }

    pub(crate) fn snapshot_in_use(&self, wire: &Wire) -> Instead {
        let Some(id) = wire.form.get("SnapshotId") else { return Ok(None) };
        self.world().images.made_of(id).map_or(Ok(None), |image| {
            Err(Refusal::new("InvalidSnapshot.InUse", format!("The snapshot {id} is currently in use by {image}")))
        })
    }
}
