//! Acting: record the intent, call, record the answer. Every action may be killed between any two of these and done again.

use std::time::Instant;

use app::domain::ids::{BackupId, ResourceId};
use app::domain::reason::{Attention, Probe};
use app::domain::saw::Saw;
use cloud::{Call, CloudError, Deletion, Fate, Intent, Kind, MachineState, Observed, Tags};
use time::Duration;
use tracing::{info, warn};

use super::clouds::Handle;
use super::launch::{self, Way};
use super::order::{moves_on, order, order_together, zone_of_machine};
use super::turn::within_deadline;
use super::{Engine, backup, image, observe, permit};
use crate::db::buckets::{self, For, Turn};
use crate::db::events::{self, Actor, Event};
use crate::db::queue::{Claim, Lost, fence, fence_before_call};
use crate::db::world::Known;
use crate::db::{Db, courses, environments, launches, machines, permits, probes, resources, samples};
use crate::machine::secrets;
use crate::wish::{Action, Purpose, SAVED_FROM};

/// A balancer that is a machine of ours takes requests so long after its order.
const COMES_UP: Duration = Duration::seconds(3);

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, or known to be under way.
    Done,
    /// The environment is removed: the cloud listed nothing twice.
    Removed,
    /// The cloud takes only so many calls, and its turn comes later.
    Waits {
        /// When.
        again_in: Duration,
    },
    /// It failed; again later, and perhaps somebody should know.
    Failed {
        /// When to try again.
        again_in: Duration,
        /// What somebody should know.
        needs: Option<Attention>,
    },
}

impl Outcome {
    /// Its turn at the cloud comes in so many seconds.
    pub(super) fn waits(seconds: f64) -> Self {
        Self::Waits { again_in: Duration::seconds_f64(seconds) }
    }
}

/// Does one action.
///
/// # Errors
/// [`Lost`]: the claim is gone, the result was dropped.
pub async fn act(engine: &Engine, claim: Claim, handle: &Handle, known: &Known, action: &Action) -> Result<Outcome, Lost> {
    match action {
        Action::Make(kind, slot) => make(engine, claim, handle, known, *kind, *slot).await,
        Action::Start(slot) => start_or_stop(engine, claim, handle, known, Call::Start, *slot).await,
        Action::Stop(slot) => start_or_stop(engine, claim, handle, known, Call::Stop, *slot).await,
        Action::Release(kind, slot) => {
            let name = known.world.holdings.get(&(*kind, *slot)).and_then(|holding| holding.cloud_id.clone());
            release(engine, claim, handle, known, *kind, Some(*slot), name).await
        }
        Action::ReleaseStray(kind, name) => release(engine, claim, handle, known, *kind, None, Some(name.clone())).await,
        Action::HandOver(slot) => launch::hand_over(engine, claim, handle, known, *slot).await,
        Action::WriteOff(kind, slot) => write_off(engine, claim, known, *kind, *slot).await,
        Action::Adopt(name) => image::adopt(engine, claim, known, name).await,
        Action::Probe(probe) => prove(engine, claim, handle, known, *probe).await,
        Action::Permit(kind) => permit::permit(engine, claim, known, *kind).await,
        Action::Tell(slot) => tell(engine, claim, known, *slot).await,
        Action::Restart(service) => restart(engine, claim, handle, known, service).await,
        Action::AskBackup(slot) => backup::ask(engine, claim, known, *slot).await,
        Action::BackUp(id) => backup::back_up(engine, claim, known, BackupId(*id)).await,
        Action::Rehearse(id) => backup::rehearse(engine, claim, known, BackupId(*id)).await,
        Action::GiveUp(id) => backup::give_up(engine, claim, known, BackupId(*id)).await,
        Action::Leave(slot) => backup::leave(engine, claim, known, *slot).await,
        Action::ConfirmGone => confirm_gone(engine, claim, known).await,
    }
}

async fn make(engine: &Engine, claim: Claim, handle: &Handle, known: &Known, kind: Kind, slot: u16) -> Result<Outcome, Lost> {
    let name = format!("make {}/{slot}", kind.code());
    let mut tx = engine.pool.begin().await?;
    fence_before_call(&mut tx, claim).await?;
    let is_new = !known.world.holdings.contains_key(&(kind, slot));
    let nature = handle.cloud.nature();
    let zone_of = |tried: &[String]| zone_of_machine(nature, known, slot, tried).filter(|_| kind == Kind::Machine);
    let mut intended = resources::intend(&mut tx, known.id, kind, slot, zone_of).await?;
    let mut disk = None;
    if kind == Kind::Machine {
        let token = secrets::one_time_token(&engine.vault, intended.token);
        machines::expect(&mut tx, intended.id, known.id, &secrets::hash(&token)).await?;
        if nature.has(Kind::Disk) {
            // It comes with the machine, and is told from others by an intent of its own.
            let intended = resources::intend(&mut tx, known.id, Kind::Disk, slot, |_| None).await?;
            resources::answered(&mut tx, &intended).await?;
            disk = Some(intended.token);
        }
    }
    let mut has_waited = intended.launch.is_some();
    let way = if launch::may_share(nature, known, kind, slot) {
        let order = order_together(engine, known, intended.zone.clone());
        launch::way(&mut tx, handle, known, &mut intended, order).await?
    } else {
        match turn_of(&mut tx, known, intended.id, Call::Create(kind), handle.cloud.draws(Call::Create(kind))).await? {
            Turn::Now { has_waited: it_has } => {
                has_waited = it_has;
                Way::Alone
            }
            Turn::In(seconds) => Way::Waits(seconds),
        }
    };
    if let Way::Waits(seconds) = way {
        resources::answered(&mut tx, &intended).await?;
        tx.commit().await?;
        return Ok(Outcome::waits(seconds));
    }
    if is_new || has_waited {
        events::record(&mut tx, known.id, &Actor::Koza, &Event::Began { action: name.clone() }).await?;
    }
    tx.commit().await?;

    let intent = Intent {
        token: intended.token,
        kind,
        slot,
        incarnation: intended.incarnation,
        is_repeat: intended.unanswered_before.is_some(),
        tags: tags(engine, known),
    };
    let began = Instant::now();
    let answer = match way {
        Way::Together(together) => {
            launch::send(engine, handle, &together, &intended).await?.map(|machine| launch::locked(machine, &intent))
        }
        Way::Told(answer) => answer.map(|machine| launch::locked(machine, &intent)),
        Way::Alone | Way::Waits(_) => match order(engine, nature, known, &intent, (intended.zone.clone(), disk)) {
            Some(create) => within_deadline(handle.cloud.create(&intent, &create)).await,
            // The plan makes only what has all it needs; a row that changed in between is planned afresh.
            None => return Ok(Outcome::Failed { again_in: Duration::milliseconds(500), needs: None }),
        },
    };
    match answer {
        Ok(seen) => {
            let mut tx = engine.pool.begin().await?;
            fence(&mut tx, claim).await?;
            resources::made(&mut tx, intended.id, &seen).await?;
            resources::answered(&mut tx, &intended).await?;
            let known_before = known.world.of(kind, slot).and_then(|holding| holding.made_at);
            let is_coming_up = nature.balancers_are_machines && matches!(seen.observed, Observed::Balancer { is_active: false, .. });
            if is_coming_up {
                // It is given a moment before it is ordered again; one that does not come up at all, longer and longer ones.
                let age: Duration = known_before.map_or(Duration::ZERO, |made_at| known.now - made_at);
                resources::pause(&mut tx, intended.id, Call::Create(kind), (age / 4_i32).clamp(COMES_UP, Duration::MINUTE)).await?;
            }
            let result = match &seen.observed {
                Observed::Address { address } => Some(address.clone()),
                _ => None,
            };
            if known_before.is_none() || !is_coming_up {
                let event = Event::Done { action: name.clone(), ms: elapsed_ms(began), result };
                events::record(&mut tx, known.id, &Actor::Koza, &event).await?;
            }
            tx.commit().await?;
            info!(environment.id = %known.id, action = name, duration_ms = elapsed_ms(began), "made");
            Ok(Outcome::Done)
        }
        Err(error) => {
            if matches!(error.fate, Fate::Throttled | Fate::NoCapacity | Fate::OverQuota | Fate::Final) {
                let mut tx = engine.pool.begin().await?;
                fence(&mut tx, claim).await?;
                resources::answered(&mut tx, &intended).await?;
                launches::leave(&mut tx, &intended).await?;
                // What this intent made is gone: another has to be made by another.
                let is_spent = kind == Kind::Machine && error.code == "intent_spent";
                if is_spent || moves_on(nature, kind, &intended, &error) {
                    resources::gone(&mut tx, known.id, Kind::Machine, slot, None).await?;
                    resources::gone(&mut tx, known.id, Kind::Disk, slot, None).await?;
                    tx.commit().await?;
                    info!(environment.id = %known.id, zone = intended.zone, error = error.code, "it is ordered anew");
                    return Ok(Outcome::Done);
                }
                tx.commit().await?;
            }
            slow_down_if_throttled(engine, handle, known, Call::Create(kind), &error).await?;
            failed(engine, claim, known, &name, Some((intended.id, Call::Create(kind))), &error).await
        }
    }
}

async fn start_or_stop(engine: &Engine, claim: Claim, handle: &Handle, known: &Known, call: Call, slot: u16) -> Result<Outcome, Lost> {
    let row = known.rows.iter().find(|row| row.kind == Kind::Machine && row.slot == slot);
    let Some((machine, resource, observed)) = row.and_then(|row| Some((row.cloud_id.clone()?, row.id, row.observed.clone()?))) else {
        return Ok(Outcome::Failed { again_in: Duration::seconds(1), needs: None });
    };
    let name = format!("{} machine/{slot}", call.code());
    let seat = engine.clouds.batches.seat(known.cloud, handle, call);
    let mut tx = engine.pool.begin().await?;
    fence_before_call(&mut tx, claim).await?;
    if let Turn::In(seconds) = turn_of(&mut tx, known, resource, call, seat.draws()).await? {
        tx.commit().await?;
        return Ok(Outcome::waits(seconds));
    }
    machines::forget_boot(&mut tx, resource).await?;
    permits::take_back(&mut tx, resource).await?;
    events::record(&mut tx, known.id, &Actor::Koza, &Event::Began { action: name.clone() }).await?;
    tx.commit().await?;

    let began = Instant::now();
    match within_deadline(seat.call(&machine)).await {
        Ok(_) => {
            let mut tx = engine.pool.begin().await?;
            fence(&mut tx, claim).await?;
            resources::changes(&mut tx, resource, &observed.after(call)).await?;
            let event = Event::Done { action: name, ms: elapsed_ms(began), result: None };
            events::record(&mut tx, known.id, &Actor::Koza, &event).await?;
            tx.commit().await?;
            Ok(Outcome::Done)
        }
        Err(error) => {
            slow_down_if_throttled(engine, handle, known, call, &error).await?;
            failed(engine, claim, known, &name, Some((resource, call)), &error).await
        }
    }
}

/// What everything of an environment carries.
pub(super) fn tags(engine: &Engine, known: &Known) -> Tags {
    let owner = known.owner.unwrap_or(known.course.0);
    Tags { environment: observe::tag(engine.installation, known.id.0), course: known.course.0, owner }
}

async fn release(
    engine: &Engine,
    claim: Claim,
    handle: &Handle,
    known: &Known,
    kind: Kind,
    slot: Option<u16>,
    cloud_id: Option<String>,
) -> Result<Outcome, Lost> {
    let name = format!("release {}/{}", kind.code(), slot.unwrap_or(0));
    let row = known.rows.iter().find(|row| row.kind == kind && Some(row.slot) == slot);
    if let Some(row) = row.filter(|row| row.launch.is_some() && row.cloud_id.is_none()) {
        // What was ordered with others has to be known before it is given back.
        return make(engine, claim, handle, known, kind, row.slot).await;
    }
    let is_listed = slot.is_none_or(|slot| known.world.of(kind, slot).is_some_and(|holding| holding.listed.is_some()));
    // Its cost ended with the order, and the cloud lists it no more: there is nothing left to ask.
    let has_gone = handle.cloud.nature().deletion_stops && kind == Kind::Machine && row.is_some_and(is_going) && !is_listed;
    let cloud_id = cloud_id.filter(|_| !has_gone);
    let seat = engine.clouds.batches.seat(known.cloud, handle, Call::Delete(kind));
    let mut tx = engine.pool.begin().await?;
    fence_before_call(&mut tx, claim).await?;
    if let Some(row) = row.filter(|row| row.cloud_id.is_some() && !has_gone) {
        if let Turn::In(seconds) = turn_of(&mut tx, known, row.id, Call::Delete(kind), seat.draws()).await? {
            tx.commit().await?;
            return Ok(Outcome::waits(seconds));
        }
        resources::releasing(&mut tx, row.id).await?;
    }
    tx.commit().await?;
    let began = Instant::now();
    let mut deletion = Deletion::Done(None);
    if let Some(cloud_id) = &cloud_id {
        let call = async {
            // No plan has stopped a stray: nobody knew of it.
            if kind == Kind::Machine && slot.is_none() {
                handle.cloud.stop(cloud_id).await?;
            }
            seat.call(cloud_id).await
        };
        deletion = match within_deadline(call).await {
            Ok(deletion) => deletion,
            Err(error) => {
                slow_down_if_throttled(engine, handle, known, Call::Delete(kind), &error).await?;
                return failed(engine, claim, known, &name, row.map(|row| (row.id, Call::Delete(kind))), &error).await;
            }
        };
    }
    let Some(slot) = slot else { return Ok(Outcome::Done) };
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    let Deletion::Done(gone_at) = deletion else {
        if let Some((id, observed)) = row.and_then(|row| Some((row.id, row.observed.clone()?))) {
            resources::changes(&mut tx, id, &observed.after(Call::Delete(kind))).await?;
        }
        tx.commit().await?;
        return Ok(Outcome::Done);
    };
    resources::gone(&mut tx, known.id, kind, slot, gone_at).await?;
    if (kind, slot) == (Kind::Machine, 1) {
        image::forget_unmade(&mut tx, known).await?;
    }
    let event = Event::Done { action: name, ms: elapsed_ms(began), result: None };
    events::record(&mut tx, known.id, &Actor::Koza, &event).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Its settings say what it is asked by; what they said is written down when it fetches them.
async fn tell(engine: &Engine, claim: Claim, known: &Known, slot: u16) -> Result<Outcome, Lost> {
    let Some(machine) = known.machines.get(&slot) else { return Ok(Outcome::Done) };
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    machines::order(&mut tx, *machine, "configure", &serde_json::json!({})).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Whether the cloud has taken an order to delete it: written down with the answer.
fn is_going(row: &resources::Row) -> bool {
    row.release_at.is_some() && matches!(row.observed, Some(Observed::Machine { state: MachineState::Stopping, .. }))
}

async fn write_off(engine: &Engine, claim: Claim, known: &Known, kind: Kind, slot: u16) -> Result<Outcome, Lost> {
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    resources::gone(&mut tx, known.id, kind, slot, None).await?;
    match (kind, known.purpose) {
        (Kind::Image, Purpose::Image) => courses::image_lost(&mut tx, known.version, known.cloud).await?,
        // Made anew it would be another: what the disk holds now is not what somebody saved.
        (Kind::Image, Purpose::Course) if slot >= SAVED_FROM => {
            image::forget(&mut tx, known, slot).await?;
        }
        _ => {}
    }
    if kind == Kind::Machine {
        resources::gone(&mut tx, known.id, Kind::Disk, slot, None).await?;
        if slot == 1 {
            image::forget_unmade(&mut tx, known).await?;
        }
    }
    // What comes and goes with a machine is no news beside it.
    if kind.is_ordered() {
        let event = Event::Failed {
            action: format!("keep {}/{slot}", kind.code()),
            error: "vanished".into(),
            said: "the cloud does not list it any more".into(),
        };
        events::record(&mut tx, known.id, &Actor::Koza, &event).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}

async fn prove(engine: &Engine, claim: Claim, handle: &Handle, known: &Known, probe: Probe) -> Result<Outcome, Lost> {
    let Some(boot) = known.world.boot.as_ref().map(|boot| boot.id.clone()) else {
        return Ok(Outcome::Failed { again_in: Duration::seconds(1), needs: None });
    };
    let began = Instant::now();
    let saw = crate::machine::proof::prove(engine, handle, known, probe).await?;
    let ms = elapsed_ms(began);
    let saw = saw.err();
    let before = known.world.probes.get(&probe).filter(|seen| seen.boot == boot).map(|seen| seen.saw.is_ok());
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    probes::record(&mut tx, known.id, probe, &boot, saw.as_ref(), ms).await?;
    if probe == Probe::Wordpress && matches!(saw, None | Some(Saw::TooSlow { .. })) {
        // As visitors wait, also those who gave up: by this automatic scaling may go.
        samples::write(&mut tx, known.id, samples::RESPONSE, known.now, i32::try_from(ms).unwrap_or(i32::MAX)).await?;
    }
    // An event for what changed, not for every look.
    if before != Some(saw.is_none()) {
        let event = Event::Probed { probe, saw: saw.clone(), ms };
        events::record(&mut tx, known.id, &Actor::Koza, &event).await?;
    }
    tx.commit().await?;
    match saw {
        None => Ok(Outcome::Done),
        Some(_) => Ok(Outcome::Failed {
            again_in: Duration::milliseconds(1500),
            needs: known.attention.clone().filter(|told| matches!(told, Attention::ProbeFails { .. })),
        }),
    }
}

async fn restart(engine: &Engine, claim: Claim, handle: &Handle, known: &Known, service: &str) -> Result<Outcome, Lost> {
    let Some(machine) = known.machine else { return Ok(Outcome::Done) };
    if let (Some(inside), Some(name)) = (&handle.inside, known.world.first(Kind::Machine).and_then(|holding| holding.cloud_id.as_deref())) {
        // No agent polls for orders there.
        inside.restart(name, service);
    }
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    machines::order(&mut tx, machine, "restart", &serde_json::json!({ "service": service })).await?;
    let event = Event::Done { action: format!("restart {service}"), ms: 0, result: None };
    events::record(&mut tx, known.id, &Actor::Koza, &event).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

async fn confirm_gone(engine: &Engine, claim: Claim, known: &Known) -> Result<Outcome, Lost> {
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    let is_removed = environments::listed_nothing(&mut tx, known.id).await?;
    if is_removed {
        crate::db::secrets::erase_all(&mut tx, known.id).await?;
        events::record(&mut tx, known.id, &Actor::Koza, &Event::Removed).await?;
    }
    tx.commit().await?;
    Ok(if is_removed { Outcome::Removed } else { Outcome::Done })
}

/// When this environment may make a call, by the buckets that all workers share.
pub(super) async fn turn_of(db: &mut Db, known: &Known, resource: ResourceId, call: Call, draws: &[&str]) -> sqlx::Result<Turn> {
    buckets::turn(db, (resource, known.cloud), (&call.code(), draws), For::of(known.purpose)).await
}

/// If the cloud said "too many", all workers call less for a while.
pub(super) async fn slow_down_if_throttled(
    engine: &Engine,
    handle: &Handle,
    known: &Known,
    call: Call,
    error: &CloudError,
) -> sqlx::Result<()> {
    let actions = handle.cloud.draws(call);
    if error.fate == Fate::Throttled && !actions.is_empty() {
        warn!(cloud.id = %known.cloud, call = call.code(), "the cloud says that these were too many");
        buckets::slow_down(&mut *engine.pool.acquire().await?, known.cloud, actions).await?;
    }
    Ok(())
}

/// An error's fate decides when to try again and who is told; the call is not repeated before that.
pub(super) async fn failed(
    engine: &Engine,
    claim: Claim,
    known: &Known,
    action: &str,
    of: Option<(ResourceId, Call)>,
    error: &CloudError,
) -> Result<Outcome, Lost> {
    let said = error.said.clone();
    let (again_in, needs) = match error.fate {
        Fate::NotVisibleYet | Fate::InUse => (Duration::seconds(1), None),
        Fate::Throttled => (Duration::seconds(5), None),
        Fate::TryAgain if is_silence(error) && is_of_a_name(of) => (Duration::seconds(5), Some(Attention::NamesSilent)),
        Fate::TryAgain if error.code == "unreachable" => (Duration::seconds(5), Some(Attention::CloudSilent)),
        Fate::TryAgain => (Duration::seconds(2), None),
        Fate::NoCapacity => (Duration::seconds(30), Some(Attention::NoCapacity { said })),
        Fate::OverQuota => match error.numbers {
            Some((used, size)) if error.code == "no_free_address" => (Duration::seconds(15), Some(Attention::NoFreeAddress { used, size })),
            _ => (Duration::seconds(30), Some(Attention::OverQuota { said })),
        },
        Fate::Final => (Duration::minutes(5), Some(Attention::Refused { action: action.to_owned(), said })),
    };
    let is_news = !matches!(error.fate, Fate::NotVisibleYet | Fate::InUse) && (known.attention.is_none() || needs.is_none());
    let mut tx = engine.pool.begin().await?;
    fence(&mut tx, claim).await?;
    if let Some((resource, call)) = of {
        resources::pause(&mut tx, resource, call, again_in).await?;
    }
    if is_news {
        warn!(environment.id = %known.id, action, %error, "failed");
        let event = Event::Failed { action: action.to_owned(), error: error.code.to_owned(), said: error.said.clone() };
        events::record(&mut tx, known.id, &Actor::Koza, &event).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Failed { again_in, needs })
}

fn is_silence(error: &CloudError) -> bool {
    matches!(error.code, "unreachable" | "no_answer_in_time" | "deadline")
}

fn is_of_a_name(of: Option<(ResourceId, Call)>) -> bool {
    matches!(of, Some((_, Call::Create(Kind::Record) | Call::Delete(Kind::Record))))
}

fn elapsed_ms(began: Instant) -> u32 {
    u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX)
}
