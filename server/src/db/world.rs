//! Everything the loop knows of one environment before it asks the cloud: the wish, and our half of the world.

use std::collections::BTreeMap;

use app::domain::ids::{CloudId, CourseId, EnvironmentId, MachineId};
use app::domain::incident::Fault;
use app::domain::phase::Goal;
use app::domain::reason::{Attention, Probe};
use cloud::{Nature, Record};
use sqlx::types::Json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Db, machines, probes, resources};
use crate::wish::{BootSeen, Holding, ImageState, Options, ProbeSeen, Purpose, Spec, World};

/// An environment's row with what the loop needs of its neighbours.
#[derive(Debug, Clone)]
pub struct Known {
    /// Which.
    pub id: EnvironmentId,
    /// Its course.
    pub course: CourseId,
    /// Its cloud.
    pub cloud: CloudId,
    /// Its blueprint version.
    pub version: Uuid,
    /// Its first holder.
    pub owner: Option<Uuid>,
    /// What for.
    pub purpose: Purpose,
    /// Its name.
    pub name: String,
    /// What is asked for.
    pub goal: Goal,
    /// Machines up to this incarnation are to be replaced.
    pub condemned: u16,
    /// The blueprint version's text.
    pub spec: Spec,
    /// What its holder chose.
    pub options: Options,
    /// Its name in the DNS, in full.
    pub dns_name: String,
    /// What machines start from.
    pub image: ImageState,
    /// Whether a machine that vanished is built anew without asking.
    pub rebuilds_vanished: bool,
    /// What needs attention, as last told.
    pub attention: Option<Attention>,
    /// The machine that speaks for it.
    pub machine: Option<MachineId>,
    /// What it holds, as rows.
    pub rows: Vec<resources::Row>,
    /// Our half of the world; the cloud's half is added by observing.
    pub world: World,
    /// Whether anything was ever ordered for it. If not, there is nothing that a cloud could list.
    pub was_ordered: bool,
    /// The shared look found that the cloud differs from its rows.
    pub differs: bool,
    /// When it was removed.
    pub removed_at: Option<OffsetDateTime>,
    /// The newest event.
    pub last_event: i64,
    /// By the database's clock.
    pub now: OffsetDateTime,
}

/// Loads it.
///
/// # Errors
/// As the database; `RowNotFound` if there is no such environment.
pub async fn load(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<Known> {
    let row = sqlx::query!(
        r#"select e.course, e.cloud, e.version, e.purpose as "purpose: Purpose", e.name, e.domain, e.options as "options: Json<Options>", e.goal as "goal: Goal", e.condemned,
                  e.attention as "attention: Json<Attention>", e.ready_boot, e.first_ready_at,
                  coalesce(e.ready_at >= e.goal_since, false) as "was_ready_since_asked!", c.rebuilds_vanished,
                  array(select fault from incident where environment = e.id and recovered_at is null and dropped_at is null order by number) as "faults!",
                  array(select detected_at from incident where environment = e.id and recovered_at is null and dropped_at is null order by number) as "detected!",
                  e.empty_since, e.differs, e.removed_at, e.last_event,
                  v.spec as "spec: Json<Spec>",
                  (select person from holder where environment = e.id order by share desc, person limit 1) as owner,
                  i.cloud_id as "image?",
                  exists (select from environment bake
                           where bake.version = e.version and bake.cloud = e.cloud and bake.purpose = 'image'
                             and bake.removed_at is null
                             -- what passes by itself is waited for
                             and coalesce(bake.attention ->> 'code', 'cloud_silent')
                                 in ('cloud_silent', 'no_capacity', 'over_quota', 'no_free_address')) as "is_baking!",
                  koza_now() as "now!"
             from environment e
             join course c on c.id = e.course
             join blueprint_version v on v.id = e.version
             left join image i on i.version = e.version and i.cloud = e.cloud
            where e.id = $1"#,
        environment.0
    )
    .fetch_one(&mut *db)
    .await?;

    let image = match (row.image, row.is_baking) {
        (Some(image), _) => ImageState::Ready(image),
        (None, true) => ImageState::Baking,
        (None, false) => ImageState::Absent,
    };
    let rows = resources::held(db, environment).await?;
    let machine = machines::current(db, environment).await?;
    let boot = match &machine {
        Some(machine) => machines::boot_seen(db, machine.id).await?,
        None => None,
    };
    let ordered = resources::ordered(db, environment).await?;
    let world = World {
        holdings: rows.iter().map(|row| ((row.kind, row.slot), holding(row))).collect(),
        strays: Vec::new(),
        boot,
        probes: probes_seen(probes::of(db, environment).await?),
        ready_boot: row.ready_boot,
        was_ready: row.first_ready_at.is_some(),
        was_ready_since_asked: row.was_ready_since_asked,
        incidents: row.faults.iter().zip(row.detected).filter_map(|(code, at)| Some((Fault::from_code(code)?, at))).collect(),
        found_image: None,
        is_image_recorded: matches!(image, ImageState::Ready(_)),
        unanswered_at: ordered.unanswered_at,
        empty_since: row.empty_since,
        names_linger_until: ordered.unnamed_at.map(|at| at + Duration::seconds(i64::from(Record::TTL))),
    };
    Ok(Known {
        id: environment,
        course: CourseId(row.course),
        cloud: CloudId(row.cloud),
        version: row.version,
        owner: row.owner,
        purpose: row.purpose,
        dns_name: format!("{}.{}", row.name, row.domain),
        name: row.name,
        options: row.options.0,
        goal: row.goal,
        condemned: u16::try_from(row.condemned).unwrap_or(0),
        spec: row.spec.0,
        image,
        rebuilds_vanished: row.rebuilds_vanished,
        attention: row.attention.map(|json| json.0),
        machine: machine.map(|machine| machine.id),
        rows,
        world,
        was_ordered: ordered.is_any,
        differs: row.differs,
        removed_at: row.removed_at,
        last_event: row.last_event,
        now: row.now,
    })
}

/// A row as a holding, with what the cloud last said of it; observing puts in what it says now.
fn holding(row: &resources::Row) -> Holding {
    Holding {
        incarnation: row.incarnation,
        intent: row.intent,
        cloud_id: row.cloud_id.clone(),
        made_at: row.made_at,
        turn_at: row.turn_at,
        listed: row.observed.clone(),
    }
}

fn probes_seen(rows: Vec<probes::Row>) -> BTreeMap<Probe, ProbeSeen> {
    rows.into_iter()
        .map(|row| {
            let saw = row.saw.map_or(Ok(()), Err);
            (row.probe, ProbeSeen { boot: row.boot, saw, tries: row.tries, at: row.at })
        })
        .collect()
}

impl Known {
    /// The wish as the plan takes it.
    #[must_use]
    pub fn wish(&self, nature: &Nature) -> crate::wish::Wish {
        crate::wish::Wish {
            purpose: self.purpose,
            goal: self.goal,
            spec: self.spec.clone(),
            image: self.image.clone(),
            condemned: self.condemned,
            rebuilds_vanished: self.rebuilds_vanished,
            options: self.options.clone(),
            dns_name: self.dns_name.clone(),
            nature: nature.clone(),
        }
    }

    /// The public address, as people type it.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        self.rows.iter().find_map(|row| match &row.observed {
            Some(cloud::Observed::Address { address }) if row.slot == 1 => Some(address.clone()),
            _ => None,
        })
    }
}

/// The boot as the plan takes it.
#[must_use]
pub fn boot_of(id: String, steps: &[machines::Step]) -> BootSeen {
    let done = |name: &str| steps.iter().any(|step| step.step == name && step.state == machines::StepState::Done);
    BootSeen {
        id,
        is_ready: done("ready"),
        is_clean: done("clean"),
        failed: steps.iter().find(|step| step.state == machines::StepState::Failed).map(|step| (step.step.clone(), step.log.clone())),
    }
}
