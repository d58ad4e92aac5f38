//! Automatic scaling: follows each environment's policy, as its student would, and writes down why.

use std::collections::BTreeMap;

use app::domain::ids::EnvironmentId;
use app::domain::phase::Phase;
use app::domain::scaling::{Because, Limit, Policy};
use serde_json::json;
use tracing::{info, warn};
use uuid::Uuid;

use super::{scaling, view};
use crate::auth::access::Standing;
use crate::db::audit::{self, Act, By, Of};
use crate::db::events::{self, Actor, Event};
use crate::db::world::{self, Known};
use crate::db::{Db, budgets, environments, samples};
use crate::engine::Engine;
use crate::spend::accounts::Unreckoned;
use crate::spend::{self, Refused};
use crate::wish::policy::{CALM, Verdict, judge};

/// Looks at every environment that has a policy. One that cannot be judged now is judged a minute later.
///
/// # Errors
/// As the database.
pub async fn follow_all(engine: &Engine) -> sqlx::Result<()> {
    let ids = environments::with_policy(&mut *engine.pool.acquire().await?).await?;
    for id in ids {
        match follow(engine, id).await {
            Ok(None) => {}
            Ok(Some(because)) => info!(environment.id = %id, ?because, "scaled by policy"),
            Err(error) => warn!(environment.id = %id, %error, "its policy was not followed"),
        }
    }
    Ok(())
}

async fn follow(engine: &Engine, id: EnvironmentId) -> sqlx::Result<Option<Because>> {
    let looked_at = world::load(&mut *engine.pool.acquire().await?, id).await?;
    let Ok(handle) = engine.clouds.get(&engine.pool, looked_at.cloud).await else { return Ok(None) };
    let mut tx = engine.pool.begin().await?;
    budgets::lock(&mut tx, looked_at.course).await?;
    environments::lock(&mut tx, id).await?;
    let known = world::load(&mut tx, id).await?;
    let Some(policy) = known.options.policy.filter(|_| is_settled(&known)) else { return Ok(None) };
    let machines = known.options.machines;
    let minutes = minutes(&mut tx, &known, &policy).await?;
    let since_change = events::last_scaled_at(&mut tx, id).await?.map(|at| known.now - at);
    let (change, event, act) = match judge(&policy, machines, &minutes, since_change) {
        Verdict::Stay => return Ok(None),
        Verdict::More(because) => {
            if scaling::refused(&mut tx, &known, handle.cloud.nature()).await?.is_some() {
                return Ok(None);
            }
            let more = machines + 1;
            let event = Event::ScaledOut { machines: more, zone: None, because: Some(because) };
            (json!({"machines": more}), event, Act::ScaledOut { machines: more })
        }
        Verdict::Fewer(because) => {
            let leaving = BTreeMap::from([(machines, None::<Uuid>)]);
            let event = Event::ScaledIn { leaving: vec![machines], is_backed_up: true, because: Some(because) };
            (json!({"leaving": leaving}), event, Act::ScaledIn { leaving: vec![machines], is_backed_up: true })
        }
    };
    if !environments::choose(&mut tx, id, &change).await? {
        return Ok(None);
    }
    if matches!(event, Event::ScaledOut { .. }) {
        match spend::set_aside(&mut tx, known.course, id, true).await {
            Ok(()) => {}
            Err(Refused::Unreckoned(Unreckoned::Db(error))) => return Err(error),
            Err(refused) => {
                warn!(environment.id = %id, %refused, "its policy asks for a machine that it has no money for");
                return Ok(None);
            }
        }
    }
    events::record(&mut tx, id, &Actor::Koza, &event).await?;
    audit::note(&mut tx, By::Koza, Of::environment(id), &act).await?;
    tx.commit().await?;
    Ok(match event {
        Event::ScaledOut { because, .. } | Event::ScaledIn { because, .. } => because,
        _ => None,
    })
}

/// Whether it is Ready, with every machine where it should be: what moves is not judged.
fn is_settled(known: &Known) -> bool {
    let spread = scaling::scaling(known, Standing::Operator);
    view::phase_of(known) == Phase::Ready && known.options.leaving.is_empty() && spread.is_none_or(|spread| scaling::is_spread(&spread))
}

/// What was seen in the newest minutes that are over and told.
async fn minutes(db: &mut Db, known: &Known, policy: &Policy) -> sqlx::Result<Vec<Option<u32>>> {
    match policy.limit {
        // The first machine is asked, as visitors of the balancer are answered: not while it gets none.
        Limit::Response(_) if known.options.set_apart.contains(&1) => Ok(Vec::new()),
        Limit::Response(_) => samples::newest(db, known.id, samples::RESPONSE, CALM).await,
        Limit::Cpu(_) => {
            let mut sum = vec![Some(0_u32); usize::from(CALM)];
            for slot in 1..=known.options.machines {
                let of = samples::newest(db, known.id, &samples::of_machine("load_milli", slot), CALM).await?;
                for (sum, one) in sum.iter_mut().zip(of) {
                    *sum = sum.zip(one).map(|(sum, one)| sum.saturating_add(one));
                }
            }
            // Thousandths of one processor, over all that there are.
            let processors = known.spec.size.cpus.max(1) * u32::from(known.options.machines.max(1));
            Ok(sum.into_iter().map(|sum| sum.map(|sum| sum / processors / 10)).collect())
        }
    }
}
