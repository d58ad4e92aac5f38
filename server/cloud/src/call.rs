//! Calls that a cloud takes, and how many: an account's allowance is a bucket of tokens per action.
//!
//! Source of EC2's figures: <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>, read 2026-08.

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
}

impl Call {
    /// Every call there is, of every kind there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let of_kinds = Kind::ALL.into_iter().flat_map(|kind| [Self::Create(kind), Self::Delete(kind)]);
        [Self::List, Self::Start, Self::Stop].into_iter().chain(of_kinds)
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

/// What AWS documents for an account in a region.
pub const EC2: [Allowance; 20] = [
    allowance("DescribeInstances", 100.0, 20.0),
    allowance("RunInstances", 5.0, 2.0),
    allowance("RunInstances (instances)", 1000.0, 2.0),
    allowance("StartInstances", 5.0, 2.0),
    allowance("StartInstances (instances)", 1000.0, 2.0),
    allowance("StopInstances", 50.0, 5.0),
    allowance("StopInstances (instances)", 1000.0, 20.0),
    allowance("TerminateInstances", 100.0, 5.0),
    allowance("TerminateInstances (instances)", 1000.0, 20.0),
    allowance("AllocateAddress", 50.0, 5.0),
    allowance("ReleaseAddress", 50.0, 5.0),
    allowance("AssociateAddress", 50.0, 5.0),
    allowance("DisassociateAddress", 50.0, 5.0),
    allowance("CreateSecurityGroup", 50.0, 5.0),
    allowance("AuthorizeSecurityGroupIngress", 50.0, 5.0),
    allowance("DeleteSecurityGroup", 50.0, 5.0),
    allowance("CreateSnapshot", 100.0, 5.0),
    allowance("DeleteSnapshot", 100.0, 5.0),
    allowance("CreateImage", 50.0, 5.0),
    allowance("DeregisterImage", 100.0, 5.0),
];

/// The buckets of [`EC2`] that a call draws one token from each.
#[must_use]
pub fn draws(call: Call) -> &'static [&'static str] {
    match call {
        Call::List => &["DescribeInstances"],
        Call::Start => &["StartInstances", "StartInstances (instances)"],
        Call::Stop => &["StopInstances", "StopInstances (instances)"],
        Call::Create(Kind::Machine) => &["RunInstances", "RunInstances (instances)"],
        Call::Delete(Kind::Machine) => &["TerminateInstances", "TerminateInstances (instances)"],
        Call::Create(Kind::Address) => &["AllocateAddress"],
        Call::Delete(Kind::Address) => &["ReleaseAddress"],
        Call::Create(Kind::Binding) => &["AssociateAddress"],
        Call::Delete(Kind::Binding) => &["DisassociateAddress"],
        Call::Create(Kind::Firewall) => &["CreateSecurityGroup", "AuthorizeSecurityGroupIngress"],
        Call::Delete(Kind::Firewall) => &["DeleteSecurityGroup"],
        Call::Create(Kind::Snapshot) => &["CreateSnapshot"],
        Call::Delete(Kind::Snapshot) => &["DeleteSnapshot"],
        Call::Create(Kind::Image) => &["CreateImage"],
        Call::Delete(Kind::Image) => &["DeregisterImage"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_draws_from_a_bucket_that_there_is() {
        for call in Call::all() {
            assert!(!draws(call).is_empty(), "{call:?}");
            for action in draws(call) {
                assert!(EC2.iter().any(|allowance| allowance.action == *action), "{action}");
            }
        }
    }
}
