//! Plans as a reviewer reads them: wish and world in, text out. A change of a plan is a change of these files.

use std::collections::BTreeMap;

use app::domain::phase::Goal;
use app::domain::reason::Probe;
use app::domain::saw::Saw;
use cloud::order::PortRange;
use cloud::{Kind, MachineState, Observed, Size};
use proptest::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::spec::ServiceSpec;
use super::{Action, BootSeen, Holding, ImageState, Plan, ProbeSeen, Purpose, Spec, Wish, World, phase, plan};

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_795_251_600).expect("a time")
}

fn wish(goal: Goal) -> Wish {
    let services = ["ssh", "wordpress", "ftp_tex"];
    Wish {
        purpose: Purpose::Course,
        goal,
        spec: Spec {
            schema: 1,
            summary: String::new(),
            os: "debian-12".into(),
            services: services.into_iter().map(|name| ServiceSpec { name: name.into(), revision: "1".into() }).collect(),
            size: Size { cpus: 1, memory_mib: 1024, disk_gib: 8 },
            open_ports: vec![PortRange { from: 80, to: 80 }],
        },
        image: ImageState::Ready("image".into()),
        condemned: 0,
        rebuilds_vanished: false,
        kinds: &Kind::ALL,
    }
}

fn held(observed: Option<Observed>) -> Holding {
    Holding {
        incarnation: 1,
        intent: Uuid::from_u128(1),
        cloud_id: Some("there".into()),
        made_at: Some(now() - Duration::minutes(5)),
        turn_at: None,
        listed: observed,
    }
}

fn open_ports() -> Observed {
    Observed::Firewall { tcp: wish(Goal::Running).spec.open_ports }
}

fn machine(state: MachineState) -> Observed {
    Observed::Machine { state, started_at: Some(now() - Duration::minutes(1)), private_address: None }
}

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
fn what_was_written_off_and_is_there_all_the_same() {
    let mut world = complete();
    world.strays = vec![(Kind::Binding, "old binding".into()), (Kind::Machine, "old machine, with work on it".into())];
    insta::assert_snapshot!(told(&wish(Goal::Running), &world));
}

#[test]
fn a_class_that_waits_for_its_turns_at_the_cloud() {
    let turn =
        |seconds| Holding { cloud_id: None, listed: None, made_at: None, turn_at: Some(now() + Duration::seconds(seconds)), ..held(None) };
    let mut world = complete();
    world.holdings.insert((Kind::Machine, 1), turn(90));
    world.holdings.insert((Kind::Firewall, 1), turn(-1));
    world.holdings.remove(&(Kind::Binding, 1));
    (world.boot, world.was_ready, world.was_ready_since_asked) = (None, false, false);
    let text = told(&wish(Goal::Running), &world);
    insta::assert_snapshot!(text);
    world.holdings.insert((Kind::Firewall, 1), held(Some(open_ports())));
    let plan = plan(&wish(Goal::Running), &world, now());
    assert_eq!(plan.look_again, Some(now() + Duration::seconds(90)), "nobody looks before the turn comes: {plan}");
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
    made.holdings.insert((Kind::Snapshot, 1), held(Some(Observed::Snapshot)));
    made.holdings.insert((Kind::Image, 1), held(Some(Observed::Image { recipe: "r".into(), is_available: false })));
    text.push_str(&format!("\nimage listed, not whole yet:\n{}", told(&wish, &made)));
    made.holdings.insert((Kind::Image, 1), held(Some(Observed::Image { recipe: "r".into(), is_available: true })));
    text.push_str(&format!("\nimage there:\n{}", told(&wish, &made)));
    insta::assert_snapshot!(text);
}

/// What becomes of the world when the cloud does what a plan says.
fn done(world: &mut World, plan: &Plan) {
    for (action, _) in &plan.now {
        match action {
            Action::Make(kind, slot) => {
                let observed = match kind {
                    Kind::Machine => machine(MachineState::Running),
                    Kind::Address => Observed::Address { address: "198.51.100.7".into() },
                    Kind::Binding => Observed::Binding { address: "there".into(), machine: "there".into() },
                    Kind::Firewall => open_ports(),
                    Kind::Snapshot => Observed::Snapshot,
                    Kind::Image => Observed::Image { recipe: "r".into(), is_available: true },
                };
                world.holdings.insert((*kind, *slot), held(Some(observed)));
                if *kind == Kind::Machine {
                    world.boot = Some(BootSeen { id: "n".into(), is_ready: true, ..BootSeen::default() });
                }
            }
            Action::Start(slot) => {
                world.holdings.insert((Kind::Machine, *slot), held(Some(machine(MachineState::Running))));
                world.boot = Some(BootSeen { id: "n".into(), is_ready: true, ..BootSeen::default() });
            }
            Action::Stop(slot) => {
                world.holdings.insert((Kind::Machine, *slot), held(Some(machine(MachineState::Stopped))));
                world.boot = None;
            }
            Action::Release(kind, slot) | Action::WriteOff(kind, slot) => {
                world.holdings.remove(&(*kind, *slot));
            }
            Action::ReleaseStray(..) => world.strays.clear(),
            Action::Probe(probe) => {
                let boot = world.boot.as_ref().map(|boot| boot.id.clone()).unwrap_or_default();
                world.probes.insert(*probe, ProbeSeen { boot, saw: Ok(()), tries: 1, at: now() });
            }
            Action::ConfirmGone => world.empty_since = Some(now()),
            Action::Adopt(_) => world.is_image_recorded = true,
            Action::Restart(_) => {}
        }
    }
    // What was on its way arrives, reports of machines that run among it.
    if world.machine_runs() && world.boot.is_none() {
        world.boot = Some(BootSeen { id: "n".into(), is_ready: true, ..BootSeen::default() });
    }
    for holding in world.holdings.values_mut() {
        if let Some(Observed::Machine { state, .. }) = &mut holding.listed {
            *state = match *state {
                MachineState::Starting => MachineState::Running,
                MachineState::Stopping => MachineState::Stopped,
                other => other,
            };
        }
    }
}

fn any_holding(observed: impl Strategy<Value = Observed> + 'static) -> impl Strategy<Value = Option<Holding>> {
    prop_oneof![
        Just(None),
        observed.prop_map(|observed| Some(held(Some(observed)))),
        Just(Some(held(None))),
        Just(Some(Holding { cloud_id: None, ..held(None) })),
    ]
}

fn any_world() -> impl Strategy<Value = World> {
    let state =
        prop_oneof![Just(MachineState::Starting), Just(MachineState::Running), Just(MachineState::Stopping), Just(MachineState::Stopped)];
    let leads_to = prop_oneof![Just("there".to_owned()), Just(String::new())];
    (
        any_holding(state.prop_map(machine)),
        any_holding(Just(Observed::Address { address: "198.51.100.7".into() })),
        any_holding(prop_oneof![Just(open_ports()), Just(Observed::Firewall { tcp: vec![] })]),
        any_holding(leads_to.prop_map(|machine| Observed::Binding { address: "there".into(), machine })),
        any::<bool>(),
        proptest::sample::subsequence(Kind::ALL.to_vec(), 0..3),
    )
        .prop_map(|(machine, address, firewall, binding, booted, strays)| {
            let holdings = [(Kind::Machine, machine), (Kind::Address, address), (Kind::Firewall, firewall), (Kind::Binding, binding)];
            World {
                holdings: holdings.into_iter().filter_map(|(kind, holding)| Some(((kind, 1), holding?))).collect(),
                boot: booted.then(|| BootSeen { id: "b".into(), is_ready: true, ..BootSeen::default() }),
                strays: strays.into_iter().map(|kind| (kind, format!("stray {}", kind.code()))).collect(),
                unanswered_at: Some(now() - Duration::minutes(5)),
                ..World::default()
            }
        })
}

proptest! {
    #[test]
    fn from_any_world_the_loop_comes_to_its_goal(mut world in any_world(), goal in prop_oneof![Just(Goal::Running), Just(Goal::Stopped), Just(Goal::Gone)]) {
        let wish = wish(goal);
        let mut rounds = 0;
        loop {
            let plan = plan(&wish, &world, now());
            let is_over = plan.now.is_empty() || plan.now.iter().all(|(action, _)| *action == Action::ConfirmGone && world.empty_since.is_some());
            if is_over && plan.waiting.iter().all(|(_, until)| matches!(until, super::Until::Time(_))) {
                break;
            }
            done(&mut world, &plan);
            rounds += 1;
            prop_assert!(rounds < 30, "{}", told(&wish, &world));
        }
        match goal {
            Goal::Running => prop_assert!(world.is_proven(&wish.spec.probes())),
            Goal::Stopped => prop_assert!(!world.machine_runs()),
            Goal::Gone => prop_assert!(world.holdings.is_empty()),
        }
        prop_assert!(world.strays.is_empty());
    }

    #[test]
    fn an_address_is_never_given_back_while_a_binding_uses_it(mut world in any_world()) {
        for _ in 0..30 {
            let plan = plan(&wish(Goal::Gone), &world, now());
            let releases = |kind| plan.now.iter().any(|(action, _)| *action == Action::Release(kind, 1));
            prop_assert!(!releases(Kind::Address) || world.first(Kind::Binding).is_none());
            prop_assert!(!releases(Kind::Binding) || world.first(Kind::Machine).is_none());
            prop_assert!(!releases(Kind::Firewall) || world.first(Kind::Machine).is_none());
            done(&mut world, &plan);
        }
    }
}
