//! An account on the double, with a network and a hosted zone.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_double::{Clock, Double};
use cloud::order::PortRange;
use cloud::{Cloud, CloudError, Create, EnvironmentTag, ImageSource, Intent, Kind, Named, Observed, Opening, Seen, Size, Tags};
use cloud_aws::{AwsCloud, AwsConfig, Route53};
use time::OffsetDateTime;
use uuid::Uuid;

pub const INSTALLATION: &str = "wire";
pub const DOMAIN: &str = "exp.test";
pub const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5mVw8fLkZxTG8xE1p3rW8cJd0oX3l9o1nq0m7m5f3a koza";

pub struct Trial {
    pub double: Double,
    pub clock: Clock,
    pub config: AwsConfig,
    pub cloud: Arc<dyn Cloud>,
    pub environment: Uuid,
}

/// The double's own image of Debian 12.
const DEBIAN: &str = "ami-0deb120000000a002";

/// Runs a promise on a fresh account.
pub async fn on_aws<F: Future<Output = ()>>(prepare: impl FnOnce(Double) -> Double, promise: impl FnOnce(Arc<Trial>) -> F) {
    let Some(moto) = std::env::var_os("KOZA_MOTO").map(PathBuf::from) else {
        assert!(std::env::var_os("CI").is_none_or(|set| set.is_empty()), "skipped: KOZA_MOTO names no moto server");
        // Straight to the screen: what is printed the usual way is kept back when a test passes.
        let _ = std::io::stderr().write_all(b"\nskipped: KOZA_MOTO names no moto server (deploy/host/moto path)\n");
        return;
    };
    let clock = Clock::by_hand();
    let double = prepare(Double::share(&moto).expect("moto starts").with_clock(clock.clone()));
    let zone = double.add_hosted_zone(DOMAIN).expect("a zone");
    let config = AwsConfig {
        region: "us-east-1".into(),
        hosted_zone: Some(zone.clone()),
        images: [("debian-12".to_owned(), DEBIAN.to_owned())].into(),
        endpoint: Some(double.endpoint().to_owned()),
        installation: INSTALLATION.into(),
        lists_apart_ms: 0,
        ..AwsConfig::default()
    };
    let clients = cloud_aws::connect_as(&config, "key", "secret").await;
    let cloud = AwsCloud::open(config.clone(), clients.clone()).await.expect("the account has a default network");
    let names = Route53::new(clients, &config, zone, Arc::new(OffsetDateTime::now_utc));
    let cloud = Arc::new(Named::new(Arc::new(cloud), Arc::new(names)));
    // Shared, so that the double lives as long as the promise, whatever of it that takes.
    let trial = Arc::new(Trial { double, clock, config, cloud, environment: Uuid::now_v7() });
    promise(trial.clone()).await;
}

/// As AWS is, with everything at once.
pub fn at_once(double: Double) -> Double {
    double
}

/// The value, or what the cloud said.
#[track_caller]
pub fn must<T>(result: Result<T, CloudError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the cloud refused: {error}"),
    }
}

pub fn ports(from: u16, to: u16) -> Opening {
    PortRange { from, to }.into()
}

impl Trial {
    pub fn of(&self) -> EnvironmentTag {
        EnvironmentTag { installation: INSTALLATION.into(), environment: self.environment }
    }

    pub fn intent(&self, kind: Kind, slot: u16) -> Intent {
        let tags = Tags { environment: self.of(), course: Uuid::now_v7(), owner: Uuid::now_v7() };
        Intent { token: Uuid::now_v7(), kind, slot, incarnation: 1, is_repeat: false, tags }
    }

    pub async fn make(&self, kind: Kind, slot: u16, create: Create) -> Seen {
        must(self.cloud.create(&self.intent(kind, slot), &create).await)
    }

    pub fn machine(&self, firewall: Option<&str>, key: Option<&str>, zone: usize) -> Create {
        Create::Machine {
            image: ImageSource::Base("debian-12".into()),
            size: Size { cpus: 2, memory_mib: 1024, disk_gib: 8 },
            user_data: "#cloud-config\n{}\n".into(),
            host_name: "c5".into(),
            zone: Some(self.cloud.nature().zones[zone].clone()),
            disk: Some(Uuid::now_v7()),
            firewall: firewall.map(str::to_owned),
            key: key.map(str::to_owned),
            is_encrypted: true,
            goes_out_alone: false,
        }
    }

    pub async fn listed(&self) -> Vec<Seen> {
        must(self.cloud.list(&self.of()).await)
    }

    pub async fn observed(&self, kind: Kind) -> Vec<Observed> {
        self.listed().await.into_iter().map(|seen| seen.observed).filter(|observed| observed.kind() == kind).collect()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// How often an action was asked for since the counts began.
    pub fn taken(&self, action: &str) -> u64 {
        self.double.taken().get(action).copied().unwrap_or(0)
    }

    /// Takes everything of the environment away, users before what they use, and looks whether anything is left.
    pub async fn clear(&self) {
        for _ in 0..6 {
            let all = self.listed().await;
            for kind in Kind::USERS_FIRST {
                for seen in all.iter().filter(|seen| seen.kind() == kind) {
                    // What is still used goes in the next round.
                    let _ = self.cloud.delete(kind, &seen.cloud_id).await;
                }
            }
            self.advance(120);
        }
        assert_eq!(self.listed().await, [], "something is left");
    }
}

impl Trial {
    /// What the SDK needs to look past our own crate.
    pub async fn sdk(&self) -> aws_config::SdkConfig {
        let credentials = aws_sdk_ec2::config::Credentials::new("key", "secret", None, None, "given");
        aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("us-east-1"))
            .credentials_provider(credentials)
            .endpoint_url(self.double.endpoint())
            .load()
            .await
    }

    /// Somebody else makes a record in our zone.
    pub async fn add_foreign_record(&self, label: &str, address: &str) {
        use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
        let value = ResourceRecord::builder().value(address).build().expect("a value");
        let set = ResourceRecordSet::builder().name(format!("{label}.{DOMAIN}.")).r#type(RrType::A).ttl(300).resource_records(value);
        let change = Change::builder().action(ChangeAction::Create).resource_record_set(set.build().expect("a set")).build();
        let batch = ChangeBatch::builder().changes(change.expect("a change")).build().expect("a batch");
        let zone = self.config.hosted_zone.clone().expect("a zone");
        let client = aws_sdk_route53::Client::new(&self.sdk().await);
        client.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await.expect("made");
    }

    /// What it says.
    pub async fn foreign_record(&self, label: &str) -> Option<String> {
        let zone = self.config.hosted_zone.clone().expect("a zone");
        let client = aws_sdk_route53::Client::new(&self.sdk().await);
        let all = client.list_resource_record_sets().hosted_zone_id(zone).send().await.expect("listed");
        let name = format!("{label}.{DOMAIN}.");
        let set = all.resource_record_sets().iter().find(|set| set.name() == name && set.r#type() == &aws_sdk_route53::types::RrType::A)?;
        set.resource_records().first().map(|record| record.value().to_owned())
    }
}
