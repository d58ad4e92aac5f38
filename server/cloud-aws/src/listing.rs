//! Listing what is ours. A look at one environment is a look at the installation, shared with whoever looks at the same moment.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_ec2::types::{Filter, Instance, InstanceStateName};
use cloud::{CloudError, EnvironmentTag, Kind, Seen, Shared};
use futures::future::try_join_all;

use crate::labels::{INSTALLATION, Label, filter};
use crate::trouble::trouble;
use crate::{AwsCloud, address, balancer, firewall, image, key, machine, snapshot, target_group, volume};

/// Lists that others may share.
#[derive(Debug)]
pub(crate) struct Looks {
    machines: Shared<Vec<Seen>>,
    /// Those that were launched together, with their parts.
    pub(crate) launched: Shared<Vec<Instance>>,
    disks: Shared<Vec<Seen>>,
    addresses: Shared<Vec<Seen>>,
    firewalls: Shared<Vec<Seen>>,
    keys: Shared<Vec<Seen>>,
    snapshots: Shared<Vec<Seen>>,
    images: Shared<Vec<Seen>>,
    balancers: Shared<Vec<Seen>>,
    target_groups: Shared<Vec<Seen>>,
}

impl Looks {
    /// Nobody has looked yet; lists of the same begin so far apart.
    pub(crate) fn new(apart: Duration) -> Self {
        Self {
            machines: Shared::new(apart),
            launched: Shared::new(apart),
            disks: Shared::new(apart),
            addresses: Shared::new(apart),
            firewalls: Shared::new(apart),
            keys: Shared::new(apart),
            snapshots: Shared::new(apart),
            images: Shared::new(apart),
            balancers: Shared::new(apart),
            target_groups: Shared::new(apart),
        }
    }
}

/// What one call lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum List {
    Machines,
    Disks,
    /// And bindings.
    Addresses,
    Firewalls,
    Keys,
    Snapshots,
    Images,
    /// And listeners.
    Balancers,
    /// And targets.
    TargetGroups,
}

impl List {
    fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::Machine => Self::Machines,
            Kind::Disk => Self::Disks,
            Kind::Address | Kind::Binding => Self::Addresses,
            Kind::Firewall => Self::Firewalls,
            Kind::Key => Self::Keys,
            Kind::Snapshot => Self::Snapshots,
            Kind::Image => Self::Images,
            Kind::Balancer | Kind::Listener => Self::Balancers,
            Kind::TargetGroup | Kind::Target => Self::TargetGroups,
            Kind::Record | Kind::Certificate => return None,
        })
    }
}

impl AwsCloud {
    /// What an environment has of these kinds.
    pub(crate) async fn kinds_of(&self, environment: &EnvironmentTag, kinds: &[Kind]) -> Result<Vec<Seen>, CloudError> {
        let all = try_join_all(lists(kinds).into_iter().map(|list| self.look(list))).await?;
        let is_asked = |seen: &&Seen| seen.environment == environment.environment && kinds.contains(&seen.kind());
        Ok(all.iter().flat_map(|list| list.iter().filter(is_asked).cloned()).collect())
    }

    /// What every environment has of these kinds.
    pub(crate) async fn every(&self, kinds: &[Kind]) -> Result<Vec<Seen>, CloudError> {
        let all = try_join_all(lists(kinds).into_iter().map(|list| self.look(list))).await?;
        Ok(all.iter().flat_map(|list| list.iter().cloned()).collect())
    }

    async fn look(&self, list: List) -> Result<std::sync::Arc<Vec<Seen>>, CloudError> {
        let ours = || vec![filter(INSTALLATION, &self.config.installation)];
        let looks = &self.looks;
        match list {
            List::Machines => {
                let is_there = Filter::builder()
                    .name("instance-state-name")
                    .set_values(Some(
                        [
                            InstanceStateName::Pending,
                            InstanceStateName::Running,
                            InstanceStateName::ShuttingDown,
                            InstanceStateName::Stopping,
                            InstanceStateName::Stopped,
                        ]
                        .map(|state| state.as_str().to_owned())
                        .to_vec(),
                    ))
                    .build();
                let filters = vec![filter(INSTALLATION, &self.config.installation), is_there];
                looks.machines.ask(async { Ok(self.instances(filters).await?.iter().filter_map(machine::listed).collect()) }).await
            }
            List::Disks => looks.disks.ask(async { Ok(self.volumes(ours()).await?.iter().filter_map(volume::listed).collect()) }).await,
            List::Addresses => {
                let list = async {
                    let all = self.addresses(ours()).await?;
                    Ok(all.iter().flat_map(|one| [address::listed(one), address::binding(one)]).flatten().collect())
                };
                looks.addresses.ask(list).await
            }
            List::Firewalls => {
                looks.firewalls.ask(async { Ok(self.groups(ours()).await?.iter().filter_map(firewall::listed).collect()) }).await
            }
            List::Keys => looks.keys.ask(async { Ok(self.keys(ours()).await?.iter().filter_map(key::listed).collect()) }).await,
            List::Snapshots => {
                looks.snapshots.ask(async { Ok(self.snapshots(ours()).await?.iter().filter_map(snapshot::listed).collect()) }).await
            }
            List::Images => looks.images.ask(async { Ok(self.images(ours()).await?.iter().filter_map(image::listed).collect()) }).await,
            List::Balancers => looks.balancers.ask(self.look_at_balancers()).await,
            List::TargetGroups => looks.target_groups.ask(self.look_at_target_groups()).await,
        }
    }

    async fn look_at_balancers(&self) -> Result<Vec<Seen>, CloudError> {
        let all: Vec<_> = self.balancers().await?.into_iter().filter(|one| one.load_balancer_name().is_some_and(is_name_of_ours)).collect();
        let labels = self.labels(all.iter().filter_map(|one| one.load_balancer_arn()).collect()).await?;
        let mut seen = Vec::new();
        for one in &all {
            let Some((arn, label)) = one.load_balancer_arn().and_then(|arn| Some((arn, labels.get(arn)?))) else { continue };
            seen.extend(balancer::listed(one, label));
            let listeners = self.listeners(arn).await?;
            let labels = self.labels(listeners.iter().filter_map(|listener| listener.listener_arn()).collect()).await?;
            let label = |arn: &str| labels.get(arn);
            seen.extend(listeners.iter().filter_map(|listener| balancer::listed_listener(listener, label(listener.listener_arn()?)?)));
        }
        Ok(seen)
    }

    async fn look_at_target_groups(&self) -> Result<Vec<Seen>, CloudError> {
        let all: Vec<_> =
            self.target_groups().await?.into_iter().filter(|one| one.target_group_name().is_some_and(is_name_of_ours)).collect();
        let labels = self.labels(all.iter().filter_map(|one| one.target_group_arn()).collect()).await?;
        let mut seen = Vec::new();
        for one in &all {
            let Some((arn, label)) = one.target_group_arn().and_then(|arn| Some((arn, labels.get(arn)?))) else { continue };
            seen.push(target_group::listed(arn, self.is_sticky(arn).await?, label));
            seen.extend(self.targets(arn).await?.iter().filter_map(|target| target_group::listed_target(one, target, label)));
        }
        Ok(seen)
    }

    /// What the tags of Elastic Load Balancing's resources say, of those that are this installation's. Twenty are told in one answer.
    async fn labels(&self, arns: Vec<&str>) -> Result<HashMap<String, Label>, CloudError> {
        let mut labels = HashMap::new();
        for some in arns.chunks(20) {
            let order = self.clients.elb.describe_tags().set_resource_arns(Some(some.iter().map(|arn| (*arn).to_owned()).collect()));
            let answer = match order.send().await {
                Ok(answer) => answer,
                // One that went since it was listed spoils the answer for the others: the next look is whole.
                Err(error) if crate::trouble::is_missing(&error) && some.len() == 1 => continue,
                Err(error) => return Err(trouble("elasticloadbalancing:DescribeTags", error)),
            };
            for tags in answer.tag_descriptions.unwrap_or_default() {
                let label = Label::read(tags.tags().iter().map(|tag| (tag.key(), tag.value())));
                let ours = label.filter(|label| label.installation == self.config.installation);
                labels.extend(tags.resource_arn().map(str::to_owned).zip(ours));
            }
        }
        Ok(labels)
    }
}

fn lists(kinds: &[Kind]) -> Vec<List> {
    let mut lists: Vec<List> = kinds.iter().filter_map(|kind| List::of(*kind)).collect();
    lists.sort_unstable();
    lists.dedup();
    lists
}

/// Whether a name may be one that an intent has: the tags decide.
fn is_name_of_ours(name: &str) -> bool {
    name.starts_with('k') && name.matches('-').count() == 2
}
