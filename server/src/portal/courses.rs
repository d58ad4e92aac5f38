//! The port `Courses`.

use app::domain::course::{BlueprintCard, CourseCard, CourseView};
use app::domain::person::Caller;
use app::error::AppError;
use app::ports::Courses;
use async_trait::async_trait;

use super::environments::EnvironmentsPort;
use super::unexpected;
use crate::db::courses::{self, CourseRow};
use crate::wish::Security;

/// See [`Courses`].
pub struct CoursesPort {
    /// Courses show the caller's environments, too.
    pub environments: EnvironmentsPort,
}

fn card(row: &CourseRow) -> CourseCard {
    CourseCard { code: row.code.clone(), title: row.title.clone(), role: row.role }
}

#[async_trait]
impl Courses for CoursesPort {
    async fn mine(&self, caller: &Caller) -> Result<Vec<CourseCard>, AppError> {
        let mut db = self.environments.engine.pool.acquire().await.map_err(unexpected)?;
        Ok(courses::of_member(&mut db, caller.person).await.map_err(unexpected)?.iter().map(card).collect())
    }

    async fn course(&self, caller: &Caller, code: &str) -> Result<CourseView, AppError> {
        let mut db = self.environments.engine.pool.acquire().await.map_err(unexpected)?;
        // A course that one is not in is not found.
        let course = courses::of_member(&mut db, caller.person)
            .await
            .map_err(unexpected)?
            .into_iter()
            .find(|course| course.code == code)
            .ok_or(AppError::NotFound)?;
        let blueprints = courses::offers(&mut db, course.id)
            .await
            .map_err(unexpected)?
            .into_iter()
            .map(|offer| BlueprintCard {
                version: offer.id,
                title: offer.title,
                summary: offer.spec.summary,
                services: offer.spec.services.into_iter().map(|service| service.name).collect(),
                cpus: offer.spec.size.cpus,
                memory_mib: offer.spec.size.memory_mib,
                disk_gib: offer.spec.size.disk_gib,
                is_hardened: offer.spec.security == Security::Hardened,
                is_image_ready: offer.is_image_ready,
            })
            .collect();
        drop(db);
        let environments = self.environments.cards(caller, Some(course.id)).await?;
        Ok(CourseView { course: card(&course), domain: course.domain.clone(), blueprints, environments })
    }
}
