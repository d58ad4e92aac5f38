//! Calls that a cloud takes, and how many: an account's allowance is a bucket of tokens per action.
//!
//! Sources, read 2026-08: EC2 <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>; Route 53
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html>; ACM
//! <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>. Elastic Load Balancing documents buckets per category
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-throttling.html>); those of calls that change something
//! were not read: ours are cautious guesses.

use serde::{Deserialize, Serialize};

use crate::tag::Kind;

/// A call, in our verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Call {
    /// `list` and `list_all`.
    List,
    /// `create` of a kind.
    Create(Kind),
    /// `start`.
    Start,
    /// `stop`.
    Stop,
    /// `delete` of a kind.
    Delete(Kind),
    /// `launch` of several machines.
    Launch,
    /// `hand_over` of one of them.
    HandOver,
}

impl Call {
    /// Every call that one environment by itself can need, of every kind there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let orders = Kind::ALL.into_iter().filter(|kind| kind.is_ordered()).map(Self::Create);
        let deletions = Kind::ALL.into_iter().map(Self::Delete);
        [Self::List, Self::Start, Self::Stop].into_iter().chain(orders).chain(deletions)
    }

    /// The word in tables: `create machine`.
    #[must_use]
    pub fn code(self) -> String {
        match self {
            Self::List => "list".to_owned(),
            Self::Create(kind) => format!("create {}", kind.code()),
            Self::Start => "start".to_owned(),
            Self::Stop => "stop".to_owned(),
            Self::Delete(kind) => format!("delete {}", kind.code()),
            Self::Launch => "launch".to_owned(),
            Self::HandOver => "hand over machine".to_owned(),
        }
    }
}

/// A bucket: full at first, one token for each call, refilled all the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    /// The provider's word for the action.
    pub action: &'static str,
    /// How many tokens it holds.
    pub capacity: f64,
    /// Tokens a second.
    pub refill: f64,
}

const fn allowance(action: &'static str, capacity: f64, refill: f64) -> Allowance {
    Allowance { action, capacity, refill }
}

/// What AWS takes from an account in a region.
pub const AWS: [Allowance; 36] = [
    allowance("DescribeInstances", 100.0, 20.0),
    allowance("RunInstances", 5.0, 2.0),
    allowance("RunInstances (instances)", 1000.0, 2.0),
    allowance("ModifyInstanceAttribute", 50.0, 5.0),
    allowance("CreateTags", 100.0, 10.0),
    allowance("StartInstances", 5.0, 2.0),
    allowance("StartInstances (instances)", 1000.0, 2.0),
    allowance("StopInstances", 50.0, 5.0),
    allowance("StopInstances (instances)", 1000.0, 20.0),
    allowance("TerminateInstances", 100.0, 5.0),
    allowance("TerminateInstances (instances)", 1000.0, 20.0),
    allowance("DeleteVolume", 100.0, 5.0),
    allowance("AllocateAddress", 50.0, 5.0),
    allowance("ReleaseAddress", 50.0, 5.0),
    allowance("AssociateAddress", 50.0, 5.0),
    allowance("DisassociateAddress", 50.0, 5.0),
    allowance("CreateSecurityGroup", 50.0, 5.0),
    allowance("AuthorizeSecurityGroupIngress", 50.0, 5.0),
    allowance("DeleteSecurityGroup", 50.0, 5.0),
    allowance("ImportKeyPair", 50.0, 5.0),
    allowance("DeleteKeyPair", 50.0, 5.0),
    allowance("CreateSnapshot", 100.0, 5.0),
    allowance("DeleteSnapshot", 100.0, 5.0),
    allowance("RegisterImage", 50.0, 5.0),
    allowance("DeregisterImage", 100.0, 5.0),
    allowance("Route 53", 50.0, 10.0),
    allowance("RequestCertificate", 5.0, 5.0),
    allowance("DeleteCertificate", 10.0, 10.0),
    allowance("CreateLoadBalancer", 10.0, 1.0),
    allowance("DeleteLoadBalancer", 10.0, 1.0),
    allowance("CreateListener", 10.0, 1.0),
    allowance("DeleteListener", 10.0, 1.0),
    allowance("CreateTargetGroup", 10.0, 1.0),
    allowance("DeleteTargetGroup", 10.0, 1.0),
    allowance("RegisterTargets", 20.0, 4.0),
    allowance("DeregisterTargets", 20.0, 4.0),
];

/// The buckets of [`AWS`] that a call draws one token from each.
#[must_use]
pub fn draws(call: Call) -> &'static [&'static str] {
    match call {
        Call::List => &["DescribeInstances"],
        Call::Start => &["StartInstances", "StartInstances (instances)"],
        Call::Stop => &["StopInstances", "StopInstances (instances)"],
        Call::Create(Kind::Machine) | Call::Launch => &["RunInstances", "RunInstances (instances)"],
        Call::HandOver => &["ModifyInstanceAttribute", "CreateTags"],
        Call::Delete(Kind::Machine) => &["TerminateInstances", "TerminateInstances (instances)"],
        Call::Create(Kind::Disk) => &[],
        Call::Delete(Kind::Disk) => &["DeleteVolume"],
        Call::Create(Kind::Address) => &["AllocateAddress"],
        Call::Delete(Kind::Address) => &["ReleaseAddress"],
        Call::Create(Kind::Binding) => &["AssociateAddress"],
        Call::Delete(Kind::Binding) => &["DisassociateAddress"],
        Call::Create(Kind::Firewall) => &["CreateSecurityGroup", "AuthorizeSecurityGroupIngress"],
        Call::Delete(Kind::Firewall) => &["DeleteSecurityGroup"],
        Call::Create(Kind::Key) => &["ImportKeyPair"],
        Call::Delete(Kind::Key) => &["DeleteKeyPair"],
        Call::Create(Kind::Record) | Call::Delete(Kind::Record) => &["Route 53"],
        Call::Create(Kind::Certificate) => &["RequestCertificate"],
        Call::Delete(Kind::Certificate) => &["DeleteCertificate"],
        Call::Create(Kind::Snapshot) => &["CreateSnapshot"],
        Call::Delete(Kind::Snapshot) => &["DeleteSnapshot"],
        Call::Create(Kind::Image) => &["RegisterImage"],
        Call::Delete(Kind::Image) => &["DeregisterImage"],
        Call::Create(Kind::Balancer) => &["CreateLoadBalancer"],
        Call::Delete(Kind::Balancer) => &["DeleteLoadBalancer"],
        Call::Create(Kind::Listener) => &["CreateListener"],
        Call::Delete(Kind::Listener) => &["DeleteListener"],
        Call::Create(Kind::TargetGroup) => &["CreateTargetGroup"],
        Call::Delete(Kind::TargetGroup) => &["DeleteTargetGroup"],
        Call::Create(Kind::Target) => &["RegisterTargets"],
        Call::Delete(Kind::Target) => &["DeregisterTargets"],
    }
}

/// The buckets of [`AWS`] that each machine draws from in a call for several.
#[must_use]
pub fn draws_in_batch(call: Call) -> &'static [&'static str] {
    match call {
        Call::Start => &["StartInstances (instances)"],
        Call::Stop => &["StopInstances (instances)"],
        Call::Delete(Kind::Machine) => &["TerminateInstances (instances)"],
        Call::Launch => &["RunInstances (instances)"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_draws_from_a_bucket_that_there_is() {
        for call in Call::all().chain([Call::Launch, Call::HandOver]) {
            assert!(!draws(call).is_empty(), "{call:?}");
            for action in draws(call) {
                assert!(AWS.iter().any(|allowance| allowance.action == *action), "{action}");
            }
        }
    }
}
