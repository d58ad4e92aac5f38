//! `/healthz`: the process is alive. `/readyz`: it can serve (the database answers). `/metrics`: see there.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use super::Site;
use super::metrics::metrics;

/// All of them.
pub fn routes() -> Router<Site> {
    Router::new().route("/healthz", get(|| async { "alive\n" })).route("/readyz", get(ready)).route("/metrics", get(metrics))
}

async fn ready(State(site): State<Site>) -> Result<&'static str, (StatusCode, &'static str)> {
    let answers = async { crate::db::now(&mut *site.engine.pool.acquire().await?).await };
    match answers.await {
        Ok(_) => Ok("ready\n"),
        Err(_) => Err((StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")),
    }
}
