//! Talking to moto: passing a request on, and asking it something ourselves.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::answer::{Answer, Refusal, UNREADABLE};
use crate::wire::Wire;
use crate::xml::Element;

/// A moto, and whose account in it this double is.
#[derive(Debug)]
pub(crate) struct Moto {
    pub(crate) address: SocketAddr,
    /// None is moto's own, 123456789012.
    pub(crate) account: Option<String>,
}

const EC2: &str = "2016-11-15";
const BALANCING: &str = "2015-12-01";

impl Moto {
    /// What moto says to it.
    pub(crate) async fn pass(&self, wire: &Wire) -> Answer {
        let is_lost = |answer: &Answer| answer.refusal().is_some_and(|refusal| refusal.code == UNREADABLE);
        let mut answer = self.exchange(wire).await;
        // It fails where somebody else's request changes what it walks through; to read once more does no harm.
        for _ in 0..3 {
            if !wire.only_reads() || !answer.as_ref().is_ok_and(is_lost) {
                break;
            }
            answer = self.exchange(wire).await;
        }
        match answer {
            Ok(answer) if is_lost(&answer) => {
                let message = format!("moto fails at {} ({}); Double::moto_said() has its traceback", wire.action, answer.status);
                Answer::refusing(wire, &Refusal::lost(message))
            }
            Ok(answer) => answer,
            Err(error) => Answer::refusing(wire, &Refusal::lost(format!("moto at {} does not answer: {error}", self.address))),
        }
    }

    // moto closes after each answer, so there is nothing to keep open.
    async fn exchange(&self, wire: &Wire) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(self.address).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let mut request =
            Request::builder().method(wire.method.as_str()).uri(&wire.path).body(Full::new(Bytes::from(wire.body.clone())))?;
        *request.headers_mut() = wire.headers.clone();
        for ours in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            request.headers_mut().remove(ours);
        }
        request.headers_mut().insert(HOST, self.address.to_string().parse()?);
        if let Some(account) = &self.account {
            request.headers_mut().insert("x-moto-account-id", account.parse()?);
        }
        let answered = async {
            let response = sender.send_request(request).await?;
            let (head, body) = response.into_parts();
            let of_one_hop = ["connection", "content-length", "transfer-encoding", "date", "server"];
            let named = head.headers.iter().filter(|(name, _)| !of_one_hop.contains(&name.as_str()));
            let headers = named.filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))).collect();
            Ok(Answer { status: head.status.as_u16(), headers, body: body.collect().await?.to_bytes().to_vec() })
        };
        tokio::pin!(answered);
        tokio::pin!(connection);
        tokio::select! {
            answer = &mut answered => answer,
            ended = &mut connection => { ended?; answered.await }
        }
    }

    /// Asks EC2 in the account and region of that request; moto's own refusal comes back as one.
    pub(crate) async fn ec2(&self, like: &Wire, action: &str, pairs: &[(&str, &str)]) -> Result<Element, Refusal> {
        self.ask(like.asking("ec2", action, EC2, pairs)).await
    }

    /// Asks Elastic Load Balancing.
    pub(crate) async fn balancing(&self, like: &Wire, action: &str, pairs: &[(&str, &str)]) -> Result<Element, Refusal> {
        self.ask(like.asking("elasticloadbalancing", action, BALANCING, pairs)).await
    }

    /// Asks Route 53.
    pub(crate) async fn route53(&self, like: &Wire, path: &str) -> Result<Element, Refusal> {
        self.ask(like.asking_at(path)).await
    }

    async fn ask(&self, wire: Wire) -> Result<Element, Refusal> {
        let answer = self.pass(&wire).await;
        match answer.refusal() {
            Some(refusal) => Err(refusal),
            None => answer.tree().ok_or_else(|| Refusal::lost(format!("moto's answer to {} is not XML", wire.action))),
        }
    }
}
