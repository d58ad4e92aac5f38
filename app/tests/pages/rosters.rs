//! A list of people, as the fake portal says it.

use app::domain::course::Role;
use app::domain::ids::RosterId;
use app::domain::person::Caller;
use app::domain::roster::{Fate, RosterLine, RosterView, Welcomed, Wrong};
use app::error::AppError;
use app::ports;
use async_trait::async_trait;

use crate::portal::{Fake, NOW};

#[async_trait]
impl ports::Rosters for Fake {
    async fn roster(&self, _: &Caller, code: &str, id: RosterId) -> Result<RosterView, AppError> {
        let line = |line, fate, is_done| RosterLine {
            line,
            sign_in: self.text.clone(),
            name: self.text.clone(),
            role: Some(Role::Student),
            fate,
            is_done,
        };
        let lines = vec![
            line(2, Fate::Made, self.is_empty),
            line(3, Fate::Joined, self.is_empty),
            line(4, Fate::Already, true),
            line(5, Fate::Wrong(Wrong::AsOnLine(2)), false),
        ];
        self.answer(RosterView { id, code: code.to_owned(), by: self.text.clone(), at: NOW, lines })
    }

    async fn bring_in(&self, _: &Caller, _: &str, _: RosterId) -> Result<(), AppError> {
        self.answer(())
    }

    async fn welcomed(&self, _: &str) -> Result<Welcomed, AppError> {
        self.answer(Welcomed { name: self.text.clone(), sign_in: self.text.clone() })
    }

    async fn welcome(&self, _: &str, _: &str, _: &str) -> Result<(), AppError> {
        self.answer(())
    }
}
