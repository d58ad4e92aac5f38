//! The Incus REST API over its unix socket: one connection per request, every wait under the call's deadline.
//!
//! ```text
//!  ask ──► 200 metadata                     done
//!      ──► 202 /1.0/operations/<id> ──► wait_for ──► Done | StillRunning
//!      ──► 4xx, 5xx                 ──► Trouble::Refused, read by `trouble.rs`
//! ```
//!
//! Nothing is repeated in here.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::trouble::Trouble;

/// No answer of Incus that we ask for is larger; one that is would be somebody else's mistake.
const LARGEST_ANSWER: usize = 64 << 20;

/// The moment by which a call has answered, whatever happens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// This deadline, or an earlier one.
    pub(crate) fn within(self, time: Duration) -> Self {
        Self(self.0.min(Instant::now() + time))
    }

    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// A socket and a project.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    socket: PathBuf,
    project: String,
}

/// What a request that was accepted gave back.
#[derive(Debug)]
pub(crate) struct Answer {
    metadata: Value,
    operation: Option<String>,
}

impl Answer {
    /// The id of the operation that the request began.
    pub(crate) fn operation_id(&self) -> Option<&str> {
        self.operation.as_deref().and_then(|path| path.rsplit('/').next())
    }
}

/// How an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    StillRunning,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    operation: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_code: u16,
    #[serde(default)]
    metadata: Value,
}

#[derive(Deserialize)]
struct Operation {
    status_code: u16,
    #[serde(default)]
    err: String,
}

impl Client {
    pub(crate) fn new(socket: PathBuf, project: String) -> Self {
        Self { socket, project }
    }

    /// What is at a path.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, by: Deadline) -> Result<T, Trouble> {
        let answer = self.ask(Method::GET, path, None, by).await?;
        serde_json::from_value(answer.metadata).map_err(|cause| Trouble::unreadable(path, cause))
    }

    /// What is at a path, if anything is.
    pub(crate) async fn find<T: DeserializeOwned>(&self, path: &str, by: Deadline) -> Result<Option<T>, Trouble> {
        match self.get(path, by).await {
            Ok(found) => Ok(Some(found)),
            Err(trouble) if trouble.is_missing() => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Sends a request and, if it began an operation, waits for its end.
    pub(crate) async fn run(&self, method: Method, path: &str, body: Option<Value>, by: Deadline) -> Result<Outcome, Trouble> {
        let answer = self.ask(method, path, body, by).await?;
        match answer.operation_id() {
            Some(id) => self.wait_for(id, by).await,
            None => Ok(Outcome::Done),
        }
    }

    /// Waits for the end of an operation, as long as the deadline lets it.
    pub(crate) async fn wait_for(&self, operation: &str, by: Deadline) -> Result<Outcome, Trouble> {
        loop {
            // Incus counts whole seconds; the last one is ours, so that "still running" reaches the caller as an answer.
            let seconds = by.left().as_secs().saturating_sub(1);
            let path = format!("/1.0/operations/{operation}/wait?timeout={seconds}");
            let state = match self.get::<Operation>(&path, by).await {
                // Incus says so of a wait that is over and of an operation that ran out of time: look which.
                Err(trouble) if trouble.is_timeout() => match self.glance(operation, by).await? {
                    Outcome::StillRunning if seconds > 0 => continue,
                    end => return Ok(end),
                },
                state => state?,
            };
            match state.status_code {
                200 => return Ok(Outcome::Done),
                400.. => return Err(Trouble::failed(&state.err)),
                _ if seconds == 0 => return Ok(Outcome::StillRunning),
                _ => {}
            }
        }
    }

    /// How an operation is; one that Incus has forgotten is over.
    pub(crate) async fn glance(&self, operation: &str, by: Deadline) -> Result<Outcome, Trouble> {
        match self.find::<Operation>(&format!("/1.0/operations/{operation}"), by).await? {
            Some(state) if state.status_code >= 400 => Err(Trouble::failed(&state.err)),
            Some(state) if state.status_code != 200 => Ok(Outcome::StillRunning),
            _ => Ok(Outcome::Done),
        }
    }

    /// Sends one request.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<Value>, by: Deadline) -> Result<Answer, Trouble> {
        let exchange = self.exchange(method, path, body);
        match tokio::time::timeout(by.left(), exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::silent(format!("no answer to {path} within the call's time"))),
        }
    }

    /// What a file of an instance that runs holds.
    pub(crate) async fn file(&self, instance: &str, path: &str, by: Deadline) -> Result<Bytes, Trouble> {
        let path = format!("/1.0/instances/{instance}/files?path={path}");
        match tokio::time::timeout(by.left(), self.send(Method::GET, &path, None)).await {
            Ok(Ok((200, bytes))) => Ok(bytes),
            Ok(Ok((status, said))) => Err(Trouble::refused(status, &String::from_utf8_lossy(&said))),
            Ok(Err(trouble)) => Err(trouble),
            Err(_) => Err(Trouble::silent(format!("no answer to {path} within the call's time"))),
        }
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<Value>) -> Result<Answer, Trouble> {
        let (status, bytes) = self.send(method, path, body).await?;
        let envelope: Envelope = serde_json::from_slice(&bytes).map_err(|cause| Trouble::unreadable(path, cause))?;
        if status >= 400 || envelope.error_code >= 400 {
            return Err(Trouble::refused(envelope.error_code.max(status), &envelope.error));
        }
        let operation = Some(envelope.operation).filter(|path| !path.is_empty());
        Ok(Answer { metadata: envelope.metadata, operation })
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<(u16, Bytes), Trouble> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|cause| Trouble::unreachable(&self.socket, cause))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Trouble::broken)?;
        let connection = tokio::spawn(connection);

        let joint = if path.contains('?') { '&' } else { '?' };
        let request = Request::builder()
            .method(method)
            .uri(format!("{path}{joint}project={}", self.project))
            .header("host", "incus")
            .header("content-type", "application/json")
            .body(Full::new(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()))))
            .map_err(|cause| Trouble::unreadable(path, cause))?;
        let response = sender.send_request(request).await.map_err(Trouble::broken)?;
        let status = response.status().as_u16();
        let bytes = Limited::new(response.into_body(), LARGEST_ANSWER).collect().await.map_err(Trouble::cut_short)?.to_bytes();
        connection.abort();
        Ok((status, bytes))
    }
}
