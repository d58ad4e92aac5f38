//! Names in a hosted zone.

use std::time::Duration;

use cloud::{Create, Deletion, Fate, Intent, Kind, Observed, Record};

use crate::support::{DOMAIN, at_once, must, on_aws};

fn c5(value: &str) -> Create {
    Create::Record(Record { name: format!("c5.{DOMAIN}"), value: value.into() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_in_sync_once_every_name_server_knows_it_and_gone_once_none_does() {
    on_aws(
        |double| double.with_sync(Duration::from_secs(30)),
        |trial| async move {
            let intent = trial.intent(Kind::Record, 1);
            let made = must(trial.cloud.create(&intent, &c5("198.51.100.7")).await);
            let is_so = async |sync: bool, out: bool| {
                matches!(trial.observed(Kind::Record).await[..], [Observed::Record { is_in_sync, is_out, .. }] if is_in_sync == sync && is_out == out)
            };
            assert!(is_so(false, false).await);
            trial.advance(31);
            assert!(is_so(true, false).await);

            assert_eq!(must(trial.cloud.delete(Kind::Record, &made.cloud_id).await), Deletion::UnderWay);
            assert!(is_so(false, true).await, "the name is out, and what is left says so");
            assert_eq!(must(trial.cloud.delete(Kind::Record, &made.cloud_id).await), Deletion::UnderWay);
            trial.advance(31);
            assert!(is_so(true, true).await);
            assert_eq!(must(trial.cloud.delete(Kind::Record, &made.cloud_id).await), Deletion::Done(None));
            assert_eq!(trial.listed().await, []);
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_follows_its_address_and_an_order_that_is_repeated_changes_nothing() {
    on_aws(at_once, |trial| async move {
        let intent = trial.intent(Kind::Record, 1);
        must(trial.cloud.create(&intent, &c5("198.51.100.7")).await);
        must(trial.cloud.create(&intent, &c5("198.51.100.8")).await);
        trial.double.reset_counts();
        must(trial.cloud.create(&Intent { is_repeat: true, ..intent }, &c5("198.51.100.8")).await);
        assert_eq!(trial.taken("ChangeResourceRecordSets"), 0);
        let observed = trial.observed(Kind::Record).await;
        assert!(matches!(&observed[..], [Observed::Record { record, .. }] if record.value == "198.51.100.8"), "{observed:?}");
        trial.clear().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_not_ours_is_never_touched() {
    on_aws(at_once, |trial| async move {
        trial.add_foreign_record("c5", "203.0.113.9").await;
        let refused = trial.cloud.create(&trial.intent(Kind::Record, 1), &c5("198.51.100.7")).await.expect_err("it is somebody else's");
        assert_eq!((refused.fate, refused.code), (Fate::Final, "name_taken"));
        assert_eq!(trial.listed().await, [], "and no companion was left beside it");
        assert_eq!(must(trial.cloud.delete(Kind::Record, &format!("c5.{DOMAIN}")).await), Deletion::Done(None));
        assert_eq!(trial.foreign_record("c5").await.as_deref(), Some("203.0.113.9"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_the_zone_has_is_taken_whoever_made_it() {
    for (name, is_taken) in [("c5", true), ("c6", true), ("c", false), ("c7", false)] {
        on_aws(at_once, |trial| async move {
            trial.add_foreign_record("c5", "203.0.113.9").await;
            let ours = Create::Record(Record { name: format!("c6.{DOMAIN}"), value: "198.51.100.7".into() });
            must(trial.cloud.create(&trial.intent(Kind::Record, 1), &ours).await);
            assert!(trial.cloud.is_name_taken("c5.example.org").await.is_err(), "not our domain");
            assert_eq!(must(trial.cloud.is_name_taken(&format!("{name}.{DOMAIN}")).await), is_taken, "{name}");
            assert_ne!(must(trial.cloud.name_servers().await), Vec::<String>::new());
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_outside_the_zone_are_refused() {
    on_aws(at_once, |trial| async move {
        let order = Create::Record(Record { name: "c5.example.org".into(), value: "198.51.100.7".into() });
        let refused = trial.cloud.create(&trial.intent(Kind::Record, 1), &order).await.expect_err("not our domain");
        assert_eq!(refused.code, "not_our_domain");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_names_at_once_take_a_few_changes() {
    on_aws(at_once, |trial| async move {
        trial.double.reset_counts();
        let orders = (0..30_u8).map(|n| {
            let record = Record { name: format!("c{n}.{DOMAIN}"), value: format!("198.51.100.{n}") };
            let intent = trial.intent(Kind::Record, u16::from(n));
            let cloud = trial.cloud.clone();
            async move { must(cloud.create(&intent, &Create::Record(record)).await) }
        });
        futures::future::join_all(orders).await;
        assert_eq!(trial.observed(Kind::Record).await.len(), 30);
        assert!(trial.taken("ChangeResourceRecordSets") <= 3, "{:?}", trial.double.taken());
        trial.clear().await;
    })
    .await;
}
