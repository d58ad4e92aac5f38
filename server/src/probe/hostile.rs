//! Small servers on the loopback that misbehave in every way a student's machine might. For tests.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
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
        site_title: "c5".into(),
        basic_auth: ("group".into(), "open sesame".into()),
        ftp_probe: ("koza-probe".into(), "knock knock".into()),
        nonce: "n0nce42".into(),
        closed_ports: vec![],
        ports: Ports { ssh: nothing(), http: nothing(), container: nothing(), ftp: nothing() },
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
        let (listener, port) = listen().await;
        let bytes = bytes.to_vec();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(&bytes).await;
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

async fn head_of(stream: &mut TcpStream) -> String {
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

/// What becomes of a TeX file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Compiler {
    /// A PDF of it.
    Works,
    /// A log with errors, no PDF.
    Broken,
    /// Nothing.
    Absent,
    /// Somebody else's PDF.
    OfAnother,
    /// Half a PDF.
    Half,
    /// A PDF without end.
    Endless,
}

pub type Files = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// An FTP server whose folder is in memory.
#[derive(Clone)]
pub struct Ftpd {
    pub password: &'static str,
    pub extended: bool,
    pub data: bool,
    pub writable: bool,
    pub compiler: Compiler,
    pub files: Files,
}

impl Default for Ftpd {
    fn default() -> Self {
        Self { password: "knock knock", extended: true, data: true, writable: true, compiler: Compiler::Works, files: Files::default() }
    }
}

impl Ftpd {
    pub async fn start(&self) -> u16 {
        let (listener, port) = listen().await;
        let server = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.talk(stream).await });
            }
        });
        port
    }

    /// Names of the files that are there.
    pub fn left(&self) -> Vec<String> {
        self.files.lock().unwrap().keys().cloned().collect()
    }

    async fn talk(&self, stream: TcpStream) -> Option<()> {
        let mut control = BufReader::new(stream);
        let mut data = None;
        control.write_all(b"220-Welcome\r\n to the machine\r\n220 Ready.\r\n").await.ok()?;
        loop {
            let mut line = String::new();
            if control.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let (command, name) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
            let found = self.files.lock().unwrap().get(name).cloned();
            let reply = match command {
                "USER" => "331 Password?".to_owned(),
                "PASS" if name == self.password => "230 In.".to_owned(),
                "PASS" => "530 Login incorrect.".to_owned(),
                "TYPE" => "200 Binary.".to_owned(),
                "EPSV" if !self.extended => "500 What?".to_owned(),
                "EPSV" | "PASV" => {
                    let (listener, mut port) = listen().await;
                    if self.data {
                        data = Some(listener);
                    } else {
                        drop(listener);
                        port = port.max(1);
                    }
                    match command {
                        "EPSV" => format!("229 Entering Extended Passive Mode (|||{port}|)"),
                        _ => format!("227 Entering Passive Mode (203,0,113,9,{},{}).", port >> 8, port & 255),
                    }
                }
                "STOR" if !self.writable => "553 Could not create file.".to_owned(),
                "STOR" => {
                    control.write_all(b"150 Send.\r\n").await.ok()?;
                    let mut content = Vec::new();
                    data.take()?.accept().await.ok()?.0.read_to_end(&mut content).await.ok()?;
                    self.keep(name, content);
                    "226 Stored.".to_owned()
                }
                "RETR" => match found {
                    None => "550 Failed to open file.".to_owned(),
                    Some(content) => {
                        let is_endless = self.compiler == Compiler::Endless;
                        let listener = data.take()?;
                        control.write_all(b"150 Here.\r\n").await.ok()?;
                        let mut stream = listener.accept().await.ok()?.0;
                        let _ = stream.write_all(&content).await;
                        while is_endless && stream.write_all(&content).await.is_ok() {}
                        "226 Sent.".to_owned()
                    }
                },
                "SIZE" => match found {
                    None => "550 Could not get file size.".to_owned(),
                    Some(content) => format!("213 {}", content.len()),
                },
                "DELE" => match self.files.lock().unwrap().remove(name) {
                    None => "550 Delete operation failed.".to_owned(),
                    Some(_) => "250 Deleted.".to_owned(),
                },
                "QUIT" => "221 Goodbye.".to_owned(),
                _ => "500 Unknown command.".to_owned(),
            };
            control.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        }
    }

    fn keep(&self, name: &str, content: Vec<u8>) {
        let text = String::from_utf8_lossy(&content).into_owned();
        let nonce = text.split("/Title (").nth(1).and_then(|rest| rest.split(')').next()).unwrap_or_default();
        let stem = name.trim_end_matches(".tex");
        let mut files = self.files.lock().unwrap();
        match self.compiler {
            Compiler::Works => files.insert(format!("{stem}.pdf"), deflated(&format!("<< /Title ({nonce}) >>"))),
            Compiler::OfAnother => files.insert(format!("{stem}.pdf"), pdf_with("(another)")),
            Compiler::Half => files.insert(format!("{stem}.pdf"), b"%PDF-1.5\nhalf".to_vec()),
            Compiler::Endless => files.insert(format!("{stem}.pdf"), pdf_with("(endless)")),
            Compiler::Broken => {
                let log = "This is e-upTeX\n\n! Undefined control sequence.\nl.3 \\oops\u{7}\n";
                files.insert(format!("{stem}.log"), log.as_bytes().to_vec())
            }
            Compiler::Absent => None,
        };
        files.insert(name.to_owned(), content);
    }
}

/// A PDF with an object in the clear.
pub fn pdf_with(object: &str) -> Vec<u8> {
    format!("%PDF-1.5\n1 0 obj\n{object}\nendobj\ntrailer\n<<>>\n%%EOF\n").into_bytes()
}

/// A PDF with an object in a compressed stream.
pub fn deflated(object: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(object.as_bytes()).unwrap();
    let stream = encoder.finish().unwrap();
    let mut file = b"%PDF-1.5\n1 0 obj\n<< /Type /ObjStm /Filter /FlateDecode >>\nstream\r\n".to_vec();
    file.extend(stream);
    file.extend(b"\nendstream\nendobj\n%%EOF\n");
    file
}
