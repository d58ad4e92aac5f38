//! An image, made of a snapshot and unpacked right away.
//!
//! ```text
//!  create ──► publish (an operation; its id is noted on the build machine) ──► NotVisibleYet … until the image is listed
//!         ──► unpack  (on pools that clone: a machine made of it, never started, deleted) ──► NotVisibleYet … until it is unpacked
//!         ──► done
//! ```
//!
//! Each call looks where things stand and does the next step, so none takes longer than its deadline. Unpacking now means that the
//! first student does not wait for it: later machines are clones.

use std::collections::BTreeMap;

use cloud::{CloudError, Fate, Intent, Kind, Observed, Seen};
use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::IncusCloud;
use crate::client::{Deadline, Outcome};
use crate::labels::{Config, OWN, json as config_json, made};
use crate::snapshot::parts;
use crate::trouble::Trouble;

/// An image as Incus shows it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Image {
    pub(crate) fingerprint: String,
    #[serde(default)]
    properties: Config,
    #[serde(default)]
    uploaded_at: String,
}

#[derive(Deserialize)]
struct Pool {
    driver: String,
}

#[derive(Deserialize)]
struct Running {
    #[serde(default)]
    resources: Option<BTreeMap<String, Vec<String>>>,
}

const RECIPE: &str = "recipe";
const UNPACKED: &str = "unpacked";
/// On the build machine: the operation that publishes it.
const PUBLISHING: &str = "publishing";

fn under_way(code: &'static str) -> CloudError {
    CloudError::new(Fate::NotVisibleYet, code, "it is being made; the same order again finds it")
}

impl IncusCloud {
    pub(crate) async fn images(&self, by: Deadline) -> Result<Vec<Image>, Trouble> {
        let mut all: Vec<Image> = self.client.get("/1.0/images?recursion=1", by).await?;
        all.retain(|image| OWN.is_of(&image.properties, &self.installation));
        all.sort_by(|one, other| one.uploaded_at.cmp(&other.uploaded_at).then_with(|| one.fingerprint.cmp(&other.fingerprint)));
        Ok(all)
    }

    pub(crate) async fn create_image(&self, intent: &Intent, snapshot: &str, recipe: &str, by: Deadline) -> Result<Seen, CloudError> {
        let image = match self.image_by_intent(intent, by).await? {
            Some(image) => image,
            None => {
                self.publish(intent, snapshot, recipe, by).await?;
                self.image_by_intent(intent, by).await?.ok_or_else(|| under_way("image_under_way"))?
            }
        };
        if OWN.get(&image.properties, UNPACKED).is_none() {
            self.unpack(intent, &image, by).await?;
        }
        Ok(made(intent, image.fingerprint, Observed::Image { recipe: recipe.to_owned(), is_available: true }))
    }

    /// The one image that carries this intent's tag; more than one are reduced to the oldest.
    async fn image_by_intent(&self, intent: &Intent, by: Deadline) -> Result<Option<Image>, CloudError> {
        let mut ours = self.images(by).await?.into_iter().filter(|image| OWN.is_by(&image.properties, intent));
        let first = ours.next();
        for spare in ours {
            self.client.run(Method::DELETE, &format!("/1.0/images/{}", spare.fingerprint), None, by).await?;
        }
        Ok(first)
    }

    /// Begins to publish, unless that is under way, and waits for it as long as the call may.
    async fn publish(&self, intent: &Intent, snapshot: &str, recipe: &str, by: Deadline) -> Result<(), CloudError> {
        let (machine, _) = parts(snapshot)?;
        let noted = self.existing(machine, by).await?.config;
        let end = match OWN.get(&noted, PUBLISHING).and_then(|note| note.split_once(' ')) {
            Some((token, operation))
                if token == intent.token.to_string() && self.glance_at(machine, operation, by).await? == Outcome::StillRunning =>
            {
                self.client.wait_for(operation, by).await
            }
            _ => {
                let mut properties = OWN.of(intent);
                properties.insert(OWN.key(RECIPE), recipe.to_owned());
                properties.insert("description".to_owned(), "Koza: a course's machine, services installed".to_owned());
                let body = json!({
                    "source": { "type": "snapshot", "name": snapshot },
                    "compression_algorithm": "none",
                    "properties": config_json(properties),
                    "public": false,
                });
                let answer = self.client.ask(Method::POST, "/1.0/images", Some(body), by).await?;
                let Some(operation) = answer.operation_id() else {
                    return Ok(());
                };
                self.note(machine, &format!("{} {operation}", intent.token), by).await?;
                self.client.wait_for(operation, by).await
            }
        };
        match end {
            Ok(Outcome::Done) => Ok(()),
            Ok(Outcome::StillRunning) => Err(under_way("image_under_way")),
            // The same disk was published by a call that overlapped with this one.
            Err(trouble) if trouble.is_taken() => Ok(()),
            Err(trouble) => Err(trouble.into()),
        }
    }

    /// How publishing goes. A failure is told once; the note of it goes, so that the next call begins anew.
    async fn glance_at(&self, machine: &str, operation: &str, by: Deadline) -> Result<Outcome, CloudError> {
        match self.client.glance(operation, by).await {
            Ok(outcome) => Ok(outcome),
            Err(trouble) => {
                self.note(machine, "", by).await?;
                Err(trouble.into())
            }
        }
    }

    async fn note(&self, machine: &str, text: &str, by: Deadline) -> Result<(), Trouble> {
        let body = json!({ "config": { OWN.key(PUBLISHING): text } });
        self.client.run(Method::PATCH, &format!("/1.0/instances/{machine}"), Some(body), by).await.map(drop)
    }

    /// Makes a machine of the image that never starts, and deletes it: the pool then holds the image unpacked.
    async fn unpack(&self, intent: &Intent, image: &Image, by: Deadline) -> Result<(), CloudError> {
        let name = intent.name();
        let pool: Pool = self.client.get(&format!("/1.0/storage-pools/{}", self.storage_pool), by).await?;
        let clones = matches!(pool.driver.as_str(), "btrfs" | "zfs" | "lvm" | "ceph");
        if clones {
            if self.is_being_made(&name, by).await? {
                return Err(under_way("image_is_unpacked"));
            }
            if self.instance_named(&name, by).await?.is_none() {
                let body = json!({
                    "name": name, "type": "container", "profiles": [], "config": config_json(OWN.of(intent)),
                    "source": { "type": "image", "fingerprint": image.fingerprint },
                    "devices": { "root": { "type": "disk", "path": "/", "pool": self.storage_pool } },
                });
                match self.client.run(Method::POST, "/1.0/instances", Some(body), by).await {
                    Ok(Outcome::Done) => {}
                    Ok(Outcome::StillRunning) => return Err(under_way("image_is_unpacked")),
                    Err(trouble) => return Err(trouble.into()),
                }
            }
            self.drop_trial_machine(&name, by).await?;
        }
        let body = json!({ "properties": { OWN.key(UNPACKED): "true" } });
        self.client.run(Method::PATCH, &format!("/1.0/images/{}", image.fingerprint), Some(body), by).await?;
        Ok(())
    }

    /// Whether an operation that makes this instance is under way.
    async fn is_being_made(&self, name: &str, by: Deadline) -> Result<bool, Trouble> {
        let by_state: BTreeMap<String, Vec<Running>> = self.client.get("/1.0/operations?recursion=1", by).await?;
        let is_it = |path: &String| path.split('?').next().and_then(|path| path.rsplit('/').next()) == Some(name);
        let of = |running: &Running| running.resources.iter().flat_map(BTreeMap::values).flatten().any(is_it);
        Ok(by_state.iter().any(|(state, all)| matches!(state.as_str(), "running" | "pending") && all.iter().any(of)))
    }

    async fn drop_trial_machine(&self, name: &str, by: Deadline) -> Result<(), CloudError> {
        match self.instance_named(name, by).await? {
            Some(instance) if OWN.is_of(&instance.config, &self.installation) && OWN.is_a(&instance.config, Kind::Image) => {}
            _ => return Ok(()),
        }
        match self.client.run(Method::DELETE, &format!("/1.0/instances/{name}"), None, by).await {
            Err(trouble) if !trouble.is_missing() => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    pub(crate) async fn delete_image(&self, fingerprint: &str, by: Deadline) -> Result<(), CloudError> {
        let Some(image) = self.images(by).await?.into_iter().find(|image| image.fingerprint == fingerprint) else {
            return Ok(());
        };
        if let Some(name) = OWN.name(&image.properties) {
            // What is being made now would outlive the image that explains it.
            if self.is_being_made(name, by).await? {
                return Err(CloudError::new(Fate::TryAgain, "image_is_unpacked", format!("{fingerprint} is being unpacked")));
            }
            self.drop_trial_machine(name, by).await?;
        }
        match self.client.run(Method::DELETE, &format!("/1.0/images/{fingerprint}"), None, by).await {
            Ok(Outcome::StillRunning) => Err(CloudError::new(Fate::TryAgain, "still_deleting", format!("{fingerprint} is being deleted"))),
            Err(trouble) if !trouble.is_missing() => Err(trouble.into()),
            _ => Ok(()),
        }
    }

    /// The newest image of a recipe that is ready to be used.
    pub(crate) async fn image_of(&self, recipe: &str, by: Deadline) -> Result<Option<String>, CloudError> {
        let is_it = |image: &Image| OWN.get(&image.properties, RECIPE) == Some(recipe) && OWN.get(&image.properties, UNPACKED).is_some();
        Ok(self.images(by).await?.into_iter().rfind(is_it).map(|image| image.fingerprint))
    }

    pub(crate) fn seen_image(&self, image: &Image) -> Option<Seen> {
        let recipe = OWN.get(&image.properties, RECIPE).unwrap_or_default().to_owned();
        let is_available = OWN.get(&image.properties, UNPACKED).is_some();
        OWN.seen(&image.properties, &self.installation, image.fingerprint.clone(), Observed::Image { recipe, is_available })
    }
}
