//! Somebody else who keeps records in the same zone: asks and changes without a key, from an address that the servers let in.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use domain::base::iana::{Class, Opcode, Rcode};
use domain::base::name::ToName;
use domain::base::{Message, MessageBuilder, Name, Rtype, Ttl, UnknownRecordData};
use domain::rdata::{A, Aaaa, AllRecordData, Cname, Mx, Ns, Soa, Txt, ZoneRecordData};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::server::DOMAIN;

type Wire = Name<Vec<u8>>;
type Data = ZoneRecordData<Vec<u8>, Wire>;

#[derive(Debug, Clone, Copy)]
pub struct Somebody {
    port: u16,
}

/// A record of theirs.
#[derive(Debug, Clone)]
pub struct Theirs {
    name: Wire,
    data: Data,
}

pub fn wire(name: &str) -> Wire {
    name.parse().expect("a name")
}

/// `name kind value`, as people write it: `c5 A 198.51.100.9`.
pub fn theirs(line: &str) -> Theirs {
    let mut words = line.splitn(3, ' ');
    let (name, kind, value) = (words.next().expect("a name"), words.next().expect("a kind"), words.next().expect("a value"));
    let data = match kind {
        "A" => Data::A(A::new(value.parse().expect("an address"))),
        "AAAA" => Data::Aaaa(Aaaa::new(value.parse().expect("an address"))),
        "TXT" => Data::Txt(Txt::build_from_slice(value.as_bytes()).expect("a text")),
        "MX" => Data::Mx(Mx::new(10, wire(value))),
        "CNAME" => Data::Cname(Cname::new(wire(value))),
        "NS" => Data::Ns(Ns::new(wire(value))),
        other => panic!("{other}?"),
    };
    Theirs { name: wire(&format!("{name}.{DOMAIN}")), data }
}

impl Somebody {
    pub fn at(port: u16) -> Self {
        Self { port }
    }

    async fn connect(self) -> Option<TcpStream> {
        let socket = TcpSocket::new_v4().ok()?;
        socket.set_reuseaddr(true).ok()?;
        socket.bind("127.0.0.9:0".parse::<SocketAddr>().expect("an address")).ok()?;
        socket.connect(SocketAddr::from(([127, 0, 0, 1], self.port))).await.ok()
    }

    async fn exchange(self, message: Vec<u8>) -> Option<(TcpStream, Message<Vec<u8>>)> {
        let mut stream = self.connect().await?;
        let mut letters = u16::try_from(message.len()).expect("small").to_be_bytes().to_vec();
        letters.extend(message);
        stream.write_all(&letters).await.ok()?;
        let answer = receive(&mut stream).await?;
        Some((stream, answer))
    }

    fn question(name: &Wire, kind: Rtype) -> Vec<u8> {
        let mut question = MessageBuilder::new_vec().question();
        question.header_mut().set_id(7);
        question.push((name, kind, Class::IN)).expect("room");
        question.finish()
    }

    /// The zone's number.
    pub async fn number(self) -> Option<u32> {
        let (_, answer) = self.exchange(Self::question(&wire(DOMAIN), Rtype::SOA)).await?;
        let record = answer.answer().ok()?.limit_to::<Soa<_>>().next()?.ok()?;
        answer.header().aa().then(|| record.data().serial().into_int())
    }

    /// What the server answers to the world: the code, and the addresses and names.
    pub async fn answer(self, name: &str) -> (Rcode, Vec<String>) {
        let (_, answer) = self.exchange(Self::question(&wire(name), Rtype::A)).await.expect("it answers");
        let all = answer.answer().expect("an answer").into_records::<AllRecordData<_, _>>();
        (answer.header().rcode(), all.map(|record| record.expect("a record").data().to_string()).collect())
    }

    /// Every record of the zone but its own: `name kind ttl value`.
    pub async fn zone(self) -> BTreeSet<String> {
        let (mut stream, mut answer) = self.exchange(Self::question(&wire(DOMAIN), Rtype::AXFR)).await.expect("it answers");
        let (mut all, mut begun) = (BTreeSet::new(), false);
        loop {
            assert_eq!(answer.header().rcode(), Rcode::NOERROR, "somebody may look");
            for record in answer.answer().expect("an answer").into_records::<AllRecordData<_, _>>() {
                let record = record.expect("a record");
                if record.rtype() != Rtype::SOA {
                    all.insert(format!("{} {} {} {}", record.owner(), record.rtype(), record.ttl().as_secs(), record.data()));
                } else if begun {
                    return all;
                } else {
                    begun = true;
                }
            }
            answer = receive(&mut stream).await.expect("the rest of the zone");
        }
    }

    pub async fn put(self, records: &[Theirs]) {
        self.change(records.iter().map(|record| (Class::IN, record))).await;
    }

    pub async fn take(self, records: &[Theirs]) {
        self.change(records.iter().map(|record| (Class::NONE, record))).await;
    }

    /// Takes whatever is at a name.
    pub async fn clear(self, name: &str) {
        let mut message = Self::update();
        let nothing = UnknownRecordData::from_octets(Rtype::ANY, []).expect("nothing");
        message.push((wire(name), Class::ANY, Ttl::ZERO, nothing)).expect("room");
        self.send(message.finish()).await;
    }

    fn update() -> domain::base::message_builder::AuthorityBuilder<Vec<u8>> {
        let mut message = MessageBuilder::new_vec();
        message.header_mut().set_opcode(Opcode::UPDATE);
        let mut zones = message.question();
        zones.push((wire(DOMAIN), Rtype::SOA, Class::IN)).expect("room");
        zones.authority()
    }

    async fn change(self, steps: impl Iterator<Item = (Class, &Theirs)>) {
        let mut message = Self::update();
        for (class, record) in steps {
            let ttl = if class == Class::IN { Ttl::from_secs(300) } else { Ttl::ZERO };
            message.push((&record.name, class, ttl, &record.data)).expect("room");
        }
        self.send(message.finish()).await;
    }

    async fn send(self, message: Vec<u8>) {
        let (_, answer) = self.exchange(message).await.expect("it answers");
        assert_eq!(answer.header().rcode(), Rcode::NOERROR, "somebody may change the zone");
    }
}

async fn receive(stream: &mut TcpStream) -> Option<Message<Vec<u8>>> {
    let length = stream.read_u16().await.ok()?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await.ok()?;
    Message::from_octets(message).ok()
}

impl Theirs {
    /// As [`Somebody::zone`] writes it.
    pub fn line(&self) -> String {
        use domain::base::RecordData as _;
        format!("{} {} 300 {}", self.name.to_vec(), self.data.rtype(), self.data)
    }
}
