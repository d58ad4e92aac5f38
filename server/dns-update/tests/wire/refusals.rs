//! What goes wrong has a fate, a word, and says what to do.

use std::sync::Arc;
use std::time::Duration;

use cloud::{CloudError, Dns, Fate, Finding};
use dns_update::{DnsUpdate, DnsUpdateConfig, SecretPlace, examine};
use time::OffsetDateTime;

use crate::server::{DOMAIN, READER, WRITER};
use crate::trial::{Trial, must, on_each, record, wall};

async fn refused(dns: &DnsUpdate, trial: &Trial) -> CloudError {
    dns.put(&trial.intent(), &record("c5", "198.51.100.7")).await.expect_err("refused")
}

fn is(error: &CloudError, fate: Fate, code: &str, says: &str) {
    assert_eq!((error.fate, error.code), (fate, code), "{}", error.said);
    assert!(error.said.contains(says), "{}", error.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_server_does_not_know_and_a_wrong_secret_are_told_and_change_nothing() {
    on_each(|trial| async move {
        let before = trial.somebody.zone().await;
        let unknown = trial.with(|config| config.key.name = "nobody".into());
        is(&refused(&unknown, &trial).await, Fate::Final, "bad_key", "does not know the TSIG key");
        let algorithm = trial.with(|config| config.key.algorithm = "hmac-sha512".into());
        is(&refused(&algorithm, &trial).await, Fate::Final, "bad_key", "TSIG key");
        let path = trial.server.folder().join("wrong");
        std::fs::write(&path, "bm90IHRoZSBzZWNyZXQgb2YgdGhlIGtleQ==\n").expect("written");
        let wrong = trial.with(|config| config.key.secret = SecretPlace::File(path));
        is(&refused(&wrong, &trial).await, Fate::Final, "bad_key", "secret");
        is(&wrong.list().await.expect_err("refused"), Fate::Final, "bad_key", "secret");
        assert_eq!(trial.somebody.zone().await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_far_off_is_named_as_the_cause() {
    on_each(|trial| async move {
        let early = Arc::new(|| OffsetDateTime::now_utc() - Duration::from_secs(3600));
        let dns = must(DnsUpdate::new(&trial.config, early));
        is(&refused(&dns, &trial).await, Fate::Final, "clock_off", "NTP");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_key_may_not_do_is_told_with_the_line_to_add() {
    on_each(|trial| async move {
        let reader = trial.with(|config| config.key.name = READER.into());
        assert_eq!(must(reader.list().await), []);
        is(&refused(&reader, &trial).await, Fate::Final, "not_allowed", "action: update");
        let writer = trial.with(|config| config.key.name = WRITER.into());
        must(writer.put(&trial.intent(), &record("c5", "198.51.100.7")).await);
        is(&writer.list().await.expect_err("refused"), Fate::Final, "not_allowed", "action: transfer");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_or_silent_is_tried_again() {
    on_each(|trial| async move {
        // A port that was free a moment ago, and one where somebody listens and says nothing.
        let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
        let down = trial.with(|config| config.server = closed.to_string());
        is(&refused(&down, &trial).await, Fate::TryAgain, "unreachable", "cannot be reached");
        let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let silent = trial.with(|config| config.server = mute.local_addr().expect("bound").to_string());
        is(&refused(&silent, &trial).await, Fate::TryAgain, "no_answer_in_time", "did not answer");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_that_the_server_does_not_keep_is_a_matter_of_settings() {
    on_each(|trial| async move {
        let elsewhere = trial.with(|config| config.domain = "elsewhere.test".into());
        let order = cloud::Record { name: "c5.elsewhere.test".into(), value: "198.51.100.7".into() };
        for error in [elsewhere.put(&trial.intent(), &order).await.expect_err("refused"), elsewhere.list().await.expect_err("refused")] {
            is(&error, Fate::Final, "not_our_zone", "`domain`");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_and_values_are_refused_before_anything_is_sent() {
    on_each(|trial| async move {
        let number = trial.server.number().await;
        for name in [
            "c5.example.org",
            DOMAIN,
            "exp.test.evil",
            "",
            "c5.exp.test\0",
            "a..exp.test",
            "\\000.exp.test",
            "_koza.c5.exp.test",
            "*.exp.test",
        ] {
            let order = cloud::Record { name: name.into(), value: "198.51.100.7".into() };
            let error = trial.dns.put(&trial.intent(), &order).await.expect_err(name);
            assert!(error.fate == Fate::Final && ["not_our_domain", "bad_name"].contains(&error.code), "{name}: {error}");
            must(trial.dns.remove(name).await);
        }
        for value in ["2001:db8::1", "not an address", "", "198.51.100.7 198.51.100.8"] {
            let error = trial.dns.put(&trial.intent(), &record("c5", value)).await.expect_err(value);
            is(&error, Fate::Final, "bad_order", "");
        }
        assert_eq!(trial.server.number().await, number);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_everything_good_and_leaves_the_zone_as_it_was() {
    on_each(|trial| async move {
        let (before, number) = (trial.somebody.zone().await, trial.server.number().await);
        let findings = examine(&trial.config, wall()).await;
        assert!(findings.iter().all(|finding| matches!(finding, Finding::Good(_))), "{findings:?}");
        assert_eq!(findings.len(), 4, "{findings:?}");
        assert_eq!(trial.somebody.zone().await, before);
        assert_eq!(trial.server.number().await, number, "not even its number has grown");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_missing_and_how_to_mend_it() {
    on_each(|mut trial| async move {
        let with = |change: &dyn Fn(&mut DnsUpdateConfig)| {
            let mut config = trial.config.clone();
            change(&mut config);
            config
        };
        let found = async |config: DnsUpdateConfig, count: usize, says: &str| {
            let findings = examine(&config, wall()).await;
            let missing: Vec<_> = findings.iter().filter(|finding| matches!(finding, Finding::Missing(..))).collect();
            assert_eq!(missing.len(), count, "{findings:?}");
            assert!(missing.iter().any(|finding| format!("{finding:?}").contains(says)), "{findings:?}");
        };
        found(with(&|config| config.key.name = READER.into()), 1, "action: update").await;
        found(with(&|config| config.key.name = WRITER.into()), 1, "action: transfer").await;
        found(with(&|config| config.key.name = "nobody".into()), 1, "TSIG key").await;
        found(with(&|config| config.key.secret = SecretPlace::Variable("KOZA_NO_SUCH_VARIABLE".into())), 1, "KOZA_NO_SUCH_VARIABLE").await;
        found(with(&|config| config.name_servers.push("127.0.0.1:1".into())), 1, "127.0.0.1:1").await;
        let config = trial.config.clone();
        trial.server.kill();
        found(config, 1, "see whether this host reaches it").await;
    })
    .await;
}

#[test]
fn settings_are_read_as_written_and_hold_no_secret() {
    let text = r#"{"domain":"exp.test","server":"192.0.2.53","name_servers":["ns1.example.org"],
        "key":{"name":"koza","secret":{"variable":"KOZA_TSIG_SECRET"}}}"#;
    let config: DnsUpdateConfig = serde_json::from_str(text).expect("settings");
    assert_eq!(config.key.algorithm, "hmac-sha256");
    let again: DnsUpdateConfig = serde_json::from_value(serde_json::to_value(&config).expect("written")).expect("read");
    assert_eq!(again, config);
    assert!(serde_json::from_str::<DnsUpdateConfig>(&text.replace("\"variable\"", "\"plain\"")).is_err());
    let error = DnsUpdate::new(&config, wall()).err().expect("there is no such variable");
    assert_eq!((error.fate, error.code), (Fate::Final, "bad_settings"));
    assert!(error.said.contains("KOZA_TSIG_SECRET"), "{error}");
}
