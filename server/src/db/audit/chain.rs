//! The chain: rows in the order in which they were sealed, each bound to the one before it.
//!
//! ```text
//!  seal of n = SHA-256( seal of n − 1 ‖ row n as JSON ), the one before the first being 32 zero bytes
//! ```
//!
//! The JSON has its keys in order and no spaces, as Python's `json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`
//! writes it, so that anybody can reckon it again. Nothing secret is in it: whoever may do everything in the database can write a chain
//! anew from where they changed it, or cut off its end. Only a head (number and seal) that was kept elsewhere shows that.

use std::fmt;
use std::str::FromStr;

use app::domain::ids::{CourseId, EnvironmentId, PersonId};
use aws_lc_rs::digest::{Context, SHA256};

use super::Row;
use crate::db::Db;
use crate::wish::spec::{hex, unhex};

/// So many rows are in memory at once.
const PAGE: i64 = 1_000;

/// The end of the chain: what an operator keeps elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The last number.
    pub number: i64,
    /// Its seal.
    pub seal: Vec<u8>,
}

impl Head {
    /// Before the first row.
    fn start() -> Self {
        Self { number: 0, seal: vec![0; 32] }
    }

    /// The seal of a row that stands next.
    fn seals(&self, row: &Row) -> Vec<u8> {
        let mut json = row.json(Some(self.number + 1));
        json.sort_all_objects();
        let mut context = Context::new(&SHA256);
        context.update(&self.seal);
        context.update(json.to_string().as_bytes());
        context.finish().as_ref().to_vec()
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, hex(&self.seal))
    }
}

/// A text that is no head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a head is a number and a seal of 64 hexadecimal digits, as `koza audit verify` prints it: 1234:9f86…")]
pub struct NotAHead;

impl FromStr for Head {
    type Err = NotAHead;

    fn from_str(text: &str) -> Result<Self, NotAHead> {
        let (number, seal) = text.trim().split_once(':').ok_or(NotAHead)?;
        let number = number.parse().ok().filter(|number| *number > 0).ok_or(NotAHead)?;
        let seal = unhex(seal).filter(|seal| seal.len() == 32).ok_or(NotAHead)?;
        Ok(Self { number, seal })
    }
}

/// Seals the oldest rows that wait, so many at most; how many there were. Others who seal wait until the end of the transaction, those who
/// write do not.
///
/// # Errors
/// As the database.
pub async fn seal(db: &mut Db, most: i64) -> sqlx::Result<usize> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('audit', 0))").execute(&mut *db).await?;
    // A statement of its own, begun with the lock: it sees what whoever had the lock before has sealed.
    let mut head = head(db).await?.unwrap_or_else(Head::start);
    let rows = sqlx::query_as!(
        Row,
        r#"select id, coalesce(to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '') as "at!", actor,
                  person as "person: PersonId", whom as "whom: PersonId", course as "course: CourseId",
                  environment as "environment: EnvironmentId", act, detail::text as "detail!", number, seal
             from audit where number is null order by id limit $1"#,
        most
    )
    .fetch_all(&mut *db)
    .await?;
    let (mut ids, mut numbers, mut seals) = (Vec::new(), Vec::new(), Vec::new());
    for row in &rows {
        head = Head { seal: head.seals(row), number: head.number + 1 };
        ids.push(row.id);
        numbers.push(head.number);
        seals.push(head.seal.clone());
    }
    let sealed = sqlx::query!(
        "update audit set number = sealed.number, seal = sealed.seal
           from unnest($1::bigint[], $2::bigint[], $3::bytea[]) as sealed (id, number, seal)
          where audit.id = sealed.id and audit.number is null",
        &ids,
        &numbers,
        &seals
    )
    .execute(db)
    .await?;
    // A chain with a hole would be worse than one that is late.
    if sealed.rows_affected() == rows.len() as u64 { Ok(rows.len()) } else { Err(sqlx::Error::RowNotFound) }
}

/// The end of the chain; `None`: nothing is sealed.
///
/// # Errors
/// As the database.
pub async fn head(db: &mut Db) -> sqlx::Result<Option<Head>> {
    sqlx::query_as!(Head, r#"select number as "number!", seal as "seal!" from audit where number is not null order by number desc limit 1"#)
        .fetch_optional(db)
        .await
}

/// Where the chain is broken first, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Its row is another than the one that was sealed.
    #[error("row {0} was changed after it was sealed")]
    Changed(i64),
    /// Nothing stands there.
    #[error("row {0} is missing")]
    Missing(i64),
    /// What was sealed as one number stands at another.
    #[error("rows were moved: what was sealed as row {0} stands at {1}")]
    Moved(i64, i64),
    /// A number that another row has, or that none can have.
    #[error("a second row stands at {0}, or one that no chore put there")]
    Stray(i64),
    /// The kept head is beyond the end.
    #[error("the chain ends at row {1}, but the head that you kept is row {0}: its newest rows were cut off")]
    CutOff(i64, i64),
    /// The chain is whole, but not the one that the head was of.
    #[error("row {0} has another seal than the head that you kept: the chain was written anew, in this row or before it")]
    Rewritten(i64),
}

/// What came of looking at the whole chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The end of what is whole; `None`: nothing is.
    pub head: Option<Head>,
    /// The first place where it is broken.
    pub broken: Option<Broken>,
    /// Rows that wait for their seal: nothing is said of those.
    pub waiting: i64,
}

/// Reckons the whole chain again, a page at a time, and compares it with a head that was kept, if there is one.
///
/// # Errors
/// As the database.
pub async fn verify(db: &mut Db, kept: Option<&Head>) -> sqlx::Result<Verified> {
    let (head, broken) = walk(db, kept).await?;
    let waiting = super::state(db).await?.waiting;
    Ok(Verified { head: (head.number > 0).then_some(head), broken, waiting })
}

async fn walk(db: &mut Db, kept: Option<&Head>) -> sqlx::Result<(Head, Option<Broken>)> {
    let (mut head, mut place) = (Head::start(), FIRST);
    loop {
        let rows = after(db, &mut place).await?;
        for row in &rows {
            let (next, number) = (head.number + 1, row.number.unwrap_or(0));
            if number < next {
                return Ok((head, Some(Broken::Stray(number))));
            }
            let seal = head.seals(row);
            if number > next || row.seal.as_ref() != Some(&seal) {
                let there = row.seal.as_deref().filter(|_| number == next);
                let broken = match stands_at(db, &head, there).await? {
                    Some(at) => Broken::Moved(next, at),
                    None if number > next => Broken::Missing(next),
                    None => Broken::Changed(next),
                };
                return Ok((head, Some(broken)));
            }
            if kept.is_some_and(|kept| kept.number == next && kept.seal != seal) {
                return Ok((head, Some(Broken::Rewritten(next))));
            }
            head = Head { number: next, seal };
        }
        if rows.is_empty() {
            let broken = kept.filter(|kept| kept.number > head.number).map(|kept| Broken::CutOff(kept.number, head.number));
            return Ok((head, broken));
        }
    }
}

/// At which other number the row stands that was sealed as the next after `head`: it fits its own seal there, or the one that is there now.
async fn stands_at(db: &mut Db, head: &Head, there: Option<&[u8]>) -> sqlx::Result<Option<i64>> {
    let mut place = FIRST;
    loop {
        let rows = after(db, &mut place).await?;
        let fits = |row: &&Row| {
            let seal = Some(head.seals(row));
            row.number != Some(head.number + 1) && (row.seal == seal || there == seal.as_deref())
        };
        if let Some(found) = rows.iter().find(fits) {
            return Ok(found.number);
        }
        if rows.is_empty() {
            return Ok(None);
        }
    }
}

/// Before every number and id.
const FIRST: (i64, i64) = (i64::MIN, i64::MIN);

/// The next page of sealed rows, and the place after it.
async fn after(db: &mut Db, place: &mut (i64, i64)) -> sqlx::Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, coalesce(to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '') as "at!", actor,
                  person as "person: PersonId", whom as "whom: PersonId", course as "course: CourseId",
                  environment as "environment: EnvironmentId", act, detail::text as "detail!", number, seal
             from audit where number is not null and (number, id) > ($1, $2) order by number, id limit $3"#,
        place.0,
        place.1,
        PAGE
    )
    .fetch_all(db)
    .await?;
    if let Some(last) = rows.last() {
        *place = (last.number.unwrap_or(i64::MAX), last.id);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn row() -> Row {
        Row {
            id: 8,
            at: "2026-11-23T06:29:52.000001Z".into(),
            actor: "person".into(),
            person: Some(PersonId(Uuid::from_u128(1))),
            whom: None,
            course: Some(CourseId(Uuid::from_u128(2))),
            environment: None,
            act: "names_set".into(),
            detail: r#"{"pattern": "“{name}”\n", "domain": "x.test"}"#.into(),
            number: None,
            seal: None,
        }
    }

    /// Python: `hashlib.sha256(bytes(32) + json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()`
    #[test]
    fn a_seal_is_what_anybody_else_reckons() {
        let head = Head::start();
        assert_eq!(hex(&head.seals(&row())), "2c15c790feada633b88767d932002c50a4a49b464029cf662a8cd39d084daf33");
    }

    #[test]
    fn every_part_of_a_row_is_sealed() {
        let whole = Head::start().seals(&row());
        let changes: [fn(&mut Row); 9] = [
            |row| row.id = 9,
            |row| row.at = "2026-11-23T06:29:52.000002Z".into(),
            |row| row.actor = "koza".into(),
            |row| row.person = None,
            |row| row.whom = Some(PersonId(Uuid::from_u128(1))),
            |row| row.course = None,
            |row| row.environment = Some(EnvironmentId(Uuid::from_u128(1))),
            |row| row.act = "asked".into(),
            |row| row.detail = "{}".into(),
        ];
        for change in changes {
            let mut changed = row();
            change(&mut changed);
            assert_ne!(Head::start().seals(&changed), whole, "{changed:?}");
        }
        let later = Head { number: 1, ..Head::start() };
        assert_ne!(later.seals(&row()), whole, "its place, too");
    }

    #[test]
    fn a_head_reads_back_from_its_text_and_nothing_else_is_one() {
        let head = Head { number: 12, seal: vec![7; 32] };
        assert_eq!(head.to_string().parse(), Ok(head.clone()));
        for text in ["", "12", "12:07", "0:", ":", &format!("-{head}"), &format!("{head}0"), &head.to_string().replace(':', " ")] {
            assert_eq!(text.parse::<Head>(), Err(NotAHead), "{text}");
        }
    }
}
