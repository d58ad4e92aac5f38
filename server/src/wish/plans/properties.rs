//! What holds from any world, however it came about.

use std::collections::BTreeSet;

use app::domain::phase::Goal;
use cloud::{Health, Kind, MachineState, Observed, Record};
use proptest::prelude::*;
use time::Duration;

use super::trial::{authority, aws, done, held, is_at_rest, made, name, now, own_hardware, service, settle, wish};
use crate::wish::{Action, BootSeen, Freeze, Holding, Options, PermitSeen, Wish, World, desired_resources, plan};

/// What may go only after what: in order down, a name first and an address late.
const ORDER: [((Kind, u16), (Kind, u16)); 15] = [
    ((Kind::Record, 1), (Kind::Machine, 1)),
    ((Kind::Record, 1), (Kind::Address, 1)),
    ((Kind::Record, 2), (Kind::Balancer, 1)),
    ((Kind::Target, 1), (Kind::Machine, 1)),
    ((Kind::Target, 2), (Kind::Machine, 2)),
    ((Kind::Target, 2), (Kind::TargetGroup, 1)),
    ((Kind::Listener, 1), (Kind::TargetGroup, 1)),
    ((Kind::Listener, 1), (Kind::Balancer, 1)),
    ((Kind::Machine, 1), (Kind::Disk, 1)),
    ((Kind::Machine, 1), (Kind::Binding, 1)),
    ((Kind::Machine, 2), (Kind::Firewall, 1)),
    ((Kind::Machine, 1), (Kind::Key, 1)),
    ((Kind::Binding, 1), (Kind::Address, 1)),
    ((Kind::Binding, 2), (Kind::Firewall, 1)),
    ((Kind::Balancer, 1), (Kind::Firewall, 2)),
];

fn any_wish() -> impl Strategy<Value = Wish> {
    let goal = prop_oneof![Just(Goal::Running), Just(Goal::Stopped), Just(Goal::Gone)];
    (goal, any::<bool>(), 1..=2_u16, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(goal, on_aws, machines, has_https, at_rest, gives_back, is_apart)| {
            let mut nature = if on_aws { aws() } else { own_hardware() };
            if has_https && !on_aws {
                nature.kinds.push(Kind::Record);
            }
            let set_apart = if is_apart { BTreeSet::from([1]) } else { BTreeSet::new() };
            let mut wish = Wish {
                nature,
                options: Options {
                    machines,
                    set_apart,
                    is_sticky: is_apart,
                    saved: if is_apart { [2, 4].into() } else { BTreeSet::new() },
                    ..Options::default()
                },
                rebuilds_vanished: true,
                ..wish(goal)
            };
            if at_rest {
                wish.spec.freeze = Freeze::AtRest;
            }
            wish.spec.gives_back_address = gives_back;
            wish.authority = has_https.then(authority);
            if has_https {
                wish.spec.services.push(service("https"));
            }
            wish
        },
    )
}

/// As a kind may be shown when something happened to it.
fn changed(observed: Observed, roll: u8) -> Observed {
    match observed {
        Observed::Machine { started_at, stopped_at, private_address, zone, .. } => {
            let states = [MachineState::Starting, MachineState::Running, MachineState::Stopping, MachineState::Stopped];
            Observed::Machine {
                state: states[usize::from(roll % 4)],
                started_at,
                stopped_at,
                private_address,
                zone,
                is_locked: roll.is_multiple_of(3),
            }
        }
        Observed::Binding { address, .. } => Observed::Binding { address, machine: String::new() },
        Observed::Firewall { .. } => Observed::Firewall { tcp: vec![] },
        Observed::Record { record, .. } => Observed::Record {
            record: Record { value: "elsewhere".into(), ..record },
            is_in_sync: roll.is_multiple_of(2),
            is_out: roll.is_multiple_of(3),
        },
        Observed::Listener { asks, .. } => {
            Observed::Listener { certificate: None, asks: asks.filter(|_| roll.is_multiple_of(2)), said: None }
        }
        Observed::Image { recipe, .. } => Observed::Image { recipe, is_available: false },
        Observed::Target { machine, .. } => {
            let healths = [Health::Initial, Health::Healthy, Health::Unhealthy, Health::Draining];
            Observed::Target { machine, health: healths[usize::from(roll % 4)] }
        }
        other => other,
    }
}

/// Any of the wish's slots may be there or not, be answered or not, be listed or not, and be as it should or not.
fn any_world(wish: &Wish) -> impl Strategy<Value = World> + use<> {
    let wish = Wish { goal: Goal::Running, ..wish.clone() };
    let slots: Vec<_> = desired_resources(&wish, &World::default()).into_iter().map(|(kind, slot, _)| (kind, slot)).collect();
    let count = slots.len();
    let kinds = wish.nature.kinds.clone();
    (
        proptest::collection::vec((0..5_u8, any::<u8>()), count),
        any::<bool>(),
        proptest::option::of((-1..=1_i64, any::<bool>())),
        proptest::sample::subsequence(kinds.clone(), 0..3.min(kinds.len())),
    )
        .prop_map(move |(rolls, booted, permit, strays)| {
            let seen = |(hours, is_told)| PermitSeen { at: now() + Duration::hours(hours), is_told: is_told && hours <= 0 };
            let mut world = World {
                boot: booted.then(|| BootSeen { id: "b".into(), is_ready: true, ..BootSeen::default() }),
                permit: permit.map(seen),
                balancer_permit: permit.map(seen),
                strays: strays.into_iter().map(|kind| (kind, format!("stray {}", kind.code()))).collect(),
                unanswered_at: Some(now() - Duration::minutes(5)),
                ..World::default()
            };
            for ((kind, slot), (fate, roll)) in slots.iter().zip(rolls) {
                let observed = made(&wish, &world, *kind, *slot);
                let there = Holding { cloud_id: Some(name(*kind, *slot)), ..held(None) };
                let holding = match fate {
                    0 => continue,
                    1 => there,
                    2 => Holding { cloud_id: None, ..there },
                    3 => Holding { listed: Some(changed(observed, roll)), ..there },
                    _ => Holding { listed: Some(observed), ..there },
                };
                world.holdings.insert((*kind, *slot), holding);
            }
            world
        })
}

fn wish_and_world() -> impl Strategy<Value = (Wish, World)> {
    any_wish().prop_flat_map(|wish| (Just(wish.clone()), any_world(&wish)))
}

proptest! {
    #[test]
    fn from_any_world_the_loop_comes_to_its_goal((wish, mut world) in wish_and_world()) {
        settle(&wish, &mut world);
        match wish.goal {
            Goal::Running => {
                prop_assert!(world.is_proven(&wish.spec.probes()));
                prop_assert!((1..=wish.machines()).all(|slot| world.machine_runs(slot)));
            }
            Goal::Stopped => prop_assert!(world.slots(Kind::Machine).all(|slot| !world.machine_runs(slot))),
            Goal::Gone => prop_assert!(world.holdings.is_empty()),
        }
        // A disk may be somebody's work: it is left to people as long as the environment is kept.
        prop_assert!(world.strays.iter().all(|(kind, _)| *kind == Kind::Disk && wish.goal != Goal::Gone), "{:?}", world.strays);
        let again = plan(&wish, &world, now());
        prop_assert!(is_at_rest(&world, &again), "a satisfied wish has nothing to do:\n{again}");
    }

    #[test]
    fn nobody_asks_for_a_certificate_before_the_name_leads_there((wish, mut world) in wish_and_world()) {
        for _ in 0..40 {
            let plan = plan(&wish, &world, now());
            let gives = |of: Kind| plan.now.iter().any(|(action, _)| *action == Action::Permit(of));
            let in_sync = |slot: u16| {
                let record = world.of(Kind::Record, slot).and_then(|record| record.listed.as_ref());
                matches!(record, Some(Observed::Record { is_in_sync: true, is_out: false, .. }))
            };
            if world.permit.is_none() && gives(Kind::Machine) {
                prop_assert!(wish.is_secured() && world.machine_runs(1));
                prop_assert!(in_sync(1) && world.first(Kind::Binding).is_some_and(Holding::is_there));
            }
            if world.balancer_permit.is_none() && gives(Kind::Balancer) {
                prop_assert!(wish.is_secured() && wish.is_scaled_out() && wish.nature.balancers_are_machines);
                let balancer = world.first(Kind::Balancer).and_then(|balancer| balancer.listed.as_ref());
                let is_active = matches!(balancer, Some(Observed::Balancer { is_active: true, .. }));
                prop_assert!(in_sync(2) && is_active);
            }
            if is_at_rest(&world, &plan) {
                break;
            }
            done(&wish, &mut world, &plan);
        }
    }

    #[test]
    fn nothing_is_given_back_that_was_not_ours_or_that_something_uses((wish, mut world) in wish_and_world()) {
        for _ in 0..40 {
            let plan = plan(&wish, &world, now());
            for (action, _) in &plan.now {
                match action {
                    Action::Release(kind, slot) | Action::WriteOff(kind, slot) => {
                        prop_assert!(world.of(*kind, *slot).is_some(), "{action} is not ours");
                    }
                    Action::ReleaseStray(kind, name) => prop_assert!(world.strays.contains(&(*kind, name.clone())), "{action} is not ours"),
                    _ => {}
                }
                let Action::Release(kind, slot) = action else { continue };
                if wish.goal != Goal::Gone {
                    continue;
                }
                for (first, then) in ORDER {
                    prop_assert!(then != (*kind, *slot) || world.of(first.0, first.1).is_none(), "{action} before {first:?}");
                }
            }
            if is_at_rest(&world, &plan) {
                break;
            }
            done(&wish, &mut world, &plan);
        }
    }

    #[test]
    fn who_is_not_scaled_out_any_more_keeps_one_machine_and_nothing_of_the_balancer((wish, mut world) in wish_and_world()) {
        let wish = Wish { goal: Goal::Running, options: Options { machines: 1, ..Options::default() }, ..wish };
        settle(&wish, &mut world);
        let held: Vec<_> = world.holdings.keys().map(|(kind, slot)| format!("{}/{slot}", kind.code())).collect();
        prop_assert!(world.holdings.keys().all(|(kind, slot)| *slot == 1 && !matches!(kind, Kind::Balancer | Kind::Target | Kind::TargetGroup | Kind::Listener)), "{held:?}");
    }
}
