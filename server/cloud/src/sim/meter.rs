//! The provider's side of allowances: who calls too much is told so. Each process of a shared simulator is metered by itself.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::call::{AWS, Call, draws, draws_in_batch};
use crate::error::{CloudError, Fate};

/// What is left in each bucket, and since when.
#[derive(Debug, Default)]
pub(super) struct Meter {
    left: BTreeMap<&'static str, (f64, OffsetDateTime)>,
    pub(super) throttled: u64,
    pub(super) taken: BTreeMap<Call, u64>,
}

impl Meter {
    /// Takes a call for so many machines, or says that it was one too many. A call that is refused costs nothing.
    pub(super) fn take(&mut self, call: Call, machines: u32, now: OffsetDateTime) -> Result<(), CloudError> {
        let mut after = Vec::new();
        for allowance in AWS.iter().filter(|allowance| draws(call).contains(&allowance.action)) {
            let (left, at) = self.left.get(allowance.action).copied().unwrap_or((allowance.capacity, now));
            let left = (left + (now - at).as_seconds_f64().max(0.0) * allowance.refill).min(allowance.capacity)
                - if draws_in_batch(call).contains(&allowance.action) { f64::from(machines) } else { 1.0 };
            if left < 0.0 {
                self.throttled += 1;
                return Err(CloudError::new(
                    Fate::Throttled,
                    "RequestLimitExceeded",
                    format!("{}: request limit exceeded", allowance.action),
                ));
            }
            after.push((allowance.action, (left, now.max(at))));
        }
        self.left.extend(after);
        *self.taken.entry(call).or_default() += 1;
        Ok(())
    }
}
