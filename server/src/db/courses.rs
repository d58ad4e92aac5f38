//! Clouds, courses, members, blueprints, images.

use app::domain::course::Role;
use app::domain::ids::{BlueprintId, BlueprintVersionId, CloudId, CourseId, PersonId};
use app::domain::name::NamePattern;
use sqlx::types::Json;
use uuid::Uuid;

use super::Db;
use crate::certificates::Authority;
use crate::wish::Spec;

/// A cloud's row.
#[derive(Debug, Clone)]
pub struct CloudRow {
    /// Which.
    pub id: CloudId,
    /// `incus`, `sim`, `aws`.
    pub kind: String,
    /// Incus: the project.
    pub account: String,
    /// Incus: the endpoint.
    pub region: String,
    /// What else it takes to use it.
    pub settings: serde_json::Value,
}

/// All clouds.
///
/// # Errors
/// As the database.
pub async fn clouds(db: &mut Db) -> sqlx::Result<Vec<CloudRow>> {
    let rows = sqlx::query!("select id, kind, account, region, settings from cloud").fetch_all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| CloudRow { id: CloudId(row.id), kind: row.kind, account: row.account, region: row.region, settings: row.settings })
        .collect())
}

/// One cloud.
///
/// # Errors
/// As the database; `RowNotFound` if there is none such.
pub async fn cloud(db: &mut Db, id: CloudId) -> sqlx::Result<CloudRow> {
    let row = sqlx::query!("select kind, account, region, settings from cloud where id = $1", id.0).fetch_one(db).await?;
    Ok(CloudRow { id, kind: row.kind, account: row.account, region: row.region, settings: row.settings })
}

/// Adds a cloud, or brings those of its settings up to date that are named.
///
/// # Errors
/// As the database.
pub async fn add_cloud(db: &mut Db, kind: &str, account: &str, region: &str, settings: &serde_json::Value) -> sqlx::Result<CloudId> {
    let id = sqlx::query_scalar!(
        "insert into cloud (id, kind, account, region, settings) values ($1, $2, $3, $4, $5)
         on conflict (kind, account, region) do update set settings = cloud.settings || excluded.settings
         returning id",
        CloudId::new().0,
        kind,
        account,
        region,
        settings
    )
    .fetch_one(db)
    .await?;
    Ok(CloudId(id))
}

/// A course, with what somebody is in it.
#[derive(Debug, Clone)]
pub struct CourseRow {
    /// Which.
    pub id: CourseId,
    /// As in addresses.
    pub code: String,
    /// In full.
    pub title: String,
    /// Its cloud.
    pub cloud: CloudId,
    /// Under which its environments get names.
    pub domain: String,
    /// What they look like: `sys101-{name}`.
    pub name_pattern: String,
    /// What the asker is in it.
    pub role: Role,
}

/// Somebody's courses.
///
/// # Errors
/// As the database.
pub async fn of_member(db: &mut Db, person: PersonId) -> sqlx::Result<Vec<CourseRow>> {
    let rows = sqlx::query!(
        r#"select course.id, code, title, cloud, domain, name_pattern, role as "role: Role"
             from member join course on course.id = member.course
            where member.person = $1
            order by code"#,
        person.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| CourseRow {
            id: CourseId(row.id),
            code: row.code,
            title: row.title,
            cloud: CloudId(row.cloud),
            domain: row.domain,
            name_pattern: row.name_pattern,
            role: row.role,
        })
        .collect())
}

/// A course by its code, with what somebody is in it, if anything.
///
/// # Errors
/// As the database.
pub async fn by_code(db: &mut Db, code: &str, person: PersonId) -> sqlx::Result<Option<(CourseId, String, Option<Role>)>> {
    // PostgreSQL's texts cannot hold it, and addresses can (%00).
    if code.contains('\0') {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"select course.id, title, member.role as "role?: Role"
             from course left join member on member.course = course.id and member.person = $2
            where code = $1"#,
        code,
        person.0
    );
    Ok(row.fetch_optional(db).await?.map(|row| (CourseId(row.id), row.title, row.role)))
}

/// Its people's names, students first.
///
/// # Errors
/// As the database.
pub async fn members(db: &mut Db, course: CourseId) -> sqlx::Result<Vec<(PersonId, String, Role)>> {
    let rows = sqlx::query!(
        r#"select person.id, person.name, role as "role: Role"
             from member join person on person.id = member.person
            where course = $1 order by role, person.name"#,
        course.0
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (PersonId(row.id), row.name, row.role)).collect())
}

/// Adds a course, or finds it by its code.
///
/// # Errors
/// As the database.
pub async fn add(db: &mut Db, code: &str, title: &str, cloud: CloudId, domain: &str) -> sqlx::Result<CourseId> {
    let id = sqlx::query_scalar!(
        "insert into course (id, code, title, cloud, domain) values ($1, $2, $3, $4, $5)
         on conflict (code) do update set title = excluded.title, cloud = excluded.cloud
         returning id",
        CourseId::new().0,
        code,
        title,
        cloud.0,
        domain
    )
    .fetch_one(db)
    .await?;
    Ok(CourseId(id))
}

/// Its people in a role.
///
/// # Errors
/// As the database.
pub async fn with_role(db: &mut Db, course: CourseId, role: Role) -> sqlx::Result<Vec<PersonId>> {
    let ids = sqlx::query_scalar!("select person from member where course = $1 and role = $2", course.0, role as _);
    Ok(ids.fetch_all(db).await?.into_iter().map(PersonId).collect())
}

/// All courses, with their codes.
///
/// # Errors
/// As the database.
pub async fn all(db: &mut Db) -> sqlx::Result<Vec<(CourseId, String)>> {
    let rows = sqlx::query!("select id, code from course order by code").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (CourseId(row.id), row.code)).collect())
}

/// A course by its code.
///
/// # Errors
/// As the database.
pub async fn find(db: &mut Db, code: &str) -> sqlx::Result<Option<CourseId>> {
    Ok(sqlx::query_scalar!("select id from course where code = $1", code).fetch_optional(db).await?.map(CourseId))
}

/// Makes somebody a member.
///
/// # Errors
/// As the database.
pub async fn add_member(db: &mut Db, course: CourseId, person: PersonId, role: Role) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into member (course, person, role) values ($1, $2, $3)
         on conflict (course, person) do update set role = excluded.role",
        course.0,
        person.0,
        role as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Publishes a blueprint's text: a new version if it differs from the newest, else the newest.
///
/// # Errors
/// As the database.
pub async fn publish(db: &mut Db, course: CourseId, title: &str, spec: &Spec) -> sqlx::Result<BlueprintVersionId> {
    let blueprint = sqlx::query_scalar!(
        "insert into blueprint (id, course, title) values ($1, $2, $3)
         on conflict (course, title) do update set title = excluded.title
         returning id",
        BlueprintId::new().0,
        course.0,
        title
    )
    .fetch_one(&mut *db)
    .await?;
    let newest = sqlx::query!(
        r#"select id, number, spec as "spec: Json<Spec>" from blueprint_version where blueprint = $1 order by number desc limit 1"#,
        blueprint
    )
    .fetch_optional(&mut *db)
    .await?;
    let number = match newest {
        Some(newest) if newest.spec.0 == *spec => return Ok(BlueprintVersionId(newest.id)),
        Some(newest) => newest.number + 1,
        None => 1,
    };
    let id = BlueprintVersionId::new();
    sqlx::query!(
        "insert into blueprint_version (id, blueprint, course, number, spec) values ($1, $2, $3, $4, $5)",
        id.0,
        blueprint,
        course.0,
        number,
        Json(spec) as _
    )
    .execute(db)
    .await?;
    Ok(id)
}

/// A version of a blueprint, with what a request needs of its course.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// The version.
    pub id: BlueprintVersionId,
    /// The course it belongs to.
    pub course: CourseId,
    /// That course's cloud.
    pub cloud: CloudId,
    /// That course's domain.
    pub domain: String,
    /// What names look like there: `sys101-{name}`.
    pub name_pattern: String,
    /// The blueprint's title.
    pub title: String,
    /// Its text.
    pub spec: Spec,
    /// Whether its image is baked.
    pub is_image_ready: bool,
}

/// The same as columns.
struct StoredVersion {
    id: Uuid,
    course: Uuid,
    cloud: Uuid,
    domain: String,
    name_pattern: String,
    title: String,
    spec: Json<Spec>,
    is_image_ready: bool,
}

impl StoredVersion {
    fn read(self) -> VersionRow {
        let Self { id, course, cloud, domain, name_pattern, title, spec, is_image_ready } = self;
        let (id, course, cloud) = (BlueprintVersionId(id), CourseId(course), CloudId(cloud));
        VersionRow { id, course, cloud, domain, name_pattern, title, spec: spec.0, is_image_ready }
    }
}

/// The newest version of each blueprint of a course.
///
/// # Errors
/// As the database.
pub async fn offers(db: &mut Db, course: CourseId) -> sqlx::Result<Vec<VersionRow>> {
    let rows = sqlx::query_as!(
        StoredVersion,
        r#"select distinct on (blueprint.title) v.id, v.course, course.cloud, course.domain, course.name_pattern, blueprint.title, v.spec as "spec: Json<Spec>",
                  exists (select from image where image.version = v.id and image.cloud = course.cloud) as "is_image_ready!"
             from blueprint_version v
             join blueprint on blueprint.id = v.blueprint
             join course on course.id = v.course
            where v.course = $1
            order by blueprint.title, v.number desc"#,
        course.0
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(StoredVersion::read).collect())
}

/// One version, the newest of its blueprint or not.
///
/// # Errors
/// As the database.
pub async fn version(db: &mut Db, id: Uuid) -> sqlx::Result<Option<VersionRow>> {
    let row = sqlx::query_as!(
        StoredVersion,
        r#"select v.id, v.course, course.cloud, course.domain, course.name_pattern, blueprint.title, v.spec as "spec: Json<Spec>",
                  exists (select from image where image.version = v.id and image.cloud = course.cloud) as "is_image_ready!"
             from blueprint_version v
             join blueprint on blueprint.id = v.blueprint
             join course on course.id = v.course
            where v.id = $1"#,
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(StoredVersion::read))
}

/// Writes a version's image down, and wakes who waits for it.
///
/// # Errors
/// As the database.
pub async fn image_baked(db: &mut Db, version: Uuid, cloud: CloudId, recipe: &str, cloud_id: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into image (version, cloud, course, recipe, cloud_id)
         select id, $2, course, $3, $4 from blueprint_version where id = $1
         on conflict (version, cloud) do update set cloud_id = excluded.cloud_id, baked_at = koza_now()",
        version,
        cloud.0,
        recipe,
        cloud_id
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update environment set wake_at = koza_now(), generation = generation + 1
          where version = $1 and cloud = $2 and purpose = 'course' and removed_at is null and goal = 'running'",
        version,
        cloud.0
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("select pg_notify('koza_wake', '')").execute(db).await?;
    Ok(())
}

/// An image is gone from the cloud: it is baked again when somebody wants it.
///
/// # Errors
/// As the database.
pub async fn image_lost(db: &mut Db, version: Uuid, cloud: CloudId) -> sqlx::Result<()> {
    sqlx::query!("delete from image where version = $1 and cloud = $2", version, cloud.0).execute(db).await?;
    Ok(())
}

/// The cloud of a course, by the course's code.
///
/// # Errors
/// As the database.
pub async fn cloud_of(db: &mut Db, code: &str) -> sqlx::Result<Option<CloudId>> {
    let id = sqlx::query_scalar!("select cloud from course where code = $1", code).fetch_optional(db).await?;
    Ok(id.map(CloudId))
}

/// Says where a course's names are and what they look like, for what is asked for from now on. False: there is no such course.
///
/// # Errors
/// As the database.
pub async fn set_names(db: &mut Db, code: &str, domain: &str, pattern: &NamePattern) -> sqlx::Result<bool> {
    let done = sqlx::query!("update course set domain = $2, name_pattern = $3 where code = $1", code, domain, pattern.as_str());
    Ok(done.execute(db).await?.rows_affected() > 0)
}

/// Says how many days a course's backups are kept, from now on, and every how many hours they are taken by themselves; what is not said stays.
/// What holds then; `None`: there is no such course.
///
/// # Errors
/// As the database.
pub async fn set_backups(
    db: &mut Db,
    code: &str,
    keep_days: Option<i32>,
    every_hours: Option<i32>,
    by_hand: bool,
) -> sqlx::Result<Option<(i32, Option<i32>)>> {
    let set = sqlx::query!(
        "update course
            set backups_kept_days = coalesce($2, backups_kept_days),
                backups_every_hours = case when $4 then null else coalesce($3, backups_every_hours) end
          where code = $1
        returning backups_kept_days, backups_every_hours",
        code,
        keep_days,
        every_hours,
        by_hand
    );
    Ok(set.fetch_optional(db).await?.map(|set| (set.backups_kept_days, set.backups_every_hours)))
}

/// Every domain that environments have names in, or will get them in, with the code of a course.
///
/// # Errors
/// As the database.
pub async fn domains(db: &mut Db) -> sqlx::Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        r#"select domain as "domain!", min(code) as "code!"
             from (select domain, code from course
                    union
                   select e.domain, c.code from environment e join course c on c.id = e.course
                    where e.removed_at is null and e.purpose = 'course') as known
            group by domain order by domain"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.domain, row.code)).collect())
}

/// A course chooses a cloud. `None`: there is no such course.
///
/// # Errors
/// As the database.
pub async fn choose_cloud(db: &mut Db, code: &str, cloud: CloudId) -> sqlx::Result<Option<CourseId>> {
    let id = sqlx::query_scalar!("update course set cloud = $2 where code = $1 returning id", code, cloud.0).fetch_optional(db).await?;
    Ok(id.map(CourseId))
}

/// The authority that a cloud's machines ask for certificates, if there is one.
///
/// # Errors
/// As the database.
pub async fn authority(db: &mut Db, cloud: CloudId) -> sqlx::Result<Option<Authority>> {
    let row = sqlx::query!("select kind, settings -> 'certificates' as authority from cloud where id = $1", cloud.0);
    let Some(row) = row.fetch_optional(db).await? else { return Ok(None) };
    // Machines at home go out by their host's address.
    let shares = row.kind == "incus";
    // What cannot be read is as good as none; `koza doctor` says so.
    let authority = row.authority.and_then(|settings| serde_json::from_value::<Authority>(settings).ok());
    Ok(authority.map(|authority| if shares { authority.behind_one_address() } else { authority }))
}

/// The codes of the courses that chose a cloud.
///
/// # Errors
/// As the database.
pub async fn on_cloud(db: &mut Db, cloud: CloudId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("select code from course where cloud = $1 order by code", cloud.0).fetch_all(db).await
}
