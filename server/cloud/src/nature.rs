//! What a cloud is like, as far as plans differ by it.

use crate::tag::Kind;

/// The differences between clouds that a plan has to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nature {
    /// Which kinds of resources are objects of their own here, with a name and a life. The plan asks only for these.
    pub kinds: Vec<Kind>,
    /// Where machines can be; empty: in one place, without a name.
    pub zones: Vec<String>,
    /// Whether every machine needs a firewall of its own, one for images, too: without one it would share one with strangers.
    pub walls_every_machine: bool,
    /// Whether a firewall can tell where somebody comes from. Otherwise it lets in everybody or nobody.
    pub filters_sources: bool,
    /// The networks that our own probes come from, which a firewall has to let in.
    pub probes_come_from: Vec<String>,
    /// Whether deleting a machine that runs shuts it down in order first.
    pub deletion_stops: bool,
    /// How many machines can be launched by one call; 0: each by a call of its own.
    pub launches_together: usize,
    /// Whether a balancer is a machine of ours: the same order again starts it and puts right what leads to it. Otherwise its provider keeps it.
    pub balancers_are_machines: bool,
    /// Whether a snapshot stands alone: it outlives its machine, and the image made of it rests on it. Otherwise it lies inside its
    /// machine, and the image is a copy.
    pub snapshots_stand_alone: bool,
}

impl Nature {
    /// Whether a kind is an object of its own here.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }
}
