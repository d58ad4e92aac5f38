//! What can go wrong between the caller and AWS: scripted for the nth request of an action. The simulator's words for the same things.
//!
//! The nth counts requests on the wire: a client that repeats by itself meets the next one.

use std::time::Duration;

use crate::answer::Refusal;
use crate::wire::{Protocol, Wire};

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It never arrives: nothing was done, and the caller cannot know. The connection closes.
    LoseRequest,
    /// It is done, and the caller cannot know. The connection closes.
    LoseAnswer,
    /// It is done at once, and the answer is late. Who stops waiting has lost it.
    DelayAnswer(Duration),
    /// Too many calls: nothing was done, and the caller knows.
    Throttle,
    /// AWS says no, in the shape of the service's protocol.
    Refuse {
        /// `InsufficientInstanceCapacity`.
        code: String,
        /// For people.
        message: String,
        /// The HTTP status.
        status: u16,
    },
}

impl Fault {
    /// AWS says no, with the status 400 as it mostly does.
    #[must_use]
    pub fn refuse(code: &str, message: &str) -> Self {
        Self::Refuse { code: code.to_owned(), message: message.to_owned(), status: 400 }
    }

    /// What EC2 says to who lacks a permission: `unauthorized("ec2:RunInstances")`.
    #[must_use]
    pub fn unauthorized(permission: &str) -> Self {
        Self::Refuse {
            code: "UnauthorizedOperation".to_owned(),
            message: format!("{YOU_ARE_NOT} {}", not_authorized(permission)),
            status: 403,
        }
    }

    /// The credentials are not valid.
    #[must_use]
    pub fn bad_credentials() -> Self {
        let message = "AWS was not able to validate the provided access credentials";
        Self::Refuse { code: "AuthFailure".to_owned(), message: message.to_owned(), status: 401 }
    }

    /// The zone is full. A 500 at AWS, so that a client which repeats by itself would repeat it.
    #[must_use]
    pub fn no_capacity() -> Self {
        let message = "We currently do not have sufficient capacity in the Availability Zone you requested. \
                       Our system will be working on provisioning additional capacity.";
        Self::Refuse { code: "InsufficientInstanceCapacity".to_owned(), message: message.to_owned(), status: 500 }
    }

    /// No Elastic IP is left in the account's quota.
    #[must_use]
    pub fn no_address_left() -> Self {
        Self::refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    }

    /// No vCPU is left in the account's quota.
    #[must_use]
    pub fn no_cpu_left() -> Self {
        let message = "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the \
                       specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an \
                       adjustment to this limit.";
        Self::refuse("VcpuLimitExceeded", message)
    }
}

/// How EC2 begins to say so.
pub(crate) const YOU_ARE_NOT: &str = "You are not authorized to perform this operation.";

/// How every service goes on.
pub(crate) fn not_authorized(permission: &str) -> String {
    format!(
        "User: arn:aws:iam::123456789012:user/koza is not authorized to perform: \
         {permission} on resource: * because no identity-based policy allows the {permission} action"
    )
}

/// How each service says that there were too many calls.
pub(crate) fn throttled(wire: &Wire) -> Refusal {
    match wire.protocol {
        Protocol::Ec2 => Refusal { code: "RequestLimitExceeded".to_owned(), message: "Request limit exceeded.".to_owned(), status: 503 },
        Protocol::Query | Protocol::RestXml => Refusal::new("Throttling", "Rate exceeded"),
        Protocol::Json | Protocol::Cbor => Refusal::new("ThrottlingException", "Rate exceeded"),
    }
}

/// Faults to come.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// None is any action. The number is how many requests of it are still to come before and with the one that meets the fault.
    entries: Vec<(Option<String>, u32, Fault)>,
    always: Vec<(String, Fault)>,
    is_silent: bool,
}

impl Script {
    pub(crate) fn add(&mut self, action: Option<&str>, nth: u32, fault: Fault) {
        self.entries.push((action.map(str::to_owned), nth.max(1), fault));
    }

    pub(crate) fn add_always(&mut self, action: &str, fault: Fault) {
        self.always.push((action.to_owned(), fault));
    }

    pub(crate) fn set_silent(&mut self, silent: bool) {
        self.is_silent = silent;
    }

    pub(crate) fn left(&self) -> usize {
        self.entries.len()
    }

    /// What happens to this request; every entry for its action comes one request closer.
    pub(crate) fn meets(&mut self, action: &str) -> Option<Fault> {
        if self.is_silent {
            return Some(Fault::LoseRequest);
        }
        for (of, left, _) in &mut self.entries {
            if of.as_deref().is_none_or(|of| of == action) {
                *left = left.saturating_sub(1);
            }
        }
        // Of two that are due at once the later waits for the next request of its action.
        if let Some(place) = self.entries.iter().position(|(of, left, _)| *left == 0 && of.as_deref().is_none_or(|of| of == action)) {
            return Some(self.entries.remove(place).2);
        }
        self.always.iter().find(|(of, _)| of == action).map(|(_, fault)| fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_the_nth_request_of_its_action_once() {
        let mut script = Script::default();
        script.add(Some("RunInstances"), 2, Fault::Throttle);
        script.add(None, 3, Fault::LoseRequest);
        assert_eq!(script.meets("RunInstances"), None);
        assert_eq!(script.meets("RunInstances"), Some(Fault::Throttle));
        assert_eq!(script.meets("DescribeInstances"), Some(Fault::LoseRequest));
        assert_eq!(script.meets("RunInstances"), None);
        assert_eq!(script.left(), 0);
    }

    #[test]
    fn silence_takes_everything_and_uses_nothing_up() {
        let mut script = Script::default();
        script.add(Some("A"), 1, Fault::LoseAnswer);
        script.set_silent(true);
        assert_eq!(script.meets("A"), Some(Fault::LoseRequest));
        script.set_silent(false);
        assert_eq!(script.meets("A"), Some(Fault::LoseAnswer));
    }
}
