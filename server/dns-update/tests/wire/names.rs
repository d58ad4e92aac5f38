//! What a name is between its order and its end.

use std::sync::Arc;

use cloud::{Deletion, Dns, Intent};
use dns_update::DnsUpdate;
use domain::base::iana::Rcode;
use futures::future::join_all;

use crate::server::{DOMAIN, Server};
use crate::somebody::theirs;
use crate::trial::{Trial, listed, must, on_each, record, told, wall};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_answered_as_soon_as_it_is_put() {
    on_each(|trial| async move {
        let seen = trial.put("c5", "198.51.100.7").await;
        assert_eq!(seen.cloud_id, format!("c5.{DOMAIN}"));
        assert_eq!(trial.somebody.answer("c5.exp.test").await, (Rcode::NOERROR, vec!["198.51.100.7".into()]));
        assert!(trial.somebody.zone().await.contains("c5.exp.test A 60 198.51.100.7"), "resolvers may remember it for a minute");
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.7", true, false)]);
        let named = must(trial.dns.list().await).remove(0);
        assert_eq!((named.environment, named.intent), (seen.environment, seen.intent));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_follows_its_address_and_an_order_that_is_repeated_changes_nothing() {
    on_each(|trial| async move {
        let intent = trial.intent();
        must(trial.dns.put(&intent, &record("c5", "198.51.100.7")).await);
        let moved = must(trial.dns.put(&intent, &record("c5", "198.51.100.8")).await);
        let number = trial.server.number().await;
        let again = must(trial.dns.put(&Intent { is_repeat: true, ..intent }, &record("c5", "198.51.100.8")).await);
        assert_eq!(again, moved, "the same answer");
        assert_eq!(trial.server.number().await, number, "and the zone was not changed");
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.8", true, false)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_can_lead_to_another_name_and_back_to_an_address() {
    on_each(|trial| async move {
        let intent = trial.intent();
        for value in ["198.51.100.7", "balancer.example.org", "198.51.100.8"] {
            must(trial.dns.put(&intent, &record("C5", value)).await);
            assert_eq!(trial.listed().await, [told("c5", value, true, false)]);
        }
        assert_eq!(trial.somebody.zone().await.iter().filter(|line| line.starts_with("c5.")).count(), 1, "nothing is left of the others");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taken_out_means_that_no_name_server_says_it_and_then_nothing_is_left() {
    on_each(|trial| async move {
        let before = trial.somebody.zone().await;
        trial.put("c5", "198.51.100.7").await;
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::UnderWay);
        assert_eq!(trial.somebody.answer("c5.exp.test").await.1, Vec::<String>::new());
        assert_eq!(trial.listed().await, [told("c5", "", true, true)], "what is left says that it is out");
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None));
        assert_eq!(trial.somebody.zone().await, before);
        assert_eq!(must(trial.dns.remove("c5.exp.test").await), Deletion::Done(None), "and once more does no harm");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_on_its_way_out_can_be_put_again_by_its_own_environment() {
    on_each(|trial| async move {
        trial.put("c5", "198.51.100.7").await;
        must(trial.dns.remove("c5.exp.test").await);
        trial.put("c5", "198.51.100.8").await;
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.8", true, false)]);
    })
    .await;
}

async fn with_two_servers(trial: &Trial) -> (Server, Arc<DnsUpdate>) {
    let second = Server::secondary(&trial.server).await;
    let dns = trial.with(|config| config.name_servers = vec![trial.server.address(), second.address()]);
    (second, Arc::new(dns))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_in_sync_once_the_last_name_server_knows_it_and_gone_once_the_last_one_does_not() {
    on_each(|trial| async move {
        let (second, dns) = with_two_servers(&trial).await;
        must(dns.put(&trial.intent(), &record("c5", "198.51.100.7")).await);
        assert_eq!(listed(&dns).await, [told("c5", "198.51.100.7", false, false)]);
        second.catch_up(&trial.server).await;
        assert_eq!(listed(&dns).await, [told("c5", "198.51.100.7", true, false)]);

        for _ in 0..3 {
            assert_eq!(must(dns.remove("c5.exp.test").await), Deletion::UnderWay, "the second one still leads people there");
            assert_eq!(listed(&dns).await, [told("c5", "", false, true)]);
        }
        second.catch_up(&trial.server).await;
        assert_eq!(listed(&dns).await, [told("c5", "", true, true)]);
        assert_eq!(must(dns.remove("c5.exp.test").await), Deletion::Done(None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_server_that_does_not_answer_has_not_forgotten_a_name() {
    on_each(|trial| async move {
        let (mut second, dns) = with_two_servers(&trial).await;
        must(dns.put(&trial.intent(), &record("c5", "198.51.100.7")).await);
        second.catch_up(&trial.server).await;
        second.kill();
        must(dns.remove("c5.exp.test").await);
        assert_eq!(must(dns.remove("c5.exp.test").await), Deletion::UnderWay);
        second.start_again().await;
        second.catch_up(&trial.server).await;
        assert_eq!(must(dns.remove("c5.exp.test").await), Deletion::Done(None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_starts_afresh_knows_what_the_zone_knows() {
    on_each(|trial| async move {
        trial.put("c5", "198.51.100.7").await;
        let other = trial.with(|_| ());
        assert_eq!(listed(&other).await, [told("c5", "198.51.100.7", true, false)]);
        assert_eq!(must(other.remove("c5.exp.test").await), Deletion::UnderWay);
        let third = trial.with(|_| ());
        assert_eq!(must(third.remove("c5.exp.test").await), Deletion::Done(None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_of_a_hundred_gets_its_names_at_once() {
    on_each(|trial| async move {
        let trial = &trial;
        let began_at = std::time::Instant::now();
        join_all((0..100).map(|n| async move { trial.put(&format!("c{n}"), &format!("198.51.100.{n}")).await })).await;
        eprintln!("100 names: {:?}", began_at.elapsed());
        let began_at = std::time::Instant::now();
        let all = trial.listed().await;
        eprintln!("listed: {:?}", began_at.elapsed());
        assert_eq!(all.len(), 100);
        assert!(all.iter().all(|(_, _, is_in_sync, _)| *is_in_sync));
        for expected in [Deletion::UnderWay, Deletion::Done(None)] {
            let removed = join_all(all.iter().map(|(name, ..)| trial.dns.remove(name))).await;
            assert!(removed.into_iter().all(|deletion| must(deletion) == expected));
        }
        assert_eq!(trial.listed().await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_of_thousands_is_read_whole() {
    on_each(|trial| async move {
        trial.put("c5", "198.51.100.7").await;
        for some in 0..20 {
            let many: Vec<_> = (0..200).map(|n| theirs(&format!("a{some}-{n} TXT somebody's words, {}", "word ".repeat(30)))).collect();
            trial.somebody.put(&many).await;
        }
        trial.put("zz", "198.51.100.8").await;
        let began_at = std::time::Instant::now();
        assert_eq!(trial.listed().await, [told("c5", "198.51.100.7", true, false), told("zz", "198.51.100.8", true, false)]);
        eprintln!("a zone of 4,000 others: {:?}", began_at.elapsed());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_line_says_what_it_is() {
    on_each(|trial| async move {
        let line = must(DnsUpdate::new(&trial.config, wall()).expect("settings").describe().await);
        assert!(line.starts_with("zone exp.test at 127.0.0.1:"), "{line}");
    })
    .await;
}
