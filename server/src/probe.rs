//! Proof from outside: what a student's own programs would see, asked at the environment's own address.
//!
//! ```text
//!  run(probe, target) ──► ssh            banner, key exchange: the host key is one that the machine reported
//!                     ├─► wordpress      /         this WordPress, not an error page, a wizard or somebody else's
//!                     ├─► basic_auth     /basic/   refuses without, refuses a wrong one, opens with the password
//!                     ├─► https          HTTP leads to it; the certificate is good, and the one that the machine reported
//!                     ├─► container_web  :8080     "It works!"
//!                     ├─► ftp_tex        put a TeX file with a nonce, get a PDF that carries it
//!                     ├─► ftp_tls        goes over to TLS, with that certificate
//!                     ├─► closed_ports   refused, or silent for two seconds
//!                     └─► name           the domain's name servers answer with the address
//! ```
//!
//! Rules that stay true, because the far end is a student's machine and may be anything:
//! - a probe speaks to the target's address only (`name` to the domain's name servers, which an operator named). Where FTP's passive mode or a redirect names another host, it is not followed;
//! - what it reads and how long it waits is bounded ([`Limits`]), whatever the other side sends;
//! - it uses accounts of its own and cleans up after itself;
//! - it never passes by default: each probe ends in a proof or in a [`Saw`] that says what was there instead.
//!
//! It decides nothing: how often to ask and what to do about an answer is `wish::plan`'s.

mod basic_auth;
mod closed_ports;
mod container_web;
mod ftp;
mod ftp_tex;
mod ftp_tls;
#[cfg(test)]
mod hostile;
mod http;
mod https;
mod name;
mod pdf;
mod reach;
mod ssh;
mod tls;
pub mod visit;
mod wordpress;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use app::domain::reason::Probe;
use app::domain::saw::Saw;
use secrecy::SecretString;
use time::OffsetDateTime;
use tokio::time::timeout;
use tracing::debug;

/// How probes name themselves to web servers, so that their visits do not count as use.
pub const USER_AGENT: &str = "koza-probe/1";

/// What should be closed on every machine: Telnet, mail, RPC, MariaDB (both protocols), PHP's own port.
pub const CLOSED_PORTS: [u16; 6] = [23, 25, 111, 3306, 9000, 33060];

/// What is probed: one environment's address and what is known of it.
#[derive(Debug, Clone)]
pub struct Target {
    /// The environment's public address. Nothing else is ever spoken to.
    pub address: IpAddr,
    /// The environment's name in the DNS, in full. What is spoken to is the address, whatever the name leads to.
    pub name: String,
    /// The name servers that the world asks for it.
    pub name_servers: Vec<String>,
    /// The host keys that the machine reported, as OpenSSH public key lines.
    pub host_keys: Vec<String>,
    /// The certificate that the machine reported, if it has one.
    pub certificate: Option<Served>,
    /// Whether `/` is WordPress'.
    pub has_wordpress: bool,
    /// The title that WordPress was given.
    pub site_title: String,
    /// The user and the password of `/basic/`.
    pub basic_auth: (String, SecretString),
    /// The FTP account that only probes use.
    pub ftp_probe: (String, SecretString),
    /// What this run's PDF must carry: ASCII letters and digits, new for every run.
    pub nonce: String,
    /// What must not answer.
    pub closed_ports: Vec<u16>,
    /// When certificates have to be good.
    pub now: OffsetDateTime,
    /// Where the services are.
    pub ports: Ports,
    /// How much a probe waits and reads.
    pub limits: Limits,
}

/// A certificate, as the machine reported it.
#[derive(Debug, Clone)]
pub struct Served {
    /// SHA-256 of all of it, in lower-case hexadecimal digits.
    pub fingerprint: String,
    /// When its life began.
    pub not_before: OffsetDateTime,
    /// When its life ends.
    pub not_after: OffsetDateTime,
    /// The root of an authority in the house, as PEM. It is trusted beside those that Mozilla trusts, for this environment only.
    pub issuing_root: Option<String>,
}

/// Where the services are; other numbers are for tests.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// SSH.
    pub ssh: u16,
    /// WordPress and `/basic/`.
    pub http: u16,
    /// The same over TLS.
    pub https: u16,
    /// The web container.
    pub container: u16,
    /// FTP's control connection.
    pub ftp: u16,
}

impl Default for Ports {
    fn default() -> Self {
        Self { ssh: 22, http: 80, https: 443, container: 8080, ftp: 21 }
    }
}

/// How much a probe waits and reads.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a connection to open.
    pub connect: Duration,
    /// For a whole probe; for `ftp_tex`: until the file is put.
    pub whole: Duration,
    /// From the file being put until its PDF is back.
    pub pdf: Duration,
    /// Between two looks for the PDF.
    pub look_again: Duration,
    /// For the whole of `ftp_tex`, its cleaning up included.
    pub whole_tex: Duration,
    /// A port that stays silent this long is closed.
    pub closed: Duration,
    /// Bytes of one answer, page or file.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            whole: Duration::from_secs(10),
            pdf: Duration::from_secs(20),
            look_again: Duration::from_millis(200),
            whole_tex: Duration::from_secs(25),
            closed: Duration::from_secs(2),
            bytes: 1 << 20,
        }
    }
}

/// What came of a probe.
#[derive(Debug)]
pub struct ProbeOutcome {
    /// It passed, or what it saw instead.
    pub outcome: Result<(), Saw>,
    /// How long it took.
    pub took: Duration,
}

/// Runs one probe.
pub async fn run(probe: Probe, target: &Target) -> ProbeOutcome {
    let began = Instant::now();
    let (port, limit) = match probe {
        Probe::Ssh => (target.ports.ssh, target.limits.whole),
        Probe::Wordpress | Probe::BasicAuth => (target.ports.http, target.limits.whole),
        Probe::Https => (target.ports.https, target.limits.whole),
        Probe::ContainerWeb => (target.ports.container, target.limits.whole),
        Probe::FtpTex => (target.ports.ftp, target.limits.whole_tex),
        Probe::FtpTls => (target.ports.ftp, target.limits.whole),
        Probe::Name => (53, target.limits.whole),
        Probe::ClosedPorts => (0, target.limits.whole),
    };
    let proof = async {
        match probe {
            Probe::Ssh => ssh::prove(target).await,
            Probe::Wordpress => wordpress::prove(target).await,
            Probe::BasicAuth => basic_auth::prove(target).await,
            Probe::Https => https::prove(target).await,
            Probe::ContainerWeb => container_web::prove(target).await,
            Probe::FtpTex => ftp_tex::prove(target).await,
            Probe::FtpTls => ftp_tls::prove(target).await,
            Probe::ClosedPorts => closed_ports::prove(target).await,
            Probe::Name => name::prove(target).await,
        }
    };
    let outcome = timeout(limit, proof).await.unwrap_or_else(|_| Err(reach::too_slow(port, limit)));
    let took = began.elapsed();
    debug!(probe = probe.code(), address = %target.address, ok = outcome.is_ok(), duration_ms = took.as_millis(), "probed");
    ProbeOutcome { outcome, took }
}
