//! Machines on AWS: EC2, Elastic Load Balancing, Route 53, CloudWatch.
//!
//! | our noun | there | made once, because |
//! |---|---|---|
//! | machine, disk | an instance with its root volume | the intent is its client token; known in its own zone only |
//! | address | an Elastic IP | the intent tag is looked up before an order is repeated |
//! | binding | the address's association | an address has one; a second is refused |
//! | firewall | a security group | its name is the intent's; its rules are compared and only the difference is changed |
//! | key | a key pair, imported | its name is the intent's |
//! | snapshot | a snapshot of the root volume | the intent tag is looked up before an order is repeated |
//! | image | an image registered of a snapshot | its name is the intent's |
//! | balancer, target group | an application load balancer, a target group | its name is the intent's |
//! | listener | a listener | a port of a balancer has one |
//! | target | a line in a target group | it is set, not added |
//! | record | a record with a companion | `cloud::dns` |
//!
//! Everything that can carry tags carries `koza:*`. Nothing is repeated in here, the SDK's own retries are off: the loop above decides. Who
//! lists while a list is on its way shares the next one, so a class that looks at once takes two lists of EC2's, not three hundred; balancers and
//! target groups are listed one by one in each.
//!
//! It is driven over the wire in its tests, against a double of AWS; it was never run on a real account.

mod account;
mod address;
mod balancer;
mod doctor;
mod firewall;
mod identity;
mod image;
mod key;
mod labels;
mod launch;
mod listing;
mod machine;
mod metrics;
mod network;
pub mod permissions;
mod route53;
mod size;
mod snapshot;
mod target_group;
mod trouble;
mod volume;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use cloud::{Allowance, Call, Cloud, CloudError, Create, Deletion, EnvironmentTag, Fate, Intent, Kind, Launch, Metrics, Nature, Seen};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

pub use account::{Clients, connect, connect_as};
pub use doctor::examine;
pub use route53::Route53;
pub use size::{instance_type, instance_types};

use identity::{Expected, Signers};
use listing::Looks;
use network::Network;

/// Where in AWS our machines live: the `settings` of the cloud's row. Credentials are not in it: they come by the SDK's usual chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AwsConfig {
    /// `ap-northeast-1`. The row's `region` says it.
    #[serde(skip)]
    pub region: String,
    /// The network; none: the account's default one.
    pub vpc: Option<String>,
    /// Subnets of it that machines may be in, one for each zone; empty: all.
    pub subnets: Vec<String>,
    /// The hosted zone that names are kept in; none: environments have no names.
    pub hosted_zone: Option<String>,
    /// Images of operating systems that are not to be asked for at AWS's public parameters: `debian-12`, `amazon-linux-2023`.
    pub images: BTreeMap<String, String>,
    /// The networks that the portal's own calls come from, as AWS sees them: `192.0.2.7/32`.
    pub portal_networks: Vec<String>,
    /// AWS's certificates that identity documents are signed with, saved from
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/regions-certs.md>; none: machines are launched one by one.
    pub identity_certificates: Option<PathBuf>,
    /// How far apart, in milliseconds, a process begins to list the same thing: whoever asks in between shares the next list. Twice a second is
    /// a tenth of what EC2 takes from an account, and a fifth of what Route 53 does.
    pub lists_apart_ms: u64,
    /// Where the services are, if not at AWS: a double, in tests.
    pub endpoint: Option<String>,
    /// The account, twelve digits. The row says it.
    #[serde(skip)]
    pub account: String,
    /// This installation, as tags write it.
    #[serde(skip)]
    pub installation: String,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            region: String::new(),
            vpc: None,
            subnets: Vec::new(),
            hosted_zone: None,
            images: BTreeMap::new(),
            portal_networks: Vec::new(),
            identity_certificates: None,
            lists_apart_ms: 500,
            endpoint: None,
            account: String::new(),
            installation: String::new(),
        }
    }
}

/// One account in one region.
pub struct AwsCloud {
    config: AwsConfig,
    clients: Clients,
    network: Network,
    nature: Nature,
    bases: image::Bases,
    looks: Looks,
    signers: Option<Signers>,
}

impl AwsCloud {
    /// Asks for the network that machines will be in.
    ///
    /// # Errors
    /// [`CloudError`] as for any call: AWS does not answer, refuses, or has no such network.
    pub async fn open(config: AwsConfig, clients: Clients) -> Result<Self, CloudError> {
        let signers = config.identity_certificates.as_deref().map(|file| signers(file, &config.region)).transpose()?;
        let network = Network::find(&config, &clients).await?;
        let nature = Nature {
            kinds: Kind::ALL.into_iter().filter(|kind| !matches!(kind, Kind::Record | Kind::Certificate)).collect(),
            zones: network.zones(),
            walls_every_machine: true,
            filters_sources: true,
            probes_come_from: config.portal_networks.clone(),
            deletion_stops: true,
            launches_together: if signers.is_some() { LAUNCHED_TOGETHER } else { 0 },
            balancers_are_machines: false,
            snapshots_stand_alone: true,
        };
        let looks = Looks::new(std::time::Duration::from_millis(config.lists_apart_ms));
        Ok(Self { config, clients, network, nature, bases: image::Bases::default(), looks, signers })
    }
}

/// So many have room in the tags that say whose each is.
const LAUNCHED_TOGETHER: usize = 100;

/// AWS's keys, those of this region among them.
fn signers(file: &Path, region: &str) -> Result<Signers, CloudError> {
    let wrong = |said: String| CloudError::new(Fate::Final, "bad_settings", format!("identity_certificates: {}: {said}", file.display()));
    let page = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let signers = Signers::parse(&page).map_err(|error| wrong(error.to_string()))?;
    if !signers.regions().any(|known| known == region) {
        return Err(wrong(format!("there is no certificate of {region} in it; AWS's page may be newer")));
    }
    Ok(signers)
}

fn not_here(kind: Kind) -> CloudError {
    CloudError::new(Fate::Final, "not_here", format!("a {} is not made here", kind.code()))
}

#[async_trait]
impl Cloud for AwsCloud {
    fn nature(&self) -> &Nature {
        &self.nature
    }

    fn allowances(&self) -> &'static [Allowance] {
        &cloud::call::AWS
    }

    fn draws(&self, call: Call) -> &'static [&'static str] {
        match call {
            // Looks are shared, and keep to a pace of their own.
            Call::List => &[],
            call => cloud::call::draws(call),
        }
    }

    fn draws_in_batch(&self, call: Call) -> &'static [&'static str] {
        cloud::call::draws_in_batch(call)
    }

    async fn list_kinds(&self, environment: &EnvironmentTag, kinds: &[Kind]) -> Result<Vec<Seen>, CloudError> {
        self.kinds_of(environment, kinds).await
    }

    async fn list_all(&self) -> Result<Vec<Seen>, CloudError> {
        self.every(&self.nature.kinds).await
    }

    async fn create(&self, intent: &Intent, create: &Create) -> Result<Seen, CloudError> {
        match create {
            Create::Machine { .. } => self.create_machine(intent, create).await,
            Create::Address => self.create_address(intent).await,
            Create::Binding { address, machine, .. } => self.create_binding(intent, address, machine).await,
            Create::Firewall { tcp } => self.create_firewall(intent, tcp).await,
            Create::Key { public_key } => self.create_key(intent, public_key).await,
            Create::Snapshot { machine } => self.create_snapshot(intent, machine).await,
            Create::Image { snapshot, recipe } => self.create_image(intent, snapshot, recipe).await,
            Create::Balancer { firewall } => self.create_balancer(intent, firewall).await,
            Create::TargetGroup { is_sticky, .. } => self.create_target_group(intent, *is_sticky).await,
            Create::Listener { asks: Some(_), .. } => Err(not_here(Kind::Certificate)),
            Create::Listener { balancer, target_group, certificate, asks: None } => {
                self.create_listener(intent, balancer, target_group, certificate.as_deref()).await
            }
            Create::Target { target_group, machine } => self.create_target(intent, target_group, machine).await,
            Create::Record(_) | Create::Certificate { .. } => Err(not_here(intent.kind)),
        }
    }

    async fn launch(&self, launch: &Launch) -> Result<Vec<Option<String>>, CloudError> {
        self.launch_together(launch).await
    }

    async fn hand_over(&self, machine: &str, intent: &Intent, disk: Option<Uuid>, firewall: &str) -> Result<(), CloudError> {
        self.hand_over_machine(machine, intent, disk, firewall).await
    }

    fn prove(&self, document: &str, now: OffsetDateTime) -> Result<String, String> {
        let signers = self.signers.as_ref().ok_or("no certificates are configured")?;
        let expected = Expected { account: &self.config.account, region: &self.config.region };
        signers.prove(document, &expected, now).map(|identity| identity.instance).map_err(|error| error.to_string())
    }

    async fn start(&self, machine: &str) -> Result<(), CloudError> {
        self.start_machines(&[machine.to_owned()]).await
    }

    async fn stop(&self, machine: &str) -> Result<(), CloudError> {
        self.stop_machines(&[machine.to_owned()]).await
    }

    async fn delete(&self, kind: Kind, cloud_id: &str) -> Result<Deletion, CloudError> {
        match kind {
            Kind::Machine => self.delete_machine(cloud_id).await,
            Kind::Disk => self.delete_volume(cloud_id).await,
            Kind::Address => self.delete_address(cloud_id).await,
            Kind::Binding => self.delete_binding(cloud_id).await,
            Kind::Firewall => self.delete_firewall(cloud_id).await,
            Kind::Key => self.delete_key(cloud_id).await,
            Kind::Snapshot => self.delete_snapshot(cloud_id).await,
            Kind::Image => self.delete_image(cloud_id).await,
            Kind::Balancer => self.delete_balancer(cloud_id).await,
            Kind::Listener => self.delete_listener(cloud_id).await,
            Kind::TargetGroup => self.delete_target_group(cloud_id).await,
            Kind::Target => self.delete_target(cloud_id).await,
            Kind::Record | Kind::Certificate => Err(not_here(kind)),
        }
    }

    async fn several(&self, call: Call, machines: &[String]) -> Vec<Result<Deletion, CloudError>> {
        self.several_machines(call, machines).await
    }

    async fn image_by_recipe(&self, recipe: &str) -> Result<Option<String>, CloudError> {
        self.image_of(recipe).await
    }

    async fn metrics(&self, machine: &str) -> Result<Option<Metrics>, CloudError> {
        self.machine_metrics(machine).await
    }

    async fn describe(&self) -> Result<String, CloudError> {
        let who = self.clients.identity().await?;
        Ok(format!("AWS account {} in {}, network {}", who.account, self.config.region, self.network.vpc))
    }
}
