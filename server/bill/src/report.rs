//! What came out: ours, theirs, and why they differ.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Decimals of every amount in a report, two more than AWS bills with. So many of a sum below 10¹⁶ dollars fit, and it is exact.
pub(crate) const DECIMALS: u32 = 12;

/// Why theirs differs from ours. An amount is a part of theirs minus ours, in US dollars: positive, and AWS bills more than we recorded.
///
/// A line has the first that fits of `Credit`, `Refund`, `Tax`, `Agreement`, `DataTransfer`, `Leftover`; then, if we recorded that use of that
/// resource on that day, the two are compared (`FreeTier`, `Late`, `Usage`, `Rate`, `Rounding`); else `FreeTier`, `Untagged`, `Unrecorded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Bytes that went somewhere (usage types with `DataTransfer`, or that end in `-Bytes`). Koza never records them.
    DataTransfer,
    /// A resource of ours without our tag, of which we recorded nothing that day. AWS's own tools that filter by tag do not see it. What
    /// lacks the tag and was recorded differs for another reason, if at all; [`Report::untagged`] counts both.
    Untagged,
    /// A resource of ours after our record says that it was gone, or one with our tag that we know nothing of.
    Leftover,
    /// A resource of ours, tagged and there, of which the books have nothing that day: our error, or use that Koza has no kind for (CPU
    /// credits, IOPS).
    Unrecorded,
    /// We recorded it, and the report may not be that far: its month is not final. Negative. Without a line at all it is everything that we
    /// recorded, else, within the last two days of the report's newest line, what the quantity is short of.
    Late,
    /// We recorded it, and a final month has no line of it: our error, or free of charge. Negative.
    NotBilled,
    /// Quantities differ: what the difference costs at our price.
    Usage,
    /// Prices differ: what their quantity costs more at their price than at ours.
    Rate,
    /// Use that costs nothing: a free tier, or a reservation that pays for it. What it would cost at our price, negative.
    FreeTier,
    /// A credit.
    Credit,
    /// Money given back.
    Refund,
    /// A tax.
    Tax,
    /// Fees and discounts of agreements, and types of lines that are not known here.
    Agreement,
    /// What remains of a comparison: see [`Report`].
    Rounding,
}

/// Lines and what they sum up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub lines: u64,
    /// What they cost, in US dollars.
    pub usd: Decimal,
}

/// A difference, explained.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explained {
    /// What Koza recorded, in US dollars.
    pub ours: Decimal,
    /// What AWS bills, in US dollars.
    pub theirs: Decimal,
    /// How many lines that is.
    pub lines: u64,
    /// What each cause adds to ours, in US dollars; never zero. They sum up to the difference.
    pub causes: BTreeMap<Cause, Decimal>,
}

impl Explained {
    /// Theirs minus ours, in US dollars.
    #[must_use]
    pub fn difference(&self) -> Decimal {
        self.theirs.saturating_sub(self.ours)
    }

    pub(crate) fn add(&mut self, cause: Cause, usd: Decimal) {
        if !usd.is_zero() {
            let sum = self.causes.entry(cause).or_default();
            *sum = sum.saturating_add(usd);
            if sum.is_zero() {
                self.causes.remove(&cause);
            }
        }
    }
}

impl Tally {
    pub(crate) fn count(&mut self, usd: Decimal) {
        self.lines += 1;
        self.usd = self.usd.saturating_add(usd);
    }
}

/// The comparison of a report with the books.
///
/// Amounts have twelve decimals (AWS's have ten). Rounding is what cannot be told from it: AWS rounds the quantity and the cost of a line at
/// the tenth decimal, we round a recorded quantity there, too, and what it costs to a whole micro-dollar. With the bounds that follow, and
/// half a cent at the most, a difference of quantities is no `Usage` and one of costs no `Rate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// As of when.
    pub as_of: OffsetDateTime,
    /// By environment and day, in UTC. Without an environment are lines that carry our installation's tag, none of an environment, and a
    /// resource that we do not know. A line that is longer than a day counts for the day on which it begins.
    pub days: BTreeMap<(Option<Uuid>, Date), Explained>,
    /// All of them together.
    pub total: Explained,
    /// Lines that have nothing to do with us: of a resource that we do not know, with another installation's tag or with none. They are in no
    /// environment and not in the total.
    pub not_ours: Tally,
    /// Usage that is ours without our tag, whatever it was put down to: what AWS's tools that filter by tag do not see.
    pub untagged: Tally,
    /// Which resources `Leftover`, `Untagged` and `Unrecorded` are about.
    pub resources: BTreeMap<(Cause, String), Tally>,
    /// By their first days the months of which the report has usage that costs something, and whether each is final: it was over, and every
    /// such line is on an invoice. A month that is not in here is not final.
    pub months: BTreeMap<Date, bool>,
    /// When the newest line of usage begins.
    pub newest: Option<OffsetDateTime>,
}
