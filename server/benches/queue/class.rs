//! A class of 300 begins, on a simulator that takes as many calls as AWS documents and has no other limit: how long until every machine is
//! requested, beside the shortest time that our buckets allow (seeded at 80 % of what is documented), without batching.
//!
//! The bound is the largest, over the actions that it takes until then, of (calls − capacity) ÷ refill.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use app::domain::ids::CloudId;
use cloud::call::AWS;
use cloud::sim::{SimCloud, SimSettings};
use cloud::{Call, Cloud, Kind};
use server::db::buckets::{self, SEEDED};
use server::engine::clouds::Handle;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::stage::Stage;

/// What was found.
pub struct Found {
    /// Until the cloud had taken the last order of a machine.
    pub took: Duration,
    /// The shortest time that the buckets allow.
    pub bound: Duration,
    /// Calls that the cloud refused as too many.
    pub throttled: u64,
}

/// Asks for so many environments at once and waits for their machines to be requested.
pub async fn begins(stage: &Stage, seats: u32) -> anyhow::Result<Found> {
    let pool = &stage.engine.pool;
    let cloud = CloudId(sqlx::query_scalar::<_, Uuid>("select id from cloud").fetch_one(pool).await?);
    let settings = SimSettings {
        installation: stage.engine.installation.simple().to_string(),
        addresses: 1_000,
        machines: 1_000,
        capacity: 1_000,
        allowances: true,
        ..SimSettings::default()
    };
    let sim = Arc::new(SimCloud::new(settings, Arc::new(OffsetDateTime::now_utc)));
    stage.engine.clouds.insert(cloud, Handle { cloud: sim.clone(), inside: Some(sim.clone()) }).await;
    buckets::seed(&mut *pool.acquire().await?, cloud, sim.allowances()).await?;
    let worker = stage.worker();
    stage.bake().await?;
    // The image's calls are none of the class's: its buckets are full again.
    sqlx::query("update bucket set tokens = capacity, at = koza_now()").execute(pool).await?;
    let before = sim.taken(Call::Create(Kind::Machine));

    let began = Instant::now();
    let mut tx = pool.begin().await?;
    for seat in 0..seats {
        stage.wish(&mut tx, &format!("c{seat}")).await?;
    }
    tx.commit().await?;
    let requested = async {
        while sim.taken(Call::Create(Kind::Machine)) - before < u64::from(seats) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(15), requested).await.context("not within a quarter of an hour")?;
    let took = began.elapsed();
    worker.end().await?;

    let calls = [Kind::Address, Kind::Firewall, Kind::Key, Kind::Machine].map(Call::Create);
    let bound = calls
        .into_iter()
        .flat_map(cloud::call::draws)
        .filter_map(|action| AWS.iter().find(|allowance| allowance.action == *action))
        .map(|allowance| (f64::from(seats) - SEEDED * allowance.capacity) / (SEEDED * allowance.refill))
        .fold(0.0, f64::max);
    Ok(Found { took, bound: Duration::from_secs_f64(bound), throttled: sim.throttled() })
}
