//! What things cost, as the fake portal says it.

use app::domain::course::SizeOffer;
use app::domain::ids::{EnvironmentId, PersonId};
use app::domain::money::Currency;
use app::domain::person::Caller;
use app::domain::price::{
    Account, AllowanceOf, AllowanceRow, BudgetState, Cost, CostsView, CourseSpending, EnvironmentName, Estimate, Member, PriceLine, SoFar,
    Spent,
};
use app::error::AppError;
use app::ports::{self, BudgetOf};
use async_trait::async_trait;
use time::macros::date;

use crate::portal::{Fake, NOW, environment_id};

const YEN: i64 = 1_000_000;

fn lines() -> Vec<PriceLine> {
    let line = |cost, count, running, stopped| PriceLine { cost, count, running, stopped };
    vec![line(Cost::Machine, 1, 1_410_184, 0), line(Cost::Disk, 8, 110_603, 110_603), line(Cost::Address, 1, 518_450, 518_450)]
}

/// An estimate that takes this many yen of a budget with 500 left.
pub fn estimate(hold: i64) -> Estimate {
    Estimate { currency: Currency::Jpy, lines: lines(), lease_until: Some(NOW), lease: 685 * YEN, hold: hold * YEN, left: Some(500 * YEN) }
}

pub fn sizes() -> Vec<SizeOffer> {
    let size = |memory_mib, price| SizeOffer { cpus: 1, memory_mib, disk_gib: 8, price };
    vec![
        size(1536, Ok(estimate(330))),
        size(2048, Ok(estimate(510))),
        size(4096, Err(AppError::NoPrice { item: "machine/t3.medium".into() })),
    ]
}

pub fn so_far() -> SoFar {
    SoFar { currency: Currency::Jpy, spent: 12 * YEN + 345_678, per_hour: 2_039_237, budget: BudgetState::Short(NOW) }
}

fn by_cost() -> Vec<Spent<Cost>> {
    Cost::ALL.map(|of| Spent { of, amount: 77 * YEN }).to_vec()
}

fn days() -> Vec<Spent<time::Date>> {
    vec![Spent { of: date!(2026 - 11 - 20), amount: 40 * YEN }, Spent { of: date!(2026 - 11 - 21), amount: -YEN }]
}

#[async_trait]
impl ports::Costs for Fake {
    async fn of_environment(&self, _: &Caller, _: EnvironmentId) -> Result<CostsView, AppError> {
        self.answer(CostsView {
            name: self.text.clone(),
            so_far: so_far(),
            lines: lines(),
            days: if self.is_empty { vec![] } else { days() },
            by_cost: if self.is_empty { vec![] } else { by_cost() },
            held: 330 * YEN,
            lease_until: Some(NOW),
            projection: Some(700 * YEN),
            may_extend: Some(14),
            unpriced: Some(self.text.clone()),
        })
    }

    async fn extend(&self, _: &Caller, _: EnvironmentId) -> Result<(), AppError> {
        self.answer(())
    }

    async fn of_course(&self, _: &Caller, code: &str) -> Result<CourseSpending, AppError> {
        let person: PersonId = "per_01jd5k2m8cfh3v9x2aa7q4w6zr".parse().unwrap();
        self.answer(CourseSpending {
            code: code.to_owned(),
            title: self.text.clone(),
            currency: Currency::Jpy,
            course: Account { of: (), allowed: Some(10_000 * YEN), spent: 1_234 * YEN, held: 4_000 * YEN },
            each: None,
            people: vec![Account { of: Member { id: person, name: self.text.clone() }, allowed: None, spent: 12 * YEN, held: 330 * YEN }],
            environments: vec![Spent {
                of: EnvironmentName { id: environment_id(), name: self.text.clone(), holder: Some(self.text.clone()) },
                amount: 12 * YEN,
            }],
            by_cost: by_cost(),
            days: days(),
            history: vec![AllowanceRow {
                of: AllowanceOf::Person(self.text.clone()),
                amount: 500 * YEN,
                reason: self.text.clone(),
                by: Some(self.text.clone()),
                at: NOW,
            }],
            may_set: true,
            unpriced: None,
        })
    }

    async fn set_budget(&self, _: &Caller, _: &str, _: BudgetOf, _: &str, _: &str) -> Result<(), AppError> {
        self.answer(())
    }
}
