//! Changes of a zone: those that come while one is made wait together and become the next one.

use std::sync::Mutex;

use aws_sdk_route53::types::{Change, ChangeBatch, ChangeStatus};
use cloud::{CloudError, Fate};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::NOT_SO;
use crate::account::Clients;
use crate::trouble::{code, trouble};

/// Route 53 takes 32,000 characters of values in a batch, and a companion has up to 180: a record that changes names two of them.
const IN_ONE_BATCH: usize = 80;

struct Waiting {
    changes: Vec<Change>,
    answer: oneshot::Sender<Result<String, CloudError>>,
}

/// The line before a zone.
#[derive(Default)]
pub(super) struct Changes {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Changes {
    /// Makes these changes all together or not at all. Returns what Route 53 calls the change.
    pub(super) async fn make(&self, clients: &Clients, zone: &str, changes: Vec<Change>) -> Result<String, CloudError> {
        let (answer, mut heard) = oneshot::channel();
        self.waiting.lock().expect("no panic while it is held").push(Waiting { changes, answer });
        loop {
            let _turn = self.turn.lock().await;
            match heard.try_recv() {
                Ok(answer) => return answer,
                Err(TryRecvError::Closed) => {
                    return Err(CloudError::new(Fate::TryAgain, "batch_lost", "who made the change for several ended in the middle of it"));
                }
                Err(TryRecvError::Empty) => {}
            }
            let some = {
                let mut waiting = self.waiting.lock().expect("no panic while it is held");
                // Whoever does not listen any more asks again.
                waiting.retain(|one| !one.answer.is_closed());
                let count = waiting.len().min(IN_ONE_BATCH);
                waiting.drain(..count).collect()
            };
            make_all(clients, zone, some).await;
        }
    }
}

async fn make_all(clients: &Clients, zone: &str, waiting: Vec<Waiting>) {
    let together = waiting.iter().flat_map(|one| one.changes.iter().cloned()).collect();
    match send(clients, zone, together).await {
        // One that is not so spoils the batch for all.
        Err(error) if error.code == NOT_SO && waiting.len() > 1 => {
            for one in waiting {
                let answer = send(clients, zone, one.changes).await;
                one.answer.send(answer).ok();
            }
        }
        Err(error) => {
            for one in waiting {
                one.answer.send(Err(CloudError::new(error.fate, error.code, error.said.clone()))).ok();
            }
        }
        Ok(id) => {
            for one in waiting {
                one.answer.send(Ok(id.clone())).ok();
            }
        }
    }
}

async fn send(clients: &Clients, zone: &str, changes: Vec<Change>) -> Result<String, CloudError> {
    let batch = ChangeBatch::builder().set_changes(Some(changes)).build();
    let batch = batch.map_err(|error| CloudError::new(Fate::Final, "bad_order", error.to_string()))?;
    match clients.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await {
        Ok(answer) => Ok(answer.change_info.map(|change| change.id).unwrap_or_default()),
        Err(error) if code(&error) == "InvalidChangeBatch" => {
            Err(CloudError { code: NOT_SO, ..trouble("route53:ChangeResourceRecordSets", error) })
        }
        Err(error) => Err(trouble("route53:ChangeResourceRecordSets", error)),
    }
}

/// Whether every name server of the zone knows of a change. None: Route 53 does not know the change.
pub(super) async fn is_in_sync(clients: &Clients, change: &str) -> Result<Option<bool>, CloudError> {
    match clients.route53.get_change().id(change).send().await {
        Ok(answer) => Ok(Some(answer.change_info.is_some_and(|change| change.status == ChangeStatus::Insync))),
        Err(error) if code(&error) == "NoSuchChange" => Ok(None),
        Err(error) => Err(trouble("route53:GetChange", error)),
    }
}
