//! The port `Notices`: what people are told without having asked. Each sees their own.

use app::domain::ids::NoticeId;
use app::domain::news::NoticeCard;
use app::domain::person::Caller;
use app::error::AppError;
use app::ports::Notices;
use async_trait::async_trait;

use super::environments::EnvironmentsPort;
use super::unexpected;
use crate::db::notices;

#[async_trait]
impl Notices for EnvironmentsPort {
    async fn mine(&self, caller: &Caller) -> Result<Vec<NoticeCard>, AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        notices::of_person(&mut db, caller.person).await.map_err(unexpected)
    }

    async fn read(&self, caller: &Caller, ids: &[NoticeId]) -> Result<(), AppError> {
        let mut db = self.engine.pool.acquire().await.map_err(unexpected)?;
        notices::read(&mut db, caller.person, ids).await.map_err(unexpected)
    }
}
