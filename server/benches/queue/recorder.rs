//! The simulator with a stopwatch: it tells when the first call for an environment arrives, and can answer nothing more than that.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_trait::async_trait;
use cloud::sim::SimCloud;
use cloud::{Cloud, CloudError, Create, Deletion, EnvironmentTag, Fate, Intent, Kind, Metrics, Nature, Seen};
use uuid::Uuid;

use crate::stage;

/// See the module.
pub struct Recorder {
    sim: Arc<SimCloud>,
    first_calls: Mutex<HashMap<Uuid, Instant>>,
    refuses: AtomicBool,
    at_rest: AtomicU32,
}

impl Recorder {
    pub fn new(sim: Arc<SimCloud>) -> Self {
        Self { sim, first_calls: Mutex::default(), refuses: AtomicBool::new(false), at_rest: AtomicU32::new(0) }
    }

    /// When the first call for an environment came.
    pub fn first_call(&self, environment: Uuid) -> Option<Instant> {
        self.first_calls.lock().expect("nobody panics with it").get(&environment).copied()
    }

    fn called(&self, environment: Uuid, refusal: Fate) -> Result<(), CloudError> {
        let now = Instant::now();
        self.first_calls.lock().expect("nobody panics with it").entry(environment).or_insert(now);
        if self.refuses.load(Ordering::SeqCst) {
            return Err(CloudError::new(refusal, "bench", "only the first call was wanted"));
        }
        Ok(())
    }

    /// From now on every call is refused: a turn ends with its first call, and the queue is idle again for the next wish.
    pub fn refuse(&self) {
        self.refuses.store(true, Ordering::SeqCst);
    }

    /// So many environments are listed as [`stage::Stage::rest`] wrote them down. They are made up at each call, as a real cloud's answer is.
    pub fn at_rest(&self, environments: u32) {
        self.at_rest.store(environments, Ordering::SeqCst);
    }
}

#[async_trait]
impl Cloud for Recorder {
    fn nature(&self) -> &Nature {
        self.sim.nature()
    }

    async fn list_kinds(&self, environment: &EnvironmentTag, kinds: &[Kind]) -> Result<Vec<Seen>, CloudError> {
        self.called(environment.environment, Fate::Throttled)?;
        self.sim.list_kinds(environment, kinds).await
    }

    async fn list_all(&self) -> Result<Vec<Seen>, CloudError> {
        let mut all = self.sim.list_all().await?;
        all.extend((0..self.at_rest.load(Ordering::SeqCst)).flat_map(stage::holds));
        Ok(all)
    }

    async fn create(&self, intent: &Intent, create: &Create) -> Result<Seen, CloudError> {
        self.called(intent.tags.environment.environment, Fate::NoCapacity)?;
        self.sim.create(intent, create).await
    }

    async fn start(&self, machine: &str) -> Result<(), CloudError> {
        self.sim.start(machine).await
    }

    async fn stop(&self, machine: &str) -> Result<(), CloudError> {
        self.sim.stop(machine).await
    }

    async fn delete(&self, kind: Kind, cloud_id: &str) -> Result<Deletion, CloudError> {
        self.sim.delete(kind, cloud_id).await
    }

    async fn image_by_recipe(&self, recipe: &str) -> Result<Option<String>, CloudError> {
        self.sim.image_by_recipe(recipe).await
    }

    async fn metrics(&self, machine: &str) -> Result<Option<Metrics>, CloudError> {
        self.sim.metrics(machine).await
    }

    async fn describe(&self) -> Result<String, CloudError> {
        self.sim.describe().await
    }
}
