//! Rosters, and the accounts that they make.

use app::domain::ids::{CourseId, PersonId, RosterId};
use app::domain::roster::{Fate, Typed};
use time::OffsetDateTime;

use super::Db;

/// What can come of a line, as it is written down.
const CAME: [(&str, Fate); 3] = [("made", Fate::Made), ("joined", Fate::Joined), ("already", Fate::Already)];

/// A roster with its lines, as they were typed.
#[derive(Debug, Clone)]
pub struct Roster {
    /// Who brought it.
    pub by: String,
    /// When.
    pub at: OffsetDateTime,
    /// Their numbers, what was typed, and what came of them.
    pub lines: Vec<(u32, Typed, Option<Fate>)>,
}

/// Takes one down. Those of the same course that are older than ninety days go: they name people.
///
/// # Errors
/// As the database.
pub async fn add(db: &mut Db, course: CourseId, by: PersonId, lines: &[(u32, Typed)]) -> sqlx::Result<RosterId> {
    sqlx::query!("delete from roster where course = $1 and made_at < koza_now() - interval '90 days'", course.0).execute(&mut *db).await?;
    let id = RosterId::new();
    sqlx::query!("insert into roster (id, course, made_by) values ($1, $2, $3)", id.0, course.0, by.0).execute(&mut *db).await?;
    let numbers: Vec<i32> = lines.iter().map(|(line, _)| i32::try_from(*line).unwrap_or(i32::MAX)).collect();
    let column = |of: fn(&Typed) -> &String| lines.iter().map(|(_, typed)| of(typed).clone()).collect::<Vec<String>>();
    sqlx::query!(
        "insert into roster_line (roster, line, sign_in, name, role)
         select $1, line, sign_in, name, role from unnest($2::int[], $3::text[], $4::text[], $5::text[]) as typed (line, sign_in, name, role)",
        id.0,
        &numbers,
        &column(|typed| &typed.sign_in),
        &column(|typed| &typed.name),
        &column(|typed| &typed.role)
    )
    .execute(db)
    .await?;
    Ok(id)
}

/// A course's roster.
///
/// # Errors
/// As the database.
pub async fn find(db: &mut Db, course: CourseId, id: RosterId) -> sqlx::Result<Option<Roster>> {
    let head = sqlx::query!(
        r#"select person.name as by, made_at from roster join person on person.id = made_by where roster.id = $1 and course = $2"#,
        id.0,
        course.0
    );
    let Some(head) = head.fetch_optional(&mut *db).await? else { return Ok(None) };
    let lines = sqlx::query!("select line, sign_in, name, role, came from roster_line where roster = $1 order by line", id.0);
    let lines = lines.fetch_all(db).await?.into_iter().map(|row| {
        let came = row.came.and_then(|came| CAME.into_iter().find(|(code, _)| *code == came).map(|(_, fate)| fate));
        (u32::try_from(row.line).unwrap_or(0), Typed { sign_in: row.sign_in, name: row.name, role: row.role }, came)
    });
    Ok(Some(Roster { by: head.by, at: head.made_at, lines: lines.collect() }))
}

/// Somebody who has a name to sign in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Who.
    pub person: PersonId,
    /// Whether they are in the course.
    pub is_member: bool,
    /// Whether another course's roster made the account, and nobody has signed in with it yet: that course's staff could.
    pub is_awaited_elsewhere: bool,
}

/// Of these names to sign in with, those that somebody has.
///
/// # Errors
/// As the database.
pub async fn known(db: &mut Db, course: CourseId, names: &[String]) -> sqlx::Result<Vec<(String, Known)>> {
    let rows = sqlx::query!(
        r#"select subject, person, exists (select from member where member.course = $1 and member.person = identity.person) as "is_member!",
                  (secret is null and made_for is distinct from $1) as "is_awaited_elsewhere!"
             from identity join person on person.id = identity.person
            where issuer = 'password' and subject = any($2)"#,
        course.0,
        names
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows
        .map(|row| {
            let known = Known { person: PersonId(row.person), is_member: row.is_member, is_awaited_elsewhere: row.is_awaited_elsewhere };
            (row.subject, known)
        })
        .collect())
}

/// Writes down what comes of a line, in the transaction that does it. False: something came of it before.
///
/// # Errors
/// As the database.
pub async fn came(db: &mut Db, id: RosterId, line: u32, fate: Fate) -> sqlx::Result<bool> {
    let Some((code, _)) = CAME.into_iter().find(|(_, known)| *known == fate) else { return Ok(false) };
    let line = i32::try_from(line).unwrap_or(i32::MAX);
    let done = sqlx::query!("update roster_line set came = $3 where roster = $1 and line = $2 and came is null", id.0, line, code);
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Makes an account that has no password yet, for a course. `None`: somebody has that name to sign in with.
///
/// # Errors
/// As the database.
pub async fn make(db: &mut Db, course: CourseId, sign_in: &str, name: &str) -> sqlx::Result<Option<PersonId>> {
    let id = PersonId::new();
    sqlx::query!("insert into person (id, name, made_for) values ($1, $2, $3)", id.0, name, course.0).execute(&mut *db).await?;
    let made =
        sqlx::query!("insert into identity (issuer, subject, person) values ('password', $1, $2) on conflict do nothing", sign_in, id.0);
    // Whoever asked gives the transaction up, and the person with it.
    Ok((made.execute(db).await?.rows_affected() == 1).then_some(id))
}

/// Somebody who was made by a roster, is in its course still, and has not signed in yet: full name, name to sign in with.
///
/// # Errors
/// As the database.
pub async fn awaited(db: &mut Db, person: PersonId) -> sqlx::Result<Option<(String, String)>> {
    let row = sqlx::query!(
        "select name, subject from person join identity on identity.person = person.id
          where person.id = $1 and issuer = 'password' and secret is null
            and exists (select from member where member.person = person.id and member.course = made_for)",
        person.0
    );
    Ok(row.fetch_optional(db).await?.map(|row| (row.name, row.subject)))
}

/// Gives them their first password. False: they have one.
///
/// # Errors
/// As the database.
pub async fn welcome(db: &mut Db, person: PersonId, hash: &str) -> sqlx::Result<bool> {
    let done = sqlx::query!("update identity set secret = $2 where issuer = 'password' and person = $1 and secret is null", person.0, hash);
    Ok(done.execute(db).await?.rows_affected() == 1)
}
