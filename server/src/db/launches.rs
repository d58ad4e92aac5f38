//! Launches: one call for machines of several environments. Who is in it is fixed before the call, and its answer is written down for all.

use app::domain::ids::{CloudId, ResourceId};
use cloud::{Call, Kind, Member};
use uuid::Uuid;

use super::Db;
use super::resources::Intended;

/// A launch, as far as it went.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its token.
    pub token: Uuid,
    /// How often it was sent.
    pub calls: i32,
    /// Seconds until nobody waits for its answer any more.
    pub under_way: f64,
    /// Its answer.
    pub machines: Option<Vec<Option<String>>>,
    /// It was refused as a whole.
    pub refused: bool,
}

/// Waits for a turn to be launched, and may be taken along until then.
///
/// # Errors
/// As the database.
pub async fn wait(db: &mut Db, resource: ResourceId, shape: &str, seconds: f64) -> sqlx::Result<()> {
    sqlx::query!(
        "update resource
            set turn_at = koza_now() + make_interval(secs => $2), turn_for = $4, is_paused = false,
                launch_shape = case when launches_alone then null else $3 end
          where id = $1",
        resource.0,
        seconds,
        shape,
        Call::Create(Kind::Machine).code()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Its turn has come: it takes along who waits for the same, up to a number, into its own zone; no call was made for theirs. `None`: nobody
/// does, and it goes alone.
///
/// # Errors
/// As the database.
pub async fn open(db: &mut Db, (resource, cloud): (ResourceId, CloudId), shape: &str, others: i64) -> sqlx::Result<Option<Uuid>> {
    let goes_alone = sqlx::query_scalar!(
        "update resource set turn_at = null, turn_for = null, is_paused = false, launch_shape = null where id = $1 returning launches_alone",
        resource.0
    )
    .fetch_one(&mut *db)
    .await?;
    if goes_alone {
        return Ok(None);
    }
    // Whose turn is under way has its row locked, and goes its own way.
    let mut members = sqlx::query_scalar!(
        "select resource.id
           from resource join environment on environment.id = resource.environment
          where resource.cloud = $1 and launch_shape = $2 and resource.id <> $3
            and launch is null and gone_at is null and cloud_id is null and unanswered_at is null
            and environment.goal = 'running' and environment.removed_at is null
          order by intended_at, resource.id
          limit $4
            for update of resource skip locked",
        cloud.0,
        shape,
        resource.0,
        others,
    )
    .fetch_all(&mut *db)
    .await?;
    if members.is_empty() {
        return Ok(None);
    }
    members.insert(0, resource.0);
    let token = Uuid::now_v7();
    sqlx::query!("insert into launch (token, cloud) values ($1, $2)", token, cloud.0).execute(&mut *db).await?;
    sqlx::query!(
        "update resource
            set launch = $1, launch_place = member.place - 1, launch_shape = null, turn_at = null, turn_for = null, is_paused = false,
                unanswered_at = koza_now(), zone = (select zone from resource first where first.id = $3)
           from unnest($2::uuid[]) with ordinality as member (id, place)
          where resource.id = member.id",
        token,
        &members,
        resource.0,
    )
    .execute(db)
    .await?;
    Ok(Some(token))
}

/// A launch.
///
/// # Errors
/// As the database.
pub async fn find(db: &mut Db, token: Uuid) -> sqlx::Result<Row> {
    sqlx::query_as!(
        Row,
        r#"select token, calls, extract(epoch from under_way_until - koza_now())::float8 as "under_way!",
                  machines as "machines: Vec<Option<String>>", refused
             from launch
            where token = $1"#,
        token
    )
    .fetch_one(db)
    .await
}

/// Whose machines it makes, by place.
///
/// # Errors
/// As the database.
pub async fn members(db: &mut Db, token: Uuid) -> sqlx::Result<Vec<Member>> {
    sqlx::query_as!(Member, "select environment, intent_token as intent from resource where launch = $1 order by launch_place", token)
        .fetch_all(db)
        .await
}

/// Nobody waits for its answer any more: it is sent again. False if somebody else was faster.
///
/// # Errors
/// As the database.
pub async fn send_again(db: &mut Db, token: Uuid) -> sqlx::Result<bool> {
    let sent = sqlx::query!(
        "update launch set calls = calls + 1, under_way_until = koza_now() + interval '20 seconds'
          where token = $1 and machines is null and not refused and under_way_until <= koza_now()",
        token
    )
    .execute(db)
    .await?;
    Ok(sent.rows_affected() > 0)
}

/// Its answer, for everybody in it.
///
/// # Errors
/// As the database.
pub async fn answered(db: &mut Db, token: Uuid, machines: &[Option<String>]) -> sqlx::Result<()> {
    sqlx::query!("update launch set machines = $2 where token = $1 and machines is null", token, machines as _).execute(db).await?;
    Ok(())
}

/// There was no room for any of them, by its first call. False: it was sent again meanwhile, and nobody knows.
///
/// # Errors
/// As the database.
pub async fn found_no_room(db: &mut Db, token: Uuid, members: usize) -> sqlx::Result<bool> {
    let nobody: Vec<Option<String>> = vec![None; members];
    let done = sqlx::query!("update launch set machines = $2 where token = $1 and calls = 1 and machines is null", token, &nobody as _);
    Ok(done.execute(db).await?.rows_affected() > 0)
}

/// Nobody knows what became of the call, and nobody waits for it any more.
///
/// # Errors
/// As the database.
pub async fn unanswered(db: &mut Db, token: Uuid) -> sqlx::Result<()> {
    sqlx::query!("update launch set under_way_until = koza_now() + interval '2 seconds' where token = $1", token).execute(db).await?;
    Ok(())
}

/// It was refused as a whole by its first call, so nothing was made; each of those in it goes on alone, if what was refused may be one of them.
/// False: it was sent again meanwhile, and nobody knows.
///
/// # Errors
/// As the database.
pub async fn refused(db: &mut Db, token: Uuid, goes_alone: bool) -> sqlx::Result<bool> {
    let refused = sqlx::query!(
        "update launch set refused = true, goes_alone = $2 where token = $1 and calls = 1 and machines is null",
        token,
        goes_alone
    )
    .execute(db)
    .await?;
    Ok(refused.rows_affected() > 0)
}

/// There was no room for it, or its launch was refused: it is launched anew, by the same intent. Nothing happens before the answer is known.
///
/// # Errors
/// As the database.
pub async fn leave(db: &mut Db, intended: &Intended) -> sqlx::Result<()> {
    let done = sqlx::query!(
        "update resource set launch = null, launch_place = null, launches_alone = launches_alone or goes_alone
           from launch
          where resource.id = $1 and launch.token = resource.launch and (launch.machines is not null or launch.refused)",
        intended.id.0
    );
    done.execute(db).await?;
    Ok(())
}

/// Those who waited for the answer look now.
///
/// # Errors
/// As the database.
pub async fn wake(db: &mut Db, token: Uuid) -> sqlx::Result<()> {
    sqlx::query!(
        "with woken as (
             select id from environment
              where id in (select environment from resource where launch = $1) and removed_at is null and claimed_by is null
              order by id
                for update
         )
         update environment set wake_at = koza_now() from woken where woken.id = environment.id",
        token
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("select pg_notify('koza_wake', '')").execute(db).await?;
    Ok(())
}
