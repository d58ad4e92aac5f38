//! Plans as a reviewer reads them: wish and world in, text out. A change of a plan is a change of these files.

mod damage;
mod properties;
mod serving;
mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use app::domain::backup::BackupState;
use app::domain::phase::Goal;
use app::domain::reason::{Attention, Probe};
use app::domain::saw::Saw;
use cloud::{Call, Kind, MachineState, Observed};
use time::Duration;
use uuid::Uuid;

use super::{
    Action, BackupSeen, BootSeen, Holding, ImageState, Options, ProbeSeen, Purpose, Security, Spec, Until, Wish, World, phase, plan,
};
use trial::{held, machine, now, open_ports, wish};

/// A world that is just as the wish "running" wants it.
fn complete() -> World {
    let binding = Observed::Binding { address: "there".into(), machine: "there".into() };
    let probes = [Probe::Ssh, Probe::Wordpress, Probe::FtpTex, Probe::ClosedPorts];
    World {
        holdings: BTreeMap::from([
            ((Kind::Machine, 1), held(Some(machine(MachineState::Running)))),
            ((Kind::Address, 1), held(Some(Observed::Address { address: "198.51.100.7".into() }))),
            ((Kind::Firewall, 1), held(Some(open_ports()))),
            ((Kind::Binding, 1), held(Some(binding))),
        ]),
        boot: Some(BootSeen { id: "b".into(), is_ready: true, is_clean: false, failed: None }),
        probes: probes
            .into_iter()
            .map(|probe| (probe, ProbeSeen { boot: "b".into(), saw: Ok(()), tries: 1, at: now() - Duration::seconds(10) }))
            .collect(),
        ready_boot: Some("b".into()),
        was_ready: true,
        was_ready_since_asked: true,
        unanswered_at: Some(now() - Duration::minutes(5)),
        ..World::default()
    }
}

fn told(wish: &Wish, world: &World) -> String {
    format!("{:?}\n{}", phase(wish, world), plan(wish, world, now()))
}

#[test]
fn a_new_wish() {
    insta::assert_snapshot!(told(&wish(Goal::Running), &World::default()));
}

#[test]
fn a_new_wish_whose_image_is_being_baked() {
    let wish = Wish { image: ImageState::Baking, ..wish(Goal::Running) };
    insta::assert_snapshot!(told(&wish, &World::default()));
}

#[test]
fn a_satisfied_wish_has_nothing_to_do_now() {
    assert_eq!(plan(&wish(Goal::Running), &complete(), now()).now, []);
    insta::assert_snapshot!(told(&wish(Goal::Running), &complete()));
}

#[test]
fn an_answer_that_was_lost() {
    let mut world = complete();
    world.holdings.insert((Kind::Machine, 1), Holding { cloud_id: None, listed: None, ..held(None) });
    world.boot = None;
    insta::assert_snapshot!(told(&wish(Goal::Running), &world));
}

#[test]
fn a_machine_that_somebody_stopped() {
    let mut world = complete();
    world.holdings.insert((Kind::Machine, 1), held(Some(machine(MachineState::Stopped))));
    insta::assert_snapshot!(told(&wish(Goal::Running), &world));
}

#[test]
fn a_machine_that_vanished_after_it_was_ready() {
    let mut world = complete();
    world.holdings.insert((Kind::Machine, 1), held(None));
    insta::assert_snapshot!(told(&wish(Goal::Running), &world));
}

#[test]
fn a_binding_that_leads_elsewhere() {
    let mut world = complete();
    let elsewhere = Observed::Binding { address: "there".into(), machine: String::new() };
    world.holdings.insert((Kind::Binding, 1), held(Some(elsewhere)));
    insta::assert_snapshot!(told(&wish(Goal::Running), &world));
}

#[test]
fn a_rule_that_somebody_took_out() {
    let mut world = complete();
    world.holdings.insert((Kind::Firewall, 1), held(Some(Observed::Firewall { tcp: vec![] })));
    // Its ports are those of the firewall as it was: it is left alone until that is put right.
    world.holdings.insert((Kind::Binding, 1), held(Some(Observed::Binding { address: "there".into(), machine: String::new() })));
    insta::assert_snapshot!(told(&wish(Goal::Running), &world));
}

#[test]
fn a_machine_that_vanished_where_the_course_rebuilds_them() {
    let mut world = complete();
    world.holdings.insert((Kind::Machine, 1), held(None));
    insta::assert_snapshot!(told(&Wish { rebuilds_vanished: true, ..wish(Goal::Running) }, &world));
}

#[test]
fn a_copy_that_never_speaks_is_told_of_and_gets_no_visitors() {
    let wish = wish(Goal::Running);
    let wish = Wish { nature: trial::aws(), options: Options { machines: 2, ..wish.options.clone() }, ..wish };
    let mut world = World::default();
    trial::settle(&wish, &mut world);
    assert_eq!(plan(&wish, &world, now() + Duration::minutes(10)).attention, None);
    world.copies.clear();
    world.holdings.remove(&(Kind::Target, 2));
    let plan = plan(&wish, &world, now() + Duration::minutes(10));
    assert_eq!(plan.attention, Some(Attention::CopySilent { machine: 2 }));
    assert!(plan.waiting.contains(&(Action::Make(Kind::Target, 2), Until::CopyBooted(2))), "{plan}");
}

#[test]
fn a_balancer_that_never_takes_requests_is_told_of() {
    let wish = wish(Goal::Running);
    let wish = Wish { nature: trial::own_hardware(), options: Options { machines: 2, ..wish.options.clone() }, ..wish };
    let mut world = World::default();
    trial::settle(&wish, &mut world);
    let later = now() + Duration::minutes(10);
    assert_eq!(plan(&wish, &world, later).attention, None);
    let silent = Observed::Balancer { name: "198.51.100.9".into(), is_active: false, private_address: None };
    world.holdings.insert((Kind::Balancer, 1), held(Some(silent)));
    assert_eq!(plan(&wish, &world, now()).attention, None, "it is given time");
    assert_eq!(plan(&wish, &world, later).attention, Some(Attention::BalancerSilent));
}

/// Two machines behind a balancer; the second is to leave.
fn leaving() -> (Wish, World, Uuid) {
    let backup = Uuid::from_u128(7);
    let wish = wish(Goal::Running);
    let options = Options { machines: 2, leaving: BTreeMap::from([(2, Some(backup))]), ..wish.options.clone() };
    let mut world = World::default();
    let wish = Wish { nature: trial::aws(), options, ..wish };
    trial::settle(&Wish { options: Options { leaving: BTreeMap::new(), ..wish.options.clone() }, ..wish.clone() }, &mut world);
    world.worked = BTreeSet::from([1, 2]);
    let asked = BackupSeen {
        slot: 2,
        is_of_present: true,
        state: BackupState::Asked,
        said: None,
        moved_at: now(),
        since: now(),
        taken_at: Some(now()),
    };
    world.backups.insert(backup, asked);
    (wish, world, backup)
}

#[test]
fn a_machine_that_is_to_leave() {
    let (wish, mut world, backup) = leaving();
    let mut text = String::new();
    for (state, said) in [
        (BackupState::Asked, None),
        (BackupState::Taking, None),
        (BackupState::Taken, None),
        (BackupState::Rehearsing, None),
        (BackupState::Unproven, Some("block 3 is damaged".to_owned())),
        (BackupState::Proven, None),
    ] {
        let seen = world.backups.get_mut(&backup).expect("it is known");
        (seen.state, seen.said) = (state, said);
        let plan = plan(&wish, &world, now());
        let is_of_it =
            |line: &&str| ["back", "rehearse", "give up", "ask for", "leave", "tell", "release"].iter().any(|word| line.contains(word));
        let lines: Vec<_> = plan.to_string().lines().filter(is_of_it).map(str::to_owned).collect();
        let _ = writeln!(text, "{state:?}\n{}\n", lines.join("\n"));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_machine_leaves_without_a_backup_only_if_nothing_can_be_on_it() {
    let (wish, world, backup) = leaving();
    let leaves = |world: &World| plan(&wish, world, now()).now.iter().any(|(action, _)| *action == Action::Leave(2));
    assert!(!leaves(&world), "its backup is not proven");
    let mut new = world.clone();
    new.worked.remove(&2);
    assert!(leaves(&new), "it was never set up");
    let mut vanished = world.clone();
    vanished.holdings.insert((Kind::Machine, 2), held(None));
    assert!(leaves(&vanished), "it is gone with all that was on it");
    let mut young = vanished.clone();
    young.holdings.insert((Kind::Machine, 2), Holding { made_at: Some(now()), ..held(None) });
    assert!(!leaves(&young), "a cloud may list late");
    let mut proven = world;
    let seen = proven.backups.get_mut(&backup).expect("it is known");
    (seen.state, seen.taken_at) = (BackupState::Proven, Some(now()));
    assert!(leaves(&proven));
    let asks = |world: &World| plan(&wish, world, now()).now.iter().any(|(action, _)| *action == Action::AskBackup(2));
    let mut old = proven.clone();
    old.backups.get_mut(&backup).expect("it is known").taken_at = Some(now() - Duration::hours(1));
    assert!(!leaves(&old) && asks(&old), "what was written since is not in it");
    let mut of_another = proven.clone();
    of_another.backups.get_mut(&backup).expect("it is known").is_of_present = false;
    assert!(!leaves(&of_another) && asks(&of_another), "it is of the machine that was there before");
    proven.backups.clear();
    assert!(!leaves(&proven) && asks(&proven), "it is gone");
}

#[test]
fn machines_leave_one_after_the_other_and_only_the_last_is_backed_up_meanwhile() {
    let (wish, mut world, _) = leaving();
    let options = Options { machines: 3, leaving: BTreeMap::from([(2, None), (3, None)]), ..wish.options.clone() };
    let wish = Wish { options, ..wish };
    world.backups.clear();
    trial::settle(&Wish { options: Options { leaving: BTreeMap::new(), ..wish.options.clone() }, ..wish.clone() }, &mut world);
    world.worked = BTreeSet::from([1, 2, 3]);
    let plan = plan(&wish, &world, now());
    let asks: Vec<_> = plan.now.iter().map(|(action, _)| action.clone()).filter(|action| matches!(action, Action::AskBackup(_))).collect();
    assert_eq!(asks, [Action::AskBackup(3)]);
    assert!(plan.waiting.contains(&(Action::Leave(2), Until::BackedUp(3))), "{plan}");
}

#[test]
fn what_was_written_off_and_is_there_all_the_same() {
    let mut world = complete();
    world.strays = vec![(Kind::Binding, "old binding".into()), (Kind::Machine, "old machine, with work on it".into())];
    insta::assert_snapshot!(told(&wish(Goal::Running), &world));
}

#[test]
fn a_class_that_waits_for_its_turns_at_the_cloud() {
    let turn = |kind, seconds| {
        let turn = Some((Call::Create(kind).code(), now() + Duration::seconds(seconds)));
        Holding { cloud_id: None, listed: None, made_at: None, turn, ..held(None) }
    };
    let mut world = complete();
    world.holdings.insert((Kind::Machine, 1), turn(Kind::Machine, 90));
    world.holdings.insert((Kind::Firewall, 1), turn(Kind::Firewall, -1));
    world.holdings.remove(&(Kind::Binding, 1));
    (world.boot, world.was_ready, world.was_ready_since_asked) = (None, false, false);
    let text = told(&wish(Goal::Running), &world);
    insta::assert_snapshot!(text);
    world.holdings.insert((Kind::Firewall, 1), held(Some(open_ports())));
    let plan = plan(&wish(Goal::Running), &world, now());
    assert_eq!(plan.look_again, Some(now() + Duration::seconds(90)), "nobody looks before the turn comes: {plan}");
    let gone = crate::wish::plan(&wish(Goal::Gone), &world, now());
    assert!(gone.now.iter().any(|(action, _)| *action == Action::Release(Kind::Machine, 1)), "who gives up waits for no turn: {gone}");
}

#[test]
fn a_boot_step_that_failed() {
    let mut world = complete();
    world.boot = Some(BootSeen {
        id: "c".into(),
        failed: Some(("configure:wordpress".into(), vec!["no space left".into()])),
        ..BootSeen::default()
    });
    insta::assert_snapshot!(told(&wish(Goal::Running), &world));
}

#[test]
fn a_probe_that_fails_for_the_fourth_time() {
    let mut world = complete();
    let seen = ProbeSeen { boot: "b".into(), saw: Err(Saw::NotAPdf), tries: 4, at: now() - Duration::seconds(20) };
    world.probes.insert(Probe::FtpTex, seen);
    insta::assert_snapshot!(told(&wish(Goal::Running), &world));
}

#[test]
fn stopping() {
    insta::assert_snapshot!(told(&wish(Goal::Stopped), &complete()));
}

#[test]
fn removing_what_runs() {
    insta::assert_snapshot!(told(&wish(Goal::Gone), &complete()));
}

#[test]
fn removing_when_the_machine_is_gone() {
    let mut world = complete();
    world.holdings.remove(&(Kind::Machine, 1));
    insta::assert_snapshot!(told(&wish(Goal::Gone), &world));
}

#[test]
fn gone_only_when_no_call_can_make_anything_any_more() {
    let young = World { unanswered_at: Some(now() - Duration::seconds(20)), empty_since: Some(now()), ..World::default() };
    insta::assert_snapshot!(told(&wish(Goal::Gone), &young));
}

#[test]
fn what_waits_for_the_image_does_not_look_twice_a_second() {
    let wish = Wish { image: ImageState::Baking, ..wish(Goal::Running) };
    let mut world = complete();
    world.holdings.retain(|(kind, _), _| matches!(kind, Kind::Address | Kind::Firewall));
    (world.boot, world.was_ready) = (None, false);
    let plan = plan(&wish, &world, now());
    assert_eq!(plan.look_again, Some(now() + Duration::seconds(10)), "{plan}");
}

#[test]
fn baking() {
    let wish = Wish { purpose: Purpose::Image, image: ImageState::Baking, ..wish(Goal::Running) };
    let mut text = told(&wish, &World::default());
    let clean = World {
        holdings: BTreeMap::from([((Kind::Machine, 1), held(Some(machine(MachineState::Stopped))))]),
        boot: Some(BootSeen { id: "b".into(), is_clean: true, ..BootSeen::default() }),
        ..World::default()
    };
    text.push_str(&format!("\nclean and off:\n{}", told(&wish, &clean)));
    let mut made = clean;
    made.holdings.insert((Kind::Snapshot, 1), held(Some(Observed::Snapshot { is_complete: true })));
    made.holdings.insert((Kind::Image, 1), held(Some(Observed::Image { recipe: "r".into(), is_available: false })));
    text.push_str(&format!("\nimage listed, not whole yet:\n{}", told(&wish, &made)));
    made.holdings.insert((Kind::Image, 1), held(Some(Observed::Image { recipe: "r".into(), is_available: true })));
    text.push_str(&format!("\nimage there:\n{}", told(&wish, &made)));
    insta::assert_snapshot!(text);
}

/// What a firewall lets in, from where, for both security profiles.
#[test]
fn what_each_security_profile_lets_in() {
    let mut text = String::new();
    for (security, word) in [(Security::Hardened, "hardened"), (Security::AsInTheReport, "as in the report")] {
        for networks in [vec![], vec!["192.0.2.0/24".to_owned(), "198.51.100.0/24".to_owned()]] {
            let spec = Spec { security, ..crate::demo::web_and_tex() };
            let wish = Wish { spec, networks: networks.clone(), nature: trial::aws(), ..wish(Goal::Running) };
            let _ =
                writeln!(text, "{word}, the course's networks: {}", if networks.is_empty() { "none".into() } else { networks.join(", ") });
            for opening in wish.openings(&World::default(), 1) {
                let from = if opening.sources.is_empty() { "everywhere".into() } else { opening.sources.join(", ") };
                let _ = writeln!(text, "  tcp {}-{} from {from}", opening.ports.from, opening.ports.to);
            }
        }
    }
    insta::assert_snapshot!(text);
}
