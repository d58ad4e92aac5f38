//! What is said in the operator's room.

use super::Sentence;
use crate::domain::operate::Finding;

/// Only the server says these: the page is plain.
pub(crate) struct Operate {
    pub(crate) title: Sentence,
    pub(crate) findings: Sentence,
    pub(crate) nothing: Sentence,
    /// What is wrong.
    pub(crate) found: fn(&Finding) -> String,
    /// What to do about it.
    pub(crate) remedy: fn(&Finding) -> String,
    pub(crate) figures: Sentence,
    pub(crate) workers: fn(u32) -> String,
    pub(crate) queue: fn(due: u32, held: u32) -> String,
    pub(crate) environments: fn(&str, u32) -> String,
    pub(crate) work: Sentence,
    pub(crate) kind: Sentence,
    pub(crate) state: Sentence,
    pub(crate) count: Sentence,
    pub(crate) dead: Sentence,
    pub(crate) about: Sentence,
    pub(crate) tries: Sentence,
    pub(crate) said: Sentence,
    pub(crate) since: Sentence,
    pub(crate) retry: Sentence,
    pub(crate) incidents: Sentence,
    pub(crate) fault: Sentence,
    pub(crate) noticed: Sentence,
    pub(crate) mended: Sentence,
    pub(crate) mended_after: fn(u32) -> String,
    pub(crate) not_mended: Sentence,
    pub(crate) audit: Sentence,
    pub(crate) audit_lead: Sentence,
    pub(crate) when: Sentence,
    pub(crate) by: Sentence,
    pub(crate) act: Sentence,
    pub(crate) of: Sentence,
    pub(crate) number: Sentence,
}
