//! How long things take at this AWS. Everything is at once unless a test says otherwise.

use std::time::Duration;

use crate::clock::Clock;

/// Durations by the double's clock.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) clock: Clock,
    /// A machine that was launched or started is `pending`.
    pub(crate) pending: Duration,
    /// One that was stopped is `stopping`, one that was terminated `shutting-down`.
    pub(crate) stopping: Duration,
    /// One that is `terminated` is still listed.
    pub(crate) remembered: Duration,
    /// What was just made cannot be found.
    pub(crate) invisible: Duration,
    /// A snapshot is `pending`.
    pub(crate) copying: Duration,
    /// A change of records is `PENDING`.
    pub(crate) sync: Duration,
    /// A balancer is `provisioning`.
    pub(crate) provisioning: Duration,
    /// A target is `initial`.
    pub(crate) initial: Duration,
    /// A target that was taken out is `draining`.
    pub(crate) draining: Duration,
    /// One launch finds room for so many machines.
    pub(crate) room: u32,
    /// Requests draw from AWS's buckets.
    pub(crate) has_buckets: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let at_once = Duration::ZERO;
        Self {
            clock: Clock::real(),
            pending: at_once,
            stopping: at_once,
            // "about an hour", says AWS.
            remembered: Duration::from_secs(3600),
            invisible: at_once,
            copying: at_once,
            sync: at_once,
            provisioning: at_once,
            initial: at_once,
            draining: at_once,
            room: u32::MAX,
            has_buckets: false,
        }
    }
}
