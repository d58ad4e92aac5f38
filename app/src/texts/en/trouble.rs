//! Errors, in English.

use super::money::money;
use crate::domain::name::{EnvironmentName, NameProblem};
use crate::error::{AppError, Why};

pub(super) fn title(error: &AppError) -> &'static str {
    match error {
        AppError::NotSignedIn | AppError::SignInAgain => "Please sign in",
        AppError::WrongPassword => "That did not fit",
        AppError::NotFound => "Not found",
        AppError::NotAllowed => "Not allowed",
        AppError::Invalid { .. } => "Please check what you typed",
        AppError::Damaged => "The backup is damaged",
        AppError::Conflict => "Not possible now",
        AppError::OverBudget { .. } => "More than the budget has",
        AppError::NoPrice { .. } | AppError::NoRate { .. } => "Its price is not known",
        AppError::TryAgain => "Try again in a moment",
        AppError::Unexpected { .. } => "Something went wrong",
    }
}

pub(super) fn error(error: &AppError) -> String {
    match error {
        AppError::NotSignedIn => "You are not signed in, or your session has ended.".to_owned(),
        AppError::WrongPassword => "The name or the password is wrong.".to_owned(),
        AppError::NotFound => "There is nothing at this address, or it is not yours to see.".to_owned(),
        AppError::NotAllowed => "You may see this, but not change it. Ask your instructor.".to_owned(),
        AppError::Invalid { why: reason, .. } => why(*reason),
        AppError::Damaged => {
            "What the store has of this backup is not what was put there. Koza hands out nothing of it. Take another backup, and tell your instructor: somebody has to look at the store.".to_owned()
        }
        AppError::Conflict => {
            "It changed in the meantime, or cannot be done in this phase. Look at its page, then decide again.".to_owned()
        }
        AppError::OverBudget { left, needed } => format!(
            "This sets {} aside, for a day of running and for keeping it afterwards, and {} is left. Nothing was begun. Choose something smaller, delete what you do not need any more, or ask your instructor for more.",
            money(*needed),
            money(*left)
        ),
        AppError::NoPrice { item } => format!(
            "Koza does not know what \u{201c}{item}\u{201d} costs, and begins nothing whose price it does not know. Tell your instructor: an operator has to bring in a price list."
        ),
        AppError::NoRate { currency } => format!(
            "Koza does not know what a dollar is in {}, and begins nothing whose price it does not know. Tell your instructor: an operator has to enter the exchange rate.",
            currency.code()
        ),
        AppError::SignInAgain => "You signed in a while ago. Type your password again to go on.".to_owned(),
        AppError::TryAgain => "Koza could not be reached or was busy. Nothing was changed. Try again in a moment.".to_owned(),
        AppError::Unexpected { reference } if reference.is_empty() => {
            "Koza could not do this. If it happens again, tell your instructor.".to_owned()
        }
        AppError::Unexpected { reference } => {
            format!("Koza could not do this. Staff find the cause by the reference {reference}.")
        }
    }
}

pub(super) fn why(why: Why) -> String {
    match why {
        Why::Name(NameProblem::Missing) => "Give it a name.".to_owned(),
        Why::Name(NameProblem::TooLong) => format!("The name is too long: {} characters at most.", EnvironmentName::MAX),
        Why::Name(NameProblem::International) => {
            "The name becomes a host name, and many programs of the lesson find no host names with other letters than a to z. Choose one without.".to_owned()
        }
        Why::Name(NameProblem::NotALabel) => {
            "The name becomes a host name: use a to z, 0 to 9 and hyphens inside, and at least one letter.".to_owned()
        }
        Why::Name(NameProblem::Reserved) => "The site keeps this name for itself. Choose another.".to_owned(),
        Why::Taken => "Somebody has this name already. Choose another.".to_owned(),
        Why::NotAPublicKey => "This is not an SSH public key that Koza accepts. It is one line that begins with ssh-ed25519 or the like, from a file that ends in .pub.".to_owned(),
        Why::TooMany { most } => format!("This blueprint lets an environment have {most} machines at most."),
        Why::LeastAboveMost => "The least number of machines may not be larger than the most.".to_owned(),
        Why::SameZone => {
            "The first machine is in this zone. A zone can fail as a whole: a copy in the same one would fail with it. Choose another.".to_owned()
        }
        Why::NoSuchZone => "The cloud has no such zone.".to_owned(),
        Why::NotASignInName => "A name to sign in with has letters a to z, figures, and . _ - @, at most 64.".to_owned(),
        Why::SignInTaken => "Somebody else signs in with this name. If it is you, sign in first, then follow the link again.".to_owned(),
        Why::PasswordTooShort { least } => format!("Choose a password of {least} letters or more. A sentence is easy to remember."),
        Why::PasswordsDiffer => "This is not the same as above.".to_owned(),
        Why::NotACount { most } => format!("Type a whole number from 1 to {most}."),
        Why::MoreThanGranted => "That is more than was granted to this student.".to_owned(),
        Why::NotPercents => "Type whole numbers from 1 to 100 with commas between them: 50, 80, 100.".to_owned(),
        Why::NotMoney => "This is no amount. Type it in figures: 12000 or 0.25.".to_owned(),
        Why::NotAText => "This is no text that could be read. Save the sheet as CSV (UTF-8 or Shift_JIS) and choose that file.".to_owned(),
        Why::TooManyLines { most } => format!("There are more than {most} lines. Make several files of it."),
        Why::Missing => "This may not stay empty.".to_owned(),
        Why::NotTheName => "This is not the name of the environment.".to_owned(),
    }
}
