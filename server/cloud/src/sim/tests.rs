//! What the simulator promises: the cloud here, the machines' inside in `inside`.

mod balance;
mod inside;
mod zones;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use time::Duration;
use uuid::Uuid;

use super::*;
use crate::order::{ImageSource, PortRange, Size};
use crate::seen::{MachineState, Observed};
use crate::tag::Tags;

const SERVICES: &str = "#cloud-config\n# koza: {\"purpose\":\"environment\",\"services\":[\"ssh\",\"wordpress\"]}\n";
const BAKE: &str = "#cloud-config\n# koza: {\"purpose\":\"bake\",\"services\":[\"ssh\",\"wordpress\"]}\n";

/// A simulator and the hand on its clock.
struct Trial {
    cloud: SimCloud,
    millis: Arc<AtomicI64>,
    ids: AtomicI64,
}

impl Trial {
    fn new() -> Self {
        Self::with(Self::prompt())
    }

    /// What was made is listed at once.
    fn prompt() -> SimSettings {
        SimSettings { timings: Timings { unlisted: 0..=0, delete: 0..=0, snapshot: 0..=0, ..Timings::default() }, ..SimSettings::default() }
    }

    fn with(settings: SimSettings) -> Self {
        let millis = Arc::new(AtomicI64::new(1_795_238_400_000));
        Self { cloud: SimCloud::new(settings, Self::clock(&millis)), millis, ids: AtomicI64::new(0) }
    }

    fn clock(millis: &Arc<AtomicI64>) -> Clock {
        let millis = Arc::clone(millis);
        Arc::new(move || OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(millis.load(Ordering::SeqCst)))
    }

    fn pass(&self, time: Duration) {
        self.millis.fetch_add(i64::try_from(time.whole_milliseconds()).unwrap_or(0), Ordering::SeqCst);
    }

    fn intent(&self, environment: u128, kind: Kind) -> Intent {
        let token = self.ids.fetch_add(1, Ordering::SeqCst).unsigned_abs();
        let tags = Tags {
            environment: EnvironmentTag { installation: "sim".into(), environment: Uuid::from_u128(environment << 64) },
            course: Uuid::nil(),
            owner: Uuid::nil(),
        };
        Intent { token: Uuid::from_u128(u128::from(token)), kind, slot: 1, incarnation: 1, is_repeat: false, tags }
    }

    async fn make(&self, environment: u128, kind: Kind, order: &Create) -> Seen {
        must(self.cloud.create(&self.intent(environment, kind), order).await)
    }

    /// Machine, address, firewall and binding; the machine's name.
    async fn whole(&self, environment: u128, user_data: &str) -> String {
        let machine = self.make(environment, Kind::Machine, &machine(user_data)).await.cloud_id;
        let address = self.make(environment, Kind::Address, &Create::Address).await.cloud_id;
        let firewall = self.make(environment, Kind::Firewall, &web()).await.cloud_id;
        let order = Create::Binding { address, machine: machine.clone(), firewall };
        self.make(environment, Kind::Binding, &order).await;
        machine
    }
}

#[track_caller]
fn must<T>(result: Result<T, CloudError>) -> T {
    result.unwrap_or_else(|error| panic!("the simulator refused: {error}"))
}

fn machine(user_data: &str) -> Create {
    machine_from(ImageSource::Base("debian-12".into()), user_data)
}

fn machine_from(image: ImageSource, user_data: &str) -> Create {
    let size = Size { cpus: 1, memory_mib: 512, disk_gib: 4 };
    Create::Machine {
        image,
        size,
        user_data: user_data.into(),
        host_name: "c5".into(),
        zone: None,
        disk: None,
        firewall: None,
        key: None,
        is_encrypted: false,
        goes_out_alone: false,
    }
}

fn web() -> Create {
    Create::Firewall { tcp: vec![PortRange { from: 22, to: 22 }.into(), PortRange { from: 80, to: 80 }.into()] }
}

fn state(seen: &Seen) -> Option<MachineState> {
    match seen.observed {
        Observed::Machine { state, .. } => Some(state),
        _ => None,
    }
}

const MINUTE: Duration = Duration::minutes(1);

#[tokio::test]
async fn a_machine_starts_and_stops_in_its_own_time() {
    let trial = Trial::new();
    let seen = trial.make(1, Kind::Machine, &machine(SERVICES)).await;
    let of = trial.intent(1, Kind::Machine).tags.environment;
    let now = async || must(trial.cloud.list(&of).await).first().and_then(state);
    assert_eq!(now().await, Some(MachineState::Starting));
    trial.pass(Duration::milliseconds(900));
    assert_eq!(now().await, Some(MachineState::Starting));
    trial.pass(Duration::milliseconds(1200));
    assert_eq!(now().await, Some(MachineState::Running));
    assert!(must(trial.cloud.metrics(&seen.cloud_id).await).is_some());
    must(trial.cloud.stop(&seen.cloud_id).await);
    assert_eq!(must(trial.cloud.metrics(&seen.cloud_id).await), None);
    assert_eq!(now().await, Some(MachineState::Stopping));
    assert_eq!(trial.cloud.start(&seen.cloud_id).await.expect_err("it is on its way down").fate, Fate::TryAgain);
    trial.pass(MINUTE);
    assert_eq!(now().await, Some(MachineState::Stopped));
    must(trial.cloud.delete(Kind::Machine, &seen.cloud_id).await);
    must(trial.cloud.delete(Kind::Machine, &seen.cloud_id).await);
    assert_eq!(now().await, None);
}

#[tokio::test]
async fn what_was_just_made_may_not_be_listed_yet() {
    let trial = Trial::with(SimSettings { timings: Timings { unlisted: 500..=500, ..Timings::default() }, ..SimSettings::default() });
    trial.make(1, Kind::Firewall, &web()).await;
    assert_eq!(must(trial.cloud.list_all().await), []);
    trial.pass(Duration::milliseconds(500));
    assert_eq!(must(trial.cloud.list_all().await).len(), 1);
}

#[tokio::test]
async fn an_intent_gets_the_same_thing_again_and_nothing_else_ever() {
    let trial = Trial::new();
    let intent = trial.intent(1, Kind::Machine);
    let seen = must(trial.cloud.create(&intent, &machine(SERVICES)).await);
    assert_eq!(must(trial.cloud.create(&intent, &machine(SERVICES)).await).cloud_id, seen.cloud_id);
    let other = trial.cloud.create(&intent, &machine(BAKE)).await.expect_err("another order");
    assert_eq!((other.fate, other.code), (Fate::Final, "intent_mismatch"));
    must(trial.cloud.vanish(&seen.cloud_id));
    let spent = trial.cloud.create(&intent, &machine(SERVICES)).await.expect_err("it was made and is gone");
    assert_eq!((spent.fate, spent.code), (Fate::Final, "intent_spent"));
}

#[tokio::test]
async fn a_pool_that_is_used_up_says_how_many_there_are() {
    let trial = Trial::with(SimSettings { addresses: 2, machines: 1, ..SimSettings::default() });
    let first = trial.make(1, Kind::Address, &Create::Address).await;
    let second = trial.make(2, Kind::Address, &Create::Address).await;
    assert_ne!(first.observed, second.observed);
    let full = trial.cloud.create(&trial.intent(3, Kind::Address), &Create::Address).await.expect_err("there are two");
    assert_eq!((full.fate, full.code, full.numbers), (Fate::OverQuota, "no_free_address", Some((2, 2))));
    must(trial.cloud.delete(Kind::Address, &first.cloud_id).await);
    trial.make(3, Kind::Address, &Create::Address).await;

    trial.make(1, Kind::Machine, &machine(SERVICES)).await;
    let full = trial.cloud.create(&trial.intent(2, Kind::Machine), &machine(SERVICES)).await.expect_err("one is allowed");
    assert_eq!((full.fate, full.numbers), (Fate::OverQuota, Some((1, 1))));
}

#[tokio::test]
async fn hosts_without_room_start_nothing_more() {
    let trial = Trial::with(SimSettings { capacity: 1, ..SimSettings::default() });
    let first = trial.make(1, Kind::Machine, &machine(SERVICES)).await.cloud_id;
    let full = trial.cloud.create(&trial.intent(2, Kind::Machine), &machine(SERVICES)).await.expect_err("no room");
    assert_eq!(full.fate, Fate::NoCapacity);
    must(trial.cloud.stop(&first).await);
    trial.pass(MINUTE);
    trial.make(2, Kind::Machine, &machine(SERVICES)).await;
    assert_eq!(trial.cloud.start(&first).await.expect_err("no room").fate, Fate::NoCapacity);
}

#[tokio::test]
async fn what_something_uses_stays() {
    let trial = Trial::new();
    let machine = trial.whole(1, SERVICES).await;
    trial.pass(MINUTE);
    let all = must(trial.cloud.list_all().await);
    let id = |kind| all.iter().find(|seen| seen.kind() == kind).map(|seen| seen.cloud_id.clone()).unwrap_or_default();
    for kind in [Kind::Address, Kind::Firewall, Kind::Machine] {
        assert_eq!(trial.cloud.delete(kind, &id(kind)).await.expect_err("it is used, or runs").fate, Fate::InUse);
    }
    must(trial.cloud.stop(&machine).await);
    trial.pass(MINUTE);
    for kind in [Kind::Machine, Kind::Binding, Kind::Address, Kind::Firewall] {
        must(trial.cloud.delete(kind, &id(kind)).await);
    }
    assert_eq!(must(trial.cloud.list_all().await), []);
    assert!(must(trial.cloud.lives()).iter().all(|life| life.to.is_some()));
}

#[tokio::test]
async fn a_lost_request_did_nothing_and_a_lost_answer_did_it() {
    let trial = Trial::new();
    let make = Call::Create(Kind::Firewall);
    trial.cloud.script(make, 1, Mishap::LoseRequest);
    trial.cloud.script(make, 2, Mishap::LoseAnswer);
    trial.cloud.script(make, 3, Mishap::Throttle);
    let intent = trial.intent(1, Kind::Firewall);
    for (fate, listed) in [(Fate::TryAgain, 0), (Fate::TryAgain, 1), (Fate::Throttled, 1)] {
        assert_eq!(trial.cloud.create(&intent, &web()).await.expect_err("scripted").fate, fate);
        assert_eq!(must(trial.cloud.list_all().await).len(), listed);
    }
    must(trial.cloud.create(&intent, &web()).await);
    assert_eq!(must(trial.cloud.list_all().await).len(), 1);

    trial.cloud.fall_silent(true);
    assert_eq!(trial.cloud.list_all().await.expect_err("silent").code, "unreachable");
    assert!(trial.cloud.describe().await.is_err());
    trial.cloud.fall_silent(false);
    assert_eq!(must(trial.cloud.list_all().await).len(), 1);
}

#[tokio::test]
async fn its_own_record_says_who_ran_from_when_to_when() {
    let trial = Trial::new();
    let machine = trial.whole(1, SERVICES).await;
    trial.pass(MINUTE);
    must(trial.cloud.kill(&machine));
    trial.pass(MINUTE);
    must(trial.cloud.start(&machine).await);
    trial.pass(MINUTE);
    must(trial.cloud.vanish(&machine));
    let life = must(trial.cloud.lives()).into_iter().find(|life| life.cloud_id == machine).expect("it lived");
    let [(_, Some(first_end)), (second, Some(second_end))] = life.ran[..] else { panic!("{life:?}") };
    assert!(first_end < second && second < second_end);
    assert_eq!(life.to, Some(second_end));
}

#[tokio::test]
async fn the_same_seed_and_calls_give_the_same_cloud() {
    let settings = |seed| SimSettings { seed, chances: Chances { lost_answers: 300, ..Chances::default() }, ..SimSettings::default() };
    let run = async |seed| {
        let trial = Trial::with(settings(seed));
        let mut told = Vec::new();
        for environment in 1..40 {
            let told_now = trial.cloud.create(&trial.intent(environment, Kind::Address), &Create::Address).await;
            told.push(told_now.map_err(|error| error.code));
        }
        (told, must(trial.cloud.list_all().await), must(trial.cloud.lives()))
    };
    let (one, same, other) = (run(7).await, run(7).await, run(8).await);
    assert!(one == same);
    assert!(one != other);
    assert!(one.0.iter().any(Result::is_err) && one.0.iter().any(Result::is_ok));
}

#[tokio::test]
async fn a_cloud_that_is_kept_in_a_file_survives_a_restart() {
    let file = std::env::temp_dir().join(format!("koza-sim-{}.json", std::process::id()));
    let millis = Arc::new(AtomicI64::new(1_795_238_400_000));
    let open = || must(SimCloud::kept_in(file.clone(), Trial::prompt(), Trial::clock(&millis)));
    let trial = Trial { cloud: open(), millis: Arc::clone(&millis), ids: AtomicI64::new(0) };
    let machine = trial.whole(1, SERVICES).await;
    trial.pass(MINUTE);
    let (before, key) = (must(trial.cloud.list_all().await), trial.cloud.host_key(&machine));
    drop(trial);
    let again = open();
    assert_eq!(must(again.list_all().await), before);
    assert_eq!(again.host_key(&machine), key);
    assert_eq!(again.ask(&machine, "ssh"), Ok(()));

    std::fs::write(&file, b"{").expect("the folder for temporary files takes one");
    let bad = SimCloud::kept_in(file.clone(), SimSettings::default(), Trial::clock(&millis));
    assert_eq!(bad.err().map(|error| error.code), Some("bad_settings"));
    let _ = std::fs::remove_file(&file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_share_a_file_have_one_cloud_and_forget_nothing() {
    let folder = std::env::temp_dir().join(format!("koza-sim-shared-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files takes one");
    let millis = Arc::new(AtomicI64::new(1_795_238_400_000));
    let open = |first_id| Trial {
        cloud: must(SimCloud::kept_in(folder.join("cloud.json"), Trial::prompt(), Trial::clock(&millis))),
        millis: Arc::clone(&millis),
        ids: AtomicI64::new(first_id),
    };
    let (one, other) = (Arc::new(open(0)), Arc::new(open(1000)));
    one.cloud.script(Call::Create(Kind::Machine), 1, Mishap::Throttle);
    let machine = other.whole(1, SERVICES).await;
    assert_eq!(must(one.cloud.list_all().await), must(other.cloud.list_all().await));
    assert_eq!(one.cloud.host_key(&machine), other.cloud.host_key(&machine));

    // The same order from both is one order, and what both make at once is all there.
    let order = one.intent(2, Kind::Address);
    let seen = must(one.cloud.create(&order, &Create::Address).await);
    assert_eq!(must(other.cloud.create(&order, &Create::Address).await).cloud_id, seen.cloud_id);
    let made: Vec<_> = [(10, &one), (20, &other), (30, &one), (40, &other)]
        .into_iter()
        .map(|(first, trial)| {
            let trial = Arc::clone(trial);
            tokio::spawn(async move {
                for environment in first..first + 10 {
                    trial.make(environment, Kind::Address, &Create::Address).await;
                }
            })
        })
        .collect();
    for makes in made {
        makes.await.expect("each order is carried out");
    }
    assert_eq!(must(one.cloud.list_all().await).len(), 4 + 1 + 40);
    assert_eq!(must(one.cloud.lives()), must(other.cloud.lives()));

    must(one.cloud.vanish(&machine));
    assert_eq!(other.cloud.ask(&machine, "ssh").map_err(|error| error.is_empty()), Err(false));
    let refused = one.cloud.create(&one.intent(4, Kind::Machine), &machine_from(ImageSource::Base("debian-12".into()), SERVICES)).await;
    assert_eq!(refused.map_err(|error| error.fate).err(), Some(Fate::Throttled), "a script is of one process");
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test]
async fn several_machines_in_one_call_draw_one_request_and_a_token_each() {
    let trial = Trial::with(SimSettings { allowances: true, ..Trial::prompt() });
    let mut machines = Vec::new();
    for environment in 1..=3 {
        machines.push(trial.make(environment, Kind::Machine, &machine(SERVICES)).await.cloud_id);
    }
    trial.pass(MINUTE);
    let none = "machine-that-there-is-none".to_owned();
    let asked = [machines.clone(), vec![none]].concat();
    let [Ok(_), Ok(_), Ok(_), Err(missing)] = &trial.cloud.several(Call::Stop, &asked).await[..] else { panic!("an answer each") };
    assert_eq!(missing.code, "instance_not_found");
    assert_eq!(trial.cloud.taken(Call::Stop), 1);
    trial.pass(MINUTE);
    assert!(must(trial.cloud.list_all().await).iter().all(|seen| state(seen) == Some(MachineState::Stopped)));
    let gone = trial.cloud.several(Call::Delete(Kind::Machine), &machines).await;
    assert!(gone.iter().all(Result::is_ok) && must(trial.cloud.list_all().await).is_empty());
}
