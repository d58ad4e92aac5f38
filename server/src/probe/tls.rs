//! TLS with the environment's own certificate: vouched for, for its name, good at this moment, and the one that the machine reported.
//!
//! ```text
//!  hello, by the environment's name ──► a chain to Mozilla's roots or the house's, the name, the dates, a signature by its key
//!  the handshake is done            ──► the very certificate that the machine reported, good until when the machine said
//! ```
//!
//! What pages say of a certificate (whose, how many days are left) comes from the machine; here it is proven. No authority is asked
//! whether it has taken the certificate back: the probe speaks to the target's address only.

use std::io;
use std::sync::Arc;

use app::domain::saw::Saw;
use aws_lc_rs::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, DnsName, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Target, reach};

/// Opens a connection to one of the target's ports, and TLS on it.
pub async fn connect(target: &Target, port: u16) -> Result<TlsStream<TcpStream>, Saw> {
    secure(target, port, reach::connect(target, port).await?).await
}

/// Begins TLS on a connection that is open.
pub async fn secure<S>(target: &Target, port: u16, stream: S) -> Result<TlsStream<S>, Saw>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let served = target.certificate.as_ref().ok_or(Saw::NoCertificateReported)?;
    let name = named(&target.name)?;
    let judge = judge(served.issuing_root.as_deref());
    let connector = connector(judge.clone(), target.now);
    let stream = connector.connect(name.clone(), stream).await.map_err(|error| misunderstood(port, &error))?;

    let (leaf, chain) = stream.get_ref().1.peer_certificates().and_then(<[_]>::split_first).ok_or(Saw::UntrustedCertificate)?;
    if fingerprint(leaf) != served.fingerprint {
        return Err(Saw::OtherCertificate { port });
    }
    let last = moment(served.not_after.saturating_sub(Duration::SECOND));
    judge.verify_server_cert(leaf, chain, &name, &[], last).map_err(|_| Saw::CertificateEndsEarlier)?;
    Ok(stream)
}

/// Begins TLS as somebody who visits by a name, and knows nothing of which certificate is shown; `house`: the root of an authority in the house.
pub async fn as_visitor<S>(name: &str, house: Option<&str>, now: OffsetDateTime, port: u16, stream: S) -> Result<TlsStream<S>, Saw>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connector = connector(judge(house), now);
    connector.connect(named(name)?, stream).await.map_err(|error| misunderstood(port, &error))
}

/// No certificate is for something that is no host name.
fn named(name: &str) -> Result<ServerName<'static>, Saw> {
    DnsName::try_from(name.to_owned()).map(ServerName::DnsName).map_err(|_| Saw::CertificateForAnotherName)
}

fn connector(judge: Arc<WebPkiServerVerifier>, now: OffsetDateTime) -> TlsConnector {
    let config = ClientConfig::builder_with_details(Arc::new(default_provider()), Arc::new(At(moment(now))))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider has ciphers for both versions")
        .with_webpki_verifier(judge)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Who may vouch: those whom Mozilla trusts, and for an authority in the house its root. What is no certificate in there vouches for nothing.
fn judge(house: Option<&str>) -> Arc<WebPkiServerVerifier> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(house.unwrap_or_default().as_bytes()).flatten());
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()))
        .build()
        .expect("Mozilla's roots are some, and nothing is asked about revocation")
}

/// What a certificate is known by: SHA-256 of all of it, in lower-case hexadecimal digits.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    digest(&SHA256, certificate).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The moment at which certificates are judged: the portal's, whatever this host's clock says.
#[derive(Debug)]
struct At(UnixTime);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        Some(self.0)
    }
}

fn moment(time: OffsetDateTime) -> UnixTime {
    let seconds = u64::try_from(time.unix_timestamp()).unwrap_or(0);
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

/// What a handshake that failed means.
fn misunderstood(port: u16, error: &io::Error) -> Saw {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref()) else {
        return reach::broken(port, error);
    };
    match error {
        Error::InvalidCertificate(why) => unfit(why),
        Error::NoCertificatesPresented => Saw::UntrustedCertificate,
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => Saw::NoTls { port },
        _ => Saw::TlsRefused { port },
    }
}

fn unfit(why: &CertificateError) -> Saw {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Saw::CertificateExpired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Saw::CertificateNotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Saw::CertificateForAnotherName,
        // By whoever is said to have issued it, or by its own key in this handshake.
        CertificateError::BadSignature => Saw::UnprovenCertificate,
        _ => Saw::UntrustedCertificate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::tls::{Authority, Paper, Secure, certified};
    use crate::probe::hostile::{Web, target};
    use app::domain::reason::Probe;
    use proptest::prelude::*;
    use std::sync::LazyLock;
    use time::ext::NumericalDuration;
    use tokio::io::{AsyncWriteExt, duplex, split};

    /// What is seen of a server that shows `shown`, when `reported` is what the machine reported.
    async fn seen_of(shown: &Paper, reported: &Paper) -> (Result<(), Saw>, u16) {
        let target = certified(reported);
        let port = Secure::web(shown, |_| vec![]).await;
        (connect(&target, port).await.map(|_| ()), port)
    }

    async fn seen(paper: &Paper) -> Result<(), Saw> {
        seen_of(paper, paper).await.0
    }

    #[tokio::test]
    async fn the_reported_certificate_passes_with_either_version_of_tls() {
        let paper = Authority::new().issues();
        assert_eq!(seen(&paper).await, Ok(()));
        for version in [&TLS12, &TLS13] {
            let port = Secure::only(version, &paper).await;
            assert!(connect(&certified(&paper), port).await.is_ok(), "{version:?}");
        }
    }

    #[tokio::test]
    async fn without_a_reported_certificate_nothing_is_proven() {
        let paper = Authority::new().issues();
        let port = Secure::web(&paper, |_| vec![]).await;
        assert_eq!(connect(&target(), port).await.err(), Some(Saw::NoCertificateReported));
    }

    #[tokio::test]
    async fn whom_nobody_vouches_for_does_not_pass() {
        let (ours, another) = (Authority::new(), Authority::named("Another"));
        assert_eq!(seen(&Paper { root: ours.root(), ..another.issues() }).await, Err(Saw::UntrustedCertificate));
        assert_eq!(seen(&Paper { root: None, ..ours.issues() }).await, Err(Saw::UntrustedCertificate));
        assert_eq!(seen(&Paper { root: Some("no PEM".into()), ..ours.issues() }).await, Err(Saw::UntrustedCertificate));
        for is_authority in [false, true] {
            let own = Paper::signed_by_itself(is_authority);
            assert_eq!(seen(&Paper { root: ours.root(), ..own }).await, Err(Saw::UntrustedCertificate));
        }
    }

    #[tokio::test]
    async fn a_chain_without_its_middle_does_not_pass() {
        let mut paper = Authority::new().issues();
        paper.chain.truncate(1);
        assert_eq!(seen(&paper).await, Err(Saw::UntrustedCertificate));
    }

    #[tokio::test]
    async fn an_authority_that_only_bears_the_name_does_not_pass() {
        let (ours, impostor) = (Authority::new(), Authority::new());
        assert_eq!(seen(&Paper { root: ours.root(), ..impostor.issues() }).await, Err(Saw::UnprovenCertificate));
    }

    #[tokio::test]
    async fn showing_the_right_certificate_without_holding_its_key_does_not_pass() {
        let ours = Authority::new();
        let right = ours.issues();
        let without_its_key = Paper { key: ours.issues().key, ..right.clone() };
        assert_eq!(seen_of(&without_its_key, &right).await.0, Err(Saw::UnprovenCertificate));
    }

    #[tokio::test]
    async fn the_dates_are_judged_by_the_portals_clock() {
        let paper = Authority::new().issues();
        let port = Secure::web(&paper, |_| vec![]).await;
        let mut target = certified(&paper);
        let mut at = async |now| {
            target.now = now;
            connect(&target, port).await.map(|_| ())
        };
        assert_eq!(at(paper.not_before - 1.seconds()).await, Err(Saw::CertificateNotYetValid));
        assert_eq!(at(paper.not_before).await, Ok(()));
        assert_eq!(at(paper.not_after - 1.seconds()).await, Ok(()));
        assert_eq!(at(paper.not_after + 1.seconds()).await, Err(Saw::CertificateExpired));
        assert_eq!(at(OffsetDateTime::UNIX_EPOCH - 1.days()).await, Err(Saw::CertificateNotYetValid));
    }

    #[tokio::test]
    async fn another_name_does_not_pass() {
        let ours = Authority::new();
        assert_eq!(seen(&ours.issues_for("c6.exp.example.ac.jp")).await, Err(Saw::CertificateForAnotherName));
        let paper = ours.issues();
        for no_name in ["", "127.0.0.1", "a name", "名前"] {
            let port = Secure::web(&paper, |_| vec![]).await;
            let target = Target { name: no_name.into(), ..certified(&paper) };
            assert_eq!(connect(&target, port).await.err(), Some(Saw::CertificateForAnotherName), "{no_name}");
        }
    }

    #[tokio::test]
    async fn a_good_certificate_that_was_not_reported_does_not_pass() {
        let ours = Authority::new();
        let (seen, port) = seen_of(&ours.issues(), &ours.issues()).await;
        assert_eq!(seen, Err(Saw::OtherCertificate { port }));
    }

    #[tokio::test]
    async fn a_certificate_reported_to_last_longer_than_it_does_does_not_pass() {
        let paper = Authority::new().issues();
        let later = |by| Paper { not_after: paper.not_after + by, ..paper.clone() };
        assert_eq!(seen_of(&paper, &later(1.seconds())).await.0, Ok(()));
        assert_eq!(seen_of(&paper, &later(2.seconds())).await.0, Err(Saw::CertificateEndsEarlier));
        assert_eq!(seen_of(&paper, &later(60.days())).await.0, Err(Saw::CertificateEndsEarlier));
    }

    #[tokio::test]
    async fn a_port_without_tls_is_told_apart() {
        let target = certified(&Authority::new().issues());
        let said = async |words: &[u8]| {
            let port = Web::says_at_once(words).await;
            (connect(&target, port).await.err(), port)
        };
        let (seen, port) = said(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        assert_eq!(seen, Some(Saw::NoTls { port }));
        let (seen, port) = said(b"SSH-2.0-OpenSSH_9.2p1\r\n").await;
        assert_eq!(seen, Some(Saw::NoTls { port }));
        let (seen, port) = said(b"").await;
        assert_eq!(seen, Some(Saw::HungUp { port }));
        let (seen, port) = said(b"\x16\x03\x03\x00\x7a\x02").await;
        assert_eq!(seen, Some(Saw::HungUp { port }));
        // A handshake failure, as who shares no cipher says it.
        let (seen, port) = said(b"\x15\x03\x03\x00\x02\x02\x28").await;
        assert_eq!(seen, Some(Saw::TlsRefused { port }));
        let port = target.ports.https;
        assert_eq!(connect(&target, port).await.err(), Some(Saw::Refused { port }));
    }

    #[tokio::test]
    async fn a_handshake_that_hangs_is_too_slow() {
        let mut target = certified(&Authority::new().issues());
        target.ports.http = Secure::leads_to(&target.name).await;
        target.ports.https = Web::drips(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03", b"a").await;
        let outcome = crate::probe::run(Probe::Https, &target).await.outcome;
        assert_eq!(outcome, Err(Saw::TooSlow { port: target.ports.https, seconds: 1 }));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic_or_pass(records in prop::collection::vec((20u8..25, prop::collection::vec(any::<u8>(), 0..200)), 0..4)) {
            static PAPER: LazyLock<Paper> = LazyLock::new(|| Authority::new().issues());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let seen = runtime.block_on(async {
                let (near, far) = duplex(1 << 16);
                let answer: Vec<u8> = records
                    .into_iter()
                    .flat_map(|(kind, body)| [&[kind, 3, 3][..], &u16::try_from(body.len()).unwrap().to_be_bytes(), &body].concat())
                    .collect();
                let (reading, mut writing) = split(far);
                writing.write_all(&answer).await.unwrap();
                writing.shutdown().await.unwrap();
                let seen = secure(&certified(&PAPER), 443, near).await.map(|_| ());
                drop(reading);
                seen
            });
            prop_assert!(seen.is_err());
        }
    }
}
