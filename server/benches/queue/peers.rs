//! Other people's queues, run by Node (server/benches/peers) on a database of their own in the same cluster.

use std::path::PathBuf;

use anyhow::Context;
use serde::de::DeserializeOwned;
use tokio::process::Command;

use crate::pickup::Pace;
use crate::stage;

/// Those that are told of a job when it is committed.
pub const WITH_PICKUP: [&str; 2] = ["graphile-worker", "pg-boss"];

/// Ways of doing what waits, and how the table calls them.
pub const WITH_DRAIN: [(&str, &str); 3] = [
    ("graphile-worker", "graphile-worker, each in a commit of its own (24 at once)"),
    ("graphile-worker-batched", "graphile-worker, in batches (localQueue 2000, completeJobBatchDelay 0)"),
    ("pg-boss", "pg-boss, in batches (fetch and complete 1000, two loops)"),
];

/// See the module.
pub struct Peers {
    folder: PathBuf,
    server: String,
}

impl Peers {
    /// None if no folder is named.
    pub fn from_environment(server: &str) -> Option<Self> {
        let folder = std::env::var_os("KOZA_BENCH_PEERS")?;
        Some(Self { folder: folder.into(), server: server.to_owned() })
    }

    pub async fn versions(&self) -> anyhow::Result<String> {
        let versions: std::collections::BTreeMap<String, String> = self.ask(&["versions"]).await?;
        Ok(versions.into_iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>().join(", "))
    }

    /// Latencies in milliseconds.
    pub async fn pickup(&self, peer: &str, pace: Pace) -> anyhow::Result<Vec<f64>> {
        let [warmup, jobs, pause] = pace.arguments();
        self.ask(&["pickup", peer, &warmup, &jobs, &pause]).await
    }

    /// Seconds until all of them are done.
    pub async fn drain(&self, peer: &str, jobs: u32) -> anyhow::Result<f64> {
        self.ask(&["drain", peer, &jobs.to_string()]).await
    }

    async fn ask<T: DeserializeOwned>(&self, arguments: &[&str]) -> anyhow::Result<T> {
        let url = stage::new_database(&self.server, "peers_bench").await?;
        // A Node beside the packages, where the system's own is too old for them.
        let own = self.folder.join("node_modules/.bin/node");
        let node = if own.exists() { own } else { "node".into() };
        let output = Command::new(node)
            .arg("peers.mjs")
            .args(arguments)
            .current_dir(&self.folder)
            .env("PEERS_DATABASE_URL", url)
            .kill_on_drop(true)
            .output()
            .await
            .context("node did not start")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "peers.mjs {} failed: {said}", arguments.join(" "));
        serde_json::from_slice(&output.stdout).with_context(|| format!("peers.mjs {} answered something else: {said}", arguments.join(" ")))
    }
}
