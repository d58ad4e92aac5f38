//! What a zone holds of ours: by a look at one name, or at all of them.

use std::collections::BTreeMap;

use cloud::dns::Companion;
use cloud::{CloudError, Observed, Record, Seen};
use domain::base::iana::{Class, Rcode};
use domain::base::name::ToName;
use domain::base::record::ParsedRecord;
use domain::base::{Rtype, Ttl};
use domain::rdata::{A, Cname, Soa, Txt};

use crate::names::{self, Value, Wire};
use crate::talk::{Answer, Draft, Peer, Talk, draft};
use crate::trouble::{self, Doing};

/// Everything that is at a name of ours and leads somewhere, exactly as the zone has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Set {
    pub(crate) ttl: u32,
    pub(crate) values: Vec<Value>,
}

impl Set {
    /// What we write: one value.
    pub(crate) fn of(value: Value) -> Self {
        Self { ttl: Record::TTL, values: vec![value] }
    }

    fn has_the_values_of(&self, other: &Self) -> bool {
        self.values.len() == other.values.len() && self.values.iter().all(|value| other.values.contains(value))
    }
}

/// Whether two views of a name lead to the same.
pub(crate) fn is_same(one: Option<&Set>, other: Option<&Set>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => one.has_the_values_of(other),
        _ => false,
    }
}

/// The text records at a companion's name. One of them is ours.
#[derive(Debug, Clone)]
pub(crate) struct Texts {
    pub(crate) all: Vec<Txt<Vec<u8>>>,
    pub(crate) ours: Txt<Vec<u8>>,
}

/// A record of ours with its companion.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) companion: Companion,
    pub(crate) texts: Texts,
    /// None: there is none, by our doing or somebody else's. Beside a companion that says "out" it is somebody else's.
    pub(crate) set: Option<Set>,
}

impl Entry {
    pub(crate) fn seen(&self, name: &str, is_in_sync: bool) -> Seen {
        let is_out = self.companion.is_out;
        let value = self.set.as_ref().filter(|_| !is_out).and_then(|set| set.values.first());
        let record = Record { name: name.to_owned(), value: value.map(Value::text).unwrap_or_default() };
        Seen {
            cloud_id: name.to_owned(),
            environment: self.companion.environment,
            intent: Some(self.companion.intent),
            observed: Observed::Record { record, is_in_sync, is_out },
            since: None,
        }
    }
}

/// A question about a name.
pub(crate) fn question(name: &Wire, kind: Rtype) -> Draft {
    let mut question = draft().question();
    question.push((name, kind, Class::IN)).expect("a vector has room for a name");
    question.additional()
}

type Parsed<'a> = ParsedRecord<'a, Vec<u8>>;

/// The records of an answer. What cannot be read ends them.
fn records<'a>(peer: &Peer, answer: &'a Answer) -> Result<impl Iterator<Item = Result<Parsed<'a>, CloudError>>, CloudError> {
    let unreadable = |_| trouble::unreadable(&peer.server);
    let server = peer.server.clone();
    Ok(answer.answer().map_err(unreadable)?.map(move |record| record.map_err(|_| trouble::unreadable(&server))))
}

fn value(record: &Parsed<'_>) -> Option<Value> {
    match record.rtype() {
        Rtype::A => record.to_record::<A>().ok()?.map(|record| Value::Address(record.data().addr())),
        Rtype::CNAME => record.to_record::<Cname<_>>().ok()?.map(|record| Value::Name(record.data().cname().to_vec())),
        _ => None,
    }
}

fn txt(record: &Parsed<'_>) -> Option<Txt<Vec<u8>>> {
    let record = record.to_record::<Txt<_>>().ok()??;
    let mut octets = Vec::new();
    for part in record.data().iter() {
        octets.push(u8::try_from(part.len()).ok()?);
        octets.extend(part);
    }
    Txt::from_octets(octets).ok()
}

/// What an answer to a question for addresses says of the name itself.
pub(crate) fn set(peer: &Peer, answer: &Answer, name: &Wire) -> Result<Option<Set>, CloudError> {
    let mut found: Option<Set> = None;
    for record in records(peer, answer)? {
        let record = record?;
        if let Some(value) = value(&record).filter(|_| record.owner() == *name) {
            add(&mut found, record.ttl(), value);
        }
    }
    Ok(found)
}

fn add(set: &mut Option<Set>, ttl: Ttl, value: Value) {
    set.get_or_insert_with(|| Set { ttl: ttl.as_secs(), values: Vec::new() }).values.push(value);
}

/// The companion among text records.
fn companion(texts: Vec<Txt<Vec<u8>>>, installation: &str) -> Option<(Companion, Texts)> {
    let found = texts.iter().find_map(|txt| {
        let text = String::from_utf8(txt.text::<Vec<u8>>()).ok()?;
        let companion = Companion::read(&text).filter(|companion| companion.installation == installation)?;
        Some((companion, txt.clone()))
    });
    found.map(|(companion, ours)| (companion, Texts { all: texts, ours }))
}

impl Talk<'_> {
    /// What there is of ours at a name, as the server that takes changes has it now.
    pub(crate) async fn look(&mut self, name: &Wire, companion_name: &Wire, installation: &str) -> Result<Option<Entry>, CloudError> {
        let peer = self.peer;
        let mut answers = Vec::new();
        for (name, kind) in [(name, Rtype::A), (companion_name, Rtype::TXT)] {
            let answer = self.ask(Doing::Question, question(name, kind)).await?;
            let code = answer.header().rcode();
            if code != Rcode::NOERROR && code != Rcode::NXDOMAIN {
                return Err(trouble::refused(Doing::Question, peer, code));
            }
            if !answer.header().aa() {
                return Err(trouble::elsewhere(peer, name));
            }
            answers.push(answer);
        }
        let mut texts = Vec::new();
        for record in records(peer, &answers[1])? {
            let record = record?;
            texts.extend(txt(&record).filter(|_| record.owner() == *companion_name));
        }
        let Some((companion, texts)) = companion(texts, installation) else { return Ok(None) };
        Ok(Some(Entry { companion, texts, set: set(peer, &answers[0], name)? }))
    }

    /// Everything of an installation. Records of others are passed over.
    pub(crate) async fn read_all(&mut self, zone: &Wire, installation: &str) -> Result<BTreeMap<String, Entry>, CloudError> {
        let peer = self.peer;
        let (mut sets, mut texts) = (BTreeMap::<String, Option<Set>>::new(), BTreeMap::<String, Vec<_>>::new());
        // Where this is answered the key is known: what is refused after it is not allowed.
        self.soa(zone).await?;
        // A zone begins and ends with the same record.
        let (mut is_begun, mut is_ended) = (false, false);
        self.transfer(question(zone, Rtype::AXFR), |answer| {
            for record in records(peer, answer)? {
                let record = record?;
                if is_ended || (!is_begun && record.rtype() != Rtype::SOA) {
                    return Err(trouble::unreadable(&peer.server));
                }
                if record.rtype() == Rtype::SOA {
                    (is_begun, is_ended) = (true, is_begun);
                }
                let Some(name) = names::text(&record.owner()) else { continue };
                if let Some(value) = value(&record) {
                    add(sets.entry(name).or_default(), record.ttl(), value);
                } else if let (Some(of), Some(txt)) = (Companion::of(&name), txt(&record)) {
                    texts.entry(of.to_owned()).or_default().push(txt);
                }
            }
            Ok(is_ended)
        })
        .await?;
        let ours = texts.into_iter().filter_map(|(name, texts)| {
            let (companion, texts) = companion(texts, installation)?;
            let set = sets.remove(&name).flatten();
            Some((name, Entry { companion, texts, set }))
        });
        Ok(ours.collect())
    }

    /// The zone's own record: its number, which grows with each change, and for how many seconds resolvers remember that a name is not there.
    pub(crate) async fn soa(&mut self, zone: &Wire) -> Result<(u32, u32), CloudError> {
        let peer = self.peer;
        let answer = self.ask(Doing::Question, question(zone, Rtype::SOA)).await?;
        let code = answer.header().rcode();
        if code != Rcode::NOERROR {
            return Err(trouble::refused(Doing::Question, peer, code));
        }
        if !answer.header().aa() {
            return Err(trouble::elsewhere(peer, zone));
        }
        for record in records(peer, &answer)? {
            let record = record?;
            if let Ok(Some(soa)) = record.to_record::<Soa<_>>() {
                let forgotten_after = soa.data().minimum().as_secs().min(soa.ttl().as_secs());
                return Ok((soa.data().serial().into_int(), forgotten_after));
            }
        }
        Err(trouble::elsewhere(peer, zone))
    }
}
