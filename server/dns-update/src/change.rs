//! One change of a zone (RFC 2136): what has to be so, and what becomes of it. All of it happens, or nothing.

use domain::base::iana::{Class, Opcode, Rcode};
use domain::base::message_builder::{PushError, RecordSectionBuilder};
use domain::base::name::ToName;
use domain::base::{Rtype, Ttl, UnknownRecordData};
use domain::rdata::{A, Cname, Txt};

use cloud::{CloudError, Record};

use crate::names::{Value, Wire};
use crate::talk::{Draft, Talk, draft};
use crate::trouble::{self, Doing};

/// What a record says.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    Value(Value),
    Text(Txt<Vec<u8>>),
}

/// A change that is being put together. Whatever it takes out it names exactly.
#[derive(Debug)]
pub(crate) struct Change {
    /// Nothing at all is at these names.
    nothing_at: Vec<Wire>,
    /// No such records are at these names.
    none_of: Vec<(Wire, Rtype)>,
    /// These are all records of their kind at their names.
    are: Vec<(Wire, Data)>,
    steps: Vec<(Class, Wire, Data)>,
}

impl Change {
    pub(crate) fn new() -> Self {
        Self { nothing_at: Vec::new(), none_of: Vec::new(), are: Vec::new(), steps: Vec::new() }
    }

    /// Only if there is nothing at this name.
    pub(crate) fn if_nothing_at(&mut self, name: &Wire) {
        self.nothing_at.push(name.clone());
    }

    /// Only if this name leads nowhere; records of other kinds may be there.
    pub(crate) fn if_leads_nowhere(&mut self, name: &Wire) {
        self.none_of.extend([Rtype::A, Rtype::CNAME].map(|kind| (name.clone(), kind)));
    }

    /// Only if these, and no others of their kind, are at this name.
    pub(crate) fn if_are(&mut self, name: &Wire, all: impl IntoIterator<Item = Data>) {
        self.are.extend(all.into_iter().map(|data| (name.clone(), data)));
    }

    /// Takes one record out.
    pub(crate) fn take_out(&mut self, name: &Wire, data: Data) {
        self.steps.push((Class::NONE, name.clone(), data));
    }

    /// Puts one record in.
    pub(crate) fn put_in(&mut self, name: &Wire, data: Data) {
        self.steps.push((Class::IN, name.clone(), data));
    }

    fn message(&self, zone: &Wire) -> Result<Draft, PushError> {
        let mut message = draft();
        message.header_mut().set_opcode(Opcode::UPDATE);
        let mut zones = message.question();
        zones.push((zone, Rtype::SOA, Class::IN))?;
        let mut conditions = zones.answer();
        let any = self.nothing_at.iter().map(|name| (name, Rtype::ANY));
        for (name, kind) in any.chain(self.none_of.iter().map(|(name, kind)| (name, *kind))) {
            let nothing = UnknownRecordData::from_octets(kind, []).expect("nothing is not too long");
            conditions.push((name, Class::NONE, Ttl::ZERO, nothing))?;
        }
        for (name, data) in &self.are {
            push(&mut conditions, Class::IN, Ttl::ZERO, name, data)?;
        }
        let mut steps = conditions.authority();
        for (class, name, data) in &self.steps {
            let ttl = if *class == Class::IN { Ttl::from_secs(Record::TTL) } else { Ttl::ZERO };
            push(&mut steps, *class, ttl, name, data)?;
        }
        Ok(steps.additional())
    }
}

fn push(
    section: &mut impl RecordSectionBuilder<Vec<u8>>,
    class: Class,
    ttl: Ttl,
    name: &impl ToName,
    data: &Data,
) -> Result<(), PushError> {
    match data {
        Data::Value(Value::Address(address)) => section.push((name, class, ttl, A::new(*address))),
        Data::Value(Value::Name(target)) => section.push((name, class, ttl, Cname::new(target))),
        Data::Text(text) => section.push((name, class, ttl, text)),
    }
}

impl Talk<'_> {
    /// Makes a change.
    pub(crate) async fn make(&mut self, zone: &Wire, change: &Change) -> Result<(), CloudError> {
        let peer = self.peer;
        let draft = change.message(zone).map_err(|_| trouble::too_large(&peer.server))?;
        match self.ask(Doing::Update, draft).await?.header().rcode() {
            Rcode::NOERROR => Ok(()),
            code => Err(trouble::refused(Doing::Update, peer, code)),
        }
    }
}
