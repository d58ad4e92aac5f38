//! The simulator: a cloud that exists in memory, or in one file, and runs on the clock it is given.
//!
//! ```text
//!   settings + seed + clock ──► World (entries, tokens, lives) ──► what the cloud lists, what probes see, how boots go
//!                                  ▲
//!          create, start … ────────┤   mishaps: lost requests, lost answers, throttling, refusals, silence
//!          break, kill, vanish ────┘   damage: what happens behind our back
//! ```
//!
//! - Nothing waits and nothing runs in the background: whatever takes time has the moment at which it will have happened. With a clock
//!   that a test advances, an hour takes no time. The same seed and the same calls in the same order give the same cloud.
//! - An intent is a client token: the same order gets the same thing, another order is refused (`intent_mismatch`), and what was made
//!   and deleted is not made again by the same intent (`intent_spent`).
//! - The cloud's names (`machine-3f…`) are not the intent's names: whoever mixes them up notices.
//! - [`SimCloud::ask`] answers probes from a model of the machine's inside (its module says what user-data must contain); nothing is
//!   green by default.
//! - One process has it: two that share a file would each forget what the other made.
//! - [`SimCloud::lives`] is its own record of what existed and ran from when to when.

mod damage;
mod inside;
mod mishaps;
mod orders;
mod probes;
mod settings;
#[cfg(test)]
mod tests;
mod world;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use time::OffsetDateTime;

pub use mishaps::{Call, Mishap};
pub use settings::{Chances, SimSettings, Span, Timings};
pub use world::Life;

use crate::Cloud;
use crate::error::{CloudError, Fate};
use crate::order::Create;
use crate::seen::{Boot, MachineState, Metrics, Seen};
use crate::tag::{EnvironmentTag, Intent, Kind};
use mishaps::Script;
use world::World;

/// What time it is.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// A cloud that exists here only.
pub struct SimCloud {
    clock: Clock,
    file: Option<PathBuf>,
    inner: Mutex<Inner>,
}

struct Inner {
    settings: SimSettings,
    world: World,
    script: Script,
}

impl SimCloud {
    /// An empty cloud in memory.
    #[must_use]
    pub fn new(settings: SimSettings, clock: Clock) -> Self {
        let world = World::new(settings.seed);
        Self { clock, file: None, inner: Mutex::new(Inner { settings, world, script: Script::default() }) }
    }

    /// A cloud that is kept in a file, so that it survives a restart of the portal.
    ///
    /// # Errors
    /// [`Fate::Final`], code `bad_settings`, if the file is there and cannot be read as one.
    pub fn kept_in(file: PathBuf, settings: SimSettings, clock: Clock) -> Result<Self, CloudError> {
        let bad = |said: String| CloudError::new(Fate::Final, "bad_settings", format!("{}: {said}", file.display()));
        let mut cloud = Self::new(settings, clock);
        match std::fs::read(&file) {
            Ok(bytes) => cloud.open().world = serde_json::from_slice(&bytes).map_err(|why| bad(why.to_string()).caused_by(why))?,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
            Err(why) => return Err(bad(why.to_string()).caused_by(why)),
        }
        cloud.file = Some(file);
        Ok(cloud)
    }

    /// What a probe (`ssh`, `wordpress`, `basic_auth`, `container_web`, `ftp_tex`, `closed_ports`) sees of a machine.
    ///
    /// # Errors
    /// What it saw instead.
    pub fn ask(&self, machine: &str, probe: &str) -> Result<(), String> {
        self.look(|world, now| world.probe(machine, probe, now))
    }

    /// A machine's SSH host key, as `known_hosts` has it; it stays the same for the life of the machine.
    #[must_use]
    pub fn host_key(&self, machine: &str) -> Option<String> {
        self.look(|world, _| world.machine(machine).ok().map(|machine| probes::host_key_line(&machine.host_key)))
    }

    /// What existed from when to when.
    #[must_use]
    pub fn lives(&self) -> Vec<Life> {
        self.look(|world, _| world.lives.clone())
    }

    fn open(&self) -> MutexGuard<'_, Inner> {
        // A panic of a test's closure leaves the world as it was before or after the call: both are worlds.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look<T>(&self, look: impl FnOnce(&World, OffsetDateTime) -> T) -> T {
        let now = (self.clock)();
        let inner = &mut *self.open();
        inner.world.settle(&inner.settings, now);
        look(&inner.world, now)
    }

    fn change<T>(&self, change: impl FnOnce(&mut World, &SimSettings, OffsetDateTime) -> Result<T, CloudError>) -> Result<T, CloudError> {
        let now = (self.clock)();
        let inner = &mut *self.open();
        inner.world.settle(&inner.settings, now);
        let result = change(&mut inner.world, &inner.settings, now);
        self.keep(&inner.world)?;
        result
    }

    /// A call of the portal: it may meet a mishap on its way.
    fn call<T>(
        &self,
        call: Call,
        does: impl FnOnce(&mut World, &SimSettings, OffsetDateTime) -> Result<T, CloudError>,
    ) -> Result<T, CloudError> {
        let mishap = {
            let inner = &mut *self.open();
            inner.script.meets(call, &mut inner.world.luck, inner.settings.chances)
        };
        Mishap::befall(mishap, || self.change(does))
    }

    fn keep(&self, world: &World) -> Result<(), CloudError> {
        let Some(file) = &self.file else { return Ok(()) };
        let bad = |why: &dyn std::fmt::Display| CloudError::new(Fate::TryAgain, "unreachable", format!("{}: {why}", file.display()));
        let bytes = serde_json::to_vec(world).map_err(|why| bad(&why))?;
        // Never half a file: whoever reads finds the old one or the new one.
        let draft = file.with_extension("draft");
        std::fs::write(&draft, bytes).and_then(|()| std::fs::rename(&draft, file)).map_err(|why| bad(&why))
    }

    fn listed(&self, is_asked: impl Fn(&str, uuid::Uuid) -> bool) -> Result<Vec<Seen>, CloudError> {
        let mishap = {
            let inner = &mut *self.open();
            inner.script.meets(Call::List, &mut inner.world.luck, inner.settings.chances)
        };
        Mishap::befall(mishap, || {
            Ok(self.look(|world, now| {
                let ids = world.entries.iter().filter(|(_, entry)| is_asked(&entry.label.installation, entry.label.environment));
                ids.filter(|(id, _)| world.is_listed(id, now)).filter_map(|(id, _)| world.seen(id, now)).collect()
            }))
        })
    }
}

#[async_trait]
impl Cloud for SimCloud {
    fn kinds(&self) -> &'static [Kind] {
        &Kind::ALL
    }

    async fn list(&self, environment: &EnvironmentTag) -> Result<Vec<Seen>, CloudError> {
        self.listed(|installation, id| installation == environment.installation && id == environment.environment)
    }

    async fn list_all(&self) -> Result<Vec<Seen>, CloudError> {
        let ours = self.open().settings.installation.clone();
        self.listed(|installation, _| installation == ours)
    }

    async fn create(&self, intent: &Intent, create: &Create) -> Result<Seen, CloudError> {
        self.call(Call::Create(intent.kind), |world, settings, now| world.order(intent, create, settings, now))
    }

    async fn start(&self, machine: &str) -> Result<(), CloudError> {
        self.call(Call::Start, |world, settings, now| match world.machine(machine)?.state(now) {
            MachineState::Stopped => {
                world.has_room(settings, now)?;
                world.power_on(machine, now, settings);
                Ok(())
            }
            MachineState::Stopping => Err(CloudError::new(Fate::TryAgain, "busy", format!("{machine} is on its way down"))),
            MachineState::Starting | MachineState::Running => Ok(()),
        })
    }

    async fn stop(&self, machine: &str) -> Result<(), CloudError> {
        self.call(Call::Stop, |world, settings, now| {
            world.machine(machine)?;
            world.power_off(machine, now, settings);
            Ok(())
        })
    }

    async fn delete(&self, kind: Kind, cloud_id: &str) -> Result<(), CloudError> {
        self.call(Call::Delete(kind), |world, _, now| {
            match world.entries.get(cloud_id) {
                Some(entry) if entry.label.kind == kind => {}
                _ => return Ok(()),
            }
            if let Some(user) = world.user_of(cloud_id) {
                return Err(CloudError::new(Fate::InUse, "in_use", format!("{user} uses {cloud_id}")));
            }
            if kind == Kind::Machine && world.machine(cloud_id)?.state(now) != MachineState::Stopped {
                return Err(CloudError::new(Fate::InUse, "still_running", format!("{cloud_id} is not stopped")));
            }
            world.remove(cloud_id, now);
            Ok(())
        })
    }

    async fn image_by_recipe(&self, recipe: &str) -> Result<Option<String>, CloudError> {
        let all = self.list_all().await?;
        let is_it = |seen: &Seen| matches!(&seen.observed, crate::Observed::Image { recipe: of, is_available: true } if of == recipe);
        Ok(all.into_iter().find(is_it).map(|seen| seen.cloud_id))
    }

    async fn metrics(&self, machine: &str) -> Result<Option<Metrics>, CloudError> {
        self.look(|world, now| Ok(world.machine(machine)?.metrics(now)))
    }

    async fn describe(&self) -> Result<String, CloudError> {
        let inner = self.open();
        if inner.script.is_silent() {
            return Err(CloudError::new(Fate::TryAgain, "unreachable", "the simulator is silent"));
        }
        Ok(format!("Simulator, seed {}, {} addresses, {} machines", inner.settings.seed, inner.settings.addresses, inner.settings.machines))
    }

    async fn boot(&self, machine: &str) -> Result<Option<Boot>, CloudError> {
        self.look(|world, now| Ok(world.machine(machine)?.inside.boot(now)))
    }
}
