//! The port `Scaling`: more machines behind a balancer, and who of them answers.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use app::domain::environment::{Act, LedBy};
use app::domain::ids::EnvironmentId;
use app::domain::person::Caller;
use app::domain::phase::{Goal, Phase};
use app::domain::saw::Saw;
use app::domain::scaling::{
    Answers, BalancerCard, HANDFUL, MachineCard, Mode, NoHttps, NoScaling, Policy, ScaleOffer, Scaling, Share, Visitor,
};
use app::error::{AppError, Field, Why};
use app::ports;
use async_trait::async_trait;
use cloud::{Health, Kind, MachineState, Nature, Observed};
use futures::stream::{self, StreamExt};
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use super::environments::EnvironmentsPort;
use super::host_name::led_by;
use super::{costs, unexpected, unpaid, view};
use crate::auth::access::{Action, Standing};
use crate::db::audit::{self, By, Of};
use crate::db::events::{self, Actor, Event};
use crate::db::world::{self, Known};
use crate::db::{Db, budgets, environments, machines};
use crate::engine::clouds::Handle;
use crate::probe::visit::{Answer, Door, visit};
use crate::spend;
use crate::wish::{Farewell, farewell};

/// So many requests of a handful at once.
const AT_ONCE: usize = 4;
/// What was not answered by then failed.
const WHOLE: Duration = Duration::from_secs(15);
/// How long a balancer's name is looked up.
const LOOK_UP: Duration = Duration::from_secs(3);

impl EnvironmentsPort {
    /// The environment, for somebody who may steer it, with its cloud. One that was never asked has to be opened first, and nobody waits for
    /// a row or a connection meanwhile.
    async fn steered(&self, caller: &Caller, id: EnvironmentId) -> Result<(Known, Handle), AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        self.may(&mut db, caller, id, Action::Steer).await?;
        let known = world::load(&mut db, id).await.map_err(unexpected)?;
        drop(db);
        let handle = self.engine.clouds.get(&self.engine.pool, known.cloud).await.map_err(|_| AppError::TryAgain)?;
        Ok((known, handle))
    }

    /// Changes how requests are spread, and writes down by whom.
    async fn spread(
        &self,
        caller: &Caller,
        id: EnvironmentId,
        change: impl FnOnce(&mut crate::wish::Options) + Send,
    ) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        self.may(&mut tx, caller, id, Action::Steer).await?;
        environments::lock(&mut tx, id).await.map_err(unexpected)?;
        let mut options = world::load(&mut tx, id).await.map_err(unexpected)?.options;
        if options.machines < 2 {
            return Err(AppError::Conflict);
        }
        change(&mut options);
        let crate::wish::Options { set_apart, is_sticky, .. } = options;
        if !environments::choose(&mut tx, id, &json!({"set_apart": set_apart, "is_sticky": is_sticky})).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        events::record(&mut tx, id, &Actor::Person(caller.person), &Event::Spread { set_apart, is_sticky }).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }
}

#[async_trait]
impl ports::Scaling for EnvironmentsPort {
    async fn offer(&self, caller: &Caller, id: EnvironmentId) -> Result<ScaleOffer, AppError> {
        let (known, handle) = self.steered(caller, id).await?;
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        let offer = offer(&mut db, &known, handle.cloud.nature()).await.map_err(unexpected)?;
        Ok(ScaleOffer { prices: costs::with_machines(&mut db, &known).await.map_err(unexpected)?, ..offer })
    }

    async fn scale_out(&self, caller: &Caller, id: EnvironmentId, machines: u16, zone: Option<&str>) -> Result<(), AppError> {
        let (steered, handle) = self.steered(caller, id).await?;
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        budgets::lock(&mut tx, steered.course).await.map_err(unexpected)?;
        environments::lock(&mut tx, id).await.map_err(unexpected)?;
        let known = world::load(&mut tx, id).await.map_err(unexpected)?;
        let offer = offer(&mut tx, &known, handle.cloud.nature()).await.map_err(unexpected)?;
        if offer.refused.is_some() || machines <= offer.machines || !offer.leaving.is_empty() {
            return Err(AppError::Conflict);
        }
        if machines > offer.most {
            return Err(AppError::Invalid { field: Field::Machines, why: Why::TooMany { most: offer.most } });
        }
        let wrong_zone = |why| AppError::Invalid { field: Field::Zone, why };
        match zone {
            Some(zone) if offer.zone.as_deref() == Some(zone) => return Err(wrong_zone(Why::SameZone)),
            Some(zone) if !offer.zones.iter().any(|known| known == zone) => return Err(wrong_zone(Why::NoSuchZone)),
            _ => {}
        }
        if !environments::choose(&mut tx, id, &json!({"machines": machines, "zone": zone})).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        spend::set_aside(&mut tx, known.course, id, true).await.map_err(unpaid)?;
        let asked = Event::ScaledOut { machines, zone: zone.map(str::to_owned), because: None };
        events::record(&mut tx, id, &Actor::Person(caller.person), &asked).await.map_err(unexpected)?;
        audit::note(&mut tx, By::Person(caller.person), Of::environment(id), &audit::Act::ScaledOut { machines })
            .await
            .map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn scale_in(&self, caller: &Caller, id: EnvironmentId, machines: u16, is_backed_up: bool) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        // What was written on a copy is its student's to lose.
        let action = if is_backed_up { Action::Steer } else { Action::Delete };
        self.may(&mut tx, caller, id, action).await?;
        environments::lock(&mut tx, id).await.map_err(unexpected)?;
        let known = world::load(&mut tx, id).await.map_err(unexpected)?;
        let present = known.options.machines;
        let leaving: Vec<u16> = (machines + 1..=present).collect();
        let change = if is_backed_up {
            let takes_back = leaving.is_empty() && !known.options.leaving.is_empty();
            if machines == 0 || leaving.is_empty() && !takes_back {
                return Err(AppError::Conflict);
            }
            // Each gets its backup when it is its turn.
            json!({"leaving": leaving.iter().map(|slot| (*slot, None)).collect::<BTreeMap<u16, Option<Uuid>>>()})
        } else {
            // One at a time, and only one that has no other way.
            if leaving != [present] || !is_stuck(&known) {
                return Err(AppError::Conflict);
            }
            let others: BTreeMap<_, _> = known.options.leaving.iter().filter(|(slot, _)| **slot <= machines).collect();
            json!({"machines": machines, "leaving": others, "set_apart": kept(&known, machines)})
        };
        if !environments::choose(&mut tx, id, &change).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        let noted = audit::Act::ScaledIn { leaving: leaving.clone(), is_backed_up };
        let asked = Event::ScaledIn { leaving, is_backed_up, because: None };
        events::record(&mut tx, id, &Actor::Person(caller.person), &asked).await.map_err(unexpected)?;
        audit::note(&mut tx, By::Person(caller.person), Of::environment(id), &noted).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn set_policy(&self, caller: &Caller, id: EnvironmentId, policy: Option<Policy>) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        self.may(&mut tx, caller, id, Action::Steer).await?;
        environments::lock(&mut tx, id).await.map_err(unexpected)?;
        let known = world::load(&mut tx, id).await.map_err(unexpected)?;
        let most = known.spec.most_machines;
        if policy.is_some_and(|policy| policy.most > most) {
            return Err(AppError::Invalid { field: Field::Machines, why: Why::TooMany { most } });
        }
        if policy.is_some_and(|policy| policy.least == 0 || policy.least > policy.most) {
            return Err(AppError::Invalid { field: Field::Machines, why: Why::LeastAboveMost });
        }
        if !environments::choose(&mut tx, id, &json!({ "policy": policy })).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        events::record(&mut tx, id, &Actor::Person(caller.person), &Event::Ruled { policy }).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn set_mode(&self, caller: &Caller, id: EnvironmentId, mode: Mode) -> Result<(), AppError> {
        let mut tx = self.engine.pool.begin().await.map_err(unexpected)?;
        self.may(&mut tx, caller, id, Action::Steer).await?;
        environments::lock(&mut tx, id).await.map_err(unexpected)?;
        let known = world::load(&mut tx, id).await.map_err(unexpected)?;
        let has_copies = known.options.machines > 1 || known.world.slots(Kind::Machine).any(|slot| slot > 1);
        if has_copies || mode == Mode::Serving && !may_serve(&mut tx, &known).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        if !environments::choose(&mut tx, id, &json!({ "mode": mode })).await.map_err(unexpected)? {
            return Err(AppError::Conflict);
        }
        events::record(&mut tx, id, &Actor::Person(caller.person), &Event::Mode { mode }).await.map_err(unexpected)?;
        tx.commit().await.map_err(unexpected)
    }

    async fn set_apart(&self, caller: &Caller, id: EnvironmentId, machine: u16, is_apart: bool) -> Result<(), AppError> {
        self.spread(caller, id, |options| {
            if is_apart && (1..=options.machines).contains(&machine) {
                options.set_apart.insert(machine);
            } else {
                options.set_apart.remove(&machine);
            }
        })
        .await
    }

    async fn set_sticky(&self, caller: &Caller, id: EnvironmentId, is_sticky: bool) -> Result<(), AppError> {
        self.spread(caller, id, |options| options.is_sticky = is_sticky).await
    }

    async fn send(&self, caller: &Caller, id: EnvironmentId, requests: u32, visitor: Visitor) -> Result<Answers, AppError> {
        let (known, handle) = self.steered(caller, id).await?;
        let balancer = known.world.first(Kind::Balancer).and_then(|held| Some((held.cloud_id.clone()?, held.listed.clone()?)));
        let Some((cloud_id, Observed::Balancer { name, is_active: true, .. })) = balancer else { return Err(AppError::Conflict) };
        let requests = requests.min(HANDFUL);
        if let Some(inside) = &handle.inside {
            return Ok(simulated(&known, requests, visitor, |before| inside.visit(&cloud_id, before)));
        }
        let door = door(&known, &name).await.ok_or(AppError::TryAgain)?;
        let mut answers = Answers::default();
        let by = Instant::now() + WHOLE;
        match visitor {
            Visitor::New => {
                let mut visits = stream::iter(0..requests).map(|_| visit(&door, None)).buffer_unordered(AT_ONCE);
                while let Ok(Some(answer)) = timeout_at(by, visits.next()).await {
                    count(&mut answers, answer);
                }
            }
            // One after the other: a mark is known only once it was given.
            Visitor::Same { mut mark } => {
                while answers.sent() < requests {
                    let Ok(answer) = timeout_at(by, visit(&door, mark.as_deref())).await else { break };
                    if let Some(newer) = answer.as_ref().ok().and_then(|answer| answer.mark.as_deref()) {
                        mark = Some(merged(mark.as_deref(), newer));
                    }
                    count(&mut answers, answer);
                }
                answers.mark = mark;
            }
        }
        answers.failed += requests - answers.sent();
        Ok(answers)
    }
}

/// Whether the last machine that is to leave cannot: no backup of it was taken and proven, or it is not set up and cannot take one.
fn is_stuck(known: &Known) -> bool {
    let wish = known.wish(&Nature::default());
    let is_set_up = known.world.is_copy_booted(wish.machines());
    match farewell(&wish, &known.world, known.now) {
        Some(Farewell::Stuck(_)) => true,
        Some(Farewell::Wait | Farewell::Ask(_)) => !is_set_up,
        Some(Farewell::Now(_)) | None => false,
    }
}

/// After a backup that failed: another is asked for, of the machine that is to leave next.
///
/// # Errors
/// As the database.
pub(super) async fn back_up_again(db: &mut Db, known: &Known) -> sqlx::Result<()> {
    environments::needs_to_leave(db, known.id, known.options.machines, None).await?;
    let leaving: Vec<u16> = known.options.leaving.keys().copied().collect();
    events::record(db, known.id, &Actor::Koza, &Event::ScaledIn { leaving, is_backed_up: true, because: None }).await
}

fn kept(known: &Known, machines: u16) -> Vec<u16> {
    known.options.set_apart.iter().copied().filter(|slot| *slot <= machines).collect()
}

/// Cookies with newer ones in their place: a site sets its own beside the balancer's.
fn merged(marks: Option<&str>, newer: &str) -> String {
    let of = |cookies: &str| -> BTreeMap<String, String> {
        let pair = |cookie: &str| cookie.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
        cookies.split("; ").filter_map(pair).collect()
    };
    let mut all = marks.map(of).unwrap_or_default();
    all.extend(of(newer));
    all.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

fn count(answers: &mut Answers, answer: Result<Answer, Saw>) {
    match answer {
        Ok(answer) if answer.is_good => answers.add(Answers { by: vec![(answer.by, 1)], ..Answers::default() }),
        _ => answers.failed += 1,
    }
}

/// Where machines are not real: a model of the balancer answers, and its mark is the machine.
fn simulated(known: &Known, requests: u32, visitor: Visitor, visit: impl Fn(Option<&str>) -> Result<String, String>) -> Answers {
    let mut answers = Answers::default();
    let (is_same, mut mark) = match visitor {
        Visitor::New => (false, None),
        Visitor::Same { mark } => (true, mark),
    };
    for _ in 0..requests {
        let Ok(machine) = visit(mark.as_deref()) else {
            answers.failed += 1;
            continue;
        };
        let row = known.rows.iter().find(|row| row.kind == Kind::Machine && row.cloud_id.as_deref() == Some(machine.as_str()));
        let label = row.map_or_else(String::new, |row| known.machine_label(row.slot));
        answers.add(Answers { by: vec![(label, 1)], ..Answers::default() });
        mark = is_same.then_some(machine);
    }
    Answers { mark, ..answers }
}

/// Where visitors come in: by the balancer's name in the DNS where it speaks HTTPS, as its certificate is for that; else by its own.
async fn door(known: &Known, name: &str) -> Option<Door> {
    let port = if speaks_https(known) { 443 } else { 80 };
    let address = match name.parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, port),
        Err(_) => {
            let mut found = tokio::time::timeout(LOOK_UP, tokio::net::lookup_host((name, port))).await.ok()?.ok()?;
            found.find(SocketAddr::is_ipv4)?
        }
    };
    let host = if speaks_https(known) { known.wish(&Nature::default()).balancer_name() } else { name.to_owned() };
    let house = known.authority.as_ref().and_then(|authority| authority.issuing_root.clone());
    Some(Door { address, host, secure_at: speaks_https(known).then_some(known.now), house })
}

/// Whether the balancer has a certificate.
fn speaks_https(known: &Known) -> bool {
    let listener = known.world.first(Kind::Listener).and_then(|held| held.listed.as_ref());
    matches!(listener, Some(Observed::Listener { certificate: Some(_), .. }))
}

/// Why an environment cannot be scaled out now.
///
/// # Errors
/// As the database.
pub(super) async fn refused(db: &mut Db, known: &Known, nature: &Nature) -> sqlx::Result<Option<NoScaling>> {
    Ok(if !nature.has(Kind::Balancer) {
        Some(NoScaling::NoBalancer)
    } else if known.options.machines >= known.spec.most_machines {
        Some(NoScaling::Most)
    } else if view::phase_of(known) != Phase::Ready {
        Some(NoScaling::NotReady)
    } else {
        let knows_copies = match known.machine {
            Some(machine) => machines::knows(db, machine).await?.copies,
            None => false,
        };
        (!knows_copies).then_some(NoScaling::OldMachine)
    })
}

/// Whether copies can serve one site: there is one, and the machine's agent can share it.
async fn may_serve(db: &mut Db, known: &Known) -> sqlx::Result<bool> {
    match known.machine.filter(|_| known.spec.has("wordpress")) {
        Some(machine) => Ok(machines::knows(db, machine).await?.serving),
        None => Ok(false),
    }
}

async fn offer(db: &mut Db, known: &Known, nature: &Nature) -> sqlx::Result<ScaleOffer> {
    let machines = known.options.machines.max(1);
    let refused = refused(db, known, nature).await?;
    let may_serve = may_serve(db, known).await?;
    let wish = known.wish(nature);
    Ok(ScaleOffer {
        name: known.name.clone(),
        machines,
        most: known.spec.most_machines,
        zones: nature.zones.clone(),
        zone: known.rows.iter().find(|row| row.kind == Kind::Machine && row.slot == 1).and_then(|row| row.zone.clone()),
        rests: known.spec.freeze == crate::wish::Freeze::AtRest,
        balancer_is_machine: nature.balancers_are_machines,
        balancer_name: wish.is_named().then(|| wish.balancer_name()),
        refused,
        leaving: known.options.leaving.keys().copied().collect(),
        is_stuck: is_stuck(known),
        policy: known.options.policy,
        mode: known.options.mode,
        may_serve,
        prices: Vec::new(),
    })
}

/// Whether its page offers to scale it out or in.
#[must_use]
pub fn act(known: &Known, phase: Phase) -> Option<Act> {
    (phase == Phase::Ready && known.spec.most_machines > 1).then_some(Act::Scale)
}

/// How it is spread over machines; `None`: it has one, and no balancer.
#[must_use]
pub fn scaling(known: &Known, standing: Standing) -> Option<Scaling> {
    let machines = known.options.machines;
    let balancer = known.world.first(Kind::Balancer).and_then(|held| held.listed.as_ref());
    if known.goal == Goal::Gone || machines < 2 && balancer.is_none() {
        return None;
    }
    let (name, is_active) = match balancer {
        Some(Observed::Balancer { name, is_active, .. }) => (Some(name), *is_active),
        _ => (None, false),
    };
    let is_secure = speaks_https(known);
    let host_name = known.world.of(Kind::Record, 2).and_then(|held| match &held.listed {
        Some(Observed::Record { record, is_out: false, .. }) => Some(record.name.clone()),
        _ => None,
    });
    // A certificate is good for the name only; where few computers know that, a balancer that answers HTTP, too, is shown by its address.
    let by_name = host_name.as_ref().filter(|_| is_secure).map(|name| format!("https://{name}/"));
    let is_led_by_name = !has_own_certificate(known) || led_by(known) == LedBy::Name;
    let web = by_name.clone().filter(|_| is_led_by_name).or_else(|| name.map(|name| format!("http://{name}/")));
    let host_name = if is_led_by_name { host_name } else { by_name.or(host_name) };
    Some(Scaling {
        machines: (1..=machines).map(|slot| machine(known, slot)).collect(),
        balancer: BalancerCard {
            web: web.filter(|_| is_active),
            name: host_name,
            is_active,
            is_sticky: known.options.is_sticky,
            no_https: no_https(known),
        },
        mode: known.options.mode,
        may_change: standing.may(Action::Steer).is_ok(),
    })
}

/// Whether the balancer got its certificate by itself: then it answers HTTP, too.
fn has_own_certificate(known: &Known) -> bool {
    let listener = known.world.first(Kind::Listener).and_then(|held| held.listed.as_ref());
    matches!(listener, Some(Observed::Listener { asks: Some(_), .. }))
}

/// Why a balancer that was told of a certificate has none.
fn no_https(known: &Known) -> Option<NoHttps> {
    match known.world.first(Kind::Listener)?.listed.as_ref()? {
        Observed::Listener { certificate: None, asks: Some(_), said } => Some(match said {
            _ if known.world.balancer_permit.is_some_and(|permit| permit.at > known.now) => NoHttps::Turn,
            Some(said) => NoHttps::Said(said.clone()),
            None => NoHttps::Coming,
        }),
        _ => None,
    }
}

fn machine(known: &Known, slot: u16) -> MachineCard {
    let target = known.world.of(Kind::Target, slot).and_then(|held| held.listed.as_ref());
    let share = match (known.world.machine_state(slot), target) {
        (None, _) => Share::Coming,
        (_, Some(Observed::Target { health: Health::Draining, .. })) => Share::Draining,
        (Some(MachineState::Stopped | MachineState::Stopping), _) => Share::Off,
        (_, Some(Observed::Target { health: Health::Healthy, .. })) => Share::Healthy,
        (_, Some(Observed::Target { health: Health::Unhealthy, .. })) => Share::Unhealthy,
        (_, None) if known.options.set_apart.contains(&slot) => Share::SetApart,
        _ => Share::Checking,
    };
    MachineCard {
        slot,
        label: known.machine_label(slot),
        address: known.address_of(slot),
        zone: known.rows.iter().find(|row| row.kind == Kind::Machine && row.slot == slot).and_then(|row| row.zone.clone()),
        share,
    }
}

/// Whether requests are spread over all machines that should get some.
#[must_use]
pub fn is_spread(scaling: &Scaling) -> bool {
    let is_settled = |machine: &MachineCard| matches!(machine.share, Share::Healthy | Share::SetApart);
    scaling.balancer.is_active && scaling.machines.iter().all(is_settled)
}
