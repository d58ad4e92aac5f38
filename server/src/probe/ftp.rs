//! An FTP client for a file or two: one control connection, passive mode only, to the target's address only.

mod control;

use app::domain::saw::Saw;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub use control::Control;

use super::{Target, reach};

/// A control connection, signed in.
pub struct Session<'a> {
    target: &'a Target,
    control: Control<'a, TcpStream>,
    /// Extended passive mode did not work here, so the old one is used.
    is_old: bool,
}

impl<'a> Session<'a> {
    /// Connects and signs in.
    pub async fn open(target: &'a Target, user: &str, password: &SecretString) -> Result<Self, Saw> {
        let mut control = Control::open(target).await?;
        control.sign_in(user, password).await?;
        control.expect("TYPE", "I", 200).await?;
        Ok(Self { target, control, is_old: false })
    }

    /// Puts a file.
    pub async fn put(&mut self, name: &str, content: &[u8]) -> Result<(), Saw> {
        let mut data = self.open_data("STOR", name).await?;
        let sent = async {
            data.write_all(content).await?;
            data.shutdown().await
        };
        sent.await.map_err(|_| Saw::NoDataConnection)?;
        drop(data);
        self.finished("STOR").await
    }

    /// Gets a file of at most `limit` bytes.
    pub async fn get(&mut self, name: &str, limit: usize) -> Result<Vec<u8>, Saw> {
        let data = self.open_data("RETR", name).await?;
        let mut content = Vec::new();
        data.take(limit as u64 + 1).read_to_end(&mut content).await.map_err(|_| Saw::NoDataConnection)?;
        if content.len() > limit {
            return Err(Saw::TooMuch { port: self.target.ports.ftp });
        }
        self.finished("RETR").await?;
        Ok(content)
    }

    /// Whether a file is there.
    pub async fn has(&mut self, name: &str) -> Result<bool, Saw> {
        match self.control.ask("SIZE", name).await? {
            213 => Ok(true),
            550 => Ok(false),
            reply => Err(Saw::CommandRefused { command: "SIZE".into(), reply }),
        }
    }

    /// Deletes a file, if it is there.
    pub async fn delete(&mut self, name: &str) -> Result<(), Saw> {
        self.control.ask("DELE", name).await.map(|_| ())
    }

    /// Says goodbye.
    pub async fn quit(&mut self) -> Result<(), Saw> {
        self.control.quit().await
    }

    /// Opens a data connection, extended passive mode first, and begins a transfer on it.
    async fn open_data(&mut self, command: &str, name: &str) -> Result<TcpStream, Saw> {
        let mut data = None;
        if !self.is_old {
            data = self.passive("EPSV", 229, extended_port).await?;
            self.is_old = data.is_none();
        }
        if data.is_none() && self.target.address.is_ipv4() {
            data = self.passive("PASV", 227, passive_port).await?;
        }
        let data = data.ok_or(Saw::NoDataConnection)?;
        match self.control.ask(command, name).await? {
            125 | 150 => Ok(data),
            425 | 426 => Err(Saw::NoDataConnection),
            reply => Err(Saw::CommandRefused { command: command.into(), reply }),
        }
    }

    /// A data connection by one of the passive modes. Whatever host the reply names, it goes to the target's address.
    async fn passive(&mut self, command: &str, wanted: u16, port_in: fn(&str) -> Option<u16>) -> Result<Option<TcpStream>, Saw> {
        let (reply, text) = self.control.ask_for_text(command, "").await?;
        if reply != wanted {
            return Ok(None);
        }
        let Some(port) = port_in(&text) else { return Ok(None) };
        Ok(reach::connect(self.target, port).await.ok())
    }

    async fn finished(&mut self, command: &str) -> Result<(), Saw> {
        match self.control.reply().await? {
            226 | 250 => Ok(()),
            425 | 426 => Err(Saw::NoDataConnection),
            reply => Err(Saw::CommandRefused { command: command.into(), reply }),
        }
    }
}

/// The port in `Entering Extended Passive Mode (|||60003|)`.
fn extended_port(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once('(')?;
    let (inside, _) = rest.split_once(')')?;
    let delimiter = inside.chars().next()?;
    let parts: Vec<&str> = inside.split(delimiter).collect();
    let ["", _, _, port, ""] = parts.as_slice() else { return None };
    port.parse().ok().filter(|port| *port != 0)
}

/// The port in `Entering Passive Mode (198,51,100,7,234,99).`; the host in it is not even read.
fn passive_port(text: &str) -> Option<u16> {
    let numbers: Vec<u8> = text
        .split(|c: char| !c.is_ascii_digit() && c != ',')
        .find(|run| run.matches(',').count() == 5)?
        .split(',')
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    let [.., high, low] = numbers.as_slice() else { return None };
    Some(u16::from_be_bytes([*high, *low])).filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn passive_modes_give_a_port_and_nothing_else() {
        assert_eq!(extended_port("Entering Extended Passive Mode (|||60003|)"), Some(60003));
        assert_eq!(extended_port("Entering Extended Passive Mode (!!!7!)."), Some(7));
        assert_eq!(passive_port("Entering Passive Mode (203,0,113,9,234,99)."), Some(60003));
        assert_eq!(passive_port("Entering Passive Mode 203,0,113,9,0,21"), Some(21));
        for wrong in ["", "()", "(|||0|)", "(|||70000|)", "(|1|203.0.113.9|5|6|)", "(|||5)", "no"] {
            assert_eq!(extended_port(wrong), None, "{wrong}");
        }
        for wrong in ["", "(1,2,3,4,5)", "(1,2,3,4,5,256)", "(1,2,3,4,0,0)", "(,,,,,)"] {
            assert_eq!(passive_port(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_reply_makes_it_panic(line in "\\PC{0,80}") {
            let _ = (extended_port(&line), passive_port(&line));
        }

        #[test]
        fn every_port_survives_both_modes(port in 1u16..) {
            prop_assert_eq!(extended_port(&format!("Entering Extended Passive Mode (|||{port}|)")), Some(port));
            let text = format!("Entering Passive Mode (1,2,3,4,{},{}).", port >> 8, port & 255);
            prop_assert_eq!(passive_port(&text), Some(port));
        }
    }
}
