//! Clouds in our nouns: what the loop asks of any of them, and the simulator.
//!
//! A cloud has few verbs: list what carries our tags, create from an intent, change, delete. Every verb may be repeated: a create is
//! idempotent by the intent's name or token, or the cloud crate looks it up by tag before it acts again; a delete of what is gone
//! already is done. Types of a provider never leave its crate.
//!
//! An error tells its fate where it happens ([`Fate`]); there are no retry loops in here, the loop above decides.

pub mod call;
pub mod dns;
pub mod error;
mod finding;
pub mod nature;
pub mod order;
pub mod seen;
mod shared;
pub mod sim;
pub mod tag;

use async_trait::async_trait;
use time::OffsetDateTime;
use uuid::Uuid;

pub use call::{Allowance, Call};
pub use dns::{Dns, Named};
pub use error::{CloudError, Fate};
pub use finding::Finding;
pub use nature::Nature;
pub use order::{Asks, Create, ImageSource, Launch, Member, Opening, Passage, Record, Size};
pub use seen::{Boot, Deletion, Health, MachineState, Metrics, Observed, Seen};
pub use shared::Shared;
pub use sim::Clock;
pub use tag::{EnvironmentTag, Intent, Kind, Meter, Tags};

/// One account in one region, one Incus project, or a simulator.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// What it is like, as far as plans differ by it.
    fn nature(&self) -> &Nature;

    /// How many calls the provider takes from this account. None: as many as it can bear.
    fn allowances(&self) -> &'static [Allowance] {
        &[]
    }

    /// The allowances that a call draws one token from each, by their action.
    fn draws(&self, _call: Call) -> &'static [&'static str] {
        &[]
    }

    /// The allowances that each machine draws from in a call for several; one token more is drawn for the call, from the others. None: such
    /// calls are made one by one.
    fn draws_in_batch(&self, _call: Call) -> &'static [&'static str] {
        &[]
    }

    /// Everything in the cloud that carries the tags of this environment.
    ///
    /// # Errors
    /// As [`Cloud::list_kinds`].
    async fn list(&self, environment: &EnvironmentTag) -> Result<Vec<Seen>, CloudError> {
        self.list_kinds(environment, &self.nature().kinds).await
    }

    /// The same, of these kinds only.
    ///
    /// # Errors
    /// [`CloudError`]; an answer is always whole, never a part of the list.
    async fn list_kinds(&self, environment: &EnvironmentTag, kinds: &[Kind]) -> Result<Vec<Seen>, CloudError>;

    /// Everything in the cloud that carries this installation's tag, of every environment. The shared poller and the sweep ask this.
    ///
    /// # Errors
    /// As [`Cloud::list_kinds`].
    async fn list_all(&self) -> Result<Vec<Seen>, CloudError>;

    /// The same as far as it can be said just now, and the kinds of which nothing can be, with the reason: whoever keeps names beside a cloud may not answer,
    /// and machines must not wait for that.
    ///
    /// # Errors
    /// As for [`Self::list_all`].
    async fn list_what_answers(&self) -> Result<(Vec<Seen>, Vec<(Kind, CloudError)>), CloudError> {
        Ok((self.list_all().await?, Vec::new()))
    }

    /// Makes what the intent asks for, or finds it made already. Returns as soon as the cloud has taken the order; a machine may
    /// still be starting.
    ///
    /// # Errors
    /// [`CloudError`] with its fate. After [`Fate::TryAgain`] it is unknown whether it was made: the same intent is sent again.
    async fn create(&self, intent: &Intent, create: &Create) -> Result<Seen, CloudError>;

    /// Launches several machines by one call: the names of those that there was room for, each at its member's place. Takes an order that
    /// was taken before for the same.
    ///
    /// # Errors
    /// [`CloudError`] with its fate, as [`Cloud::create`]; none was made then.
    async fn launch(&self, _launch: &Launch) -> Result<Vec<Option<String>>, CloudError> {
        Err(CloudError::new(Fate::Final, "not_together", "machines are launched one by one here"))
    }

    /// Gives a machine that was launched with others to its environment: its tags, its disk's intent, its firewall.
    ///
    /// # Errors
    /// [`CloudError`].
    async fn hand_over(&self, _machine: &str, _intent: &Intent, _disk: Option<Uuid>, _firewall: &str) -> Result<(), CloudError> {
        Err(CloudError::new(Fate::Final, "not_together", "machines are launched one by one here"))
    }

    /// Which machine an identity document is of, by the signature of whoever runs the cloud.
    ///
    /// # Errors
    /// Why it proves nothing, for staff.
    fn prove(&self, _document: &str, _now: OffsetDateTime) -> Result<String, String> {
        Err("machines have no signed documents here".to_owned())
    }

    /// Starts a machine that is stopped. Done if it runs.
    async fn start(&self, machine: &str) -> Result<(), CloudError>;

    /// Stops a machine: orderly, and by force once half of the call's time has passed. Done if it is stopped.
    async fn stop(&self, machine: &str) -> Result<(), CloudError>;

    /// Deletes a resource by the name the cloud gave it. Done if it is gone.
    async fn delete(&self, kind: Kind, cloud_id: &str) -> Result<Deletion, CloudError>;

    /// Starts, stops or deletes several machines in one call, where [`Cloud::draws_in_batch`] says so. An answer for each, in their order.
    async fn several(&self, call: Call, machines: &[String]) -> Vec<Result<Deletion, CloudError>> {
        let no = || CloudError::new(Fate::Final, "not_in_batches", format!("{} takes one at a time", call.code()));
        machines.iter().map(|_| Err(no())).collect()
    }

    /// Images of this installation with their recipe, so that one baked earlier is found again.
    async fn image_by_recipe(&self, recipe: &str) -> Result<Option<String>, CloudError>;

    /// What the cloud measures of a machine; `None` while it is off.
    async fn metrics(&self, machine: &str) -> Result<Option<Metrics>, CloudError>;

    /// Whether an environment that is new would not get a name now; see [`Dns::is_taken`]. Where there are no names none is taken.
    ///
    /// # Errors
    /// [`CloudError`].
    async fn is_name_taken(&self, _name: &str) -> Result<bool, CloudError> {
        Ok(false)
    }

    /// The name servers that the world asks for the names of machines; see [`Dns::name_servers`]. Where there are no names there are none.
    ///
    /// # Errors
    /// [`CloudError`].
    async fn name_servers(&self) -> Result<Vec<String>, CloudError> {
        Ok(Vec::new())
    }

    /// Whether the cloud answers, and what an operator should know of it (name and version).
    async fn describe(&self) -> Result<String, CloudError>;
}

/// The inside of machines that are not real: it is asked where a real machine would report and be probed.
pub trait Inside: Send + Sync {
    /// How a machine's boot goes.
    fn boot(&self, machine: &str) -> Option<Boot>;

    /// A machine's SSH host key, as `known_hosts` has it.
    fn host_key(&self, machine: &str) -> Option<String>;

    /// What a probe (`ssh`, `wordpress`, `basic_auth`, `container_web`, `ftp_tex`, `closed_ports`, `https`, `ftp_tls`) sees of a machine.
    ///
    /// # Errors
    /// What it saw instead.
    fn ask(&self, machine: &str, probe: &str) -> Result<(), String>;

    /// Which machine answers a visitor of a balancer, who was answered by this one before.
    ///
    /// # Errors
    /// What the visitor saw instead.
    fn visit(&self, _balancer: &str, _before: Option<&str>) -> Result<String, String> {
        Err("nobody visits here".to_owned())
    }

    /// What on a machine's disk differs from its image, as it would be backed up; `None`: it is not running.
    fn work(&self, _machine: &str) -> Option<Vec<u8>> {
        None
    }

    /// Whether its agent carries out orders.
    fn obeys(&self, _machine: &str) -> bool {
        true
    }

    /// Starts the units of a service again.
    fn restart(&self, machine: &str, service: &str);

    /// Whether it also answers what the world's name servers would be asked (`name`): where names are not real either.
    fn knows_names(&self) -> bool {
        false
    }
}
