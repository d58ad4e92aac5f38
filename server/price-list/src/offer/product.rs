//! Which product of an offer is which item. Everything that costs something else beside it in the same file is told apart here.
//!
//! | item | product family | and |
//! |---|---|---|
//! | `machine/<type>` | Compute Instance | Linux, shared, nothing pre-installed, no licence, in use, on demand |
//! | `disk/<type>` | Storage | `EBS:VolumeUsage.<type>`; neither operations nor throughput |
//! | `snapshot` | Storage Snapshot | `EBS:SnapshotUsage`; neither archive nor `EBS:SnapshotUsageUnderBilling` |
//! | `balancer` | Load Balancer-Application | `LoadBalancerUsage`; neither Outposts nor trust stores (`TS`) |
//! | `balancer-capacity` | Load Balancer-Application, or none | `LCUUsage`; neither Outposts nor reserved |
//! | `address` | none | `PublicIPv4:InUseAddress`; not one of a contiguous block |
//!
//! Usage types begin with the region in AWS's own spelling, `APN1-LCUUsage`, except for some of N. Virginia. Products of local zones,
//! wavelength zones and outposts are in the same files and are nobody's item.

use serde::Deserialize;

use super::{EC2, ELB, VPC};

/// An address that nothing uses: no item, but it must cost what one in use does.
pub(super) const IDLE: &str = "address, idle";

/// A product, as far as it matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    product_family: Option<String>,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Attributes {
    location_type: Option<String>,
    region_code: Option<String>,
    usagetype: Option<String>,
    operation: Option<String>,
    instance_type: Option<String>,
    tenancy: Option<String>,
    operating_system: Option<String>,
    pre_installed_sw: Option<String>,
    license_model: Option<String>,
    capacitystatus: Option<String>,
    marketoption: Option<String>,
    volume_api_name: Option<String>,
}

fn is(attribute: &Option<String>, value: &str) -> bool {
    attribute.as_deref() == Some(value)
}

/// Files of some years, and of some offers, do not have all attributes.
fn may_be(attribute: &Option<String>, value: &str) -> bool {
    attribute.as_deref().is_none_or(|said| said.is_empty() || said == value)
}

impl Product {
    /// Which item of an offer it is in a region.
    pub(super) fn item(&self, offer: &str, region: &str) -> Option<String> {
        let attributes = &self.attributes;
        if !may_be(&attributes.location_type, "AWS Region") || !may_be(&attributes.region_code, region) {
            return None;
        }
        let usage = without_region(attributes.usagetype.as_deref()?);
        let family = self.product_family.as_deref().unwrap_or_default();
        match (offer, family, usage) {
            (EC2, "Compute Instance", _) if attributes.is_plain_machine() => {
                let name = attributes.instance_type.as_deref()?;
                (usage.strip_prefix("BoxUsage:") == Some(name)).then(|| format!("machine/{name}"))
            }
            (EC2, "Storage", _) => {
                let name = attributes.volume_api_name.as_deref()?;
                (usage.strip_prefix("EBS:VolumeUsage.") == Some(name)).then(|| format!("disk/{name}"))
            }
            (EC2, "Storage Snapshot", "EBS:SnapshotUsage") => Some("snapshot".into()),
            (ELB, "Load Balancer-Application", "LoadBalancerUsage") if attributes.is_application() => Some("balancer".into()),
            (ELB, "Load Balancer-Application" | "", "LCUUsage") if attributes.is_application() => Some("balancer-capacity".into()),
            (VPC, _, "PublicIPv4:InUseAddress") => Some("address".into()),
            (VPC, _, "PublicIPv4:IdleAddress") => Some(IDLE.into()),
            _ => None,
        }
    }
}

impl Attributes {
    fn is_plain_machine(&self) -> bool {
        is(&self.operating_system, "Linux")
            && is(&self.tenancy, "Shared")
            && is(&self.pre_installed_sw, "NA")
            && is(&self.license_model, "No License required")
            && is(&self.capacitystatus, "Used")
            && may_be(&self.marketoption, "OnDemand")
            && may_be(&self.operation, "RunInstances")
    }

    /// The same usage types are those of other balancers with other families, and of none where AWS left the family out.
    fn is_application(&self) -> bool {
        is(&self.operation, "LoadBalancing:Application")
    }
}

/// A usage type without the region before it: `EU-`, or three letters and a number, `APN1-`. Other words before a hyphen, as in
/// `Outposts-LCUUsage`, say that it is something else.
fn without_region(usagetype: &str) -> &str {
    let Some((first, rest)) = usagetype.split_once('-') else { return usagetype };
    let (letters, number) = first.split_at(first.len().min(first.find(|c: char| c.is_ascii_digit()).unwrap_or(first.len())));
    let is_numbered = letters.len() == 3 && letters.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_region = first == "EU" || (is_numbered && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
    if is_region { rest } else { usagetype }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_region_is_taken_off_a_usage_type() {
        for usagetype in ["LCUUsage", "APN1-LCUUsage", "EU-LCUUsage", "EUW2-LCUUsage", "UGW1-LCUUsage", "APS10-LCUUsage"] {
            assert_eq!(without_region(usagetype), "LCUUsage");
        }
        for usagetype in
            ["TS-LCUUsage", "Outposts-LCUUsage", "USE1WL1BWAS1-LCUUsage", "-LCUUsage", "APN-LCUUsage", "日本1-LCUUsage", "ReservedLCUUsage"]
        {
            assert_eq!(without_region(usagetype), usagetype);
        }
        assert_eq!(without_region("EUW2-TS-LoadBalancerUsage"), "TS-LoadBalancerUsage");
    }
}
