//! Machines that serve one site: each knows where the first is, and comes there.

use app::domain::phase::Goal;
use app::domain::scaling::Mode;
use cloud::{Kind, Nature, Observed, Opening, Passage};

use super::trial::{aws, name, now, own_hardware, settle, wish};
use crate::wish::{Action, First, Options, Wish, World, plan};

fn serving(nature: Nature, machines: u16) -> Wish {
    let wish = wish(Goal::Running);
    Wish { options: Options { machines, mode: Mode::Serving, ..wish.options.clone() }, nature, ..wish }
}

fn settled(wish: &Wish) -> World {
    let mut world = World::default();
    settle(wish, &mut world);
    world
}

fn passage(world: &World) -> Option<Passage> {
    match world.first(Kind::TargetGroup)?.listed.as_ref()? {
        Observed::TargetGroup { passage, .. } => passage.clone(),
        _ => None,
    }
}

fn lets_own_in(world: &World) -> bool {
    let Some(Observed::Firewall { tcp }) = world.first(Kind::Firewall).and_then(|held| held.listed.as_ref()) else { return false };
    tcp.iter().any(|opening| opening.sources == [Opening::OWN])
}

#[test]
fn where_machines_do_not_reach_each_other_the_balancer_leads_copies_to_the_first() {
    let wish = serving(own_hardware(), 3);
    let world = settled(&wish);
    assert_eq!([1, 2, 3].map(|slot| wish.first(&world, slot)), [First::Here, First::At("10.0.0.9".into()), First::At("10.0.0.9".into())]);
    let from = ["10.0.0.2".to_owned(), "10.0.0.3".to_owned()].into();
    assert_eq!(passage(&world), Some(Passage { to: "10.0.0.1".into(), from }));
    assert!(!lets_own_in(&world));
    assert_eq!(plan(&wish, &world, now()).now, []);
}

#[test]
fn where_a_firewall_knows_who_comes_it_lets_the_machines_of_one_environment_in() {
    let wish = serving(aws(), 2);
    let world = settled(&wish);
    assert_eq!([1, 2].map(|slot| wish.first(&world, slot)), [First::Here, First::At("10.0.0.1".into())]);
    assert_eq!((passage(&world), lets_own_in(&world)), (None, true));
    let alone = serving(aws(), 1);
    assert!(!lets_own_in(&settled(&alone)), "with one machine nobody is to come in");
}

#[test]
fn what_leads_to_the_first_stays_until_the_last_copy_is_gone() {
    for nature in [own_hardware(), aws()] {
        let mut world = settled(&serving(nature.clone(), 2));
        let wish = serving(nature, 1);
        assert_eq!(wish.first(&world, 1), First::Here, "its last visitors are still answered");
        let first = plan(&wish, &world, now()).now;
        assert!(!first.iter().any(|(action, _)| matches!(action, Action::Make(Kind::Firewall, 1) | Action::Tell(1))), "{first:?}");
        settle(&wish, &mut world);
        assert_eq!((wish.first(&world, 1), world.of(Kind::Machine, 2), lets_own_in(&world)), (First::Alone, None, false));
    }
}

#[test]
fn machines_are_told_when_the_first_is_elsewhere_and_not_before_it_is_known_where() {
    let wish = serving(own_hardware(), 2);
    let mut world = settled(&wish);
    for slot in [1, 2] {
        let told = crate::wish::Told { host_names: wish.host_names(&world, slot), first_at: None, is_ordered: false };
        world.told.insert(slot, told);
    }
    let tells = |world: &World| -> Vec<u16> {
        let of = |action: &Action| if let Action::Tell(slot) = action { Some(*slot) } else { None };
        plan(&wish, world, now()).now.iter().filter_map(|(action, _)| of(action)).collect()
    };
    assert_eq!(tells(&world), [1, 2]);
    let balancer = world.holdings.get_mut(&(Kind::Balancer, 1)).expect("it is held");
    assert_eq!(balancer.cloud_id, Some(name(Kind::Balancer, 1)));
    balancer.listed = None;
    assert_eq!((wish.first(&world, 2), tells(&world)), (First::Unknown, vec![1]));
}

#[test]
fn copies_of_the_lecture_share_nothing() {
    for nature in [own_hardware(), aws()] {
        let mut wish = serving(nature, 2);
        wish.options.mode = Mode::Teaching;
        let world = settled(&wish);
        assert_eq!([1, 2].map(|slot| wish.first(&world, slot)), [First::Alone, First::Alone]);
        assert_eq!((passage(&world), lets_own_in(&world)), (None, false));
    }
}
