//! Targets of a balancer and their health: `initial` before `healthy`, `draining` after they were taken out, `unused` while no listener
//! uses the group, and `unhealthy` if a test says so. Only a running machine enters; leaving twice is fine.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::answer::{Answer, Refusal};
use crate::aws::Aws;
use crate::aws::Instead;
use crate::form::Form;
use crate::machines::State;
use crate::wire::Wire;
use crate::xml::Element;

/// A target group, a machine, a port (empty is the group's).
type Target = (String, String, String);

/// Until when each is on its way in or out.
#[derive(Debug, Default)]
pub(crate) struct Targets {
    entering: HashMap<Target, Duration>,
    leaving: HashMap<Target, Duration>,
    pub(crate) unhealthy: HashSet<String>,
}

const ALREADY_GONE: &str = "InvalidTarget";

fn named(wire: &Wire) -> Vec<Target> {
    let group = wire.form.get("TargetGroupArn").unwrap_or_default();
    let of = |target: &Form, name: &str| target.get(name).unwrap_or_default().to_owned();
    wire.form.groups("Targets.member").iter().map(|target| (group.to_owned(), of(target, "Id"), of(target, "Port"))).collect()
}

fn health(state: &str, reason: &str, description: &str) -> Element {
    let health = Element::new("TargetHealth").with(Element::of_text("State", state));
    health.with(Element::of_text("Reason", reason)).with(Element::of_text("Description", description))
}

impl Aws {
    pub(crate) async fn cannot_enter(&self, wire: &Wire) -> Instead {
        let targets = named(wire);
        for (_, machine, _) in targets.iter().filter(|(_, id, _)| id.starts_with("i-")) {
            let invalid = |message: String| Err(Refusal::new("InvalidTarget", message));
            let is_hidden = self.world().is_hidden(machine);
            let state = self.states(wire, &[machine]).await.ok().and_then(|states| states.get(machine).copied());
            match state {
                _ if is_hidden => return invalid(format!("Instance ID '{machine}' is not valid")),
                None => return invalid(format!("Instance ID '{machine}' is not valid")),
                Some(State::Running) => {}
                Some(_) => {
                    return invalid(format!("The following targets are not in a running state and cannot be registered: '{machine}'"));
                }
            }
        }
        Ok(None)
    }

    pub(crate) fn targets_moved(&self, wire: &Wire, answer: Answer) -> Answer {
        let mut world = self.world();
        let now = world.settings.clock.now();
        let (initial, draining) = (now + world.settings.initial, now + world.settings.draining);
        for target in named(wire) {
            if wire.action == "RegisterTargets" {
                world.targets.leaving.remove(&target);
                world.targets.entering.entry(target).or_insert(initial);
            } else if world.targets.entering.remove(&target).is_some() {
                world.targets.leaving.insert(target, draining);
            }
        }
        answer
    }

    /// "If the specified target does not exist, the action returns successfully." moto stops at the first that does not.
    pub(crate) async fn left_already(&self, wire: &Wire, answer: Answer) -> Answer {
        if answer.refusal().is_none_or(|refusal| refusal.code != ALREADY_GONE) {
            return answer;
        }
        for (group, id, port) in named(wire) {
            let mut pairs = vec![("TargetGroupArn", group.as_str()), ("Targets.member.1.Id", &id)];
            if !port.is_empty() {
                pairs.push(("Targets.member.1.Port", &port));
            }
            match self.moto.balancing(wire, "DeregisterTargets", &pairs).await {
                Err(refusal) if refusal.code != ALREADY_GONE => return Answer::refusing(wire, &refusal),
                _ => {}
            }
        }
        let done = Element::new("DeregisterTargetsResponse").with(Element::new("DeregisterTargetsResult"));
        self.targets_moved(wire, Answer::of_xml(&done))
    }

    pub(crate) async fn targets_shown(&self, wire: &Wire, answer: Answer) -> Result<Answer, Refusal> {
        const LIST: &str = "DescribeTargetHealthResult/TargetHealthDescriptions";
        let group = wire.form.get("TargetGroupArn").unwrap_or_default();
        let groups = self.moto.balancing(wire, "DescribeTargetGroups", &[("TargetGroupArns.member.1", group)]).await?;
        let is_used = groups.at("DescribeTargetGroupsResult/TargetGroups/member/LoadBalancerArns/member").is_some();
        let world = self.world();
        let now = world.settings.clock.now();
        let asked: Vec<String> = named(wire).into_iter().map(|(_, id, _)| id).collect();
        let is_of =
            |target: &Target, id: &str, port: &str| target.0 == group && target.1 == id && (target.2.is_empty() || target.2 == port);
        Ok(answer.changed(|tree| {
            for target in tree.items_mut(LIST) {
                let (id, port) = (target.text_at("Target/Id"), target.text_at("Target/Port"));
                let initial = world.targets.entering.iter().any(|(entering, until)| is_of(entering, &id, &port) && now < *until);
                if target.text_at("TargetHealth/State") != "healthy" {
                    continue;
                }
                if !is_used {
                    let why = "Target group is not configured to receive traffic from the load balancer";
                    target.replace(health("unused", "Target.NotInUse", why));
                } else if initial {
                    target.replace(health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"));
                } else if world.targets.unhealthy.contains(&id) {
                    target.replace(health("unhealthy", "Target.FailedHealthChecks", "Health checks failed"));
                }
            }
            let Some(list) = tree.at_mut(LIST) else { return };
            let draining = world
                .targets
                .leaving
                .iter()
                .filter(|((of, id, _), until)| of == group && now < **until && (asked.is_empty() || asked.contains(id)));
            for ((_, id, port), _) in draining {
                list.retain(|target| target.text_at("Target/Id") != *id);
                let mut target = Element::new("Target").with(Element::of_text("Id", id));
                if !port.is_empty() {
                    target.push(Element::of_text("Port", port));
                }
                let health = health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress");
                list.push(Element::new("member").with(target).with(health));
            }
        }))
    }
}
