//! The name servers that the world asks, and what they say.
//!
//! They are asked without a key, as the world asks them. One that does not answer, or not for the zone itself, says nothing: neither that a
//! name is there nor that it is gone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use cloud::dns::Companion;
use cloud::{Clock, CloudError};
use domain::base::Rtype;
use domain::base::iana::Rcode;
use futures::future::join_all;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::names::{self, Wire};
use crate::talk::Peer;
use crate::zone::{self, Entry, Set};

/// Questions on their way at once: a server may take no more than so many before it answers.
const AT_ONCE: usize = 100;

/// What a server says of a name: what it leads to, or that it leads nowhere. None: nothing that counts.
type Said = Option<Option<Set>>;

pub(crate) struct Servers {
    world: Vec<Peer>,
    /// Companions of names that all of them were heard to say. What all have said once they go on saying until it is changed.
    known: Mutex<HashMap<String, Companion>>,
}

impl Servers {
    pub(crate) fn new(world: &[String], clock: &Clock) -> Self {
        let peer = |server: &String| Peer { server: server.clone(), key: None, clock: clock.clone() };
        Self { world: world.iter().map(peer).collect(), known: Mutex::default() }
    }

    pub(crate) fn world(&self) -> &[Peer] {
        &self.world
    }

    /// Whether all of them say this of a name.
    pub(crate) async fn all_say(&self, name: &Wire, set: Option<&Set>) -> bool {
        let heard = join_all(self.world.iter().map(|server| hear(server, std::slice::from_ref(name)))).await;
        heard.iter().all(|said| matches!(&said[..], [Some(said)] if zone::is_same(said.as_ref(), set)))
    }

    /// The same, if it can be said at once.
    pub(crate) async fn all_say_soon(&self, name: &Wire, set: Option<&Set>, patience: Duration) -> bool {
        timeout(patience, self.all_say(name, set)).await.unwrap_or(false)
    }

    /// The names that all of them say as the zone has them.
    pub(crate) async fn in_sync(&self, entries: &BTreeMap<String, Entry>) -> BTreeSet<String> {
        let mut known = self.known.lock().await.clone();
        known.retain(|name, companion| entries.get(name).is_some_and(|entry| entry.companion == *companion && !companion.is_out));
        let open: Vec<(&String, &Entry)> = entries.iter().filter(|(name, _)| !known.contains_key(*name)).collect();
        let names: Vec<Wire> = open.iter().filter_map(|(name, _)| names::read(name)).collect();
        // Each name of the list was read from text that is plain; were one not, nothing could be told of any.
        if !names.is_empty() && names.len() == open.len() {
            let heard = join_all(self.world.iter().map(|server| hear(server, &names))).await;
            for (place, (name, entry)) in open.iter().enumerate() {
                let is_same = |said: &Vec<Said>| said[place].as_ref().is_some_and(|said| zone::is_same(said.as_ref(), entry.set.as_ref()));
                if heard.iter().all(is_same) {
                    known.insert((*name).clone(), entry.companion.clone());
                }
            }
        }
        let in_sync = known.keys().cloned().collect();
        *self.known.lock().await = known;
        in_sync
    }
}

/// What a server says of names, in their order.
async fn hear(server: &Peer, names: &[Wire]) -> Vec<Said> {
    match ask(server, names).await {
        Ok(said) => said,
        Err(error) => {
            tracing::debug!(server = %server.server, %error, "a name server does not say what it knows");
            vec![None; names.len()]
        }
    }
}

async fn ask(server: &Peer, names: &[Wire]) -> Result<Vec<Said>, CloudError> {
    let mut talk = server.open().await?;
    let mut said = Vec::with_capacity(names.len());
    for some in names.chunks(AT_ONCE) {
        let answers = talk.ask_all(some.iter().map(|name| zone::question(name, Rtype::A)).collect()).await?;
        for (name, answer) in some.iter().zip(answers) {
            let header = answer.header();
            let counts = header.qr() && header.aa() && matches!(header.rcode(), Rcode::NOERROR | Rcode::NXDOMAIN);
            said.push(if counts { Some(zone::set(server, &answer, name)?) } else { None });
        }
    }
    Ok(said)
}
