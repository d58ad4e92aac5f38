//! What things cost, as the fake portal says it.

use app::domain::course::SizeOffer;
use app::domain::ids::{EnvironmentId, NoticeId, PersonId};
use app::domain::money::{Currency, Money};
use app::domain::news::{Budget, Mailed, News, NoticeCard};
use app::domain::person::Caller;
use app::domain::price::{
    Account, AllowanceOf, AllowanceRow, BudgetState, Cost, CostsView, CourseSpending, Credits, EnvironmentName, Estimate, Member,
    PriceLine, SoFar, Spent,
};
use app::error::AppError;
use app::ports::{self, BudgetOf, Granted};
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

    async fn of_course(&self, _: &Caller, code: &str, page: u32) -> Result<CourseSpending, AppError> {
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
            page: (page, 3),
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
            tell_at: vec![50, 80],
            credits: Some(Credits {
                credits: Money::new(Currency::Usd, 200_000_000),
                used: Money::new(Currency::Usd, 37_200_000),
                until: Some(date!(2027 - 05 - 01)),
            }),
            unpriced: None,
        })
    }

    async fn set_budget(&self, _: &Caller, _: &str, _: BudgetOf, _: &str, _: &str) -> Result<(), AppError> {
        self.answer(())
    }

    async fn grant(&self, _: &Caller, _: &str, _: Granted<'_>) -> Result<(), AppError> {
        self.answer(())
    }

    async fn tell_at(&self, _: &Caller, _: &str, _: &str) -> Result<(), AppError> {
        self.answer(())
    }

    async fn of_a_copy(&self, _: &Caller, _: EnvironmentId, _: bool) -> Result<Result<Estimate, AppError>, AppError> {
        Ok(Ok(estimate(330)))
    }
}

/// One of each kind of news.
pub fn every_news(text: &str) -> Vec<NoticeCard> {
    let (yen, usd) = (Money::new(Currency::Jpy, 812 * YEN), Money::new(Currency::Usd, 160_000_000));
    let reached = |budget, percent| News::BudgetReached { budget, percent, spent: yen, allowed: yen };
    let all = [
        reached(Budget::Own, 80),
        reached(Budget::Own, 100),
        reached(Budget::Course, 50),
        reached(Budget::Course, 100),
        News::BudgetShort { until: NOW },
        News::BudgetUsedUp,
        News::CreditsReached { cloud: "aws ap-northeast-1".into(), percent: 80, used: usd, credits: usd },
        News::CreditsEnd { cloud: "aws ap-northeast-1".into(), on: date!(2027 - 05 - 01) },
    ];
    let mailed = [Mailed::No, Mailed::Soon(text.to_owned()), Mailed::At(text.to_owned(), NOW), Mailed::Never(text.to_owned())];
    let card = |(number, news): (usize, News)| NoticeCard {
        id: NoticeId(uuid::Uuid::from_u128(number as u128)),
        environment: matches!(news, News::BudgetShort { .. } | News::BudgetUsedUp).then(|| (environment_id(), text.to_owned())),
        course: Some(text.to_owned()),
        at: NOW,
        is_read: number % 2 == 1,
        mailed: mailed[number % 4].clone(),
        news,
    };
    all.into_iter().enumerate().map(card).collect()
}

#[async_trait]
impl ports::Notices for Fake {
    async fn mine(&self, _: &Caller) -> Result<Vec<NoticeCard>, AppError> {
        self.answer(if self.is_empty { vec![] } else { every_news(&self.text) })
    }

    async fn read(&self, _: &Caller, _: &[NoticeId]) -> Result<(), AppError> {
        self.answer(())
    }
}
