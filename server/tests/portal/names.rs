//! Names in a zone of a real name server (Knot), beside the simulated cloud: whoever asks for one is never led to an address that is not ours.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use app::domain::ids::EnvironmentId;
use app::domain::phase::Phase;
use app::ports::Environments;
use cloud::{Call, Cloud, Kind, Observed};
use dns_update::{DnsUpdate, DnsUpdateConfig};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};

use crate::matrix::{Matrix, Worker};
use crate::support::TestPortal;
use crate::trap::Point;

const DOMAIN: &str = "koza-machines.test";

/// A name server of one's own, as `make run` has one.
pub struct Knot {
    state: PathBuf,
    at: SocketAddr,
}

impl Knot {
    pub fn start(domain: &str) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let state = std::env::temp_dir().join(format!("koza-names-{}-{}", std::process::id(), free.port()));
        let knot = Self { state, at: free };
        knot.run(&["start", domain]);
        knot
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/host/knot");
        let mut command = Command::new(script);
        command.args(arguments).env("KOZA_STATE", &self.state).env("KOZA_NAMES_PORT", self.at.port().to_string());
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Nobody answers any more.
    pub fn stop(&self) {
        self.run(&["stop"]);
    }

    /// It answers again, with the names that it had.
    pub fn start_again(&self, domain: &str) {
        self.run(&["start", domain]);
    }

    /// The zone that it keeps, for this installation.
    pub async fn dns(&self, pool: &PgPool) -> Arc<DnsUpdate> {
        let installation = server::db::installation(&mut pool.acquire().await.expect("a connection")).await.expect("an installation");
        let config: DnsUpdateConfig = self.settings();
        let config = DnsUpdateConfig { installation: installation.simple().to_string(), ..config };
        // Signed with the time that the name server has, too.
        Arc::new(DnsUpdate::new(&config, Arc::new(OffsetDateTime::now_utc)).expect("settings that can be used"))
    }

    /// What a cloud's settings say to use it.
    fn settings(&self) -> DnsUpdateConfig {
        serde_json::from_slice(&self.run(&["settings"]).stdout).expect("settings")
    }

    /// Where it leads whoever asks for a name, in DNS's own words over TCP: one question, and the first address of the answer.
    pub fn leads(&self, name: &str) -> Option<Ipv4Addr> {
        let mut question = vec![0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            question.push(u8::try_from(label.len()).expect("a label"));
            question.extend(label.as_bytes());
        }
        question.extend([0, 0, 1, 0, 1]);
        let mut stream = TcpStream::connect(self.at).expect("it listens");
        stream.write_all(&u16::try_from(question.len()).expect("short").to_be_bytes()).expect("sent");
        stream.write_all(&question).expect("sent");
        let mut length = [0; 2];
        stream.read_exact(&mut length).expect("an answer");
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer).expect("an answer");
        assert!(matches!(answer[3] & 15, 0 | 3), "it answers, or knows no such name");
        let count = u16::from_be_bytes([answer[6], answer[7]]);
        // After the question: a pointer to the name, type, class, time to live, length, and then four octets.
        let value = answer.get(question.len() + 12..question.len() + 16).filter(|_| count > 0)?;
        Some(Ipv4Addr::new(value[0], value[1], value[2], value[3]))
    }
}

impl Drop for Knot {
    fn drop(&mut self) {
        self.run(&["stop"]);
        // What is left there is of no use to anybody.
        let _ = std::fs::remove_dir_all(&self.state);
    }
}

struct Story {
    gives_back: bool,
    knot: Knot,
    matrix: Matrix,
}

impl Story {
    /// Of environments that keep their addresses while they are stopped, or give them back.
    async fn new(pool: PgPool, gives_back: bool) -> Self {
        let knot = Knot::start(DOMAIN);
        let dns = knot.dns(&pool).await;
        let portal = TestPortal::named(pool, dns).await;
        sqlx::query("update blueprint_version set spec = spec || jsonb_build_object('gives_back_address', $1)")
            .bind(gives_back)
            .execute(&portal.engine.pool)
            .await
            .expect("written");
        let inside = portal.sim.clone();
        Self { gives_back, knot, matrix: Matrix::over(portal, inside).await }
    }

    /// Turns the loop until a phase is reached, and asks for the name after each turn.
    async fn until(&mut self, id: EnvironmentId, phase: Phase, fate: Worker) {
        for _ in 0..1000 {
            if server::portal::view::phase_of(&self.matrix.known(id).await) == phase {
                self.matrix.wake_all().await;
                self.nobody_is_led_astray().await;
                return;
            }
            if !self.matrix.turn(fate).await {
                self.matrix.portal.advance(Duration::milliseconds(400)).await;
            }
            self.nobody_is_led_astray().await;
        }
        panic!("it does not come to {phase:?}");
    }

    async fn until_no_address_is_held(&mut self, fate: Worker) {
        for _ in 0..1000 {
            if self.addresses().await.is_empty() {
                return;
            }
            if !self.matrix.turn(fate).await {
                self.matrix.portal.advance(Duration::seconds(10)).await;
            }
            self.nobody_is_led_astray().await;
        }
        panic!("an address is kept");
    }

    async fn nobody_is_led_astray(&self) {
        let Some(address) = self.leads() else { return };
        let ours = self.addresses().await;
        assert!(ours.contains(&address), "c5 leads to {address}, and ours are {ours:?}");
    }

    fn leads(&self) -> Option<String> {
        self.knot.leads(&format!("c5.{DOMAIN}")).map(|address| address.to_string())
    }

    async fn addresses(&self) -> Vec<String> {
        let all = self.matrix.portal.sim.list_all().await.expect("listed");
        let address = |seen: cloud::Seen| if let Observed::Address { address } = seen.observed { Some(address) } else { None };
        all.into_iter().filter_map(address).collect()
    }

    /// A whole life, in which each of these calls is caught once.
    async fn life(&mut self, point: Point, fate: Worker) {
        let calls = [Kind::Address, Kind::Record].into_iter().flat_map(|kind| [Call::Create(kind), Call::Delete(kind)]);
        calls.for_each(|call| self.matrix.trap.set(call, point));
        let id = self.matrix.portal.request("c5").await.expect("requested");
        self.until(id, Phase::Ready, fate).await;
        assert_eq!(self.leads().into_iter().collect::<Vec<_>>(), self.addresses().await, "the name leads to it");
        self.matrix.portal.environments.stop(&self.matrix.portal.student, id).await.expect("asked");
        self.until(id, Phase::Stopped, fate).await;
        if self.gives_back {
            self.until_no_address_is_held(fate).await;
        }
        self.matrix.portal.environments.start(&self.matrix.portal.student, id).await.expect("asked");
        self.until(id, Phase::Ready, fate).await;
        self.matrix.portal.environments.delete(&self.matrix.portal.student, id, "c5").await.expect("asked");
        self.until(id, Phase::Removed, fate).await;
        assert_eq!((self.leads(), self.addresses().await), (None, Vec::new()));
        assert_eq!(self.matrix.trap.is_set(), [], "the story makes no such call");
    }
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_name_never_leads_to_an_address_that_is_not_ours_whoever_dies_before_a_call(pool: PgPool) {
    Story::new(pool, false).await.life(Point::BeforeTheCall, Worker::Restarts).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_name_never_leads_to_an_address_that_is_not_ours_whoever_dies_after_a_call(pool: PgPool) {
    Story::new(pool, false).await.life(Point::AfterTheCall, Worker::IsReplaced).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn a_name_never_leads_to_an_address_that_is_not_ours_whoever_wakes_too_late(pool: PgPool) {
    Story::new(pool, false).await.life(Point::AfterTheCall, Worker::WakesLater).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn where_addresses_are_given_back_a_name_never_leads_to_one_that_is_not_ours_whoever_dies_before_a_call(pool: PgPool) {
    Story::new(pool, true).await.life(Point::BeforeTheCall, Worker::Restarts).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn where_addresses_are_given_back_a_name_never_leads_to_one_that_is_not_ours_whoever_dies_after_a_call(pool: PgPool) {
    Story::new(pool, true).await.life(Point::AfterTheCall, Worker::IsReplaced).await;
}

#[sqlx::test(migrator = "server::MIGRATOR")]
async fn where_addresses_are_given_back_a_name_never_leads_to_one_that_is_not_ours_whoever_wakes_too_late(pool: PgPool) {
    Story::new(pool, true).await.life(Point::AfterTheCall, Worker::WakesLater).await;
}
