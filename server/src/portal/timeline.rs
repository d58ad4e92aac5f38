//! The timeline of a page: the events since the wish last changed, as steps, with what is still to come.

use app::domain::backup::BackupState;
use app::domain::phase::{Goal, Phase};
use app::domain::scaling::Because;
use app::domain::timeline::{Step, StepState, What};
use time::OffsetDateTime;

use crate::db::events::{Event, Recorded};
use crate::wish::{ImageState, Spec, image_number};

/// What a timeline is made from.
pub struct Source<'a> {
    /// What is asked for.
    pub goal: Goal,
    /// Where it is.
    pub phase: Phase,
    /// The blueprint version: what is to come.
    pub spec: &'a Spec,
    /// Whether an image is being baked.
    pub image: &'a ImageState,
    /// Whether every machine answers behind the balancer; true, too, where there is none.
    pub is_spread: bool,
    /// The saved images that are whole, by their numbers.
    pub images: &'a [u16],
    /// The events since the wish last changed, oldest first.
    pub events: &'a [Recorded],
}

/// The steps, in the order in which they happen.
#[must_use]
pub fn steps(source: &Source<'_>) -> Vec<Step> {
    let mut line = Line { steps: expected(source), boot: None };
    for recorded in source.events {
        line.take(recorded);
    }
    line.finish(source)
}

fn expected(source: &Source<'_>) -> Vec<Step> {
    let mut whats = vec![What::Asked];
    match source.goal {
        Goal::Running => {
            if *source.image == ImageState::Baking {
                whats.push(What::Image);
            }
            whats.extend([What::Address, What::Firewall, What::Machine, What::Binding]);
            whats.push(What::Boot("settings".into()));
            whats.extend(source.spec.services.iter().map(|service| What::Boot(format!("configure:{}", service.name))));
            whats.push(What::Boot("ready".into()));
            whats.extend(source.spec.probes().into_iter().map(What::Probe));
            whats.push(What::Ready);
        }
        Goal::Stopped => whats.push(What::Stop),
        Goal::Gone => whats.extend([What::Stop, What::RemoveMachine, What::GiveBack, What::Confirm]),
    }
    whats.into_iter().map(Step::waiting).collect()
}

struct Line {
    steps: Vec<Step>,
    /// The boot that boot steps belong to; a new one starts them afresh.
    boot: Option<String>,
}

impl Line {
    fn take(&mut self, recorded: &Recorded) {
        let at = recorded.at;
        match &recorded.event {
            Event::Asked { .. } => self.put(What::Asked, StepState::Done, at, Some(0), &[]),
            Event::TriedAgain => {
                for step in &mut self.steps {
                    if step.state == StepState::Failed {
                        step.reset();
                    }
                }
            }
            Event::Began { action } => {
                if let Some(what) = what_of(action) {
                    self.put(what, StepState::Now, at, None, &[]);
                }
            }
            Event::Done { action, ms, .. } => {
                if let Some(what) = what_of(action) {
                    if what == What::RemoveMachine {
                        // Some clouds stop a machine by deleting it.
                        self.put(What::Stop, StepState::Done, at, None, &[]);
                    }
                    // A machine's place behind the balancer is taken before it is known to answer.
                    let state = if what == What::Spread { StepState::Now } else { StepState::Done };
                    self.put(what, state, at, Some(*ms), &[]);
                }
            }
            Event::Failed { action, said, .. } => {
                if let Some(what) = what_of(action) {
                    let said = std::slice::from_ref(said);
                    self.put(what, StepState::Failed, at, None, if said[0].is_empty() { &[] } else { said });
                }
            }
            Event::Boot { boot, step, state, ms, log } => self.boot_step(recorded, boot, step, state, *ms, log),
            Event::Probed { probe, saw, ms } => {
                let state = if saw.is_none() { StepState::Done } else { StepState::Failed };
                self.put(What::Probe(*probe), state, at, Some(*ms), &[]);
                if let Some(step) = self.steps.iter_mut().find(|step| step.what == What::Probe(*probe)) {
                    step.saw.clone_from(saw);
                }
            }
            Event::ScaledOut { machines, because, .. } => {
                self.by_policy(at, true, *because);
                self.expect_copies(*machines);
            }
            Event::ScaledIn { leaving, is_backed_up, because } => {
                self.by_policy(at, false, *because);
                self.expect_leave(leaving, *is_backed_up);
            }
            Event::BackedUp { machine, state, said, .. } => self.backed_up(at, *machine, *state, said.as_deref()),
            Event::Left { machine } => {
                // One that vanished was given back before.
                let has_left = self.steps.iter().any(|step| step.what == What::Leave(*machine) && step.state == StepState::Done);
                self.put(What::Leave(*machine), if has_left { StepState::Done } else { StepState::Now }, at, None, &[]);
            }
            Event::ImageSaved { number } => self.put(What::SaveImage(*number), StepState::Now, at, None, &[]),
            Event::ImageForgotten { number } => self.steps.retain(|step| step.what != What::SaveImage(*number)),
            Event::Ready => self.put(What::Ready, StepState::Done, at, Some(0), &[]),
            Event::Removed => self.put(What::Confirm, StepState::Done, at, None, &[]),
            Event::Attention { .. }
            | Event::AttentionOver
            | Event::Broke { .. }
            | Event::Mended { .. }
            | Event::Spread { .. }
            | Event::Mode { .. }
            | Event::Ruled { .. }
            | Event::BudgetShort { .. }
            | Event::BudgetUsedUp
            | Event::Extended => {}
        }
    }

    fn boot_step(&mut self, recorded: &Recorded, boot: &str, step: &str, state: &str, ms: u32, log: &[String]) {
        if self.boot.as_deref() != Some(boot) {
            self.boot = Some(boot.to_owned());
            for step in &mut self.steps {
                if matches!(step.what, What::Boot(_) | What::Probe(_) | What::Ready) {
                    step.reset();
                }
            }
        }
        let state = match state {
            "done" => StepState::Done,
            "failed" => StepState::Failed,
            _ => StepState::Now,
        };
        let what = What::Boot(step.to_owned());
        if !self.steps.iter().any(|known| known.what == what) {
            // A step that was not expected goes where it happens: before a service is set up (an install on a bare image), before any is
            // (a backup that is restored), or before the last boot step.
            let first = |wanted: &str| {
                let is_wanted = |known: &Step| matches!(&known.what, What::Boot(step) if step.starts_with(wanted));
                self.steps.iter().position(is_wanted)
            };
            let place = match step.strip_prefix("install:") {
                Some(service) => first(&format!("configure:{service}")),
                None if matches!(step, "baseline" | "restore") => first("configure:"),
                None => None,
            };
            let place = place.or_else(|| first("ready")).unwrap_or(self.steps.len());
            self.steps.insert(place, Step::waiting(what.clone()));
        }
        self.put(what, state, recorded.at, (state != StepState::Now).then_some(ms), log);
    }

    /// What scaling out takes, after everything that has happened. Asked for once more, only what is new is to come.
    fn expect_copies(&mut self, machines: u16) {
        self.steps.retain(|step| step.what != What::Spread);
        let copies = (2..=machines).flat_map(|slot| [What::CopyAddress(slot), What::Copy(slot)]);
        let whats = [What::Freeze, What::CopyImage, What::Balancer, What::TargetGroup].into_iter().chain(copies).chain([What::Spread]);
        for what in whats {
            if self.steps.iter().all(|step| step.what != what) {
                self.steps.push(Step::waiting(what));
            }
        }
    }

    /// A policy changed the number of machines; what comes of it follows below.
    fn by_policy(&mut self, at: OffsetDateTime, is_more: bool, because: Option<Because>) {
        let Some(because) = because else { return };
        let what = What::Policy { is_more, because };
        self.steps.retain(|step| !matches!(step.what, What::Policy { .. }));
        self.steps.push(Step { state: StepState::Done, began_at: Some(at), ..Step::waiting(what) });
    }

    /// What it takes until machines have left. Asked for none to leave, nothing of it is to come.
    fn expect_leave(&mut self, leaving: &[u16], is_backed_up: bool) {
        self.steps.retain(|step| {
            !(step.state == StepState::Waiting && matches!(step.what, What::BackUp(_) | What::Rehearse(_) | What::Leave(_)))
        });
        for slot in leaving {
            let backup = [What::BackUp(*slot), What::Rehearse(*slot)].into_iter().filter(|_| is_backed_up);
            for what in backup.chain([What::Leave(*slot)]) {
                self.steps.retain(|step| step.what != what);
                self.steps.push(Step::waiting(what));
            }
        }
    }

    /// A backup begins, moves on, ends; a later one of the same machine takes its lines.
    fn backed_up(&mut self, at: OffsetDateTime, machine: u16, state: BackupState, said: Option<&str>) {
        let (taking, proving) = (What::BackUp(machine), What::Rehearse(machine));
        let log: Vec<String> = said.into_iter().map(str::to_owned).collect();
        let (what, step) = match state {
            BackupState::Asked | BackupState::Taking => (taking.clone(), StepState::Now),
            BackupState::Taken => (taking.clone(), StepState::Done),
            BackupState::Rehearsing => (proving.clone(), StepState::Now),
            BackupState::Proven => (proving.clone(), StepState::Done),
            BackupState::Failed => (taking.clone(), StepState::Failed),
            BackupState::Unproven => (proving.clone(), StepState::Failed),
            BackupState::Erased => return,
        };
        if step == StepState::Now && what == taking {
            self.steps.iter_mut().filter(|step| step.what == proving).for_each(Step::reset);
        }
        let began_at = self.steps.iter().find(|step| step.what == what).and_then(|step| step.began_at);
        let ms = began_at.filter(|_| step != StepState::Now).and_then(|began_at| u32::try_from((at - began_at).whole_milliseconds()).ok());
        self.put(what, step, at, ms, &log);
    }

    /// A step that only some environments have, after another.
    fn expect(&mut self, what: &What, after: &What) {
        if self.steps.iter().all(|step| step.what != *what) {
            let place = self.steps.iter().position(|step| step.what == *after).map_or(0, |place| place + 1);
            self.steps.insert(place, Step::waiting(what.clone()));
        }
    }

    fn put(&mut self, what: What, state: StepState, at: OffsetDateTime, ms: Option<u32>, log: &[String]) {
        // Not every cloud has names.
        match what {
            What::Name => self.expect(&what, &What::Binding),
            What::RemoveName => self.expect(&what, &What::Asked),
            What::BackUp(_) | What::Rehearse(_) | What::Leave(_) | What::SaveImage(_) => {
                if let Some(last) = self.steps.last().map(|step| step.what.clone()) {
                    self.expect(&what, &last);
                }
            }
            // Where a stopped environment keeps no address.
            What::GiveBack => self.expect(&what, &What::Stop),
            // Nobody waits for these to be Ready, and they may come much later.
            What::Probe(probe) if probe.is_by_name() => {
                let comes_after = |step: &&Step| matches!(step.what, What::Ready | What::Probe(_));
                let last = self.steps.iter().rev().find(comes_after).map_or(What::Ready, |step| step.what.clone());
                self.expect(&what, &last);
            }
            _ => {}
        }
        let Some(step) = self.steps.iter_mut().find(|step| step.what == what) else { return };
        if step.began_at.is_none() || state == StepState::Now {
            let took = time::Duration::milliseconds(i64::from(ms.unwrap_or(0)));
            step.began_at = Some(at - took);
        }
        step.state = state;
        if ms.is_some() {
            step.ms = ms;
        }
        step.log = log.to_vec();
    }

    /// Steps that this run did not need (a start keeps the address) are left out; those that follow from the phase are filled in.
    fn finish(mut self, source: &Source<'_>) -> Vec<Step> {
        let settled = !source.phase.is_moving();
        // Some orders are finished by the cloud, and no answer tells of it: what came after shows that they are.
        if self.steps.iter().any(|step| matches!(step.what, What::Copy(_)) && step.state != StepState::Waiting) {
            for step in self.steps.iter_mut().filter(|step| matches!(step.what, What::Freeze | What::CopyImage)) {
                step.state = StepState::Done;
            }
        }
        for step in &mut self.steps {
            match (&step.what, source.phase) {
                (What::Image, _) if step.state == StepState::Waiting => step.state = StepState::Now,
                (What::Balancer | What::TargetGroup | What::Spread, _) if source.is_spread => step.state = StepState::Done,
                (What::SaveImage(number), _) if source.images.contains(number) => step.state = StepState::Done,
                (What::Confirm, Phase::Removed) | (What::Stop, Phase::Stopped) => step.state = StepState::Done,
                _ => {}
            }
        }
        let past = |what: &What| {
            matches!(
                what,
                What::Address
                    | What::Firewall
                    | What::Machine
                    | What::Binding
                    | What::Name
                    | What::Stop
                    | What::RemoveName
                    | What::RemoveMachine
                    | What::GiveBack
            )
        };
        let later = self.steps.iter().rposition(|step| step.state != StepState::Waiting && !past(&step.what) && step.what != What::Asked);
        let mut place = 0;
        self.steps.retain(|step| {
            place += 1;
            let was_passed = later.is_some_and(|later| place <= later);
            !(step.state == StepState::Waiting && past(&step.what) && (was_passed || settled))
        });
        self.steps
    }
}

fn what_of(action: &str) -> Option<What> {
    let copy = |kind: &str| action.strip_prefix(kind)?.parse().ok().filter(|slot| *slot > 1_u16);
    if let Some(slot) = copy("make address/") {
        return Some(What::CopyAddress(slot));
    }
    if let Some(slot) = copy("release machine/") {
        return Some(What::Leave(slot));
    }
    if let Some(slot) = copy("make image/") {
        return Some(What::SaveImage(image_number(slot)));
    }
    if let Some(slot) = copy("make machine/").or_else(|| copy("start machine/")) {
        return Some(What::Copy(slot));
    }
    if copy("make target/").is_some() || action == "make target/1" {
        return Some(What::Spread);
    }
    Some(match action {
        "make snapshot/1" => What::Freeze,
        "make image/1" => What::CopyImage,
        "make balancer/1" => What::Balancer,
        "make target_group/1" => What::TargetGroup,
        "make address/1" => What::Address,
        "make firewall/1" => What::Firewall,
        "make machine/1" | "start machine/1" => What::Machine,
        "make binding/1" => What::Binding,
        "make record/1" => What::Name,
        "release record/1" => What::RemoveName,
        "stop machine/1" => What::Stop,
        "release machine/1" => What::RemoveMachine,
        "release binding/1" | "release address/1" | "release firewall/1" => What::GiveBack,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wish::spec::ServiceSpec;
    use app::domain::ids::BackupId;
    use app::domain::reason::Probe;

    fn spec() -> Spec {
        Spec {
            schema: 1,
            summary: String::new(),
            os: "debian-12".into(),
            services: vec![ServiceSpec { name: "ssh".into(), revision: "1".into() }],
            size: cloud::Size { cpus: 1, memory_mib: 1024, disk_gib: 8 },
            other_sizes: vec![],
            open_ports: Vec::new(),
            security: crate::wish::Security::Hardened,
            freeze: crate::wish::Freeze::Running,
            gives_back_address: false,
            most_machines: 1,
        }
    }

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(1_795_238_400 + second).expect("a time")
    }

    fn timeline(goal: Goal, phase: Phase, events: Vec<Event>) -> String {
        let events: Vec<_> =
            events.into_iter().enumerate().map(|(i, event)| Recorded { number: i as i64, at: at(i as i64), event }).collect();
        steps(&Source { goal, phase, spec: &spec(), image: &ImageState::Absent, is_spread: false, images: &[], events: &events })
            .iter()
            .map(|step| format!("{:?} {:?}\n", step.what, step.state))
            .collect()
    }

    fn boot(boot: &str, step: &str, state: &str) -> Event {
        Event::Boot { boot: boot.into(), step: step.into(), state: state.into(), ms: 1, log: vec![] }
    }

    #[test]
    fn a_new_request_shows_what_is_to_come() {
        insta::assert_snapshot!(timeline(Goal::Running, Phase::Waiting, vec![Event::Asked { goal: Goal::Running }]));
    }

    #[test]
    fn a_start_shows_no_address_that_it_did_not_need() {
        let events = vec![
            Event::Asked { goal: Goal::Running },
            Event::Began { action: "start machine/1".into() },
            Event::Done { action: "start machine/1".into(), ms: 300, result: None },
            boot("b2", "settings", "done"),
        ];
        insta::assert_snapshot!(timeline(Goal::Running, Phase::Building, events));
    }

    #[test]
    fn a_second_boot_proves_everything_again() {
        let events =
            vec![Event::Asked { goal: Goal::Running }, boot("b1", "ready", "done"), Event::Ready, boot("b2", "settings", "started")];
        insta::assert_snapshot!(timeline(Goal::Running, Phase::Building, events));
    }

    #[test]
    fn what_is_restored_stands_before_what_is_set_up() {
        let events = vec![
            Event::Asked { goal: Goal::Running },
            boot("b1", "settings", "done"),
            boot("b1", "restore", "done"),
            boot("b1", "configure:ssh", "started"),
        ];
        let told = timeline(Goal::Running, Phase::Building, events);
        assert!(told.contains("Boot(\"settings\") Done\nBoot(\"restore\") Done\nBoot(\"configure:ssh\") Now\n"), "{told}");
    }

    #[test]
    fn machines_that_are_to_leave_are_told_of_step_by_step() {
        let backed_up = |state| Event::BackedUp { backup: BackupId(uuid::Uuid::nil()), machine: 2, state, said: None };
        let mut events =
            vec![Event::Asked { goal: Goal::Running }, Event::ScaledIn { leaving: vec![2], is_backed_up: true, because: None }];
        let told = |events: &[Event]| timeline(Goal::Running, Phase::Ready, events.to_vec());
        assert!(told(&events).ends_with("BackUp(2) Waiting\nRehearse(2) Waiting\nLeave(2) Waiting\n"), "{}", told(&events));
        events.extend([backed_up(BackupState::Taking), backed_up(BackupState::Taken), backed_up(BackupState::Unproven)]);
        assert!(told(&events).ends_with("BackUp(2) Done\nRehearse(2) Failed\nLeave(2) Waiting\n"), "{}", told(&events));
        events.push(backed_up(BackupState::Taking));
        assert!(told(&events).ends_with("BackUp(2) Now\nRehearse(2) Waiting\nLeave(2) Waiting\n"), "{}", told(&events));
        events.extend([backed_up(BackupState::Taken), backed_up(BackupState::Proven), Event::Left { machine: 2 }]);
        assert!(told(&events).ends_with("BackUp(2) Done\nRehearse(2) Done\nLeave(2) Now\n"), "{}", told(&events));
        let mut kept = events[..2].to_vec();
        kept.push(Event::ScaledIn { leaving: vec![], is_backed_up: true, because: None });
        assert!(!told(&kept).contains("Leave"), "{}", told(&kept));
    }

    #[test]
    fn where_there_are_names_the_timeline_tells_of_them() {
        let done = |action: &str| Event::Done { action: action.into(), ms: 300, result: None };
        let comes = vec![Event::Asked { goal: Goal::Running }, done("make address/1"), done("make record/1")];
        let goes = vec![Event::Asked { goal: Goal::Gone }, done("release record/1"), done("release machine/1")];
        assert!(timeline(Goal::Running, Phase::Building, comes).contains("Binding Waiting\nName Done\n"));
        assert!(timeline(Goal::Gone, Phase::Removing, goes).starts_with("Asked Done\nRemoveName Done\n"));
    }

    #[test]
    fn what_is_proven_by_name_stands_after_ready_in_the_order_in_which_it_came() {
        let passed = |probe| Event::Probed { probe, saw: None, ms: 1 };
        let events = vec![
            Event::Asked { goal: Goal::Running },
            boot("b1", "ready", "done"),
            passed(Probe::Name),
            passed(Probe::Ssh),
            Event::Ready,
            passed(Probe::Https),
        ];
        let told = timeline(Goal::Running, Phase::Ready, events);
        assert!(told.ends_with("Ready Done\nProbe(Name) Done\nProbe(Https) Done\n"), "{told}");
    }

    #[test]
    fn a_removal_ends_confirmed() {
        let events = vec![
            Event::Asked { goal: Goal::Gone },
            Event::Began { action: "stop machine/1".into() },
            Event::Done { action: "stop machine/1".into(), ms: 300, result: None },
            Event::Done { action: "release machine/1".into(), ms: 300, result: None },
            Event::Done { action: "release address/1".into(), ms: 300, result: None },
            Event::Removed,
        ];
        insta::assert_snapshot!(timeline(Goal::Gone, Phase::Removed, events));
    }
}
