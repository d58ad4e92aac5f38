//! Notices, and what became of their mails.

use app::domain::ids::{CourseId, EnvironmentId, NoticeId, PersonId};
use app::domain::news::{Mailed, News, NoticeCard};
use app::domain::person::Locale;
use sqlx::types::Json;

use super::Db;
use super::chores::{self, New};
use crate::engine::chores::Kind;

/// So many are shown.
const SHOWN: i64 = 100;

/// Tells these people something, each in a notice of their own; whoever has an address gets it by mail, too.
///
/// # Errors
/// As the database.
pub async fn tell(
    db: &mut Db,
    people: &[PersonId],
    course: Option<CourseId>,
    environment: Option<EnvironmentId>,
    news: &News,
) -> sqlx::Result<()> {
    for person in people {
        let id = NoticeId::new();
        let address = sqlx::query_scalar!(
            "insert into notice (id, person, course, environment, news, address)
             select $1, person.id, $3, $4, $5, person.email from person where person.id = $2
             returning address",
            id.0,
            person.0,
            course.map(|course| course.0),
            environment.map(|environment| environment.0),
            Json(news) as _
        )
        .fetch_optional(&mut *db)
        .await?
        .flatten();
        if address.is_some() {
            let key = id.to_string();
            chores::add(db, &New { kind: Kind::SendMail.code(), key: &key, course, data: serde_json::Value::Null }).await?;
        }
    }
    Ok(())
}

/// A row with the names of what it is about.
struct Stored {
    id: NoticeId,
    news: Json<News>,
    course: Option<String>,
    environment: Option<EnvironmentId>,
    name: Option<String>,
    at: time::OffsetDateTime,
    is_read: bool,
    address: Option<String>,
    mailed_at: Option<time::OffsetDateTime>,
    unmailed: Option<String>,
}

impl Stored {
    fn card(self) -> NoticeCard {
        NoticeCard {
            id: self.id,
            news: self.news.0,
            course: self.course,
            environment: self.environment.zip(self.name),
            at: self.at,
            is_read: self.is_read,
            mailed: match (self.address, self.mailed_at, self.unmailed) {
                (Some(address), Some(at), _) => Mailed::At(address, at),
                (_, _, Some(why)) => Mailed::Never(why),
                (Some(address), None, None) => Mailed::Soon(address),
                (None, _, None) => Mailed::No,
            },
        }
    }
}

/// A person's last, the newest first.
///
/// # Errors
/// As the database.
pub async fn of_person(db: &mut Db, person: PersonId) -> sqlx::Result<Vec<NoticeCard>> {
    let rows = sqlx::query_as!(
        Stored,
        r#"select notice.id as "id: NoticeId", news as "news: Json<News>", course.code as "course?",
                  environment as "environment: EnvironmentId", e.name as "name?", notice.at, read_at is not null as "is_read!",
                  address, mailed_at, unmailed
             from notice
             left join course on course.id = notice.course
             left join environment e on e.id = notice.environment
            where person = $1
            order by notice.id desc
            limit $2"#,
        person.0,
        SHOWN
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Stored::card).collect())
}

/// A person has read these.
///
/// # Errors
/// As the database.
pub async fn read(db: &mut Db, person: PersonId, ids: &[NoticeId]) -> sqlx::Result<()> {
    sqlx::query!(
        "update notice set read_at = koza_now() where person = $1 and id = any ($2) and read_at is null",
        person.0,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A notice that is to be mailed, with its reader's language.
#[derive(Debug, Clone)]
pub struct ToMail {
    /// Where to.
    pub address: String,
    /// In which language.
    pub locale: Locale,
    /// What.
    pub card: NoticeCard,
}

/// One that is to be mailed; `None`: it was, or is not to be. One that was given up may be tried again.
///
/// # Errors
/// As the database.
pub async fn to_mail(db: &mut Db, id: NoticeId) -> sqlx::Result<Option<ToMail>> {
    let row = sqlx::query!(
        r#"select news as "news: Json<News>", course.code as "course?", environment as "environment: EnvironmentId", e.name as "name?",
                  notice.at, address as "address!", person.locale as "locale: Locale"
             from notice
             join person on person.id = notice.person
             left join course on course.id = notice.course
             left join environment e on e.id = notice.environment
            where notice.id = $1 and address is not null and mailed_at is null"#,
        id.0
    );
    Ok(row.fetch_optional(db).await?.map(|row| {
        let card = Stored {
            id,
            news: row.news,
            course: row.course,
            environment: row.environment,
            name: row.name,
            at: row.at,
            is_read: false,
            address: None,
            mailed_at: None,
            unmailed: None,
        };
        ToMail { address: row.address, locale: row.locale.unwrap_or_default(), card: card.card() }
    }))
}

/// The mail server took it.
///
/// # Errors
/// As the database.
pub async fn mailed(db: &mut Db, id: NoticeId) -> sqlx::Result<()> {
    sqlx::query!("update notice set mailed_at = koza_now(), unmailed = null where id = $1", id.0).execute(db).await?;
    Ok(())
}

/// It will not be mailed.
///
/// # Errors
/// As the database.
pub async fn unmailed(db: &mut Db, id: NoticeId, why: &str) -> sqlx::Result<()> {
    sqlx::query!("update notice set unmailed = $2 where id = $1", id.0, why).execute(db).await?;
    Ok(())
}
