//! What AWS refuses, what becomes of it, and our word for it: one table for all services.

use std::error::Error;
use std::fmt::Debug;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use cloud::{CloudError, Fate};

use crate::permissions;

/// AWS's codes, what becomes of them, and our word. Sources: "Error codes for the Amazon EC2 API", Elastic Load Balancing's and Route 53's
/// "Common errors", karpenter's list of capacity errors (facts read 2026-11).
const READINGS: &[(&[&str], Fate, &str)] = &[
    (
        &[
            "RequestLimitExceeded",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequestsException",
            "SlowDown",
            "LimitExceededException",
            "SnapshotCreationPerVolumeRateExceeded",
        ],
        Fate::Throttled,
        "throttled",
    ),
    // Route 53 takes one change of a zone at a time.
    (&["PriorRequestNotComplete"], Fate::InUse, "another_change_is_under_way"),
    (
        &[
            "InsufficientInstanceCapacity",
            "InsufficientHostCapacity",
            "InsufficientCapacity",
            "InsufficientCapacityOnHost",
            "InsufficientReservedInstanceCapacity",
            "InsufficientFreeAddressesInSubnet",
            "InsufficientAddressCapacity",
            "InsufficientVolumeCapacity",
            "MaxSpotInstanceCountExceeded",
            // This type is not offered in this zone.
            "Unsupported",
        ],
        Fate::NoCapacity,
        "no_capacity",
    ),
    (&["AddressLimitExceeded"], Fate::OverQuota, "no_free_address"),
    (
        &[
            "VcpuLimitExceeded",
            "InstanceLimitExceeded",
            "InstanceCreditSpecification.Limit",
            "SecurityGroupLimitExceeded",
            "SecurityGroupsPerInstanceLimitExceeded",
            "RulesPerSecurityGroupLimitExceeded",
            "VolumeLimitExceeded",
            "MaxIOPSLimitExceeded",
            "SnapshotLimitExceeded",
            "PendingSnapshotLimitExceeded",
            "ConcurrentSnapshotLimitExceeded",
            "ResourceLimitExceeded",
            "TagLimitExceeded",
            "PrivateIpAddressLimitExceeded",
            "NetworkInterfaceLimitExceeded",
            "TooManyLoadBalancers",
            "TooManyTargetGroups",
            "TooManyTargets",
            "TooManyListeners",
            "TooManyRegistrationsForTargetId",
            "TooManyUniqueTargetGroupsPerLoadBalancer",
        ],
        Fate::OverQuota,
        "over_quota",
    ),
    (
        &[
            "InvalidInstanceID.NotFound",
            "InvalidAllocationID.NotFound",
            "InvalidGroup.NotFound",
            "InvalidSecurityGroupID.NotFound",
            "InvalidKeyPair.NotFound",
            "InvalidVolume.NotFound",
            "InvalidSnapshot.NotFound",
            "InvalidAMIID.NotFound",
            "InvalidNetworkInterfaceID.NotFound",
            "LoadBalancerNotFound",
            "TargetGroupNotFound",
            "ListenerNotFound",
            "InvalidTarget",
        ],
        Fate::NotVisibleYet,
        "not_found",
    ),
    (
        &[
            "DependencyViolation",
            "InvalidIPAddress.InUse",
            "Resource.AlreadyAssociated",
            "InvalidGroup.InUse",
            "InvalidSnapshot.InUse",
            "VolumeInUse",
            "ResourceInUse",
            "IncorrectState",
            "IncorrectInstanceState",
            "InvalidState",
            "InvalidInstanceID",
            "OperationInProgress",
        ],
        Fate::InUse,
        "in_use",
    ),
    (
        &["InternalError", "InternalFailure", "ServiceUnavailable", "ServiceUnavailableException", "Unavailable", "ServerInternal"],
        Fate::TryAgain,
        "unreachable",
    ),
    (&["IdempotentParameterMismatch"], Fate::Final, "intent_mismatch"),
    (&["ExpiredToken", "ExpiredTokenException", "RequestExpired", "RequestTimeTooSkewed"], Fate::Final, "expired_credentials"),
    (
        &["AuthFailure", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException", "IncompleteSignature"],
        Fate::Final,
        "bad_credentials",
    ),
    (
        &["UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation", "OperationNotPermitted"],
        Fate::Final,
        "not_allowed",
    ),
    (&["OptInRequired", "SubscriptionRequiredException"], Fate::Final, "region_not_enabled"),
    (&["PendingVerification"], Fate::NoCapacity, "account_is_being_verified"),
];

/// A call that failed. `action` is what a policy calls it: `ec2:RunInstances`.
pub(crate) fn trouble<E>(action: &'static str, error: SdkError<E, HttpResponse>) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let Some(service) = error.as_service_error() else { return unanswered(action, error) };
    let code = service.code().unwrap_or("without a code").to_owned();
    let message = service.message().unwrap_or_default().to_owned();
    let reading = READINGS.iter().find(|(codes, ..)| codes.contains(&code.as_str()));
    let (fate, word) = match reading {
        Some((_, fate, word)) => (*fate, *word),
        // Its own fault, whatever it calls it: nobody knows what became of the call.
        None if error.raw_response().is_some_and(|answer| answer.status().is_server_error()) => (Fate::TryAgain, "unreachable"),
        None => (Fate::Final, "refused"),
    };
    let said = match word {
        "not_allowed" => format!("{} AWS said: {message}", permissions::missing(action)),
        "expired_credentials" => {
            format!("{action}: the credentials have expired ({code}); renew those that the SDK's usual chain finds. AWS said: {message}")
        }
        "bad_credentials" => format!("{action}: AWS does not know these credentials ({code}: {message})"),
        _ => format!("{action}: {code}: {message}"),
    };
    let numbers = if word == "no_free_address" { limit(&message) } else { None };
    let said = CloudError::new(fate, word, said).caused_by(error);
    match numbers {
        Some(limit) => said.with_numbers(limit, limit),
        None => said,
    }
}

/// No answer, or none that can be read.
fn unanswered<E, R>(action: &'static str, error: SdkError<E, R>) -> CloudError
where
    E: Error + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    let causes = causes(&error);
    let said = format!("{action}: {causes}");
    let (fate, word) = match &error {
        SdkError::ConstructionFailure(_) => (Fate::Final, "bad_order"),
        SdkError::TimeoutError(_) => (Fate::TryAgain, "no_answer_in_time"),
        // The SDK says so in words only, on the way to the request.
        SdkError::DispatchFailure(_) if causes.contains("credentials") || causes.contains("identity") => (Fate::Final, "no_credentials"),
        SdkError::DispatchFailure(_) => (Fate::TryAgain, "unreachable"),
        _ => (Fate::TryAgain, "unreadable_answer"),
    };
    CloudError::new(fate, word, said).caused_by(error)
}

/// An error with everything that caused it, in one line.
fn causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        line = format!("{line}: {inner}");
        cause = inner.source();
    }
    line
}

/// AWS's own code of a refusal.
pub(crate) fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> &str {
    error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default()
}

/// Whether the refusal only says that there is no such thing.
pub(crate) fn is_missing<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    let code = code(error);
    code.ends_with(".NotFound") || code.ends_with("NotFound") || code.ends_with(".Unavailable") || code.ends_with("NotFoundException")
}

/// The number that an allowance has, where the sentence names one: "… maximum limit of 5 addresses …".
fn limit(message: &str) -> Option<u32> {
    message.split(|letter: char| !letter.is_ascii_digit()).find(|digits| !digits.is_empty())?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_once() {
        let mut codes: Vec<&str> = READINGS.iter().flat_map(|(codes, ..)| codes.iter().copied()).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn a_limit_is_found_in_its_sentence() {
        assert_eq!(limit("The maximum number of addresses has been reached."), None);
        assert_eq!(limit("Too many addresses: 5 of 5"), Some(5));
    }
}
