//! Corrections: a price that is entered for days that were charged already changes what they cost. What was written stays; the difference is
//! another entry, with its reason.

use std::collections::{BTreeMap, BTreeSet};

use time::{Date, OffsetDateTime};

use super::accounts::Unreckoned;
use super::charges::{Charges, Clock, charges, subtract};
use crate::db::ledger::Unsettled;
use crate::db::prices::Figure;
use crate::db::{Db, budgets, ledger, prices};
use crate::pricing::{Book, NoPrice, quantities};

/// What became of the figures of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brought {
    /// How many are new.
    pub new: usize,
    /// How many were known, or say what held already.
    pub known: usize,
    /// Items that have another figure for the same day. It stays.
    pub differ: Vec<String>,
    /// Millionths of a dollar by which charges were corrected, up and down.
    pub corrected: i64,
    /// In how many entries.
    pub entries: usize,
}

/// Enters figures, and corrects what was charged for days on which they hold. All or nothing, if the caller's transaction is.
///
/// # Errors
/// [`Unreckoned`].
pub async fn bring(db: &mut Db, figures: &[Figure<'_>]) -> Result<Brought, Unreckoned> {
    let mut brought = Brought::default();
    // Nobody posts by the old prices meanwhile.
    budgets::lock_all(db).await?;
    let before = prices::books(db).await?;
    let mut known = before.clone();
    let mut figures: Vec<_> = figures.iter().collect();
    figures.sort_by_key(|figure| figure.price.valid_from);
    let mut changed = BTreeMap::<(String, String), Date>::new();
    for figure in figures {
        let place = (figure.cloud.to_owned(), figure.region.to_owned());
        let at = figure.price.valid_from.midnight().assume_utc();
        let in_force = known.get(&place).and_then(|book| book.price(figure.item, at).ok());
        // AWS dates its figures anew every month: one that says what holds already says nothing.
        if in_force.is_some_and(|known| {
            known.valid_from <= figure.price.valid_from && (known.usd, known.unit) == (figure.price.usd, figure.price.unit)
        }) {
            brought.known += 1;
            continue;
        }
        match prices::enter(db, figure).await? {
            prices::Entered::New => {
                brought.new += 1;
                known.entry(place.clone()).or_default().add(figure.item, figure.price);
                // The first figure of an item is that of the days before it, too.
                let is_first = in_force.is_none_or(|known| known.valid_from > figure.price.valid_from);
                let from = if is_first { OffsetDateTime::UNIX_EPOCH.date() } else { figure.price.valid_from };
                let first = changed.entry(place).or_insert(from);
                *first = from.min(*first);
            }
            prices::Entered::Known => brought.known += 1,
            prices::Entered::Differs(known) => brought.differ.push(format!(
                "{} from {}: {} is entered, {} is not taken",
                figure.item, figure.price.valid_from, known.usd, figure.price.usd
            )),
        }
    }
    let after = prices::books(db).await?;
    let rates = prices::rates(db).await?;
    let nothing = Book::default();
    for (place, first) in changed {
        let (old, new) = (before.get(&place).unwrap_or(&nothing), after.get(&place).unwrap_or(&nothing));
        let since = first.midnight().assume_utc();
        let charged = ledger::charged_after(db, &place.0, &place.1, since).await?;
        let mut entries = Vec::new();
        for course in charged.iter().map(|one| one.course).collect::<BTreeSet<_>>() {
            let purse = budgets::purse(db, course).await?;
            let clock = Clock::of(&purse.time_zone)?;
            for one in charged.iter().filter(|one| one.course == course) {
                // What had no price was not charged, and is with the next posting.
                let Ok(due) = difference(one, old, new, &clock, since.max(one.used.from)) else { continue };
                for (piece, usd) in due {
                    if let Ok(per_usd) = rates.per_usd(purse.currency, piece.day) {
                        entries.push(one.entry(&piece, usd, purse.currency, per_usd));
                    }
                }
            }
        }
        ledger::enter(db, &entries, Some(&format!("a price list of {} in {}", place.0, place.1))).await?;
        brought.corrected += entries.iter().map(|entry| entry.usd).sum::<i64>();
        brought.entries += entries.len();
    }
    Ok(brought)
}

/// What an interval costs by the new book, less what it was charged by the old one.
fn difference(one: &Unsettled, old: &Book, new: &Book, clock: &Clock, since: OffsetDateTime) -> Result<Charges, NoPrice> {
    let quantities = quantities(&one.cloud, one.thing)?;
    let span = (one.used.from, one.posted_through);
    let mut due = charges(&quantities, new, clock, span, since)?;
    subtract(&mut due, charges(&quantities, old, clock, span, since)?);
    Ok(due)
}
