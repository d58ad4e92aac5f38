//! A visit through a balancer: which machine answered?
//!
//! Machines say it themselves (`Koza-Machine`), so that a page that was changed on one of them is still told from the others.

use std::net::SocketAddr;

use app::domain::saw::Saw;
use http::Request;
use http::header::{COOKIE, HOST, SET_COOKIE, USER_AGENT};
use http_body_util::Empty;
use hyper::body::Bytes;
use tokio::time::timeout;

use super::{Limits, http::exchange, reach};

/// The header that machines name themselves in.
const MACHINE: &str = "koza-machine";
/// No balancer's mark is longer.
const MARK: usize = 4000;

/// What a visitor got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the machine that answered called itself; empty: it did not say.
    pub by: String,
    /// Whether it was no error.
    pub is_good: bool,
    /// What the balancer marked the visitor with, if it did.
    pub mark: Option<String>,
}

/// Asks for the first page once, as a visitor of `host` who was marked so before.
///
/// # Errors
/// What was there instead of an answer.
pub async fn visit(balancer: SocketAddr, host: &str, mark: Option<&str>) -> Result<Answer, Saw> {
    let limits = Limits::default();
    let port = balancer.port();
    let asking = async {
        let mut request = Request::get("/").header(HOST, host).header(USER_AGENT, super::USER_AGENT);
        if let Some(mark) = mark {
            request = request.header(COOKIE, mark);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|_| Saw::OtherProtocol { port })?;
        let stream = reach::connect_to(balancer, limits.connect).await?;
        let (head, _) = exchange(stream, port, request, limits.bytes).await?;
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let marks: Vec<_> = head.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()?.split(';').next()).collect();
        let mark = Some(marks.join("; ")).filter(|mark| !mark.is_empty() && mark.len() <= MARK);
        let is_good = head.status.is_success() || head.status.is_redirection();
        Ok(Answer { by: reach::shown(text(MACHINE).unwrap_or_default()), is_good, mark })
    };
    timeout(limits.whole, asking).await.unwrap_or_else(|_| Err(reach::too_slow(port, limits.whole)))
}
