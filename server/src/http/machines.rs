//! The machine door, `/machines/v1` (docs/machines.md).

mod backups;

use std::time::Duration;

use app::domain::desk::Use;
use app::domain::ids::{CloudId, MachineId};
use aws_lc_rs::rand::fill;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tracing::{error, warn};

use super::Site;
use super::routes::Route;
use crate::backup::BLOCK;
use crate::db::machines::{self, StepState};
use crate::db::{self, backups as backups_of, desk, environments, events, samples, world};
use crate::engine::backup::ended_by_order;
use crate::machine::certificate::Certificate;
use crate::machine::{bundle, progress, secrets, settings, signature};
use crate::wish::spec::hex;

/// The longest text that is kept of a machine's report: the far end is a student's machine.
const LINE: usize = 500;
const LINES: usize = 20;
/// A boot has about twenty; whoever is root on a machine must not fill our disk.
const EVENTS_AN_HOUR: i64 = 500;
/// An order waits this long for the machine's next poll.
const POLL: Duration = Duration::from_secs(25);

/// All routes, under `/machines/v1`.
#[must_use]
pub fn routes() -> Vec<Route> {
    let bundle = || async { ([(header::CONTENT_TYPE, "application/x-tar")], bundle::TAR.as_slice()) };
    vec![
        Route::get("/bundle", bundle),
        Route::post("/hello", hello),
        Route::get("/settings", settings_of),
        Route::post("/progress", report),
        Route::post("/facts", facts),
        Route::post("/signs", signs),
        Route::get("/orders", orders),
        Route::post("/orders/{number}", order_finished),
        Route::post("/backups/{backup}", backups::complete),
        Route::get("/backups/{backup}/blocks/{number}", backups::hand_out),
        Route::put("/backups/{backup}/blocks/{number}", backups::receive).with_body_up_to(BLOCK),
    ]
}

/// Why a machine got no answer.
enum Refusal {
    /// Signature or machine unknown.
    Unknown,
    /// It was replaced: it should be silent.
    Replaced,
    /// What it sent cannot be read.
    Malformed,
    /// It tells more than any honest machine has to tell.
    TooMuch,
    /// Not now.
    Later,
    /// No, for this reason.
    Said(StatusCode, String),
    /// Our fault.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // `Date` lets a machine whose clock is off find that out.
        let date =
            OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc2822).unwrap_or_default().replace("+0000", "GMT");
        let status = match self {
            Self::Said(status, said) => return (status, [(header::DATE, date)], said).into_response(),
            Self::Unknown => StatusCode::UNAUTHORIZED,
            Self::Replaced => StatusCode::GONE,
            Self::Malformed => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMuch => StatusCode::TOO_MANY_REQUESTS,
            Self::Later => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed(cause) => {
                error!(cause = format!("{cause:#}"), "a machine's request failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        (status, [(header::DATE, date), (header::RETRY_AFTER, "1".to_owned())]).into_response()
    }
}

/// A machine that proved who it is, with the body that it signed.
struct Signed {
    machine: machines::Row,
    body: Bytes,
}

impl Signed {
    fn json<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Refusal> {
        serde_json::from_slice(&self.body).map_err(|_| Refusal::Malformed)
    }
}

impl FromRequest<Site> for Signed {
    type Rejection = Refusal;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Refusal> {
        let text = |headers: &HeaderMap, name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let headers = request.headers();
        let id: MachineId = text(headers, "koza-machine").and_then(|id| id.parse().ok()).ok_or(Refusal::Unknown)?;
        let timestamp: i64 = text(headers, "koza-timestamp").and_then(|time| time.parse().ok()).ok_or(Refusal::Unknown)?;
        let given = text(headers, "koza-signature").ok_or(Refusal::Unknown)?;
        let method = request.method().as_str().to_owned();
        // The router took "/machines/v1" off; what was signed is what was sent.
        let path = request
            .extensions()
            .get::<axum::extract::OriginalUri>()
            .map_or_else(|| request.uri().clone(), |original| original.0.clone())
            .path_and_query()
            .map_or_else(String::new, ToString::to_string);
        let body = Bytes::from_request(request, site).await.map_err(|_| Refusal::Malformed)?;

        let mut db = site.engine.pool.acquire().await?;
        let machine = machines::find(&mut db, id).await?.ok_or(Refusal::Unknown)?;
        let sealed = machine.secret.as_deref().ok_or(Refusal::Unknown)?;
        let secret = site.engine.vault.open(&place(id), sealed)?;
        let message = signature::message(&method, &path, timestamp, &body);
        if !signature::is_valid(secret.expose_secret(), &message, &given, timestamp, db::now(&mut db).await?) {
            return Err(Refusal::Unknown);
        }
        if machine.is_gone {
            return Err(Refusal::Replaced);
        }
        Ok(Self { machine, body })
    }
}

fn place(machine: MachineId) -> String {
    format!("machine|{machine}|secret")
}

#[derive(Deserialize)]
struct Hello {
    #[serde(flatten)]
    proof: Proof,
    nonce: String,
    #[serde(default)]
    release: String,
}

/// How a machine proves which one it is.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Proof {
    /// By the one-time token that it was handed.
    Token(String),
    /// By a document that its cloud signed: it was launched with others.
    Document(String),
}

#[derive(Serialize)]
struct Identity {
    machine: MachineId,
    secret: String,
}

/// Whose row to look for.
enum Shown {
    Token(Vec<u8>),
    Machine(CloudId, String),
}

async fn hello(State(site): State<Site>, Json(hello): Json<Hello>) -> Result<Response, Refusal> {
    let shown = match &hello.proof {
        Proof::Token(token) => Shown::Token(secrets::hash(token)),
        Proof::Document(document) => match site.engine.clouds.prove(&site.engine.pool, document).await? {
            Ok((cloud, machine)) => Shown::Machine(cloud, machine),
            Err(why) => {
                warn!(why, "a document proves nothing");
                return Err(Refusal::Unknown);
            }
        },
    };
    let mut tx = site.engine.pool.begin().await?;
    let machine = match &shown {
        Shown::Token(hash) => machines::by_token(&mut tx, hash).await?,
        Shown::Machine(cloud, name) => machines::launched_as(&mut tx, *cloud, name).await?,
    };
    let Some(machine) = machine else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    if machine.is_gone {
        return Err(Refusal::Replaced);
    }
    let nonce = secrets::hash(&hello.nonce);
    let secret = match (&machine.secret, &machine.nonce_hash) {
        // The same nonce asks again: its answer was lost.
        (Some(sealed), Some(known)) if *known == nonce => site.engine.vault.open(&place(machine.id), sealed)?.expose_secret().to_owned(),
        (Some(_), _) => {
            // Somebody on the machine read what it proves itself by, too late. Worth knowing, harmless.
            warn!(machine.id = %machine.id, environment.id = %machine.environment, "a used proof was shown again with another nonce");
            return Ok(StatusCode::CONFLICT.into_response());
        }
        (None, _) => {
            let mut bytes = [0; 32];
            fill(&mut bytes).map_err(|_| anyhow::anyhow!("no randomness"))?;
            let secret = hex(&bytes);
            let sealed = site.engine.vault.seal(&place(machine.id), secret.as_bytes());
            let release: String = hello.release.chars().take(LINE).collect();
            machines::greeted(&mut tx, machine.id, &nonce, &sealed, &release).await?;
            secret
        }
    };
    tx.commit().await?;
    Ok(Json(Identity { machine: machine.id, secret }).into_response())
}

async fn settings_of(State(site): State<Site>, signed: Signed) -> Result<Json<Value>, Refusal> {
    // A machine may be quicker than its address: it waits here rather than with a timer of its own.
    for _ in 0..100 {
        let mut db = site.engine.pool.acquire().await?;
        let known = world::load(&mut db, signed.machine.environment).await?;
        let handle = site.engine.clouds.get(&site.engine.pool, known.cloud).await.map_err(|_| Refusal::Later)?;
        let asker = settings::Asker::new(&known, handle.cloud.nature(), signed.machine.slot);
        if let Some(settings) = settings::settings(&mut db, &site.engine.vault, &known, &asker).await? {
            machines::told(&mut db, signed.machine.id, &asker.host_names, asker.first.text()).await?;
            return Ok(Json(settings));
        }
        drop(db);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Err(Refusal::Later)
}

#[derive(Deserialize)]
struct Report {
    boot: String,
    steps: Vec<ReportedStep>,
}

#[derive(Deserialize)]
struct ReportedStep {
    step: String,
    state: String,
    #[serde(default)]
    ms: u32,
    #[serde(default)]
    log: Vec<String>,
}

async fn report(State(site): State<Site>, signed: Signed) -> Result<StatusCode, Refusal> {
    let report: Report = signed.json()?;
    let boot = short(&report.boot, 64);
    let (machine, environment) = (signed.machine.id, signed.machine.environment);
    let mut tx = site.engine.pool.begin().await?;
    // The environment's row before the machine's, as a worker locks them.
    environments::lock(&mut tx, environment).await?;
    // A copy's steps are no events.
    let told = match signed.machine.slot {
        1 => events::told_by_machine(&mut tx, environment).await?,
        _ => machines::steps_within_an_hour(&mut tx, machine).await?,
    };
    if told > EVENTS_AN_HOUR {
        return Err(Refusal::TooMuch);
    }
    machines::booting(&mut tx, machine, &boot).await?;
    for step in report.steps.iter().take(100) {
        if !progress::is_step(&step.step) {
            return Err(Refusal::Malformed);
        }
        let state = match step.state.as_str() {
            "started" => StepState::Started,
            "done" => StepState::Done,
            "failed" => StepState::Failed,
            _ => return Err(Refusal::Malformed),
        };
        let skip = step.log.len().saturating_sub(LINES);
        let log: Vec<String> = step.log.iter().skip(skip).map(|line| short(line, LINE)).collect();
        progress::step(&mut tx, environment, (machine, signed.machine.slot), &boot, &short(&step.step, 80), state, step.ms, &log).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Facts {
    #[serde(default)]
    host_keys: Vec<String>,
    #[serde(default)]
    certificate: Option<Certificate>,
    #[serde(default)]
    knows_copies: bool,
    #[serde(default)]
    knows_backups: bool,
    #[serde(default)]
    knows_serving: bool,
}

async fn facts(State(site): State<Site>, signed: Signed) -> Result<StatusCode, Refusal> {
    let facts: Facts = signed.json()?;
    // Only what reads as a key: the line is handed to people for their known_hosts file.
    let keys: Vec<String> = facts
        .host_keys
        .iter()
        .take(8)
        .filter_map(|line| ssh_key::PublicKey::from_openssh(line).ok())
        .filter_map(|mut key| {
            key.set_comment("");
            key.to_openssh().ok()
        })
        .collect();
    let (machine, environment) = (signed.machine.id, signed.machine.environment);
    let mut tx = site.engine.pool.begin().await?;
    environments::lock(&mut tx, environment).await?;
    let knows = machines::Knows { copies: facts.knows_copies, backups: facts.knows_backups, serving: facts.knows_serving };
    machines::facts(&mut tx, machine, &keys, knows).await?;
    if let Some(certificate) = facts.certificate.map(Certificate::checked) {
        let (before, is_fresh) = machines::certificate(&mut tx, machine).await?;
        if before.as_ref() != Some(&certificate) {
            // Pages and the loop follow each change: whoever is root there may not make many.
            if is_fresh {
                return Err(Refusal::TooMuch);
            }
            machines::set_certificate(&mut tx, machine, &certificate).await?;
            events::tell_live_pages(&mut tx, environment).await?;
            if !before.is_some_and(|before| before.serves_like(&certificate)) {
                db::wake(&mut tx, environment.0).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn signs(State(site): State<Site>, signed: Signed) -> Result<StatusCode, Refusal> {
    let signs: serde_json::Map<String, Value> = signed.json()?;
    let minute = signs.get("minute").and_then(Value::as_i64).ok_or(Refusal::Malformed)?;
    let at = OffsetDateTime::from_unix_timestamp(minute.saturating_mul(60)).map_err(|_| Refusal::Malformed)?;
    let mut tx = site.engine.pool.begin().await?;
    backups_of::goes_on(&mut tx, signed.machine.id).await?;
    if (db::now(&mut tx).await? - at).abs() > time::Duration::hours(25) {
        return Err(Refusal::Malformed);
    }
    for signal in ["http_requests", "ftp_transfers", "logins", "tex_runs", "load_milli", "open_sessions"] {
        // What the machine could not read it left out: unknown, never zero.
        if let Some(value) = signs.get(signal).and_then(Value::as_i64).and_then(|value| i32::try_from(value).ok()) {
            let signal = samples::of_machine(signal, signed.machine.slot);
            samples::write(&mut tx, signed.machine.environment, &signal, at, value).await?;
        }
    }
    let is_used = |(signal, _): &(&str, Use)| signs.get(*signal).and_then(Value::as_i64).is_some_and(|value| value > 0);
    if let Some((_, what)) = Use::ALL.into_iter().rfind(is_used) {
        desk::used(&mut tx, signed.machine.environment, what, at).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: i64,
}

async fn orders(State(site): State<Site>, Query(after): Query<After>, signed: Signed) -> Result<Json<Value>, Refusal> {
    let mut heard = site.live.orders();
    let deadline = tokio::time::Instant::now() + POLL;
    loop {
        let orders = machines::orders_after(&mut *site.engine.pool.acquire().await?, signed.machine.id, after.after).await?;
        if !orders.is_empty() || tokio::time::Instant::now() >= deadline || site.live.is_ended() {
            return Ok(Json(json!({ "orders": orders })));
        }
        heard.wait_for(signed.machine.id.0, deadline).await;
    }
}

#[derive(Deserialize)]
struct Finished {
    state: String,
    #[serde(default)]
    detail: String,
}

async fn order_finished(State(site): State<Site>, Path(number): Path<i64>, signed: Signed) -> Result<StatusCode, Refusal> {
    let finished: Finished = signed.json()?;
    if !matches!(finished.state.as_str(), "done" | "failed") {
        return Err(Refusal::Malformed);
    }
    let detail = short(&finished.detail, LINE);
    let mut tx = site.engine.pool.begin().await?;
    environments::lock(&mut tx, signed.machine.environment).await?;
    let order = machines::order_finished(&mut tx, signed.machine.id, number, &finished.state, &detail).await?;
    if let Some(order) = order
        && let Some(id) = order.args["backup"].as_str().and_then(|id| id.parse().ok())
    {
        let failed = (finished.state == "failed").then_some(detail.as_str());
        ended_by_order(&mut tx, signed.machine.id, &order.kind, id, failed).await?;
    }
    db::wake(&mut tx, signed.machine.environment.0).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn short(text: &str, most: usize) -> String {
    text.chars().filter(|letter| !letter.is_control() || *letter == '\t').take(most).collect()
}
