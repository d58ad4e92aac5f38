//! Machines that are launched together.

use std::path::PathBuf;
use std::time::Duration;

use aws_double::Fault;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Instance;
use cloud::{Cloud, Create, EnvironmentTag, Fate, Intent, Kind, Launch, Member, Observed, Seen, Tags};
use cloud_aws::{AwsCloud, AwsConfig};
use time::macros::datetime;
use uuid::Uuid;

use crate::support::{INSTALLATION, Trial, at_once, must, on_aws, ports};

impl Trial {
    fn launch(&self, members: usize) -> Launch {
        let member = |_| Member { environment: Uuid::now_v7(), intent: Uuid::now_v7() };
        let mut order = self.machine(None, None, 0);
        if let Create::Machine { disk, .. } = &mut order {
            *disk = None;
        }
        Launch { token: Uuid::now_v7(), members: (0..members).map(member).collect(), order }
    }

    async fn of_member(&self, member: Member) -> Vec<Seen> {
        must(self.cloud.list(&EnvironmentTag { installation: INSTALLATION.into(), environment: member.environment }).await)
    }

    async fn instance(&self, id: &str) -> Instance {
        let answer = Client::new(&self.sdk().await).describe_instances().instance_ids(id).send().await.expect("described");
        answer.reservations()[0].instances()[0].clone()
    }

    async fn clear_launch(&self, launch: &Launch) {
        for member in &launch.members {
            for seen in self.of_member(*member).await.iter().filter(|seen| seen.kind() == Kind::Machine) {
                must(self.cloud.delete(Kind::Machine, &seen.cloud_id).await);
            }
        }
    }
}

fn is_locked(seen: &Seen) -> bool {
    matches!(seen.observed, Observed::Machine { is_locked: true, .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_is_launched_by_one_call_and_everybody_finds_their_own_machine_locked() {
    on_aws(at_once, |trial| async move {
        let launch = trial.launch(30);
        let machines = must(trial.cloud.launch(&launch).await);
        assert_eq!(trial.taken("RunInstances"), 1);
        for (member, machine) in launch.members.iter().zip(&machines) {
            let seen = trial.of_member(*member).await;
            assert_eq!(seen.len(), 1, "{seen:?}");
            assert_eq!((Some(&seen[0].cloud_id), seen[0].intent), (machine.as_ref(), Some(member.intent)));
            assert!(is_locked(&seen[0]));
        }
        let lock = trial.instance(machines[0].as_deref().expect("there was room")).await.security_groups()[0].clone();
        let groups = Client::new(&trial.sdk().await).describe_security_groups().group_ids(lock.group_id().expect("an id")).send().await;
        assert_eq!(groups.expect("described").security_groups()[0].ip_permissions(), [], "nobody gets in");
        trial.clear_launch(&launch).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_whose_answer_got_lost_is_sent_again_and_makes_nothing_twice() {
    on_aws(at_once, |trial| async move {
        let launch = trial.launch(5);
        trial.double.meet("RunInstances", 1, Fault::LoseAnswer);
        assert_eq!(trial.cloud.launch(&launch).await.expect_err("its answer is lost").fate, Fate::TryAgain);
        let machines = must(trial.cloud.launch(&launch).await);
        assert_eq!(must(trial.cloud.launch(&launch).await), machines);
        let all = must(trial.cloud.list_all().await);
        assert_eq!(all.iter().filter(|seen| seen.kind() == Kind::Machine).count(), 5);
        // One of them goes, and something of the order has changed since: what the first call made counts.
        must(trial.cloud.delete(Kind::Machine, machines[3].as_deref().expect("a machine")).await);
        let mut other = launch.clone();
        if let Create::Machine { user_data, .. } = &mut other.order {
            user_data.push_str("# later\n");
        }
        assert_eq!(must(trial.cloud.launch(&other).await), machines);
        trial.clear_launch(&launch).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_room_for_some_the_others_are_told_so() {
    on_aws(at_once, |trial| async move {
        trial.double.set_room(2);
        let launch = trial.launch(5);
        let machines = must(trial.cloud.launch(&launch).await);
        assert_eq!(machines.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false, false]);
        for (member, has_one) in launch.members.iter().zip([true, true, false, false, false]) {
            assert_eq!(trial.of_member(*member).await.len(), usize::from(has_one));
        }
        trial.double.set_room(0);
        assert_eq!(trial.cloud.launch(&trial.launch(5)).await.expect_err("no room at all").fate, Fate::NoCapacity);
        trial.clear_launch(&launch).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_handed_over_with_its_disk_its_tags_and_its_own_firewall() {
    on_aws(
        |double| double.with_pending(Duration::from_secs(5)),
        |trial| async move {
            let firewall = trial.make(Kind::Firewall, 1, Create::Firewall { tcp: vec![ports(22, 22)] }).await;
            let launch = trial.launch(2);
            let machines = must(trial.cloud.launch(&launch).await);
            let machine = machines[1].as_deref().expect("a machine");
            trial.advance(6);
            let environment = EnvironmentTag { installation: INSTALLATION.into(), environment: launch.members[1].environment };
            let tags = Tags { environment, course: Uuid::now_v7(), owner: Uuid::now_v7() };
            let intent = Intent { token: launch.members[1].intent, kind: Kind::Machine, slot: 1, incarnation: 1, is_repeat: false, tags };
            let disk = Uuid::now_v7();
            for _ in 0..2 {
                must(trial.cloud.hand_over(machine, &intent, Some(disk), &firewall.cloud_id).await);
            }
            let seen = trial.of_member(launch.members[1]).await;
            let of = |kind: Kind| seen.iter().find(|seen| seen.kind() == kind).expect("it is listed");
            assert!(!is_locked(of(Kind::Machine)));
            assert_eq!((of(Kind::Machine).intent, of(Kind::Disk).intent), (Some(intent.token), Some(disk)));
            let groups = trial.instance(machine).await;
            let groups: Vec<_> = groups.security_groups().iter().filter_map(|group| group.group_id()).collect();
            assert_eq!(groups, [firewall.cloud_id.as_str()]);
            assert!(is_locked(&trial.of_member(launch.members[0]).await[0]), "the other one waits still");
            trial.clear_launch(&launch).await;
            trial.clear().await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_aws_signed_proves_a_machine_of_this_account_and_region_only() {
    on_aws(at_once, |trial| async move {
        let file = |name: &str| format!("{}/tests/identity/{name}", env!("CARGO_MANIFEST_DIR"));
        let document = std::fs::read_to_string(file("like_aws.txt")).expect("a document");
        let now = datetime!(2026-11-21 09:05 UTC);
        let prove = async |region: &str, account: &str, certificates: Option<PathBuf>| {
            let (region, account) = (region.to_owned(), account.to_owned());
            let config = AwsConfig { region, account, identity_certificates: certificates, ..trial.config.clone() };
            let clients = cloud_aws::connect_as(&config, "key", "secret").await;
            let cloud = AwsCloud::open(config, clients).await.map_err(|error| error.said)?;
            cloud.prove(&document, now)
        };
        let known = || Some(file("signers.md").into());
        assert_eq!(prove("ap-northeast-1", "123456789012", known()).await.as_deref(), Ok("i-0123456789abcdef0"));
        for (region, account, certificates, why) in [
            ("us-east-1", "123456789012", known(), "in ap-northeast-1"),
            ("ap-northeast-1", "210987654321", known(), "another account"),
            ("ap-northeast-1", "123456789012", None, "no certificates are configured"),
            ("eu-west-1", "123456789012", known(), "no certificate of eu-west-1"),
            ("us-east-1", "123456789012", Some("nowhere".into()), "nowhere: No such file"),
        ] {
            let said = prove(region, account, certificates).await.expect_err(why);
            assert!(said.contains(why), "{said}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_somebody_opened_is_closed_before_anything_starts_behind_it() {
    on_aws(at_once, |trial| async move {
        let first = trial.launch(1);
        let machine = must(trial.cloud.launch(&first).await).remove(0).expect("a machine");
        let lock = trial.instance(&machine).await.security_groups()[0].group_id().expect("an id").to_owned();
        let ec2 = Client::new(&trial.sdk().await);
        let opened = ec2.authorize_security_group_ingress().group_id(&lock).ip_protocol("tcp").from_port(22).to_port(22);
        opened.cidr_ip("0.0.0.0/0").send().await.expect("somebody opens it");
        let second = trial.launch(1);
        must(trial.cloud.launch(&second).await);
        let groups = ec2.describe_security_groups().group_ids(&lock).send().await.expect("described");
        assert_eq!(groups.security_groups()[0].ip_permissions(), []);
        trial.clear_launch(&first).await;
        trial.clear_launch(&second).await;
    })
    .await;
}
