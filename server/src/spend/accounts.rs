//! The accounts of a course at a moment: what each environment has spent and may spend, and what is to be posted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use app::domain::ids::{CourseId, EnvironmentId, PersonId};
use rust_decimal::Decimal;
use time::{Date, Duration, OffsetDateTime};

use super::charges::{Charges, Clock, NoTimeZone, Piece, to_post};
use super::rates::{NoRate, Rates};
use crate::db::budgets::{self, Allowed, Hold, Purse};
use crate::db::ledger::{self, Entry, Posted, Unsettled};
use crate::db::{Db, prices};
use crate::pricing::{Book, NoPrice, Quantity, Thing, micros, quantities};

/// A whole share, in millionths.
const WHOLE: i64 = 1_000_000;

/// See the module.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// The course's money and clock.
    pub purse: Purse,
    /// When this is.
    pub now: OffsetDateTime,
    /// The day by the course's clock.
    today: Date,
    /// The price books of all regions.
    pub books: BTreeMap<(String, String), Book>,
    /// Exchange rates.
    pub rates: Rates,
    /// What each environment has spent, to the second, in millionths of the course's money.
    pub spent: BTreeMap<EnvironmentId, i64>,
    /// What is set aside.
    pub holds: BTreeMap<EnvironmentId, Hold>,
    /// Who holds what, with the share in millionths.
    pub holders: BTreeMap<EnvironmentId, Vec<(PersonId, i32)>>,
    /// The budgets.
    pub allowed: Allowed,
    /// Items without a price, and currencies without a rate: what they cost is in none of these figures.
    pub unpriced: BTreeSet<String>,
    /// What is to be posted.
    pub due: Due,
    /// What accrued after that, as it would be posted now.
    pub accrued: Vec<Entry>,
    /// What goes on to cost; of one environment only.
    open: Vec<Unsettled>,
    /// All of it together.
    sums: Sums,
}

/// Sums over a course's environments.
#[derive(Debug, Clone, Default)]
struct Sums {
    spent: i64,
    committed: i64,
    spent_by: BTreeMap<PersonId, i64>,
    committed_by: BTreeMap<PersonId, i64>,
}

/// What is to be posted.
#[derive(Debug, Clone, Default)]
pub struct Due {
    /// How far intervals will be charged.
    pub posted: Vec<Posted>,
    /// The charges.
    pub entries: Vec<Entry>,
}

/// Why accounts cannot be reckoned.
#[derive(Debug, thiserror::Error)]
pub enum Unreckoned {
    /// The database failed.
    #[error("database")]
    Db(#[from] sqlx::Error),
    /// The course's clock is none.
    #[error(transparent)]
    Clock(#[from] NoTimeZone),
}

/// A charge cannot be reckoned in the course's money.
#[derive(Debug, thiserror::Error)]
enum Unpriced {
    #[error(transparent)]
    Price(#[from] NoPrice),
    #[error(transparent)]
    Rate(#[from] NoRate),
}

impl Accounts {
    /// Reckons a course. Whoever changes anything by it holds the course's lock ([`budgets::lock`]).
    ///
    /// # Errors
    /// [`Unreckoned`].
    pub async fn of(db: &mut Db, course: CourseId) -> Result<Self, Unreckoned> {
        let mut accounts = Self::empty(db, course).await?;
        for (environment, person, share) in budgets::holders(db, course).await? {
            accounts.holders.entry(environment).or_default().push((person, share));
        }
        accounts.spent = ledger::by_environment(db, course).await?.into_iter().collect();
        accounts.holds = budgets::holds(db, course).await?.into_iter().map(|hold| (hold.environment, hold)).collect();
        accounts.allowed = budgets::allowed(db, course).await?;
        accounts.accrue(&ledger::unsettled(db, course).await?)?;
        accounts.add_up();
        Ok(accounts)
    }

    /// Reckons one environment alone: what it has spent, and its hold.
    ///
    /// # Errors
    /// [`Unreckoned`].
    pub async fn of_one(db: &mut Db, course: CourseId, environment: EnvironmentId) -> Result<Self, Unreckoned> {
        let mut accounts = Self::empty(db, course).await?;
        accounts.spent.insert(environment, ledger::posted_for(db, environment).await?);
        accounts.holds.extend(budgets::hold_of(db, environment).await?.map(|hold| (environment, hold)));
        let unsettled = ledger::unsettled_of(db, environment).await?;
        accounts.accrue(&unsettled)?;
        accounts.open = unsettled.into_iter().filter(|one| one.used.to.is_none()).collect();
        accounts.add_up();
        Ok(accounts)
    }

    async fn empty(db: &mut Db, course: CourseId) -> Result<Self, Unreckoned> {
        let (purse, now) = (budgets::purse(db, course).await?, crate::db::now(db).await?);
        Ok(Self {
            today: Clock::of(&purse.time_zone)?.day(now),
            purse,
            now,
            books: prices::books(db).await?,
            rates: prices::rates(db).await?,
            spent: BTreeMap::new(),
            holds: BTreeMap::new(),
            holders: BTreeMap::new(),
            allowed: Allowed::default(),
            unpriced: BTreeSet::new(),
            due: Due::default(),
            accrued: Vec::new(),
            open: Vec::new(),
            sums: Sums::default(),
        })
    }

    /// Adds what accrued since the last posting, and says what of that is to be posted: whatever ended, and the days that are over.
    fn accrue(&mut self, unsettled: &[Unsettled]) -> Result<(), Unreckoned> {
        let clock = &Clock::of(&self.purse.time_zone)?;
        let today = clock.begin_of_day(self.now);
        let mut known = HashMap::<(&str, Thing), Result<Vec<Quantity>, NoPrice>>::new();
        let nothing = Book::default();
        for one in unsettled {
            let book = self.books.get(&(one.cloud.clone(), one.region.clone())).unwrap_or(&nothing);
            let quantities = known.entry((&one.cloud, one.thing)).or_insert_with(|| quantities(&one.cloud, one.thing));
            let through = one.used.through(self.now);
            let is_over = one.used.to.is_some() && through <= self.now;
            let post_to = if is_over { through } else { today.clamp(one.posted_through, through.max(one.posted_through)) };
            let reckoned = (|| {
                let quantities = quantities.as_ref().map_err(Clone::clone)?;
                let due = to_post(quantities, book, clock, one.used.from, (one.posted_through, post_to))?;
                let accrued = to_post(quantities, book, clock, one.used.from, (post_to, through))?;
                let entries = self.entries(one, &due)?;
                Ok::<_, Unpriced>((entries, self.entries(one, &accrued)?))
            })();
            let (entries, accrued) = match reckoned {
                Ok(reckoned) => reckoned,
                Err(unpriced) => {
                    self.unpriced.insert(unpriced.to_string());
                    continue;
                }
            };
            let spent = entries.iter().chain(&accrued).map(|entry| entry.amount).sum::<i64>();
            *self.spent.entry(one.environment).or_default() += spent;
            self.accrued.extend(accrued);
            if is_over || post_to != one.posted_through {
                self.due.entries.extend(entries);
                self.due.posted.push(Posted {
                    resource: one.resource.0,
                    meter: one.used.meter,
                    from: one.used.from,
                    before: one.posted_through,
                    through: post_to,
                    is_settled: is_over,
                });
            }
        }
        Ok(())
    }

    fn entries(&self, one: &Unsettled, charges: &Charges) -> Result<Vec<Entry>, NoRate> {
        let entry = |(piece, usd): (&Piece, &i64)| {
            let per_usd = self.rates.per_usd(self.purse.currency, piece.day)?;
            Ok(one.entry(piece, *usd, self.purse.currency, per_usd))
        };
        charges.iter().map(entry).collect()
    }

    /// What a dollar is in the course's money today.
    ///
    /// # Errors
    /// [`NoRate`].
    pub fn per_usd(&self) -> Result<Decimal, NoRate> {
        self.rates.per_usd(self.purse.currency, self.today)
    }

    /// The price book of a cloud; without figures, if nobody has brought any in.
    #[must_use]
    pub fn book(&self, cloud: &str, region: &str) -> Book {
        self.books.get(&(cloud.to_owned(), region.to_owned())).cloned().unwrap_or_default()
    }

    /// What an hour costs of what one environment has and runs now, in millionths of the course's money.
    #[must_use]
    pub fn per_hour(&self) -> i64 {
        let nothing = Book::default();
        let cost = |one: &Unsettled| -> Decimal {
            let book = self.books.get(&(one.cloud.clone(), one.region.clone())).unwrap_or(&nothing);
            let quantities = quantities(&one.cloud, one.thing).unwrap_or_default();
            quantities.iter().filter_map(|quantity| book.cost(quantity, self.now, self.now + Duration::HOUR).ok()).sum()
        };
        self.per_usd().map_or(0, |per_usd| micros(self.open.iter().map(cost).sum::<Decimal>() * per_usd))
    }

    /// What an environment has spent.
    #[must_use]
    pub fn spent_by(&self, environment: EnvironmentId) -> i64 {
        self.spent.get(&environment).copied().unwrap_or(0)
    }

    /// What it has spent, and what is set aside for it.
    #[must_use]
    pub fn committed(&self, environment: EnvironmentId) -> i64 {
        let up_to = self.holds.get(&environment).map_or(i64::MIN, |hold| hold.up_to);
        self.spent_by(environment).max(up_to)
    }

    /// From now on it is reckoned with that it may spend so much.
    pub fn note(&mut self, environment: EnvironmentId, up_to: i64, runs_until: OffsetDateTime) {
        let before = self.committed(environment);
        let hold = Hold { environment, up_to, runs_until, renewed_at: self.now, short_since: None, stopped_at: None };
        self.holds.insert(environment, hold);
        self.recommit(environment, before);
    }

    /// Nothing is set aside for it any more.
    pub fn release(&mut self, environment: EnvironmentId) {
        let before = self.committed(environment);
        self.holds.remove(&environment);
        self.recommit(environment, before);
    }

    /// Keeps the sums right after what is set aside for one has changed.
    fn recommit(&mut self, environment: EnvironmentId, before: i64) {
        let after = self.committed(environment);
        self.sums.committed += after - before;
        for (person, share) in self.holders.get(&environment).into_iter().flatten() {
            *self.sums.committed_by.entry(*person).or_default() += part(after, *share) - part(before, *share);
        }
    }

    /// Adds everything up, once: a course of thousands is asked thousands of times for what is left of its budget.
    fn add_up(&mut self) {
        let every: BTreeSet<_> = self.spent.keys().chain(self.holds.keys()).copied().collect();
        self.sums = Sums {
            spent: every.iter().map(|id| self.spent_by(*id)).sum(),
            committed: every.iter().map(|id| self.committed(*id)).sum(),
            spent_by: self.by_person(|id| self.spent_by(id)),
            committed_by: self.by_person(|id| self.committed(id)),
        };
    }

    /// What all of the course has spent, and what with that is set aside.
    #[must_use]
    pub fn of_all(&self) -> (i64, i64) {
        (self.sums.spent, self.sums.committed)
    }

    /// What may still be set aside for something that these people hold; `None`: nobody has set a budget. Less than nothing, if more was
    /// committed than is allowed by now.
    #[must_use]
    pub fn room(&self, holders: &[(PersonId, i32)]) -> Option<i64> {
        let course = self.allowed.course.map(|allowed| allowed - self.sums.committed);
        let persons = holders.iter().filter(|(_, share)| *share > 0).filter_map(|(person, share)| {
            let left = self.allowed.of(*person)? - self.sums.committed_by.get(person).copied().unwrap_or(0);
            Some(i64::try_from(i128::from(left) * i128::from(WHOLE) / i128::from(*share)).unwrap_or(i64::MAX))
        });
        course.into_iter().chain(persons).min()
    }

    /// Whether what was spent has reached what these people, or their course, may spend.
    #[must_use]
    pub fn is_used_up(&self, holders: &[(PersonId, i32)]) -> bool {
        let spent = |person| self.sums.spent_by.get(person).copied().unwrap_or(0);
        self.allowed.course.is_some_and(|allowed| self.sums.spent >= allowed)
            || holders.iter().any(|(person, _)| self.allowed.of(*person).is_some_and(|allowed| spent(person) >= allowed))
    }

    /// What each person has spent in this course who holds or held something in it.
    #[must_use]
    pub fn spent_by_person(&self) -> &BTreeMap<PersonId, i64> {
        &self.sums.spent_by
    }

    /// The same, with what is set aside.
    #[must_use]
    pub fn committed_by_person(&self) -> &BTreeMap<PersonId, i64> {
        &self.sums.committed_by
    }

    fn by_person(&self, of: impl Fn(EnvironmentId) -> i64) -> BTreeMap<PersonId, i64> {
        let mut sums = BTreeMap::new();
        for (environment, holders) in &self.holders {
            for (person, share) in holders {
                *sums.entry(*person).or_default() += part(of(*environment), *share);
            }
        }
        sums
    }

    /// Who holds an environment.
    #[must_use]
    pub fn holders_of(&self, environment: EnvironmentId) -> &[(PersonId, i32)] {
        self.holders.get(&environment).map_or(&[], Vec::as_slice)
    }
}

/// A share of an amount.
fn part(amount: i64, share: i32) -> i64 {
    i64::try_from(i128::from(amount) * i128::from(share) / i128::from(WHOLE)).unwrap_or(i64::MAX)
}
