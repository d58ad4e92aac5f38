//! One turn of the loop for one environment.

use std::time::Duration;

use app::domain::phase::{Goal, Phase};
use app::domain::reason::Attention;
use cloud::{Call, CloudError, Fate, Kind};
use futures::future::join_all;
use time::OffsetDateTime;
use tracing::{info, warn};

use super::act::{self, Outcome};
use super::clouds::{Handle, NoCloud};
use super::{Engine, backup, incidents, observe};
use crate::db::events::{self, Actor, Event};
use crate::db::queue::{self, Claim, Lost, fence};
use crate::db::world::{self, Known};
use crate::db::{buckets, environments, machines};
use crate::wish::{Plan, Until, phase, plan};

/// Why a turn did not end in order.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// Somebody else holds the environment now: nothing more was written.
    #[error("the claim was lost")]
    LostClaim,
    /// The database failed; the claim runs out and the environment is taken up again.
    #[error("database")]
    Db(#[from] sqlx::Error),
    /// The cloud's row cannot be used.
    #[error(transparent)]
    Cloud(#[from] NoCloud),
}

impl From<Lost> for TurnError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Claim => Self::LostClaim,
            Lost::Db(error) => Self::Db(error),
        }
    }
}

/// How long one call to a cloud may take: two thirds of a claim.
pub const CALL_DEADLINE: Duration = Duration::from_secs(20);

/// A wait for a turn to list that is no longer than this is waited out: there are fewer turns of the loop at once than it takes to make it
/// longer.
const WAITED_OUT: Duration = Duration::from_secs(2);

/// Who relies on the shared look does not look again before this has passed.
const SHARED_LOOK: time::Duration = time::Duration::seconds(1);

/// Runs one turn.
///
/// # Errors
/// [`TurnError`].
pub async fn turn(engine: &Engine, claim: Claim) -> Result<(), TurnError> {
    let known = world::load(&mut *engine.pool.acquire().await?, claim.environment).await?;
    turn_knowing(engine, claim, known).await
}

/// The same, of what was loaded after the claim.
///
/// # Errors
/// [`TurnError`].
pub async fn turn_knowing(engine: &Engine, claim: Claim, mut known: Known) -> Result<(), TurnError> {
    if known.removed_at.is_some() {
        return Ok(queue::finish(&mut *engine.pool.acquire().await?, claim, None, None).await?);
    }
    let handle = match engine.clouds.get(&engine.pool, known.cloud).await {
        Ok(handle) => handle,
        Err(NoCloud::Unopened(_, error)) => return cloud_is_silent(engine, claim, &known, &error).await,
        Err(error) => return Err(error.into()),
    };

    let look = look(engine, &handle, &known).await?;
    if let Look::In(wait) = look {
        let again = known.now + wait;
        return Ok(queue::finish(&mut *engine.pool.acquire().await?, claim, Some(again), known.attention.as_ref()).await?);
    }
    if let Look::At(kinds) = &look {
        let changes = match within_deadline(observe::observe(engine, handle.cloud.as_ref(), kinds, &mut known)).await {
            Ok(changes) => changes,
            Err(error) => {
                act::slow_down_if_throttled(engine, &handle, &known, Call::List, &error).await?;
                return cloud_is_silent(engine, claim, &known, &error).await;
            }
        };
        observe::record(engine, claim, &known, &changes).await?;
    }
    find_image(&handle, &mut known).await;
    follow_simulated_boot(engine, claim, &handle, &mut known).await?;
    backup::follow_simulated(engine, &handle, &known).await?;

    let plan = plan(&known.wish(handle.cloud.nature()), &known.world, known.now);
    let outcomes = join_all(plan.now.iter().map(|(action, _)| act::act(engine, claim, &handle, &known, action))).await;
    end(engine, claim, &handle, &known, (&plan, &look), outcomes).await
}

/// Whether a turn lists what the cloud has of its environment.
#[derive(Debug, Clone, PartialEq)]
enum Look {
    /// It does, of these kinds.
    At(Vec<Kind>),
    /// Its rows are what was answered, or what the shared look found, a few seconds ago at most.
    Shared,
    /// It has to, and its turn to do so comes later.
    In(time::Duration),
}

/// Where calls are counted, a turn lists what is changing, and everything only if something differs or is to be confirmed gone. While
/// lists have a bucket and that is half empty, it lists nothing that it does not have to. What changes meanwhile the shared look sees, and wakes whom it concerns.
async fn look(engine: &Engine, handle: &Handle, known: &Known) -> sqlx::Result<Look> {
    // Nothing was ordered: there is nothing to list.
    if !known.was_ordered && known.goal != Goal::Gone {
        return Ok(Look::Shared);
    }
    let kinds = &handle.cloud.nature().kinds;
    if handle.cloud.allowances().is_empty() {
        return Ok(Look::At(kinds.clone()));
    }
    let is_to_be_confirmed = known.goal == Goal::Gone && known.world.holdings.is_empty();
    let has_to = known.differs || is_to_be_confirmed;
    let asked = |kind: &Kind| if has_to { known.ordered.contains(kind) } else { is_changing(known, *kind) };
    let asked: Vec<Kind> = kinds.iter().copied().filter(asked).collect();
    if asked.is_empty() {
        return Ok(Look::Shared);
    }
    let actions = handle.cloud.draws(Call::List);
    if actions.is_empty() {
        return Ok(Look::At(asked));
    }
    let mut db = engine.pool.acquire().await?;
    if buckets::spare(&mut db, known.cloud, actions).await? {
        return Ok(Look::At(asked));
    }
    if !has_to {
        return Ok(Look::Shared);
    }
    let seconds = buckets::draw(&mut db, known.cloud, actions, buckets::For::of(known.purpose)).await?;
    drop(db);
    if seconds > WAITED_OUT.as_secs_f64() {
        return Ok(Look::In(time::Duration::seconds_f64(seconds)));
    }
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    Ok(Look::At(asked))
}

/// Whether something of a kind is on its way from one state to another, or came with something else and is not known by name yet.
fn is_changing(known: &Known, kind: Kind) -> bool {
    // A build machine that is clean turns itself off.
    if kind == Kind::Machine && known.world.boot.as_ref().is_some_and(|boot| boot.is_clean) {
        return true;
    }
    known.world.holdings.iter().filter(|((of, _), _)| *of == kind).any(|(_, holding)| match &holding.listed {
        Some(listed) => listed.is_changing(),
        // It comes with its machine.
        None => holding.cloud_id.is_some() || !kind.is_ordered(),
    })
}

/// A call to a cloud that does not answer in time: nobody knows what became of it.
pub(crate) async fn within_deadline<T>(call: impl Future<Output = Result<T, CloudError>>) -> Result<T, CloudError> {
    tokio::time::timeout(CALL_DEADLINE, call)
        .await
        .unwrap_or_else(|_| Err(CloudError::new(Fate::TryAgain, "deadline", format!("no answer within {} s", CALL_DEADLINE.as_secs()))))
}

/// Before a machine is built for an image: perhaps the cloud has one of the same recipe.
async fn find_image(handle: &Handle, known: &mut Known) {
    let is_begun = known.world.first(Kind::Machine).is_some();
    if known.purpose != crate::wish::Purpose::Image || known.world.has_image() || is_begun {
        return;
    }
    match within_deadline(handle.cloud.image_by_recipe(&known.spec.recipe())).await {
        Ok(found) => known.world.found_image = found,
        Err(error) => warn!(environment.id = %known.id, %error, "could not look for an image"),
    }
}

/// Where machines are not real nobody reports: the boot is asked for, and written down as a report would be.
async fn follow_simulated_boot(engine: &Engine, claim: Claim, handle: &Handle, known: &mut Known) -> Result<(), TurnError> {
    let Some(inside) = &handle.inside else { return Ok(()) };
    for (slot, id) in known.machines.clone() {
        let machine = known.world.of(Kind::Machine, slot).and_then(|held| held.cloud_id.clone());
        let Some((machine, boot)) = machine.and_then(|machine| Some((machine.clone(), inside.boot(&machine)?))) else { continue };
        let mut tx = engine.pool.begin().await?;
        fence(&mut tx, claim).await?;
        machines::booting(&mut tx, id, &boot.id).await?;
        let steps = boot
            .done
            .iter()
            .map(|step| (step, machines::StepState::Done, &[][..]))
            .chain(boot.now.iter().map(|step| (step, machines::StepState::Started, &[][..])))
            .chain(boot.failed.iter().map(|(step, log)| (step, machines::StepState::Failed, log.as_slice())));
        for (step, state, log) in steps {
            crate::machine::progress::step(&mut tx, known.id, (id, slot), &boot.id, step, state, 0, log).await?;
        }
        if let Some(key) = inside.host_key(&machine) {
            machines::facts(&mut tx, id, &[key], machines::Knows { copies: true, backups: true, serving: true }).await?;
        }
        let seen = machines::boot_seen(&mut tx, id).await?;
        tx.commit().await?;
        match (slot, seen) {
            (1, seen) => known.world.boot = seen,
            (_, Some(seen)) => drop(known.world.copies.insert(slot, seen)),
            (_, None) => {}
        }
    }
    Ok(())
}

async fn cloud_is_silent(engine: &Engine, claim: Claim, known: &Known, error: &CloudError) -> Result<(), TurnError> {
    warn!(environment.id = %known.id, %error, "the cloud does not answer");
    let (attention, again) = match error.fate {
        Fate::Throttled => (known.attention.clone(), 5),
        // It answers, and says no: an operator has to know what to.
        Fate::Final => (Some(Attention::Refused { action: "list".into(), said: error.said.clone() }), 60),
        _ => (Some(Attention::CloudSilent), 5),
    };
    tell(engine, claim, known, attention.as_ref()).await?;
    let again = known.now + time::Duration::seconds(again);
    Ok(queue::finish(&mut *engine.pool.acquire().await?, claim, Some(again), attention.as_ref()).await?)
}

async fn end(
    engine: &Engine,
    claim: Claim,
    handle: &Handle,
    known: &Known,
    (plan, look): (&Plan, &Look),
    outcomes: Vec<Result<Outcome, Lost>>,
) -> Result<(), TurnError> {
    let mut attention = plan.attention.clone().or_else(|| still_refused(known));
    let mut look_again = plan.look_again;
    if *look == Look::Shared {
        // Nothing new is seen before the shared look; only what waits for a moment of its own is kept to it.
        let own = plan.waiting.iter().filter_map(|(_, until)| if let Until::Time(at) = until { Some(*at) } else { None }).min();
        look_again = look_again.map(|at| at.max(known.now + SHARED_LOOK)).into_iter().chain(own).min();
    }
    if handle.inside.is_some()
        && known.world.machine_runs(1)
        && plan.waiting.iter().any(|(_, until)| matches!(until, Until::Booted | Until::CopyBooted(_) | Until::Clean))
    {
        // Nobody reports there; a machine that runs is asked.
        look_again = look_again.map(|at| at.min(known.now + time::Duration::milliseconds(300)));
    }
    let mut is_removed = false;
    let soonest = |at: Option<OffsetDateTime>, other: OffsetDateTime| Some(at.map_or(other, |at| at.min(other)));
    for outcome in outcomes {
        match outcome? {
            // A turn that did something has a follower at once: what waited for it may run now.
            Outcome::Done => look_again = soonest(look_again, known.now),
            Outcome::Removed => is_removed = true,
            Outcome::Waits { again_in } => look_again = soonest(look_again, known.now + again_in),
            Outcome::Failed { again_in, needs } => {
                look_again = soonest(look_again, known.now + again_in);
                attention = needs.or(attention);
            }
        }
    }
    let wish = known.wish(handle.cloud.nature());
    let phase = phase(&wish, &known.world);
    if phase == Phase::Ready && known.purpose == crate::wish::Purpose::Course {
        note_ready(engine, claim, known).await?;
    }
    incidents::note(engine, claim, &wish, known).await?;
    tell(engine, claim, known, attention.as_ref()).await?;
    let look_again = if is_removed { None } else { look_again };
    Ok(queue::finish_in(&mut *engine.pool.acquire().await?, claim, look_again, attention.as_ref(), Some(phase)).await?)
}

/// What somebody was told of a call that failed holds until it is made again.
fn still_refused(known: &Known) -> Option<Attention> {
    let is_paused = known.rows.iter().any(|row| row.is_paused && row.turn_at.is_some_and(|at| at > known.now));
    let is_of_a_call = |told: &Attention| {
        use Attention::{CloudSilent, NamesSilent, NoCapacity, NoFreeAddress, OverQuota, Refused};
        matches!(told, CloudSilent | NamesSilent | NoCapacity { .. } | NoFreeAddress { .. } | OverQuota { .. } | Refused { .. })
    };
    known.attention.clone().filter(|told| is_paused && is_of_a_call(told))
}

async fn note_ready(engine: &Engine, claim: Claim, known: &Known) -> Result<(), TurnError> {
    let Some(boot) = known.world.boot.as_ref() else { return Ok(()) };
    if known.world.ready_boot.as_deref() == Some(&boot.id) && known.world.was_ready_since_asked {
        return Ok(());
    }
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    environments::ready_on(&mut tx, known.id, &boot.id).await?;
    events::record(&mut tx, known.id, &Actor::Koza, &Event::Ready).await?;
    tx.commit().await?;
    info!(environment.id = %known.id, "ready");
    Ok(())
}

/// Writes an event when what needs attention is not what it was.
async fn tell(engine: &Engine, claim: Claim, known: &Known, attention: Option<&Attention>) -> Result<(), TurnError> {
    if known.attention.as_ref() == attention {
        return Ok(());
    }
    let event = attention.map_or(Event::AttentionOver, |reason| Event::Attention { reason: reason.clone() });
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    environments::set_attention(&mut tx, known.id, attention).await?;
    events::record(&mut tx, known.id, &Actor::Koza, &event).await?;
    tx.commit().await?;
    Ok(())
}
