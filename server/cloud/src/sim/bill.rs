//! The simulator's own record of what existed and ran, and what that makes on its bill.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::tag::{Kind, Meter};

/// What existed, from when to when: what a bill is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// What.
    pub kind: Kind,
    /// The cloud's name for it.
    pub cloud_id: String,
    /// Whose.
    pub environment: Uuid,
    /// Made.
    pub from: OffsetDateTime,
    /// Deleted.
    pub to: Option<OffsetDateTime>,
    /// Of a machine: when it ran.
    pub ran: Vec<(OffsetDateTime, Option<OffsetDateTime>)>,
}

/// A line of the bill.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Billed {
    /// The cloud's name for what cost.
    pub cloud_id: String,
    /// What of it is counted.
    pub meter: Meter,
    /// From …
    pub from: OffsetDateTime,
    /// … to; `None`: it costs still.
    pub to: Option<OffsetDateTime>,
}

impl Life {
    pub(super) fn billed(&self) -> Vec<Billed> {
        let line = |meter, from, to| Billed { cloud_id: self.cloud_id.clone(), meter, from, to };
        match self.kind.meter() {
            None => vec![],
            Some(Meter::Exists) => vec![line(Meter::Exists, self.from, self.to)],
            // Stopped before it ran: it never did.
            Some(Meter::Running) => {
                let ran = self.ran.iter().filter(|(from, to)| *to != Some(*from));
                ran.map(|(from, to)| line(Meter::Running, *from, *to)).collect()
            }
        }
    }
}
