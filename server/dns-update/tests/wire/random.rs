//! Whatever we do and whatever fails: what others keep in the zone stays, and what is ours is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloud::{Deletion, Dns, Fate};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

use crate::relay::Rule;
use crate::server::{self, DOMAIN};
use crate::somebody::theirs;
use crate::trial::{Trial, record};

const LABELS: [&str; 4] = ["n0", "n1", "n2", "n3"];
/// What others put at a name or at its companion's.
const THEIRS: [&str; 4] = ["{} A 198.51.100.99", "{} MX mail.example.org", "{} TXT words", "_koza.{} TXT words"];

#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    LoseOrder,
    LoseAnswer,
}

#[derive(Debug, Clone)]
enum Step {
    Put {
        environment: usize,
        label: usize,
        value: u8,
        fault: Fault,
    },
    Remove {
        label: usize,
        fault: Fault,
    },
    SomebodyPuts {
        label: usize,
        what: usize,
    },
    SomebodyTakes {
        label: usize,
        what: usize,
    },
    /// Between our look and our change.
    SomebodyIsQuicker {
        label: usize,
        what: usize,
    },
    WeStartAfresh,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fault = prop_oneof![4 => Just(Fault::None), 1 => Just(Fault::LoseOrder), 1 => Just(Fault::LoseAnswer)];
    let one = prop_oneof![
        6 => (0..2_usize, 0..LABELS.len(), 1..4_u8, fault.clone())
            .prop_map(|(environment, label, value, fault)| Step::Put { environment, label, value, fault }),
        6 => (0..LABELS.len(), fault).prop_map(|(label, fault)| Step::Remove { label, fault }),
        2 => (0..LABELS.len(), 0..THEIRS.len()).prop_map(|(label, what)| Step::SomebodyPuts { label, what }),
        2 => (0..LABELS.len(), 0..THEIRS.len()).prop_map(|(label, what)| Step::SomebodyTakes { label, what }),
        2 => (0..LABELS.len(), 0..THEIRS.len()).prop_map(|(label, what)| Step::SomebodyIsQuicker { label, what }),
        1 => Just(Step::WeStartAfresh),
    ];
    prop::collection::vec(one, 1..24)
}

fn line(label: usize, what: usize) -> String {
    THEIRS[what].replace("{}", LABELS[label])
}

/// A record without its time to live: those of one name and kind share one.
fn told(line: &str) -> String {
    line.splitn(4, ' ').enumerate().filter(|(place, _)| *place != 2).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

struct World {
    trial: Trial,
    environments: [Uuid; 2],
    /// What others keep there.
    others: BTreeSet<String>,
}

impl World {
    async fn step(&mut self, step: &Step) {
        let (somebody, relay) = (self.trial.somebody, self.trial.relay.clone());
        let lose = |fault: &Fault| match fault {
            Fault::None => {}
            Fault::LoseOrder => relay.next(Rule::LoseOrder),
            Fault::LoseAnswer => relay.next(Rule::LoseAnswer),
        };
        match step {
            Step::Put { environment, label, value, fault } => {
                lose(fault);
                let intent = self.trial.intent_of(self.environments[*environment]);
                let order = record(LABELS[*label], &format!("198.51.100.{value}"));
                match self.trial.dns.put(&intent, &order).await {
                    Ok(_) => assert_eq!(somebody.answer(&order.name).await.1, [order.value.as_str()], "{step:?}"),
                    Err(error) if error.code == "name_taken" => assert_eq!(error.fate, Fate::Final),
                    Err(error) => assert_eq!(error.fate, Fate::TryAgain, "{step:?}: {error}"),
                }
            }
            Step::Remove { label, fault } => {
                lose(fault);
                let name = format!("{}.{DOMAIN}", LABELS[*label]);
                match self.trial.dns.remove(&name).await {
                    Ok(Deletion::Done(_)) => assert!(!self.ours(&somebody.zone().await).contains_key(&name), "{step:?}"),
                    Ok(Deletion::UnderWay) => assert!(self.ours(&somebody.zone().await)[&name].0, "{step:?}: what is left says so"),
                    Err(error) => assert_eq!(error.fate, Fate::TryAgain, "{step:?}: {error}"),
                }
            }
            Step::SomebodyPuts { label, what } => {
                if self.may_put(*label, *what).await {
                    let record = theirs(&line(*label, *what));
                    self.others.insert(told(&record.line()));
                    somebody.put(&[record]).await;
                }
            }
            Step::SomebodyTakes { label, what } => {
                let record = theirs(&line(*label, *what));
                if self.others.remove(&told(&record.line())) {
                    somebody.take(&[record]).await;
                }
            }
            Step::SomebodyIsQuicker { label, what } => {
                if self.may_put(*label, *what).await {
                    let record = theirs(&line(*label, *what));
                    self.others.insert(told(&record.line()));
                    let intent = self.trial.intent_of(self.environments[0]);
                    relay.next(Rule::after(async move { somebody.put(&[record]).await }));
                    let answer = self.trial.dns.put(&intent, &crate::trial::record(LABELS[*label], "198.51.100.5")).await;
                    if let Err(error) = answer {
                        assert!(error.fate == Fate::TryAgain || error.code == "name_taken", "{step:?}: {error}");
                    }
                    // No change was made: it was refused at the look. Then it happens now.
                    relay.forget();
                    somebody.put(&[theirs(&line(*label, *what))]).await;
                }
            }
            Step::WeStartAfresh => self.trial.dns = Arc::new(self.trial.with(|_| ())),
        }
        relay.forget();
    }

    /// Nobody puts a second address beside one of ours: that would be a quarrel, not a neighbour.
    async fn may_put(&self, label: usize, what: usize) -> bool {
        let name = format!("{}.{DOMAIN}", LABELS[label]);
        what != 0 || self.ours(&self.trial.somebody.zone().await).get(&name).is_none_or(|(is_out, _)| *is_out)
    }

    /// Our names: whether they are out, and where they lead.
    fn ours(&self, zone: &BTreeSet<String>) -> BTreeMap<String, (bool, Vec<String>)> {
        let companions = zone.iter().filter(|line| line.contains("koza installation="));
        let name = |line: &str| line.split(' ').next().and_then(|name| name.strip_prefix("_koza.")).expect("a companion's name").to_owned();
        let leads = |name: &str| {
            let all = zone.iter().filter(|line| line.starts_with(&format!("{name} A ")));
            all.filter(|line| !self.others.contains(&told(line))).cloned().collect()
        };
        companions.map(|line| (name(line), (line.contains("out=yes"), leads(&name(line))))).collect()
    }

    async fn is_sound(&self, before: &BTreeSet<String>) {
        let zone = self.trial.somebody.zone().await;
        let all: BTreeSet<String> = zone.iter().map(|line| told(line)).collect();
        for record in &self.others {
            assert!(all.contains(record), "{record} of somebody else is gone: {zone:#?}");
        }
        let ours = self.ours(&zone);
        for (name, (is_out, leads)) in &ours {
            assert_eq!(leads.len(), usize::from(!is_out), "{name} is half done: {zone:#?}");
        }
        let is_ours = |line: &String| {
            let name = line.split(' ').next().expect("a name");
            line.contains("koza installation=") || ours.get(name).is_some_and(|(_, leads)| leads.contains(line))
        };
        for line in zone.iter().filter(|line| !before.contains(*line) && !self.others.contains(&told(line))) {
            assert!(is_ours(line), "{line} is nobody's: {zone:#?}");
        }
    }

    async fn clear(&mut self) {
        for label in LABELS {
            self.trial.somebody.clear(&format!("{label}.{DOMAIN}")).await;
            self.trial.somebody.clear(&format!("_koza.{label}.{DOMAIN}")).await;
        }
        self.others.clear();
    }
}

#[test]
fn whatever_fails_what_others_keep_stays_and_what_is_ours_is_whole() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    for kind in server::kinds() {
        let trial = runtime.block_on(Trial::on(kind));
        let before = runtime.block_on(trial.somebody.zone());
        let world = World { trial, environments: [Uuid::now_v7(), Uuid::now_v7()], others: BTreeSet::new() };
        let world = std::cell::RefCell::new(world);
        // As many as a minute takes, unless PROPTEST_CASES asks for more or fewer.
        let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60).min(2_000);
        let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
        let result = runner.run(&steps(), |steps| {
            let mut world = world.borrow_mut();
            runtime.block_on(async {
                world.clear().await;
                for step in &steps {
                    world.step(step).await;
                    world.is_sound(&before).await;
                }
            });
            Ok(())
        });
        if let Err(error) = result {
            panic!("on {kind:?}: {error}");
        }
    }
}
