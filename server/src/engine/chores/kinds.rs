//! The kinds of chores: what each does, how often it comes round, and how patient it is.

use std::time::Duration;

use super::Trouble;
use crate::db::chores::{self, Claimed};
use crate::db::{queue, secrets, sessions};
use crate::engine::{Engine, audit, backup};
use crate::mail;
use crate::portal::{desk, policy};
use crate::spend::{self, credits};

/// What sort of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Secrets that are past their time (private keys after a day) are erased.
    EraseSecrets,
    /// Sessions that are past their time are deleted.
    EndSessions,
    /// Workers that ended without a word are taken off the list.
    ForgetWorkers,
    /// Backups that the courses' schedules want by now are asked for.
    AskBackups,
    /// Machines come and go as policies say.
    FollowPolicies,
    /// Charges are posted, what is set aside is renewed, and what has no more is stopped.
    FollowBudgets,
    /// Backups whose time has passed are erased from the store.
    EraseBackups,
    /// Operators are told how much of their clouds' credits is used, and when they end.
    TellOfCredits,
    /// What was noted in the audit is sealed.
    SealAudit,
    /// A notice is mailed.
    SendMail,
    /// What was asked of many environments at once goes on.
    BulkAct,
}

/// How a kind bears failures: waits double from the first to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// After so many tries it is dead.
    pub tries: i16,
    /// The wait after the first.
    pub first: Duration,
    /// No wait is longer.
    pub longest: Duration,
}

impl Patience {
    /// How long to wait after so many tries; `None`: no more.
    #[must_use]
    pub fn again_in(self, tries: i16) -> Option<Duration> {
        let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(16);
        (tries < self.tries).then(|| (self.first * (1 << doublings)).min(self.longest))
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::EraseSecrets,
        Self::EndSessions,
        Self::ForgetWorkers,
        Self::AskBackups,
        Self::EraseBackups,
        Self::FollowPolicies,
        Self::FollowBudgets,
        Self::TellOfCredits,
        Self::SealAudit,
        Self::SendMail,
        Self::BulkAct,
    ];

    /// The word in the table.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::EraseSecrets => "erase_secrets",
            Self::EndSessions => "end_sessions",
            Self::ForgetWorkers => "forget_workers",
            Self::AskBackups => "ask_backups",
            Self::FollowPolicies => "follow_policies",
            Self::EraseBackups => "erase_backups",
            Self::FollowBudgets => "follow_budgets",
            Self::TellOfCredits => "tell_of_credits",
            Self::SealAudit => "seal_audit",
            Self::SendMail => "send_mail",
            Self::BulkAct => "bulk_act",
        }
    }

    /// How often it comes round by itself; `None`: only when somebody adds it.
    #[must_use]
    pub fn every(self) -> Option<time::Duration> {
        Some(match self {
            Self::EraseSecrets => time::Duration::minutes(1),
            Self::EndSessions => time::Duration::minutes(10),
            Self::ForgetWorkers => time::Duration::hours(1),
            Self::AskBackups | Self::FollowPolicies => time::Duration::minutes(1),
            Self::EraseBackups => time::Duration::minutes(5),
            // What is used up is stopped within a minute; what is not sealed is not proven.
            Self::FollowBudgets | Self::SealAudit => time::Duration::seconds(20),
            Self::TellOfCredits => time::Duration::hours(1),
            Self::SendMail | Self::BulkAct => return None,
        })
    }

    /// How it bears failures.
    #[must_use]
    pub fn patience(self) -> Patience {
        match self {
            // The next round does what this one did not.
            Self::EraseSecrets
            | Self::EndSessions
            | Self::ForgetWorkers
            | Self::AskBackups
            | Self::EraseBackups
            | Self::FollowPolicies
            | Self::FollowBudgets
            | Self::TellOfCredits
            | Self::SealAudit => Patience { tries: 5, first: Duration::from_secs(5), longest: Duration::from_secs(60) },
            // Each try does what it can in its time; a class of hundreds takes some.
            Self::BulkAct => Patience { tries: 60, first: Duration::from_secs(1), longest: Duration::from_secs(5) },
            // About a day: mail servers are down for nights, and make strangers wait (RFC 6647).
            Self::SendMail => Patience { tries: 16, first: Duration::from_secs(30), longest: Duration::from_secs(3 * 60 * 60) },
        }
    }

    /// How a kind bears failures, by its word. One that this release does not know is left to a newer worker for long.
    #[must_use]
    pub fn patience_of(code: &str) -> Patience {
        match Self::ALL.into_iter().find(|kind| kind.code() == code) {
            Some(kind) => kind.patience(),
            None => Patience { tries: 100, first: Duration::from_secs(10), longest: Duration::from_secs(600) },
        }
    }
}

/// Does one chore.
///
/// # Errors
/// [`Trouble`]; the chore is tried again as its kind says.
pub async fn perform(engine: &Engine, chore: &Claimed) -> Result<(), Trouble> {
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.code() == chore.kind) else {
        return Err(Trouble::passing("this release does not know how; a newer worker may"));
    };
    let db = async || engine.pool.acquire().await;
    match kind {
        Kind::EraseSecrets => secrets::erase_expired(&mut *db().await?).await.map(drop)?,
        Kind::EndSessions => sessions::delete_expired(&mut *db().await?).await.map(drop)?,
        Kind::ForgetWorkers => queue::forget_workers(&mut *db().await?).await?,
        Kind::AskBackups => backup::ask_as_scheduled(&mut *db().await?).await?,
        Kind::EraseBackups => backup::erase_expired(engine).await?,
        Kind::FollowBudgets => spend::follow::follow(engine).await?,
        Kind::FollowPolicies => policy::follow_all(engine).await?,
        Kind::TellOfCredits => credits::tell(engine).await?,
        Kind::SealAudit => audit::seal(engine).await?,
        Kind::BulkAct => desk::perform(engine, chore.key.parse().map_err(Trouble::lasting)?).await?,
        Kind::SendMail => {
            let is_last_try = kind.patience().again_in(chore.tries).is_none();
            mail::deliver(engine, chore.key.parse().map_err(Trouble::lasting)?, is_last_try).await?;
        }
    }
    Ok(())
}

/// Adds every chore whose time has come round. Any number of workers may do this as often as they like.
///
/// # Errors
/// As the database.
pub async fn fire(engine: &Engine) -> sqlx::Result<()> {
    let mut db = engine.pool.acquire().await?;
    for kind in Kind::ALL {
        if let Some(every) = kind.every() {
            chores::fire(&mut db, kind.code(), every).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end() {
        let patience = Patience { tries: 6, first: Duration::from_secs(5), longest: Duration::from_secs(30) };
        let waits: Vec<_> = (1..=6).map(|tries| patience.again_in(tries).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits, [Some(5), Some(10), Some(20), Some(30), Some(30), None]);
    }
}
