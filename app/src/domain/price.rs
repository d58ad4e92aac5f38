//! What an environment costs: before it is asked for, and while it is there.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use super::ids::{EnvironmentId, PersonId};
use super::money::{Currency, Money};

/// What money goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// Machines, while they run.
    Machine,
    /// Their disks.
    Disk,
    /// Public addresses.
    Address,
    /// The balancer.
    Balancer,
    /// What the balancer carries.
    Capacity,
    /// Frozen disks, which images rest on.
    Snapshot,
}

impl Cost {
    /// All of them, as lists show them.
    pub const ALL: [Self; 6] = [Self::Machine, Self::Disk, Self::Address, Self::Balancer, Self::Capacity, Self::Snapshot];

    /// What an item of a price list goes to. `None`: Koza has no such item.
    #[must_use]
    pub fn of_item(item: &str) -> Option<Self> {
        Some(match item.split('/').next()? {
            "machine" | "cpu" | "memory" => Self::Machine,
            "disk" => Self::Disk,
            "address" => Self::Address,
            "balancer" => Self::Balancer,
            "balancer-capacity" => Self::Capacity,
            "snapshot" => Self::Snapshot,
            _ => return None,
        })
    }

    /// Whether it is counted in GiB.
    #[must_use]
    pub fn is_in_gib(self) -> bool {
        matches!(self, Self::Disk | Self::Snapshot)
    }

    /// The word in files and addresses.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Machine => "machine",
            Self::Disk => "disk",
            Self::Address => "address",
            Self::Balancer => "balancer",
            Self::Capacity => "balancer-capacity",
            Self::Snapshot => "snapshot",
        }
    }
}

/// A line of a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLine {
    /// What for.
    pub cost: Cost,
    /// How many, or how many GiB.
    pub count: u32,
    /// For an hour while it runs, in millionths of the course's money.
    pub running: i64,
    /// For an hour while it is stopped.
    pub stopped: i64,
}

/// What something costs from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// In this money.
    pub currency: Currency,
    /// Line by line.
    pub lines: Vec<PriceLine>,
    /// When its lease ends, if it has one.
    pub lease_until: Option<OffsetDateTime>,
    /// What it costs until then, if it runs all the time.
    pub lease: i64,
    /// What is set aside of the budget for it at once.
    pub hold: i64,
    /// What may still be set aside; `None`: nobody has set a budget.
    pub left: Option<i64>,
}

impl Estimate {
    /// An hour while it runs.
    #[must_use]
    pub fn running(&self) -> Money {
        Money::new(self.currency, self.lines.iter().map(|line| line.running).sum())
    }

    /// An hour while it is stopped.
    #[must_use]
    pub fn stopped(&self) -> Money {
        Money::new(self.currency, self.lines.iter().map(|line| line.stopped).sum())
    }

    /// Until the lease ends.
    #[must_use]
    pub fn lease(&self) -> Money {
        Money::new(self.currency, self.lease)
    }

    /// What is set aside.
    #[must_use]
    pub fn hold(&self) -> Money {
        Money::new(self.currency, self.hold)
    }

    /// What may still be set aside.
    #[must_use]
    pub fn left(&self) -> Option<Money> {
        self.left.map(|left| Money::new(self.currency, left))
    }

    /// Whether the budget has room for it.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.left.is_none_or(|left| self.hold <= left)
    }
}

/// A sum of money that went to something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent<T> {
    /// To what.
    pub of: T,
    /// Millionths of the course's money.
    pub amount: i64,
}

/// What a day cost, by the course's clock.
pub type DaySpent = Spent<Date>;

/// Where an environment stands with its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetState {
    /// There is enough.
    Fine,
    /// There is no more to set aside; it runs on until then.
    Short(OffsetDateTime),
    /// It was stopped, because it is used up.
    UsedUp,
}

/// What an environment has cost up to a moment, and goes on to cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoFar {
    /// In this money.
    pub currency: Currency,
    /// What it has cost, in millionths.
    pub spent: i64,
    /// What an hour costs as things are.
    pub per_hour: i64,
    /// Where it stands.
    pub budget: BudgetState,
}

impl SoFar {
    /// What it has cost so many milliseconds later, if nothing changes.
    #[must_use]
    pub fn after(&self, ms: u32) -> Money {
        let accrued = i128::from(self.per_hour) * i128::from(ms) / 3_600_000;
        Money::new(self.currency, self.spent.saturating_add(i64::try_from(accrued).unwrap_or(0)))
    }
}

/// Everything on the page of an environment's costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostsView {
    /// Its name.
    pub name: String,
    /// What it has cost.
    pub so_far: SoFar,
    /// What its parts cost, as it is meant to be.
    pub lines: Vec<PriceLine>,
    /// The last days on which it cost something, oldest first.
    pub days: Vec<DaySpent>,
    /// What it went to.
    pub by_cost: Vec<Spent<Cost>>,
    /// What is set aside for it.
    pub held: i64,
    /// When its lease ends, if it has one.
    pub lease_until: Option<OffsetDateTime>,
    /// What it will have cost by then, if it goes on like this.
    pub projection: Option<i64>,
    /// For so many days it can be kept from now on; `None`: the caller may not, or it is going.
    pub may_extend: Option<u16>,
    /// What has no price, if anything has none: it is in no figure here.
    pub unpriced: Option<String>,
}

/// What may be spent and was, by one or by all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account<T> {
    /// Whose.
    pub of: T,
    /// What may be spent; `None`: nobody has set a limit.
    pub allowed: Option<i64>,
    /// What was spent, in millionths.
    pub spent: i64,
    /// What is set aside.
    pub held: i64,
}

impl<T> Account<T> {
    /// What may still be set aside.
    #[must_use]
    pub fn left(&self) -> Option<i64> {
        self.allowed.map(|allowed| allowed - self.spent - self.held)
    }
}

/// A person, as lists of a course show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub id: PersonId,
    /// Their name.
    pub name: String,
}

/// An environment, as lists of a course show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentName {
    /// Which.
    pub id: EnvironmentId,
    /// Its name.
    pub name: String,
    /// Who holds it; nobody holds the machine that an image is baked on.
    pub holder: Option<String>,
}

/// A line of the history of budgets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowanceRow {
    /// Whose budget: a person's, or everybody's.
    pub of: AllowanceOf,
    /// So much more, or less, in millionths.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// Who said so; `None`: an operator, from the shell.
    pub by: Option<String>,
    /// When.
    pub at: OffsetDateTime,
}

/// Whose budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowanceOf {
    /// The whole course's.
    Course,
    /// Each student's.
    Each,
    /// One student's, beside that.
    Person(String),
}

/// Credits of a cloud's account, as an operator entered them, and how much of them Koza used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credits {
    /// So much.
    pub credits: Money,
    /// Used at the last hour, at list prices.
    pub used: Money,
    /// The last day of what is left.
    pub until: Option<Date>,
}

/// Everything on the page of a course's costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseSpending {
    /// The course's code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Its money.
    pub currency: Currency,
    /// The course as a whole.
    pub course: Account<()>,
    /// What each may spend.
    pub each: Option<i64>,
    /// Its people who have spent something or may spend something of their own, and its students.
    pub people: Vec<Account<Member>>,
    /// Its environments, the dearest first: those of one page.
    pub environments: Vec<Spent<EnvironmentName>>,
    /// Which page that is, from 1 on, of so many.
    pub page: (u32, u32),
    /// What it went to.
    pub by_cost: Vec<Spent<Cost>>,
    /// The last days, oldest first.
    pub days: Vec<DaySpent>,
    /// Who set what, newest first.
    pub history: Vec<AllowanceRow>,
    /// Whether the caller may set budgets.
    pub may_set: bool,
    /// At so many percent of a budget people are told.
    pub tell_at: Vec<u8>,
    /// What its cloud's account need not pay, if it has credits.
    pub credits: Option<Credits>,
    /// What has no price, if anything has none.
    pub unpriced: Option<String>,
}
