//! Balancers, target groups and targets.

use std::time::Duration;

use aws_double::Fault;
use cloud::{Create, Deletion, Fate, Health, Intent, Kind, Observed};

use crate::support::{must, on_aws, ports};

#[tokio::test(flavor = "multi_thread")]
async fn a_balancer_with_two_machines_in_two_zones_is_built_drained_and_taken_away() {
    on_aws(
        |double| {
            double.with_provisioning(Duration::from_secs(60)).with_initial(Duration::from_secs(10)).with_draining(Duration::from_secs(30))
        },
        |trial| async move {
            let firewall = trial.make(Kind::Firewall, 2, Create::Firewall { tcp: vec![ports(80, 80)] }).await.cloud_id;
            let one = trial.make(Kind::Machine, 1, trial.machine(None, None, 0)).await.cloud_id;
            let two = trial.make(Kind::Machine, 2, trial.machine(None, None, 1)).await.cloud_id;
            let balancer = trial.make(Kind::Balancer, 1, Create::Balancer { firewall }).await.cloud_id;
            assert!(matches!(trial.observed(Kind::Balancer).await[..], [Observed::Balancer { is_active: false, .. }]));
            let group = trial.make(Kind::TargetGroup, 1, Create::TargetGroup { is_sticky: false, passage: None }).await.cloud_id;
            let listener = Create::Listener { balancer, target_group: group.clone(), certificate: None, asks: None };
            trial.make(Kind::Listener, 1, listener).await;
            let mut targets = Vec::new();
            for (slot, machine) in [(1, &one), (2, &two)] {
                let order = Create::Target { target_group: group.clone(), machine: machine.clone() };
                targets.push(trial.make(Kind::Target, slot, order).await.cloud_id);
            }
            let health = async |wanted: Health| {
                let all = trial.observed(Kind::Target).await;
                all.iter().filter(|target| matches!(target, Observed::Target { health, .. } if *health == wanted)).count()
            };
            assert_eq!(health(Health::Initial).await, 2);
            trial.advance(61);
            assert!(matches!(trial.observed(Kind::Balancer).await[..], [Observed::Balancer { is_active: true, .. }]));
            assert_eq!(health(Health::Healthy).await, 2);

            trial.double.set_healthy(&two, false);
            assert_eq!((health(Health::Healthy).await, health(Health::Unhealthy).await), (1, 1));
            assert_eq!(must(trial.cloud.delete(Kind::Target, &targets[1]).await), Deletion::UnderWay);
            assert_eq!(must(trial.cloud.delete(Kind::Target, &targets[1]).await), Deletion::UnderWay, "it drains");
            trial.advance(31);
            assert_eq!(must(trial.cloud.delete(Kind::Target, &targets[1]).await), Deletion::Done(None));
            trial.clear().await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_for_a_balancer_whose_answer_got_lost_makes_nothing_twice() {
    on_aws(crate::support::at_once, |trial| async move {
        let firewall = trial.make(Kind::Firewall, 2, Create::Firewall { tcp: vec![] }).await.cloud_id;
        let mut made = Vec::new();
        let group = trial.make(Kind::TargetGroup, 9, Create::TargetGroup { is_sticky: false, passage: None }).await.cloud_id;
        let balancer = trial.make(Kind::Balancer, 9, Create::Balancer { firewall: firewall.clone() }).await.cloud_id;
        let orders = [
            (Kind::Balancer, "CreateLoadBalancer", Create::Balancer { firewall }),
            (Kind::TargetGroup, "CreateTargetGroup", Create::TargetGroup { is_sticky: false, passage: None }),
            (Kind::TargetGroup, "ModifyTargetGroupAttributes", Create::TargetGroup { is_sticky: false, passage: None }),
            (Kind::Listener, "CreateListener", Create::Listener { balancer, target_group: group, certificate: None, asks: None }),
        ];
        for (slot, (kind, action, order)) in (1..).zip(orders) {
            let intent = trial.intent(kind, slot);
            trial.double.meet(action, 1, Fault::LoseAnswer);
            let lost = trial.cloud.create(&intent, &order).await.expect_err("its answer is lost");
            assert_eq!(lost.fate, Fate::TryAgain, "{action}: {lost}");
            made.push((kind, must(trial.cloud.create(&Intent { is_repeat: true, ..intent }, &order).await)));
        }
        let listed = trial.listed().await;
        for (kind, made) in &made {
            assert_eq!(listed.iter().filter(|seen| seen.intent == made.intent).count(), 1, "{kind:?}");
        }
        trial.clear().await;
    })
    .await;
}
