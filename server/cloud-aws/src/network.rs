//! The network that machines are in: one subnet for each zone. Zones are asked for once; a zone's subnet never changes while the portal runs,
//! because a client token is known for one subnet only.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Filter;
use cloud::{CloudError, Fate};

use crate::AwsConfig;
use crate::account::Clients;
use crate::trouble::trouble;

/// A network and its subnets by zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) vpc: String,
    subnets: BTreeMap<String, String>,
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn wrong(said: String) -> CloudError {
    CloudError::new(Fate::Final, "bad_settings", said)
}

impl Network {
    /// The network of the settings, or the account's default one.
    pub(crate) async fn find(config: &AwsConfig, clients: &Clients) -> Result<Self, CloudError> {
        let vpc = match &config.vpc {
            Some(vpc) => vpc.clone(),
            None => default_vpc(clients).await?,
        };
        let all = clients.ec2.describe_subnets().filters(filter("vpc-id", &vpc)).send().await;
        let all = all.map_err(|error| trouble("ec2:DescribeSubnets", error))?;
        let mut subnets = BTreeMap::new();
        let mut known: Vec<_> =
            all.subnets().iter().filter_map(|subnet| Some((subnet.subnet_id()?, subnet.availability_zone()?))).collect();
        known.sort_unstable();
        for wanted in &config.subnets {
            if !known.iter().any(|(id, _)| id == wanted) {
                return Err(wrong(format!("subnets: {wanted} is not in {vpc}")));
            }
        }
        for (id, zone) in known {
            if config.subnets.is_empty() || config.subnets.iter().any(|wanted| wanted == id) {
                subnets.entry(zone.to_owned()).or_insert_with(|| id.to_owned());
            }
        }
        if subnets.is_empty() {
            return Err(wrong(format!("{vpc} has no subnet in {}", config.region)));
        }
        Ok(Self { vpc, subnets })
    }

    /// Where machines can be.
    pub(crate) fn zones(&self) -> Vec<String> {
        self.subnets.keys().cloned().collect()
    }

    /// A zone's subnet; without a zone, that of the first.
    pub(crate) fn subnet(&self, zone: Option<&str>) -> Result<&str, CloudError> {
        let subnet = match zone {
            Some(zone) => self.subnets.get(zone),
            None => self.subnets.values().next(),
        };
        subnet.map(String::as_str).ok_or_else(|| wrong(format!("there is no subnet in {}", zone.unwrap_or("any zone"))))
    }

    /// One for each zone.
    pub(crate) fn subnets(&self) -> Vec<String> {
        self.subnets.values().cloned().collect()
    }
}

async fn default_vpc(clients: &Clients) -> Result<String, CloudError> {
    let answer = clients.ec2.describe_vpcs().filters(filter("is-default", "true")).send().await;
    let answer = answer.map_err(|error| trouble("ec2:DescribeVpcs", error))?;
    let vpc = answer.vpcs().first().and_then(|vpc| vpc.vpc_id()).map(str::to_owned);
    vpc.ok_or_else(|| wrong("the account has no default network here: name one in the cloud's settings (vpc)".into()))
}
