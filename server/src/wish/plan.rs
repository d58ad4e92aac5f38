//! The plan: what may be done now, what waits and for what.

use std::collections::BTreeSet;
use std::fmt;

use app::domain::ids::BackupId;
use app::domain::reason::{Attention, Probe};
use cloud::{Call, Health, Kind, MachineState, Observed};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::backup::{plan_backups, plan_leaving};
use super::kinds::{Care, Wanted, desired_resources, rules};
use super::permit::plan_permits;
use super::phase::{Phase, phase};
use super::spec::service_of;
use super::telling::plan_telling;
use super::{Holding, Purpose, Wish, World};

/// How long a call may take, and a claim live: a call begun before may still make something for so long.
const CALL_AND_CLAIM: Duration = Duration::seconds(50);
/// A probe that passed is asked again after this long.
const PROBE_AGAIN: Duration = Duration::seconds(60);
/// A probe that failed is asked again soon, then less often.
const PROBE_SOON: Duration = Duration::milliseconds(1500);
const PROBE_LATER: Duration = Duration::seconds(15);
/// The service behind a probe is restarted after so many failures in a row …
const RESTART_AT: [u32; 2] = [4, 8];
/// … and after so many somebody is told.
const TELL_AT: u32 = 10;
/// A machine that has not spoken for so long after its start is silent.
const SILENT_AFTER: Duration = Duration::minutes(6);
/// Something that the cloud does not list so long after it was made has vanished.
pub(super) const VANISHED_AFTER: Duration = Duration::seconds(30);

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Order it from the cloud (or repeat the order, if an answer is missing).
    Make(Kind, u16),
    /// Start a machine.
    Start(u16),
    /// Stop a machine.
    Stop(u16),
    /// A machine that was launched with others becomes this environment's.
    HandOver(u16),
    /// Give it back.
    Release(Kind, u16),
    /// Give back what carries our tag and no row explains.
    ReleaseStray(Kind, String),
    /// Our row says it is there, the cloud does not: write it off.
    WriteOff(Kind, u16),
    /// From now on environments of the version start from this image: made by us, or of the same recipe and there already.
    Adopt(String),
    /// Prove something from outside.
    Probe(Probe),
    /// Its machine, or its balancer that is one, may ask for a certificate when it is its turn, and is to hear of it.
    Permit(Kind),
    /// Order a machine to fetch its settings: it is asked by another name, too.
    Tell(u16),
    /// Order the machine to restart a service's units.
    Restart(&'static str),
    /// Ask for a backup of a machine that is to leave.
    AskBackup(u16),
    /// Order a machine to take this backup.
    BackUp(Uuid),
    /// Order it to restore this backup into a throw-away place, and to compare.
    Rehearse(Uuid),
    /// Nothing will come of this backup.
    GiveUp(Uuid),
    /// The environment is to have one machine fewer: the last one's slot is not wanted any more.
    Leave(u16),
    /// The cloud listed nothing of it: note it, the first or the second time.
    ConfirmGone,
}

/// What a waiting action waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// Another resource is there.
    There(Kind, u16),
    /// Another resource has been given back.
    Released(Kind, u16),
    /// A machine runs.
    MachineRuns(u16),
    /// A machine is off.
    MachineStopped(u16),
    /// A machine is its environment's.
    HandedOver(u16),
    /// The machine has reported that its boot is complete.
    Booted,
    /// A copy has reported that its boot is complete.
    CopyBooted(u16),
    /// Every probe has passed.
    Proven,
    /// Every name server says so.
    InSync,
    /// The certificate is issued.
    Issued,
    /// The balancer takes requests.
    Active,
    /// The balancer finds that it answers.
    Healthy,
    /// Its last requests are finished.
    Drained,
    /// The whole disk is in the snapshot.
    Frozen,
    /// The build machine has reported that its disk is clean.
    Clean,
    /// The image is baked.
    ImageBaked,
    /// A machine's backup is proven.
    BackedUp(u16),
    /// The cloud lists it.
    Listed,
    /// A moment.
    Time(OffsetDateTime),
    /// Somebody decides.
    Somebody,
}

/// What to do, and when to look again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What may run now, all at once, with the reason.
    pub now: Vec<(Action, &'static str)>,
    /// What has to wait, and for what.
    pub waiting: Vec<(Action, Until)>,
    /// What somebody should know; `None` clears it.
    pub attention: Option<Attention>,
    /// When to look again though nothing changed; `None`: never.
    pub look_again: Option<OffsetDateTime>,
}

/// Compares what is wanted with what is there.
#[must_use]
pub fn plan(wish: &Wish, world: &World, now: OffsetDateTime) -> Plan {
    let mut plan = Plan::default();
    for (kind, slot, wanted) in desired_resources(wish, world) {
        plan_slot(&mut plan, wish, world, (kind, slot, wanted), now);
    }
    if wish.purpose == Purpose::Image
        && wish.is_kept()
        && !world.is_image_recorded
        && let Some(image) = world.image()
    {
        plan.now.push((Action::Adopt(image.to_owned()), "environments may start from it"));
    }
    plan_backups(&mut plan, wish, world, now);
    if wish.is_up() {
        plan_leaving(&mut plan, wish, world, now);
        plan_boot(&mut plan, wish, world, now);
        plan_probes(&mut plan, wish, world, now);
        plan_permits(&mut plan, wish, world, now);
        plan_telling(&mut plan, wish, world);
    }
    plan_strays(&mut plan, wish, world);
    if !wish.is_kept() {
        plan_gone(&mut plan, world, now);
    }
    wait_for_turns(&mut plan, world, now);
    plan.look_again = look_again(&plan, wish, world, now);
    plan
}

/// A call that was given a turn at the cloud waits for it; another call for the same thing does not.
fn wait_for_turns(plan: &mut Plan, world: &World, now: OffsetDateTime) {
    let turn_at = |action: &Action| {
        let (call, of) = match action {
            Action::Make(kind, slot) => (Call::Create(*kind), (*kind, *slot)),
            Action::Release(kind, slot) => (Call::Delete(*kind), (*kind, *slot)),
            Action::Start(slot) => (Call::Start, (Kind::Machine, *slot)),
            Action::Stop(slot) => (Call::Stop, (Kind::Machine, *slot)),
            Action::HandOver(slot) => (Call::HandOver, (Kind::Machine, *slot)),
            _ => return None,
        };
        let (turn_for, at) = world.holdings.get(&of)?.turn.as_ref()?;
        (*turn_for == call.code() && *at > now).then_some(*at)
    };
    let (waiting, due) = plan.now.drain(..).partition(|(action, _)| turn_at(action).is_some());
    let waiting: Vec<(Action, &str)> = waiting;
    plan.now = due;
    plan.waiting.extend(waiting.into_iter().filter_map(|(action, _)| turn_at(&action).map(|at| (action, Until::Time(at)))));
}

fn plan_slot(plan: &mut Plan, wish: &Wish, world: &World, (kind, slot, wanted): (Kind, u16, Wanted), now: OffsetDateTime) {
    let rules = rules(kind);
    let make = Action::Make(kind, slot);
    match (wanted, world.of(kind, slot)) {
        (Wanted::No | Wanted::IfThere, None) => {}
        (Wanted::Yes, None) => match rules.needs(wish, world, slot) {
            None => plan.now.push((make, "it is wanted")),
            Some(until) => plan.waiting.push((make, until)),
        },
        // It comes with its machine, or never.
        (Wanted::Yes | Wanted::IfThere, Some(holding)) if holding.cloud_id.is_none() && !kind.is_ordered() => {
            let machine_made_at = world.of(Kind::Machine, slot).and_then(|machine| machine.made_at);
            match machine_made_at {
                Some(made_at) if now - made_at > VANISHED_AFTER => {
                    plan.now.push((Action::WriteOff(kind, slot), "the cloud never listed it"));
                }
                Some(_) => plan.waiting.push((make, Until::Listed)),
                None => plan.waiting.push((make, Until::There(Kind::Machine, slot))),
            }
        }
        // An intent without an answer: the same order again finds it made, or makes it.
        (Wanted::Yes | Wanted::IfThere, Some(holding)) if holding.cloud_id.is_none() => plan.now.push((make, "the answer is missing")),
        (Wanted::Yes | Wanted::IfThere, Some(holding)) if holding.listed.is_none() => {
            let gone_for_sure = holding.made_at.is_none_or(|made_at| now - made_at > VANISHED_AFTER);
            // A copy is made once more of what it was made of.
            let was_work = (kind, slot) == (Kind::Machine, 1) && world.was_ready;
            match (gone_for_sure, was_work && !wish.rebuilds_vanished) {
                (false, _) => plan.waiting.push((make, Until::Listed)),
                // Its disk was somebody's work: nobody gets an empty machine instead without having asked for it.
                (true, true) => {
                    plan.attention = Some(Attention::MachineVanished);
                    plan.waiting.push((make, Until::Somebody));
                }
                // What is made anew is given back by name first: a list may have been wrong.
                (true, false) if kind == Kind::Machine && slot > 1 => {
                    plan.now.push((Action::Release(kind, slot), "the cloud does not list it any more"));
                }
                (true, false) => plan.now.push((Action::WriteOff(kind, slot), "the cloud does not list it any more")),
            }
        }
        (Wanted::Yes | Wanted::IfThere, Some(holding)) => match rules.care(wish, world, slot, holding) {
            Care::Fine => {}
            Care::Now(action, because) => plan.now.push((action, because)),
            Care::Wait(action, until) => plan.waiting.push((action, until)),
        },
        (Wanted::No, Some(holding)) => plan_release(plan, (wish, world), (kind, slot, holding), rules.is_held_by(wish, world, slot), now),
    }
}

fn plan_release(
    plan: &mut Plan,
    (wish, world): (&Wish, &World),
    (kind, slot, holding): (Kind, u16, &Holding),
    held_by: Option<Until>,
    now: OffsetDateTime,
) {
    let release = Action::Release(kind, slot);
    let deletion_stops = wish.nature.deletion_stops;
    match held_by {
        Some(Until::Time(at)) if at <= now => {}
        Some(until) => {
            plan.waiting.push((release, until));
            return;
        }
        None => {}
    }
    match (&holding.listed, world.machine_state(slot).filter(|_| kind == Kind::Machine)) {
        // No name server may know a name that is on its way out when what it led to is given back.
        (Some(Observed::Record { is_out: true, is_in_sync: false, .. }), _) => plan.waiting.push((release, Until::InSync)),
        (_, Some(MachineState::Running)) if !deletion_stops => {
            plan.now.push((Action::Stop(slot), "it goes"));
            plan.waiting.push((release, Until::MachineStopped(slot)));
        }
        (_, Some(MachineState::Stopping)) => plan.waiting.push((release, Until::MachineStopped(slot))),
        (Some(Observed::Target { health: Health::Draining, .. }), _) => plan.waiting.push((release, Until::Drained)),
        // What nobody ordered goes by itself.
        (None, _) if !kind.is_ordered() => plan.now.push((Action::WriteOff(kind, slot), "it went with its machine")),
        _ => plan.now.push((release, "it is not wanted any more")),
    }
}

fn plan_boot(plan: &mut Plan, wish: &Wish, world: &World, now: OffsetDateTime) {
    if !world.machine_runs(1) {
        return;
    }
    match &world.boot {
        Some(boot) => {
            if let Some((step, log)) = &boot.failed {
                let (step, log) = (step.clone(), log.clone());
                plan.attention = Some(match wish.purpose {
                    Purpose::Course => Attention::BootStepFailed { step, log },
                    Purpose::Image => Attention::ImageNotBaked { step, log },
                });
            }
        }
        None => {
            if world.machine_started_at(1).is_some_and(|at| now - at > SILENT_AFTER) {
                plan.attention = Some(Attention::MachineSilent);
            }
        }
    }
    if plan.attention.is_none() {
        plan.attention = (2..=wish.machines()).find_map(|slot| copy_needs(world, slot, now)).or_else(|| balancer_needs(wish, world, now));
    }
}

/// What somebody should know of a balancer that is wanted and takes no requests.
fn balancer_needs(wish: &Wish, world: &World, now: OffsetDateTime) -> Option<Attention> {
    let balancer = world.first(Kind::Balancer).filter(|_| wish.is_scaled_out())?;
    let is_active = matches!(balancer.listed, Some(Observed::Balancer { is_active: true, .. }));
    (!is_active && balancer.made_at.is_some_and(|at| now - at > SILENT_AFTER)).then_some(Attention::BalancerSilent)
}

/// What somebody should know of a copy that gets no visitors yet.
fn copy_needs(world: &World, slot: u16, now: OffsetDateTime) -> Option<Attention> {
    if let Some((step, log)) = world.copies.get(&slot).and_then(|boot| boot.failed.clone()) {
        return Some(Attention::CopyFailed { machine: slot, step, log });
    }
    let is_silent = world.machine_runs(slot) && !world.is_copy_booted(slot);
    (is_silent && world.machine_started_at(slot).is_some_and(|at| now - at > SILENT_AFTER))
        .then_some(Attention::CopySilent { machine: slot })
}

fn plan_probes(plan: &mut Plan, wish: &Wish, world: &World, now: OffsetDateTime) {
    if wish.purpose != Purpose::Course {
        return;
    }
    let is_reachable = world.first(Kind::Binding).is_some_and(Holding::is_there);
    for probe in wish.probes(world) {
        let action = Action::Probe(probe);
        if !world.is_booted() {
            plan.waiting.push((action, Until::Booted));
            continue;
        }
        if !is_reachable {
            plan.waiting.push((action, Until::There(Kind::Binding, 1)));
            continue;
        }
        if world.is_locked(1) {
            plan.waiting.push((action, Until::HandedOver(1)));
            continue;
        }
        let boot = world.boot.as_ref().map(|boot| boot.id.as_str());
        let Some(seen) = world.probes.get(&probe).filter(|seen| Some(seen.boot.as_str()) == boot) else {
            plan.now.push((action, "nothing is proven on this boot"));
            continue;
        };
        let was_broken_since = world.incidents.values().any(|detected_at| seen.at < *detected_at);
        let next = match &seen.saw {
            Ok(()) if was_broken_since => {
                plan.now.push((action, "something broke since it was asked"));
                continue;
            }
            Ok(()) => seen.at + PROBE_AGAIN,
            Err(_) if seen.tries < RESTART_AT[0] => seen.at + PROBE_SOON,
            Err(_) => seen.at + PROBE_LATER,
        };
        if let Err(saw) = &seen.saw {
            if seen.tries >= TELL_AT && plan.attention.is_none() {
                plan.attention = Some(Attention::ProbeFails { probe, saw: saw.clone() });
            }
            if next <= now
                && RESTART_AT.contains(&seen.tries)
                && let Some(service) = service_of(probe)
            {
                plan.now.push((Action::Restart(service), "its probe keeps failing"));
            }
        }
        if next <= now {
            plan.now.push((action, "it is time to ask again"));
        } else {
            plan.waiting.push((action, Until::Time(next)));
        }
    }
}

/// What carries our tag and no row explains: it was written off and is there all the same, or a late call made it. It would stand in the way
/// of what was made in its place. What somebody's work may be on is left alone as long as the environment is kept.
fn plan_strays(plan: &mut Plan, wish: &Wish, world: &World) {
    for (kind, name) in &world.strays {
        let may_be_work = match kind {
            Kind::Disk => true,
            Kind::Machine => world.was_ready,
            // One that was saved, and that one list lacked.
            Kind::Image | Kind::Snapshot => world.was_ready && wish.purpose == Purpose::Course,
            _ => false,
        };
        if !wish.is_kept() || !may_be_work {
            plan.now.push((Action::ReleaseStray(*kind, name.clone()), "it carries our tag and no row explains it"));
        }
    }
}

fn plan_gone(plan: &mut Plan, world: &World, now: OffsetDateTime) {
    if !world.holdings.is_empty() || !world.strays.is_empty() {
        return;
    }
    let settled = world.unanswered_at.map(|at| at + CALL_AND_CLAIM);
    match (world.empty_since, settled) {
        (None, _) => plan.now.push((Action::ConfirmGone, "the cloud lists nothing")),
        // A call that was begun before may still make something: the second listing has to be later than that.
        (Some(_), Some(settled)) if settled > now => plan.waiting.push((Action::ConfirmGone, Until::Time(settled))),
        (Some(_), _) => plan.now.push((Action::ConfirmGone, "the cloud lists nothing again")),
    }
}

fn look_again(plan: &Plan, wish: &Wish, world: &World, now: OffsetDateTime) -> Option<OffsetDateTime> {
    // What waits for something that waits itself has nothing to look for before that.
    let waits = |wanted: Action| plan.waiting.iter().any(|(action, _)| *action == wanted);
    let has_its_time = |wanted: Action| plan.waiting.iter().any(|(action, until)| *action == wanted && matches!(until, Until::Time(_)));
    let soonest = plan
        .waiting
        .iter()
        .filter(|(_, until)| match until {
            Until::There(kind, slot) => !waits(Action::Make(*kind, *slot)),
            Until::Released(kind, slot) => !waits(Action::Release(*kind, *slot)),
            Until::MachineRuns(slot) => !waits(Action::Make(Kind::Machine, *slot)) && !has_its_time(Action::Start(*slot)),
            Until::MachineStopped(slot) => !has_its_time(Action::Stop(*slot)),
            Until::Booted | Until::Clean => !waits(Action::Make(Kind::Machine, 1)),
            Until::CopyBooted(slot) => !waits(Action::Make(Kind::Machine, *slot)),
            // Each of its probes has a time of its own.
            Until::Proven => false,
            _ => true,
        })
        .map(|(_, until)| match until {
            Until::Time(at) => *at,
            Until::MachineRuns(_) | Until::MachineStopped(_) | Until::Listed | Until::Drained => now + Duration::milliseconds(300),
            Until::Released(..) | Until::There(..) | Until::InSync | Until::HandedOver(_) => now + Duration::milliseconds(500),
            Until::Issued | Until::Active | Until::Healthy | Until::Frozen => now + Duration::seconds(2),
            // The machine's report wakes the environment; this is for reports that got lost.
            Until::Booted | Until::CopyBooted(_) | Until::Clean | Until::Proven | Until::BackedUp(_) => now + Duration::seconds(5),
            // The end of baking wakes those who wait for it.
            Until::ImageBaked => now + Duration::seconds(10),
            Until::Somebody => now + Duration::seconds(60),
        })
        .min();
    match (soonest, phase(wish, world)) {
        (Some(at), _) => Some(at),
        (None, Phase::Ready | Phase::Stopped) => Some(now + Duration::minutes(5)),
        (None, _) if wish.purpose == Purpose::Image => Some(now + Duration::minutes(5)),
        (None, _) => Some(now + Duration::seconds(2)),
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Make(kind, slot) => write!(f, "make     {}/{slot}", kind.code()),
            Self::Start(slot) => write!(f, "start    machine/{slot}"),
            Self::Stop(slot) => write!(f, "stop     machine/{slot}"),
            Self::HandOver(slot) => write!(f, "hand over machine/{slot}"),
            Self::Release(kind, slot) => write!(f, "release  {}/{slot}", kind.code()),
            Self::ReleaseStray(kind, name) => write!(f, "release  stray {} {name}", kind.code()),
            Self::WriteOff(kind, slot) => write!(f, "write off {}/{slot}", kind.code()),
            Self::Adopt(image) => write!(f, "adopt    image {image}"),
            Self::Probe(probe) => write!(f, "probe    {}", probe.code()),
            Self::Permit(kind) => write!(f, "permit   a certificate for the {}", kind.code()),
            Self::Tell(slot) => write!(f, "tell     machine/{slot} what it is asked by"),
            Self::Restart(service) => write!(f, "restart  {service}"),
            Self::AskBackup(slot) => write!(f, "ask for  a backup of machine/{slot}"),
            Self::BackUp(id) => write!(f, "back up  {}", BackupId(*id)),
            Self::Rehearse(id) => write!(f, "rehearse {}", BackupId(*id)),
            Self::GiveUp(id) => write!(f, "give up  {}", BackupId(*id)),
            Self::Leave(slot) => write!(f, "leave    machine/{slot}"),
            Self::ConfirmGone => write!(f, "confirm  that nothing is left"),
        }
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::There(kind, slot) => write!(f, "{}/{slot} is there", kind.code()),
            Self::Released(kind, slot) => write!(f, "{}/{slot} is given back", kind.code()),
            Self::MachineRuns(slot) => write!(f, "machine/{slot} runs"),
            Self::MachineStopped(slot) => write!(f, "machine/{slot} is off"),
            Self::HandedOver(slot) => write!(f, "machine/{slot} is handed over"),
            Self::Booted => f.write_str("machine/1 has booted"),
            Self::CopyBooted(slot) => write!(f, "machine/{slot} has booted"),
            Self::Proven => f.write_str("every probe has passed"),
            Self::InSync => f.write_str("every name server says so"),
            Self::Issued => f.write_str("the certificate is issued"),
            Self::Active => f.write_str("it takes requests"),
            Self::Healthy => f.write_str("the balancer finds it healthy"),
            Self::Drained => f.write_str("its last requests are finished"),
            Self::Frozen => f.write_str("the whole disk is in it"),
            Self::Clean => f.write_str("machine/1 is clean"),
            Self::ImageBaked => f.write_str("the image is baked"),
            Self::BackedUp(slot) => write!(f, "the backup of machine/{slot} is proven"),
            Self::Listed => f.write_str("the cloud lists it"),
            Self::Time(at) => write!(f, "{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second()),
            Self::Somebody => f.write_str("somebody decides"),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut seen = BTreeSet::new();
        for (action, because) in &self.now {
            seen.insert(action);
            writeln!(f, "now      {action:<28} because {because}")?;
        }
        for (action, until) in &self.waiting {
            writeln!(f, "waiting  {action:<28} until {until}")?;
        }
        if let Some(attention) = &self.attention {
            writeln!(f, "tell     {attention:?}")?;
        }
        if seen.is_empty() && self.waiting.is_empty() {
            writeln!(f, "nothing to do")?;
        }
        Ok(())
    }
}
