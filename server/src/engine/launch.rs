//! Launching a class: machines that wait for their turn at the cloud, and are alike, go by one call.
//!
//! ```text
//!  a token is there ─► nobody else waits: a call of its own
//!                   └► others wait: launch, its members written down ─► call ─► its answer written down ─► everybody takes their own
//!  no token is there ─► wait in line, to be taken along by whoever gets the next
//! ```
//!
//! What must stay true: members and token of a launch never change, so it can be sent again by anybody in it; nobody in it is given back
//! before its answer is known, so no machine comes to be that nobody waits for.

use app::domain::ids::ResourceId;
use cloud::{Call, CloudError, Create, Fate, Intent, Kind, Launch, MachineState, Nature, Observed, Seen};
use time::Duration;
use tracing::info;
use uuid::Uuid;

use super::Engine;
use super::act::{Outcome, failed, slow_down_if_throttled, tags, turn_of};
use super::clouds::Handle;
use super::turn::within_deadline;
use crate::db::buckets::Turn;
use crate::db::queue::{Claim, Lost, fence, fence_before_call};
use crate::db::resources::Intended;
use crate::db::world::Known;
use crate::db::{Db, buckets, launches, resources};
use crate::machine::secrets;
use crate::wish::Purpose;
use crate::wish::spec::hex;

/// Who waits for somebody else's call looks again after so many seconds, if nobody wakes it.
const LISTENS_FOR: f64 = 1.0;

/// How a machine is launched.
pub(super) enum Way {
    /// By a call of its own.
    Alone,
    /// By this call, for others, too.
    Together(Launch),
    /// By a call that was made: its machine, if there was room.
    Told(Result<String, CloudError>),
    /// Later.
    Waits(f64),
}

/// Whether it may be launched with others: copies start from images of their own, build machines come one at a time.
pub(super) fn may_share(nature: &Nature, known: &Known, kind: Kind, slot: u16) -> bool {
    // One of a saved image has a disk that was somebody's: it is not like the others of its class.
    let is_like_others = known.purpose == Purpose::Course && known.options.made_of.is_none();
    nature.launches_together > 1 && kind == Kind::Machine && slot == 1 && is_like_others
}

/// How a machine is launched whose intent is written down.
///
/// # Errors
/// As the database.
pub(super) async fn way(db: &mut Db, handle: &Handle, known: &Known, intended: &mut Intended, order: Create) -> sqlx::Result<Way> {
    let Some((token, place)) = intended.launch else { return begin(db, handle, known, intended, order).await };
    let launch = launches::find(db, token).await?;
    if launch.calls == 1 && (launch.refused || launch.machines.is_some()) {
        // What was answered at once left nothing open.
        intended.unanswered_before = None;
    }
    if let Some(machines) = launch.machines {
        return Ok(Way::Told(own(&machines, place)));
    }
    if launch.refused {
        launches::leave(db, intended).await?;
        intended.launch = None;
        return begin(db, handle, known, intended, order).await;
    }
    if launch.under_way > 0.0 || !launches::send_again(db, token).await? {
        return Ok(Way::Waits(LISTENS_FOR));
    }
    together(db, token, order).await
}

async fn begin(db: &mut Db, handle: &Handle, known: &Known, intended: &mut Intended, order: Create) -> sqlx::Result<Way> {
    let shape = shape(&order);
    let resource: ResourceId = intended.id;
    if let Err(seconds) = buckets::take_if_there(db, known.cloud, handle.cloud.draws(Call::Launch)).await? {
        launches::wait(db, resource, &shape, seconds).await?;
        return Ok(Way::Waits(seconds));
    }
    let others = i64::try_from(handle.cloud.nature().launches_together).unwrap_or(i64::MAX) - 1;
    let Some(token) = launches::open(db, (resource, known.cloud), &shape, others).await? else { return Ok(Way::Alone) };
    intended.launch = Some((token, 0));
    let way = together(db, token, order).await?;
    if let Way::Together(launch) = &way {
        buckets::draw_several(db, known.cloud, handle.cloud.draws_in_batch(Call::Launch), launch.members.len() - 1).await?;
    }
    Ok(way)
}

/// What those who may be launched together have in common: everything but the zone, which nobody was promised.
fn shape(order: &Create) -> String {
    let mut order = order.clone();
    if let Create::Machine { zone, .. } = &mut order {
        *zone = None;
    }
    hex(&secrets::hash(&format!("{order:?}")))
}

async fn together(db: &mut Db, token: Uuid, order: Create) -> sqlx::Result<Way> {
    Ok(Way::Together(Launch { token, members: launches::members(db, token).await?, order }))
}

fn own(machines: &[Option<String>], place: usize) -> Result<String, CloudError> {
    let room = machines.iter().flatten().count();
    let said = || format!("of {} machines that were ordered together there was room for {room}", machines.len());
    machines.get(place).cloned().flatten().ok_or_else(|| CloudError::new(Fate::NoCapacity, "no_capacity", said()))
}

/// Makes the call and writes its answer down for all who are in it: what it made is true whoever holds them now.
///
/// # Errors
/// As the database.
pub(super) async fn send(
    engine: &Engine,
    handle: &Handle,
    launch: &Launch,
    intended: &Intended,
) -> sqlx::Result<Result<String, CloudError>> {
    let place = intended.launch.map_or(0, |(_, place)| place);
    let answer = within_deadline(handle.cloud.launch(launch)).await;
    let mut db = engine.pool.acquire().await?;
    let own = match answer {
        Ok(machines) => {
            info!(launch = %launch.token, asked = launch.members.len(), made = machines.iter().flatten().count(), "launched together");
            launches::answered(&mut db, launch.token, &machines).await?;
            own(&machines, place)
        }
        Err(error) => {
            let is_known = match error.fate {
                // Each tries the next zone at once.
                Fate::NoCapacity => launches::found_no_room(&mut db, launch.token, launch.members.len()).await?,
                Fate::Throttled => launches::refused(&mut db, launch.token, false).await?,
                Fate::OverQuota | Fate::Final => launches::refused(&mut db, launch.token, true).await?,
                _ => false,
            };
            if !is_known {
                launches::unanswered(&mut db, launch.token).await?;
            }
            Err(error)
        }
    };
    launches::wake(&mut db, launch.token).await?;
    Ok(own)
}

/// A machine of a launch, as it is until somebody has listed it.
pub(super) fn locked(machine: String, intent: &Intent) -> Seen {
    let observed = Observed::Machine {
        state: MachineState::Starting,
        started_at: None,
        stopped_at: None,
        private_address: None,
        zone: None,
        is_locked: true,
    };
    Seen { cloud_id: machine, environment: intent.tags.environment.environment, intent: Some(intent.token), observed, since: None }
}

/// A machine that was launched with others becomes its environment's.
///
/// # Errors
/// [`Lost`].
pub(super) async fn hand_over(engine: &Engine, claim: Claim, handle: &Handle, known: &Known, slot: u16) -> Result<Outcome, Lost> {
    let row = |kind: Kind, slot: u16| known.rows.iter().find(|row| row.kind == kind && row.slot == slot);
    let firewall = row(Kind::Firewall, 1).and_then(|row| row.cloud_id.as_deref());
    let machine = row(Kind::Machine, slot).and_then(|row| Some((row, row.cloud_id.as_deref()?, row.observed.clone()?)));
    let Some((firewall, (row_of_machine, machine, observed))) = firewall.zip(machine) else {
        return Ok(Outcome::Failed { again_in: Duration::seconds(1), needs: None });
    };
    let mut tx = engine.pool.begin().await?;
    fence_before_call(&mut tx, claim).await?;
    let turn = turn_of(&mut tx, known, row_of_machine.id, Call::HandOver, handle.cloud.draws(Call::HandOver)).await?;
    tx.commit().await?;
    if let Turn::In(seconds) = turn {
        return Ok(Outcome::waits(seconds));
    }
    let intent = Intent {
        token: row_of_machine.intent,
        kind: Kind::Machine,
        slot,
        incarnation: row_of_machine.incarnation,
        is_repeat: false,
        tags: tags(engine, known),
    };
    let disk = row(Kind::Disk, slot).map(|disk| disk.intent);
    match within_deadline(handle.cloud.hand_over(machine, &intent, disk, firewall)).await {
        Ok(()) => {
            let mut tx = engine.pool.begin().await?;
            fence(&mut tx, claim).await?;
            resources::changes(&mut tx, row_of_machine.id, &observed.after(Call::HandOver)).await?;
            tx.commit().await?;
            Ok(Outcome::Done)
        }
        Err(error) => {
            slow_down_if_throttled(engine, handle, known, Call::HandOver, &error).await?;
            let of = Some((row_of_machine.id, Call::HandOver));
            failed(engine, claim, known, &format!("hand over machine/{slot}"), of, &error).await
        }
    }
}
