//! One use of one resource on one day, ours and theirs.
//!
//! ```text
//! theirs − ours  =  free tier  +  usage (or late)  +  rate  +  rounding
//! free tier      =  − our price × what cost nothing
//! usage          =    our price × (their quantity − ours)
//! rate           =    what they charge − our price × what they charge for
//! rounding       =    the rest
//! ```

use rust_decimal::Decimal;

use crate::Cause;
use crate::report::DECIMALS;

/// To so much AWS rounds quantities and costs, and we quantities.
const THEIR_GRAIN: Decimal = Decimal::from_parts(1, 0, 0, false, 10);
/// To so much we round costs.
const OUR_GRAIN: Decimal = Decimal::from_parts(1, 0, 0, false, 6);
/// Above half a cent nothing is rounding.
const MOST: Decimal = Decimal::from_parts(5, 0, 0, false, 3);
/// Parts above a million million dollars explain nothing, and their sums would not be exact.
const ABSURD: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);

/// Sums of what is compared.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bucket {
    records: u32,
    quantity: Decimal,
    pub(crate) ours: Decimal,
    pub(crate) lines: u32,
    paid_quantity: Decimal,
    free_quantity: Decimal,
    pub(crate) theirs: Decimal,
}

impl Bucket {
    pub(crate) fn record(&mut self, quantity: Decimal, usd: Decimal) {
        self.records += 1;
        self.quantity = self.quantity.saturating_add(quantity);
        self.ours = self.ours.saturating_add(usd);
    }

    pub(crate) fn bill(&mut self, quantity: Decimal, usd: Decimal) {
        self.lines += 1;
        let of = if usd.is_zero() { &mut self.free_quantity } else { &mut self.paid_quantity };
        *of = of.saturating_add(quantity);
        self.theirs = self.theirs.saturating_add(usd);
    }

    /// Why the two differ; the parts sum up to the difference. `may_grow`: lines of that day may be still to come.
    pub(crate) fn causes(&self, may_grow: bool) -> [(Cause, Decimal); 4] {
        let difference = self.theirs.saturating_sub(self.ours);
        let (free, usage, rate) = self.parts().unwrap_or((Decimal::ZERO, difference, Decimal::ZERO));
        let [free, usage, rate] = [free, usage, rate].map(|part| part.round_dp(DECIMALS));
        let rounding = difference.saturating_sub(free).saturating_sub(usage).saturating_sub(rate);
        let is_short = may_grow && self.paid_quantity.saturating_add(self.free_quantity) < self.quantity;
        let usage_or_late = if is_short { Cause::Late } else { Cause::Usage };
        [(Cause::FreeTier, free), (usage_or_late, usage), (Cause::Rate, rate), (Cause::Rounding, rounding)]
    }

    /// Free tier, usage and rate. None: we have no price, or numbers are beyond any bill.
    fn parts(&self) -> Option<(Decimal, Decimal, Decimal)> {
        let price = self.ours.checked_div(self.quantity)?;
        let free = -price.checked_mul(self.free_quantity)?;
        let excess = self.paid_quantity.checked_add(self.free_quantity)?.checked_sub(self.quantity)?;
        let counted = Decimal::from(self.lines).checked_add(self.records.into())?;
        let quantity_bound = THEIR_GRAIN.checked_mul(counted)?;
        let bound_of_usage = quantity_bound.checked_mul(price.abs())?;
        let usage = price.checked_mul(excess)?;
        let usage = if excess.abs() <= quantity_bound && usage.abs() <= MOST { Decimal::ZERO } else { usage };

        // Our price is as coarse as what we recorded, and their quantity scales that.
        let scale = self.paid_quantity.checked_div(self.quantity)?.abs().max(Decimal::ONE);
        let ours = OUR_GRAIN.checked_mul(self.records.into())?.checked_mul(scale)?;
        let bound = THEIR_GRAIN.checked_mul(self.lines.into())?.checked_add(ours)?.checked_add(bound_of_usage)?.min(MOST);
        let rate = self.theirs.checked_sub(price.checked_mul(self.paid_quantity)?)?;
        let rate = if rate.abs() <= bound { Decimal::ZERO } else { rate };
        [free, usage, rate].iter().all(|part| part.abs() < ABSURD).then_some((free, usage, rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn causes(ours: (&str, &str), theirs: &[(&str, &str)]) -> Vec<(Cause, String)> {
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        let mut bucket = Bucket::default();
        bucket.record(number(ours.0), number(ours.1));
        for (quantity, usd) in theirs {
            bucket.bill(number(quantity), number(usd));
        }
        let causes = bucket.causes(false).into_iter().filter(|(_, usd)| !usd.is_zero());
        causes.map(|(cause, usd)| (cause, usd.normalize().to_string())).collect()
    }

    #[test]
    fn a_price_that_rose_by_seven_percent_is_a_rate_and_nothing_else() {
        assert_eq!(causes(("24", "0.3264"), &[("24", "0.349248")]), [(Cause::Rate, "0.022848".to_owned())]);
    }

    #[test]
    fn hours_that_we_missed_are_usage_at_our_price() {
        assert_eq!(causes(("23", "0.3128"), &[("24", "0.3264")]), [(Cause::Usage, "0.0136".to_owned())]);
    }

    #[test]
    fn free_hours_are_told_from_paid_ones() {
        assert_eq!(causes(("24", "0.12"), &[("14", "0"), ("10", "0.05")]), [(Cause::FreeTier, "-0.07".to_owned())]);
    }

    #[test]
    fn ten_decimals_of_theirs_and_six_of_ours_differ_by_rounding_only() {
        let hour = ("0.0107526882", "0.0010322581");
        assert_eq!(causes(("0.2580645161", "0.024774"), &[hour; 24]), [(Cause::Rounding, "0.0000001944".to_owned())]);
        // Two micro-dollars on a small amount are a different price, though.
        assert_eq!(causes(("1", "0.000003"), &[("1", "0.000006")]), [(Cause::Rate, "0.000003".to_owned())]);
    }

    #[test]
    fn quantities_that_are_absurd_are_not_multiplied() {
        assert_eq!(ABSURD.to_string(), "1000000000000");
        let usd = "-100000000.5".to_owned();
        assert_eq!(causes(("0.0000000001", "100000000.5"), &[("99999999", "0")]), [(Cause::Usage, usd)]);
    }

    #[test]
    fn without_a_price_of_ours_everything_is_usage() {
        assert_eq!(causes(("0", "0"), &[("1", "0.5")]), [(Cause::Usage, "0.5".to_owned())]);
    }
}
