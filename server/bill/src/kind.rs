//! What is billed, by the usage type.
//!
//! A usage type is a region's code and what was used: `APN1-BoxUsage:t3.micro`. In us-east-1 the code may be missing.
//! Sources: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-billing-usage-reports.html>,
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-billing-usage-reports.html>.

/// What Koza records, one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A machine that runs, in hours. `BoxUsage`, `SpotUsage`, `DedicatedUsage`.
    Machine,
    /// A disk that exists, in GiB-months. Its size only: bought IOPS and throughput are not recorded.
    Disk,
    /// A public address, in hours, in use or not.
    Address,
    /// A balancer that exists, in hours.
    Balancer,
    /// What a balancer carries, in hours of capacity units (LCU).
    BalancerCapacity,
    /// A snapshot, in GiB-months.
    Snapshot,
}

impl Kind {
    /// What a usage type is of. None: of nothing that Koza records.
    pub(crate) fn of(usage_type: &str) -> Option<Self> {
        let used = without_region(usage_type);
        let (group, rest) = used.split_once(':').unwrap_or((used, ""));
        match (group, rest.split('.').next().unwrap_or_default()) {
            ("BoxUsage" | "SpotUsage" | "DedicatedUsage", _) => Some(Self::Machine),
            ("EBS", "VolumeUsage") => Some(Self::Disk),
            ("EBS", "SnapshotUsage" | "SnapshotUsageUnderBilling" | "SnapshotArchiveStorage") => Some(Self::Snapshot),
            // `ElasticIP:IdleAddress` counts the same hours once more, at no cost since 2024.
            ("PublicIPv4", "InUseAddress" | "IdleAddress") => Some(Self::Address),
            ("LoadBalancerUsage", "") => Some(Self::Balancer),
            ("LCUUsage", "") => Some(Self::BalancerCapacity),
            _ => None,
        }
    }
}

/// Whether it is data that went somewhere: `DataTransfer-Out-Bytes`, `APN1-USE1-AWS-Out-Bytes`, `NatGateway-Bytes`.
pub(crate) fn is_transfer(usage_type: &str) -> bool {
    usage_type.contains("DataTransfer") || usage_type.ends_with("-Bytes")
}

/// `APN1-`, `USE1-`, `EU-`: two to four letters and a digit or two; Ireland has no digit.
fn without_region(usage_type: &str) -> &str {
    let Some((code, rest)) = usage_type.split_once('-') else { return usage_type };
    let letters = code.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let is_code = (2..=4).contains(&letters.len())
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && (code == "EU" || (1..=2).contains(&(code.len() - letters.len())));
    if is_code { rest } else { usage_type }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_billed_is_recognised_in_every_region() {
        for (used, kind) in [
            ("BoxUsage:t3.micro", Some(Kind::Machine)),
            ("SpotUsage:c7g.large", Some(Kind::Machine)),
            ("EBS:VolumeUsage.gp3", Some(Kind::Disk)),
            ("EBS:VolumeUsage", Some(Kind::Disk)),
            ("EBS:SnapshotUsage", Some(Kind::Snapshot)),
            ("PublicIPv4:InUseAddress", Some(Kind::Address)),
            ("PublicIPv4:IdleAddress", Some(Kind::Address)),
            ("LoadBalancerUsage", Some(Kind::Balancer)),
            ("LCUUsage", Some(Kind::BalancerCapacity)),
            ("EBS:VolumeP-IOPS.gp3", None),
            ("EBS:VolumeP-Throughput.gp3", None),
            ("ElasticIP:IdleAddress", None),
            ("CPUCredits:t3", None),
            ("TS-LoadBalancerUsage", None),
            ("DataTransfer-Out-Bytes", None),
            ("", None),
        ] {
            for region in ["", "APN1-", "USE1-", "EU-", "EUC1-", "LAX1-", "UGW1-"] {
                assert_eq!(Kind::of(&format!("{region}{used}")), kind, "{region}{used}");
            }
        }
    }

    #[test]
    fn bytes_that_went_somewhere_are_data_transfer_and_bytes_that_stay_are_not() {
        assert!(is_transfer("APN1-DataTransfer-Out-Bytes") && is_transfer("APN1-APN2-AWS-In-Bytes") && is_transfer("NatGateway-Bytes"));
        assert!(!is_transfer("APN1-TimedStorage-ByteHrs") && !is_transfer("APN1-EBS:SnapshotUsage"));
    }
}
