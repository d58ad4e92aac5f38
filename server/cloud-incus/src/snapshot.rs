//! A snapshot of a machine's disk. Of one that runs it is what a power cut would have left.
//!
//! Incus gives a snapshot no tags of its own, but freezes the machine's config into it. So the intent is written into the machine's
//! config first (`user.koza.snapshot.*`), and the snapshot carries it for good. The same mark tells which machines have snapshots at
//! all, so that a list asks only those.

use cloud::{CloudError, Fate, Intent, Observed, Seen};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::IncusCloud;
use crate::client::{Deadline, Outcome};
use crate::instance::Instance;
use crate::labels::{Config, SNAPSHOT, json as config_json, made};

/// A snapshot as Incus shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Snapshot {
    name: String,
    #[serde(default)]
    config: Config,
}

impl Snapshot {
    /// Incus writes the machine's name in front in some answers.
    fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// A later snapshot freezes the mark of its own making; one made by hand freezes an older mark and is nobody's.
    fn is_ours(&self, installation: &str) -> bool {
        SNAPSHOT.is_of(&self.config, installation) && SNAPSHOT.name(&self.config) == Some(self.short_name())
    }
}

/// `machine/snapshot`, taken apart.
pub(crate) fn parts(cloud_id: &str) -> Result<(&str, &str), CloudError> {
    cloud_id.split_once('/').ok_or_else(|| CloudError::new(Fate::Final, "not_found", format!("{cloud_id} is no name of a snapshot")))
}

impl IncusCloud {
    /// Our snapshots of a machine.
    pub(crate) async fn snapshots_of(&self, machine: &Instance, by: Deadline) -> Result<Vec<Snapshot>, CloudError> {
        if SNAPSHOT.name(&machine.config).is_none() {
            return Ok(Vec::new());
        }
        let path = format!("/1.0/instances/{}/snapshots?recursion=1", machine.name);
        let all: Vec<Snapshot> = self.client.find(&path, by).await?.unwrap_or_default();
        Ok(all.into_iter().filter(|snapshot| snapshot.is_ours(&self.installation)).collect())
    }

    pub(crate) async fn create_snapshot(&self, intent: &Intent, machine: &str, by: Deadline) -> Result<Seen, CloudError> {
        let name = intent.name();
        let seen = made(intent, format!("{machine}/{name}"), Observed::Snapshot { is_complete: true });
        let instance = self.existing(machine, by).await?;
        let all = self.snapshots_of(&instance, by).await?;
        if let Some(there) = all.iter().find(|snapshot| snapshot.short_name() == name) {
            let is_it = SNAPSHOT.is_by(&there.config, intent);
            return if is_it { Ok(seen) } else { Err(CloudError::new(Fate::Final, "name_taken", format!("snapshot {name} exists"))) };
        }
        let path = format!("/1.0/instances/{machine}");
        self.client.run(Method::PATCH, &path, Some(json!({ "config": config_json(SNAPSHOT.of(intent)) })), by).await?;
        let body = json!({ "name": name, "stateful": false });
        match self.client.run(Method::POST, &format!("{path}/snapshots"), Some(body), by).await {
            Ok(Outcome::Done) => Ok(seen),
            Ok(Outcome::StillRunning) => Err(CloudError::new(Fate::NotVisibleYet, "snapshot_under_way", format!("{name} is being taken"))),
            // Another call for the same intent was quicker: the next one finds it.
            Err(trouble) if trouble.is_taken() || trouble.is_busy() => {
                Err(CloudError::new(Fate::TryAgain, "busy", format!("{name} is being taken")))
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    pub(crate) async fn delete_snapshot(&self, cloud_id: &str, by: Deadline) -> Result<(), CloudError> {
        let (machine, name) = parts(cloud_id)?;
        match self.client.run(Method::DELETE, &format!("/1.0/instances/{machine}/snapshots/{name}"), None, by).await {
            Ok(Outcome::StillRunning) => Err(CloudError::new(Fate::TryAgain, "still_deleting", format!("{cloud_id} is being deleted"))),
            Err(trouble) if !trouble.is_missing() => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn seen_snapshot(&self, machine: &Instance, snapshot: &Snapshot) -> Option<Seen> {
        let cloud_id = format!("{}/{}", machine.name, snapshot.short_name());
        SNAPSHOT.seen(&snapshot.config, &self.installation, cloud_id, Observed::Snapshot { is_complete: true })
    }
}
