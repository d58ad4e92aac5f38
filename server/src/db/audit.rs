//! The audit: who did what, when. A note commits with what it tells of, and is never changed; [`chain`] seals it afterwards.

pub mod chain;

use app::domain::course::Role;
use app::domain::desk::BulkAct;
use app::domain::ids::{
    BackupId, BlueprintVersionId, BulkActId, CloudId, CourseId, EnvironmentId, InvitationId, PersonId, RosterId, SessionId,
};
use app::domain::money::Money;
use app::domain::phase::Goal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::Db;
use crate::wish::spec::hex;

/// What waits longer than this for its seal waits for a chore that nobody does.
pub const SEALED_WITHIN: Duration = Duration::minutes(10);

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Somebody who is signed in.
    Person(PersonId),
    /// Koza by itself: a budget, a policy.
    Koza,
    /// An operator at the shell of the host: `koza …`.
    Shell,
    /// Somebody who is not signed in.
    Stranger,
}

impl By {
    fn columns(self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::Person(person) => ("person", Some(person.0)),
            Self::Koza => ("koza", None),
            Self::Shell => ("shell", None),
            Self::Stranger => ("stranger", None),
        }
    }
}

/// What it was done to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Of {
    whom: Option<PersonId>,
    course: Option<CourseId>,
    environment: Option<EnvironmentId>,
}

impl Of {
    /// The site, or only who did it.
    pub const SITE: Self = Self { whom: None, course: None, environment: None };

    /// An environment, and so its course.
    #[must_use]
    pub fn environment(environment: EnvironmentId) -> Self {
        Self { environment: Some(environment), ..Self::SITE }
    }

    /// A course.
    #[must_use]
    pub fn course(course: CourseId) -> Self {
        Self { course: Some(course), ..Self::SITE }
    }

    /// Somebody in a course.
    #[must_use]
    pub fn member(course: CourseId, whom: PersonId) -> Self {
        Self { whom: Some(whom), ..Self::course(course) }
    }

    /// Somebody.
    #[must_use]
    pub fn person(whom: PersonId) -> Self {
        Self { whom: Some(whom), ..Self::SITE }
    }
}

/// What was done. Details are ids, numbers and words of ours: never secrets, never what people wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", content = "data", rename_all = "snake_case")]
pub enum Act {
    /// Signed in.
    SignedIn,
    /// Typed the password again, for what wants that.
    SignedInAgain,
    /// A wrong password was typed for somebody.
    SignInRefused,
    /// Signed out.
    SignedOut,
    /// Ended one of one's sessions.
    SessionEnded {
        /// Which.
        session: SessionId,
    },
    /// Ended all of one's sessions but the present one.
    OtherSessionsEnded,
    /// Asked for an environment.
    Requested {
        /// Of this.
        version: BlueprintVersionId,
        /// Made of this backup.
        restores: Option<BackupId>,
        /// Made of an image of this environment.
        image_of: Option<EnvironmentId>,
    },
    /// Started, stopped or deleted an environment.
    Asked {
        /// What is wished for.
        goal: Goal,
    },
    /// Asked to try again.
    TriedAgain,
    /// Keeps it for another lease.
    Extended,
    /// Saw its passwords.
    PasswordsShown,
    /// Downloaded its private key, which is erased.
    KeyDownloaded,
    /// Downloaded what is in a backup.
    BackupDownloaded {
        /// Which.
        backup: BackupId,
    },
    /// Gave a backup up.
    BackupGivenUp {
        /// Which.
        backup: BackupId,
    },
    /// Gave a saved image up.
    ImageForgotten {
        /// Which.
        number: u16,
    },
    /// Asked for more machines.
    ScaledOut {
        /// So many in all.
        machines: u16,
    },
    /// Asked for fewer machines.
    ScaledIn {
        /// Those that leave.
        leaving: Vec<u16>,
        /// Whether they are backed up before.
        is_backed_up: bool,
    },
    /// Set what a course, or each in it, may spend.
    BudgetSet {
        /// For each student, and not for all together.
        is_of_each: bool,
        /// So much in all.
        budget: Money,
    },
    /// Granted somebody more, or took some back.
    Granted {
        /// So much; negative: taken back.
        more: Money,
    },
    /// Said what somebody is in a course.
    RoleSet {
        /// What they were.
        was: Option<Role>,
        /// What they are.
        role: Role,
    },
    /// Took somebody out of a course.
    TakenOut {
        /// What they were.
        was: Role,
    },
    /// Made an invitation.
    Invited {
        /// Which.
        invitation: InvitationId,
        /// What people become.
        role: Role,
        /// For so many days.
        days: u16,
        /// For so many people.
        people: u16,
    },
    /// Ended an invitation.
    InvitationEnded {
        /// Which.
        invitation: InvitationId,
    },
    /// Made an account, by an invitation.
    Registered {
        /// Which.
        invitation: InvitationId,
    },
    /// Came into a course by an invitation.
    Joined {
        /// Which.
        invitation: InvitationId,
        /// As what.
        role: Role,
    },
    /// Took a list of people down; what came of each line has a note of its own.
    RosterBrought {
        /// Which.
        roster: RosterId,
        /// So many lines.
        lines: usize,
    },
    /// Brought somebody into a course by a list.
    BroughtIn {
        /// Which.
        roster: RosterId,
        /// As what.
        role: Role,
        /// Their account was made by it.
        is_made: bool,
    },
    /// Chose somebody's first password, by their link.
    PasswordChosen,
    /// Began an act on many environments; what is done to each has a note of its own.
    BulkActBegun {
        /// Which.
        id: BulkActId,
        /// What is done.
        act: BulkAct,
        /// To so many.
        environments: usize,
    },
    /// Added somebody.
    PersonAdded {
        /// Runs the site.
        is_operator: bool,
    },
    /// Said where somebody gets mail. The address is none of the audit's.
    EmailSet {
        /// Somewhere, and not nowhere.
        is_some: bool,
    },
    /// Brought price lists in.
    PricesImported {
        /// New figures.
        new: usize,
        /// Entries that correct what was charged already.
        corrections: usize,
    },
    /// Entered an exchange rate.
    RateEntered {
        /// Of which money.
        currency: String,
        /// From this day on.
        from: String,
        /// So much of it is a dollar.
        per_usd: String,
    },
    /// Entered a cloud's credits.
    CreditsEntered {
        /// Of which cloud.
        cloud: CloudId,
        /// Millionths of a dollar.
        usd: i64,
    },
    /// Said where a course's names are.
    NamesSet {
        /// The domain.
        domain: String,
        /// What names look like.
        pattern: String,
    },
    /// Said what is kept of a course's machines.
    BackupsSet {
        /// For so many days.
        kept_days: i32,
        /// One every so many hours.
        every_hours: Option<i32>,
    },
    /// Chose the cloud that a course's environments are built on.
    CloudChosen {
        /// Which.
        cloud: CloudId,
    },
    /// Added a cloud, or changed what is known of one.
    CloudSet {
        /// Which.
        cloud: CloudId,
        /// What of it: `account`, `names`, `certificates`.
        what: String,
    },
    /// Had work that failed for good tried again.
    ChoreRetried {
        /// Which.
        id: Uuid,
    },
    /// Compared a bill.
    BillImported {
        /// Of so many files.
        files: usize,
    },
}

/// Writes down what is done in this transaction.
///
/// # Errors
/// As the database.
pub async fn note(db: &mut Db, by: By, of: Of, act: &Act) -> sqlx::Result<()> {
    let json = serde_json::to_value(act).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let (actor, person) = by.columns();
    let environment = of.environment.map(|environment| environment.0);
    sqlx::query!(
        "insert into audit (actor, person, whom, course, environment, act, detail)
         values ($1, $2, $3, coalesce($4, (select course from environment where id = $5)), $5, $6, $7)",
        actor,
        person,
        of.whom.map(|whom| whom.0),
        of.course.map(|course| course.0),
        environment,
        json["code"].as_str().unwrap_or_default(),
        json.get("data").cloned().unwrap_or_else(|| json!({})),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A row, as it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub id: i64,
    /// When, in UTC: `2026-11-23T06:29:52.123456Z`.
    pub at: String,
    /// What kind of actor.
    pub actor: String,
    /// Who did it.
    pub person: Option<PersonId>,
    /// To whom.
    pub whom: Option<PersonId>,
    /// In which course.
    pub course: Option<CourseId>,
    /// To which environment.
    pub environment: Option<EnvironmentId>,
    /// What was done; an older or newer release may know other words.
    pub act: String,
    /// JSON.
    pub detail: String,
    /// Its place in the chain; `None`: not sealed yet.
    pub number: Option<i64>,
    /// Its seal.
    pub seal: Option<Vec<u8>>,
}

impl Row {
    /// As JSON: with the number that it has or will have, this is what is sealed.
    fn json(&self, number: Option<i64>) -> Value {
        json!({
            "act": self.act,
            "actor": self.actor,
            "at": self.at,
            "course": self.course,
            // What is no JSON was not written by us.
            "detail": serde_json::from_str(&self.detail).unwrap_or_else(|_| Value::String(self.detail.clone())),
            "environment": self.environment,
            "id": self.id,
            "number": number,
            "person": self.person,
            "whom": self.whom,
        })
    }
}

/// A row with the names of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The row.
    pub row: Row,
    /// The name of who did it.
    pub person: Option<String>,
    /// The name of whom it was done to.
    pub whom: Option<String>,
    /// The course's code.
    pub course: Option<String>,
    /// The environment's name.
    pub environment: Option<String>,
}

impl Entry {
    /// For programs: what is sealed, the seal, and names.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut json = self.row.json(self.row.number);
        json["seal"] = self.row.seal.as_deref().map(hex).into();
        json["names"] = json!({"course": self.course, "environment": self.environment, "person": self.person, "whom": self.whom});
        json
    }
}

/// Which rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of a course.
    pub course: Option<CourseId>,
    /// Those of what somebody did, or what was done to them.
    pub person: Option<PersonId>,
    /// Those before this row: the next page.
    pub before: Option<i64>,
}

/// The newest rows first; so many.
///
/// # Errors
/// As the database.
pub async fn read(db: &mut Db, filter: Filter, n: i64) -> sqlx::Result<Vec<Entry>> {
    let rows = sqlx::query!(
        r#"select a.id, coalesce(to_char(a.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '') as "at!", actor,
                  a.person as "person?: PersonId", whom as "whom?: PersonId", a.course as "course?: CourseId",
                  a.environment as "environment?: EnvironmentId", act, detail::text as "detail!", number, seal,
                  doer.name as "doer?", other.name as "other?", course.code as "code?", environment.name as "name?"
             from audit a
             left join person doer on doer.id = a.person
             left join person other on other.id = a.whom
             left join course on course.id = a.course
             left join environment on environment.id = a.environment
            where ($1::uuid is null or a.course = $1) and ($2::uuid is null or a.person = $2 or whom = $2) and a.id < $3
            order by a.id desc
            limit $4"#,
        filter.course.map(|course| course.0),
        filter.person.map(|person| person.0),
        filter.before.unwrap_or(i64::MAX),
        n
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows
        .map(|row| Entry {
            person: row.doer,
            whom: row.other,
            course: row.code,
            environment: row.name,
            row: Row {
                id: row.id,
                at: row.at,
                actor: row.actor,
                person: row.person,
                whom: row.whom,
                course: row.course,
                environment: row.environment,
                act: row.act,
                detail: row.detail,
                number: row.number,
                seal: row.seal,
            },
        })
        .collect())
}

/// How much there is, without counting all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Rows that are sealed, by the last number.
    pub sealed: i64,
    /// Rows that wait for their seal.
    pub waiting: i64,
    /// Since when the first of them does.
    pub since: Option<OffsetDateTime>,
    /// Whether that is longer than [`SEALED_WITHIN`].
    pub is_late: bool,
}

/// How much there is, and whether it is sealed.
///
/// # Errors
/// As the database.
pub async fn state(db: &mut Db) -> sqlx::Result<State> {
    sqlx::query_as!(
        State,
        r#"select coalesce((select max(number) from audit), 0) as "sealed!", count(*) as "waiting!", min(at) as since,
                  coalesce(min(at) < koza_now() - make_interval(secs => $1), false) as "is_late!"
             from audit where number is null"#,
        SEALED_WITHIN.as_seconds_f64()
    )
    .fetch_one(db)
    .await
}
