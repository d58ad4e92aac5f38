//! Everything the loop knows of one environment before it asks the cloud: the wish, and our half of the world.

use std::collections::BTreeMap;

use app::domain::backup::BackupState;
use app::domain::ids::{CloudId, CourseId, EnvironmentId, MachineId};
use app::domain::incident::Fault;
use app::domain::phase::Goal;
use app::domain::reason::{Attention, Probe};
use cloud::{Kind, Nature, Record};
use sqlx::types::Json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::queue::Claim;
use super::{Db, backups, machines, permits, probes, resources};
use crate::certificates::Authority;
use crate::machine::certificate::Certificate;
use crate::wish::{BackupSeen, BootSeen, Holding, ImageState, Options, PermitSeen, ProbeSeen, Purpose, Spec, Told, World};

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
    /// Its machines as they speak to the portal, by slot.
    pub machines: BTreeMap<u16, MachineId>,
    /// What it holds, as rows.
    pub rows: Vec<resources::Row>,
    /// Our half of the world; the cloud's half is added by observing.
    pub world: World,
    /// Whether anything was ever ordered for it. If not, there is nothing that a cloud could list.
    pub was_ordered: bool,
    /// Kinds of which anything was ever ordered.
    pub ordered: Vec<Kind>,
    /// The authority that its machines may ask for certificates, if there is one.
    pub authority: Option<Authority>,
    /// The networks that the course's people come from.
    pub networks: Vec<String>,
    /// The shared look found that the cloud differs from its rows.
    pub differs: bool,
    /// When it was removed.
    pub removed_at: Option<OffsetDateTime>,
    /// The newest event.
    pub last_event: i64,
    /// By the database's clock.
    pub now: OffsetDateTime,
    /// The claim that held it when it was loaded, or else would have been the next: for whoever has this very claim no worker and no wish
    /// has changed it since.
    pub claim: Claim,
}

/// Loads it.
///
/// # Errors
/// As the database; `RowNotFound` if there is no such environment.
pub async fn load(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<Known> {
    let row = sqlx::query_file!("src/db/queries/world.sql", environment.0, &BackupState::MOVING as &[BackupState]).fetch_one(db).await?;
    let image = match (row.saved_image.or(row.image), row.is_baking) {
        (Some(image), _) => ImageState::Ready(image),
        (None, true) => ImageState::Baking,
        (None, false) => ImageState::Absent,
    };
    let rows: Vec<_> = row.held.map_or_else(Vec::new, |held| held.0).into_iter().filter_map(resources::Stored::row).collect();
    let machines = row.machines.map_or_else(Vec::new, |machines| machines.0);
    let told = |spoken: &machines::Spoken| {
        let machines::Spoken { slot, host_names, first_at, is_ordered, .. } = spoken.clone();
        Some((slot, Told { host_names: host_names?, first_at, is_ordered }))
    };
    let boot = |spoken: &machines::Spoken| {
        let id = spoken.boot.clone()?;
        Some((spoken.slot, boot_of(id, spoken.steps.as_deref().unwrap_or_default())))
    };
    let by_slot: BTreeMap<u16, MachineId> = machines.iter().map(|spoken| (spoken.slot, MachineId(spoken.machine))).collect();
    let mut boots: BTreeMap<u16, BootSeen> = machines.iter().filter_map(boot).collect();
    let world = World {
        holdings: rows.iter().map(|row| ((row.kind, row.slot), holding(row))).collect(),
        strays: Vec::new(),
        boot: boots.remove(&1),
        copies: boots,
        probes: probes_seen(
            row.probes.map_or_else(Vec::new, |probes| probes.0).into_iter().filter_map(|row| serde_json::from_value(row).ok()),
        ),
        told: machines.iter().filter_map(told).collect(),
        worked: machines.iter().filter(|spoken| spoken.has_worked == Some(true)).map(|spoken| spoken.slot).collect(),
        backups: row.backups.map_or_else(Vec::new, |backups| backups.0).into_iter().map(|backup| seen(backup, &by_slot)).collect(),
        certificate: row.certificate.map(|certificate| certificate.0),
        permit: row.permit.map(permit_seen),
        balancer_permit: row.balancer_permit.map(permit_seen),
        ready_boot: row.ready_boot,
        was_ready: row.first_ready_at.is_some(),
        was_ready_since_asked: row.was_ready_since_asked,
        incidents: row.faults.iter().zip(row.detected).filter_map(|(code, at)| Some((Fault::from_code(code)?, at))).collect(),
        found_image: None,
        is_image_recorded: matches!(image, ImageState::Ready(_)),
        images_in_use: row.images_in_use.into_iter().filter_map(|slot| u16::try_from(slot).ok()).collect(),
        unanswered_at: row.unanswered_at,
        empty_since: row.empty_since,
        names_linger_until: row.unnamed_at.map(|at| at + Duration::seconds(i64::from(Record::TTL))),
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
        goal: row.goal,
        condemned: u16::try_from(row.condemned).unwrap_or(0),
        spec: Spec { size: row.options.0.size.unwrap_or(row.spec.0.size), ..row.spec.0 },
        options: row.options.0,
        image,
        rebuilds_vanished: row.rebuilds_vanished,
        // A newer release may tell more than this one knows.
        attention: row.attention.and_then(|told| serde_json::from_value(told).ok()),
        machine: by_slot.get(&1).copied(),
        machines: by_slot,
        rows,
        world,
        was_ordered: row.was_ordered,
        ordered: row.ordered.iter().filter_map(|code| Kind::from_code(code)).collect(),
        // What cannot be read is as good as none; `koza doctor` says so.
        authority: row.authority.and_then(|settings| serde_json::from_value(settings).ok()),
        networks: row.networks,
        differs: row.differs,
        removed_at: row.removed_at,
        last_event: row.last_event,
        now: row.now,
        claim: Claim { environment, epoch: row.claim_epoch + i64::from(row.is_free), generation: row.generation },
    })
}

/// A row as a holding, with what the cloud last said of it; observing puts in what it says now.
fn holding(row: &resources::Row) -> Holding {
    Holding {
        incarnation: row.incarnation,
        intent: row.intent,
        cloud_id: row.cloud_id.clone(),
        made_at: row.made_at,
        turn: row.turn_for.clone().zip(row.turn_at),
        listed: row.observed.clone(),
    }
}

fn permit_seen(Json(permit): Json<permits::Permit>) -> PermitSeen {
    PermitSeen { at: permit.at, is_told: permit.told_at.is_some() }
}

fn seen(row: backups::Row, machines: &BTreeMap<u16, MachineId>) -> (Uuid, BackupSeen) {
    let is_of_present = machines.get(&row.slot) == Some(&MachineId(row.machine));
    (
        row.id,
        BackupSeen {
            slot: row.slot,
            is_of_present,
            state: row.state,
            said: row.said,
            moved_at: row.moved_at,
            since: row.since,
            taken_at: row.taken_at,
        },
    )
}

fn probes_seen(rows: impl Iterator<Item = probes::Row>) -> BTreeMap<Probe, ProbeSeen> {
    rows.map(|row| {
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
            authority: self.authority.clone(),
            networks: self.networks.clone(),
            nature: nature.clone(),
        }
    }

    /// The public address, as people type it.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        self.address_of(1)
    }

    /// The public address of one of its machines.
    #[must_use]
    pub fn address_of(&self, slot: u16) -> Option<String> {
        self.rows.iter().find_map(|row| match &row.observed {
            Some(cloud::Observed::Address { address }) if row.slot == slot => Some(address.clone()),
            _ => None,
        })
    }

    /// What one of its machines is called where they have to be told apart: in its host name, and in what its web server says.
    #[must_use]
    pub fn machine_label(&self, slot: u16) -> String {
        format!("{}-{slot}", self.name)
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
