//! What tables of environments show, and acts on many of them.

use app::domain::desk::{BulkAct, Came, DeskCard, Use};
use app::domain::ids::{BulkActId, CourseId, EnvironmentId, PersonId};
use app::domain::person::Caller;
use app::domain::phase::{Goal, Phase};
use app::domain::reason::Attention;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Db;

/// Courses that somebody teaches or helps in; `all`: every course, for who runs the site.
///
/// # Errors
/// As the database.
pub async fn courses(db: &mut Db, person: PersonId, all: bool) -> sqlx::Result<Vec<DeskCard>> {
    let rows = sqlx::query!(
        r#"select code, title,
                  (select count(*) from environment e where e.course = course.id and purpose = 'course' and removed_at is null) as "count!",
                  (select count(*) from environment e where e.course = course.id and purpose = 'course' and removed_at is null
                      and attention is not null) as "need!"
             from course left join member on member.course = course.id and member.person = $1
            where $2 or member.role <> 'student'
            order by code"#,
        person.0,
        all
    );
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows
        .map(|row| DeskCard { code: row.code, title: row.title, environments: number(row.count), need_attention: number(row.need) })
        .collect())
}

/// An environment as its row and its neighbours have it.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which.
    pub id: EnvironmentId,
    /// Its name.
    pub name: String,
    /// Who holds it.
    pub holders: String,
    /// What is asked for.
    pub goal: Goal,
    /// Where it was at the last look; `None`: that was an older release's.
    pub phase: Option<Phase>,
    /// What needs attention.
    pub attention: Option<Attention>,
    /// When its lease ends.
    pub lease_until: Option<OffsetDateTime>,
    /// What was used last.
    pub last_use: Option<(Use, OffsetDateTime)>,
}

/// Those of a course; `removed`: those that are removed, and otherwise those that are not.
///
/// # Errors
/// As the database.
pub async fn rows(db: &mut Db, course: CourseId, removed: bool) -> sqlx::Result<Vec<Row>> {
    let rows = sqlx::query!(
        r#"select e.id, e.name, e.goal as "goal: Goal", case when removed_at is not null then 'removed' else e.phase end as phase,
                  case when removed_at is null then e.attention end as attention, e.lease_until, u.what as "what?", u.at as "at?",
                  coalesce((select string_agg(person.name, ', ' order by person.name)
                              from holder join person on person.id = holder.person where holder.environment = e.id), '') as "holders!"
             from environment e
             left join last_use u on u.environment = e.id
            where e.course = $1 and e.purpose = 'course' and (removed_at is not null) = $2"#,
        course.0,
        removed
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows
        .map(|row| Row {
            id: EnvironmentId(row.id),
            name: row.name,
            holders: row.holders,
            goal: row.goal,
            phase: row.phase.and_then(|code| Phase::ALL.into_iter().find(|phase| phase.code() == code)),
            attention: row.attention.and_then(|told| serde_json::from_value(told).ok()),
            lease_until: row.lease_until,
            last_use: row.what.and_then(|what| Use::of_signal(&what)).zip(row.at),
        })
        .collect())
}

/// Somebody used an environment in this minute.
///
/// # Errors
/// As the database.
pub async fn used(db: &mut Db, environment: EnvironmentId, what: Use, at: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into last_use (environment, course, what, at) select id, course, $2, $3 from environment where id = $1
         on conflict (environment) do update set what = excluded.what, at = excluded.at where last_use.at <= excluded.at",
        environment.0,
        what.signal(),
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes down where an environment is, if nothing has said so yet.
///
/// # Errors
/// As the database.
pub async fn note_phase(db: &mut Db, environment: EnvironmentId, phase: Phase) -> sqlx::Result<()> {
    sqlx::query!("update environment set phase = $2 where id = $1 and phase is null", environment.0, phase.code()).execute(db).await?;
    Ok(())
}

/// Takes an act on these down, in this order.
///
/// # Errors
/// As the database.
pub async fn begin(
    db: &mut Db,
    course: CourseId,
    person: PersonId,
    act: BulkAct,
    environments: &[EnvironmentId],
) -> sqlx::Result<BulkActId> {
    let id = BulkActId::new();
    sqlx::query!("insert into bulk_act (id, course, act, person) values ($1, $2, $3, $4)", id.0, course.0, act.code(), person.0)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "insert into bulk_act_row (bulk_act, place, environment)
         select $1, row_number() over (order by place), environment.id
           from unnest($2::uuid[]) with ordinality as asked (id, place)
           join environment on environment.id = asked.id and environment.course = $3 and environment.purpose = 'course'
         on conflict do nothing",
        id.0,
        &environments.iter().map(|id| id.0).collect::<Vec<_>>(),
        course.0
    )
    .execute(db)
    .await?;
    Ok(id)
}

/// An act on many.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What.
    pub act: BulkAct,
    /// Who asked.
    pub by: Caller,
    /// When.
    pub at: OffsetDateTime,
    /// To which: in order, with its name, who holds it, and what came of it.
    pub rows: Vec<(EnvironmentId, String, String, Option<Came>)>,
}

/// One of a course's. `None`: it has none such.
///
/// # Errors
/// As the database.
pub async fn find(db: &mut Db, id: BulkActId, course: CourseId) -> sqlx::Result<Option<Asked>> {
    let asked = sqlx::query!(
        "select act, person, name, is_operator, at from bulk_act join person on person.id = bulk_act.person
          where bulk_act.id = $1 and course = $2",
        id.0,
        course.0
    );
    let Some(asked) = asked.fetch_optional(&mut *db).await? else { return Ok(None) };
    // One of a newer release is none of ours.
    let Some(act) = BulkAct::from_code(&asked.act) else { return Ok(None) };
    let rows = sqlx::query!(
        r#"select environment, e.name, came as "came: Json<Came>",
                  coalesce((select string_agg(person.name, ', ' order by person.name)
                              from holder join person on person.id = holder.person where holder.environment = e.id), '') as "holders!"
             from bulk_act_row join environment e on e.id = environment
            where bulk_act = $1 order by place"#,
        id.0
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(Some(Asked {
        act,
        by: Caller { person: PersonId(asked.person), name: asked.name, is_operator: asked.is_operator },
        at: asked.at,
        rows: rows.map(|row| (EnvironmentId(row.environment), row.name, row.holders, row.came.map(|came| came.0))).collect(),
    }))
}

/// Which course an act is of.
///
/// # Errors
/// As the database.
pub async fn course_of(db: &mut Db, id: BulkActId) -> sqlx::Result<Option<CourseId>> {
    Ok(sqlx::query_scalar!("select course from bulk_act where id = $1", id.0).fetch_optional(db).await?.map(CourseId))
}

/// Writes down what came of one.
///
/// # Errors
/// As the database.
pub async fn came(db: &mut Db, id: BulkActId, environment: EnvironmentId, came: &Came) -> sqlx::Result<()> {
    sqlx::query!(
        "update bulk_act_row set came = $3 where bulk_act = $1 and environment = $2 and came is null",
        id.0,
        environment.0,
        Json(came) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Nobody else goes on with it until the connection gives it back. False: somebody does.
///
/// # Errors
/// As the database.
pub async fn take_turn(db: &mut Db, id: BulkActId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "is_ours!""#, key(id.0)).fetch_one(db).await
}

fn key(id: Uuid) -> i64 {
    // Its random half.
    id.as_u64_pair().1.cast_signed()
}
