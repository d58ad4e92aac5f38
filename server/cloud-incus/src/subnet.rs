//! The bridge's network, out of which machines get their private addresses.

use std::net::Ipv4Addr;

use cloud::{CloudError, Fate};
use serde::Deserialize;
use uuid::Uuid;

use crate::IncusCloud;
use crate::client::Deadline;
use crate::labels::Config;
use crate::pool::spread;

/// The upper half of the bridge's network; the lower half is left to DHCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subnet {
    first: u32,
    last: u32,
    gateway: u32,
}

#[derive(Deserialize)]
struct Network {
    #[serde(default)]
    config: Config,
}

impl Subnet {
    /// Reads what Incus calls `ipv4.address`: `10.73.0.1/20`.
    fn parse(text: &str) -> Option<Self> {
        let (gateway, bits) = text.split_once('/')?;
        let (gateway, bits) = (gateway.parse::<Ipv4Addr>().ok()?.to_bits(), bits.parse::<u32>().ok()?);
        if !(8..=28).contains(&bits) {
            return None;
        }
        let mask = u32::MAX >> bits;
        let (first, last) = (gateway & !mask, gateway | mask);
        Some(Self { first: first + (mask >> 1) + 1, last: last - 1, gateway })
    }

    /// Addresses to try, in an order that the token decides.
    pub(crate) fn candidates(self, token: Uuid) -> impl Iterator<Item = Ipv4Addr> {
        let size = self.last - self.first + 1;
        let begin = u32::try_from(spread(token.as_u128()) % u64::from(size)).unwrap_or(0);
        (0..size).map(move |step| self.first + (begin + step) % size).filter(move |bits| *bits != self.gateway).map(Ipv4Addr::from_bits)
    }
}

impl IncusCloud {
    pub(crate) async fn subnet(&self, by: Deadline) -> Result<Subnet, CloudError> {
        let read = || async {
            let network: Network = self.client.get(&format!("/1.0/networks/{}", self.network), by).await?;
            let text = network.config.get("ipv4.address").map(String::as_str).unwrap_or_default();
            let wrong = || CloudError::new(Fate::Final, "network_unfit", format!("network {} has no IPv4 subnet: {text:?}", self.network));
            Subnet::parse(text).ok_or_else(wrong)
        };
        self.subnet.get_or_try_init(read).await.copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_live_in_the_upper_half_and_never_at_the_edges() {
        let subnet = Subnet::parse("10.73.0.1/20").expect("it is well formed");
        let all: std::collections::BTreeSet<_> = subnet.candidates(Uuid::from_u128(1)).collect();
        assert_eq!(all.len(), 2047);
        assert_eq!(all.first(), Some(&Ipv4Addr::new(10, 73, 8, 0)));
        assert_eq!(all.last(), Some(&Ipv4Addr::new(10, 73, 15, 254)));
    }

    #[test]
    fn a_gateway_in_the_upper_half_is_left_out() {
        let subnet = Subnet::parse("192.168.7.254/24").expect("it is well formed");
        assert!(subnet.candidates(Uuid::from_u128(1)).all(|address| address != Ipv4Addr::new(192, 168, 7, 254)));
    }
}
