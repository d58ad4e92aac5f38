//! A cloud with traps: the next call of a sort stops right before or right after the cloud did its work, until it is let go.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloud::{Allowance, Call, Cloud, CloudError, Create, Deletion, EnvironmentTag, Intent, Kind, Launch, Metrics, Nature, Seen};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The intent is written, the cloud has not heard of it.
    BeforeTheCall,
    /// The cloud did it, and nobody wrote that down.
    AfterTheCall,
}

pub struct TrapCloud {
    cloud: Arc<dyn Cloud>,
    set: Mutex<Vec<(Call, Point)>>,
    caught: Semaphore,
    let_go: Semaphore,
    /// Documents that count as signed, with their machine.
    signed: Mutex<HashMap<String, String>>,
}

impl TrapCloud {
    pub fn new(cloud: Arc<dyn Cloud>) -> Self {
        Self { cloud, set: Mutex::default(), caught: Semaphore::new(0), let_go: Semaphore::new(0), signed: Mutex::default() }
    }

    /// The next call of this sort is caught.
    pub fn set(&self, call: Call, point: Point) {
        self.set.lock().expect("no panic while it is held").push((call, point));
    }

    /// A document is this machine's from now on, as if its cloud had signed it.
    pub fn signs(&self, document: &str, machine: &str) {
        self.signed.lock().expect("no panic while it is held").insert(document.to_owned(), machine.to_owned());
    }

    /// The calls that were not caught yet.
    pub fn is_set(&self) -> Vec<Call> {
        self.set.lock().expect("no panic while it is held").iter().map(|(call, _)| *call).collect()
    }

    /// Ends when something is caught.
    pub async fn catch(&self) {
        self.caught.acquire().await.expect("it is never closed").forget();
    }

    /// What is caught goes on.
    pub fn let_go(&self) {
        self.let_go.add_permits(1);
    }

    async fn stop_at(&self, call: Call, point: Point) {
        let is_it = {
            let mut set = self.set.lock().expect("no panic while it is held");
            set.iter().position(|trap| *trap == (call, point)).map(|place| set.remove(place)).is_some()
        };
        if is_it {
            self.caught.add_permits(1);
            self.let_go.acquire().await.expect("it is never closed").forget();
        }
    }

    async fn through<T>(&self, call: Call, work: impl Future<Output = T>) -> T {
        self.stop_at(call, Point::BeforeTheCall).await;
        let result = work.await;
        self.stop_at(call, Point::AfterTheCall).await;
        result
    }
}

#[async_trait]
impl Cloud for TrapCloud {
    fn nature(&self) -> &Nature {
        self.cloud.nature()
    }

    async fn list_kinds(&self, environment: &EnvironmentTag, kinds: &[Kind]) -> Result<Vec<Seen>, CloudError> {
        self.through(Call::List, self.cloud.list_kinds(environment, kinds)).await
    }

    async fn list_all(&self) -> Result<Vec<Seen>, CloudError> {
        self.cloud.list_all().await
    }

    async fn create(&self, intent: &Intent, create: &Create) -> Result<Seen, CloudError> {
        self.through(Call::Create(intent.kind), self.cloud.create(intent, create)).await
    }

    async fn launch(&self, launch: &Launch) -> Result<Vec<Option<String>>, CloudError> {
        self.through(Call::Launch, self.cloud.launch(launch)).await
    }

    async fn hand_over(&self, machine: &str, intent: &Intent, disk: Option<Uuid>, firewall: &str) -> Result<(), CloudError> {
        self.through(Call::HandOver, self.cloud.hand_over(machine, intent, disk, firewall)).await
    }

    fn prove(&self, document: &str, now: OffsetDateTime) -> Result<String, String> {
        let signed = self.signed.lock().expect("no panic while it is held").get(document).cloned();
        signed.map_or_else(|| self.cloud.prove(document, now), Ok)
    }

    async fn start(&self, machine: &str) -> Result<(), CloudError> {
        self.through(Call::Start, self.cloud.start(machine)).await
    }

    async fn stop(&self, machine: &str) -> Result<(), CloudError> {
        self.through(Call::Stop, self.cloud.stop(machine)).await
    }

    async fn delete(&self, kind: Kind, cloud_id: &str) -> Result<Deletion, CloudError> {
        self.through(Call::Delete(kind), self.cloud.delete(kind, cloud_id)).await
    }

    async fn several(&self, call: Call, machines: &[String]) -> Vec<Result<Deletion, CloudError>> {
        self.through(call, self.cloud.several(call, machines)).await
    }

    fn allowances(&self) -> &'static [Allowance] {
        self.cloud.allowances()
    }

    fn draws(&self, call: Call) -> &'static [&'static str] {
        self.cloud.draws(call)
    }

    fn draws_in_batch(&self, call: Call) -> &'static [&'static str] {
        self.cloud.draws_in_batch(call)
    }

    async fn image_by_recipe(&self, recipe: &str) -> Result<Option<String>, CloudError> {
        self.cloud.image_by_recipe(recipe).await
    }

    async fn is_name_taken(&self, name: &str) -> Result<bool, CloudError> {
        self.cloud.is_name_taken(name).await
    }

    async fn name_servers(&self) -> Result<Vec<String>, CloudError> {
        self.cloud.name_servers().await
    }

    async fn metrics(&self, machine: &str) -> Result<Option<Metrics>, CloudError> {
        self.cloud.metrics(machine).await
    }

    async fn describe(&self) -> Result<String, CloudError> {
        self.cloud.describe().await
    }
}
