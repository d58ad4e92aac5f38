//! What a balancer says of itself and of its targets: a file that it writes each second (deploy/host/balancer).
//!
//! A file that cannot be read, or is old, says that the balancer does not work. It is no error of whoever asks.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud::Health;
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::task::JoinSet;

use crate::IncusCloud;
use crate::client::Deadline;
use crate::instance::Instance;

const FILE: &str = "/run/koza/health.json";
/// A balancer that has said nothing for so many seconds is not at work.
const FRESH_FOR: i64 = 10;
/// How long one file may take; a container that hangs must not hold up the list.
const READS_WITHIN: Duration = Duration::from_secs(2);

/// What one balancer says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Report {
    at: i64,
    targets: BTreeMap<String, String>,
    /// `None`: its program is of a time when balancers had none.
    https: Option<Https>,
}

/// How far it is with a certificate of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Https {
    /// What it shows, by its fingerprint.
    fingerprint: Option<String>,
    /// What is in the way.
    said: Option<String>,
}

impl Report {
    fn is_fresh(&self, now: OffsetDateTime) -> bool {
        (now.unix_timestamp() - self.at).abs() <= FRESH_FOR
    }

    /// How a machine is, as far as the balancer knows.
    pub(crate) fn health_of(&self, machine: &str) -> Health {
        match self.targets.get(machine).map(String::as_str) {
            Some("up") => Health::Healthy,
            Some("down") => Health::Unhealthy,
            _ => Health::Initial,
        }
    }

    /// The certificate that it shows, and what is in the way of one.
    pub(crate) fn https(&self) -> (Option<String>, Option<String>) {
        match &self.https {
            Some(https) => (https.fingerprint.clone(), https.said.clone()),
            None => (None, Some("this balancer was made of an older image, which knows no HTTPS: scale in and out again".to_owned())),
        }
    }
}

impl IncusCloud {
    /// What the balancers among these say, by their names; one that says nothing has no place in it.
    pub(crate) async fn reports<'a>(&self, balancers: impl Iterator<Item = &'a Instance>, by: Deadline) -> BTreeMap<String, Report> {
        let by = by.within(READS_WITHIN);
        let mut reading = JoinSet::new();
        for name in balancers.filter(|instance| !instance.is_stopped()).map(|instance| instance.name.clone()) {
            let client = self.client.clone();
            reading.spawn(async move {
                let text = client.file(&name, FILE, by).await.ok()?;
                let report: Report = serde_json::from_slice(&text).ok()?;
                report.is_fresh(OffsetDateTime::now_utc()).then_some((name, report))
            });
        }
        reading.join_all().await.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_for_ten_seconds_and_what_it_does_not_say_is_not_yet_known() {
        let text = r#"{"at": 1795000000, "targets": {"k1-m1-1": "up", "k1-m2-1": "down", "k1-m3-1": "starting"}}"#;
        let report: Report = serde_json::from_str(text).expect("it is well formed");
        let after = |seconds: i64| OffsetDateTime::from_unix_timestamp(1_795_000_000 + seconds).expect("it is a time");
        assert_eq!([0, 10, 11].map(|seconds| report.is_fresh(after(seconds))), [true, true, false]);
        let health = ["k1-m1-1", "k1-m2-1", "k1-m3-1", "k1-m4-1"].map(|machine| report.health_of(machine));
        assert_eq!(health, [Health::Healthy, Health::Unhealthy, Health::Initial, Health::Initial]);
        assert!(report.https().1.is_some_and(|said| said.contains("older image")), "nobody waits for what will not come");
    }
}
