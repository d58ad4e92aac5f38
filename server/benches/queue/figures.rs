//! Percentiles, and tables as docs/benchmarks.md has them.

use std::time::Duration;

/// p50, p95 and p99 by nearest rank, the same for everybody.
pub fn percentiles(mut latencies: Vec<f64>) -> [f64; 3] {
    latencies.sort_by(f64::total_cmp);
    [50, 95, 99].map(|of_a_hundred| {
        let rank = (latencies.len() * of_a_hundred).div_ceil(100);
        latencies.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    })
}

/// As the figures here are kept.
pub fn in_ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

pub fn ms(ms: f64) -> String {
    format!("{ms:.1}")
}

pub fn ratio(ours: f64, theirs: f64) -> String {
    format!("{:.2}", ours / theirs)
}

/// A Markdown table.
pub struct Table(Vec<String>);

impl Table {
    pub fn new(columns: &[&str]) -> Self {
        Self(vec![format!("| {} |", columns.join(" | ")), format!("|---|{}", "---:|".repeat(columns.len() - 1))])
    }

    pub fn row<const N: usize>(&mut self, name: &str, cells: &[String; N]) {
        self.0.push(format!("| {name} | {} |", cells.join(" | ")));
    }

    pub fn print(&self) {
        println!("{}\n", self.0.join("\n"));
    }
}
