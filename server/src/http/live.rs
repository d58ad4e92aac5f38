//! Live pages: server-sent events that carry the whole view of an environment on every change.
//!
//! One LISTEN per process, handed on to every open page; a page that lost its connection asks again and gets the present view, so
//! nothing is missed. Access is asked for again with every view.

use std::convert::Infallible;
use std::time::Duration;

use app::domain::ids::EnvironmentId;
use app::domain::person::Caller;
use app::domain::phase::Phase;
use app::ports::Environments;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;
use tracing::warn;
use uuid::Uuid;

use super::{Asking, Site};
use crate::auth::door;
use crate::portal::environments::EnvironmentsPort;

/// Hands on which environment changed.
#[derive(Clone)]
pub struct Hub {
    changed: broadcast::Sender<Uuid>,
    ordered: broadcast::Sender<Uuid>,
    ended: CancellationToken,
}

/// Waits for an order to a machine.
pub struct Orders(broadcast::Receiver<Uuid>, CancellationToken);

impl Orders {
    /// Until there may be an order for this machine, the deadline, or the end.
    pub async fn wait_for(&mut self, machine: Uuid, deadline: tokio::time::Instant) {
        let heard = async {
            // Nil: listening was interrupted, look again. An error: too many at once, look again.
            while let Ok(ordered) = self.0.recv().await {
                if ordered == machine || ordered.is_nil() {
                    break;
                }
            }
        };
        tokio::select! {
            () = heard => {}
            () = self.1.cancelled() => {}
            () = tokio::time::sleep_until(deadline) => {}
        }
    }
}

impl Hub {
    /// Whether the process is ending.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Orders given from now on.
    #[must_use]
    pub fn orders(&self) -> Orders {
        Orders(self.ordered.subscribe(), self.ended.clone())
    }

    /// A hub that listens until `shutdown`.
    #[must_use]
    pub fn listening(pool: PgPool, shutdown: CancellationToken) -> Self {
        let (changed, _) = broadcast::channel(1024);
        let (ordered, _) = broadcast::channel(1024);
        let hub = Self { changed: changed.clone(), ordered: ordered.clone(), ended: shutdown.clone() };
        tokio::spawn(async move {
            while !shutdown.is_cancelled() {
                let ended = tokio::select! {
                    () = shutdown.cancelled() => return,
                    ended = listen(&pool, &changed, &ordered) => ended,
                };
                if let Err(error) = ended {
                    warn!(%error, "live pages: listening was interrupted");
                }
                // Whoever is open looks again: something may have been missed.
                changed.send(Uuid::nil()).ok();
                ordered.send(Uuid::nil()).ok();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        hub
    }
}

async fn listen(pool: &PgPool, changed: &broadcast::Sender<Uuid>, ordered: &broadcast::Sender<Uuid>) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen_all(["koza_event", "koza_order"]).await?;
    loop {
        let heard = listener.recv().await?;
        let sender = if heard.channel() == "koza_order" { ordered } else { changed };
        // Nobody listening is no error.
        sender.send(heard.payload().parse().unwrap_or_default()).ok();
    }
}

/// `GET /environments/{id}/live`.
///
/// # Errors
/// 401 without a session, 404 for what one may not see.
pub async fn live(
    State(site): State<Site>,
    Extension(asking): Extension<Asking>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, StatusCode> {
    let caller = asking.0.ok_or(StatusCode::UNAUTHORIZED)?;
    let id: EnvironmentId = id.parse().map_err(|_| StatusCode::NOT_FOUND)?;
    let environments = EnvironmentsPort { engine: site.engine.clone(), door: None };
    environments.view(&caller, id).await.map_err(|error| StatusCode::from_u16(error.status()).unwrap_or(StatusCode::NOT_FOUND))?;
    let page = Page {
        environments,
        caller,
        session,
        id,
        changed: site.live.changed.subscribe(),
        ended: site.live.ended.clone(),
        is_first: true,
        is_over: false,
    };
    Ok(Sse::new(futures::stream::unfold(page, Page::next)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

struct Page {
    environments: EnvironmentsPort,
    caller: Caller,
    session: Session,
    id: EnvironmentId,
    changed: broadcast::Receiver<Uuid>,
    ended: CancellationToken,
    is_first: bool,
    is_over: bool,
}

impl Page {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.is_over {
            return None;
        }
        if !std::mem::take(&mut self.is_first) {
            self.wait_for_change().await?;
        }
        // A session that was ended elsewhere sees nothing more.
        let owner = door::row(&self.environments.engine.pool, &self.session).await.ok()??;
        if owner.person != Some(self.caller.person) {
            return None;
        }
        let view = self.environments.view(&self.caller, self.id).await.ok()?;
        self.is_over = view.phase == Phase::Removed;
        let event = Event::default().id(view.last_event.to_string()).json_data(&view).ok()?;
        Some((Ok(event), self))
    }

    /// Several changes at once make one view.
    async fn wait_for_change(&mut self) -> Option<()> {
        loop {
            let heard = tokio::select! {
                () = self.ended.cancelled() => return None,
                heard = self.changed.recv() => heard,
            };
            match heard {
                Ok(changed) if changed == self.id.0 || changed.is_nil() => break,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => break,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
        while self.changed.try_recv().is_ok() {}
        Some(())
    }
}
