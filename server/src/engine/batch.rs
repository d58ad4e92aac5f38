//! Calls of several turns that become one: a class stops at the bell with a few requests instead of three hundred.
//!
//! ```text
//!  first turn ──► draws for the request and its machine ──► opens a batch, waits a moment ──► one call ──► an answer each
//!  other turns ─► sit down in the open batch ──► draw for their machines only ──┘
//! ```
//!
//! A seat is taken before the draw and given up if the draw says "later"; the call begins when every seat is filled or given up, so its members
//! are fixed before it. Each member has written down what it is about to do, as for a call of its own. Machines are not launched in batches:
//! those of one launch share their user-data, and ours each have a token in it. Lists need none: the shared look is one list for all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app::domain::ids::CloudId;
use cloud::{Call, Cloud, CloudError, Deletion, Fate};
use tokio::sync::{mpsc, oneshot};

use super::clouds::Handle;

/// How long a batch stays open: less than anybody notices, enough for the turns of one moment.
const OPEN_FOR: Duration = Duration::from_millis(35);

type Answer = Result<Deletion, CloudError>;
type Open = Arc<Mutex<HashMap<(CloudId, Call), mpsc::UnboundedSender<Member>>>>;

struct Member {
    machine: String,
    answer: oneshot::Sender<Answer>,
}

/// The batches that are open, by cloud and call.
#[derive(Clone, Default)]
pub struct Batches(Open);

/// A place for one call: in a batch that is open, at the head of a new one, or by itself.
pub struct Seat {
    open: Open,
    of: (CloudId, Call),
    cloud: Arc<dyn Cloud>,
    joined: Option<mpsc::UnboundedSender<Member>>,
}

impl Batches {
    /// Sits down.
    #[must_use]
    pub fn seat(&self, cloud: CloudId, handle: &Handle, call: Call) -> Seat {
        let joined = self.0.lock().expect("no panic while it is held").get(&(cloud, call)).cloned();
        Seat { open: self.0.clone(), of: (cloud, call), cloud: handle.cloud.clone(), joined }
    }
}

impl Seat {
    /// What has to be drawn for it.
    #[must_use]
    pub fn draws(&self) -> &'static [&'static str] {
        if self.joined.is_some() { self.cloud.draws_in_batch(self.of.1) } else { self.cloud.draws(self.of.1) }
    }

    /// Makes the call, of its own or with others.
    ///
    /// # Errors
    /// As the cloud; [`Fate::TryAgain`] if the turn that led the batch ended in the middle of it.
    pub async fn call(self, machine: &str) -> Answer {
        if self.cloud.draws_in_batch(self.of.1).is_empty() {
            return one(self.cloud.as_ref(), self.of.1, machine).await;
        }
        let Some(batch) = self.joined else { return self.lead(machine).await };
        let (answer, heard) = oneshot::channel();
        let lost = || CloudError::new(Fate::TryAgain, "batch_lost", "the turn that made the call for several ended in the middle of it");
        batch.send(Member { machine: machine.to_owned(), answer }).map_err(|_| lost())?;
        drop(batch);
        heard.await.unwrap_or_else(|_| Err(lost()))
    }

    async fn lead(self, machine: &str) -> Answer {
        let (batch, mut seats) = mpsc::unbounded_channel();
        self.open.lock().expect("no panic while it is held").insert(self.of, batch.clone());
        tokio::time::sleep(OPEN_FOR).await;
        self.close(&batch);
        drop(batch);
        let (mut machines, mut waiting) = (vec![machine.to_owned()], Vec::new());
        while let Some(Member { machine, answer }) = seats.recv().await {
            machines.push(machine);
            waiting.push(answer);
        }
        let mut answers = self.cloud.several(self.of.1, &machines).await.into_iter();
        let missing = || CloudError::new(Fate::TryAgain, "no_answer", "the cloud answered for fewer machines than it was asked for");
        let own = answers.next().unwrap_or_else(|| Err(missing()));
        for member in waiting {
            // Whoever does not listen any more lost its claim.
            member.send(answers.next().unwrap_or_else(|| Err(missing()))).ok();
        }
        own
    }

    /// Nobody sits down any more; another batch may have been opened in its place meanwhile.
    fn close(&self, batch: &mpsc::UnboundedSender<Member>) {
        let mut open = self.open.lock().expect("no panic while it is held");
        if open.get(&self.of).is_some_and(|known| known.same_channel(batch)) {
            open.remove(&self.of);
        }
    }
}

async fn one(cloud: &dyn Cloud, call: Call, id: &str) -> Answer {
    match call {
        Call::Delete(kind) => cloud.delete(kind, id).await,
        Call::Start => cloud.start(id).await.map(|()| Deletion::Done(None)),
        Call::Stop => cloud.stop(id).await.map(|()| Deletion::Done(None)),
        Call::List | Call::Create(_) => Err(CloudError::new(Fate::Final, "not_of_a_machine", "it is nothing that is done to a machine")),
    }
}
