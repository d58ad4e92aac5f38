//! What can go wrong between us and the cloud: scripted for the nth call of a kind, or by chance.

use super::settings::{Chances, Luck};
use crate::call::Call;
use crate::error::{CloudError, Fate};

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mishap {
    /// It never arrives: nothing was done, and the caller cannot know.
    LoseRequest,
    /// It is done, and the caller cannot know.
    LoseAnswer,
    /// Too many calls: nothing was done, and the caller knows.
    Throttle,
    /// The cloud says no.
    Refuse(Fate, &'static str),
}

/// Mishaps to come.
#[derive(Debug, Default)]
pub(super) struct Script {
    entries: Vec<(Call, u32, Mishap)>,
    is_silent: bool,
}

impl Script {
    pub(super) fn add(&mut self, call: Call, nth: u32, mishap: Mishap) {
        self.entries.push((call, nth.max(1), mishap));
    }

    pub(super) fn set_silent(&mut self, silent: bool) {
        self.is_silent = silent;
    }

    pub(super) fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// What happens to this call; every entry for its kind comes one call closer.
    pub(super) fn meets(&mut self, call: Call, luck: &mut Luck, chances: Chances) -> Option<Mishap> {
        if self.is_silent {
            return Some(Mishap::LoseRequest);
        }
        for (of, left, _) in &mut self.entries {
            if *of == call {
                *left -= 1;
            }
        }
        if let Some(place) = self.entries.iter().position(|(of, left, _)| *of == call && *left == 0) {
            return Some(self.entries.remove(place).2);
        }
        if call == Call::List {
            return None;
        }
        // Each chance is rolled every time, so that one setting does not shift the luck of another.
        let rolls = [luck.strikes(chances.lost_requests), luck.strikes(chances.lost_answers), luck.strikes(chances.throttled)];
        match rolls {
            [true, ..] => Some(Mishap::LoseRequest),
            [_, true, _] => Some(Mishap::LoseAnswer),
            [.., true] => Some(Mishap::Throttle),
            _ => None,
        }
    }
}

impl Mishap {
    /// Lets the call happen or not, and says what the caller hears.
    pub(super) fn befall<T>(this: Option<Self>, call: impl FnOnce() -> Result<T, CloudError>) -> Result<T, CloudError> {
        match this {
            None => call(),
            Some(Self::LoseRequest) => Err(CloudError::new(Fate::TryAgain, "unreachable", "the simulator lost the request")),
            Some(Self::LoseAnswer) => {
                // An error's answer is lost like any other.
                let _ = call();
                Err(CloudError::new(Fate::TryAgain, "unreachable", "the simulator lost the answer"))
            }
            Some(Self::Throttle) => Err(CloudError::new(Fate::Throttled, "throttled", "the simulator takes no more calls for now")),
            Some(Self::Refuse(fate, code)) => Err(CloudError::new(fate, code, "the simulator refuses, as it was told to")),
        }
    }
}
