//! A real account on AWS, if somebody lends one: everything that an environment of two machines takes, made, seen and taken away again.
//!
//! ```sh
//! KOZA_TEST_AWS=1 AWS_REGION=ap-northeast-1 KOZA_TEST_AWS_ZONE=Z0123… cargo test --workspace --test real_aws -- --nocapture
//! ```
//! Credentials come by the SDK's usual chain, from an account that holds nothing else. It makes two t3.nano, two addresses, one load balancer and
//! what belongs to them, for [`MINUTES`] at most: well under a dollar. It ends by taking away whatever carries its tag, however it went, and
//! by looking twice whether anything is left. Without `KOZA_TEST_AWS` nothing is asked of anybody.
//!
//! It was run against the double only (`AWS_ENDPOINT_URL`, `KOZA_TEST_AWS_IMAGE`), never on a real account.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cloud::order::PortRange;
use cloud::{
    Cloud, CloudError, Create, Deletion, EnvironmentTag, Fate, Health, ImageSource, Intent, Kind, MachineState, Named, Observed, Record,
    Seen, Size, Tags,
};
use cloud_aws::{AwsCloud, AwsConfig, Route53, connect};
use time::OffsetDateTime;
use uuid::Uuid;

/// No machine is ordered, and nothing is waited for, after so many minutes.
const MINUTES: u64 = 25;
const MACHINES: u16 = 2;
const OS: &str = "amazon-linux-2023";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5mVw8fLkZxTG8xE1p3rW8cJd0oX3l9o1nq0m7m5f3a koza";

struct Account {
    cloud: Arc<dyn Cloud>,
    environment: EnvironmentTag,
    domain: Option<String>,
    began: Instant,
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_real_account_everything_is_made_and_nothing_is_left() {
    if std::env::var("KOZA_TEST_AWS").as_deref() != Ok("1") {
        // Straight to the screen: what is printed the usual way is kept back when a test passes.
        let _ = std::io::stderr().write_all(b"\nskipped: a real account on AWS: KOZA_TEST_AWS is not 1\n");
        return;
    }
    let account = Arc::new(Account::open().await);
    let story = tokio::spawn({
        let account = account.clone();
        async move { account.story().await }
    });
    let ended = story.await;
    account.clear().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic.into_panic());
    }
}

fn said<T>(result: Result<T, CloudError>) -> T {
    result.unwrap_or_else(|error| panic!("AWS refused: {error}"))
}

impl Account {
    async fn open() -> Self {
        let installation = Uuid::now_v7().simple().to_string();
        let image = std::env::var("KOZA_TEST_AWS_IMAGE").ok().map(|image| (OS.to_owned(), image));
        let config = AwsConfig {
            region: std::env::var("AWS_REGION").expect("AWS_REGION says where"),
            hosted_zone: std::env::var("KOZA_TEST_AWS_ZONE").ok(),
            images: image.into_iter().collect(),
            installation: installation.clone(),
            ..AwsConfig::default()
        };
        let clients = connect(&config).await;
        let names = config.hosted_zone.clone().map(|zone| Route53::new(clients.clone(), &config, zone, Arc::new(OffsetDateTime::now_utc)));
        let domain = match &names {
            Some(names) => Some(said(names.domain().await).to_owned()),
            None => None,
        };
        let cloud: Arc<dyn Cloud> = Arc::new(said(AwsCloud::open(config, clients).await));
        let cloud = match names {
            Some(names) => Arc::new(Named::new(cloud, Arc::new(names))),
            None => cloud,
        };
        println!("{}", said(cloud.describe().await));
        Self { cloud, environment: EnvironmentTag { installation, environment: Uuid::now_v7() }, domain, began: Instant::now() }
    }

    fn is_late(&self) -> bool {
        self.began.elapsed() > Duration::from_mins(MINUTES)
    }

    async fn make(&self, kind: Kind, slot: u16, create: Create) -> Seen {
        assert!(!self.is_late(), "{MINUTES} minutes are over");
        let tags = Tags { environment: self.environment.clone(), course: Uuid::now_v7(), owner: Uuid::now_v7() };
        let mut intent = Intent { token: Uuid::now_v7(), kind, slot, incarnation: 1, is_repeat: false, tags };
        loop {
            match self.cloud.create(&intent, &create).await {
                Ok(seen) => {
                    println!("{:>5} s  {} {slot}: {}", self.began.elapsed().as_secs(), kind.code(), seen.cloud_id);
                    return seen;
                }
                Err(error)
                    if matches!(error.fate, Fate::NotVisibleYet | Fate::InUse | Fate::Throttled | Fate::TryAgain) && !self.is_late() =>
                {
                    intent.is_repeat = error.fate == Fate::TryAgain;
                    tokio::time::sleep(Duration::from_secs(3)).await;
                }
                Err(error) => panic!("{} {slot}: {error}", kind.code()),
            }
        }
    }

    async fn until(&self, what: &str, is_so: impl Fn(&[Seen]) -> bool) {
        while !is_so(&said(self.cloud.list(&self.environment).await)) {
            assert!(!self.is_late(), "{what}: not within {MINUTES} minutes");
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        println!("{:>5} s  {what}", self.began.elapsed().as_secs());
    }

    fn machine(&self, image: ImageSource, place: usize, firewall: &str, key: &str) -> Create {
        let zones = &self.cloud.nature().zones;
        Create::Machine {
            image,
            size: Size { cpus: 1, memory_mib: 512, disk_gib: 8 },
            user_data: "#cloud-config\n{}\n".into(),
            host_name: "koza-test".into(),
            zone: Some(zones[place % zones.len()].clone()),
            disk: Some(Uuid::now_v7()),
            firewall: Some(firewall.to_owned()),
            key: Some(key.to_owned()),
            is_encrypted: true,
            goes_out_alone: false,
        }
    }

    /// One machine, a copy of it in another zone, a balancer before both.
    async fn story(&self) {
        let web = vec![PortRange { from: 80, to: 80 }.into()];
        let firewall = self.make(Kind::Firewall, 1, Create::Firewall { tcp: web.clone() }).await.cloud_id;
        let key = self.make(Kind::Key, 1, Create::Key { public_key: KEY.into() }).await.cloud_id;
        let runs = |wanted: usize| {
            move |seen: &[Seen]| {
                let is_up = |one: &&Seen| matches!(one.observed, Observed::Machine { state: MachineState::Running, .. });
                seen.iter().filter(is_up).count() == wanted
            }
        };
        let first = self.make(Kind::Machine, 1, self.machine(ImageSource::Base(OS.into()), 0, &firewall, &key)).await.cloud_id;
        self.until("the first machine runs", runs(1)).await;
        let snapshot = self.make(Kind::Snapshot, 1, Create::Snapshot { machine: first.clone() }).await.cloud_id;
        let whole = |one: &Seen| matches!(one.observed, Observed::Snapshot { is_complete: true });
        self.until("the snapshot is whole", |seen| seen.iter().any(whole)).await;
        let image = self.make(Kind::Image, 1, Create::Image { snapshot, recipe: "test".into() }).await.cloud_id;
        let usable = |one: &Seen| matches!(one.observed, Observed::Image { is_available: true, .. });
        self.until("the image is there", |seen| seen.iter().any(usable)).await;
        let copy = self.machine(ImageSource::Baked(image), 1, &firewall, &key);
        let second = self.make(Kind::Machine, MACHINES, copy).await.cloud_id;
        self.until("both machines run", runs(2)).await;

        for (slot, machine) in [(1, &first), (MACHINES, &second)] {
            let address = self.make(Kind::Address, slot, Create::Address).await;
            let binding = Create::Binding { address: address.cloud_id.clone(), machine: machine.clone(), firewall: firewall.clone() };
            self.make(Kind::Binding, slot, binding).await;
            if let (1, Some(domain), Observed::Address { address }) = (slot, &self.domain, &address.observed) {
                let record = Record { name: format!("koza-test.{domain}"), value: address.clone() };
                self.make(Kind::Record, 1, Create::Record(record)).await;
            }
        }
        let outer = self.make(Kind::Firewall, 2, Create::Firewall { tcp: web }).await.cloud_id;
        let balancer = self.make(Kind::Balancer, 1, Create::Balancer { firewall: outer }).await.cloud_id;
        let target_group = self.make(Kind::TargetGroup, 1, Create::TargetGroup { is_sticky: true, passage: None }).await.cloud_id;
        let listener = Create::Listener { balancer, target_group: target_group.clone(), certificate: None, asks: None };
        self.make(Kind::Listener, 1, listener).await;
        for (slot, machine) in [(1, &first), (MACHINES, &second)] {
            self.make(Kind::Target, slot, Create::Target { target_group: target_group.clone(), machine: machine.clone() }).await;
        }
        let active = |one: &Seen| matches!(one.observed, Observed::Balancer { is_active: true, .. });
        self.until("the balancer takes requests", |seen| seen.iter().any(active)).await;
        // Nothing answers on port 80 of a bare machine: known to be unhealthy is as far as it goes.
        let known = |one: &&Seen| matches!(one.observed, Observed::Target { health, .. } if health != Health::Initial);
        self.until("both targets are known", |seen| seen.iter().filter(known).count() == 2).await;
        println!("what CloudWatch knows: {:?}", said(self.cloud.metrics(&first).await));
        said(self.cloud.stop(&second).await);
        self.until("the copy is off", runs(1)).await;
        said(self.cloud.start(&second).await);
        self.until("the copy runs again", runs(2)).await;
    }

    /// Takes everything away, users before what they use, and looks twice.
    async fn clear(&self) {
        let mut empty = 0;
        // A quarter of an hour: a balancer's network interfaces take minutes to go.
        for _ in 0..180 {
            let all = said(self.cloud.list_all().await);
            empty = if all.is_empty() { empty + 1 } else { 0 };
            if empty == 2 {
                println!("{:>5} s  nothing is left", self.began.elapsed().as_secs());
                return;
            }
            for kind in Kind::USERS_FIRST {
                for seen in all.iter().filter(|seen| seen.kind() == kind) {
                    match self.cloud.delete(kind, &seen.cloud_id).await {
                        Ok(Deletion::Done(_)) => println!("{:>5} s  gone: {}", self.began.elapsed().as_secs(), seen.cloud_id),
                        // What is still used goes in a later round.
                        Ok(Deletion::UnderWay) | Err(_) => {}
                    }
                }
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        panic!("LEFT BEHIND, to be removed by hand: {:?}", said(self.cloud.list_all().await));
    }
}
