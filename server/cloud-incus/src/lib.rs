//! Real machines on your own hardware, through the Incus REST API.
//!
//! | our noun | here | made once, because |
//! |---|---|---|
//! | machine | a container, limits, cloud-init | its name is the intent's |
//! | address | a network forward without ports | the intent tag is looked up, and a listen address is taken only once |
//! | firewall | a network access list, to be read | its name is the intent's |
//! | binding | the forward's ports and binding tags | it is set, not added |
//! | snapshot | a snapshot, its tags frozen in | its name is the intent's |
//! | image | a published image, unpacked | the intent tag is looked up; publishing is noted on the build machine |
//! | balancer | a container of ours with HAProxy, and a forward | its name is the intent's, the forward as an address |
//! | target group | a profile of keys that the container reads | its name is the intent's |
//! | listener | the profile, applied to the container | it is set, not added |
//! | target | a key of the profile | it is set, not added |
//!
//! Everything carries `user.koza.*` tags. Objects of another installation, and those that people made by hand, are never touched.
//! No call takes longer than the deadline given at construction, and nothing is repeated in here: the loop above decides.

mod address;
mod balancer;
mod binding;
mod client;
mod firewall;
mod forward;
mod health;
mod image;
mod instance;
mod labels;
mod listener;
mod listing;
mod machine;
mod pool;
mod snapshot;
mod subnet;
mod target;
mod target_group;
mod trouble;

use std::future::Future;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use cloud::{Cloud, CloudError, Create, Deletion, EnvironmentTag, Fate, Intent, Kind, Metrics, Nature, Seen};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OnceCell};

use crate::binding::Ends;
use crate::client::{Client, Deadline};
use crate::machine::Order;
use crate::pool::Pool;
use crate::subnet::Subnet;

/// Where an Incus is and what of it is ours: the `settings` of the cloud's row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncusConfig {
    /// `/var/lib/incus/unix.socket`.
    pub socket: PathBuf,
    /// The Incus project that machines live in.
    pub project: String,
    /// The bridge.
    pub network: String,
    /// The storage pool of root disks.
    pub storage_pool: String,
    /// Addresses to hand out: networks, ranges and single ones, with commas.
    pub address_pool: String,
    /// This installation, as tags write it.
    pub installation: String,
}

/// How long a call may take if nobody says otherwise.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// One project of one Incus.
#[derive(Debug)]
pub struct IncusCloud {
    client: Client,
    network: String,
    storage_pool: String,
    pool: Pool,
    installation: String,
    deadline: Duration,
    subnet: OnceCell<Subnet>,
    forward_changes: Mutex<()>,
    group_changes: Mutex<()>,
}

#[derive(Deserialize)]
struct Server {
    environment: ServerEnvironment,
}

#[derive(Deserialize)]
struct ServerEnvironment {
    server_version: String,
    server_name: String,
    kernel_version: String,
}

impl IncusCloud {
    /// A cloud that has not been asked anything yet.
    ///
    /// # Errors
    /// [`Fate::Final`], code `bad_settings`, if the settings make no sense.
    pub fn new(config: IncusConfig) -> Result<Self, CloudError> {
        let wrong = |said: String| CloudError::new(Fate::Final, "bad_settings", said);
        let names = [("project", &config.project), ("network", &config.network), ("storage_pool", &config.storage_pool)];
        for (what, name) in names {
            if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter)) {
                return Err(wrong(format!("{what}: {name:?} is no name of Incus'")));
            }
        }
        Ok(Self {
            client: Client::new(config.socket, config.project),
            network: config.network,
            storage_pool: config.storage_pool,
            pool: Pool::parse(&config.address_pool).map_err(|why| wrong(format!("address_pool: {why}")))?,
            installation: config.installation,
            deadline: DEADLINE,
            subnet: OnceCell::new(),
            forward_changes: Mutex::new(()),
            group_changes: Mutex::new(()),
        })
    }

    /// The same with another deadline for every call.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs a call; it has answered by the deadline.
    async fn call<T, F>(&self, call: impl FnOnce(Deadline) -> F) -> Result<T, CloudError>
    where
        F: Future<Output = Result<T, CloudError>>,
    {
        let by = Deadline::after(self.deadline);
        let late = || CloudError::new(Fate::TryAgain, "no_answer_in_time", format!("no answer within {} s", self.deadline.as_secs()));
        tokio::time::timeout(by.left(), call(by)).await.unwrap_or_else(|_| Err(late()))
    }
}

/// A key travels in the machine's settings, and a disk is the machine's own.
static NATURE: LazyLock<Nature> = LazyLock::new(|| Nature {
    kinds: vec![
        Kind::Machine,
        Kind::Address,
        Kind::Binding,
        Kind::Firewall,
        Kind::Snapshot,
        Kind::Image,
        Kind::Balancer,
        Kind::TargetGroup,
        Kind::Listener,
        Kind::Target,
    ],
    zones: Vec::new(),
    walls_every_machine: false,
    filters_sources: false,
    probes_come_from: Vec::new(),
    deletion_stops: false,
    launches_together: 0,
    balancers_are_machines: true,
    snapshots_stand_alone: false,
});

fn not_here(kind: Kind) -> CloudError {
    CloudError::new(Fate::Final, "not_here", format!("a {} is no object of its own on Incus", kind.code()))
}

#[async_trait]
impl Cloud for IncusCloud {
    fn nature(&self) -> &Nature {
        &NATURE
    }

    async fn list_kinds(&self, environment: &EnvironmentTag, kinds: &[Kind]) -> Result<Vec<Seen>, CloudError> {
        let mut seen = self.call(|by| self.everything(Some(environment), by)).await?;
        seen.retain(|seen| kinds.contains(&seen.kind()));
        Ok(seen)
    }

    async fn list_all(&self) -> Result<Vec<Seen>, CloudError> {
        self.call(|by| self.everything(None, by)).await
    }

    async fn create(&self, intent: &Intent, create: &Create) -> Result<Seen, CloudError> {
        self.call(|by| async move {
            match create {
                Create::Machine { image, size, user_data, host_name, .. } => {
                    self.create_machine(intent, Order { image, size, user_data, host_name }, by).await
                }
                Create::Address => self.create_address(intent, by).await,
                Create::Firewall { tcp } => self.create_firewall(intent, tcp, by).await,
                Create::Binding { address, machine, firewall } => {
                    self.create_binding(intent, Ends { address, machine, firewall }, by).await
                }
                Create::Snapshot { machine } => self.create_snapshot(intent, machine, by).await,
                Create::Image { snapshot, recipe } => self.create_image(intent, snapshot, recipe, by).await,
                Create::Balancer { firewall } => self.create_balancer(intent, firewall, by).await,
                Create::TargetGroup { is_sticky, passage } => self.create_target_group(intent, *is_sticky, passage.as_ref(), by).await,
                Create::Listener { certificate: Some(_), .. } => Err(not_here(Kind::Certificate)),
                Create::Listener { balancer, target_group, certificate: None, asks } => {
                    self.create_listener(intent, (balancer, target_group), asks.as_ref(), by).await
                }
                Create::Target { target_group, machine } => self.create_target(intent, target_group, machine, by).await,
                Create::Key { .. } | Create::Record(_) | Create::Certificate { .. } => Err(not_here(intent.kind)),
            }
        })
        .await
    }

    async fn start(&self, machine: &str) -> Result<(), CloudError> {
        self.call(|by| self.start_machine(machine, by)).await
    }

    async fn stop(&self, machine: &str) -> Result<(), CloudError> {
        self.call(|by| self.stop_machine(machine, by)).await
    }

    async fn delete(&self, kind: Kind, cloud_id: &str) -> Result<Deletion, CloudError> {
        self.call(|by| async move {
            match kind {
                Kind::Machine => self.delete_machine(cloud_id, by).await,
                Kind::Address => self.delete_address(cloud_id, by).await,
                Kind::Binding => self.delete_binding(cloud_id, by).await,
                Kind::Firewall => self.delete_firewall(cloud_id, by).await,
                Kind::Snapshot => self.delete_snapshot(cloud_id, by).await,
                Kind::Image => self.delete_image(cloud_id, by).await,
                Kind::Balancer => self.delete_balancer(cloud_id, by).await,
                Kind::TargetGroup => self.delete_target_group(cloud_id, by).await,
                Kind::Listener => self.delete_listener(cloud_id, by).await,
                Kind::Target => return self.delete_target(cloud_id, by).await,
                other => Err(not_here(other)),
            }?;
            Ok(Deletion::Done(None))
        })
        .await
    }

    async fn image_by_recipe(&self, recipe: &str) -> Result<Option<String>, CloudError> {
        self.call(|by| self.image_of(recipe, by)).await
    }

    async fn metrics(&self, machine: &str) -> Result<Option<Metrics>, CloudError> {
        self.call(|by| self.machine_metrics(machine, by)).await
    }

    async fn describe(&self) -> Result<String, CloudError> {
        self.call(|by| async move {
            let Server { environment } = self.client.get("/1.0", by).await?;
            Ok(format!("Incus {} on {} (Linux {})", environment.server_version, environment.server_name, environment.kernel_version))
        })
        .await
    }
}
