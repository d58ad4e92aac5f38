//! Errors that tell their fate.

use std::fmt;

/// What becomes of a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Too many calls: slow down, nothing was made.
    Throttled,
    /// Nobody knows whether it happened: look, then send the same again.
    TryAgain,
    /// The cloud has no room (hosts, memory, disk).
    NoCapacity,
    /// An allowance of ours is used up (addresses, cores).
    OverQuota,
    /// It was made, but the cloud does not show it everywhere yet.
    NotVisibleYet,
    /// Something else still uses it: later.
    InUse,
    /// It will not work however often it is repeated.
    Final,
}

/// A call that failed, for the loop (fate) and for staff (what the cloud said).
#[derive(Debug, thiserror::Error)]
pub struct CloudError {
    /// What to do about it.
    pub fate: Fate,
    /// A short stable word: `no_free_address`, `instance_not_found`, `unreachable` …
    pub code: &'static str,
    /// What the cloud said, for staff. No secrets.
    pub said: String,
    /// How many are used and how many there are, where an allowance is used up.
    pub numbers: Option<(u32, u32)>,
    /// The cause, for the log.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl CloudError {
    /// An error with what the cloud said.
    #[must_use]
    pub fn new(fate: Fate, code: &'static str, said: impl Into<String>) -> Self {
        Self { fate, code, said: said.into(), numbers: None, source: None }
    }

    /// The same with how many are used and how many there are.
    #[must_use]
    pub fn with_numbers(mut self, used: u32, size: u32) -> Self {
        self.numbers = Some((used, size));
        self
    }

    /// The same with its cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}): {}", self.code, self.fate, self.said)
    }
}
