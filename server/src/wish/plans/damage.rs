//! Every blueprint × goal × damage: one file for each blueprint and goal. It begins with the way from nothing (or from running) to the goal,
//! turn by turn, and with the plan of a world in which nothing is missing; each damage shows what it changes in that plan.

use std::fmt::Write;

use app::domain::phase::Goal;
use cloud::{Health, Kind, MachineState, Nature, Observed, Record};
use time::Duration;

use super::trial::{authority, aws, locked, machine, now, service, settle, wish};
use crate::wish::{Freeze, ImageState, Options, PermitSeen, Plan, Purpose, Wish, World, plan};

const GOALS: [(Goal, &str); 3] = [(Goal::Running, "running"), (Goal::Stopped, "stopped"), (Goal::Gone, "gone")];

fn blueprints() -> Vec<(&'static str, Wish)> {
    let on_aws = Wish { nature: aws(), ..wish(Goal::Running) };
    let two = Options { machines: 2, ..on_aws.options.clone() };
    let scaled_out = Wish { options: two, ..on_aws.clone() };
    let mut at_rest = scaled_out.clone();
    at_rest.spec.freeze = Freeze::AtRest;
    let mut certified = scaled_out.clone();
    certified.spec.services.push(service("https"));
    let mut secured = Wish { authority: Some(authority()), ..wish(Goal::Running) };
    secured.nature.kinds.push(Kind::Record);
    secured.spec.services.push(service("https"));
    let mut gives_back = secured.clone();
    gives_back.spec.gives_back_address = true;
    let mut shared = Wish { options: scaled_out.options.clone(), ..wish(Goal::Running) };
    shared.nature.kinds.push(Kind::Record);
    let mut shared_secured = Wish { authority: Some(authority()), ..shared.clone() };
    shared_secured.spec.services.push(service("https"));
    let saving = |wish: &Wish| Wish { options: Options { saved: [2].into(), ..wish.options.clone() }, ..wish.clone() };
    let image = |wish: Wish| Wish { purpose: Purpose::Image, image: ImageState::Baking, ..wish };
    vec![
        ("own hardware", wish(Goal::Running)),
        ("own hardware with https", secured),
        ("own hardware whose addresses are given back", gives_back),
        ("own hardware, scaled out", shared),
        ("own hardware, scaled out with https", shared_secured),
        ("own hardware with a saved image", saving(&wish(Goal::Running))),
        ("aws with a saved image", saving(&on_aws)),
        ("aws", on_aws.clone()),
        ("aws, scaled out", scaled_out),
        ("aws, scaled out at rest", at_rest),
        ("aws, scaled out with https", certified),
        ("image on own hardware", image(wish(Goal::Running))),
        ("image on aws", image(on_aws)),
    ]
}

/// What can be wrong with a world: of each slot that it is not listed and that its answer is missing, and what else a kind can show.
fn damages(nature: &Nature, whole: &World) -> Vec<(String, World)> {
    let mut damages = Vec::new();
    let mut damage = |what: String, change: &dyn Fn(&mut World)| {
        let mut world = whole.clone();
        change(&mut world);
        damages.push((what, world));
    };
    for (&(kind, slot), holding) in &whole.holdings {
        let of = (kind, slot);
        let is = format!("{}/{slot}", kind.code());
        let show = |observed: Observed| {
            move |world: &mut World| {
                world.holdings.get_mut(&of).expect("it is held").listed = Some(observed.clone());
            }
        };
        damage(format!("{is} is not listed"), &|world| world.holdings.get_mut(&of).expect("it is held").listed = None);
        damage(format!("the answer for {is} is missing"), &|world| {
            let holding = world.holdings.get_mut(&of).expect("it is held");
            (holding.cloud_id, holding.listed) = (None, None);
        });
        match holding.listed.clone() {
            Some(Observed::Machine { state, .. }) => {
                let other = if state == MachineState::Running { MachineState::Stopped } else { MachineState::Running };
                damage(format!("{is} is {other:?}"), &show(machine(other)));
                if nature.launches_together > 1 {
                    damage(format!("{is} is not handed over yet"), &show(locked(machine(MachineState::Running))));
                }
            }
            Some(Observed::Binding { address, .. }) => {
                damage(format!("{is} leads elsewhere"), &show(Observed::Binding { address, machine: "elsewhere".into() }));
            }
            Some(Observed::Firewall { .. }) => damage(format!("{is} has lost its rules"), &show(Observed::Firewall { tcp: vec![] })),
            Some(Observed::Record { record, .. }) => {
                let record = Record { value: "elsewhere".into(), ..record };
                damage(format!("{is} leads elsewhere"), &show(Observed::Record { record, is_in_sync: true, is_out: false }));
            }
            Some(Observed::Listener { certificate, asks: Some(_), .. }) => {
                let shows = |certificate: Option<String>, asks: Option<&str>, said: Option<&str>| {
                    show(Observed::Listener { certificate, asks: asks.map(Into::into), said: said.map(Into::into) })
                };
                let Some(Observed::Listener { asks, .. }) = &holding.listed else { continue };
                let asks = asks.as_deref();
                damage(format!("{is} knows nothing of a certificate"), &shows(None, None, None));
                damage(format!("{is} has no certificate yet"), &shows(None, asks, None));
                damage(format!("{is} gets no certificate"), &shows(None, asks, Some("the authority is away")));
                damage(format!("{is} was told of another authority"), &shows(certificate, Some("another"), None));
            }
            Some(Observed::TargetGroup { is_sticky, passage }) => {
                let passage = passage.clone();
                damage(format!("{is} is sticky and should not be"), &show(Observed::TargetGroup { is_sticky: !is_sticky, passage }));
            }
            Some(Observed::Target { machine, .. }) => {
                damage(format!("{is} is unhealthy"), &show(Observed::Target { machine, health: Health::Unhealthy }));
                damage(
                    format!("{is} is another machine's"),
                    &show(Observed::Target { machine: "another".into(), health: Health::Healthy }),
                );
            }
            _ => {}
        }
        damage(format!("a second {} carries our tag", kind.code()), &|world| world.strays.push((kind, "a stray".into())));
    }
    if whole.balancer_permit.is_some() {
        let later = PermitSeen { at: now() + Duration::HOUR, is_told: false };
        damage("its balancer's turn comes later".into(), &|world| world.balancer_permit = Some(later));
        damage("its balancer was given no permit".into(), &|world| world.balancer_permit = None);
    }
    if whole.permit.is_some() {
        let later = PermitSeen { at: now() + Duration::HOUR, is_told: false };
        damage("its certificate's turn comes later".into(), &|world| (world.permit, world.certificate) = (Some(later), None));
        let unheard = PermitSeen { at: now(), is_told: false };
        damage("the machine has not heard of its permit".into(), &|world| (world.permit, world.certificate) = (Some(unheard), None));
        damage("its certificate has expired".into(), &|world| world.certificate.as_mut().expect("it has one").is_served = false);
    }
    damages
}

fn turns(plans: &[Plan]) -> String {
    let mut text = String::new();
    for (turn, plan) in plans.iter().enumerate() {
        let actions: Vec<_> = plan.now.iter().map(|(action, _)| words(&action.to_string())).collect();
        let _ = writeln!(text, "{:>3}  {}", turn + 1, if actions.is_empty() { "(it waits)".to_owned() } else { actions.join(", ") });
    }
    text
}

fn words(padded: &str) -> String {
    padded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of one plan that the other does not have, and the other way round.
fn difference(whole: &str, damaged: &str) -> String {
    let only = |of: &str, not_of: &str, sign: char| -> String {
        let other: Vec<_> = not_of.lines().collect();
        of.lines().filter(|line| !other.contains(line)).map(|line| format!("{sign} {line}\n")).collect()
    };
    only(whole, damaged, '-') + &only(damaged, whole, '+')
}

#[test]
fn plans_of_every_blueprint_goal_and_damage() {
    for (name, running) in blueprints() {
        for (goal, word) in GOALS {
            if running.purpose == Purpose::Image && goal == Goal::Stopped {
                continue;
            }
            let mut whole = World::default();
            let built = settle(&running, &mut whole);
            let wish = Wish { goal, ..running.clone() };
            let at_first = whole.clone();
            let way = if goal == Goal::Running { built } else { settle(&wish, &mut whole) };
            // Removal is planned from what runs; nothing is left to be damaged afterwards.
            let whole = if goal == Goal::Gone { at_first } else { whole };
            let plan_of = |world: &World| plan(&wish, world, now()).to_string();

            let mut text = format!("The way there:\n{}\nNothing is missing:\n{}", turns(&way), plan_of(&whole));
            let mut without_effect = Vec::new();
            for (damage, world) in damages(&wish.nature, &whole) {
                match difference(&plan_of(&whole), &plan_of(&world)) {
                    none if none.is_empty() => without_effect.push(damage),
                    difference => {
                        let _ = write!(text, "\n{damage}:\n{difference}");
                    }
                }
            }
            if !without_effect.is_empty() {
                let _ = write!(text, "\nThese change nothing:\n{}\n", without_effect.join("\n"));
            }
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, description => format!("{name}, {word}") }, {
                insta::assert_snapshot!(format!("{name}, {word}").replace(", ", " ").replace(' ', "_"), text);
            });
        }
    }
}
