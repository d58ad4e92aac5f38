//! What the world is told of a name: one name server, asked as anybody may ask it.
//!
//! The server need not be one of ours, nor mean well. It gets so much time and no more, one message of at most 64 KiB is read from it, and
//! whatever that message says of other names is passed over.

use std::net::Ipv4Addr;
use std::time::Duration;

use cloud::dns::plain;
use cloud::{Clock, CloudError};
use domain::base::Rtype;
use domain::base::iana::Rcode;
use tokio::time::timeout;

use crate::names::{self, Value, Wire};
use crate::talk::Peer;
use crate::trouble::{self, Doing};
use crate::zone;

/// What a name server answered to a question for the addresses of a name. Nothing there, or no such name: no addresses and no alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether the server keeps the name itself, and does not only say what it heard or who else might know.
    pub is_authoritative: bool,
    /// The addresses at the name, each once and in order. Those that an alias leads to are not among them.
    pub addresses: Vec<Ipv4Addr>,
    /// The name that it is an alias of.
    pub alias: Option<String>,
}

/// Asks one name server for the addresses of a name: over TCP, without a key, and without letting it ask others. It is written as settings
/// write it (`192.0.2.53`, `ns1.example.ac.jp`, `[2001:db8::53]:5300`).
///
/// # Errors
/// `bad_name`, `bad_settings`: nothing was asked. `unreachable`, `no_answer_in_time`, `unreadable_answer`; and what it refuses: `not_our_zone`,
/// `server_failed`, `refused`.
pub async fn answer_of(server: &str, name: &str, within: Duration, clock: &Clock) -> Result<Answer, CloudError> {
    let at = names::read(&plain(name)).ok_or_else(|| names::bad(name))?;
    let peer = Peer { server: server.to_owned(), key: None, clock: clock.clone() };
    timeout(within, ask(&peer, &at)).await.map_err(|_| trouble::silent(server))?
}

async fn ask(peer: &Peer, at: &Wire) -> Result<Answer, CloudError> {
    let answer = peer.open().await?.ask(Doing::Question, zone::question(at, Rtype::A)).await?;
    let header = answer.header();
    if !matches!(header.rcode(), Rcode::NOERROR | Rcode::NXDOMAIN) {
        return Err(trouble::refused(Doing::Question, peer, header.rcode()));
    }
    let mut told = Answer { is_authoritative: header.aa(), addresses: Vec::new(), alias: None };
    for value in zone::set(peer, &answer, at)?.into_iter().flat_map(|set| set.values) {
        match value {
            Value::Address(address) => told.addresses.push(address),
            Value::Name(_) => told.alias = Some(value.text()),
        }
    }
    told.addresses.sort_unstable();
    told.addresses.dedup();
    Ok(told)
}
