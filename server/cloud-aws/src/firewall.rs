//! Firewalls: security groups. What a group lets in is compared with the order, and only the difference is changed, so that nobody who is
//! connected is cut off by a change that does not concern them.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, IpPermission, IpRange, ResourceType, SecurityGroup};
use cloud::order::PortRange;
use cloud::{CloudError, Deletion, Fate, Intent, Observed, Opening, Seen};

use crate::AwsCloud;
use crate::labels::{Label, made, of};
use crate::trouble::{code, is_missing, trouble};

/// What an opening without sources is in a group.
const EVERYWHERE: &str = "0.0.0.0/0";

impl AwsCloud {
    pub(crate) async fn create_firewall(&self, intent: &Intent, tcp: &[Opening]) -> Result<Seen, CloudError> {
        let answer = self
            .clients
            .ec2
            .create_security_group()
            .group_name(intent.name())
            .description("Made by Koza.")
            .vpc_id(&self.network.vpc)
            .tag_specifications(of(intent, ResourceType::SecurityGroup))
            .send()
            .await;
        let (group, is_open) = match answer {
            Ok(answer) => (answer.group_id.unwrap_or_default(), Vec::new()),
            Err(error) if code(&error) == "InvalidGroup.Duplicate" => self.own_group(intent).await?,
            Err(error) => return Err(trouble("ec2:CreateSecurityGroup", error)),
        };
        self.let_in(&group, &difference(tcp, &is_open)).await?;
        self.shut_out(&group, &difference(&is_open, tcp)).await?;
        Ok(made(intent, group, Observed::Firewall { tcp: tcp.to_vec() }, None))
    }

    /// The group that this intent made, and what it lets in.
    async fn own_group(&self, intent: &Intent) -> Result<(String, Vec<Opening>), CloudError> {
        let filters = [("group-name", intent.name()), ("vpc-id", self.network.vpc.clone())];
        let filters = filters.map(|(name, value)| Filter::builder().name(name).values(value).build());
        let known = self.groups(filters.to_vec()).await?;
        let own = known.into_iter().find(|group| Label::of(group.tags()).is_some_and(|label| label.is_by(intent)));
        let named = own.and_then(|group| Some((group.group_id()?.to_owned(), openings(group.ip_permissions()))));
        named.ok_or_else(|| CloudError::new(Fate::Final, "name_taken", format!("security group {} is somebody else's", intent.name())))
    }

    async fn let_in(&self, group: &str, openings: &[Opening]) -> Result<(), CloudError> {
        if openings.is_empty() {
            return Ok(());
        }
        let rules = openings.iter().map(permission).collect();
        match self.clients.ec2.authorize_security_group_ingress().group_id(group).set_ip_permissions(Some(rules)).send().await {
            Err(error) if code(&error) != "InvalidPermission.Duplicate" => Err(trouble("ec2:AuthorizeSecurityGroupIngress", error)),
            _ => Ok(()),
        }
    }

    async fn shut_out(&self, group: &str, openings: &[Opening]) -> Result<(), CloudError> {
        if openings.is_empty() {
            return Ok(());
        }
        let rules = openings.iter().map(permission).collect();
        match self.clients.ec2.revoke_security_group_ingress().group_id(group).set_ip_permissions(Some(rules)).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("ec2:RevokeSecurityGroupIngress", error)),
            _ => Ok(()),
        }
    }

    pub(crate) async fn delete_firewall(&self, group: &str) -> Result<Deletion, CloudError> {
        match self.clients.ec2.delete_security_group().group_id(group).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("ec2:DeleteSecurityGroup", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    pub(crate) async fn groups(&self, filters: Vec<Filter>) -> Result<Vec<SecurityGroup>, CloudError> {
        let mut pages = self.clients.ec2.describe_security_groups().set_filters(Some(filters)).max_results(1000).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            all.extend(page.map_err(|error| trouble("ec2:DescribeSecurityGroups", error))?.security_groups.unwrap_or_default());
        }
        Ok(all)
    }
}

/// Each port range with each source, one by one: what groups are compared by.
fn pairs(openings: &[Opening]) -> impl Iterator<Item = (PortRange, &str)> {
    openings.iter().flat_map(|opening| {
        let everywhere = opening.sources.is_empty().then_some(EVERYWHERE);
        opening.sources.iter().map(String::as_str).chain(everywhere).map(|source| (opening.ports, source))
    })
}

fn gathered<'a>(pairs: impl Iterator<Item = (PortRange, &'a str)>) -> Vec<Opening> {
    let mut by_ports: BTreeMap<PortRange, Vec<String>> = BTreeMap::new();
    for (ports, source) in pairs {
        by_ports.entry(ports).or_default().push(source.to_owned());
    }
    let opening = |(ports, mut sources): (PortRange, Vec<String>)| {
        sources.sort_unstable();
        sources.dedup();
        Opening { ports, sources }
    };
    by_ports.into_iter().map(opening).collect()
}

/// What is in the first and not in the second, with its sources named.
fn difference(these: &[Opening], those: &[Opening]) -> Vec<Opening> {
    let known: Vec<_> = pairs(those).collect();
    gathered(pairs(these).filter(|pair| !known.contains(pair)))
}

fn permission(opening: &Opening) -> IpPermission {
    let ranges = pairs(std::slice::from_ref(opening)).map(|(_, source)| IpRange::builder().cidr_ip(source).build()).collect();
    IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(i32::from(opening.ports.from))
        .to_port(i32::from(opening.ports.to))
        .set_ip_ranges(Some(ranges))
        .build()
}

/// What a group lets in, as orders write it. A rule that no order of ours writes reads as a port that there is not.
fn openings(rules: &[IpPermission]) -> Vec<Opening> {
    let strange = (PortRange { from: 0, to: 0 }, "");
    let read = |rule: &IpPermission| -> Vec<(PortRange, String)> {
        let port = |number: Option<i32>| number.and_then(|number| u16::try_from(number).ok());
        let ports = port(rule.from_port()).zip(port(rule.to_port())).map(|(from, to)| PortRange { from, to });
        let only_ranges = rule.ipv6_ranges().is_empty() && rule.prefix_list_ids().is_empty() && rule.user_id_group_pairs().is_empty();
        match ports.filter(|_| rule.ip_protocol() == Some("tcp") && only_ranges) {
            Some(ports) => rule.ip_ranges().iter().filter_map(|range| Some((ports, range.cidr_ip()?.to_owned()))).collect(),
            None => vec![(strange.0, strange.1.to_owned())],
        }
    };
    let all: Vec<_> = rules.iter().flat_map(read).collect();
    let mut openings = gathered(all.iter().map(|(ports, source)| (*ports, source.as_str())));
    for opening in &mut openings {
        if opening.sources.iter().any(|source| source == EVERYWHERE) && opening.sources.len() == 1 {
            opening.sources.clear();
        }
    }
    openings
}

/// As the loop sees it.
pub(crate) fn listed(group: &SecurityGroup) -> Option<Seen> {
    let observed = Observed::Firewall { tcp: openings(group.ip_permissions()) };
    Some(Label::of(group.tags())?.seen(group.group_id()?, observed, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(from: u16, to: u16, sources: &[&str]) -> Opening {
        Opening { ports: PortRange { from, to }, sources: sources.iter().map(|source| (*source).to_owned()).collect() }
    }

    #[test]
    fn a_group_reads_as_it_was_ordered() {
        let ordered = [opening(22, 22, &["192.0.2.0/24", "198.51.100.0/24"]), opening(80, 80, &[]), opening(60000, 60010, &[])];
        let rules: Vec<_> = ordered.iter().map(permission).collect();
        assert_eq!(openings(&rules), ordered);
    }

    #[test]
    fn only_what_differs_is_changed() {
        let ordered = [opening(22, 22, &["192.0.2.0/24"]), opening(80, 80, &[])];
        let is_open = [opening(22, 22, &[]), opening(80, 80, &[]), opening(3306, 3306, &[])];
        assert_eq!(difference(&ordered, &is_open), [opening(22, 22, &["192.0.2.0/24"])]);
        assert_eq!(difference(&is_open, &ordered), [opening(22, 22, &[EVERYWHERE]), opening(3306, 3306, &[EVERYWHERE])]);
        assert_eq!(difference(&ordered, &ordered), []);
    }

    #[test]
    fn a_rule_that_nobody_ordered_is_seen() {
        let all = IpPermission::builder().ip_protocol("-1").ip_ranges(IpRange::builder().cidr_ip(EVERYWHERE).build()).build();
        assert_ne!(openings(&[all]), []);
    }
}
