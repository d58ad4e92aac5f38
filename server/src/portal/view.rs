//! An environment as pages show it, from its rows alone: no cloud is asked for a page.

use app::domain::environment::{EnvironmentCard, EnvironmentView, SecretKind};
use app::domain::ids::EnvironmentId;
use app::domain::phase::{Goal, Phase};
use app::domain::reason::Attention;

use super::environments::acts;
use super::host_name::host_name;
use super::{connection, costs, images, scaling, timeline};
use crate::auth::access::{Action, Standing};
use crate::db::events::Event;
use crate::db::world::{self, Known};
use crate::db::{Db, environments, events, incidents, machines, queue, secrets};
use crate::wish;

/// So many incidents are shown on a page; the others are an operator's reading.
const SHOWN_INCIDENTS: i64 = 5;

/// Its phase, with *Removed* as its row says.
#[must_use]
pub fn phase_of(known: &Known) -> Phase {
    match known.removed_at {
        Some(_) => Phase::Removed,
        None => wish::phase(&known.wish(&cloud::Nature::default()), &known.world),
    }
}

/// An environment in a list.
#[must_use]
pub fn card(known: &Known, course: String) -> EnvironmentCard {
    EnvironmentCard {
        id: known.id,
        name: known.name.clone(),
        course,
        phase: phase_of(known),
        needs_attention: known.attention.is_some(),
        address: known.address(),
    }
}

/// Everything on its page.
///
/// # Errors
/// As the database.
pub async fn load(db: &mut Db, id: EnvironmentId, standing: Standing) -> sqlx::Result<EnvironmentView> {
    let known = world::load(db, id).await?;
    let setting = environments::setting(db, id).await?;
    let mut events = events::since_asked(db, id).await?;
    if !is_staff(standing) {
        for recorded in &mut events {
            if let Event::Failed { said, .. } = &mut recorded.event {
                said.clear();
            }
        }
    }
    let phase = phase_of(&known);
    let ahead = match phase {
        Phase::Waiting => queue::ahead_of(db, id).await?.and_then(|ahead| u32::try_from(ahead).ok()),
        _ => None,
    };
    let is_reachable =
        matches!(phase, Phase::Ready | Phase::Stopping | Phase::Stopped) || known.world.was_ready && known.goal == Goal::Running;
    let connection = match (known.address(), known.machine) {
        (Some(address), Some(machine)) if is_reachable && standing.may(Action::UseSecrets).is_ok() => {
            let host_keys = machines::find(db, machine).await?.map(|machine| machine.host_keys).unwrap_or_default();
            let is_key_waiting = secrets::find(db, id, SecretKind::SshPrivateKey).await?.is_some();
            let user = crate::machine::login_user(&known.spec.os);
            Some(connection::connection(
                &known.name,
                (host_name(&known), &address, !known.spec.gives_back_address),
                user,
                &host_keys,
                &setting,
                is_key_waiting,
            ))
        }
        _ => None,
    };
    let scaling = scaling::scaling(&known, standing);
    let steps = timeline::steps(&timeline::Source {
        goal: known.goal,
        phase,
        spec: &known.spec,
        image: &known.image,
        is_spread: scaling.as_ref().is_none_or(scaling::is_spread),
        images: &images::whole(&known),
        events: &events,
    });
    Ok(EnvironmentView {
        id,
        name: known.name.clone(),
        course: setting.course,
        blueprint: setting.blueprint,
        goal: known.goal,
        phase,
        acts: acts(phase, known.attention.as_ref(), standing, scaling::act(&known, phase)),
        attention: known.attention.as_ref().map(|reason| for_eyes(reason, standing)),
        incidents: incidents::newest(db, id, SHOWN_INCIDENTS).await?,
        ahead,
        keeps_address: !known.spec.gives_back_address,
        is_simulated: setting.cloud_kind == "sim",
        steps,
        scaling,
        so_far: costs::so_far(db, &known).await?,
        connection,
        last_event: known.last_event,
        at: known.now,
    })
}

fn is_staff(standing: Standing) -> bool {
    matches!(standing, Standing::Instructor | Standing::Operator | Standing::Assistant)
}

/// What the cloud said is for staff; students read what it means.
fn for_eyes(reason: &Attention, standing: Standing) -> Attention {
    if is_staff(standing) {
        return reason.clone();
    }
    match reason {
        Attention::NoCapacity { .. } => Attention::NoCapacity { said: String::new() },
        Attention::OverQuota { .. } => Attention::OverQuota { said: String::new() },
        // It may name accounts and roles.
        Attention::Refused { action, .. } => Attention::Refused { action: action.clone(), said: String::new() },
        other => other.clone(),
    }
}
