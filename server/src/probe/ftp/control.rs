//! FTP's control connection: commands and replies, in the clear or over TLS.

use app::domain::saw::Saw;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::probe::{Target, reach, tls};

/// Bytes of one line of a reply, and lines of one reply.
const LINE: u64 = 2048;
const LINES: usize = 64;

/// A conversation with the target's FTP server.
pub struct Control<'a, S> {
    target: &'a Target,
    stream: BufReader<S>,
}

impl<'a> Control<'a, TcpStream> {
    /// Connects, and waits to be greeted.
    pub async fn open(target: &'a Target) -> Result<Self, Saw> {
        let mut control = Self { target, stream: BufReader::new(reach::connect(target, target.ports.ftp).await?) };
        match control.reply().await? {
            220 => Ok(control),
            reply => Err(Saw::CommandRefused { command: "CONNECT".into(), reply }),
        }
    }

    /// Goes on over TLS.
    pub async fn secured(mut self) -> Result<Control<'a, TlsStream<TcpStream>>, Saw> {
        self.expect("AUTH", "TLS", 234).await?;
        // What has come by now was said in the clear, by whoever was in between; over TLS it would pass for the server's own words.
        if !self.stream.buffer().is_empty() {
            return Err(Saw::SaidBeforeTls);
        }
        let stream = tls::secure(self.target, self.target.ports.ftp, self.stream.into_inner()).await?;
        Ok(Control { target: self.target, stream: BufReader::new(stream) })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Control<'_, S> {
    /// Signs in.
    pub async fn sign_in(&mut self, user: &str, password: &SecretString) -> Result<(), Saw> {
        let reply = match self.ask("USER", user).await? {
            331 => self.ask("PASS", password.expose_secret()).await?,
            other => other,
        };
        match reply {
            230 => Ok(()),
            421 => Err(Saw::CommandRefused { command: "USER".into(), reply }),
            _ => Err(Saw::LoginRefused),
        }
    }

    /// Says goodbye.
    pub async fn quit(&mut self) -> Result<(), Saw> {
        self.ask("QUIT", "").await.map(|_| ())
    }

    /// Says a command that has one good answer.
    pub async fn expect(&mut self, command: &str, argument: &str, wanted: u16) -> Result<(), Saw> {
        match self.ask(command, argument).await? {
            reply if reply == wanted => Ok(()),
            reply => Err(Saw::CommandRefused { command: command.into(), reply }),
        }
    }

    /// Says a command and gives the reply's code.
    pub async fn ask(&mut self, command: &str, argument: &str) -> Result<u16, Saw> {
        Ok(self.ask_for_text(command, argument).await?.0)
    }

    /// Says a command and gives the reply's code and the text of its last line.
    pub async fn ask_for_text(&mut self, command: &str, argument: &str) -> Result<(u16, String), Saw> {
        let line = if argument.is_empty() { format!("{command}\r\n") } else { format!("{command} {argument}\r\n") };
        let port = self.target.ports.ftp;
        let sent = async {
            self.stream.write_all(line.as_bytes()).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|error| reach::broken(port, &error))?;
        self.full_reply().await
    }

    /// The code of the reply that comes next.
    pub async fn reply(&mut self) -> Result<u16, Saw> {
        Ok(self.full_reply().await?.0)
    }

    /// The reply's code, and the text of its last line.
    async fn full_reply(&mut self) -> Result<(u16, String), Saw> {
        let port = self.target.ports.ftp;
        let mut begun = None;
        for _ in 0..LINES {
            let line = reach::line(&mut self.stream, LINE, port).await?;
            let line = String::from_utf8_lossy(&line);
            match (begun, parse(&line)) {
                (None, Some((code, true, text))) => return Ok((code, text.to_owned())),
                (None, Some((code, false, _))) => begun = Some(code),
                (None, None) => return Err(Saw::OtherProtocol { port }),
                (Some(code), Some((last, true, text))) if last == code => return Ok((code, text.to_owned())),
                (Some(_), _) => {}
            }
        }
        Err(Saw::TooMuch { port })
    }
}

/// A line of a reply: its code, whether it is the last line, its text.
fn parse(line: &str) -> Option<(u16, bool, &str)> {
    let (code, rest) = line.split_at_checked(3)?;
    let code =
        code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.parse().ok()).flatten().filter(|code| (100..600).contains(code))?;
    match rest.as_bytes().first() {
        None => Some((code, true, "")),
        Some(b' ') => Some((code, true, &rest[1..])),
        Some(b'-') => Some((code, false, &rest[1..])),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn replies_are_read_as_rfc_959_writes_them() {
        assert_eq!(parse("220 (vsFTPd 3.0.3)"), Some((220, true, "(vsFTPd 3.0.3)")));
        assert_eq!(parse("220-Welcome"), Some((220, false, "Welcome")));
        assert_eq!(parse("226"), Some((226, true, "")));
        for wrong in ["", "22", "2200 x", "999 x", "099 x", "+20 x", "SSH-2.0-x", "あああ"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "\\PC{0,80}") {
            let _ = parse(&line);
        }
    }
}
