//! Firewalls: security groups. What a group lets in is compared with the order, and only the difference is changed, so that nobody who is
//! connected is cut off by a change that does not concern them.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, IpPermission, IpRange, ResourceType, SecurityGroup, UserIdGroupPair};
use cloud::order::PortRange;
use cloud::{CloudError, Deletion, Fate, Intent, Observed, Opening, Seen};

use crate::AwsCloud;
use crate::balancer::unreadable;
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
        let (group, rules) = match answer {
            Ok(answer) => (answer.group_id.ok_or_else(|| unreadable("CreateSecurityGroup"))?, Vec::new()),
            Err(error) if code(&error) == "InvalidGroup.Duplicate" => self.own_group(intent).await?,
            Err(error) => return Err(trouble("ec2:CreateSecurityGroup", error)),
        };
        let is_open = openings(&group, &rules);
        self.let_in(&group, &difference(tcp, &is_open)).await?;
        let known: Vec<Opening> = is_open.into_iter().filter(|opening| opening.ports != STRANGE).collect();
        let surplus = difference(&known, tcp);
        let ordered_before = surplus.iter().map(|opening| permission(&group, opening));
        let surplus = ordered_before.chain(rules.iter().filter_map(|rule| strange_part(&group, rule))).collect();
        self.shut_out(&group, surplus).await?;
        Ok(made(intent, group, Observed::Firewall { tcp: tcp.to_vec() }, None))
    }

    /// The group that this intent made, and its rules.
    async fn own_group(&self, intent: &Intent) -> Result<(String, Vec<IpPermission>), CloudError> {
        let filters = [("group-name", intent.name()), ("vpc-id", self.network.vpc.clone())];
        let filters = filters.map(|(name, value)| Filter::builder().name(name).values(value).build());
        let known = self.groups(filters.to_vec()).await?;
        if known.is_empty() {
            return Err(CloudError::new(Fate::NotVisibleYet, "not_found", format!("{} is there, and not listed yet", intent.name())));
        }
        let own = known.into_iter().find(|group| Label::of(group.tags()).is_some_and(|label| label.is_by(intent)));
        let named = own.and_then(|group| Some((group.group_id()?.to_owned(), group.ip_permissions().to_vec())));
        named.ok_or_else(|| CloudError::new(Fate::Final, "name_taken", format!("security group {} is somebody else's", intent.name())))
    }

    async fn let_in(&self, group: &str, openings: &[Opening]) -> Result<(), CloudError> {
        let mut together = vec![openings.to_vec()];
        while let Some(openings) = together.pop().filter(|openings| !openings.is_empty()) {
            let rules = openings.iter().map(|opening| permission(group, opening)).collect();
            match self.clients.ec2.authorize_security_group_ingress().group_id(group).set_ip_permissions(Some(rules)).send().await {
                // One that is there spoils the call for the others.
                Err(error) if code(&error) == "InvalidPermission.Duplicate" && openings.len() > 1 => {
                    together.extend(openings.into_iter().map(|opening| vec![opening]));
                }
                Err(error) if code(&error) != "InvalidPermission.Duplicate" => {
                    return Err(trouble("ec2:AuthorizeSecurityGroupIngress", error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) async fn shut_out(&self, group: &str, rules: Vec<IpPermission>) -> Result<(), CloudError> {
        if rules.is_empty() {
            return Ok(());
        }
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

fn permission(group: &str, opening: &Opening) -> IpPermission {
    let (own, networks): (Vec<&str>, Vec<&str>) =
        pairs(std::slice::from_ref(opening)).map(|(_, source)| source).partition(|source| *source == Opening::OWN);
    let ranges: Vec<_> = networks.into_iter().map(|source| IpRange::builder().cidr_ip(source).build()).collect();
    let groups: Vec<_> = own.into_iter().map(|_| UserIdGroupPair::builder().group_id(group).build()).collect();
    IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(i32::from(opening.ports.from))
        .to_port(i32::from(opening.ports.to))
        .set_ip_ranges(Some(ranges).filter(|ranges| !ranges.is_empty()))
        .set_user_id_group_pairs(Some(groups).filter(|groups| !groups.is_empty()))
        .build()
}

/// How a rule that no order of ours writes is shown: as a port that there is not.
const STRANGE: PortRange = PortRange { from: 0, to: 0 };

fn ports_of(rule: &IpPermission) -> Option<PortRange> {
    let port = |number: Option<i32>| number.and_then(|number| u16::try_from(number).ok());
    let (from, to) = port(rule.from_port()).zip(port(rule.to_port()))?;
    (rule.ip_protocol() == Some("tcp")).then_some(PortRange { from, to })
}

/// What of a rule no order of ours writes, as it has to be named to be taken away.
fn strange_part(group: &str, rule: &IpPermission) -> Option<IpPermission> {
    if ports_of(rule).is_none() {
        return Some(rule.clone());
    }
    let foreign: Vec<_> = rule.user_id_group_pairs().iter().filter(|pair| pair.group_id() != Some(group)).cloned().collect();
    let is_ours = rule.ipv6_ranges().is_empty() && rule.prefix_list_ids().is_empty() && foreign.is_empty();
    let mut strange = rule.clone();
    (strange.ip_ranges, strange.user_id_group_pairs) = (None, Some(foreign));
    (!is_ours).then_some(strange)
}

/// What a group lets in, as orders write it.
fn openings(group: &str, rules: &[IpPermission]) -> Vec<Opening> {
    let read = |rule: &IpPermission| -> Vec<(PortRange, String)> {
        let networks = rule.ip_ranges().iter().filter_map(IpRange::cidr_ip);
        let own = rule.user_id_group_pairs().iter().filter(|pair| pair.group_id() == Some(group)).map(|_| Opening::OWN);
        let sources: Vec<_> = networks.chain(own).collect();
        let known = ports_of(rule).into_iter().flat_map(|ports| sources.iter().map(move |source| (ports, (*source).to_owned())));
        known.chain(strange_part(group, rule).map(|_| (STRANGE, String::new()))).collect()
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
    let id = group.group_id()?;
    let observed = Observed::Firewall { tcp: openings(id, group.ip_permissions()) };
    Some(Label::of(group.tags())?.seen(id, observed, None))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::Ipv6Range;

    use super::*;

    const GROUP: &str = "sg-1";

    fn opening(from: u16, to: u16, sources: &[&str]) -> Opening {
        Opening { ports: PortRange { from, to }, sources: sources.iter().map(|source| (*source).to_owned()).collect() }
    }

    #[test]
    fn a_group_reads_as_it_was_ordered() {
        let ordered = [
            opening(22, 22, &["192.0.2.0/24", "198.51.100.0/24"]),
            opening(80, 80, &[]),
            opening(7351, 7353, &[Opening::OWN]),
            opening(60000, 60010, &[]),
        ];
        let rules: Vec<_> = ordered.iter().map(|opening| permission(GROUP, opening)).collect();
        assert_eq!(openings(GROUP, &rules), ordered);
        assert_ne!(openings("sg-other", &rules), ordered, "another group's machines are strangers");
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
        assert_ne!(openings(GROUP, &[all]), []);
    }

    #[test]
    fn of_a_rule_that_is_ours_in_part_only_the_other_part_is_taken_away() {
        let ours = permission(GROUP, &opening(80, 80, &[]));
        let mut both = ours;
        both.ipv6_ranges = Some(vec![Ipv6Range::builder().cidr_ipv6("::/0").build()]);
        assert_eq!(openings(GROUP, std::slice::from_ref(&both)), [opening(0, 0, &[""]), opening(80, 80, &[])]);
        let strange = strange_part(GROUP, &both).expect("what nobody ordered");
        assert_eq!((strange.ip_ranges().len(), strange.ipv6_ranges().len(), strange.from_port()), (0, 1, Some(80)));
    }
}
