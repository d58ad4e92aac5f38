//! Everything a person can be told when something did not work.

use serde::{Deserialize, Serialize};

use crate::domain::money::{Currency, Money};
use crate::domain::name::NameProblem;

/// An answer to a person. Causes stay in the server's log, found by the reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum AppError {
    /// Nobody is signed in.
    #[error("not signed in")]
    NotSignedIn,
    /// The same for an unknown user and for a wrong password.
    #[error("wrong name or password")]
    WrongPassword,
    /// It does not exist, or the caller may not know that it does.
    #[error("not found")]
    NotFound,
    /// The caller may see it, but not do this.
    #[error("not allowed")]
    NotAllowed,
    /// What was typed cannot be used; the form shows it at the field and keeps what was typed.
    #[error("invalid {field:?}: {why:?}")]
    Invalid {
        /// The field of the form.
        field: Field,
        /// What is wrong with it.
        why: Why,
    },
    /// It changed meanwhile, or cannot be done in this phase.
    #[error("not possible now")]
    Conflict,
    /// The budget has no room for it.
    #[error("over budget")]
    OverBudget {
        /// What may still be set aside.
        left: Money,
        /// What would have to be.
        needed: Money,
    },
    /// Nobody knows what it would cost.
    #[error("no price for {item}")]
    NoPrice {
        /// As price lists name it.
        item: String,
    },
    /// Nobody has said what a dollar is in the course's money.
    #[error("no exchange rate")]
    NoRate {
        /// That money.
        currency: Currency,
    },
    /// What a backup holds is not what was put there.
    #[error("damaged")]
    Damaged,
    /// The password has to be typed again first (the sign-in is too long ago).
    #[error("sign in again first")]
    SignInAgain,
    /// Something failed for a moment.
    #[error("try again")]
    TryAgain,
    /// Something failed that nobody foresaw. Staff find it in the log by the reference.
    #[error("unexpected, reference {reference}")]
    Unexpected {
        /// Eight characters to quote.
        reference: String,
    },
}

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The environment's name.
    Name,
    /// The student's own public key.
    PublicKey,
    /// The name typed to confirm a removal.
    Confirmation,
    /// How many machines.
    Machines,
    /// The zone of a copy.
    Zone,
    /// An amount of money.
    Amount,
    /// An amount of money for each student.
    AmountEach,
    /// Why it is set.
    Reason,
    /// At how many percent people are told.
    Percents,
    /// The name that pages show.
    FullName,
    /// The name to sign in with.
    SignInName,
    /// A new password.
    Password,
    /// The same, typed again.
    PasswordAgain,
    /// For how many days.
    Days,
    /// For how many people.
    People,
    /// A list of people.
    Roster,
}

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// See there.
    Name(NameProblem),
    /// Another environment of the same domain has that name.
    Taken,
    /// Not an OpenSSH public key, or of a kind that is refused.
    NotAPublicKey,
    /// The typed name is not the environment's name.
    NotTheName,
    /// More machines than the blueprint lets an environment have.
    TooMany {
        /// So many.
        most: u16,
    },
    /// The least number of machines is larger than the most.
    LeastAboveMost,
    /// The first machine is in that zone.
    SameZone,
    /// The cloud has no such zone.
    NoSuchZone,
    /// It is no amount of money.
    NotMoney,
    /// More is taken back than was granted.
    MoreThanGranted,
    /// Not a few whole numbers from 1 to 100.
    NotPercents,
    /// It has other letters than a name to sign in with, or too many.
    NotASignInName,
    /// Somebody else signs in with it.
    SignInTaken,
    /// A password of so many letters or more is wanted.
    PasswordTooShort {
        /// So many.
        least: u16,
    },
    /// The two passwords are not the same.
    PasswordsDiffer,
    /// Not a whole number in the range that is allowed.
    NotACount {
        /// So many at most.
        most: u16,
    },
    /// It is no text that a spreadsheet writes.
    NotAText,
    /// A list of more lines than are taken.
    TooManyLines {
        /// So many at most.
        most: u16,
    },
    /// Nothing was typed.
    Missing,
}

impl AppError {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NotSignedIn | Self::WrongPassword | Self::SignInAgain => 401,
            Self::NotFound => 404,
            Self::NotAllowed => 403,
            Self::Invalid { .. } => 422,
            Self::Conflict | Self::Damaged | Self::OverBudget { .. } | Self::NoPrice { .. } | Self::NoRate { .. } => 409,
            Self::TryAgain => 503,
            Self::Unexpected { .. } => 500,
        }
    }
}

/// The address of a page that says why something was refused that is asked for there and is no form: `of` says what.
#[cfg(feature = "ssr")]
#[must_use]
pub fn told_on(page: &str, of: &str, error: AppError) -> String {
    let told = leptos::server_fn::error::ServerFnUrlError::new(of, error).to_url(&format!("http://localhost{page}"));
    told.map_or_else(|_| page.to_owned(), |url| format!("{page}?{}", url.query().unwrap_or_default()))
}

impl leptos::server_fn::error::FromServerFnError for AppError {
    type Encoder = leptos::server_fn::codec::JsonEncoding;

    fn from_server_fn_error(error: leptos::server_fn::error::ServerFnErrorErr) -> Self {
        use leptos::server_fn::error::ServerFnErrorErr as Cause;
        match error {
            // The browser could not reach the portal, or the portal was restarted in between.
            Cause::Request(_) | Cause::Response(_) => Self::TryAgain,
            _ => Self::Unexpected { reference: String::new() },
        }
    }
}
