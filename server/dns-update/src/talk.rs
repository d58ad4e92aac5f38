//! One conversation with a name server, over TCP: nothing is cut short, nobody else's answer gets in, and a server that cannot be reached says
//! so at once.
//!
//! With a key every message is signed and every answer has to be; without one nothing is. An answer that does not come leaves open whether the
//! question did.

use std::sync::Arc;
use std::time::Duration;

use cloud::{Clock, CloudError};
use domain::base::iana::Rcode;
use domain::base::message_builder::AdditionalBuilder;
use domain::base::{Message, MessageBuilder};
use domain::rdata::tsig::Time48;
use domain::tsig::{ClientSequence, ClientTransaction, Key};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::trouble::{self, Doing};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a whole zone may take.
const PATIENCE_FOR_A_ZONE: Duration = Duration::from_secs(30);
/// More than this is no zone that a course keeps, in octets.
const LARGEST_ZONE: usize = 64 << 20;
const PORT: u16 = 53;

/// A message that was received, its signature checked and taken off.
pub(crate) type Answer = Message<Vec<u8>>;
/// A message to be sent. Its number is set here.
pub(crate) type Draft = AdditionalBuilder<Vec<u8>>;

/// Where a server is and who we are there.
#[derive(Clone)]
pub(crate) struct Peer {
    /// As the settings write it.
    pub(crate) server: String,
    pub(crate) key: Option<Arc<Key>>,
    pub(crate) clock: Clock,
}

/// A conversation.
pub(crate) struct Talk<'a> {
    pub(crate) peer: &'a Peer,
    stream: TcpStream,
}

/// An empty message.
pub(crate) fn draft() -> MessageBuilder<Vec<u8>> {
    MessageBuilder::from_target(Vec::new()).expect("a vector has room for a header")
}

impl Peer {
    /// Opens a conversation.
    pub(crate) async fn open(&self) -> Result<Talk<'_>, CloudError> {
        let (host, port) =
            place(&self.server).ok_or_else(|| trouble::settings(format!("{:?} is no address of a name server", self.server)))?;
        let stream = timeout(PATIENCE, TcpStream::connect((host, port)))
            .await
            .map_err(|_| trouble::silent(&self.server))?
            .map_err(|error| trouble::unreachable(&self.server, error))?;
        // Messages are small and each waits for the one before.
        stream.set_nodelay(true).map_err(|error| trouble::unreachable(&self.server, error))?;
        Ok(Talk { peer: self, stream })
    }

    pub(crate) fn now(&self) -> Time48 {
        Time48::from_u64(u64::try_from((self.clock)().unix_timestamp()).unwrap_or_default())
    }
}

/// The host and the port of a server's address.
fn place(server: &str) -> Option<(&str, u16)> {
    if let Some(rest) = server.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return Some((host, if rest.is_empty() { PORT } else { rest.strip_prefix(':')?.parse().ok()? }));
    }
    match server.split_once(':') {
        // More than one colon: an IPv6 address by itself.
        Some((_, port)) if port.contains(':') => Some((server, PORT)),
        Some((host, port)) => Some((host, port.parse().ok()?)).filter(|_| !host.is_empty()),
        None => Some((server, PORT)).filter(|_| !server.is_empty()),
    }
}

impl Talk<'_> {
    /// Asks one thing.
    pub(crate) async fn ask(&mut self, doing: Doing, mut draft: Draft) -> Result<Answer, CloudError> {
        let server = &self.peer.server;
        let number = rand::random();
        draft.header_mut().set_id(number);
        let signed = self.peer.key.clone().map(|key| ClientTransaction::request(key, &mut draft, self.peer.now()));
        let signed = signed.transpose().map_err(|_| trouble::too_large(server))?;
        let stream = &mut self.stream;
        let exchange = async {
            send(stream, draft.as_slice()).await?;
            receive(stream).await
        };
        let answer = timeout(PATIENCE, exchange).await.map_err(|_| trouble::silent(server))?;
        let mut answer = message(server, answer.map_err(|error| trouble::broken_off(server, error))?)?;
        if !answer.header().qr() || answer.header().id() != number {
            return Err(trouble::unreadable(server));
        }
        if let Some(signed) = signed {
            signed.answer(&mut answer, self.peer.now()).map_err(|error| trouble::unproven(doing, self.peer, error, &answer))?;
        }
        Ok(answer)
    }

    /// Asks several things at once, in the order of their answers' arrival; unsigned conversations only.
    pub(crate) async fn ask_all(&mut self, drafts: Vec<Draft>) -> Result<Vec<Answer>, CloudError> {
        let server = &self.peer.server;
        let mut letters = Vec::new();
        let count = drafts.len();
        for (number, mut draft) in (0_u16..).zip(drafts) {
            draft.header_mut().set_id(number);
            frame(&mut letters, draft.as_slice());
        }
        let (mut from, mut to) = self.stream.split();
        // Both at once: a server that answers while it is asked must not wait for us to listen.
        let writing = async { to.write_all(&letters).await };
        let reading = async {
            let mut answers: Vec<Option<Vec<u8>>> = vec![None; count];
            for _ in 0..count {
                let answer = receive(&mut from).await?;
                let number = answer.first_chunk().map(|number| usize::from(u16::from_be_bytes(*number)));
                if let Some(place) = number.and_then(|number| answers.get_mut(number)) {
                    *place = Some(answer);
                }
            }
            Ok(answers)
        };
        let both = async { tokio::try_join!(writing, reading) };
        let answers = timeout(PATIENCE, both).await.map_err(|_| trouble::silent(server))?;
        let ((), answers) = answers.map_err(|error: std::io::Error| trouble::broken_off(server, error))?;
        answers.into_iter().map(|answer| message(server, answer.ok_or_else(|| trouble::unreadable(server))?)).collect()
    }

    /// Asks for a whole zone: `take` gets each message of it and says whether it was the last one.
    pub(crate) async fn transfer(
        &mut self,
        mut draft: Draft,
        mut take: impl FnMut(&Answer) -> Result<bool, CloudError>,
    ) -> Result<(), CloudError> {
        let server = &self.peer.server;
        let number = rand::random();
        draft.header_mut().set_id(number);
        let signed = self.peer.key.clone().map(|key| ClientSequence::request(key, &mut draft, self.peer.now()));
        let mut signed = signed.transpose().map_err(|_| trouble::too_large(server))?;
        let stream = &mut self.stream;
        let whole = async {
            send(stream, draft.as_slice()).await.map_err(|error| trouble::broken_off(server, error))?;
            let mut size = 0;
            loop {
                let answer = receive(stream).await.map_err(|error| trouble::broken_off(server, error))?;
                size += answer.len();
                let mut answer = message(server, answer)?;
                if size > LARGEST_ZONE || !answer.header().qr() || answer.header().id() != number {
                    return Err(trouble::unreadable(server));
                }
                if let Some(signed) = &mut signed {
                    let checked = signed.answer(&mut answer, self.peer.now());
                    checked.map_err(|error| trouble::unproven(Doing::Transfer, self.peer, error, &answer))?;
                }
                let said = answer.header().rcode();
                if said != Rcode::NOERROR {
                    return Err(trouble::refused(Doing::Transfer, self.peer, said));
                }
                if take(&answer)? {
                    return Ok(());
                }
            }
        };
        timeout(PATIENCE_FOR_A_ZONE, whole).await.map_err(|_| trouble::silent(server))??;
        match signed.map(ClientSequence::done) {
            Some(Err(_)) => Err(trouble::unreadable(server)),
            _ => Ok(()),
        }
    }
}

fn message(server: &str, octets: Vec<u8>) -> Result<Answer, CloudError> {
    Message::from_octets(octets).map_err(|_| trouble::unreadable(server))
}

fn frame(letters: &mut Vec<u8>, message: &[u8]) {
    let length = u16::try_from(message.len()).expect("a message of ours has a few hundred octets");
    letters.extend(length.to_be_bytes());
    letters.extend(message);
}

async fn send(stream: &mut TcpStream, message: &[u8]) -> std::io::Result<()> {
    // In one piece: some servers take the length alone for a message that was broken off.
    let mut letters = Vec::with_capacity(message.len() + 2);
    frame(&mut letters, message);
    stream.write_all(&letters).await
}

async fn receive(stream: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_written_as_people_write_it() {
        for (written, meant) in [
            ("192.0.2.53", ("192.0.2.53", 53)),
            ("192.0.2.53:5300", ("192.0.2.53", 5300)),
            ("ns1.example.ac.jp", ("ns1.example.ac.jp", 53)),
            ("2001:db8::53", ("2001:db8::53", 53)),
            ("[2001:db8::53]", ("2001:db8::53", 53)),
            ("[2001:db8::53]:5300", ("2001:db8::53", 5300)),
        ] {
            assert_eq!(place(written), Some(meant), "{written}");
        }
        for wrong in ["", ":53", "192.0.2.53:", "192.0.2.53:dns", "[2001:db8::53", "[::1]53", "ns1:70000"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
