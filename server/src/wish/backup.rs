//! Backups in the plan: taken by the machine while it runs, then restored there into a throw-away place and compared. A machine that is to
//! leave while its environment stays leaves once that was so, and not before.

use app::domain::backup::BackupState;
use app::domain::reason::Attention;
use cloud::Kind;
use time::{Duration, OffsetDateTime};

use super::plan::{Action, Plan, Until, VANISHED_AFTER};
use super::{Holding, Wish, World};

/// A machine that is not heard of for so long does not go on with its backup; nor does one begin that is not set up by then.
const SILENT_AFTER: Duration = Duration::minutes(20);
/// No backup takes so long, and no rehearsal: whoever says so for longer goes round in circles.
const LONGEST: Duration = Duration::hours(6);
/// What was written on a machine since its backup was taken is not in it: one that is older is taken anew before the machine leaves.
pub const FRESH_FOR: Duration = Duration::minutes(15);

/// A backup, as the plan sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSeen {
    /// Of which of the environment's machines.
    pub slot: u16,
    /// Whether that machine is the one that is there now.
    pub is_of_present: bool,
    /// How far it is.
    pub state: BackupState,
    /// Why it failed.
    pub said: Option<String>,
    /// When it came to this state.
    pub moved_at: OffsetDateTime,
    /// The last sign that it goes on.
    pub since: OffsetDateTime,
    /// When all of it was in the store.
    pub taken_at: Option<OffsetDateTime>,
}

/// Takes what was asked for, and proves it.
pub(super) fn plan_backups(plan: &mut Plan, wish: &Wish, world: &World, now: OffsetDateTime) {
    for (id, backup) in world.backups.iter().filter(|(_, backup)| backup.state.is_moving()) {
        let give_up = Action::GiveUp(*id);
        let ends_at = (backup.since + SILENT_AFTER).min(backup.moved_at + LONGEST);
        let begins = match backup.state {
            BackupState::Asked => Some((Action::BackUp(*id), "it was asked for")),
            BackupState::Taken => Some((Action::Rehearse(*id), "it is not proven yet")),
            _ => None,
        };
        match (begins, is_set_up(wish, world, backup.slot)) {
            _ if !wish.is_kept() => plan.now.push((give_up, "its environment goes")),
            _ if !backup.is_of_present => plan.now.push((give_up, "its machine is gone")),
            (Some((begin, because)), None) => plan.now.push((begin, because)),
            _ if ends_at <= now => plan.now.push((give_up, "nothing was heard of it for long")),
            (Some((begin, _)), Some(until)) => plan.waiting.extend([(begin, until), (give_up, Until::Time(ends_at))]),
            (None, _) => plan.waiting.push((give_up, Until::Time(ends_at))),
        }
    }
}

/// What a machine waits for before it can take orders; `None`: nothing.
fn is_set_up(wish: &Wish, world: &World, slot: u16) -> Option<Until> {
    match slot {
        _ if !wish.is_up() => Some(Until::MachineRuns(slot)),
        1 => (!world.is_booted()).then_some(Until::Booted),
        _ => (!world.is_copy_booted(slot)).then_some(Until::CopyBooted(slot)),
    }
}

/// Lets machines go that are to leave, one after the other and the last first: each once a backup of it is proven that was taken just now.
/// One that has nothing on it to keep needs none.
pub(super) fn plan_leaving(plan: &mut Plan, wish: &Wish, world: &World, now: OffsetDateTime) {
    let slots = wish.options.leaving.keys().rev().filter(|slot| **slot > 1 && **slot <= wish.machines());
    for slot in slots {
        let leave = Action::Leave(*slot);
        if *slot != wish.machines() {
            plan.waiting.push((leave, Until::BackedUp(slot + 1)));
            continue;
        }
        let stuck = |said: &str| Attention::BackupFailed { machine: *slot, said: said.to_owned() };
        match farewell(wish, world, now) {
            None => {}
            Some(Farewell::Now(because)) => plan.now.push((leave, because)),
            Some(Farewell::Ask(because)) => plan.now.push((Action::AskBackup(*slot), because)),
            Some(Farewell::Wait) => plan.waiting.push((leave, Until::BackedUp(*slot))),
            Some(Farewell::Stuck(said)) => {
                plan.attention = plan.attention.take().or_else(|| Some(stuck(said)));
                plan.waiting.push((leave, Until::Somebody));
            }
        }
    }
}

/// How the last machine stands that is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell<'a> {
    /// It may go.
    Now(&'static str),
    /// A backup has to be asked for.
    Ask(&'static str),
    /// Its backup is on its way.
    Wait,
    /// There is none, for this reason: somebody decides.
    Stuck(&'a str),
}

/// How the last machine stands; `None`: it is not to leave.
#[must_use]
pub fn farewell<'a>(wish: &Wish, world: &'a World, now: OffsetDateTime) -> Option<Farewell<'a>> {
    let slot = wish.machines();
    let id = wish.options.leaving.get(&slot).filter(|_| slot > 1)?;
    if !holds_work(world, slot, now) {
        return Some(Farewell::Now("there is nothing on it to keep"));
    }
    let backup = id.and_then(|id| world.backups.get(&id));
    Some(match backup {
        None => Farewell::Ask("it is to leave"),
        Some(backup) if backup.state.is_moving() => Farewell::Wait,
        Some(backup) if matches!(backup.state, BackupState::Failed | BackupState::Unproven) && backup.is_of_present => {
            Farewell::Stuck(backup.said.as_deref().unwrap_or_default())
        }
        Some(backup) if backup.state != BackupState::Proven || !backup.is_of_present => {
            Farewell::Ask("its backup is of another machine, or gone")
        }
        Some(backup) if backup.taken_at.is_none_or(|at| now - at > FRESH_FOR) => Farewell::Ask("its backup is not of now"),
        Some(_) => Farewell::Now("its backup was restored in rehearsal, and was equal"),
    })
}

/// Whether something may be on a machine that is nowhere else: it was set up at least once, and the cloud has it.
#[must_use]
pub fn holds_work(world: &World, slot: u16, now: OffsetDateTime) -> bool {
    let has_vanished = |machine: &Holding| machine.listed.is_none() && machine.made_at.is_none_or(|at| now - at > VANISHED_AFTER);
    world.worked.contains(&slot) && world.of(Kind::Machine, slot).is_some_and(|machine| !has_vanished(machine))
}
