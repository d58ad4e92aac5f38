//! Certificate authorities of our own, and web servers with what they issue.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};
use time::OffsetDateTime;
use time::ext::NumericalDuration;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use super::{Web, answer, head_of, listen, target};
use crate::probe::tls::fingerprint;
use crate::probe::{Served, Target};

/// A target whose machine reported this certificate.
pub fn certified(reported: &Paper) -> Target {
    let served = Served {
        fingerprint: fingerprint(&reported.chain[0]),
        not_before: reported.not_before,
        not_after: reported.not_after,
        issuing_root: reported.root.clone(),
    };
    Target { certificate: Some(served), ..target() }
}

/// A certificate with what goes with it.
#[derive(Clone)]
pub struct Paper {
    /// The certificate, then who vouches for it.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key, PKCS #8.
    pub key: Vec<u8>,
    /// Whom the portal is told to trust.
    pub root: Option<String>,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
}

impl Paper {
    /// One for the target's name that nobody else vouches for.
    pub fn signed_by_itself(is_authority: bool) -> Self {
        let mut params = leaf(&target().name);
        if is_authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self::of(&params, vec![certificate.der().clone()], &key, None)
    }

    fn of(params: &CertificateParams, chain: Vec<CertificateDer<'static>>, key: &KeyPair, root: Option<String>) -> Self {
        Self { chain, key: key.serialize_der(), root, not_before: params.not_before, not_after: params.not_after }
    }
}

/// 90 days, of which 30 are over.
fn leaf(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = target().now - 30.days();
    params.not_after = params.not_before + 90.days();
    params
}

/// An authority in the house: a root that vouches for one in the middle, which issues.
pub struct Authority {
    root: String,
    middle: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        Self::named("House")
    }

    pub fn named(name: &str) -> Self {
        let params = |place| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, format!("{name} {place}"));
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            (params, KeyPair::generate().unwrap())
        };
        let (root, key) = params("root");
        let root = CertifiedIssuer::self_signed(root, key).unwrap();
        let (middle, key) = params("middle");
        Self { root: root.pem(), middle: CertifiedIssuer::signed_by(middle, key, &root).unwrap() }
    }

    /// Its root, as PEM.
    #[expect(clippy::unnecessary_wraps, reason = "as a target has it")]
    pub fn root(&self) -> Option<String> {
        Some(self.root.clone())
    }

    /// A certificate for the target's name.
    pub fn issues(&self) -> Paper {
        self.issues_for(&target().name)
    }

    pub fn issues_for(&self, name: &str) -> Paper {
        let (params, key) = (leaf(name), KeyPair::generate().unwrap());
        let certificate = params.signed_by(&key, &self.middle).unwrap();
        Paper::of(&params, vec![certificate.der().clone(), self.middle.der().clone()], &key, self.root())
    }
}

/// Shows its certificate to those only who ask by the target's name.
#[derive(Debug)]
struct ByName(Arc<CertifiedKey>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        (hello.server_name() == Some(&target().name)).then(|| self.0.clone())
    }
}

pub fn acceptor(paper: &Paper) -> TlsAcceptor {
    speaking(&[&TLS12, &TLS13], paper)
}

fn speaking(versions: &[&'static SupportedProtocolVersion], paper: &Paper) -> TlsAcceptor {
    let provider = Arc::new(default_provider());
    let key = provider.key_provider.load_private_key(PrivateKeyDer::Pkcs8(paper.key.clone().into())).unwrap();
    let shown = CertifiedKey::new(paper.chain.clone(), key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ByName(Arc::new(shown))));
    TlsAcceptor::from(Arc::new(config))
}

/// Web servers with TLS. Each function starts one and gives its port.
pub struct Secure;

impl Secure {
    /// Answers by the request's whole head, and hangs up without TLS' farewell.
    pub async fn web(paper: &Paper, by_head: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> u16 {
        Self::start(acceptor(paper), by_head, false).await
    }

    /// Speaks one version of TLS only, and does not answer.
    pub async fn only(version: &'static SupportedProtocolVersion, paper: &Paper) -> u16 {
        Self::start(speaking(&[version], paper), |_| vec![], false).await
    }

    /// Shows a page without end.
    pub async fn endless(paper: &Paper) -> u16 {
        let begins = |_: &str| b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        Self::start(acceptor(paper), begins, true).await
    }

    /// Plain HTTP that leads whoever asks by name to HTTPS, as machines do.
    pub async fn leads_to(name: &str) -> u16 {
        let name = name.to_owned();
        Web::answers_to_head(move |head| {
            assert!(head.contains(&format!("host: {name}\r\n")), "asked by name: {head}");
            let path = head.split(' ').nth(1).unwrap_or_default();
            answer("307 Temporary Redirect", &format!("Location: https://{name}{path}\r\n"), "")
        })
        .await
    }

    async fn start(acceptor: TlsAcceptor, by_head: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static, is_endless: bool) -> u16 {
        let (listener, port) = listen().await;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let head = head_of(&mut stream).await;
                if head.is_empty() {
                    continue;
                }
                let _ = stream.write_all(&by_head(&head)).await;
                let more = b"<p>and on</p>\n".repeat(1000);
                while is_endless && stream.write_all(&more).await.is_ok() {}
                let _ = stream.flush().await;
            }
        });
        port
    }
}
