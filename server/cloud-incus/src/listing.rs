//! Everything of ours, from Incus' side alone. A list is whole or an error.

use cloud::{CloudError, EnvironmentTag, Kind, Seen};

use crate::IncusCloud;
use crate::client::Deadline;
use crate::labels::{OWN, belongs};
use crate::listener::group_of;

impl IncusCloud {
    pub(crate) async fn everything(&self, of: Option<&EnvironmentTag>, by: Deadline) -> Result<Vec<Seen>, CloudError> {
        let is_asked = |seen: &Seen| of.is_none_or(|environment| belongs(seen, environment));
        // Instances first: what is made of a machine while we look is then seen without it, never the other way round.
        let instances = self.instances(by).await?;
        let (balancers, machines): (Vec<_>, Vec<_>) =
            instances.into_iter().partition(|instance| OWN.is_a(&instance.config, Kind::Balancer));
        let (forwards, firewalls, images, groups) =
            tokio::try_join!(self.forwards(by), self.firewalls(by), self.images(by), self.target_groups(by))?;
        let reports = self.reports(balancers.iter().filter(|balancer| of.is_none_or(|of| OWN.is_in(&balancer.config, of))), by).await;

        let mut all: Vec<Seen> = machines.iter().filter_map(|machine| self.seen_machine(machine)).collect();
        all.extend(forwards.iter().filter_map(|forward| self.seen_address(forward)));
        all.extend(forwards.iter().filter_map(|forward| self.seen_binding(forward, &machines, &firewalls)));
        all.extend(firewalls.iter().filter_map(|list| self.seen_firewall(list)));
        all.extend(images.iter().filter_map(|image| self.seen_image(image)));
        all.extend(self.seen_balancers(&balancers, &forwards, &firewalls, &reports));
        all.extend(balancers.iter().filter_map(|balancer| self.seen_listener(balancer, reports.get(&balancer.name))));
        for group in &groups {
            let balancer = balancers.iter().find(|balancer| group_of(balancer) == Some(&group.name));
            all.extend(self.seen_target_group(group));
            all.extend(self.seen_targets(group, balancer.and_then(|balancer| reports.get(&balancer.name))));
        }
        all.retain(is_asked);
        for machine in &machines {
            if self.seen_machine(machine).as_ref().is_some_and(is_asked) {
                let snapshots = self.snapshots_of(machine, by).await?;
                all.extend(snapshots.iter().filter_map(|snapshot| self.seen_snapshot(machine, snapshot)));
            }
        }
        Ok(all)
    }
}
