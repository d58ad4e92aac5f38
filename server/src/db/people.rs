//! People and their identities.

use app::domain::ids::PersonId;
use app::domain::person::Locale;

use super::Db;

/// Who signs in by password.
#[derive(Debug, Clone)]
pub struct Password {
    /// Whose.
    pub person: PersonId,
    /// argon2id, as a PHC string.
    pub hash: String,
}

/// A person.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// The name that pages show.
    pub name: String,
    /// The language of the account.
    pub locale: Option<Locale>,
    /// Runs the site.
    pub is_operator: bool,
}

/// The password of a sign-in name.
///
/// # Errors
/// As the database.
pub async fn password(db: &mut Db, name: &str) -> sqlx::Result<Option<Password>> {
    // PostgreSQL's texts cannot hold it, and forms can.
    if name.contains('\0') {
        return Ok(None);
    }
    let row =
        sqlx::query!("select person, secret from identity where issuer = 'password' and subject = $1", name).fetch_optional(db).await?;
    Ok(row.and_then(|row| Some(Password { person: PersonId(row.person), hash: row.secret? })))
}

/// Who has a name to sign in with, even if they have no password yet.
///
/// # Errors
/// As the database.
pub async fn named(db: &mut Db, name: &str) -> sqlx::Result<Option<PersonId>> {
    let person = sqlx::query_scalar!("select person from identity where issuer = 'password' and subject = $1", name);
    Ok(person.fetch_optional(db).await?.map(PersonId))
}

/// The password of a person.
///
/// # Errors
/// As the database.
pub async fn password_of(db: &mut Db, person: PersonId) -> sqlx::Result<Option<String>> {
    Ok(sqlx::query_scalar!("select secret from identity where issuer = 'password' and person = $1", person.0)
        .fetch_optional(db)
        .await?
        .flatten())
}

/// Replaces a password's hash (its parameters rose, or somebody changed it).
///
/// # Errors
/// As the database.
pub async fn set_password(db: &mut Db, person: PersonId, hash: &str) -> sqlx::Result<()> {
    sqlx::query!("update identity set secret = $2 where issuer = 'password' and person = $1", person.0, hash).execute(db).await?;
    Ok(())
}

/// A person.
///
/// # Errors
/// As the database.
pub async fn find(db: &mut Db, id: PersonId) -> sqlx::Result<Option<Person>> {
    let row = sqlx::query!(r#"select id, name, locale as "locale: Locale", is_operator from person where id = $1"#, id.0)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| Person { id: PersonId(row.id), name: row.name, locale: row.locale, is_operator: row.is_operator }))
}

/// Adds somebody who signs in by password, or finds them by that name.
///
/// # Errors
/// As the database.
pub async fn add(db: &mut Db, subject: &str, name: &str, hash: &str, is_operator: bool) -> sqlx::Result<PersonId> {
    if let Some(person) = sqlx::query_scalar!("select person from identity where issuer = 'password' and subject = $1", subject)
        .fetch_optional(&mut *db)
        .await?
    {
        return Ok(PersonId(person));
    }
    let id = PersonId::new();
    sqlx::query!("insert into person (id, name, is_operator) values ($1, $2, $3)", id.0, name, is_operator).execute(&mut *db).await?;
    sqlx::query!("insert into identity (issuer, subject, person, secret) values ('password', $1, $2, $3)", subject, id.0, hash)
        .execute(db)
        .await?;
    Ok(id)
}

/// Who runs the site.
///
/// # Errors
/// As the database.
pub async fn operators(db: &mut Db) -> sqlx::Result<Vec<PersonId>> {
    let ids = sqlx::query_scalar!("select id from person where is_operator order by id").fetch_all(db).await?;
    Ok(ids.into_iter().map(PersonId).collect())
}

/// Says where somebody gets mail, by the name they sign in with. False: there is nobody of that name.
///
/// # Errors
/// As the database.
pub async fn set_email(db: &mut Db, subject: &str, email: Option<&str>) -> sqlx::Result<bool> {
    let set = sqlx::query!(
        "update person set email = $2 from identity where identity.person = person.id and issuer = 'password' and subject = $1",
        subject,
        email
    );
    if set.execute(&mut *db).await?.rows_affected() != 1 {
        return Ok(false);
    }
    // What is on its way goes to the new address, or nowhere: the old one may be a stranger's.
    sqlx::query!(
        "update notice set address = $2 from identity
          where identity.person = notice.person and issuer = 'password' and subject = $1
            and address is not null and mailed_at is null",
        subject,
        email
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// Somebody who signs in by password, as operators list them.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PersonRow {
    /// The name they sign in with.
    pub subject: String,
    /// The name that pages show.
    pub name: String,
    /// Where they get mail.
    pub email: Option<String>,
    /// Runs the site.
    pub is_operator: bool,
    /// `SYS-101 student, …`
    pub courses: String,
}

/// Everybody who signs in by password.
///
/// # Errors
/// As the database.
pub async fn all(db: &mut Db) -> sqlx::Result<Vec<PersonRow>> {
    sqlx::query_as!(
        PersonRow,
        r#"select subject, name, email, is_operator,
                  coalesce((select string_agg(code || ' ' || role::text, ', ' order by code)
                              from member join course on course.id = member.course where member.person = person.id), '') as "courses!"
             from person join identity on identity.person = person.id and issuer = 'password'
            order by subject"#
    )
    .fetch_all(db)
    .await
}

/// Adds somebody who signs in by password. `None`: somebody else does under that name.
///
/// # Errors
/// As the database.
pub async fn add_new(db: &mut Db, subject: &str, name: &str, hash: &str) -> sqlx::Result<Option<PersonId>> {
    let id = PersonId::new();
    sqlx::query!("insert into person (id, name) values ($1, $2)", id.0, name).execute(&mut *db).await?;
    let added = sqlx::query!(
        "insert into identity (issuer, subject, person, secret) values ('password', $1, $2, $3) on conflict do nothing",
        subject,
        id.0,
        hash
    );
    // Whoever asked gives the transaction up, and the person with it.
    Ok((added.execute(db).await?.rows_affected() == 1).then_some(id))
}

/// Wrong passwords for a name in the last quarter of an hour.
///
/// # Errors
/// As the database.
pub async fn recent_failures(db: &mut Db, subject_hash: &[u8]) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from sign_in_failure where subject_hash = $1 and at > koza_now() - interval '15 minutes'"#,
        subject_hash
    )
    .fetch_one(db)
    .await
}

/// A wrong password.
///
/// # Errors
/// As the database.
pub async fn failed(db: &mut Db, subject_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("insert into sign_in_failure (subject_hash) values ($1)", subject_hash).execute(&mut *db).await?;
    sqlx::query!("delete from sign_in_failure where at < koza_now() - interval '1 day'").execute(db).await?;
    Ok(())
}
