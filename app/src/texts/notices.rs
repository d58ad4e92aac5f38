//! What people are told without having asked: on pages, and by mail.

use super::Sentence;
use crate::domain::news::{Mailed, NoticeCard};

/// A notice in words.
pub(crate) struct Told {
    /// The title of a box, the subject of a mail.
    pub(crate) title: String,
    /// What happened, what Koza did, what next.
    pub(crate) text: String,
}

/// Only the server says these: their pages are plain.
pub(crate) struct Notices {
    pub(crate) heading: Sentence,
    pub(crate) lead: Sentence,
    pub(crate) unread: Sentence,
    pub(crate) read: Sentence,
    pub(crate) none: Sentence,
    pub(crate) look: Sentence,
    pub(crate) told: fn(&NoticeCard) -> Told,
    pub(crate) mailed: fn(&Mailed) -> String,
    /// The last lines of a mail: who sends it, and why.
    pub(crate) letter_end: Sentence,
    pub(crate) tell_at_title: Sentence,
    pub(crate) tell_at: Sentence,
    pub(crate) tell_at_hint: Sentence,
    pub(crate) tell_at_set: Sentence,
}

/// `2026-11-24 09:00 (UTC+09:00)`, in every language.
pub(super) fn moment(at: time::OffsetDateTime) -> String {
    let offset = at.offset();
    let sign = if offset.is_negative() { '-' } else { '+' };
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    let (hours, minutes) = (offset.whole_hours().unsigned_abs(), offset.minutes_past_hour().unsigned_abs());
    format!("{date} {hour:02}:{minute:02} (UTC{sign}{hours:02}:{minutes:02})")
}
