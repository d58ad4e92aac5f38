//! An FTP server whose folder is in memory, and the compiler behind it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::listen;
use super::tls::{Paper, acceptor};

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
    /// Once it is there, nobody signs in without it.
    pub tls: Option<TlsAcceptor>,
    /// Said in plain, right behind the consent to TLS.
    pub injects: &'static str,
}

/// A control connection, in the clear or over TLS.
trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Line for S {}

impl Default for Ftpd {
    fn default() -> Self {
        Self {
            password: "knock knock",
            extended: true,
            data: true,
            writable: true,
            compiler: Compiler::Works,
            files: Files::default(),
            tls: None,
            injects: "",
        }
    }
}

impl Ftpd {
    /// One that goes over to TLS with this certificate.
    pub fn with_tls(paper: &Paper) -> Self {
        Self { tls: Some(acceptor(paper)), ..Self::default() }
    }

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
        let mut control: BufReader<Box<dyn Line>> = BufReader::new(Box::new(stream));
        let (mut data, mut is_secure) = (None, false);
        control.write_all(b"220-Welcome\r\n to the machine\r\n220 Ready.\r\n").await.ok()?;
        loop {
            let mut line = String::new();
            if control.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let (command, name) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
            let found = self.files.lock().unwrap().get(name).cloned();
            let reply = match command {
                "AUTH" if let Some(tls) = &self.tls => {
                    control.write_all(format!("234 Go on.\r\n{}", self.injects).as_bytes()).await.ok()?;
                    control = BufReader::new(Box::new(tls.accept(control.into_inner()).await.ok()?));
                    is_secure = true;
                    continue;
                }
                "PBSZ" if is_secure => "200 As you like.".to_owned(),
                "PROT" if is_secure && self.data => "200 Private.".to_owned(),
                "PROT" if is_secure => "536 No data connections.".to_owned(),
                "USER" if self.tls.is_some() && !is_secure => "530 Not in plain.".to_owned(),
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
            control.flush().await.ok()?;
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
