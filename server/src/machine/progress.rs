//! What a machine reports of its boot: steps become rows and, of the first machine, events and a wake-up where the loop can go on.

use app::domain::ids::{EnvironmentId, MachineId};

use crate::db::events::{self, Actor, Event};
use crate::db::machines::{self, StepState};
use crate::db::{self, Db};

/// Whether a boot has a step of this name. Whoever is root on a machine can sign reports, but not invent steps without end.
#[must_use]
pub fn is_step(name: &str) -> bool {
    match name.split_once(':') {
        Some(("install" | "configure", service)) => super::bundle::has_service(service),
        Some(_) => false,
        None => matches!(name, "settings" | "prepare" | "check" | "clean" | "baseline" | "restore" | "ready"),
    }
}

/// Writes one step down.
///
/// # Errors
/// As the database.
#[expect(clippy::too_many_arguments, reason = "a report has these parts and no others")]
pub async fn step(
    db: &mut Db,
    environment: EnvironmentId,
    (machine, slot): (MachineId, u16),
    boot: &str,
    step: &str,
    state: StepState,
    ms: u32,
    log: &[String],
) -> sqlx::Result<()> {
    if !machines::step(db, machine, boot, step, state, ms, log).await? {
        return Ok(());
    }
    // The timeline is the first machine's.
    if slot == 1 {
        let event = Event::Boot { boot: boot.to_owned(), step: step.to_owned(), state: word(state).to_owned(), ms, log: log.to_vec() };
        events::record(db, environment, &Actor::Machine, &event).await?;
    }
    let matters = state == StepState::Failed || (state == StepState::Done && matches!(step, "ready" | "clean"));
    if matters {
        db::wake(db, environment.0).await?;
    }
    Ok(())
}

fn word(state: StepState) -> &'static str {
    match state {
        StepState::Started => "started",
        StepState::Done => "done",
        StepState::Failed => "failed",
    }
}
