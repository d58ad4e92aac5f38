//! Environments: making them, changing the wish, finding those of a person.

use app::domain::ids::{BackupId, BlueprintVersionId, CloudId, CourseId, EnvironmentId, PersonId};
use app::domain::phase::Goal;
use app::domain::reason::Attention;
use sqlx::types::Json;
use uuid::Uuid;

use super::{Db, incidents, resources};
use crate::wish::FRESH_FOR;

/// What a request is made of.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Whose.
    pub holder: PersonId,
    /// What of.
    pub version: BlueprintVersionId,
    /// In which course.
    pub course: CourseId,
    /// In which cloud.
    pub cloud: CloudId,
    /// Under which name.
    pub name: &'a str,
    /// In which domain.
    pub domain: &'a str,
    /// What the student chose: `{"public_key": "ssh-ed25519 …"}`.
    pub options: serde_json::Value,
}

/// Takes a request down, due at once. `None`: the name is taken.
///
/// # Errors
/// As the database.
pub async fn request(db: &mut Db, request: &Request<'_>) -> sqlx::Result<Option<EnvironmentId>> {
    let id = EnvironmentId::new();
    let made = sqlx::query!(
        "insert into environment (id, course, version, cloud, name, domain, options, wake_at, lease_until)
         values ($1, $2, $3, $4, $5, $6, $7, koza_now(), koza_now() + (select make_interval(days => lease_days) from course where id = $2))
         on conflict do nothing",
        id.0,
        request.course.0,
        request.version.0,
        request.cloud.0,
        request.name,
        request.domain,
        request.options,
    )
    .execute(&mut *db)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query!("insert into holder (environment, person, course) values ($1, $2, $3)", id.0, request.holder.0, request.course.0)
        .execute(&mut *db)
        .await?;
    sqlx::query!("select pg_notify('koza_wake', $1)", id.0.to_string()).execute(db).await?;
    Ok(Some(id))
}

/// Wishes for the image of a version, unless it is there or wished for already. A bake that failed is begun anew after an hour.
///
/// # Errors
/// As the database.
pub async fn wish_for_image(db: &mut Db, version: BlueprintVersionId, cloud: CloudId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into environment (id, course, version, cloud, purpose, name, domain, priority, wake_at)
         select $1, v.course, v.id, $3, 'image', 'image-' || v.id || '-' || right($3::uuid::text, 12), 'images.koza', 1, koza_now()
           from blueprint_version v
          where v.id = $2 and not exists (select from image where image.version = v.id and image.cloud = $3)
         on conflict (version, cloud) where purpose = 'image' and removed_at is null do update
            set attention = null, goal_since = koza_now(), generation = environment.generation + 1, wake_at = koza_now(),
                condemned = coalesce((select max(incarnation) from resource
                                       where resource.environment = environment.id and kind = 'machine'), 0)
          where environment.attention ->> 'code' = 'image_not_baked' and environment.goal_since < koza_now() - interval '1 hour'",
        EnvironmentId::new().0,
        version.0,
        cloud.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("select pg_notify('koza_wake', '')").execute(db).await?;
    Ok(())
}

/// The shared look found that the cloud differs from its rows: it is woken and lists for itself.
///
/// # Errors
/// As the database.
pub async fn differs(db: &mut Db, id: Uuid) -> sqlx::Result<()> {
    sqlx::query!("update environment set differs = true where id = $1", id).execute(&mut *db).await?;
    super::wake(db, id).await
}

/// It has listed for itself.
///
/// # Errors
/// As the database.
pub async fn differs_no_more(db: &mut Db, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!("update environment set differs = false where id = $1", id.0).execute(db).await?;
    Ok(())
}

/// What a person may know of an environment before the rest is loaded.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its course.
    pub course: CourseId,
    /// Its name.
    pub name: String,
    /// What is asked for.
    pub goal: Goal,
    /// Whether it is removed.
    pub is_removed: bool,
    /// Whether the person holds it.
    pub is_holder: bool,
    /// What the person is in its course.
    pub role: Option<app::domain::course::Role>,
}

/// How a person stands to an environment. `None`: there is none (a build machine is nobody's).
///
/// # Errors
/// As the database.
pub async fn standing(db: &mut Db, id: EnvironmentId, person: PersonId) -> sqlx::Result<Option<Standing>> {
    let row = sqlx::query!(
        r#"select e.course, e.name, e.goal as "goal: Goal", (e.removed_at is not null) as "is_removed!",
                  exists (select from holder where environment = e.id and person = $2) as "is_holder!",
                  member.role as "role?: app::domain::course::Role"
             from environment e
             left join member on member.course = e.course and member.person = $2
            where e.id = $1 and e.purpose = 'course'"#,
        id.0,
        person.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Standing {
        course: CourseId(row.course),
        name: row.name,
        goal: row.goal,
        is_removed: row.is_removed,
        is_holder: row.is_holder,
        role: row.role,
    }))
}

/// Changes the goal. False if it was that already, or the environment is going: gone is never taken back.
///
/// # Errors
/// As the database.
pub async fn set_goal(db: &mut Db, id: EnvironmentId, goal: Goal) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update environment
            set goal = $2, goal_since = koza_now(), attention = null, fruitless_claims = 0,
                phase = case when $2 = 'gone' then 'removing'
                             when $2 = 'stopped' then 'stopping'
                             when phase in ('stopping', 'stopped') then 'building'
                             else phase end,
                generation = generation + 1, wake_at = koza_now()
          where id = $1 and goal <> $2 and goal <> 'gone' and removed_at is null",
        id.0,
        goal as _
    )
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 1 {
        incidents::drop_open(db, id).await?;
    }
    sqlx::query!("select pg_notify('koza_wake', $1)", id.0.to_string()).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Its lease is a whole one again, from now on. False: it ends later than that already, or it is going.
///
/// # Errors
/// As the database.
pub async fn extend_lease(db: &mut Db, id: EnvironmentId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update environment set lease_until = koza_now() + make_interval(days => course.lease_days)
           from course
          where environment.id = $1 and course.id = environment.course and goal <> 'gone' and removed_at is null
            and (lease_until is null or lease_until < koza_now() + make_interval(days => course.lease_days))",
        id.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Changes what its holder chose, in these parts. False: it is going, or is not meant to run.
///
/// # Errors
/// As the database.
pub async fn choose(db: &mut Db, id: EnvironmentId, options: &serde_json::Value) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update environment
            set options = options || $2, attention = null, fruitless_claims = 0, generation = generation + 1, wake_at = koza_now()
          where id = $1 and goal = 'running' and removed_at is null",
        id.0,
        options
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("select pg_notify('koza_wake', $1)", id.0.to_string()).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Those that run, whose machines are to come and go by themselves, and of which none is leaving.
///
/// # Errors
/// As the database.
pub async fn with_policy(db: &mut Db) -> sqlx::Result<Vec<EnvironmentId>> {
    let ids = sqlx::query_scalar!(
        "select id from environment
          where goal = 'running' and removed_at is null and jsonb_typeof(options -> 'policy') = 'object'
            and coalesce(options -> 'leaving', '{}') = '{}'
          -- in no order: whom time did not suffice for is earlier another time
          order by random()"
    );
    Ok(ids.fetch_all(db).await?.into_iter().map(EnvironmentId).collect())
}

/// Says which backup a machine needs to leave; `None`: one has to be asked for. Nothing, if it is not to leave.
///
/// # Errors
/// As the database.
pub async fn needs_to_leave(db: &mut Db, id: EnvironmentId, slot: u16, backup: Option<BackupId>) -> sqlx::Result<()> {
    sqlx::query!(
        "update environment
            set options = jsonb_set(options, array['leaving', $2], coalesce(to_jsonb($3::uuid), 'null')),
                generation = generation + 1, wake_at = koza_now()
          where id = $1 and options -> 'leaving' ? $2",
        id.0,
        slot.to_string(),
        backup.map(|backup| backup.0)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The last of its machines is not wanted any more, if it was to leave and, where something may be on it, its backup is proven and of now. False: it is
/// not so (any more).
///
/// # Errors
/// As the database.
pub async fn one_fewer(db: &mut Db, id: EnvironmentId, slot: u16, needs_backup: bool) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update environment e
            set options = jsonb_set(options #- array['leaving', $2::text], '{machines}', to_jsonb($3::integer - 1)),
                generation = generation + 1, wake_at = koza_now()
          where id = $1 and goal = 'running' and (options ->> 'machines')::integer = $3 and $3 > 1 and options -> 'leaving' ? $2
            and (not $4 or exists (select from backup b
                                     join machine m on m.id = b.machine
                                     join resource r on r.id = m.resource
                                    where b.id::text = options -> 'leaving' ->> $2 and b.state = 'proven'
                                      and b.taken_at > koza_now() - make_interval(secs => $5)
                                      and r.environment = e.id and r.kind = 'machine' and r.slot = $3 and r.gone_at is null))",
        id.0,
        slot.to_string(),
        i32::from(slot),
        needs_backup,
        FRESH_FOR.as_seconds_f64()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Clears what needs attention and looks again; condemns the machine if `rebuild`.
///
/// # Errors
/// As the database.
pub async fn try_again(db: &mut Db, id: EnvironmentId, rebuild: bool) -> sqlx::Result<()> {
    sqlx::query!(
        "update environment
            set attention = null, fruitless_claims = 0, generation = generation + 1, wake_at = koza_now(),
                condemned = case when $2 then coalesce((select max(incarnation) from resource
                                                         where environment = $1 and kind = 'machine' and slot = 1), 0)
                                 else condemned end
          where id = $1 and removed_at is null",
        id.0,
        rebuild
    )
    .execute(&mut *db)
    .await?;
    resources::end_pauses(db, id).await?;
    sqlx::query!("select pg_notify('koza_wake', $1)", id.0.to_string()).execute(db).await?;
    Ok(())
}

/// Locks the row until the end of the transaction. Whoever locks rows of an environment locks this one first.
///
/// # Errors
/// As the database.
pub async fn lock(db: &mut Db, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!("select id from environment where id = $1 for update", id.0).fetch_optional(db).await?;
    Ok(())
}

/// Writes down what needs attention (or that nothing does).
///
/// # Errors
/// As the database.
pub async fn set_attention(db: &mut Db, id: EnvironmentId, attention: Option<&Attention>) -> sqlx::Result<()> {
    sqlx::query!("update environment set attention = $2 where id = $1", id.0, attention.map(Json) as _).execute(db).await?;
    Ok(())
}

/// Every probe passed on this boot, for the first time since the wish changed.
///
/// # Errors
/// As the database.
pub async fn ready_on(db: &mut Db, id: EnvironmentId, boot: &str) -> sqlx::Result<()> {
    sqlx::query!("update environment set ready_boot = $2, ready_at = koza_now(), first_ready_at = coalesce(first_ready_at, koza_now()) where id = $1", id.0, boot)
        .execute(db)
        .await?;
    Ok(())
}

/// The cloud listed nothing of it: the first time that is noted, the second time it is removed. True: removed.
///
/// # Errors
/// As the database.
pub async fn listed_nothing(db: &mut Db, id: EnvironmentId) -> sqlx::Result<bool> {
    let row = sqlx::query!(
        r#"update environment
              set removed_at  = case when empty_since is not null then koza_now() end,
                  empty_since = coalesce(empty_since, koza_now())
            where id = $1
           returning (removed_at is not null) as "is_removed!""#,
        id.0
    )
    .fetch_one(db)
    .await?;
    Ok(row.is_removed)
}

/// The cloud listed something after all.
///
/// # Errors
/// As the database.
pub async fn listed_something(db: &mut Db, id: EnvironmentId) -> sqlx::Result<()> {
    sqlx::query!("update environment set empty_since = null where id = $1 and empty_since is not null", id.0).execute(db).await?;
    Ok(())
}

/// The ids of a person's environments that are not removed, newest first; of one course, or of all.
///
/// # Errors
/// As the database.
pub async fn held_by(db: &mut Db, person: PersonId, course: Option<CourseId>) -> sqlx::Result<Vec<(EnvironmentId, String)>> {
    let rows = sqlx::query!(
        "select e.id, course.code
           from holder
           join environment e on e.id = holder.environment
           join course on course.id = e.course
          where holder.person = $1 and e.removed_at is null and ($2::uuid is null or e.course = $2)
          order by e.created_at desc",
        person.0,
        course.map(|course| course.0)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (EnvironmentId(row.id), row.code)).collect())
}

/// What an environment is called, also one that is gone.
///
/// # Errors
/// As the database.
pub async fn called(db: &mut Db, id: Uuid) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select name from environment where id = $1", id).fetch_optional(db).await
}

/// What a page and a machine's settings need beyond the wish.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The course's code.
    pub course: String,
    /// The blueprint's title.
    pub blueprint: String,
    /// The course's clock.
    pub time_zone: String,
    /// The course's line for `~/.ssh/config`.
    pub ssh_proxy: Option<String>,
    /// The cloud's kind.
    pub cloud_kind: String,
    /// The domain.
    pub domain: String,
    /// What the student chose.
    pub options: serde_json::Value,
    /// The first holder's language.
    pub locale: Option<app::domain::person::Locale>,
}

/// See [`Setting`].
///
/// # Errors
/// As the database.
pub async fn setting(db: &mut Db, id: EnvironmentId) -> sqlx::Result<Setting> {
    sqlx::query_as!(
        Setting,
        r#"select course.code as course, blueprint.title as blueprint, course.time_zone, course.ssh_proxy, cloud.kind as cloud_kind,
                  e.domain, e.options,
                  (select locale from person join holder on holder.person = person.id
                    where holder.environment = e.id order by share desc, person.id limit 1) as "locale: app::domain::person::Locale"
             from environment e
             join course on course.id = e.course
             join blueprint_version v on v.id = e.version
             join blueprint on blueprint.id = v.blueprint
             join cloud on cloud.id = e.cloud
            where e.id = $1"#,
        id.0
    )
    .fetch_one(db)
    .await
}

/// Whether any course is on a simulator: every page says so.
///
/// # Errors
/// As the database.
pub async fn any_simulated(db: &mut Db) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from course join cloud on cloud.id = course.cloud where cloud.kind = 'sim') as "any!""#)
        .fetch_one(db)
        .await
}

/// Environments whose machine the cloud knows under this name, for the poller.
///
/// # Errors
/// As the database.
pub async fn by_resource(db: &mut Db, cloud: CloudId) -> sqlx::Result<Vec<(Uuid, String, String, Option<serde_json::Value>)>> {
    let rows = sqlx::query!(
        "select environment, kind, cloud_id, observed from resource where cloud = $1 and gone_at is null and cloud_id is not null",
        cloud.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.environment, row.kind, row.cloud_id?, row.observed))).collect())
}

/// An environment, for operators.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Overview {
    /// Which.
    pub id: EnvironmentId,
    /// Its course's code.
    pub course: String,
    /// Its name.
    pub name: String,
    /// "course" or "image".
    pub purpose: String,
    /// What is asked for.
    pub goal: String,
    /// Why somebody should look.
    pub attention: Option<String>,
    /// Seconds until the loop looks again; below zero: it is due, `None`: somebody has to wake it.
    pub next_look_in: Option<f64>,
    /// The worker that holds it.
    pub claimed_by: Option<Uuid>,
    /// Claims in a row that ended without an orderly finish.
    pub fruitless_claims: i16,
    /// The last event: its code, and the action it tells of.
    pub last_event: Option<String>,
}

/// Every environment that is not removed: what needs attention first, then what is due first.
///
/// # Errors
/// As the database.
pub async fn overview(db: &mut Db) -> sqlx::Result<Vec<Overview>> {
    sqlx::query_as!(
        Overview,
        r#"select e.id as "id: EnvironmentId", c.code as course, e.name, e.purpose::text as "purpose!", e.goal::text as "goal!",
                  e.attention ->> 'code' as attention,
                  extract(epoch from e.wake_at - koza_now())::float8 as next_look_in,
                  case when e.claimed_until > koza_now() then e.claimed_by end as claimed_by,
                  e.fruitless_claims,
                  (select concat_ws(' ', code, data ->> 'action', data ->> 'step', data ->> 'probe')
                     from event where environment = e.id and number = e.last_event) as last_event
             from environment e join course c on c.id = e.course
            where e.removed_at is null
            order by e.attention is null, e.wake_at nulls last, e.id"#
    )
    .fetch_all(db)
    .await
}
