//! `make bench`, its second half: the queue beside two other queues, in one run on one cluster.
//!
//! ```text
//!  pickup   a wish is committed ──► the first call to the cloud       graphile-worker, pg-boss: a job is committed ──► its function
//!  claims   10,000 environments at rest, one snapshot held open: how long a claim takes while others claim and finish
//!  memory   the process with a worker, at nothing and at 10,000 environments
//!  class    300 wishes at once on AWS's allowances: until every machine is requested, beside what the buckets allow
//!  drain    20,000 chores that do nothing, one process
//! ```
//!
//! What each figure means stands at the top of its module. Nothing is measured against another day: figures of one run are compared with
//! each other, and rounds alternate between ours and theirs, so that what else the host does meets all of them.
//!
//! `DATABASE_URL`: a cluster where databases may be made and dropped. `KOZA_BENCH_PEERS`: the folder of `server/benches/peers` with its
//! packages installed; without it only ours is measured. Run it by `deploy/bench queue`, which sees to both.

mod chores;
mod claims;
mod class;
mod figures;
mod peers;
mod pickup;
mod recorder;
mod stage;

use std::time::Duration;

use figures::{Table, ms, ratio};
use peers::Peers;
use pickup::What;
use server::engine::chores::Pace;
use stage::Stage;

/// Seconds, unless the environment says otherwise.
fn seconds(name: &str, usually: u64) -> Duration {
    Duration::from_secs(std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usually))
}

/// Whether a part was asked for; without arguments all of them are. What cargo passes on (`--bench`) is no part.
fn wanted(part: &str) -> bool {
    let mut parts = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    parts.peek().is_none() || parts.any(|argument| argument == part)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server = std::env::var("DATABASE_URL")?;
    let peers = Peers::from_environment(&server);
    println!("## The queue\n");
    conditions(&server, peers.as_ref()).await?;

    // First: what the other parts leave in the heap is not the worker's.
    if wanted("memory") {
        memory(&server).await?;
    }
    // Minutes long, and not yet what it should be (docs/benchmarks.md): only when it is asked for by name.
    if std::env::args().any(|argument| argument == "class") {
        class(&server).await?;
    }
    if wanted("pickup") {
        pickup(&server, peers.as_ref()).await?;
    }
    if wanted("drain") {
        drain(&server, peers.as_ref()).await?;
    }
    if wanted("claims") {
        claims(&server).await?;
    }
    Ok(())
}

async fn conditions(server: &str, peers: Option<&Peers>) -> anyhow::Result<()> {
    let version = stage::postgres_version(server).await?;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism()?;
    println!("{cores} cores, PostgreSQL {version}, load before the run {}.", load.split(' ').next().unwrap_or("unknown"));
    match peers {
        Some(peers) => println!("Peers: {}.\n", peers.versions().await?),
        None => println!("Without peers: KOZA_BENCH_PEERS is not set.\n"),
    }
    Ok(())
}

async fn pickup(server: &str, peers: Option<&Peers>) -> anyhow::Result<()> {
    let pace = pickup::Pace::new(seconds("KOZA_BENCH_PICKUP", 15));
    // Alternating, half the time each: a busy moment of the host meets all of them.
    let (mut press, mut wish, mut theirs) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
    for _ in 0..2 {
        press.extend(pickup::idle(&Stage::new(server).await?, What::Press, pace.half()).await?);
        if let Some(peers) = peers {
            for (latencies, peer) in theirs.iter_mut().zip(peers::WITH_PICKUP) {
                latencies.extend(peers.pickup(peer, pace.half()).await?);
            }
        }
        wish.extend(pickup::idle(&Stage::new(server).await?, What::Wish, pace.half()).await?);
    }
    let class = pickup::class(&Stage::new(server).await?, pace).await?;
    let ours = [("Koza, a press: until the first list", press), ("Koza, a new wish: until the first order, its intent committed", wish)];
    let rows: Vec<_> = ours
        .into_iter()
        .chain(peers::WITH_PICKUP.into_iter().zip(theirs))
        .filter(|(_, latencies)| !latencies.is_empty())
        .map(|(name, latencies)| (name, figures::percentiles(latencies)))
        .collect();
    println!(
        "Pickup on an idle queue, {} a second for {} s: milliseconds from the answer to `commit` to the first call or the job's function.\n",
        pickup::RATE,
        pace.seconds()
    );
    let mut table = Table::new(&["", "p50", "p95", "p99"]);
    for (name, found) in &rows {
        table.row(name, &found.map(ms));
    }
    if let Some(best) = rows.iter().skip(2).map(|(_, found)| *found).min_by(|a, b| a[1].total_cmp(&b[1])) {
        table.row("a press / the best peer's", &std::array::from_fn::<_, 3, _>(|n| ratio(rows[0].1[n], best[n])));
    }
    table.print();
    println!("The same while every wish before it is being built on the simulator ({} of them):\n", class.len());
    let mut table = Table::new(&["", "p50", "p95", "p99"]);
    table.row("Koza", &figures::percentiles(class).map(ms));
    table.print();
    Ok(())
}

async fn drain(server: &str, peers: Option<&Peers>) -> anyhow::Result<()> {
    let (mut ours, mut one_by_one, mut theirs) = (Vec::new(), Vec::new(), peers::WITH_DRAIN.map(|_| Vec::new()));
    // Alternating; the median of the rounds.
    for _ in 0..3 {
        ours.push(chores::drain(&Stage::new(server).await?, Pace::BATCHES).await?);
        one_by_one.push(chores::drain(&Stage::new(server).await?, Pace::ONE_BY_ONE).await?);
        if let Some(peers) = peers {
            for (took, (peer, _)) in theirs.iter_mut().zip(peers::WITH_DRAIN) {
                took.push(peers.drain(peer, chores::WAITING).await?);
            }
        }
    }
    println!(
        "Drain: {} jobs that do nothing wait, one process, each done is written down; the median of {} rounds.\n",
        chores::WAITING,
        ours.len()
    );
    let mut table = Table::new(&["", "jobs a second", "ours in batches / theirs", "ours one by one / theirs"]);
    let speed = |took: Vec<f64>| f64::from(chores::WAITING) / figures::percentiles(took)[0];
    let (ours, one_by_one) = (speed(ours), speed(one_by_one));
    table.row("Koza, in batches", &[format!("{ours:.0}"), String::new(), String::new()]);
    table.row("Koza, each finished in a commit of its own (24 at once)", &[format!("{one_by_one:.0}"), String::new(), String::new()]);
    for (took, (_, how)) in theirs.into_iter().zip(peers::WITH_DRAIN).filter(|(took, _)| !took.is_empty()) {
        let theirs = speed(took);
        table.row(how, &[format!("{theirs:.0}"), ratio(ours, theirs), ratio(one_by_one, theirs)]);
    }
    table.print();
    Ok(())
}

async fn claims(server: &str) -> anyhow::Result<()> {
    let stage = Stage::new(server).await?;
    stage.rest(claims::AT_REST).await?;
    let found = claims::under_a_snapshot(&stage, seconds("KOZA_BENCH_CLAIMS", 60)).await?;
    println!(
        "{} environments at rest, one snapshot held open, {} turns in between ({} dead rows at the end): milliseconds.\n",
        claims::AT_REST,
        found.turns,
        found.dead
    );
    let mut table = Table::new(&["", "p50", "p95", "p99"]);
    for (name, latencies) in found.latencies {
        table.row(name, &figures::percentiles(latencies).map(ms));
    }
    table.print();
    Ok(())
}

async fn class(server: &str) -> anyhow::Result<()> {
    const SEATS: u32 = 300;
    let found = class::begins(&Stage::new(server).await?, SEATS).await?;
    let (took, bound) = (found.took.as_secs_f64(), found.bound.as_secs_f64());
    println!(
        "A class of {SEATS} begins, AWS's allowances, no other limit, no batching: every machine requested after {took:.1} s, {:.3} × the bound \
         of {bound:.1} s; {} calls refused as too many.\n",
        took / bound,
        found.throttled
    );
    Ok(())
}

async fn memory(server: &str) -> anyhow::Result<()> {
    let mut table = Table::new(&["memory of the process (resident)", "MB", "highest"]);
    for (name, at_rest) in [("a worker, no environment", 0), ("a worker, 10,000 environments at rest", claims::AT_REST)] {
        let stage = Stage::new(server).await?;
        stage.rest(at_rest).await?;
        let (resident, highest) = claims::memory(&stage).await?;
        table.row(name, &[resident, highest].map(|bytes| format!("{:.0}", bytes / 1e6)));
    }
    table.print();
    Ok(())
}
