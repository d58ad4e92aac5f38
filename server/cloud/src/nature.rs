//! What a cloud is like, as far as plans differ by it.

use crate::tag::Kind;

/// The differences between clouds that a plan has to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nature {
    /// Which kinds of resources are objects of their own here, with a name and a life. The plan asks only for these.
    pub kinds: Vec<Kind>,
    /// Where machines can be; empty: in one place, without a name.
    pub zones: Vec<String>,
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
