//! `/metrics`: what the queue and the environments look like, in Prometheus' text format. Counts only; no name of anybody or anything.
//!
//! Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt::Write;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

use super::Site;
use crate::db::gauges::{self, Gauges};

/// `GET /metrics`.
///
/// # Errors
/// 503 while the database does not answer.
pub async fn metrics(State(site): State<Site>) -> Result<impl IntoResponse, StatusCode> {
    let read = async { gauges::read(&mut *site.engine.pool.acquire().await?).await };
    let gauges = read.await.map_err(|_: sqlx::Error| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text(&gauges)))
}

fn text(gauges: &Gauges) -> String {
    let mut out = String::new();
    gauge(&mut out, "koza_environments", "Environments that are not removed, by what is asked for", "goal", &gauges.by_goal);
    gauge(&mut out, "koza_attention", "Environments that need attention, by reason", "code", &gauges.by_attention);
    gauge(&mut out, "koza_incidents", "What broke after Ready and is not mended yet, by fault", "fault", &gauges.by_fault);
    gauge(&mut out, "koza_chores", "Chores that are to be done, and those that failed for good", "state", &gauges.chores);
    gauge(&mut out, "koza_resources", "Resources that are held, by kind", "kind", &gauges.by_kind);
    for (name, help, value) in [
        ("koza_due", "Environments that are due and that nobody holds", gauges.due),
        ("koza_oldest_due_seconds", "How long the oldest of them has been due", gauges.oldest_due),
        ("koza_claimed", "Environments that a worker holds", gauges.claimed),
        ("koza_parked", "Environments that nobody takes up any more, because they ended their worker again and again", gauges.parked),
        ("koza_workers", "Workers that showed a sign of life within half a minute", gauges.workers),
    ] {
        let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
    }
    out
}

fn gauge(out: &mut String, name: &str, help: &str, label: &str, values: &[(String, f64)]) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n");
    for (value, count) in values {
        let _ = writeln!(out, "{name}{{{label}=\"{value}\"}} {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_comment_or_a_sample() {
        let gauges = Gauges {
            by_goal: vec![("running".to_owned(), 3.0)],
            by_attention: vec![],
            by_fault: vec![],
            chores: vec![],
            by_kind: vec![("machine".to_owned(), 2.0)],
            due: 1.0,
            oldest_due: 0.25,
            claimed: 0.0,
            parked: 0.0,
            workers: 1.0,
        };
        let text = text(&gauges);
        assert!(text.contains("koza_environments{goal=\"running\"} 3\n"), "{text}");
        assert!(text.contains("\nkoza_oldest_due_seconds 0.25\n"), "{text}");
        assert!(text.lines().all(|line| line.starts_with("# ") || line.starts_with("koza_")));
    }
}
