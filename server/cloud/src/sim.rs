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
//! - [`Inside::ask`] answers probes from a model of the machine's inside (its module says what user-data must contain); nothing is
//!   green by default.
//! - Kept in a file, it is shared by the processes of one host; the script of mishaps is each process's own.
//! - [`SimCloud::lives`] is its own record of what existed and ran from when to when.

mod balance;
mod bill;
mod damage;
mod file;
mod inside;
mod machine;
mod meter;
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

pub use bill::{Billed, Life};
pub use mishaps::Mishap;
pub use settings::{Chances, SimSettings, Span, Timings};

use crate::call::{self, Allowance, Call};
use crate::error::{CloudError, Fate};
use crate::order::Create;
use crate::seen::{Boot, Deletion, Metrics, Seen};
use crate::tag::{EnvironmentTag, Intent, Kind};
use crate::{Cloud, Inside, Nature};
use file::SharedFile;
use meter::Meter;
use mishaps::Script;
use world::{Label, World};

/// What time it is.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// A cloud that exists here only.
pub struct SimCloud {
    clock: Clock,
    nature: Nature,
    file: Option<SharedFile>,
    inner: Mutex<Inner>,
}

struct Inner {
    settings: SimSettings,
    world: World,
    /// The file's bytes as this world was read from or written to it.
    kept: Vec<u8>,
    script: Script,
    meter: Meter,
}

impl Inner {
    /// What befalls a call on its way.
    fn meets(&mut self, call: Call, machines: u32, now: OffsetDateTime) -> Result<Option<Mishap>, CloudError> {
        if self.settings.allowances {
            self.meter.take(call, machines, now)?;
        }
        Ok(self.script.meets(call, &mut self.world.luck, self.settings.chances))
    }
}

impl SimCloud {
    /// An empty cloud in memory.
    #[must_use]
    pub fn new(settings: SimSettings, clock: Clock) -> Self {
        let world = World::new(settings.seed);
        let nature = settings.nature();
        Self {
            clock,
            nature,
            file: None,
            inner: Mutex::new(Inner { settings, world, kept: Vec::new(), script: Script::default(), meter: Meter::default() }),
        }
    }

    /// A cloud that is kept in a file: it survives a restart of the portal, and every process that opens it has the same one.
    ///
    /// # Errors
    /// [`Fate::Final`], code `bad_settings`, if the file is there and cannot be read as one.
    pub fn kept_in(file: PathBuf, settings: SimSettings, clock: Clock) -> Result<Self, CloudError> {
        let cloud = Self { file: Some(SharedFile::new(file)), ..Self::new(settings, clock) };
        drop(cloud.read().map_err(|why| CloudError { fate: Fate::Final, code: "bad_settings", ..why })?);
        Ok(cloud)
    }

    /// What it would write on the bill of an environment: what of each thing cost, from when to when.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn bill(&self, environment: uuid::Uuid) -> Result<Vec<Billed>, CloudError> {
        self.look(|world, _| world.lives.iter().filter(|life| life.environment == environment).flat_map(Life::billed).collect())
    }

    /// What existed from when to when.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lives(&self) -> Result<Vec<Life>, CloudError> {
        self.look(|world, _| world.lives.clone())
    }

    /// How many calls were one too many, where it takes only as many as AWS does.
    #[must_use]
    pub fn throttled(&self) -> u64 {
        self.open().meter.throttled
    }

    /// How many calls of a sort it took, where it counts them.
    #[must_use]
    pub fn taken(&self, call: Call) -> u64 {
        self.open().meter.taken.get(&call).copied().unwrap_or(0)
    }

    fn open(&self) -> MutexGuard<'_, Inner> {
        // A panic of a test's closure leaves the world as it was before or after the call: both are worlds.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, and the world is what the file says, if another process has changed it.
    fn read(&self) -> Result<MutexGuard<'_, Inner>, CloudError> {
        let mut inner = self.open();
        if let Some(file) = &self.file
            && let Some((bytes, world)) = file.news(&inner.kept)?
        {
            (inner.kept, inner.world) = (bytes, world);
        }
        Ok(inner)
    }

    fn look<T>(&self, look: impl FnOnce(&World, OffsetDateTime) -> T) -> Result<T, CloudError> {
        let now = (self.clock)();
        let inner = &mut *self.read()?;
        inner.world.settle(&inner.settings, now);
        Ok(look(&inner.world, now))
    }

    /// Something happens without a call of the portal.
    fn change<T>(&self, change: impl FnOnce(&mut World, &SimSettings, OffsetDateTime) -> Result<T, CloudError>) -> Result<T, CloudError> {
        let _turn = self.file.as_ref().map(SharedFile::turn).transpose()?;
        self.change_in_turn(change)
    }

    /// A call of the portal: it may meet a mishap on its way.
    async fn call<T>(
        &self,
        call: Call,
        does: impl FnOnce(&mut World, &SimSettings, OffsetDateTime) -> Result<T, CloudError>,
    ) -> Result<T, CloudError> {
        self.call_for(call, 1, does).await
    }

    /// The same, for so many machines.
    async fn call_for<T>(
        &self,
        call: Call,
        machines: u32,
        does: impl FnOnce(&mut World, &SimSettings, OffsetDateTime) -> Result<T, CloudError>,
    ) -> Result<T, CloudError> {
        let mishap = self.open().meets(call, machines, (self.clock)())?;
        let _turn = match &self.file {
            Some(file) => Some(file.turn_comes().await?),
            None => None,
        };
        Mishap::befall(mishap, || self.change_in_turn(does))
    }

    fn change_in_turn<T>(
        &self,
        change: impl FnOnce(&mut World, &SimSettings, OffsetDateTime) -> Result<T, CloudError>,
    ) -> Result<T, CloudError> {
        let now = (self.clock)();
        let inner = &mut *self.read()?;
        inner.world.settle(&inner.settings, now);
        let result = change(&mut inner.world, &inner.settings, now);
        if let Some(file) = &self.file {
            inner.kept = file.put(&inner.world)?;
        }
        result
    }

    fn listed(&self, is_asked: impl Fn(&Label) -> bool) -> Result<Vec<Seen>, CloudError> {
        let mishap = self.open().meets(Call::List, 1, (self.clock)())?;
        Mishap::befall(mishap, || {
            self.look(|world, now| {
                let ids = world.entries.iter().filter(|(_, entry)| is_asked(&entry.label));
                ids.filter(|(id, _)| world.is_listed(id, now)).filter_map(|(id, _)| world.seen(id, now)).collect()
            })
        })
    }
}

#[async_trait]
impl Cloud for SimCloud {
    fn nature(&self) -> &Nature {
        &self.nature
    }

    fn allowances(&self) -> &'static [Allowance] {
        if self.open().settings.allowances { &call::AWS } else { &[] }
    }

    fn draws(&self, call: Call) -> &'static [&'static str] {
        if self.open().settings.allowances { call::draws(call) } else { &[] }
    }

    fn draws_in_batch(&self, call: Call) -> &'static [&'static str] {
        if self.open().settings.allowances { call::draws_in_batch(call) } else { &[] }
    }

    async fn list_kinds(&self, environment: &EnvironmentTag, kinds: &[Kind]) -> Result<Vec<Seen>, CloudError> {
        self.listed(|label| {
            label.installation == environment.installation && label.environment == environment.environment && kinds.contains(&label.kind)
        })
    }

    async fn list_all(&self) -> Result<Vec<Seen>, CloudError> {
        let ours = self.open().settings.installation.clone();
        self.listed(|label| label.installation == ours)
    }

    async fn create(&self, intent: &Intent, create: &Create) -> Result<Seen, CloudError> {
        self.call(Call::Create(intent.kind), |world, settings, now| world.order(intent, create, settings, now)).await
    }

    async fn start(&self, machine: &str) -> Result<(), CloudError> {
        self.call(Call::Start, |world, settings, now| world.start(machine, settings, now)).await
    }

    async fn stop(&self, machine: &str) -> Result<(), CloudError> {
        self.call(Call::Stop, |world, settings, now| world.stop(machine, settings, now)).await
    }

    async fn delete(&self, kind: Kind, cloud_id: &str) -> Result<Deletion, CloudError> {
        self.call(Call::Delete(kind), |world, settings, now| world.delete(kind, cloud_id, settings, now)).await
    }

    async fn several(&self, call: Call, machines: &[String]) -> Vec<Result<Deletion, CloudError>> {
        let count = u32::try_from(machines.len()).unwrap_or(u32::MAX);
        let done = self.call_for(call, count, |world, settings, now| {
            let mut one = |machine: &String| match call {
                Call::Start => world.start(machine, settings, now).map(|()| Deletion::Done(None)),
                Call::Stop => world.stop(machine, settings, now).map(|()| Deletion::Done(None)),
                Call::Delete(kind) => world.delete(kind, machine, settings, now),
                Call::List | Call::Create(_) | Call::Launch | Call::HandOver => {
                    Err(CloudError::new(Fate::Final, "not_in_batches", call.code()))
                }
            };
            Ok(machines.iter().map(&mut one).collect())
        });
        done.await.unwrap_or_else(|why| machines.iter().map(|_| Err(CloudError::new(why.fate, why.code, why.said.clone()))).collect())
    }

    async fn image_by_recipe(&self, recipe: &str) -> Result<Option<String>, CloudError> {
        let all = self.list_all().await?;
        let is_it = |seen: &Seen| matches!(&seen.observed, crate::Observed::Image { recipe: of, is_available: true } if of == recipe);
        Ok(all.into_iter().find(is_it).map(|seen| seen.cloud_id))
    }

    async fn metrics(&self, machine: &str) -> Result<Option<Metrics>, CloudError> {
        self.look(|world, now| Ok(world.machine(machine)?.metrics(now)))?
    }

    async fn describe(&self) -> Result<String, CloudError> {
        let inner = self.open();
        if inner.script.is_silent() {
            return Err(CloudError::new(Fate::TryAgain, "unreachable", "the simulator is silent"));
        }
        Ok(format!("Simulator, seed {}, {} addresses, {} machines", inner.settings.seed, inner.settings.addresses, inner.settings.machines))
    }
}

impl Inside for SimCloud {
    fn boot(&self, machine: &str) -> Option<Boot> {
        self.look(|world, now| world.machine(machine).ok()?.inside.boot(now)).ok()?
    }

    fn host_key(&self, machine: &str) -> Option<String> {
        self.look(|world, _| world.machine(machine).ok().map(|machine| probes::host_key_line(&machine.host_key))).ok()?
    }

    fn ask(&self, machine: &str, probe: &str) -> Result<(), String> {
        self.look(|world, now| world.probe(machine, probe, now)).map_err(|error| error.to_string())?
    }

    fn visit(&self, balancer: &str, before: Option<&str>) -> Result<String, String> {
        self.change(|world, _, now| Ok(world.visit(balancer, before, now))).map_err(|error| error.to_string())?
    }

    fn work(&self, machine: &str) -> Option<Vec<u8>> {
        let is_up = |world: &World, now| world.machine(machine).is_ok_and(|machine| machine.inside.is_ready(now));
        let is_up = self.look(|world, now| is_up(world, now)).ok()?;
        is_up.then(|| format!("what was written on {machine}\n").into_bytes())
    }

    fn obeys(&self, machine: &str) -> bool {
        self.look(|world, _| world.machine(machine).is_ok_and(|machine| !machine.inside.damage.contains_key(inside::AGENT))).unwrap_or(true)
    }

    fn restart(&self, machine: &str, service: &str) {
        // A machine that is gone cannot be restarted, which the next look shows.
        self.restart_service(machine, service).ok();
    }

    fn knows_names(&self) -> bool {
        self.nature().has(Kind::Record)
    }
}
