//! The handle that a test holds.

use std::collections::BTreeMap;
use std::io;
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::faults::Fault;
use crate::log::Entry;
use crate::moto::Moto;
use crate::process::Process;
use crate::server::Server;
use crate::settings::Settings;

/// An AWS, until it is dropped.
#[derive(Debug)]
pub struct Double {
    aws: Arc<Aws>,
    endpoint: String,
    // In this order: the proxy goes before the moto that it talks to.
    _server: Server,
    process: Option<Arc<Process>>,
}

impl Double {
    /// Starts a moto server of its own, and stands before it. Blocks for a second or two.
    ///
    /// # Errors
    /// The program does not start, or never says where it listens.
    pub fn start(moto_server: &Path) -> io::Result<Self> {
        let process = Process::start(moto_server)?;
        Self::before(Moto { address: process.address, account: None }, Some(Arc::new(process)))
    }

    /// The same, with an account of its own in a moto that all doubles of this process share while one of them lives: for many tests that
    /// need an AWS each.
    ///
    /// # Errors
    /// As for [`Double::start`].
    pub fn share(moto_server: &Path) -> io::Result<Self> {
        static ACCOUNTS: AtomicU64 = AtomicU64::new(200_000_000_000);
        let process = Process::shared(moto_server)?;
        let account = Some(ACCOUNTS.fetch_add(1, Ordering::Relaxed).to_string());
        Self::before(Moto { address: process.address, account }, Some(process))
    }

    /// Stands before a moto that somebody else started: `http://127.0.0.1:5000`.
    ///
    /// # Errors
    /// That is no address.
    pub fn at(endpoint: &str) -> io::Result<Self> {
        let host = endpoint.trim_start_matches("http://").trim_end_matches('/');
        let address = host.to_socket_addrs()?.next().ok_or_else(|| io::Error::other(format!("no address in {endpoint}")))?;
        Self::before(Moto { address, account: None }, None)
    }

    fn before(moto: Moto, process: Option<Arc<Process>>) -> io::Result<Self> {
        let aws = Aws::new(moto);
        let server = Server::start(Arc::clone(&aws))?;
        Ok(Self { aws, endpoint: format!("http://{}", server.address), _server: server, process })
    }

    /// The endpoint of every service.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The moto behind it, to be asked past the double: `http://127.0.0.1:5000`.
    #[must_use]
    pub fn moto(&self) -> String {
        format!("http://{}", self.aws.moto.address)
    }

    /// A hosted zone for a domain, made at once and without being counted. Returns its id.
    ///
    /// # Errors
    /// moto does not answer, or made none.
    pub fn add_hosted_zone(&self, domain: &str) -> io::Result<String> {
        self.aws.moto.add_hosted_zone(domain)
    }

    /// The last lines that its moto wrote: where it failed, if it did.
    #[must_use]
    pub fn moto_said(&self) -> Vec<String> {
        self.process.as_ref().map(|process| process.said()).unwrap_or_default()
    }
}

/// How long things take.
impl Double {
    fn with(self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.aws.world().settings);
        self
    }

    /// Durations and buckets go by that clock. To be said before anything is asked.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// Requests draw from AWS's buckets: [`cloud::call::AWS`].
    #[must_use]
    pub fn with_buckets(self) -> Self {
        self.with(|settings| settings.has_buckets = true)
    }

    /// A machine that was launched or started is `pending` for so long.
    #[must_use]
    pub fn with_pending(self, time: Duration) -> Self {
        self.with(|settings| settings.pending = time)
    }

    /// A machine is `stopping` before `stopped` and `shutting-down` before `terminated` for so long.
    #[must_use]
    pub fn with_stopping(self, time: Duration) -> Self {
        self.with(|settings| settings.stopping = time)
    }

    /// A machine is listed as `terminated` for so long: an hour, unless said otherwise.
    #[must_use]
    pub fn with_terminated_listed(self, time: Duration) -> Self {
        self.with(|settings| settings.remembered = time)
    }

    /// New machines, groups, addresses, snapshots and images cannot be found for so long.
    #[must_use]
    pub fn with_invisible(self, time: Duration) -> Self {
        self.with(|settings| settings.invisible = time)
    }

    /// A snapshot is `pending` for so long.
    #[must_use]
    pub fn with_copying(self, time: Duration) -> Self {
        self.with(|settings| settings.copying = time)
    }

    /// A change of records is `PENDING` for so long.
    #[must_use]
    pub fn with_sync(self, time: Duration) -> Self {
        self.with(|settings| settings.sync = time)
    }

    /// A balancer is `provisioning` for so long.
    #[must_use]
    pub fn with_provisioning(self, time: Duration) -> Self {
        self.with(|settings| settings.provisioning = time)
    }

    /// A target is `initial` for so long.
    #[must_use]
    pub fn with_initial(self, time: Duration) -> Self {
        self.with(|settings| settings.initial = time)
    }

    /// A target that was taken out is `draining` for so long.
    #[must_use]
    pub fn with_draining(self, time: Duration) -> Self {
        self.with(|settings| settings.draining = time)
    }
}

/// What goes wrong.
impl Double {
    /// The nth request from now of an action meets a fault; 1 is the next.
    pub fn meet(&self, action: &str, nth: u32, fault: Fault) {
        self.aws.world().script.add(Some(action), nth, fault);
    }

    /// The nth request from now of any action.
    pub fn meet_any(&self, nth: u32, fault: Fault) {
        self.aws.world().script.add(None, nth, fault);
    }

    /// The next requests of an action meet these one after the other; None is a request without a fault.
    pub fn meet_in_turn(&self, action: &str, faults: impl IntoIterator<Item = Option<Fault>>) {
        for (nth, fault) in (1..).zip(faults) {
            if let Some(fault) = fault {
                self.meet(action, nth, fault);
            }
        }
    }

    /// Every request of an action meets it, where no other fault is due.
    pub fn always(&self, action: &str, fault: Fault) {
        self.aws.world().script.add_always(action, fault);
    }

    /// Every request is lost, or none any more.
    pub fn be_silent(&self, silent: bool) {
        self.aws.world().script.set_silent(silent);
    }

    /// No more faults.
    pub fn relent(&self) {
        self.aws.world().script = crate::faults::Script::default();
    }

    /// How many scripted faults nobody has met yet.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.aws.world().script.left()
    }

    /// The caller may not do that: `ec2:RunInstances`. The policy simulator knows.
    pub fn deny(&self, permission: &str) {
        self.aws.world().permissions.denied.insert(permission.to_owned());
    }

    /// It may again.
    pub fn allow(&self, permission: &str) {
        self.aws.world().permissions.denied.remove(permission);
    }

    /// What Service Quotas says: `("ec2", "L-1216C47A", 64.0)`.
    pub fn set_quota(&self, service: &str, code: &str, value: f64) {
        self.aws.world().quotas.values.insert((service.to_owned(), code.to_owned()), value);
    }

    /// From now on each launch finds room for so many machines: as many start, if that is enough for its `MinCount`.
    pub fn set_room(&self, machines: u32) {
        self.aws.world().settings.room = machines;
    }

    /// A machine fails the health checks of balancers, or passes them again.
    pub fn set_healthy(&self, machine: &str, healthy: bool) {
        let world = &mut *self.aws.world();
        if healthy {
            world.targets.unhealthy.remove(machine)
        } else {
            world.targets.unhealthy.insert(machine.to_owned())
        };
    }
}

/// What happened.
impl Double {
    /// How many requests of each action reached it, lost and refused ones included.
    #[must_use]
    pub fn taken(&self) -> BTreeMap<String, u64> {
        self.aws.world().log.counts()
    }

    /// Counts from nothing again.
    pub fn reset_counts(&self) {
        self.aws.world().log.reset_counts();
    }

    /// Every request in the order they came, and what became of it.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.aws.world().log.entries()
    }
}
