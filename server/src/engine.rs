//! The loop: claim, observe, plan, act, record, wake.
//!
//! ```text
//!  claim ─► load (rows) ─► observe (cloud) ─► plan ─► act: intent ─► call ─► record   (all that may run now, at once)
//!    ▲                                                                    │
//!    └───────────── finish: look again soon, later, or never ◄────────────┘
//! ```
//!
//! What must stay true: no transaction is open during a cloud call; an intent is committed before its call; every write asks for the
//! claim's epoch; a turn may be killed anywhere and the next one goes on.

pub mod act;
pub mod audit;
pub mod backup;
pub mod batch;
pub mod chores;
pub mod clouds;
mod image;
pub mod incidents;
mod launch;
pub mod observe;
mod order;
mod permit;
pub mod poller;
pub mod turn;
pub mod upkeep;
pub mod worker;

use std::sync::Arc;

use sqlx::PgPool;
use uuid::Uuid;

use crate::mail::Mailer;
use crate::store::Store;
use crate::vault::Vault;
pub use clouds::Clouds;

/// What every part of the loop needs.
#[derive(Clone)]
pub struct Engine {
    /// The database.
    pub pool: PgPool,
    /// The clouds by id.
    pub clouds: Clouds,
    /// Seals and opens secrets.
    pub vault: Arc<Vault>,
    /// This installation.
    pub installation: Uuid,
    /// Where machines find the portal: `http://10.73.0.1:7301`.
    pub machines_url: Arc<str>,
    /// Large things.
    pub store: Store,
    /// Sends mail; `None`: this site sends none.
    pub mailer: Option<Mailer>,
}
