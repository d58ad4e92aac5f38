//! How many requests AWS takes: [`cloud::call::AWS`], by wire action.
//!
//! | actions | bucket |
//! |---|---|
//! | those in the table | their own |
//! | Run-, Start-, Stop-, TerminateInstances | also "(instances)", a token for each machine |
//! | any Describe of EC2 | its own, as large as DescribeInstances' |
//! | six of those, without filter, id, owner and page size | another of their own, half as large |
//! | CreateTags, DeleteTags of EC2 | their own, 100 and 10 a second |
//! | what else EC2 changes | its own, as large as AllocateAddress' |
//! | Route 53, all of it | one for the account in all regions, "Route 53" |
//! | everything else | none: AWS's numbers for it are not known here |
//!
//! A request that is one too many takes no token.

use std::collections::HashMap;
use std::time::Duration;

use cloud::call::{AWS, Allowance};

use crate::wire::Wire;

/// What is left in each bucket, and since when; absent is full.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    levels: HashMap<(String, String), (f64, Duration)>,
}

/// A bucket, and how many tokens a request takes out of it.
#[derive(Debug, PartialEq)]
struct Draw {
    whose: String,
    bucket: String,
    allowance: Allowance,
    tokens: f64,
}

impl Buckets {
    /// Takes what the request draws; false, and nothing is taken, if one of its buckets has too little.
    pub(crate) fn take(&mut self, wire: &Wire, now: Duration) -> bool {
        let draws = draws(wire);
        let levels: Vec<f64> = draws.iter().map(|draw| self.level(draw, now)).collect();
        if draws.iter().zip(&levels).any(|(draw, level)| *level < draw.tokens) {
            return false;
        }
        for (draw, level) in draws.into_iter().zip(levels) {
            self.levels.insert((draw.whose, draw.bucket), (level - draw.tokens, now));
        }
        true
    }

    fn level(&self, draw: &Draw, now: Duration) -> f64 {
        let Allowance { capacity, refill, .. } = draw.allowance;
        let present = self.levels.get(&(draw.whose.clone(), draw.bucket.clone()));
        present.map_or(capacity, |(level, since)| (level + now.saturating_sub(*since).as_secs_f64() * refill).min(capacity))
    }
}

fn listed(action: &str) -> Option<Allowance> {
    AWS.into_iter().find(|allowance| allowance.action == action)
}

fn like(action: &str) -> Allowance {
    listed(action).expect("a test below looks for the three that are named here")
}

fn draws(wire: &Wire) -> Vec<Draw> {
    let action = wire.action.as_str();
    let one = |bucket: &str, allowance: Option<Allowance>, tokens: f64| {
        allowance.map(|allowance| Draw { whose: wire.place(), bucket: bucket.to_owned(), allowance, tokens })
    };
    if wire.service == "route53" {
        let (bucket, allowance) = ("Route 53".to_owned(), like("Route 53"));
        return vec![Draw { whose: wire.account().to_owned(), bucket, allowance, tokens: 1.0 }];
    }
    let of_requests = match wire.service.as_str() {
        "ec2" => of_ec2(wire),
        "elasticloadbalancing" => listed(action),
        _ => None,
    };
    let machines = match action {
        "RunInstances" => wire.form.get("MaxCount").and_then(|count| count.parse::<u32>().ok()).unwrap_or(1),
        _ => u32::try_from(wire.form.list("InstanceId").len()).unwrap_or(u32::MAX),
    };
    let per_machine = format!("{action} (instances)");
    let of_machines = (wire.service == "ec2").then(|| listed(&per_machine)).flatten();
    let bucket = if looks_at_everything(wire) { format!("{action} of everything") } else { action.to_owned() };
    [one(&bucket, of_requests, 1.0), one(&per_machine, of_machines, f64::from(machines))].into_iter().flatten().collect()
}

fn of_ec2(wire: &Wire) -> Option<Allowance> {
    let action = wire.action.as_str();
    if looks_at_everything(wire) {
        return Some(Allowance { action: "everything", capacity: 50.0, refill: 10.0 });
    }
    if wire.only_reads() {
        return Some(like("DescribeInstances"));
    }
    if matches!(action, "CreateTags" | "DeleteTags") {
        return Some(Allowance { action: "CreateTags", capacity: 100.0, refill: 10.0 });
    }
    listed(action).or_else(|| Some(like("AllocateAddress")))
}

fn looks_at_everything(wire: &Wire) -> bool {
    let costly = [
        "DescribeInstances",
        "DescribeInstanceStatus",
        "DescribeVolumes",
        "DescribeSnapshots",
        "DescribeSecurityGroups",
        "DescribeNetworkInterfaces",
    ];
    let narrowing = [
        "Filter.",
        "MaxResults",
        "NextToken",
        "Owner.",
        "InstanceId.",
        "VolumeId.",
        "SnapshotId.",
        "GroupId.",
        "GroupName.",
        "NetworkInterfaceId.",
    ];
    costly.contains(&wire.action.as_str()) && !wire.form.has_any(&narrowing)
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::*;

    fn wire(service: &str, body: &str) -> Wire {
        let nobody = Wire::read("POST", "/", HeaderMap::new(), vec![]);
        let headers = nobody.asking(service, "", "", &[]).headers;
        Wire::read("POST", "/", headers, body.as_bytes().to_vec())
    }

    #[test]
    fn the_table_has_what_others_are_likened_to() {
        for action in ["Route 53", "DescribeInstances", "AllocateAddress"] {
            assert!(listed(action).is_some(), "{action}");
        }
    }

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let mut buckets = Buckets::default();
        let run = wire("ec2", "Action=RunInstances&MaxCount=1");
        let took = (0..10).filter(|_| buckets.take(&run, Duration::ZERO)).count();
        assert_eq!(took, 5);
        assert!(buckets.take(&run, Duration::from_millis(500)));
        assert!(!buckets.take(&run, Duration::from_millis(500)));
    }

    #[test]
    fn machines_are_counted_as_well_as_requests() {
        let mut buckets = Buckets::default();
        assert!(buckets.take(&wire("ec2", "Action=RunInstances&MaxCount=999"), Duration::ZERO));
        assert!(!buckets.take(&wire("ec2", "Action=RunInstances&MaxCount=2"), Duration::ZERO));
        assert!(buckets.take(&wire("ec2", "Action=RunInstances&MaxCount=1"), Duration::ZERO));
        let ids: String = (1..=1000).map(|nth| format!("&InstanceId.{nth}=i-{nth}")).collect();
        assert!(buckets.take(&wire("ec2", &format!("Action=StopInstances{ids}")), Duration::ZERO));
        assert!(!buckets.take(&wire("ec2", "Action=StopInstances&InstanceId.1=i-1"), Duration::ZERO));
    }

    #[test]
    fn route_53_has_one_bucket_and_describes_have_one_each() {
        let mut buckets = Buckets::default();
        let (change, look) = (wire("route53", "Action=ChangeResourceRecordSets"), wire("route53", "Action=GetChange"));
        assert_eq!((0..60).filter(|nth| buckets.take(if nth % 2 == 0 { &change } else { &look }, Duration::ZERO)).count(), 50);
        assert_eq!((0..120).filter(|_| buckets.take(&wire("ec2", "Action=DescribeImages&Owner.1=self"), Duration::ZERO)).count(), 100);
        assert!(buckets.take(&wire("ec2", "Action=DescribeInstances&MaxResults=5"), Duration::ZERO));
        assert_eq!((0..120).filter(|_| buckets.take(&wire("ec2", "Action=DescribeInstances"), Duration::ZERO)).count(), 50);
        assert!(buckets.take(&wire("ssm", "Action=X"), Duration::ZERO));
    }
}
