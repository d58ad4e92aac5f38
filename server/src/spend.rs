//! The ledger: what is held, what was used, and the budgets that neither may exceed.
//!
//! ```text
//!  interval ─► charges (pure) ─► ledger          spent     = ledger + what accrued since
//!  shape ────► price (pure) ───► hold            committed = spent, or up to what it may spend
//!                                                committed of all ≤ budget
//! ```
//!
//! A request, a start, a scale-out and an extension set money aside under one lock; [`follow`] posts charges, renews what is set aside every
//! hour, and stops what has no more. It never deletes.

pub mod accounts;
pub mod budget;
pub mod charges;
pub mod corrections;
pub mod credits;
pub mod follow;
pub mod rates;
pub mod thresholds;
pub mod unpriced;

pub use accounts::Accounts;
pub use budget::{Refused, estimate, extend, set_aside};
