//! Whether a name can still be had.

use std::sync::Arc;

use cloud::sim::{SimCloud, SimSettings};
use cloud::{Cloud, Deletion, Dns, Fate, Intent, Named};

use crate::server::{DOMAIN, READER};
use crate::somebody::theirs;
use crate::trial::{Trial, must, on_each, record, wall};

async fn is_taken(trial: &Trial, label: &str) -> bool {
    must(trial.dns.is_taken(&format!("{label}.{DOMAIN}")).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_where_somebody_wrote_anything_is_taken_until_they_take_it_back() {
    on_each(|trial| async move {
        for line in [
            "c5 A 198.51.100.9",
            "c5 AAAA 2001:db8::9",
            "c5 MX mail.example.org",
            "c5 TXT words",
            "c5 CNAME www.example.org",
            "c5 NS ns.example.org",
            "_koza.c5 A 198.51.100.9",
            "_koza.c5 MX mail.example.org",
            "_koza.c5 TXT words",
            "_koza.c5 CNAME www.example.org",
            "_koza.c5 NS ns.example.org",
        ] {
            assert!(!is_taken(&trial, "c5").await, "before {line}");
            let record_of_theirs = [theirs(line)];
            trial.somebody.put(&record_of_theirs).await;
            let before = (trial.somebody.zone().await, trial.server.number().await);
            assert!(is_taken(&trial, "c5").await, "{line}");
            assert!(!is_taken(&trial, "c6").await, "{line}");
            assert_eq!((trial.somebody.zone().await, trial.server.number().await), before, "a look changes nothing: {line}");
            trial.dns.put(&trial.intent(), &record("c5", "198.51.100.7")).await.expect_err(line);
            trial.somebody.take(&record_of_theirs).await;
        }
        trial.put("c5", "198.51.100.7").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_of_ours_is_taken_until_nothing_of_it_is_left() {
    on_each(|trial| async move {
        assert!(!is_taken(&trial, "c5").await);
        trial.put("c5", "198.51.100.7").await;
        assert!(is_taken(&trial, "c5").await);
        assert!(must(trial.dns.is_taken("C5.Exp.Test.").await), "however it is written");
        let other = trial.with(|config| config.installation = "another".into());
        assert!(must(other.is_taken("c5.exp.test").await), "for another installation, too");
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::UnderWay);
        assert!(is_taken(&trial, "c5").await, "it is on its way out");
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None));
        assert!(!is_taken(&trial, "c5").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_free_though_others_are_all_around_it_and_can_be_put_then() {
    on_each(|trial| async move {
        let around =
            [theirs("* A 198.51.100.9"), theirs("* TXT words for all"), theirs("www.c5 A 198.51.100.9"), theirs("c55 MX mail.example.org")];
        trial.somebody.put(&around).await;
        let number = trial.server.number().await;
        for label in ["c5", "c6"] {
            assert!(!is_taken(&trial, label).await, "{label}");
        }
        assert_eq!(trial.server.number().await, number, "a look changes nothing");
        for label in ["c5", "c6"] {
            trial.put(label, "198.51.100.7").await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_name_servers_keep_is_taken_with_everything_under_it() {
    on_each(|trial| async move {
        let given_away = [theirs("c5 NS ns.example.org")];
        trial.somebody.put(&given_away).await;
        assert!(is_taken(&trial, "www.c5").await);
        trial.somebody.take(&given_away).await;
        assert!(!is_taken(&trial, "www.c5").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_name_is_taken_is_told_or_not_and_never_guessed() {
    on_each(|mut trial| async move {
        for (name, code) in
            [("c5.example.org", "not_our_domain"), (DOMAIN, "not_our_domain"), ("*.exp.test", "bad_name"), ("", "not_our_domain")]
        {
            let error = trial.dns.is_taken(name).await.expect_err(name);
            assert_eq!((error.fate, error.code), (Fate::Final, code), "{name}");
        }
        let elsewhere = trial.with(|config| config.domain = "elsewhere.test".into());
        assert_eq!(elsewhere.is_taken("c5.elsewhere.test").await.expect_err("no such zone").code, "not_our_zone");
        let reader = trial.with(|config| config.key.name = READER.into());
        assert_eq!(reader.is_taken("c5.exp.test").await.expect_err("it may not put it").code, "not_allowed");
        trial.server.kill();
        assert_eq!(trial.dns.is_taken("c5.exp.test").await.expect_err("it is dead").fate, Fate::TryAgain);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_servers_are_those_of_the_settings_or_else_the_primary() {
    on_each(|trial| async move {
        assert_eq!(must(trial.dns.name_servers().await), [trial.server.address()]);
        let alone = trial.with(|config| config.name_servers.clear());
        assert_eq!(must(alone.name_servers().await), [trial.config.server.as_str()]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_answers_for_the_domain_beside_it_and_one_without_a_domain_has_no_names() {
    on_each(|trial| async move {
        let sim = || Arc::new(SimCloud::new(SimSettings::default(), wall()));
        trial.put("c5", "198.51.100.7").await;
        let named = Named::new(sim(), trial.dns.clone());
        assert!(must(named.is_name_taken("c5.exp.test").await));
        assert!(!must(named.is_name_taken("c6.exp.test").await));
        assert_eq!(must(named.name_servers().await), [trial.server.address()]);
        let nameless = sim();
        assert!(!must(nameless.is_name_taken("c5.exp.test").await));
        assert!(must(nameless.name_servers().await).is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_not_taken_if_and_only_if_a_new_environment_gets_it() {
    on_each(|trial| async move {
        let lines = ["c1 A 198.51.100.9", "_koza.c2 TXT words", "www.c3 A 198.51.100.9", "* MX mail.example.org"];
        trial.somebody.put(&lines.map(theirs)).await;
        trial.put("c4", "198.51.100.7").await;
        for label in ["c1", "c2", "c3", "c4", "c5"] {
            let is_taken = is_taken(&trial, label).await;
            let newcomer: Intent = trial.intent_of(uuid::Uuid::now_v7());
            assert_eq!(trial.dns.put(&newcomer, &record(label, "198.51.100.8")).await.is_err(), is_taken, "{label}");
        }
    })
    .await;
}
