//! Events: what happened to an environment, numbered under its row lock, append-only.

use std::collections::BTreeSet;

use app::domain::backup::BackupState;
use app::domain::ids::{BackupId, EnvironmentId};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;

use app::domain::incident::Fault;
use app::domain::phase::Goal;
use app::domain::reason::{Attention, Probe};
use app::domain::saw::Saw;
use app::domain::scaling::{Because, Mode, Policy};

use super::Db;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The loop.
    Koza,
    /// The machine, by its report.
    Machine,
    /// A person.
    Person(app::domain::ids::PersonId),
}

impl Actor {
    fn text(&self) -> String {
        match self {
            Self::Koza => "koza".to_owned(),
            Self::Machine => "machine".to_owned(),
            Self::Person(person) => person.to_string(),
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// The wish changed.
    Asked {
        /// To this.
        goal: Goal,
    },
    /// Somebody asked to try again.
    TriedAgain,
    /// Somebody asked for more machines.
    ScaledOut {
        /// So many in all.
        machines: u16,
        /// Where the copies go, if that was chosen.
        zone: Option<String>,
        /// Why, if a policy asked.
        #[serde(default)]
        because: Option<Because>,
    },
    /// Somebody asked for fewer machines; or, with as many as there are, for none to leave.
    ScaledIn {
        /// Those that leave.
        leaving: Vec<u16>,
        /// Whether they are backed up before.
        is_backed_up: bool,
        /// Why, if a policy asked.
        #[serde(default)]
        because: Option<Because>,
    },
    /// A machine's backup moved on.
    BackedUp {
        /// Which backup.
        backup: BackupId,
        /// Of which machine.
        machine: u16,
        /// How far it is.
        state: BackupState,
        /// Why it failed.
        said: Option<String>,
    },
    /// A machine is not wanted any more, and may go.
    Left {
        /// Which.
        machine: u16,
    },
    /// Somebody said when machines are to come and go by themselves; `None`: never.
    Ruled {
        /// The policy.
        policy: Option<Policy>,
    },
    /// Somebody said what copies are for.
    Mode {
        /// What.
        mode: Mode,
    },
    /// The budget has no more to set aside for it.
    BudgetShort {
        /// It runs on until then.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
    /// It was stopped, because the budget is used up.
    BudgetUsedUp,
    /// Somebody keeps it for another lease.
    Extended,
    /// Somebody saves an image of its disk.
    ImageSaved {
        /// Which: they are counted from 1.
        number: u16,
    },
    /// Somebody does not want one any more.
    ImageForgotten {
        /// Which.
        number: u16,
    },
    /// Somebody changed how requests are spread.
    Spread {
        /// Machines that get none.
        set_apart: BTreeSet<u16>,
        /// Whether visitors stay with a machine.
        is_sticky: bool,
    },
    /// A call to the cloud begins (written with its intent).
    Began {
        /// `make machine/1` and the like.
        action: String,
    },
    /// It is done.
    Done {
        /// As in `Began`.
        action: String,
        /// How long it took.
        ms: u32,
        /// What came of it, if people should see it (an address).
        result: Option<String>,
    },
    /// It failed.
    Failed {
        /// As in `Began`.
        action: String,
        /// The cloud's code.
        error: String,
        /// What the cloud said.
        said: String,
    },
    /// The machine reported a step of its boot.
    Boot {
        /// Which boot.
        boot: String,
        /// Which step.
        step: String,
        /// `started`, `done`, `failed`.
        state: String,
        /// How long it took.
        ms: u32,
        /// Its last lines, if it failed.
        log: Vec<String>,
    },
    /// A probe saw something else than the last time.
    Probed {
        /// Which.
        probe: Probe,
        /// What it saw instead; `None`: it passed.
        saw: Option<Saw>,
        /// How long it took.
        ms: u32,
    },
    /// Every probe passed.
    Ready,
    /// The cloud, asked twice, lists nothing.
    Removed,
    /// Somebody should look.
    Attention {
        /// Why.
        reason: Attention,
    },
    /// Nobody needs to look any more.
    AttentionOver,
    /// Something broke that had been Ready.
    Broke {
        /// What.
        fault: Fault,
    },
    /// It was proven to work again.
    Mended {
        /// What.
        fault: Fault,
        /// Seconds from detection to recovery.
        after: f64,
    },
}

impl Event {
    /// A machine's backup moved on.
    #[must_use]
    pub fn backed_up(backup: BackupId, machine: u16, state: BackupState, said: Option<&str>) -> Self {
        Self::BackedUp { backup, machine, state, said: said.map(str::to_owned) }
    }
}

/// An event as stored.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its number.
    pub number: i64,
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub event: Event,
}

/// Writes an event down and tells live pages.
///
/// # Errors
/// As the database.
pub async fn record(db: &mut Db, environment: EnvironmentId, actor: &Actor, event: &Event) -> sqlx::Result<()> {
    let json = serde_json::to_value(event).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "with numbered as (
             update environment set last_event = last_event + 1 where id = $1 returning last_event, course
         )
         insert into event (environment, number, course, actor, code, data)
         select $1, last_event, course, $2, $3, $4 from numbered",
        environment.0,
        actor.text(),
        json["code"].as_str().unwrap_or_default(),
        json.get("data").cloned().unwrap_or_else(|| serde_json::json!({})),
    )
    .execute(&mut *db)
    .await?;
    tell_live_pages(db, environment).await
}

/// Tells live pages that something on them changed. Once a change of state, never from high-rate paths.
///
/// # Errors
/// As the database.
pub async fn tell_live_pages(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!("select pg_notify('koza_event', $1)", environment.0.to_string()).execute(db).await?;
    Ok(())
}

/// How much a machine told of its boots within an hour.
///
/// # Errors
/// As the database.
pub async fn told_by_machine(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select at from event where environment = $1 and actor = 'machine' order by number desc limit 1000
           ) as newest
            where at > koza_now() - interval '1 hour'"#,
        environment.0
    )
    .fetch_one(db)
    .await
}

/// The events since the wish last changed, oldest first; of very many the newest.
///
/// # Errors
/// As the database.
pub async fn since_asked(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<Vec<Recorded>> {
    let rows = sqlx::query!(
        r#"select number as "number!", at as "at!", code as "code!", data as "data!: Json<serde_json::Value>"
             from (select number, at, code, data
                     from event
                    where environment = $1
                      and number >= coalesce((select max(number) from event where environment = $1 and code = 'asked'), 0)
                    order by number desc
                    limit 2000) as newest
            order by number"#,
        environment.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            // An event of a newer release is not known here: it is left out rather than failing the page.
            let event = serde_json::from_value(serde_json::json!({"code": row.code, "data": row.data.0}))
                .or_else(|_| serde_json::from_value(serde_json::json!({"code": row.code})))
                .ok()?;
            Some(Recorded { number: row.number, at: row.at, event })
        })
        .collect())
}

/// When its number of machines last changed, or began to.
///
/// # Errors
/// As the database.
pub async fn last_scaled_at(db: &mut Db, environment: EnvironmentId) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar!("select max(at) from event where environment = $1 and code in ('scaled_out', 'scaled_in', 'left')", environment.0)
        .fetch_one(db)
        .await
}
