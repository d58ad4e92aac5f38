//! Calls of several turns that become one: a class stops at the bell with a few requests instead of three hundred.
//!
//! ```text
//!  first turn ──► draws for the request and its machine ──► opens a batch, waits a moment ──► one call ──► an answer each
//!  other turns ─► sit down in the open batch ──► draw for their machines only ──┘
//! ```
//!
//! A seat is taken before the draw and given up if the draw says "later"; the call begins when every seat is filled or given up, so its members
//! are fixed before it. Each member has written down what it is about to do, as for a call of its own. Launches are not repeated so easily, and
//! have rows instead (`launch`). Lists need none: the shared look is one list for all.

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
#[derive(Clone)]
pub struct Batches {
    open: Open,
    open_for: Duration,
}

impl Default for Batches {
    fn default() -> Self {
        Self { open: Open::default(), open_for: OPEN_FOR }
    }
}

/// A place for one call: in a batch that is open, at the head of a new one, or by itself.
pub struct Seat {
    batches: Batches,
    of: (CloudId, Call),
    cloud: Arc<dyn Cloud>,
    joined: Option<mpsc::UnboundedSender<Member>>,
}

impl Batches {
    /// Sits down.
    #[must_use]
    pub fn seat(&self, cloud: CloudId, handle: &Handle, call: Call) -> Seat {
        let open = self.open.lock().expect("no panic while it is held").get(&(cloud, call)).cloned();
        // Who led it may have ended before its time.
        let joined = open.filter(|batch| !batch.is_closed());
        Seat { batches: self.clone(), of: (cloud, call), cloud: handle.cloud.clone(), joined }
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
        self.batches.open.lock().expect("no panic while it is held").insert(self.of, batch.clone());
        tokio::time::sleep(self.batches.open_for).await;
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
        let mut open = self.batches.open.lock().expect("no panic while it is held");
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
        Call::List | Call::Create(_) | Call::Launch | Call::HandOver => {
            Err(CloudError::new(Fate::Final, "not_of_a_machine", "it is nothing that is done to a machine"))
        }
    }
}

#[cfg(test)]
mod tests {
    use cloud::sim::{SimCloud, SimSettings};
    use time::OffsetDateTime;

    use super::*;

    const STOP: Call = Call::Stop;

    struct Trial {
        batches: Batches,
        cloud: CloudId,
        handle: Handle,
        sim: Arc<SimCloud>,
    }

    impl Trial {
        fn new() -> Self {
            let settings = SimSettings { allowances: true, ..SimSettings::default() };
            let sim = Arc::new(SimCloud::new(settings, Arc::new(OffsetDateTime::now_utc)));
            // Long enough for those who come meanwhile to come.
            let batches = Batches { open_for: Duration::from_millis(500), ..Batches::default() };
            Self { batches, cloud: CloudId::new(), handle: Handle { cloud: sim.clone(), inside: Some(sim.clone()) }, sim }
        }

        fn seat(&self) -> Seat {
            self.batches.seat(self.cloud, &self.handle, STOP)
        }

        fn calls(&self) -> u64 {
            self.sim.taken(STOP)
        }
    }

    /// There are no machines in it: what counts is who hears what, and how often it was asked.
    fn answered(answer: &Answer) -> bool {
        answer.as_ref().is_err_and(|why| why.code == "instance_not_found")
    }

    #[tokio::test]
    async fn those_who_come_while_a_batch_is_open_share_its_call_and_need_no_request_of_their_own() {
        let trial = Trial::new();
        let first = trial.seat();
        assert_eq!(first.draws(), trial.handle.cloud.draws(STOP));
        let first = tokio::spawn(async move { first.call("one").await });
        tokio::task::yield_now().await;
        let (second, third, gives_up) = (trial.seat(), trial.seat(), trial.seat());
        assert_eq!(second.draws(), trial.handle.cloud.draws_in_batch(STOP));
        drop(gives_up);
        let (second, third) = tokio::join!(second.call("two"), third.call("three"));
        let first = first.await.expect("no panic");
        assert!([first, second, third].iter().all(answered));
        assert_eq!(trial.calls(), 1);
    }

    #[tokio::test]
    async fn who_waited_for_a_turn_that_ended_is_told_so_and_the_next_one_leads_anew() {
        let trial = Trial::new();
        let first = trial.seat();
        let first = tokio::spawn(async move { first.call("one").await });
        tokio::task::yield_now().await;
        let second = trial.seat();
        first.abort();
        first.await.expect_err("it was ended");
        assert_eq!(second.call("two").await.expect_err("nobody knows").fate, Fate::TryAgain);
        assert!(answered(&trial.seat().call("three").await));
        assert_eq!(trial.calls(), 1);
    }
}
