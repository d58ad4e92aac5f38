//! The desk: a course's environments in one table, and what is done to many of them at once.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::ids::{BulkActId, EnvironmentId};
use super::money::Currency;
use super::phase::{Goal, Phase};
use super::reason::Attention;
use crate::error::AppError;

/// What of an environment somebody used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Its website.
    Web,
    /// A file came or went by FTP.
    Ftp,
    /// Somebody signed in.
    Login,
    /// A TeX file was compiled.
    Tex,
}

impl Use {
    /// All of them, by what machines report.
    pub const ALL: [(&'static str, Self); 4] =
        [("http_requests", Self::Web), ("ftp_transfers", Self::Ftp), ("logins", Self::Login), ("tex_runs", Self::Tex)];

    /// What machines call it.
    #[must_use]
    pub fn signal(self) -> &'static str {
        Self::ALL.iter().find(|(_, known)| *known == self).map_or("", |(signal, _)| signal)
    }

    /// Reads that back.
    #[must_use]
    pub fn of_signal(signal: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == signal).map(|(_, what)| *what)
    }
}

/// A course in the list of those whose desk is open to somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskCard {
    /// `SYS-101`
    pub code: String,
    /// The title in full.
    pub title: String,
    /// How many environments there are.
    pub environments: u32,
    /// How many of them need attention.
    pub need_attention: u32,
}

/// An environment in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskRow {
    /// Which.
    pub id: EnvironmentId,
    /// Its name.
    pub name: String,
    /// Who holds it.
    pub holders: String,
    /// Where it was at the last look.
    pub phase: Phase,
    /// What is asked for.
    pub goal: Goal,
    /// What needs attention.
    pub attention: Option<Attention>,
    /// What it has cost, in millionths of the course's money.
    pub spent: i64,
    /// What of it was used last, and when.
    pub last_use: Option<(Use, OffsetDateTime)>,
    /// When its lease ends.
    pub lease_until: Option<OffsetDateTime>,
}

/// What the table is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// What needs attention first, then by student.
    #[default]
    Attention,
    /// By who holds it.
    Student,
    /// The dearest first.
    Cost,
    /// What was used longest ago first; what never was before all.
    LastUse,
    /// What ends first.
    Lease,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Attention, Self::Student, Self::Cost, Self::LastUse, Self::Lease];

    /// The word in addresses.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::Student => "student",
            Self::Cost => "cost",
            Self::LastUse => "last-use",
            Self::Lease => "lease",
        }
    }
}

/// Which of them are shown. It is all in the address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Filter {
    /// Those in this phase; without it all that are not removed.
    pub phase: Option<Phase>,
    /// Those that need attention.
    pub needs_attention: bool,
    /// Those with this in their name or their student's.
    pub search: String,
    /// In which order.
    pub order: Order,
    /// Which page, from 1 on.
    pub page: u32,
}

impl Filter {
    /// What the field "state" says for those that need attention.
    pub const ATTENTION: &'static str = "attention";

    /// Reads it from an address. What is none is left out.
    #[must_use]
    pub fn read(state: &str, search: &str, order: &str, page: &str) -> Self {
        Self {
            phase: Phase::ALL.into_iter().find(|phase| phase.code() == state),
            needs_attention: state == Self::ATTENTION,
            search: search.trim().to_owned(),
            order: Order::ALL.into_iter().find(|known| known.code() == order).unwrap_or_default(),
            page: page.parse().unwrap_or(1),
        }
    }

    /// The word for the field "state".
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self.phase {
            _ if self.needs_attention => Self::ATTENTION,
            Some(phase) => phase.code(),
            None => "",
        }
    }

    /// Whether it shows this one.
    #[must_use]
    pub fn shows(&self, row: &DeskRow) -> bool {
        let is_of_phase = self.phase.map_or(row.phase != Phase::Removed, |phase| row.phase == phase);
        let search = self.search.to_lowercase();
        let is_found = [&row.name, &row.holders].iter().any(|text| text.to_lowercase().contains(&search));
        is_of_phase && is_found && (!self.needs_attention || row.attention.is_some())
    }

    /// Puts them into order.
    pub fn sort(&self, rows: &mut [DeskRow]) {
        rows.sort_by(|one, other| {
            let by_student = one.holders.cmp(&other.holders).then_with(|| one.name.cmp(&other.name));
            let by = match self.order {
                Order::Attention => one.attention.is_none().cmp(&other.attention.is_none()),
                Order::Student => std::cmp::Ordering::Equal,
                Order::Cost => other.spent.cmp(&one.spent),
                Order::LastUse => one.last_use.map(|(_, at)| at).cmp(&other.last_use.map(|(_, at)| at)),
                Order::Lease => one.lease_until.unwrap_or(FAR).cmp(&other.lease_until.unwrap_or(FAR)),
            };
            by.then(by_student)
        });
    }
}

/// After every lease.
const FAR: OffsetDateTime = OffsetDateTime::new_utc(time::Date::MAX, time::Time::MIDNIGHT);

/// The table, one page of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// The course's code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Its money.
    pub currency: Currency,
    /// What is shown.
    pub filter: Filter,
    /// Those of this page.
    pub rows: Vec<DeskRow>,
    /// How many are shown on all pages.
    pub matching: u32,
    /// How many pages that are.
    pub pages: u32,
    /// How many there are in each phase, and how many need attention.
    pub counts: Vec<(Phase, u32)>,
    /// How many need attention.
    pub need_attention: u32,
    /// Whether the caller may do something to them.
    pub may_act: bool,
}

/// What can be done to many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BulkAct {
    /// Goal: running.
    Start,
    /// Goal: stopped.
    Stop,
    /// Another lease from now on.
    Keep,
    /// After a failure: clear the reason and go on.
    TryAgain,
}

impl BulkAct {
    /// All of them, as buttons stand.
    pub const ALL: [Self; 4] = [Self::Start, Self::Stop, Self::Keep, Self::TryAgain];

    /// The word in addresses and forms.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Keep => "keep",
            Self::TryAgain => "try_again",
        }
    }

    /// Reads it back.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.code() == code)
    }

    /// What it would do to one, as things are.
    #[must_use]
    pub fn verdict(self, goal: Goal, needs_attention: bool) -> Verdict {
        match (self, goal) {
            (_, Goal::Gone) => Verdict::Cannot,
            (Self::Start, Goal::Running) | (Self::Stop, Goal::Stopped) => Verdict::Already,
            (Self::TryAgain, _) if !needs_attention => Verdict::Already,
            _ => Verdict::Does,
        }
    }
}

/// What an act would do to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does it.
    Does,
    /// It is so already, or there is nothing to be done.
    Already,
    /// It is being removed.
    Cannot,
}

/// What an act would do to each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The course's code.
    pub code: String,
    /// What would be done.
    pub act: BulkAct,
    /// To which, and what that would be.
    pub rows: Vec<(DeskRow, Verdict)>,
}

/// What came of an act for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// It was asked for.
    Done,
    /// It was so already.
    Already,
    /// It was refused.
    Refused(AppError),
}

/// What came of an act, so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkActView {
    /// Which.
    pub id: BulkActId,
    /// The course's code.
    pub code: String,
    /// What was asked for.
    pub act: BulkAct,
    /// By whom.
    pub by: String,
    /// When.
    pub at: OffsetDateTime,
    /// To which: its name, who holds it, and what came of it; `None`: its turn has not come.
    pub rows: Vec<(EnvironmentId, String, String, Option<Came>)>,
}

impl BulkActView {
    /// How many were done (or were so already), how many were refused, and how many wait.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |is: fn(&Option<Came>) -> bool| self.rows.iter().filter(|(.., came)| is(came)).count();
        (
            count(|came| matches!(came, Some(Came::Done | Came::Already))),
            count(|came| matches!(came, Some(Came::Refused(_)))),
            count(Option::is_none),
        )
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn row(name: &str, holders: &str) -> DeskRow {
        DeskRow {
            id: EnvironmentId(uuid::Uuid::from_u128(1)),
            name: name.into(),
            holders: holders.into(),
            phase: Phase::Ready,
            goal: Goal::Running,
            attention: None,
            spent: 0,
            last_use: None,
            lease_until: None,
        }
    }

    #[test]
    fn an_address_says_which_are_shown_and_what_is_none_shows_all() {
        let rows = [
            row("c1", "Aoi Tanaka"),
            DeskRow { phase: Phase::Stopped, attention: Some(Attention::CloudSilent), ..row("c2", "Ren Suzuki") },
            DeskRow { phase: Phase::Removed, ..row("old", "Aoi Tanaka") },
        ];
        let shown = |state, search| {
            let filter = Filter::read(state, search, "", "");
            let shown: Vec<_> = rows.iter().filter(|row| filter.shows(row)).map(|row| row.name.as_str()).collect();
            shown.join(" ")
        };
        assert_eq!(shown("", ""), "c1 c2");
        assert_eq!(shown("nonsense", " aoi "), "c1");
        assert_eq!(shown("attention", ""), "c2");
        assert_eq!(shown("removed", "tanaka"), "old");
        assert_eq!(Filter::read("removed", "", "cost", "3").state(), "removed");
        assert_eq!(Filter::read("x", "", "x", "x"), Filter { page: 1, ..Filter::default() });
    }

    #[test]
    fn the_table_is_ordered_by_what_was_asked_for_and_then_by_student() {
        let ordered = |order: &str| {
            let mut rows = vec![
                DeskRow { spent: 1, last_use: Some((Use::Web, datetime!(2026-11-23 9:00 UTC))), ..row("a", "Ren") },
                DeskRow { spent: 5, lease_until: Some(datetime!(2026-12-01 0:00 UTC)), ..row("b", "Mio") },
                DeskRow { attention: Some(Attention::CloudSilent), ..row("c", "Aoi") },
            ];
            Filter::read("", "", order, "").sort(&mut rows);
            rows.iter().map(|row| row.name.as_str()).collect::<String>()
        };
        assert_eq!([ordered(""), ordered("student"), ordered("cost")], ["cba", "cba", "bac"]);
        assert_eq!([ordered("last-use"), ordered("lease")], ["cba", "bca"]);
    }

    #[test]
    fn what_is_so_already_is_not_done_and_what_goes_is_left_alone() {
        assert_eq!(BulkAct::Start.verdict(Goal::Stopped, false), Verdict::Does);
        assert_eq!(BulkAct::Start.verdict(Goal::Running, true), Verdict::Already);
        assert_eq!(BulkAct::Stop.verdict(Goal::Running, false), Verdict::Does);
        assert_eq!(BulkAct::TryAgain.verdict(Goal::Running, false), Verdict::Already);
        for act in BulkAct::ALL {
            assert_eq!(act.verdict(Goal::Gone, true), Verdict::Cannot);
            assert_eq!(BulkAct::from_code(act.code()), Some(act));
        }
    }
}
