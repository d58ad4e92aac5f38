//! Every endpoint, asked by everybody.
//!
//! ```text
//!  the program's own lists: pages, server functions, routes ─┐
//!                                                            ├─► the same, or the test names what is missing
//!  endpoints.rs: one row each, that says how it is asked ────┘
//!       │
//!       └─► the router, with the cookie that signing in gave ─► role × endpoint, one golden file
//! ```
//!
//! Each cell starts from the same state: a copy of one database, made anew once somebody changed it.

mod endpoints;
mod everybody;

use std::collections::BTreeSet;
use std::fmt::Write;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use server::http;
use sqlx::PgPool;
use tower::ServiceExt;

use self::endpoints::{Endpoint, Way, endpoints};
use self::everybody::{Cast, Role, Stage};

/// What the program answers to browsers and to machines, by its own lists.
fn answered() -> BTreeSet<(Method, String)> {
    let pages = http::PAGES.iter().map(|page| (Method::GET, page.path().to_owned()));
    let functions = leptos::server_fn::axum::server_fn_paths().map(|(path, method)| (method, path.to_owned()));
    let routes = http::downloads().into_iter().chain(http::health::routes()).map(|route| (route.method, route.path.to_owned()));
    let machines = http::machines::routes().into_iter().map(|route| (route.method, format!("/machines/v1{}", route.path)));
    pages.chain(functions).chain(routes).chain(machines).collect()
}

fn request(endpoint: &Endpoint, cookie: Option<&str>) -> Request<Body> {
    let mut request = Request::builder().method(&endpoint.method).uri(&endpoint.uri);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let (accept, kind) = match endpoint.way {
        Way::Page => ("text/html", ""),
        Way::Form => ("application/json", "application/x-www-form-urlencoded"),
        Way::Json => ("application/json", "application/json"),
        Way::File => ("text/html", "multipart/form-data; boundary=end"),
    };
    let body = match endpoint.way {
        Way::File => format!("--end\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n{}\r\n--end--\r\n", endpoint.body),
        _ => endpoint.body.clone(),
    };
    let request = request.header(header::ACCEPT, accept).header(header::CONTENT_TYPE, kind);
    request.body(Body::from(body)).expect("a request")
}

/// A word for what came of it.
async fn outcome(endpoint: &Endpoint, answer: Response<Body>) -> String {
    let (parts, body) = answer.into_parts();
    let leads_to = |headers: &HeaderMap| headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    // A live page has no end.
    if parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream") {
        return "yes".into();
    }
    let body = to_bytes(body, 16 << 20).await.expect("the whole answer");
    let said = || serde_json::from_slice::<serde_json::Value>(&body).ok().and_then(|said| Some(said["code"].as_str()?.to_owned()));
    match parts.status {
        status if status.is_success() => "yes".into(),
        status if status.is_redirection() => match leads_to(&parts.headers) {
            to if to.starts_with("/sign-in") => "sign in".into(),
            to if to.contains("__err=") => "told".into(),
            _ => "led on".into(),
        },
        StatusCode::UNAUTHORIZED => match said().as_deref() {
            Some("sign_in_again") => "again".into(),
            Some("wrong_password") => "wrong".into(),
            _ => "sign in".into(),
        },
        StatusCode::FORBIDDEN => "no".into(),
        StatusCode::NOT_FOUND => "hidden".into(),
        StatusCode::CONFLICT => "not now".into(),
        StatusCode::UNPROCESSABLE_ENTITY => "invalid".into(),
        status => panic!("{} {}: {status} {}", endpoint.method, endpoint.uri, String::from_utf8_lossy(&body)),
    }
}

/// Asks once; the next one finds everything as it was.
async fn ask(stage: &mut Stage, endpoint: &Endpoint, cookie: Option<&str>) -> String {
    let answer = stage.door(endpoint.is_machines()).oneshot(request(endpoint, cookie)).await.expect("an answer");
    let outcome = outcome(endpoint, answer).await;
    if matches!(&*outcome, "yes" | "led on") && endpoint.changes {
        stage.reset().await;
    }
    outcome
}

/// A row for each endpoint.
struct Table {
    width: usize,
    text: String,
}

impl Table {
    fn new<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>, heads: &[Role]) -> Self {
        let width = endpoints.into_iter().map(|endpoint| endpoint.name().len()).max().unwrap_or_default() + 2;
        let mut table = Self { width, text: String::new() };
        if !heads.is_empty() {
            table.line("", heads.iter().map(|role| role.name()));
        }
        table
    }

    fn row(&mut self, endpoint: &Endpoint, cells: &[String]) {
        self.line(&endpoint.name(), cells.iter().map(String::as_str));
    }

    fn line<'a>(&mut self, name: &str, cells: impl Iterator<Item = &'a str>) {
        let mut line = format!("{name:width$}", width = self.width);
        for cell in cells {
            let _ = write!(line, "{cell:<10}");
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn who_may_ask_what_is_as_agreed_for_every_endpoint_that_there_is(pool: PgPool) {
    let cast = Cast::new(pool).await;
    let endpoints = endpoints(&cast);
    let asked: BTreeSet<_> = endpoints.iter().map(|endpoint| (endpoint.method.clone(), endpoint.path.to_owned())).collect();
    let answered = answered();
    let (unasked, unanswered): (Vec<_>, Vec<_>) = (answered.difference(&asked).collect(), asked.difference(&answered).collect());
    assert!(unasked.is_empty(), "nobody asks these: give each a row in endpoints.rs: {unasked:?}");
    assert!(unanswered.is_empty(), "rows of what is no endpoint (any more): {unanswered:?}");
    assert_eq!(asked.len(), endpoints.len(), "one row each");

    let mut stage = Stage::new(&cast).await;
    let mut table = Table::new(&endpoints, &Role::ALL);
    for endpoint in &endpoints {
        let mut cells = Vec::new();
        for role in Role::ALL {
            cells.push(ask(&mut stage, endpoint, cast.cookie(role)).await);
        }
        table.row(endpoint, &cells);
    }
    stage.end().await;
    insta::assert_snapshot!(table.text);
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn what_is_of_one_course_or_environment_is_not_reached_by_naming_another(pool: PgPool) {
    let cast = Cast::new(pool).await;
    let (id, theirs) = (cast.environment.to_string(), cast.theirs.to_string());
    let with = |endpoint: Endpoint, from: &str, to: &str| Endpoint {
        uri: endpoint.uri.replace(from, to),
        body: endpoint.body.replace(from, to),
        ..endpoint
    };
    let names = |endpoint: &Endpoint, what: &str| endpoint.uri.contains(what) || endpoint.body.contains(what);
    let names_any = |endpoint: &Endpoint, all: &[String]| all.iter().any(|one| names(endpoint, one));
    let of_course = cast.parts_of_course();
    let through_course = endpoints(&cast)
        .into_iter()
        .filter(|endpoint| names(endpoint, "SYS-101") && names_any(endpoint, &of_course))
        .map(|endpoint| (Role::Elsewhere, with(endpoint, "SYS-101", "BIO-204")));
    let through_environment = endpoints(&cast)
        .into_iter()
        .filter(|endpoint| names(endpoint, &id) && names(endpoint, &cast.backup.to_string()))
        .map(|endpoint| (Role::Student, with(endpoint, &id, &theirs)));
    let rows: Vec<_> = through_course.chain(through_environment).collect();
    assert!(rows.len() > 8, "there are such");

    let stage = Stage::new(&cast).await;
    let mut table = Table::new(rows.iter().map(|(_, endpoint)| endpoint), &[]);
    let before = stage.seen_of(cast.environment).await;
    for (role, endpoint) in &rows {
        let answer = stage.door(false).oneshot(request(endpoint, cast.cookie(*role))).await.expect("an answer");
        let cell = outcome(endpoint, answer).await;
        // An act on many takes down none of another course's.
        assert_eq!(stage.seen_of(cast.environment).await, before, "{}", endpoint.name());
        table.row(endpoint, &[role.name().to_owned(), cell]);
    }
    stage.end().await;
    insta::assert_snapshot!(table.text);
}
