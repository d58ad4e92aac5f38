//! A course's people, and invitations.

use app::domain::course::Role;
use app::domain::ids::{CourseId, InvitationId, PersonId};
use app::domain::members::MemberRow;
use time::OffsetDateTime;

use super::Db;

/// Its people: who teaches, who helps, who learns; and whether this course's roster made their account and they have not signed in yet.
///
/// # Errors
/// As the database.
pub async fn of(db: &mut Db, course: CourseId, caller: PersonId) -> sqlx::Result<Vec<(MemberRow, bool)>> {
    let rows = sqlx::query!(
        r#"select person.id, person.name, role as "role: Role",
                  (select min(subject) from identity where identity.person = person.id and issuer = 'password') as sign_in,
                  (made_for is not distinct from $1
                   and exists (select from identity where identity.person = person.id and issuer = 'password' and secret is null)) as "is_ours!",
                  (select count(*) from holder join environment e on e.id = holder.environment
                    where holder.person = person.id and e.course = $1 and e.removed_at is null) as "environments!"
             from member join person on person.id = member.person
            where member.course = $1
            order by role desc, person.name, person.id"#,
        course.0
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows
        .map(|row| {
            let member = MemberRow {
                id: PersonId(row.id),
                name: row.name,
                sign_in: row.sign_in,
                role: row.role,
                environments: u32::try_from(row.environments).unwrap_or(u32::MAX),
                is_caller: row.id == caller.0,
                welcome: None,
            };
            (member, row.is_ours)
        })
        .collect())
}

/// Somebody comes into a course. False: they are in it, whatever they are there.
///
/// # Errors
/// As the database.
pub async fn join(db: &mut Db, course: CourseId, person: PersonId, role: Role) -> sqlx::Result<bool> {
    let joined =
        sqlx::query!("insert into member (course, person, role) values ($1, $2, $3) on conflict do nothing", course.0, person.0, role as _);
    Ok(joined.execute(db).await?.rows_affected() == 1)
}

/// Takes somebody out of a course. Their environments stay.
///
/// # Errors
/// As the database.
pub async fn take_out(db: &mut Db, course: CourseId, person: PersonId) -> sqlx::Result<()> {
    sqlx::query!("delete from member where course = $1 and person = $2", course.0, person.0).execute(db).await?;
    Ok(())
}

/// An invitation.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Which.
    pub id: InvitationId,
    /// Into which course.
    pub course: CourseId,
    /// What people become.
    pub role: Role,
    /// Until when.
    pub until: OffsetDateTime,
    /// How many may come by it.
    pub most: i16,
    /// How many did.
    pub used: i16,
    /// Who made it.
    pub by: String,
    /// Whether somebody new may still come by it: not ended, its time not over, a place free.
    pub is_good: bool,
}

/// Makes one.
///
/// # Errors
/// As the database.
pub async fn invite(db: &mut Db, course: CourseId, role: Role, by: PersonId, days: i32, most: i16) -> sqlx::Result<InvitationId> {
    let id = InvitationId::new();
    sqlx::query!(
        "insert into invitation (id, course, role, made_by, until, most) values ($1, $2, $3, $4, koza_now() + make_interval(days => $5), $6)",
        id.0,
        course.0,
        role as _,
        by.0,
        days,
        most
    )
    .execute(db)
    .await?;
    Ok(id)
}

/// Those of a course that are good, the newest first.
///
/// # Errors
/// As the database.
pub async fn invitations(db: &mut Db, course: CourseId) -> sqlx::Result<Vec<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"select i.id as "id: InvitationId", course as "course: CourseId", role as "role: Role", until, most, used, person.name as by,
                  true as "is_good!"
             from invitation i join person on person.id = i.made_by
            where course = $1 and ended_at is null and until > koza_now() and used < most
            order by made_at desc"#,
        course.0
    )
    .fetch_all(db)
    .await
}

/// One, good or not; until the end of the transaction nobody else comes by it.
///
/// # Errors
/// As the database.
pub async fn lock(db: &mut Db, id: InvitationId) -> sqlx::Result<Option<Invitation>> {
    sqlx::query_as!(
        Invitation,
        r#"select i.id as "id: InvitationId", course as "course: CourseId", role as "role: Role", until, most, used, person.name as by,
                  (ended_at is null and until > koza_now() and used < most) as "is_good!"
             from invitation i join person on person.id = i.made_by
            where i.id = $1
              for update of i"#,
        id.0
    )
    .fetch_optional(db)
    .await
}

/// Somebody came by it.
///
/// # Errors
/// As the database.
pub async fn came(db: &mut Db, id: InvitationId) -> sqlx::Result<()> {
    sqlx::query!("update invitation set used = used + 1 where id = $1", id.0).execute(db).await?;
    Ok(())
}

/// Nobody comes by it any more. False: the course has none such.
///
/// # Errors
/// As the database.
pub async fn end(db: &mut Db, course: CourseId, id: InvitationId) -> sqlx::Result<bool> {
    let ended =
        sqlx::query!("update invitation set ended_at = koza_now() where id = $1 and course = $2 and ended_at is null", id.0, course.0);
    Ok(ended.execute(db).await?.rows_affected() == 1)
}

/// A course's code and title, and what somebody is in it.
///
/// # Errors
/// As the database.
pub async fn course(db: &mut Db, course: CourseId, person: Option<PersonId>) -> sqlx::Result<(String, String, Option<Role>)> {
    let row = sqlx::query!(
        r#"select code, title, member.role as "role?: Role"
             from course left join member on member.course = course.id and member.person = $2 where course.id = $1"#,
        course.0,
        person.map(|person| person.0)
    )
    .fetch_one(db)
    .await?;
    Ok((row.code, row.title, row.role))
}
