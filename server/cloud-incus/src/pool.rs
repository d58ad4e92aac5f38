//! The addresses that a cloud may hand out: `203.0.113.0/28`, `198.51.100.10-198.51.100.14`, single ones, several with commas.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use uuid::Uuid;

/// A set of addresses, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pool(Vec<Ipv4Addr>);

/// Larger pools are typing errors.
const LARGEST: u32 = 1 << 16;

impl Pool {
    /// Reads a pool. Of a network of four addresses or more the first and the last are left out.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut all = BTreeSet::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (first, last) = read_part(part).ok_or_else(|| format!("{part:?} is no address, network or range of addresses"))?;
            if last < first || last - first >= LARGEST {
                return Err(format!("{part:?} is empty or too large"));
            }
            all.extend((first..=last).map(Ipv4Addr::from_bits));
        }
        if all.is_empty() {
            return Err("the pool of addresses is empty".to_owned());
        }
        Ok(Self(all.into_iter().collect()))
    }

    /// How many addresses there are.
    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// Whether an address is of this pool.
    pub(crate) fn has(&self, address: Ipv4Addr) -> bool {
        self.0.binary_search(&address).is_ok()
    }

    /// Every address once, beginning where the token says: the same order to whoever repeats the same intent, another to others, so
    /// that two who choose at the same moment seldom want the same one.
    pub(crate) fn from(&self, token: Uuid) -> impl Iterator<Item = Ipv4Addr> + '_ {
        let begin = usize::try_from(spread(token.as_u128()) % u64::from(self.size())).unwrap_or(0);
        self.0[begin..].iter().chain(&self.0[..begin]).copied()
    }
}

fn read_part(part: &str) -> Option<(u32, u32)> {
    if let Some((network, bits)) = part.split_once('/') {
        let (network, bits) = (network.trim().parse::<Ipv4Addr>().ok()?.to_bits(), bits.trim().parse::<u32>().ok()?);
        let mask = u32::MAX.checked_shr(bits).unwrap_or(0);
        let (first, last) = (network & !mask, network | mask);
        return match bits {
            16..=30 => Some((first + 1, last - 1)),
            31 | 32 => Some((first, last)),
            _ => None,
        };
    }
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    Some((first.trim().parse::<Ipv4Addr>().ok()?.to_bits(), last.trim().parse::<Ipv4Addr>().ok()?.to_bits()))
}

/// Mixes all bits of a number into 64 of them (the times in our ids make neighbours look alike).
pub(crate) fn spread(bits: u128) -> u64 {
    let bytes = bits.to_be_bytes();
    // FNV-1a
    let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    sum ^ (sum >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_keeps_its_first_and_last_address() {
        assert_eq!(Pool::parse("203.0.113.0/29").map(|pool| pool.size()), Ok(6));
        assert_eq!(Pool::parse("203.0.113.8/31").map(|pool| pool.size()), Ok(2));
        assert_eq!(Pool::parse("203.0.113.7").map(|pool| pool.size()), Ok(1));
    }

    #[test]
    fn parts_are_joined_and_overlaps_count_once() {
        let pool = Pool::parse("203.0.113.1-203.0.113.5, 203.0.113.4/31").expect("it is well formed");
        assert_eq!(pool.size(), 5);
        assert!(pool.has(Ipv4Addr::new(203, 0, 113, 5)) && !pool.has(Ipv4Addr::new(203, 0, 113, 6)));
    }

    #[test]
    fn nonsense_is_refused_with_the_part_that_is_wrong() {
        for wrong in ["", "203.0.113", "203.0.113.9-203.0.113.1", "10.0.0.0/8", "2001:db8::/64", "a/b"] {
            assert!(Pool::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_same_intent_always_looks_in_the_same_order_and_everywhere() {
        let pool = Pool::parse("203.0.113.0/28").expect("it is well formed");
        let order: Vec<_> = pool.from(Uuid::from_u128(7)).collect();
        assert_eq!(order, pool.from(Uuid::from_u128(7)).collect::<Vec<_>>());
        assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 14);
        let begins: BTreeSet<_> = (0..100).filter_map(|n| pool.from(Uuid::from_u128(n)).next()).collect();
        assert!(begins.len() > 10, "neighbouring ids begin at different addresses");
    }
}
