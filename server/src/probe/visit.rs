//! A visit through a balancer: which machine answered?
//!
//! Machines say it themselves (`Koza-Machine`), so that a page that was changed on one of them is still told from the others.

use std::net::SocketAddr;

use app::domain::saw::Saw;
use http::Request;
use http::header::{COOKIE, HOST, SET_COOKIE, USER_AGENT};
use http_body_util::Empty;
use hyper::body::Bytes;
use time::OffsetDateTime;
use tokio::time::timeout;

use super::{Limits, http::exchange, reach, tls};

/// The header that machines name themselves in.
const MACHINE: &str = "koza-machine";
/// No balancer's mark is longer.
const MARK: usize = 4000;

/// Where visitors come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// What is spoken to, wherever the name leads.
    pub address: SocketAddr,
    /// By what they ask for it.
    pub host: String,
    /// By HTTPS, with a certificate for the host that is good now; else by HTTP.
    pub secure_at: Option<OffsetDateTime>,
    /// The root of an authority in the house, as PEM, that may vouch for it.
    pub house: Option<String>,
}

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

/// Asks for the first page once, as a visitor who was marked so before.
///
/// # Errors
/// What was there instead of an answer.
pub async fn visit(door: &Door, mark: Option<&str>) -> Result<Answer, Saw> {
    let limits = Limits::default();
    let port = door.address.port();
    let asking = async {
        let mut request = Request::get("/").header(HOST, &door.host).header(USER_AGENT, super::USER_AGENT);
        if let Some(mark) = mark {
            request = request.header(COOKIE, mark);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|_| Saw::OtherProtocol { port })?;
        let stream = reach::connect_to(door.address, limits.connect).await?;
        let (head, _) = match door.secure_at {
            Some(now) => {
                let stream = tls::as_visitor(&door.host, door.house.as_deref(), now, port, stream).await?;
                exchange(stream, port, request, limits.bytes).await?
            }
            None => exchange(stream, port, request, limits.bytes).await?,
        };
        let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let marks: Vec<_> = head.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()?.split(';').next()).collect();
        let mark = Some(marks.join("; ")).filter(|mark| !mark.is_empty() && mark.len() <= MARK);
        let is_good = head.status.is_success() || head.status.is_redirection();
        Ok(Answer { by: reach::shown(text(MACHINE).unwrap_or_default()), is_good, mark })
    };
    timeout(limits.whole, asking).await.unwrap_or_else(|_| Err(reach::too_slow(port, limits.whole)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::answer;
    use crate::probe::hostile::tls::{Authority, Paper, Secure};

    #[tokio::test]
    async fn a_visitor_by_https_is_answered_by_name_with_a_certificate_that_is_good_for_it() {
        let (authority, host) = (Authority::new(), "c5.exp.example.ac.jp");
        let paper = authority.issues_for(host);
        let serves = |paper: &Paper| {
            let paper = paper.clone();
            async move {
                let answers = |head: &str| {
                    assert!(head.contains("host: c5.exp.example.ac.jp\r\n"), "asked by name: {head}");
                    assert!(head.contains("cookie: mark=2\r\n"), "marked: {head}");
                    answer("200 OK", "koza-machine: c5-2\r\nset-cookie: mark=3; path=/\r\n", "hello")
                };
                ([127, 0, 0, 1], Secure::web(&paper, answers).await).into()
            }
        };
        let door = Door {
            address: serves(&paper).await,
            host: host.into(),
            secure_at: Some(paper.not_before + time::Duration::DAY),
            house: authority.root(),
        };
        let answered = Answer { by: "c5-2".into(), is_good: true, mark: Some("mark=3".into()) };
        assert_eq!(visit(&door, Some("mark=2")).await, Ok(answered));
        let stranger = Door { house: None, ..door.clone() };
        assert_eq!(visit(&stranger, Some("mark=2")).await, Err(Saw::UntrustedCertificate));
        let other = Door { address: serves(&authority.issues_for("c6.exp.example.ac.jp")).await, ..door.clone() };
        assert_eq!(visit(&other, Some("mark=2")).await, Err(Saw::CertificateForAnotherName));
        let late = Door { secure_at: Some(paper.not_after + time::Duration::DAY), ..door };
        assert_eq!(visit(&late, None).await, Err(Saw::CertificateExpired));
    }
}
