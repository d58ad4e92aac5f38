//! `koza serve`: both listeners, live pages, and a worker beside them.

use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

use crate::auth::password;
use crate::config::Serve;
use crate::db::courses;
use crate::engine::{Engine, worker};
use crate::http::{self, Site, live};

/// Runs until `shutdown`.
///
/// # Errors
/// When an address is taken, machines would be too close to the portal, or the database does not answer at the start.
pub async fn run(config: Serve, engine: Engine, shutdown: CancellationToken) -> anyhow::Result<()> {
    for (domain, course) in courses::domains(&mut *engine.pool.acquire().await?).await? {
        if let Some(said) = config.common.portal.objection(&domain) {
            anyhow::bail!("course {course}: {said}");
        }
    }
    let site = Site {
        engine: engine.clone(),
        live: live::Hub::listening(engine.pool.clone(), shutdown.clone()),
        leptos: http::leptos_options(&config.site_root),
        is_trial: config.trial,
        is_https: config.is_https(),
        public_url: config.common.portal.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
    };
    let tasks = TaskTracker::new();
    if let Some(address) = config.machines_listen {
        let listener = TcpListener::bind(address).await.with_context(|| format!("machines cannot be answered on {address}"))?;
        tasks.spawn(answer(listener, http::for_machines(site.clone()), shutdown.clone()));
    }
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("browsers cannot be answered on {}", config.listen))?;
    if !config.no_worker {
        let shutdown = shutdown.clone();
        tasks.spawn(async move {
            if let Err(error) = worker::run(engine, shutdown).await {
                tracing::error!(%error, "the worker ended");
            }
        });
    }
    tokio::spawn(password::warm_up());
    info!("answering on http://{}", config.listen);
    tasks.spawn(answer(listener, http::browsers(site), shutdown.clone()));
    shutdown.cancelled().await;
    tasks.close();
    tokio::time::timeout(Duration::from_secs(10), tasks.wait()).await.ok();
    Ok(())
}

async fn answer(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let done = axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned());
    if let Err(error) = done.await {
        tracing::error!(%error, "a listener ended");
    }
}
