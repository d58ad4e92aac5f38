//! What the desk says.

use super::{About, Sentence};
use crate::domain::desk::{BulkAct, Order, Use, Verdict};

/// Only the server says these: their pages are plain.
pub(crate) struct Desk {
    pub(crate) heading: Sentence,
    pub(crate) title: About,
    pub(crate) no_courses: Sentence,
    /// So many environments, and so many that need attention.
    pub(crate) there_are: fn(u32, u32) -> String,
    pub(crate) state: Sentence,
    pub(crate) all_states: Sentence,
    pub(crate) order: Sentence,
    pub(crate) order_by: fn(Order) -> Sentence,
    pub(crate) search: Sentence,
    pub(crate) show: Sentence,
    pub(crate) none: Sentence,
    pub(crate) last_use: Sentence,
    pub(crate) used: fn(Use) -> Sentence,
    pub(crate) never_used: Sentence,
    pub(crate) tick_head: Sentence,
    pub(crate) tick: About,
    pub(crate) whom: Sentence,
    pub(crate) ticked: Sentence,
    pub(crate) all_shown: fn(u32) -> String,
    pub(crate) act: fn(BulkAct) -> Sentence,
    pub(crate) nothing_yet: Sentence,
    /// In this course.
    pub(crate) act_title: fn(BulkAct, &str) -> String,
    pub(crate) nobody_ticked: Sentence,
    /// It would do it to so many of so many.
    pub(crate) would: fn(BulkAct, usize, usize) -> String,
    pub(crate) what_happens: Sentence,
    pub(crate) verdict: fn(BulkAct, Verdict) -> Sentence,
    /// So many are done, so many need somebody, so many wait.
    pub(crate) came: fn(usize, usize, usize) -> String,
    pub(crate) what_came: Sentence,
    pub(crate) done: Sentence,
    pub(crate) its_turn_comes: Sentence,
}
