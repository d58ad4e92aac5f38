//! `deploy/bench aws`: the environment of the lab report on a double of AWS, made and unmade by Terraform and by Koza's loop, each in an account of
//! its own: what came out of it, field by field, how many calls it took, and how long.
//!
//! The double answers at once and machines do not boot: what is measured is how many calls somebody makes and how they wait for each other.
//! Koza's 60 s for which resolvers may remember a name before its address is given back are skipped by the clock; Terraform gives the
//! address back at once.
//!
//! `DATABASE_URL`: a cluster where databases may be made and dropped. `KOZA_MOTO`: moto's server. Without `terraform` only ours is measured.

mod made;
mod ours;
mod terraform;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use aws_double::Double;

/// The double's own image of Debian 12.
pub const IMAGE: &str = "ami-0deb120000000a002";
/// Where names are.
pub const DOMAIN: &str = "koza-machines.test";
/// What a student brought.
pub const PUBLIC_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5mVw8fLkZxTG8xE1p3rW8cJd0oX3l9o1nq0m7m5f3a lab";

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// So many environments of the lab report.
    Environments(u16),
    /// The second step of the lecture, on top of one environment.
    ScaleOut,
}

/// What somebody's way there took.
#[derive(Debug, Clone, Default)]
pub struct Took {
    /// Of the clock on the wall.
    pub time: Duration,
    /// By action.
    pub calls: BTreeMap<String, u64>,
}

impl Took {
    /// All of them.
    pub fn count(&self) -> u64 {
        self.calls.values().sum()
    }
}

fn fresh() -> anyhow::Result<(Double, String)> {
    let moto = std::env::var_os("KOZA_MOTO").map(PathBuf::from).context("KOZA_MOTO names no moto server")?;
    let double = Double::start(&moto)?;
    let zone = double.add_hosted_zone(DOMAIN)?;
    Ok((double, zone))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server = std::env::var("DATABASE_URL")?;
    println!("## AWS, on a double: Terraform and Koza\n");
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{} cores, load before the run {}.\n", std::thread::available_parallelism()?, load.split(' ').next().unwrap_or("unknown"));
    for what in [What::Environments(1), What::Environments(30), What::ScaleOut] {
        let (double, zone) = fresh()?;
        let (mut rows, ours) = ours::run(&server, &double, &zone, what).await.map(|(made, took)| (rows("Koza", &took), made))?;
        drop(double);
        let (double, zone) = fresh()?;
        match terraform::run(&double, &zone, what).await? {
            Some((theirs, took)) => {
                made::compare(&theirs, &ours)?;
                rows.extend(self::rows("Terraform", &took));
            }
            None => println!("Terraform is not here, or finds no provider: only ours is measured.\n"),
        }
        println!("{what:?}:\n\n| | calls | seconds |\n|---|---|---|\n{}", rows.join("\n"));
        println!();
    }
    Ok(())
}

fn rows(who: &str, [made, unmade]: &[Took; 2]) -> Vec<String> {
    let row = |step: &str, took: &Took| format!("| {who}, {step} | {} | {:.1} |", took.count(), took.time.as_secs_f64());
    let words = |took: &Took| took.calls.iter().map(|(action, count)| format!("{action} {count}")).collect::<Vec<_>>().join(", ");
    eprintln!("{who}, made: {}\n{who}, unmade: {}", words(made), words(unmade));
    vec![row("make", made), row("take away", unmade)]
}
