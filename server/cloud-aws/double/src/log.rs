//! What reached the double, and what became of it.

use std::collections::BTreeMap;

/// What became of a request, as its caller saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Still under way.
    UnderWay,
    /// It was done, with that HTTP status.
    Done(u16),
    /// Refused with that code, by the script, by the double or by moto.
    Refused(String),
    /// It took no token: the bucket was empty, or the script said so.
    Throttled,
    /// It did not arrive.
    RequestLost,
    /// It was handled (that is what became of it), and the caller does not know.
    AnswerLost(Box<Outcome>),
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `RunInstances`.
    pub action: String,
    /// The client token, if it came with one.
    pub token: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// All of them, in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Vec<Entry>,
    counts: BTreeMap<String, u64>,
}

impl Log {
    /// Its number, to say later what became of it.
    pub(crate) fn came(&mut self, action: &str, token: Option<&str>) -> usize {
        *self.counts.entry(action.to_owned()).or_default() += 1;
        self.entries.push(Entry { action: action.to_owned(), token: token.map(str::to_owned), outcome: Outcome::UnderWay });
        self.entries.len() - 1
    }

    pub(crate) fn became(&mut self, number: usize, outcome: Outcome) {
        if let Some(entry) = self.entries.get_mut(number) {
            entry.outcome = outcome;
        }
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    /// Counts begin again; the entries stay.
    pub(crate) fn reset_counts(&mut self) {
        self.counts.clear();
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.clone()
    }
}
