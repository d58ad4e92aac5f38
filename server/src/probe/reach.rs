//! The only way out: a connection to the target's own address. And what the failures of a connection mean.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use app::domain::saw::Saw;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Target;

/// Opens a connection to one of the target's ports.
pub async fn connect(target: &Target, port: u16) -> Result<TcpStream, Saw> {
    connect_to(SocketAddr::new(target.address, port), target.limits.connect).await
}

/// Opens a connection, and waits so long for it.
pub async fn connect_to(address: SocketAddr, patience: Duration) -> Result<TcpStream, Saw> {
    let port = address.port();
    match timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(match error.kind() {
            ErrorKind::ConnectionRefused => Saw::Refused { port },
            ErrorKind::TimedOut => Saw::Silent { port },
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Saw::HungUp { port },
            _ => Saw::Unreachable,
        }),
        Err(_) => Err(Saw::Silent { port }),
    }
}

/// What an error in the middle of a conversation means.
pub fn broken(port: u16, error: &Error) -> Saw {
    match error.kind() {
        ErrorKind::InvalidData => Saw::OtherProtocol { port },
        ErrorKind::TimedOut => Saw::Silent { port },
        _ => Saw::HungUp { port },
    }
}

/// Time is up.
pub fn too_slow(port: u16, waited: Duration) -> Saw {
    Saw::TooSlow { port, seconds: whole_seconds(waited) }
}

/// Seconds for a sentence: never "0 s".
pub fn whole_seconds(waited: Duration) -> u32 {
    u32::try_from(waited.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}

/// Reads one line of at most `limit` bytes, without its end.
pub async fn line(reader: &mut (impl AsyncBufRead + Unpin), limit: u64, port: u16) -> Result<Vec<u8>, Saw> {
    let mut line = Vec::new();
    reader.take(limit).read_until(b'\n', &mut line).await.map_err(|error| broken(port, &error))?;
    if line.pop() != Some(b'\n') {
        return Err(if line.len() as u64 + 1 >= limit { Saw::TooMuch { port } } else { Saw::HungUp { port } });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

/// Words from a student's machine, fit to be shown: one line, no control characters, at most 200 characters.
pub fn shown(words: &str) -> String {
    let clean: String = words.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control()).collect();
    if clean.chars().count() <= 200 { clean } else { clean.chars().take(199).chain(['…']).collect() }
}
