//! The operator's room, as the fake portal says it.

use app::domain::operate::{AuditLine, DeadChore, Finding, IncidentRow, Room};
use app::domain::person::Caller;
use app::error::AppError;
use app::ports;
use async_trait::async_trait;

use crate::portal::{Fake, NOW, environment_id};

#[async_trait]
impl ports::Operate for Fake {
    async fn room(&self, _: &Caller) -> Result<Room, AppError> {
        let text = || self.text.clone();
        let findings = vec![
            Finding::NoWorker,
            Finding::QueueIsLate { minutes: 1 },
            Finding::Parked { environments: 2 },
            Finding::DeadChores { chores: 1 },
            Finding::OpenIncidents { incidents: 2 },
            Finding::Unpriced { course: text(), said: text() },
            Finding::NoMail,
            Finding::AuditIsLate { rows: 3 },
        ];
        let dead = DeadChore { id: uuid::Uuid::nil(), kind: text(), key: text(), tries: 5, said: text(), at: Some(NOW) };
        let incident = |mended_after| IncidentRow {
            course: text(),
            environment: text(),
            id: environment_id().to_string(),
            fault: text(),
            at: NOW,
            mended_after,
        };
        let line = AuditLine { at: text(), by: text(), act: text(), of: vec![text(), text()], number: Some(7) };
        self.answer(Room {
            findings: if self.is_empty { vec![] } else { findings },
            workers: 1,
            due: 2,
            held: 3,
            environments: vec![(text(), 4)],
            chores: vec![(text(), text(), 5)],
            dead: if self.is_empty { vec![] } else { vec![dead] },
            incidents: if self.is_empty { vec![] } else { vec![incident(None), incident(Some(90))] },
            audit: vec![line],
        })
    }

    async fn retry(&self, _: &Caller, _: uuid::Uuid) -> Result<(), AppError> {
        self.answer(())
    }
}
