//! The desk, as the fake portal says it.

use app::domain::desk::{BulkAct, BulkActView, Came, Desk, DeskCard, DeskRow, Filter, Preview, Use, Verdict};
use app::domain::ids::{BulkActId, EnvironmentId};
use app::domain::money::Currency;
use app::domain::person::Caller;
use app::domain::phase::{Goal, Phase};
use app::domain::reason::Attention;
use app::error::AppError;
use app::ports;
use async_trait::async_trait;

use crate::portal::{Fake, NOW, environment_id};

impl Fake {
    fn desk_rows(&self) -> Vec<DeskRow> {
        let row = DeskRow {
            id: environment_id(),
            name: self.text.clone(),
            holders: self.text.clone(),
            phase: Phase::Ready,
            goal: Goal::Running,
            attention: Some(Attention::NoCapacity { said: self.text.clone() }),
            spent: 12_000_000,
            last_use: Some((Use::Tex, NOW)),
            lease_until: Some(NOW),
        };
        if self.is_empty { vec![] } else { vec![row.clone(), DeskRow { attention: None, last_use: None, lease_until: None, ..row }] }
    }
}

#[async_trait]
impl ports::Desks for Fake {
    async fn mine(&self, _: &Caller) -> Result<Vec<DeskCard>, AppError> {
        let card = DeskCard { code: "SYS-101".into(), title: self.text.clone(), environments: 30, need_attention: 2 };
        self.answer(if self.is_empty { vec![] } else { vec![card] })
    }

    async fn desk(&self, _: &Caller, code: &str, filter: Filter) -> Result<Desk, AppError> {
        self.answer(Desk {
            code: code.to_owned(),
            title: self.text.clone(),
            currency: Currency::Jpy,
            filter: Filter { search: self.text.clone(), page: 2, ..filter },
            rows: self.desk_rows(),
            matching: 230,
            pages: 3,
            counts: vec![(Phase::Ready, 29), (Phase::Stopped, 1)],
            need_attention: 2,
            may_act: true,
        })
    }

    async fn preview(&self, _: &Caller, code: &str, act: BulkAct, _: Option<Vec<EnvironmentId>>, _: Filter) -> Result<Preview, AppError> {
        let rows = self.desk_rows().into_iter().zip([Verdict::Does, Verdict::Already]).collect();
        self.answer(Preview { code: code.to_owned(), act, rows })
    }

    async fn begin(&self, _: &Caller, _: &str, _: BulkAct, _: &[EnvironmentId]) -> Result<BulkActId, AppError> {
        self.answer(BulkActId(uuid::Uuid::from_u128(9)))
    }

    async fn bulk_act(&self, _: &Caller, code: &str, id: BulkActId) -> Result<BulkActView, AppError> {
        let came = [None, Some(Came::Done), Some(Came::Already), Some(Came::Refused(AppError::TryAgain))];
        let rows = came.map(|came| (environment_id(), self.text.clone(), self.text.clone(), came));
        self.answer(BulkActView { id, code: code.to_owned(), act: BulkAct::Start, by: self.text.clone(), at: NOW, rows: rows.into() })
    }
}
