//! The port `Courses`.

use app::domain::course::{BlueprintCard, CertificatesLeft, CourseCard, CourseNames, CourseView, SizeOffer};
use app::domain::name::NamePattern;
use app::domain::person::Caller;
use app::error::AppError;
use app::ports::Courses;
use async_trait::async_trait;
use cloud::Size;

use super::environments::EnvironmentsPort;
use super::{costs, unexpected};
use crate::certificates::{left, turn};
use crate::db::courses::{self, CourseRow};
use crate::db::{self, Db, permits};
use crate::domains::registrable;
use crate::spend::Accounts;
use crate::wish::Security;

/// See [`Courses`].
pub struct CoursesPort {
    /// Courses show the caller's environments, too.
    pub environments: EnvironmentsPort,
}

fn card(row: &CourseRow) -> CourseCard {
    CourseCard { code: row.code.clone(), title: row.title.clone(), role: row.role }
}

/// The names that its environments get, and the certificates that are left for them.
async fn names(db: &mut Db, course: &CourseRow) -> sqlx::Result<Option<CourseNames>> {
    let Ok(pattern) = NamePattern::parse(&course.name_pattern) else { return Ok(None) };
    let (before, after) = pattern.around();
    let authority = courses::authority(db, course.cloud).await?;
    let certificates = match authority.as_ref().and_then(|authority| Some((authority, authority.of_domain()?))) {
        Some((authority, a_week)) => {
            let (now, domain) = (db::now(db).await?, registrable(&course.domain));
            let limits = permits::limits(db, authority, domain, course.cloud).await?;
            let left = limits.iter().find(|(limit, _)| *limit == a_week).map_or(0, |(limit, given)| left(*limit, given, now));
            let next_at = limits.iter().filter_map(|(limit, given)| turn(*limit, given, now)).max().filter(|at| *at > now);
            Some(CertificatesLeft { left, of: a_week.count, domain: domain.to_owned(), next_at })
        }
        None => None,
    };
    Ok(Some(CourseNames { before: before.to_owned(), after: format!("{after}.{}", course.domain), certificates }))
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
        let accounts = Accounts::of(&mut db, course.id).await.map_err(unexpected)?;
        let mut blueprints = Vec::new();
        for offer in courses::offers(&mut db, course.id).await.map_err(unexpected)? {
            let prices = costs::offered(&mut db, &accounts, caller, &offer).await.map_err(unexpected)?;
            let size =
                |(size, price): (Size, _)| SizeOffer { cpus: size.cpus, memory_mib: size.memory_mib, disk_gib: size.disk_gib, price };
            blueprints.push(BlueprintCard {
                version: offer.id,
                sizes: offer.spec.sizes().zip(prices).map(size).collect(),
                title: offer.title,
                summary: offer.spec.summary,
                services: offer.spec.services.into_iter().map(|service| service.name).collect(),
                is_hardened: offer.spec.security == Security::Hardened,
                keeps_address: !offer.spec.gives_back_address,
                is_image_ready: offer.is_image_ready,
            });
        }
        let names = match self.environments.has_names(course.cloud).await {
            true => names(&mut db, &course).await.map_err(unexpected)?,
            false => None,
        };
        drop(db);
        let environments = self.environments.cards(caller, Some(course.id)).await?;
        Ok(CourseView { course: card(&course), names, blueprints, environments })
    }
}
