//! Names, certificates, balancers and their targets.

use super::*;
use crate::order::Record;
use crate::seen::{Deletion, Health};

fn named() -> Trial {
    Trial::with(SimSettings { names: true, ..Trial::prompt() })
}

fn record(name: &str, value: &str) -> Create {
    Create::Record(Record { name: name.into(), value: value.into() })
}

impl Trial {
    async fn now(&self, kind: Kind) -> Observed {
        must(self.cloud.list_all().await).into_iter().find(|seen| seen.kind() == kind).expect("it is listed").observed
    }
}

#[tokio::test]
async fn a_name_is_in_sync_after_a_moment_and_the_same_intent_changes_it() {
    let trial = named();
    let intent = trial.intent(1, Kind::Record);
    must(trial.cloud.create(&intent, &record("c5.test", "198.51.100.1")).await);
    assert!(matches!(trial.now(Kind::Record).await, Observed::Record { is_in_sync: false, .. }));
    trial.pass(MINUTE);
    assert!(matches!(trial.now(Kind::Record).await, Observed::Record { is_in_sync: true, .. }));
    let other = must(trial.cloud.create(&intent, &record("c5.test", "198.51.100.2")).await).observed;
    assert!(matches!(other, Observed::Record { record, is_in_sync: false, .. } if record.value == "198.51.100.2"));
    let taken = trial.cloud.create(&trial.intent(2, Kind::Record), &record("c5.test", "198.51.100.3")).await;
    assert_eq!(taken.expect_err("somebody has the name").code, "name_taken");
}

#[tokio::test]
async fn a_certificate_is_issued_once_its_challenge_can_be_read() {
    let trial = named();
    let seen = trial.make(1, Kind::Certificate, &Create::Certificate { name: "www.c5.test".into() }).await;
    let Observed::Certificate { challenge, is_issued: false } = seen.observed else { panic!("{seen:?}") };
    trial.pass(MINUTE);
    assert!(matches!(trial.now(Kind::Certificate).await, Observed::Certificate { is_issued: false, .. }), "nothing proves the name");

    let balancer = {
        let firewall = trial.make(1, Kind::Firewall, &web()).await.cloud_id;
        trial.make(1, Kind::Balancer, &Create::Balancer { firewall }).await.cloud_id
    };
    let target_group = trial.make(1, Kind::TargetGroup, &Create::TargetGroup { is_sticky: false, passage: None }).await.cloud_id;
    let listener = Create::Listener { balancer, target_group, certificate: Some(seen.cloud_id.clone()), asks: None };
    let early = trial.cloud.create(&trial.intent(1, Kind::Listener), &listener).await.expect_err("it is not issued");
    assert_eq!(early.code, "certificate_not_issued");

    trial.make(1, Kind::Record, &Create::Record(challenge)).await;
    trial.pass(MINUTE);
    trial.now(Kind::Record).await;
    trial.pass(MINUTE);
    assert!(matches!(trial.now(Kind::Certificate).await, Observed::Certificate { is_issued: true, .. }));
    trial.make(1, Kind::Listener, &listener).await;
    assert_eq!(trial.cloud.delete(Kind::Certificate, &seen.cloud_id).await.expect_err("it is shown").fate, Fate::InUse);
}

#[tokio::test]
async fn a_target_is_healthy_while_its_machine_answers_and_drains_before_it_is_gone() {
    let trial = named();
    let machine = trial.whole(1, SERVICES).await;
    let target_group = trial.make(1, Kind::TargetGroup, &Create::TargetGroup { is_sticky: false, passage: None }).await.cloud_id;
    let order = Create::Target { target_group: target_group.clone(), machine: machine.clone() };
    let target = trial.make(1, Kind::Target, &order).await.cloud_id;
    let health = async || match trial.now(Kind::Target).await {
        Observed::Target { health, .. } => health,
        other => panic!("{other:?}"),
    };
    assert_eq!(health().await, Health::Initial);
    trial.pass(MINUTE);
    assert_eq!(health().await, Health::Healthy);
    must(trial.cloud.break_service(&machine, "wordpress"));
    assert_eq!(health().await, Health::Unhealthy);
    must(trial.cloud.restart_service(&machine, "wordpress"));

    assert_eq!(must(trial.cloud.delete(Kind::Target, &target).await), Deletion::UnderWay);
    assert_eq!(health().await, Health::Draining);
    trial.pass(MINUTE);
    assert!(matches!(must(trial.cloud.delete(Kind::Target, &target).await), Deletion::Done(Some(_))));
    must(trial.cloud.delete(Kind::TargetGroup, &target_group).await);
}

#[tokio::test]
async fn a_balancer_takes_its_listeners_with_it_and_what_it_uses_stays_until_then() {
    let trial = named();
    let firewall = trial.make(1, Kind::Firewall, &web()).await.cloud_id;
    let balancer = trial.make(1, Kind::Balancer, &Create::Balancer { firewall: firewall.clone() }).await.cloud_id;
    assert!(matches!(trial.now(Kind::Balancer).await, Observed::Balancer { is_active: false, .. }));
    trial.pass(MINUTE);
    assert!(matches!(trial.now(Kind::Balancer).await, Observed::Balancer { is_active: true, .. }));
    let target_group = trial.make(1, Kind::TargetGroup, &Create::TargetGroup { is_sticky: false, passage: None }).await.cloud_id;
    let listener = Create::Listener { balancer: balancer.clone(), target_group: target_group.clone(), certificate: None, asks: None };
    trial.make(1, Kind::Listener, &listener).await;
    for (kind, id) in [(Kind::Firewall, &firewall), (Kind::TargetGroup, &target_group)] {
        assert_eq!(trial.cloud.delete(kind, id).await.expect_err("it is used").fate, Fate::InUse);
    }
    must(trial.cloud.delete(Kind::Balancer, &balancer).await);
    must(trial.cloud.delete(Kind::TargetGroup, &target_group).await);
    must(trial.cloud.delete(Kind::Firewall, &firewall).await);
    assert_eq!(must(trial.cloud.list_all().await), []);

    let alone = Trial::with(SimSettings { zones: vec!["a".into()], ..Trial::prompt() });
    let firewall = alone.make(1, Kind::Firewall, &web()).await.cloud_id;
    let refused = alone.cloud.create(&alone.intent(1, Kind::Balancer), &Create::Balancer { firewall }).await;
    assert_eq!(refused.expect_err("one zone").code, "two_zones_needed");
}

#[tokio::test]
async fn an_image_rests_on_its_snapshot_and_a_snapshot_stands_alone() {
    let trial = Trial::new();
    let machine = trial.make(1, Kind::Machine, &machine(SERVICES)).await.cloud_id;
    trial.pass(MINUTE);
    let snapshot = trial.make(1, Kind::Snapshot, &Create::Snapshot { machine: machine.clone() }).await.cloud_id;
    let wish = trial.intent(1, Kind::Image);
    let order = Create::Image { snapshot: snapshot.clone(), recipe: "r".into() };
    assert_eq!(trial.cloud.create(&wish, &order).await.expect_err("it takes time").fate, Fate::NotVisibleYet);
    trial.pass(MINUTE);
    let image = must(trial.cloud.create(&wish, &order).await).cloud_id;
    must(trial.cloud.stop(&machine).await);
    trial.pass(MINUTE);
    must(trial.cloud.delete(Kind::Machine, &machine).await);
    assert_eq!(trial.cloud.delete(Kind::Snapshot, &snapshot).await.expect_err("the image rests on it").fate, Fate::InUse);
    must(trial.cloud.delete(Kind::Image, &image).await);
    must(trial.cloud.delete(Kind::Snapshot, &snapshot).await);
}
