//! Small servers on the loopback that misbehave in every way a student's machine might. For tests.

pub mod ftp;
pub mod tls;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_lc_rs::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use time::macros::datetime;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{interval, timeout};

use super::{Limits, Ports, Target, ssh};

/// A target on the loopback where nothing listens yet, with limits that let tests of slowness end.
pub fn target() -> Target {
    let nothing = || {
        let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        taken.local_addr().unwrap().port()
    };
    Target {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        host_keys: vec![],
        name: "c5.exp.example.ac.jp".into(),
        name_servers: Vec::new(),
        certificate: None,
        has_wordpress: false,
        site_title: "c5".into(),
        basic_auth: ("group".into(), "open sesame".into()),
        ftp_probe: ("koza-probe".into(), "knock knock".into()),
        nonce: "n0nce42".into(),
        closed_ports: vec![],
        now: datetime!(2026-11-22 03:00 UTC),
        ports: Ports { ssh: nothing(), http: nothing(), https: nothing(), container: nothing(), ftp: nothing() },
        limits: Limits {
            connect: Duration::from_millis(300),
            whole: Duration::from_millis(900),
            pdf: Duration::from_millis(400),
            look_again: Duration::from_millis(10),
            whole_tex: Duration::from_secs(8),
            closed: Duration::from_millis(200),
            bytes: 1 << 20,
        },
    }
}

/// An HTTP answer with a body.
pub fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Type: text/html; charset=UTF-8\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Web servers, and servers that just talk. Each function starts one and gives its port.
pub struct Web;

impl Web {
    /// Answers every request with these bytes.
    pub async fn says(bytes: &[u8]) -> u16 {
        let bytes = bytes.to_vec();
        Self::answers_to_head(move |_| bytes.clone()).await
    }

    /// Answers by path.
    pub async fn answers(by_path: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> u16 {
        Self::answers_to_head(move |head| by_path(head.split(' ').nth(1).unwrap_or_default())).await
    }

    /// Answers knowing the host it was asked by.
    pub async fn answers_to_host(by_host: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> u16 {
        Self::answers_to_head(move |head| {
            let host = head.lines().find_map(|line| line.to_lowercase().strip_prefix("host: ").map(str::to_owned));
            by_host(&host.unwrap_or_default())
        })
        .await
    }

    /// Answers by the request's whole head.
    pub async fn answers_to_head(by_head: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> u16 {
        let (listener, port) = listen().await;
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let head = head_of(&mut stream).await;
                assert!(head.contains("koza-probe/1"), "probes say who they are");
                let _ = stream.write_all(&by_head(&head)).await;
            }
        });
        port
    }

    /// Says these bytes as soon as somebody connects, then closes its side.
    pub async fn says_at_once(bytes: &[u8]) -> u16 {
        Self::says_in_turn(&[bytes]).await
    }

    /// Speaks first, then whenever it is spoken to; closes its side after its last words.
    pub async fn says_in_turn(words: &[&[u8]]) -> u16 {
        let (listener, port) = listen().await;
        let words: Vec<Vec<u8>> = words.iter().map(|words| words.to_vec()).collect();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                for (turn, words) in words.iter().enumerate() {
                    if turn > 0 {
                        let _ = stream.read(&mut [0; 4096]).await;
                    }
                    let _ = stream.write_all(words).await;
                }
                let _ = stream.shutdown().await;
                // Read what comes, so that closing is no reset.
                let _ = timeout(Duration::from_secs(2), stream.read_to_end(&mut Vec::new())).await;
            }
        });
        port
    }

    /// Begins with `first` and goes on with `more` for ever.
    pub async fn endless(first: &'static [u8], more: &'static [u8]) -> u16 {
        let (listener, port) = listen().await;
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                head_of(&mut stream).await;
                let _ = stream.write_all(first).await;
                let more = more.repeat(1000);
                while stream.write_all(&more).await.is_ok() {}
            }
        });
        port
    }

    /// Begins with `first` and goes on with `more`, a little at a time, for ever.
    pub async fn drips(first: &'static [u8], more: &'static [u8]) -> u16 {
        let (listener, port) = listen().await;
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(first).await;
                let mut tick = interval(Duration::from_millis(20));
                while stream.write_all(more).await.is_ok() {
                    tick.tick().await;
                }
            }
        });
        port
    }

    /// Counts its visitors.
    pub async fn counts() -> (u16, Arc<AtomicUsize>) {
        let (listener, port) = listen().await;
        let visits = Arc::new(AtomicUsize::new(0));
        let counted = visits.clone();
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        (port, visits)
    }
}

async fn head_of(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A port that takes no more connections and refuses none: its queue is full and nobody accepts.
pub struct Silent {
    pub number: u16,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Silent {
    pub async fn port() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(Ok(stream)) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
            queue.push(stream);
            assert!(queue.len() < 20, "the queue fills");
        }
        Self { number: address.port(), _listener: listener, _queue: queue }
    }
}

/// How an SSH server lies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    None,
    GreetsFirst,
    AnotherKey,
    OnlyRsa,
    SignedByAnother,
    SignatureOfAnotherTalk,
    ZeroHalf,
}

/// An SSH server that knows the first step only.
pub struct Sshd {
    pub port: u16,
    pub public_key: String,
}

impl Sshd {
    pub async fn that(lie: Lie) -> Self {
        let reported = Ed25519KeyPair::generate().unwrap();
        let public_key = ssh_key::PublicKey::from(ssh_key::public::Ed25519PublicKey(reported.public_key().as_ref().try_into().unwrap()));
        let (listener, port) = listen().await;
        let public_key = public_key.to_openssh().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = Self::talk(stream, &reported, lie).await;
            }
        });
        Self { port, public_key }
    }

    async fn talk(stream: TcpStream, reported: &Ed25519KeyPair, lie: Lie) -> Option<()> {
        const BANNER: &str = "SSH-2.0-Hostile_1.0";
        let mut stream = BufReader::new(stream);
        if lie == Lie::GreetsFirst {
            stream.write_all("Welcome to the machine.\r\nようこそ\n".as_bytes()).await.ok()?;
        }
        stream.write_all(format!("{BANNER}\r\n").as_bytes()).await.ok()?;
        let mut their_banner = String::new();
        stream.read_line(&mut their_banner).await.ok()?;

        let mut offer = vec![20];
        offer.extend([9; 16]);
        let keys = if lie == Lie::OnlyRsa { "rsa-sha2-512" } else { "ssh-ed25519,rsa-sha2-512" };
        for list in ["curve25519-sha256", keys, "aes128-ctr", "aes128-ctr", "hmac-sha2-256", "hmac-sha2-256", "none", "none", "", ""] {
            ssh::put(&mut offer, list.as_bytes());
        }
        offer.extend([0; 5]);
        ssh::send(&mut stream, &offer, 0).await.ok()?;
        let their_offer = ssh::receive(&mut stream, 0).await.ok()?;
        let their_half = ssh::receive(&mut stream, 0).await.ok()?.split_off(5);

        let another = Ed25519KeyPair::generate().unwrap();
        let shown = if lie == Lie::AnotherKey { &another } else { reported };
        let mut host_key = Vec::new();
        ssh::put(&mut host_key, b"ssh-ed25519");
        ssh::put(&mut host_key, shown.public_key().as_ref());

        let private = EphemeralPrivateKey::generate(&X25519, &SystemRandom::new()).unwrap();
        let mut half = private.compute_public_key().unwrap().as_ref().to_vec();
        let shared = agree_ephemeral(private, UnparsedPublicKey::new(&X25519, &their_half), (), |shared| Ok(shared.to_vec())).ok()?;
        if lie == Lie::ZeroHalf {
            half = vec![0; 32];
        }
        let said = ssh::exchange_hash(&ssh::Exchange {
            banners: [
                their_banner.trim_end().as_bytes(),
                if lie == Lie::SignatureOfAnotherTalk { b"SSH-2.0-other" } else { BANNER.as_bytes() },
            ],
            offers: [&their_offer, &offer],
            host_key: &host_key,
            halves: [&their_half, &half],
            shared: &shared,
        });
        let signer = if lie == Lie::SignedByAnother { &another } else { shown };
        let mut signature = Vec::new();
        ssh::put(&mut signature, b"ssh-ed25519");
        ssh::put(&mut signature, signer.sign(&said).as_ref());
        let mut reply = vec![31];
        for part in [&host_key, &half, &signature] {
            ssh::put(&mut reply, part);
        }
        ssh::send(&mut stream, &reply, 0).await.ok()
    }
}
