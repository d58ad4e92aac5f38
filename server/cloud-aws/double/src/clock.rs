//! The time that durations are measured by: the real one, or one that a test moves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long ago the double began. Clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// None if only a test moves it.
    began: Option<Instant>,
    moved: Mutex<Duration>,
}

impl Clock {
    /// Real time.
    #[must_use]
    pub fn real() -> Self {
        Self(Arc::new(Inner { began: Some(Instant::now()), moved: Mutex::default() }))
    }

    /// Stands still until it is moved.
    #[must_use]
    pub fn by_hand() -> Self {
        Self(Arc::new(Inner { began: None, moved: Mutex::default() }))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        *self.0.moved.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Duration {
        let moved = *self.0.moved.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.began.map_or(Duration::ZERO, |began| began.elapsed()) + moved
    }
}
