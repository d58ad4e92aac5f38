//! Machines and what they need.

use aws_double::Fault;
use cloud::{Call, Create, Deletion, Fate, Intent, Kind, MachineState, Observed, Opening};

use crate::support::{KEY, at_once, must, on_aws, ports};

fn state(observed: &Observed) -> Option<MachineState> {
    match observed {
        Observed::Machine { state, .. } => Some(*state),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_its_address_and_firewall_is_built_found_and_taken_away() {
    on_aws(at_once, |trial| async move {
        let firewall = trial.make(Kind::Firewall, 1, Create::Firewall { tcp: vec![ports(22, 22), ports(60000, 60010)] }).await;
        let key = trial.make(Kind::Key, 1, Create::Key { public_key: KEY.into() }).await;
        let address = trial.make(Kind::Address, 1, Create::Address).await;
        let order = trial.machine(Some(&firewall.cloud_id), Some(&key.cloud_id), 0);
        let machine = trial.make(Kind::Machine, 1, order).await;
        let binding =
            Create::Binding { address: address.cloud_id.clone(), machine: machine.cloud_id.clone(), firewall: firewall.cloud_id.clone() };
        trial.make(Kind::Binding, 1, binding).await;

        let mut kinds: Vec<_> = trial.listed().await.iter().map(|seen| seen.kind().code()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["address", "binding", "disk", "firewall", "key", "machine"]);
        assert_eq!(state(&trial.observed(Kind::Machine).await[0]), Some(MachineState::Running));
        let leads = Observed::Binding { address: address.cloud_id.clone(), machine: machine.cloud_id.clone() };
        assert_eq!(trial.observed(Kind::Binding).await, [leads]);
        let rules = Observed::Firewall { tcp: vec![ports(22, 22), ports(60000, 60010)] };
        assert_eq!(trial.observed(Kind::Firewall).await, [rules]);

        must(trial.cloud.stop(&machine.cloud_id).await);
        assert_eq!(state(&trial.observed(Kind::Machine).await[0]), Some(MachineState::Stopped));
        must(trial.cloud.start(&machine.cloud_id).await);
        assert_eq!(state(&trial.observed(Kind::Machine).await[0]), Some(MachineState::Running));
        trial.clear().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_answer_got_lost_is_repeated_and_makes_nothing_twice() {
    on_aws(at_once, |trial| async move {
        let firewall = Create::Firewall { tcp: vec![ports(80, 80)] };
        let orders = [
            (Kind::Firewall, "CreateSecurityGroup", firewall.clone()),
            (Kind::Firewall, "AuthorizeSecurityGroupIngress", firewall),
            (Kind::Key, "ImportKeyPair", Create::Key { public_key: KEY.into() }),
            (Kind::Address, "AllocateAddress", Create::Address),
            (Kind::Machine, "RunInstances", trial.machine(None, None, 0)),
        ];
        for (slot, (kind, action, order)) in (1..).zip(orders) {
            let intent = trial.intent(kind, slot);
            trial.double.meet(action, 1, Fault::LoseAnswer);
            let lost = trial.cloud.create(&intent, &order).await.expect_err("its answer is lost");
            assert_eq!(lost.fate, Fate::TryAgain, "{action}: {lost}");
            let again = must(trial.cloud.create(&Intent { is_repeat: true, ..intent.clone() }, &order).await);
            let known: Vec<_> = trial.listed().await.into_iter().filter(|seen| seen.intent == Some(intent.token)).collect();
            assert_eq!(known.len(), 1, "{action}");
            assert_eq!(known[0].cloud_id, again.cloud_id, "{action}");
        }
        trial.clear().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_gone_when_it_is_deleted_twice() {
    on_aws(at_once, |trial| async move {
        let firewall = trial.make(Kind::Firewall, 1, Create::Firewall { tcp: vec![] }).await;
        let key = trial.make(Kind::Key, 1, Create::Key { public_key: KEY.into() }).await;
        let address = trial.make(Kind::Address, 1, Create::Address).await;
        let machine = trial.make(Kind::Machine, 1, trial.machine(None, None, 0)).await;
        let disk = trial.listed().await.into_iter().find(|seen| seen.kind() == Kind::Disk).expect("a machine has a disk");
        for seen in [firewall, key, address, machine, disk] {
            let first = trial.cloud.delete(seen.kind(), &seen.cloud_id).await;
            assert!(first.is_ok() || seen.kind() == Kind::Disk, "{first:?}");
            let second = must(trial.cloud.delete(seen.kind(), &seen.cloud_id).await);
            assert_eq!(second, Deletion::Done(None), "{:?}", seen.kind());
        }
        assert_eq!(trial.listed().await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machines_of_one_environment_are_let_in_and_shut_out_again() {
    on_aws(at_once, |trial| async move {
        let own = Opening { sources: vec![Opening::OWN.into()], ..ports(7351, 7353) };
        let intent = trial.intent(Kind::Firewall, 1);
        for tcp in [vec![ports(80, 80)], vec![ports(80, 80), own], vec![ports(80, 80)]] {
            let group = must(trial.cloud.create(&intent, &Create::Firewall { tcp: tcp.clone() }).await).cloud_id;
            assert_eq!(trial.observed(Kind::Firewall).await, [Observed::Firewall { tcp }], "{group}");
        }
        trial.clear().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_somebody_changed_in_a_firewall_is_changed_back() {
    on_aws(at_once, |trial| async move {
        let from = |source: &str| Opening { sources: vec![source.into()], ..ports(22, 22) };
        let intent = trial.intent(Kind::Firewall, 1);
        must(trial.cloud.create(&intent, &Create::Firewall { tcp: vec![from("192.0.2.0/24"), ports(80, 80)] }).await);
        trial.double.reset_counts();
        let moved = vec![from("198.51.100.0/24"), ports(80, 80)];
        must(trial.cloud.create(&intent, &Create::Firewall { tcp: moved.clone() }).await);
        assert_eq!((trial.taken("AuthorizeSecurityGroupIngress"), trial.taken("RevokeSecurityGroupIngress")), (1, 1));
        assert_eq!(trial.observed(Kind::Firewall).await, [Observed::Firewall { tcp: moved.clone() }]);
        trial.double.reset_counts();
        must(trial.cloud.create(&intent, &Create::Firewall { tcp: moved }).await);
        assert_eq!((trial.taken("AuthorizeSecurityGroupIngress"), trial.taken("RevokeSecurityGroupIngress")), (0, 0));
        trial.clear().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_never_taken_from_the_machine_that_it_leads_to() {
    on_aws(at_once, |trial| async move {
        let firewall = trial.make(Kind::Firewall, 1, Create::Firewall { tcp: vec![] }).await.cloud_id;
        let address = trial.make(Kind::Address, 1, Create::Address).await.cloud_id;
        let one = trial.make(Kind::Machine, 1, trial.machine(None, None, 0)).await.cloud_id;
        let other = trial.make(Kind::Machine, 2, trial.machine(None, None, 1)).await.cloud_id;
        let lead = |machine: &str| Create::Binding { address: address.clone(), machine: machine.into(), firewall: firewall.clone() };
        let first = trial.make(Kind::Binding, 1, lead(&one)).await;
        let refused = trial.cloud.create(&trial.intent(Kind::Binding, 2), &lead(&other)).await.expect_err("it leads elsewhere");
        assert_eq!((refused.fate, refused.code), (Fate::InUse, "address_is_bound"));
        let again = trial.make(Kind::Binding, 1, lead(&one)).await;
        assert_eq!(again.cloud_id, first.cloud_id);
        let used = trial.cloud.delete(Kind::Address, &address).await.expect_err("it is used");
        assert_eq!(used.fate, Fate::InUse);
        trial.clear().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_machines_stop_start_and_go_in_one_call_each() {
    on_aws(at_once, |trial| async move {
        let mut machines = Vec::new();
        for slot in 1..=3 {
            machines.push(trial.make(Kind::Machine, slot, trial.machine(None, None, usize::from(slot % 2))).await.cloud_id);
        }
        trial.double.reset_counts();
        for call in [Call::Stop, Call::Start, Call::Delete(Kind::Machine)] {
            for answer in trial.cloud.several(call, &machines).await {
                must(answer);
            }
        }
        for action in ["StopInstances", "StartInstances", "TerminateInstances"] {
            assert_eq!(trial.taken(action), 1, "{action}");
        }
        // One that there is not spoils nothing for the others.
        machines[0] = "i-0123456789abcdef0".into();
        for answer in trial.cloud.several(Call::Delete(Kind::Machine), &machines).await {
            assert_eq!(must(answer), Deletion::Done(None));
        }
        trial.clear().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_made_of_a_snapshot_and_an_image_of_the_machine() {
    on_aws(
        |double| double.with_copying(std::time::Duration::from_secs(60)),
        |trial| async move {
            let machine = trial.make(Kind::Machine, 1, trial.machine(None, None, 0)).await.cloud_id;
            let snapshot = trial.make(Kind::Snapshot, 1, Create::Snapshot { machine }).await;
            let is_complete = async || matches!(trial.observed(Kind::Snapshot).await[..], [Observed::Snapshot { is_complete: true }]);
            assert!(!is_complete().await);
            let order = Create::Image { snapshot: snapshot.cloud_id.clone(), recipe: "r1".into() };
            let intent = trial.intent(Kind::Image, 1);
            let early = trial.cloud.create(&intent, &order).await.expect_err("the snapshot is not whole");
            assert_eq!(early.fate, Fate::InUse, "{early}");
            trial.advance(61);
            assert!(is_complete().await);
            let image = must(trial.cloud.create(&intent, &order).await);
            assert_eq!(must(trial.cloud.create(&intent, &order).await).cloud_id, image.cloud_id, "its name is the intent's");
            assert_eq!(must(trial.cloud.image_by_recipe("r1").await), Some(image.cloud_id.clone()));
            let used = trial.cloud.delete(Kind::Snapshot, &snapshot.cloud_id).await.expect_err("an image rests on it");
            assert_eq!(used.fate, Fate::InUse);
            trial.clear().await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_guarded_as_the_profile_says() {
    on_aws(at_once, |trial| async move {
        let mut order = trial.machine(None, None, 0);
        trial.make(Kind::Machine, 1, order.clone()).await;
        if let Create::Machine { is_encrypted, .. } = &mut order {
            *is_encrypted = false;
        }
        trial.make(Kind::Machine, 2, order).await;
        let clients = aws_sdk_ec2::Client::new(&trial.sdk().await);
        let answer = clients.describe_instances().send().await.expect("listed");
        let all: Vec<_> = answer.reservations().iter().flat_map(|reservation| reservation.instances()).collect();
        for instance in &all {
            let metadata = instance.metadata_options().expect("told");
            assert_eq!(
                (metadata.http_tokens().map(|tokens| tokens.as_str()), metadata.http_put_response_hop_limit()),
                (Some("required"), Some(1))
            );
            assert!(instance.tags().iter().any(|tag| tag.key() == Some("koza:intent")));
        }
        let volumes = clients.describe_volumes().send().await.expect("listed");
        let mut encrypted: Vec<_> = volumes.volumes().iter().map(|volume| volume.encrypted()).collect();
        encrypted.sort_unstable();
        assert_eq!(encrypted, [Some(false), Some(true)]);
        trial.clear().await;
    })
    .await;
}
