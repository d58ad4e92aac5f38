//! Machines and their states, which at AWS take time: `pending` before `running`, `stopping` before `stopped`, `shutting-down` before
//! `terminated`, and gone an hour later. moto's stored state is the last of each pair at once; ours is what is shown until then.
//!
//! Filters by state and by client token are applied here, to what is shown: moto would use its own state, and fails on `client-token`.

use std::collections::HashMap;
use std::time::Duration;

use crate::answer::{Answer, Refusal};
use crate::aws::{Aws, Instead, World};
use crate::form::Filter;
use crate::wire::Wire;
use crate::xml::Element;

/// The state of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl State {
    const ALL: [Self; 6] = [Self::Pending, Self::Running, Self::ShuttingDown, Self::Terminated, Self::Stopping, Self::Stopped];

    fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Pending => "0",
            Self::Running => "16",
            Self::ShuttingDown => "32",
            Self::Terminated => "48",
            Self::Stopping => "64",
            Self::Stopped => "80",
        }
    }

    pub(crate) fn read(element: Option<&Element>) -> Option<Self> {
        let name = element?.text_at("name");
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    fn write(self, element: &mut Element) {
        element.set("code", self.code());
        element.set("name", self.name());
    }
}

/// Machines whose state is not yet what moto says, and those that ended.
#[derive(Debug, Default)]
pub(crate) struct Machines {
    passing: HashMap<String, (State, Duration)>,
    ended: HashMap<String, Duration>,
    /// The network interface that was made for each.
    pub(crate) interfaces: HashMap<String, String>,
}

impl Machines {
    /// When it was terminated.
    pub(crate) fn ended_at(&self, id: &str) -> Option<Duration> {
        self.ended.get(id).copied()
    }
}

impl World {
    pub(crate) fn state(&self, id: &str, at_moto: State) -> State {
        let now = self.settings.clock.now();
        self.machines.passing.get(id).filter(|(_, until)| now < *until).map_or(at_moto, |(state, _)| *state)
    }

    /// Each machine with the state it has at AWS.
    pub(crate) fn show_machines(&self, machines: Vec<&mut Element>) {
        for machine in machines {
            let id = machine.text_at("instanceId");
            if let Some(at_moto) = State::read(machine.at("instanceState"))
                && let Some(element) = machine.at_mut("instanceState")
            {
                self.state(&id, at_moto).write(element);
            }
            self.images.show_root(machine);
            crate::groups::show_groups(machine);
        }
    }

    pub(crate) fn begins(&mut self, id: &str) {
        let until = self.settings.clock.now() + self.settings.pending;
        self.machines.passing.insert(id.to_owned(), (State::Pending, until));
    }
}

/// The filters that the double applies itself, and what of a machine they look at.
const OURS: [(&str, &str); 2] = [("client-token", "clientToken"), ("instance-state-name", "instanceState/name")];

impl Aws {
    pub(crate) fn machines_asked(wire: &Wire) -> Wire {
        wire.without_filters(&OURS.map(|(name, _)| name))
    }

    pub(crate) async fn machines_shown(&self, wire: &Wire, answer: Answer) -> Result<Answer, Refusal> {
        let Some(mut tree) = answer.tree() else { return Err(Refusal::lost("moto's machines are not XML")) };
        let bound = self.bound_addresses(wire).await?;
        for reservation in tree.items_mut("reservationSet") {
            self.world().show_machines(reservation.items_mut("instancesSet"));
            for machine in reservation.items_mut("instancesSet") {
                if let Some(ip) = bound.get(&machine.text_at("instanceId")) {
                    crate::addresses::show_bound(machine, ip);
                }
            }
        }
        let filters = wire.form.filters();
        let passes = |machine: &Element| {
            let ours = |filter: &Filter| OURS.into_iter().find(|(name, _)| *name == filter.name);
            filters.iter().all(|filter| ours(filter).is_none_or(|(_, path)| filter.values.contains(&machine.text_at(path))))
        };
        for reservation in tree.items_mut("reservationSet") {
            if let Some(machines) = reservation.at_mut("instancesSet") {
                machines.retain(passes);
            }
        }
        if let Some(reservations) = tree.at_mut("reservationSet") {
            reservations.retain(|reservation| !reservation.items("instancesSet").is_empty());
        }
        Ok(answer.with_tree(&tree))
    }

    pub(crate) fn status_shown(&self, wire: &Wire, answer: Answer) -> Answer {
        let wants_all = wire.form.get("IncludeAllInstances") == Some("true");
        let world = self.world();
        answer.changed(|tree| {
            world.show_machines(tree.items_mut("instanceStatusSet"));
            let Some(list) = tree.at_mut("instanceStatusSet") else { return };
            list.retain(|machine| wants_all || machine.text_at("instanceState/name") == "running");
            for machine in list.children_mut().filter(|machine| machine.text_at("instanceState/name") != "running") {
                for status in ["instanceStatus", "systemStatus"] {
                    machine.replace(Element::new(status).with(Element::of_text("status", "not-applicable")));
                }
            }
        })
    }

    /// After Start, Stop and Terminate: what each machine was and is, and until when it is on its way.
    pub(crate) fn moved(&self, wire: &Wire, answer: Answer) -> Answer {
        let mut world = self.world();
        let now = world.settings.clock.now();
        let (from, on_the_way, to, until) = match wire.action.as_str() {
            "StartInstances" => (State::Stopped, State::Pending, State::Running, now + world.settings.pending),
            "StopInstances" => (State::Running, State::Stopping, State::Stopped, now + world.settings.stopping),
            _ => (State::Running, State::ShuttingDown, State::Terminated, now + world.settings.stopping),
        };
        answer.changed(|tree| {
            for item in tree.items_mut("instancesSet") {
                let id = item.text_at("instanceId");
                let before = State::read(item.at("previousState")).map_or(from, |at_moto| world.state(&id, at_moto));
                // Already there, or on its way there: nothing begins again.
                let is_new = before != to && before != on_the_way;
                if is_new {
                    world.machines.passing.insert(id.clone(), (on_the_way, until));
                }
                if to == State::Terminated {
                    world.machines.ended.entry(id).or_insert(until);
                }
                if let Some(element) = item.at_mut("previousState") {
                    before.write(element);
                }
                if let Some(element) = item.at_mut("currentState") {
                    (if is_new { on_the_way } else { before }).write(element);
                }
            }
        })
    }

    /// The states of machines, as they are shown.
    pub(crate) async fn states(&self, wire: &Wire, ids: &[&str]) -> Result<HashMap<String, State>, Refusal> {
        let names: Vec<String> = (1..=ids.len()).map(|nth| format!("InstanceId.{nth}")).collect();
        let pairs: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(ids.iter().copied()).collect();
        let mut states = HashMap::new();
        let mut next = String::new();
        // moto gives a hundred at a time.
        loop {
            let mut page = pairs.clone();
            page.extend((!next.is_empty()).then_some(("NextToken", next.as_str())));
            let tree = self.moto.ec2(wire, "DescribeInstances", &page).await?;
            let world = self.world();
            for machine in tree.items("reservationSet").into_iter().flat_map(|reservation| reservation.items("instancesSet")) {
                let id = machine.text_at("instanceId");
                if let Some(at_moto) = State::read(machine.at("instanceState")) {
                    states.insert(id.clone(), world.state(&id, at_moto));
                }
            }
            next = tree.text_at("nextToken");
            if next.is_empty() {
                return Ok(states);
            }
        }
    }

    /// A machine is started, stopped or given another type only from some states.
    pub(crate) async fn in_wrong_state(&self, wire: &Wire) -> Instead {
        let named = wire.form.get("InstanceId").into_iter();
        let ids: Vec<&str> = wire.form.list("InstanceId").into_iter().chain(named).collect();
        let (allowed, why): (&[State], &str) = match wire.action.as_str() {
            "StartInstances" => (&[State::Stopped, State::Pending, State::Running], "a state from which it can be started"),
            "StopInstances" => (&[State::Running, State::Stopping, State::Stopped], "a state from which it can be stopped"),
            _ if wire.form.has_any(&["InstanceType"]) => (&[State::Stopped], "the 'stopped' state"),
            _ => return Ok(None),
        };
        let states = self.states(wire, &ids).await?;
        let wrong = ids.iter().find(|id| states.get(**id).is_some_and(|state| !allowed.contains(state)));
        wrong.map_or(Ok(None), |id| {
            let message = match (wire.action.as_str(), states.get(*id)) {
                ("StopInstances", Some(State::Pending)) => {
                    format!("Instance '{id}' cannot be stopped as it has never reached the 'running' state.")
                }
                _ => format!("The instance '{id}' is not in {why}."),
            };
            Err(Refusal::new("IncorrectInstanceState", message))
        })
    }
}
