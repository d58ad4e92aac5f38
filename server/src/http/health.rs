//! `/healthz`: the process is alive. `/readyz`: it can serve (the database answers). `/metrics`: see there.

use axum::extract::State;
use axum::http::StatusCode;

use super::Site;
use super::metrics::metrics;
use super::routes::Route;

/// All of them.
#[must_use]
pub fn routes() -> Vec<Route> {
    vec![Route::get("/healthz", || async { "alive\n" }), Route::get("/readyz", ready), Route::get("/metrics", metrics)]
}

async fn ready(State(site): State<Site>) -> Result<&'static str, (StatusCode, &'static str)> {
    let answers = async { crate::db::now(&mut *site.engine.pool.acquire().await?).await };
    match answers.await {
        Ok(_) => Ok("ready\n"),
        Err(_) => Err((StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")),
    }
}
