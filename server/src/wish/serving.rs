//! Machines that serve one site: the first keeps its database and its files, the others come there. Where they do not reach each other, the
//! balancer before them leads; elsewhere their firewall lets them in.

use app::domain::scaling::Mode;
use cloud::order::PortRange;
use cloud::{Kind, Opening, Passage};

use super::{Purpose, Wish, World};

/// Where the first machine, or a balancer that leads to it, answers copies: its database, its files, its website. The other places that know
/// these are `machine/services/wordpress` and deploy/host/balancer.
const SHARED_PORTS: PortRange = PortRange { from: 7351, to: 7353 };

/// Where a machine finds what the machines of an environment share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum First {
    /// It shares nothing.
    Alone,
    /// It is the one that keeps it.
    Here,
    /// At this address.
    At(String),
    /// Somewhere: what leads there is not there yet.
    Unknown,
}

impl First {
    /// As machines are told, `None` where there is nothing to tell.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Here => Some("here"),
            Self::At(address) => Some(address),
            Self::Alone | Self::Unknown => None,
        }
    }
}

impl Wish {
    /// Whether the first machine keeps the site for all of them: as long as there is a copy, also one that is on its way out.
    #[must_use]
    pub fn is_serving(&self, world: &World) -> bool {
        let has_copy = || self.is_scaled_out() || world.slots(Kind::Machine).any(|slot| slot > 1);
        self.purpose == Purpose::Course && self.is_kept() && self.options.mode == Mode::Serving && has_copy()
    }

    /// Where a machine finds what all of them share.
    #[must_use]
    pub fn first(&self, world: &World, slot: u16) -> First {
        if !self.is_serving(world) {
            return First::Alone;
        }
        if slot == 1 {
            return First::Here;
        }
        let address = if self.nature.balancers_are_machines { world.balancer_address() } else { world.private_address(1) };
        address.map_or(First::Unknown, |address| First::At(address.to_owned()))
    }

    /// How copies come to the first machine through the balancer, where they do not reach it by themselves.
    #[must_use]
    pub fn passage(&self, world: &World) -> Option<Passage> {
        if !self.is_serving(world) || !self.nature.balancers_are_machines {
            return None;
        }
        let from = world.slots(Kind::Machine).filter(|slot| *slot > 1).filter_map(|slot| world.private_address(slot)).map(str::to_owned);
        Some(Passage { to: world.private_address(1)?.to_owned(), from: from.collect() })
    }

    /// What the machines' firewall lets in for that, where they reach each other.
    pub(super) fn lets_copies_in(&self, world: &World) -> Option<Opening> {
        let is_direct = self.is_serving(world) && !self.nature.balancers_are_machines;
        is_direct.then(|| Opening { ports: SHARED_PORTS, sources: vec![Opening::OWN.to_owned()] })
    }
}
