//! What should be closed is refused, or silent for two seconds.

use std::net::SocketAddr;

use app::domain::saw::Saw;
use futures::future::join_all;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Target;

/// Runs the probe: all ports at once.
pub async fn prove(target: &Target) -> Result<(), Saw> {
    let open = join_all(target.closed_ports.iter().map(|port| async move {
        let knock = TcpStream::connect(SocketAddr::new(target.address, *port));
        matches!(timeout(target.limits.closed, knock).await, Ok(Ok(_))).then_some(*port)
    }));
    let mut ports: Vec<u16> = open.await.into_iter().flatten().collect();
    ports.sort_unstable();
    if ports.is_empty() { Ok(()) } else { Err(Saw::Open { ports }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::hostile::{Silent, Web, target};

    #[tokio::test]
    async fn refused_and_silent_are_closed() {
        let mut target = target();
        let silent = Silent::port().await;
        target.closed_ports = vec![target.ports.ssh, silent.number, target.ports.ftp];
        assert_eq!(prove(&target).await, Ok(()));
    }

    #[tokio::test]
    async fn every_open_port_is_named() {
        let mut target = target();
        let mut ports = vec![Web::says(b"hello").await, Web::says(b"").await];
        target.closed_ports = vec![ports[1], target.ports.ssh, ports[0]];
        ports.sort_unstable();
        assert_eq!(prove(&target).await, Err(Saw::Open { ports }));
    }
}
