//! How large the simulated cloud is and how long things take there. The `settings` of the cloud's row.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use time::Duration;

use crate::nature::Nature;
use crate::tag::Kind;

/// Everything that can be chosen; what is left out has a value that suits a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimSettings {
    /// This installation, as tags write it.
    pub installation: String,
    /// All chance comes from this number.
    pub seed: u64,
    /// How many addresses the pool has (198.51.100.1 and on).
    pub addresses: u32,
    /// How many machines the account may have.
    pub machines: u32,
    /// How many machines the hosts carry at once.
    pub capacity: u32,
    /// Its zones.
    pub zones: Vec<String>,
    /// How many machines the hosts of a zone carry at once, where that is less.
    pub zone_capacity: BTreeMap<String, u32>,
    /// Whether it has names (records and certificates), too.
    pub names: bool,
    /// Whether snapshots outlive their machines and images rest on them; else they lie inside, and images are copies.
    pub snapshots_stand_alone: bool,
    /// Whether it takes only as many calls as AWS does.
    pub allowances: bool,
    /// How long things take.
    pub timings: Timings,
    /// What goes wrong by chance.
    pub chances: Chances,
}

impl SimSettings {
    /// What the cloud is like.
    pub(super) fn nature(&self) -> Nature {
        let is_name = |kind: &Kind| matches!(kind, Kind::Record | Kind::Certificate);
        Nature {
            kinds: Kind::ALL.into_iter().filter(|kind| self.names || !is_name(kind)).collect(),
            zones: self.zones.clone(),
            walls_every_machine: false,
            filters_sources: false,
            probes_come_from: Vec::new(),
            deletion_stops: false,
            launches_together: 0,
            balancers_are_machines: false,
            snapshots_stand_alone: self.snapshots_stand_alone,
        }
    }
}

impl Default for SimSettings {
    fn default() -> Self {
        Self {
            installation: "sim".to_owned(),
            seed: 1,
            addresses: 50,
            machines: 300,
            capacity: 300,
            zones: vec!["a".to_owned(), "b".to_owned()],
            zone_capacity: BTreeMap::new(),
            names: false,
            snapshots_stand_alone: true,
            allowances: false,
            timings: Timings::default(),
            chances: Chances::default(),
        }
    }
}

/// From … to, in milliseconds; the seed decides in between.
pub type Span = RangeInclusive<u32>;

/// How long things take, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timings {
    /// From the order to a running machine.
    pub start: Span,
    /// From the order to a stopped one.
    pub stop: Span,
    /// From the order to delete a machine until it is gone.
    pub delete: Span,
    /// Until the cloud lists what was made.
    pub unlisted: Span,
    /// Until a snapshot is whole.
    pub snapshot: Span,
    /// Until an image is ready.
    pub image: Span,
    /// Until every name server says what a record says.
    pub sync: Span,
    /// From the challenge's record to the certificate.
    pub issue: Span,
    /// Until a balancer takes requests.
    pub balancer: Span,
    /// Until a balancer knows how a target is.
    pub health: Span,
    /// Until a target that is taken out has finished its requests.
    pub drain: Span,
    /// The boot step `settings`.
    pub settings: Span,
    /// The boot step `install:…` of each service.
    pub install: Span,
    /// The boot step `configure:…` of each service.
    pub configure: Span,
    /// The boot step `check` of a build machine.
    pub check: Span,
    /// The boot step `clean` of a build machine.
    pub clean: Span,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            start: 1000..=2000,
            stop: 500..=1500,
            delete: 100..=400,
            unlisted: 0..=300,
            snapshot: 300..=900,
            image: 2000..=4000,
            sync: 300..=900,
            issue: 1000..=3000,
            balancer: 2000..=4000,
            health: 500..=1500,
            drain: 500..=1500,
            settings: 200..=400,
            install: 2000..=5000,
            configure: 300..=900,
            check: 800..=1200,
            clean: 300..=500,
        }
    }
}

/// How many of a thousand calls that change something go wrong by chance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Chances {
    /// The request gets lost: nothing happened.
    pub lost_requests: u32,
    /// It happened, and the answer gets lost.
    pub lost_answers: u32,
    /// Refused: too many calls.
    pub throttled: u32,
    /// Of a thousand disks, how many stay behind when their machine goes.
    pub left_disks: u32,
}

/// Numbers that look like chance and are the same for the same seed (SplitMix64).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Luck(u64);

impl Luck {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn within(&mut self, span: &Span) -> Duration {
        let width = u64::from(span.end().saturating_sub(*span.start())) + 1;
        let beyond = i64::try_from(self.next() % width).unwrap_or(0);
        Duration::milliseconds(i64::from(*span.start()) + beyond)
    }

    /// True so many times in a thousand.
    pub(super) fn strikes(&mut self, of_a_thousand: u32) -> bool {
        of_a_thousand > 0 && self.next() % 1000 < u64::from(of_a_thousand)
    }
}
