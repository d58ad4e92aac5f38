//! A simulated machine from outside: its power, its place, what the cloud shows and measures of it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::inside::Inside;
use crate::seen::{MachineState, Metrics, Observed};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Machine {
    pub(super) power: Power,
    pub(super) boots: u32,
    pub(super) private_address: String,
    #[serde(default)]
    pub(super) zone: Option<String>,
    #[serde(default)]
    pub(super) firewall: Option<String>,
    pub(super) host_key: [u8; 32],
    pub(super) inside: Inside,
}

/// Whether it runs, and since or from when.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) enum Power {
    On {
        runs_at: OffsetDateTime,
    },
    Off {
        off_at: OffsetDateTime,
        ran_at: OffsetDateTime,
        #[serde(default)]
        stops_at: Option<OffsetDateTime>,
    },
}

impl Machine {
    pub(super) fn state(&self, now: OffsetDateTime) -> MachineState {
        match self.power {
            Power::On { runs_at } if now < runs_at => MachineState::Starting,
            Power::On { .. } => MachineState::Running,
            Power::Off { off_at, .. } if now < off_at => MachineState::Stopping,
            Power::Off { .. } => MachineState::Stopped,
        }
    }

    /// A machine that nobody uses: a hundredth of a processor, and silence.
    pub(super) fn metrics(&self, now: OffsetDateTime) -> Option<Metrics> {
        match self.power {
            Power::On { runs_at } if runs_at <= now => Some(Metrics {
                processor_time: (now - runs_at).unsigned_abs() / 100,
                memory: Some(256 << 20),
                disk: Some(2 << 30),
                received: 0,
                sent: 0,
            }),
            _ => None,
        }
    }

    pub(super) fn observed(&self, goes: bool, now: OffsetDateTime) -> Observed {
        let (runs_at, stopped_at) = match self.power {
            Power::On { runs_at } => (runs_at, None),
            Power::Off { off_at, ran_at, stops_at } => (ran_at, Some(stops_at.unwrap_or(off_at).max(ran_at))),
        };
        Observed::Machine {
            state: if goes { MachineState::Stopping } else { self.state(now) },
            started_at: (runs_at <= now).then_some(runs_at),
            stopped_at,
            private_address: Some(self.private_address.clone()),
            zone: self.zone.clone(),
            is_locked: false,
        }
    }

    /// When it turns itself off, if that is over.
    pub(super) fn turns_off_by(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        matches!(self.power, Power::On { .. }).then(|| self.inside.turns_off_at())?.filter(|at| *at <= now)
    }
}
