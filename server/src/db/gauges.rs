//! Counts of everything, for those who watch the whole.

use super::Db;
use super::queue::FRUITLESS_CLAIMS;

/// What there is now.
#[derive(Debug, Clone)]
pub struct Gauges {
    /// Environments that are not removed, by goal.
    pub by_goal: Vec<(String, f64)>,
    /// Those that need attention, by its code.
    pub by_attention: Vec<(String, f64)>,
    /// Incidents that are open, by fault.
    pub by_fault: Vec<(String, f64)>,
    /// Chores, open and dead.
    pub chores: Vec<(String, f64)>,
    /// Resources that are held, by kind.
    pub by_kind: Vec<(String, f64)>,
    /// Environments that are due and that nobody holds.
    pub due: f64,
    /// Seconds since the oldest of them became due.
    pub oldest_due: f64,
    /// Environments that a worker holds.
    pub claimed: f64,
    /// Environments that are parked.
    pub parked: f64,
    /// Workers that are alive.
    pub workers: f64,
}

/// Counts.
///
/// # Errors
/// As the database.
pub async fn read(db: &mut Db) -> sqlx::Result<Gauges> {
    let counts = sqlx::query!(
        r#"select what as "what!", label as "label!", count as "count!" from (
               select 'goal' as what, goal::text as label, count(*)::float8 as count
                 from environment where removed_at is null group by goal
               union all
               select 'attention', attention ->> 'code', count(*)::float8
                 from environment where removed_at is null and attention is not null group by 2
               union all
               select 'fault', fault, count(*)::float8 from incident where recovered_at is null and dropped_at is null group by fault
               union all
               select 'chore', case when dead_at is null then 'open' else 'dead' end, count(*)::float8 from chore group by 2
               union all
               select 'kind', kind, count(*)::float8 from resource where gone_at is null group by kind
           ) as counts
            order by 1, 2"#
    )
    .fetch_all(&mut *db)
    .await?;
    let of = |what: &str| counts.iter().filter(|row| row.what == what).map(|row| (row.label.clone(), row.count)).collect();
    let queue = sqlx::query!(
        r#"select count(*) filter (where is_due and not is_parked)::float8 as "due!",
                  coalesce(extract(epoch from koza_now() - min(wake_at) filter (where is_due and not is_parked)), 0)::float8 as "oldest_due!",
                  count(*) filter (where is_claimed)::float8 as "claimed!",
                  count(*) filter (where is_parked)::float8 as "parked!",
                  (select count(*) from worker where beat_at > koza_now() - interval '30 seconds')::float8 as "workers!"
             from (select wake_at,
                          coalesce(claimed_until > koza_now(), false) as is_claimed,
                          coalesce(wake_at <= koza_now(), false) and not coalesce(claimed_until > koza_now(), false) as is_due,
                          fruitless_claims >= $1 as is_parked
                     from environment where removed_at is null) as queue"#,
        FRUITLESS_CLAIMS
    )
    .fetch_one(db)
    .await?;
    Ok(Gauges {
        by_goal: of("goal"),
        by_attention: of("attention"),
        by_fault: of("fault"),
        chores: of("chore"),
        by_kind: of("kind"),
        due: queue.due,
        oldest_due: queue.oldest_due,
        claimed: queue.claimed,
        parked: queue.parked,
        workers: queue.workers,
    })
}
