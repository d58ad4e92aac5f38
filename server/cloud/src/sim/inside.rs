//! What is inside a simulated machine: boot steps that take their time, services that are up or not.
//!
//! User-data must carry one line that tells the simulator what a real machine would learn from the portal:
//!
//! ```text
//! # koza: {"purpose":"environment","services":["ssh","wordpress"]}
//! ```
//!
//! `purpose` is `environment` or `bake`; the names and order of the steps are those of `docs/machines.md`. A build machine turns itself
//! off after `clean`. Without the line a machine boots, has no service, and proves nothing.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::settings::{Luck, Timings};
use crate::seen::Boot;

/// What the line in user-data says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    #[serde(default)]
    pub(super) purpose: Purpose,
    #[serde(default)]
    pub(super) services: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    #[default]
    Environment,
    Bake,
}

impl Marker {
    pub(super) fn read(user_data: &str) -> Result<Self, String> {
        let line = user_data.lines().find_map(|line| line.trim().strip_prefix("# koza:"));
        line.map_or(Ok(Self::default()), |json| serde_json::from_str(json).map_err(|why| format!("the line `# koza:` of user-data: {why}")))
    }
}

/// What carries out orders, as damage names it.
pub(super) const AGENT: &str = "agent";

/// How a service fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Damage {
    /// Down until it is restarted.
    Down,
    /// Down whatever one does, until it is mended.
    Wrecked,
}

/// A machine's disk and what runs from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Inside {
    pub(super) marker: Marker,
    /// Services that are on the disk.
    pub(super) installed: BTreeSet<String>,
    /// The step `clean` was done.
    pub(super) is_clean: bool,
    pub(super) damage: BTreeMap<String, Damage>,
    /// Steps that will fail, and what they will have written.
    pub(super) bad_steps: BTreeMap<String, Vec<String>>,
    boot: Option<Running>,
    /// What a build machine reported last, before it turned itself off.
    #[serde(default)]
    last_words: Option<LastWords>,
}

/// One boot that is over.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LastWords {
    id: String,
    done: Vec<String>,
}

/// One boot.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Running {
    id: String,
    began_at: OffsetDateTime,
    steps: Vec<(String, Duration)>,
}

impl Inside {
    pub(super) fn new(marker: Marker, installed: BTreeSet<String>) -> Self {
        Self { marker, installed, is_clean: false, damage: BTreeMap::new(), bad_steps: BTreeMap::new(), boot: None, last_words: None }
    }

    /// The machine begins to run.
    pub(super) fn boots(&mut self, id: String, began_at: OffsetDateTime, timings: &Timings, luck: &mut Luck) {
        self.damage.retain(|_, damage| *damage == Damage::Wrecked);
        self.is_clean = false;
        self.last_words = None;
        let mut steps = vec![("settings".to_owned(), luck.within(&timings.settings))];
        for service in &self.marker.services {
            if !self.installed.contains(service) {
                steps.push((format!("install:{service}"), luck.within(&timings.install)));
            }
            if self.marker.purpose == Purpose::Environment {
                steps.push((format!("configure:{service}"), luck.within(&timings.configure)));
            }
        }
        match self.marker.purpose {
            Purpose::Environment => steps.push(("ready".to_owned(), Duration::ZERO)),
            Purpose::Bake => {
                steps.push(("check".to_owned(), luck.within(&timings.check)));
                steps.push(("clean".to_owned(), luck.within(&timings.clean)));
            }
        }
        self.boot = Some(Running { id, began_at, steps });
    }

    /// The machine is off: what was installed stays on its disk.
    pub(super) fn goes_off(&mut self, now: OffsetDateTime) {
        let Some(boot) = self.boot(now) else { return };
        self.installed.extend(boot.done.iter().filter_map(|step| step.strip_prefix("install:")).map(str::to_owned));
        self.is_clean = boot.done.iter().any(|step| step == "clean");
        self.last_words = self.is_clean.then_some(LastWords { id: boot.id, done: boot.done });
        self.boot = None;
    }

    /// The services that a snapshot of its disk would hold.
    pub(super) fn on_disk(&self, now: OffsetDateTime) -> BTreeSet<String> {
        let under_way = self.boot(now).map(|boot| boot.done).unwrap_or_default();
        let new = under_way.iter().filter_map(|step| step.strip_prefix("install:")).map(str::to_owned);
        self.installed.iter().cloned().chain(new).collect()
    }

    /// How the boot goes; `None`: not yet begun, or off. A build machine that turned itself off has said that it is clean.
    pub(super) fn boot(&self, now: OffsetDateTime) -> Option<Boot> {
        if let Some(last) = &self.last_words {
            return Some(Boot { id: last.id.clone(), done: last.done.clone(), now: None, failed: None });
        }
        if self.is_clean && self.boot.is_none() {
            // What a build machine reported last before it turned itself off.
            return Some(Boot { id: "clean".to_owned(), done: vec!["clean".to_owned()], now: None, failed: None });
        }
        let running = self.boot.as_ref().filter(|boot| boot.began_at <= now)?;
        let mut boot = Boot { id: running.id.clone(), done: Vec::new(), now: None, failed: None };
        let mut ends_at = running.began_at;
        for (step, time) in &running.steps {
            ends_at += *time;
            if ends_at > now {
                boot.now = Some(step.clone());
                break;
            }
            if let Some(log) = self.bad_steps.get(step) {
                boot.failed = Some((step.clone(), log.clone()));
                break;
            }
            boot.done.push(step.clone());
        }
        Some(boot)
    }

    /// When a build machine turns itself off: right after `clean`.
    pub(super) fn turns_off_at(&self) -> Option<OffsetDateTime> {
        let boot = self.boot.as_ref().filter(|_| self.marker.purpose == Purpose::Bake)?;
        let fails = boot.steps.iter().any(|(step, _)| self.bad_steps.contains_key(step));
        (!fails).then(|| boot.steps.iter().fold(boot.began_at, |at, (_, time)| at + *time))
    }

    /// Whether a service answers.
    pub(super) fn is_up(&self, service: &str, now: OffsetDateTime) -> bool {
        let is_configured =
            self.boot(now).is_some_and(|boot| boot.done.iter().any(|step| step.strip_prefix("configure:") == Some(service)));
        is_configured && !self.damage.contains_key(service)
    }

    /// Whether the last step of the boot is done.
    pub(super) fn is_ready(&self, now: OffsetDateTime) -> bool {
        self.boot(now).is_some_and(|boot| boot.done.iter().any(|step| step == "ready"))
    }
}
