//! What the caller may do: everything, but what a test denies. A denied action is refused as EC2 refuses it, and the policy simulator says
//! so too (moto has no simulator).

use std::collections::BTreeSet;

use crate::answer::{Answer, REQUEST_ID, Refusal};
use crate::aws::Aws;
use crate::faults::{YOU_ARE_NOT, not_authorized};
use crate::wire::{Protocol, Wire};
use crate::xml::escaped;

/// Denied permissions: `ec2:RunInstances`.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    pub(crate) denied: BTreeSet<String>,
}

/// What IAM calls the service; mostly what the signature does.
fn permission(wire: &Wire) -> String {
    let service = if wire.service == "monitoring" { "cloudwatch" } else { &wire.service };
    format!("{service}:{}", wire.action)
}

impl Aws {
    pub(crate) fn denied(&self, wire: &Wire) -> Option<Refusal> {
        let permission = permission(wire);
        if !self.world().permissions.denied.contains(&permission) {
            return None;
        }
        let message = not_authorized(&permission);
        let (code, status, message) = match wire.protocol {
            Protocol::Ec2 => ("UnauthorizedOperation", 403, format!("{YOU_ARE_NOT} {message}")),
            Protocol::Query | Protocol::RestXml => ("AccessDenied", 403, message),
            Protocol::Json | Protocol::Cbor => ("AccessDeniedException", 400, message),
        };
        Some(Refusal { code: code.to_owned(), message, status })
    }

    /// SimulatePrincipalPolicy, of whomever it asks about.
    pub(crate) fn simulated(&self, wire: &Wire) -> Answer {
        let world = self.world();
        let asked = wire.form.list("ActionNames.member").into_iter();
        let results: String = asked
            .map(|action| {
                let decision = if world.permissions.denied.contains(action) { "implicitDeny" } else { "allowed" };
                let action = escaped(action);
                format!(
                    "<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision>\
                     <EvalResourceName>*</EvalResourceName></member>"
                )
            })
            .collect();
        let text = format!(
            "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><SimulatePrincipalPolicyResult>\
             <IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults></SimulatePrincipalPolicyResult>\
             <ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>"
        );
        Answer::of_text("text/xml", text)
    }
}
