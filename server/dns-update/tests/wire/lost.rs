//! Orders and answers that are lost, servers that die, and views that are old.

use cloud::{Deletion, Dns, Fate, Intent};

use crate::relay::Rule;
use crate::somebody::theirs;
use crate::trial::{must, on_each, record, told};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_or_its_answer_is_lost_and_the_same_order_again_ends_as_if_nothing_had_been() {
    on_each(|trial| async move {
        for rule in [Rule::LoseOrder, Rule::LoseAnswer] {
            let is_made = matches!(rule, Rule::LoseAnswer);
            let before = trial.somebody.zone().await;
            let (intent, c5) = (trial.intent(), record("c5", "198.51.100.7"));
            trial.relay.next(rule);
            let lost = trial.dns.put(&intent, &c5).await.expect_err("no answer");
            assert_eq!(lost.fate, Fate::TryAgain, "nobody knows whether it happened");
            assert_eq!(trial.somebody.zone().await != before, is_made);
            let number = trial.server.number().await;
            must(trial.dns.put(&Intent { is_repeat: true, ..intent }, &c5).await);
            assert_eq!(trial.server.number().await == number, is_made, "it is made once");
            assert_eq!(trial.listed().await, [told("c5", "198.51.100.7", true, false)]);

            // Both steps down, each lost once.
            for expected in [Deletion::UnderWay, Deletion::Done(None)] {
                trial.relay.next(if is_made { Rule::LoseAnswer } else { Rule::LoseOrder });
                assert_eq!(trial.dns.remove("c5.exp.test").await.expect_err("no answer").fate, Fate::TryAgain);
                if !is_made {
                    assert_eq!(must(trial.dns.remove("c5.exp.test").await), expected);
                }
            }
            assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None));
            assert_eq!(trial.somebody.zone().await, before);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_has_answered_survives_its_death() {
    on_each(|mut trial| async move {
        let intent = trial.intent();
        must(trial.dns.put(&intent, &record("c5", "198.51.100.7")).await);
        trial.server.kill();
        let refused = trial.dns.put(&intent, &record("c5", "198.51.100.8")).await.expect_err("it is dead");
        assert_eq!((refused.fate, refused.code), (Fate::TryAgain, "unreachable"));
        assert_eq!(trial.dns.remove("c5.exp.test").await.expect_err("it is dead").fate, Fate::TryAgain);
        assert_eq!(trial.dns.list().await.expect_err("it is dead").fate, Fate::TryAgain);
        trial.server.start_again().await;
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.7", true, false)]);
        must(trial.dns.remove("c5.exp.test").await);
        trial.server.kill();
        trial.server.start_again().await;
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None));
        assert_eq!(trial.listed().await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_has_become_old_is_refused_and_what_came_in_between_stays() {
    on_each(|trial| async move {
        // Somebody takes the name between our look and our change.
        let somebody = trial.somebody;
        let taken = theirs("c5 A 198.51.100.9");
        let first = taken.clone();
        trial.relay.next(Rule::after(async move { somebody.put(&[first]).await }));
        let refused = trial.dns.put(&trial.intent(), &record("c5", "198.51.100.7")).await.expect_err("taken");
        assert_eq!((refused.fate, refused.code), (Fate::Final, "name_taken"));
        let zone = somebody.zone().await;
        assert!(zone.contains(&taken.line()) && !zone.iter().any(|line| line.contains("koza")), "{zone:?}");
        somebody.take(&[taken]).await;

        // Our own record is changed by hand between look and change: what is taken out is what is there.
        let intent = trial.intent();
        must(trial.dns.put(&intent, &record("c5", "198.51.100.7")).await);
        trial.relay.next(Rule::after(async move {
            somebody.clear("c5.exp.test").await;
            somebody.put(&[theirs("c5 A 198.51.100.66")]).await;
        }));
        must(trial.dns.put(&intent, &record("c5", "198.51.100.8")).await);
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.8", true, false)]);

        // A change at every look: we give up for now, and nothing is half done.
        for address in ["198.51.100.67", "198.51.100.68"] {
            let by_hand = theirs(&format!("c5 A {address}"));
            trial.relay.next(Rule::after(async move {
                somebody.clear("c5.exp.test").await;
                somebody.put(&[by_hand]).await;
            }));
        }
        let refused = trial.dns.remove("c5.exp.test").await.expect_err("it changes");
        assert_eq!((refused.fate, refused.code), (Fate::TryAgain, "zone_changes"));
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.68", true, false)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_who_order_the_same_make_it_once_and_neither_is_told_that_it_is_taken() {
    on_each(|trial| async move {
        let (intent, c5) = (trial.intent(), record("c5", "198.51.100.7"));
        let other = std::sync::Arc::new(trial.with(|config| config.server = config.name_servers[0].clone()));
        let (quicker, same) = (other.clone(), (intent.clone(), c5.clone()));
        trial.relay.next(Rule::after(async move {
            must(quicker.put(&same.0, &same.1).await);
        }));
        let number = trial.server.number().await.expect("it answers");
        must(trial.dns.put(&intent, &c5).await);
        assert_eq!(trial.server.number().await, Some(number + 1), "one change");
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.7", true, false)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_worker_did_in_between_is_seen_before_a_name_counts_as_gone() {
    on_each(|trial| async move {
        let other = std::sync::Arc::new(trial.with(|config| config.server = config.name_servers[0].clone()));
        trial.put("c5", "198.51.100.7").await;
        must(trial.dns.remove("c5.exp.test").await);
        let again = (trial.intent(), record("c5", "198.51.100.8"));
        trial.relay.next(Rule::after(async move {
            must(other.put(&again.0, &again.1).await);
        }));
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::UnderWay, "it is there again, and goes again");
        assert_eq!(trial.listed().await, [told("c5", "", true, true)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_somebody_takes_while_we_put_it_again_is_theirs_alone() {
    on_each(|trial| async move {
        trial.put("c5", "198.51.100.7").await;
        must(trial.dns.remove("c5.exp.test").await);
        let (somebody, taken) = (trial.somebody, theirs("c5 A 198.51.100.9"));
        let first = taken.clone();
        trial.relay.next(Rule::after(async move { somebody.put(&[first]).await }));
        assert_eq!(trial.dns.put(&trial.intent(), &record("c5", "198.51.100.8")).await.expect_err("taken").code, "name_taken");
        assert_eq!(somebody.answer("c5.exp.test").await.1, ["198.51.100.9"]);
        assert!(somebody.zone().await.contains(&taken.line()), "as they wrote it");
    })
    .await;
}
