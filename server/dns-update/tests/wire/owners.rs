//! What is not ours stays as it is.

use cloud::dns::Companion;
use cloud::{Deletion, Dns, Fate};
use uuid::Uuid;

use crate::server::DOMAIN;
use crate::somebody::theirs;
use crate::trial::{must, on_each, record, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_where_anything_is_belongs_to_somebody_else_and_is_never_touched() {
    on_each(|trial| async move {
        for line in [
            "c5 A 198.51.100.9",
            "c5 AAAA 2001:db8::9",
            "c5 MX mail.example.org",
            "c5 TXT words",
            "c5 NS ns.example.org",
            "_koza.c5 TXT words",
        ] {
            let record_of_theirs = [theirs(line)];
            trial.somebody.put(&record_of_theirs).await;
            let before = trial.somebody.zone().await;
            let refused = trial.dns.put(&trial.intent(), &record("c5", "198.51.100.7")).await.expect_err(line);
            // What another name server keeps cannot even be asked for here.
            let expected = if line.contains(" NS ") { "not_our_zone" } else { "name_taken" };
            assert_eq!((refused.fate, refused.code), (Fate::Final, expected), "{line}: {}", refused.said);
            if !line.contains(" NS ") {
                assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None), "{line}");
            }
            assert_eq!(trial.listed().await, [], "{line}");
            assert_eq!(trial.somebody.zone().await, before, "{line}");
            trial.somebody.take(&record_of_theirs).await;
        }
        trial.put("c5", "198.51.100.7").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_installation_in_the_same_zone_is_somebody_else() {
    on_each(|trial| async move {
        trial.put("c5", "198.51.100.7").await;
        let before = trial.somebody.zone().await;
        let other = trial.with(|config| config.installation = "another".into());
        assert_eq!(must(other.list().await), []);
        assert_eq!(other.put(&trial.intent(), &record("c5", "198.51.100.8")).await.expect_err("taken").code, "name_taken");
        assert_eq!(must(other.remove("c5.exp.test").await), Deletion::Done(None));
        assert_eq!(trial.somebody.zone().await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_environment_does_not_get_a_name_that_one_has() {
    on_each(|trial| async move {
        trial.put("c5", "198.51.100.7").await;
        let refused = trial.dns.put(&trial.intent_of(Uuid::now_v7()), &record("c5", "198.51.100.8")).await.expect_err("taken");
        assert_eq!((refused.fate, refused.code), (Fate::Final, "name_taken"));
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.7", true, false)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_puts_beside_our_record_stays_when_ours_goes() {
    on_each(|trial| async move {
        trial.put("c5", "198.51.100.7").await;
        let beside = [theirs("c5 MX mail.example.org"), theirs("_koza.c5 TXT words of theirs"), theirs("www.c5 A 198.51.100.9")];
        trial.somebody.put(&beside).await;
        trial.put("c5", "198.51.100.8").await;
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::UnderWay);
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None));
        let zone = trial.somebody.zone().await;
        for record in &beside {
            assert!(zone.iter().any(|line| line.split(' ').eq(record.line().split(' ')) || same_but_ttl(line, &record.line())), "{zone:?}");
        }
        assert!(!zone.iter().any(|line| line.contains("koza installation")), "{zone:?}");
    })
    .await;
}

/// Records of one name and kind have one time to live: ours may have become theirs, or theirs ours.
fn same_but_ttl(one: &str, other: &str) -> bool {
    let without =
        |line: &str| line.split(' ').enumerate().filter(|(place, _)| *place != 2).map(|(_, word)| word.to_owned()).collect::<Vec<_>>();
    without(one) == without(other)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_a_name_while_ours_is_on_its_way_out_keeps_it() {
    on_each(|trial| async move {
        trial.put("c5", "198.51.100.7").await;
        must(trial.dns.remove("c5.exp.test").await);
        let taken = [theirs("c5 A 198.51.100.9")];
        trial.somebody.put(&taken).await;
        assert_eq!(trial.dns.put(&trial.intent(), &record("c5", "198.51.100.8")).await.expect_err("taken").code, "name_taken");
        assert_eq!(trial.listed().await, [told("c5", "", true, true)]);
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None));
        let zone = trial.somebody.zone().await;
        assert!(zone.contains(&taken[0].line()), "{zone:?}");
        assert!(!zone.iter().any(|line| line.contains("koza installation")), "{zone:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_emptied_by_hand_is_made_whole_by_its_order() {
    on_each(|trial| async move {
        let intent = trial.intent();
        must(trial.dns.put(&intent, &record("c5", "198.51.100.7")).await);
        trial.somebody.clear("c5.exp.test").await;
        assert_eq!(trial.listed().await, [told("c5", "", true, false)]);
        must(trial.dns.put(&intent, &record("c5", "198.51.100.7")).await);
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.7", true, false)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wildcard_of_theirs_answers_for_no_name_of_ours() {
    on_each(|trial| async move {
        let wildcard = [theirs("* A 198.51.100.9"), theirs("* TXT words for all")];
        trial.somebody.put(&wildcard).await;
        trial.put("c5", "198.51.100.7").await;
        assert_eq!(trial.somebody.answer("c5.exp.test").await.1, ["198.51.100.7"]);
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::UnderWay);
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None));
        assert!(wildcard.iter().all(|record| !record.line().is_empty()));
        let zone = trial.somebody.zone().await;
        assert_eq!(zone.iter().filter(|line| line.starts_with("*.")).count(), 2, "{zone:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_only_looks_like_a_companion_makes_no_record_ours() {
    on_each(|trial| async move {
        let forged =
            Companion { installation: "another".into(), environment: trial.environment, intent: Uuid::now_v7(), changed: 1, is_out: false };
        trial.somebody.put(&[theirs("c5 A 198.51.100.9"), theirs(&format!("_koza.c5 TXT {}", forged.text()))]).await;
        trial
            .somebody
            .put(&[theirs(&format!("_koza TXT {}", Companion { installation: crate::trial::INSTALLATION.into(), ..forged }.text()))])
            .await;
        let before = trial.somebody.zone().await;
        assert_eq!(trial.dns.put(&trial.intent(), &record("c5", "198.51.100.7")).await.expect_err("taken").code, "name_taken");
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None));
        assert_eq!(must(trial.dns.remove(DOMAIN).await), Deletion::Done(None), "the zone itself is no record");
        assert_eq!(trial.somebody.zone().await, before);
    })
    .await;
}
