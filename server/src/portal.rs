//! Use cases behind the ports: check access, read, decide, write, wake. One file per port.

pub mod backups;
pub mod connection;
pub mod costs;
pub mod courses;
pub mod desk;
pub mod environments;
pub mod host_name;
pub mod images;
pub mod members;
pub mod notices;
pub mod operate;
pub mod policy;
mod roster_file;
pub mod rosters;
pub mod scaling;
pub mod timeline;
pub mod view;

use app::domain::money::Money;
use app::error::AppError;
use aws_lc_rs::rand::fill;

use crate::pricing::NoPrice;
use crate::spend::Refused;
use crate::spend::rates::NoRate;

/// Why no money was set aside, as the person who asked is told.
pub(crate) fn unpaid(why: Refused) -> AppError {
    match why {
        Refused::OverBudget { currency, left, needed } => {
            AppError::OverBudget { left: Money::new(currency, left), needed: Money::new(currency, needed) }
        }
        Refused::NoPrice(NoPrice { item }) => AppError::NoPrice { item },
        Refused::NoRate(NoRate(currency)) => AppError::NoRate { currency },
        Refused::Unreckoned(cause) => unexpected(cause),
    }
}

/// What nobody foresaw: the cause goes to the log with a reference, the reference goes to the person.
pub fn unexpected(cause: impl std::fmt::Display + std::fmt::Debug) -> AppError {
    let mut bytes = [0; 4];
    fill(&mut bytes).expect("the operating system has randomness");
    let reference = crate::wish::spec::hex(&bytes);
    tracing::error!(reference, cause = ?cause, "unexpected: {cause}");
    AppError::Unexpected { reference }
}
