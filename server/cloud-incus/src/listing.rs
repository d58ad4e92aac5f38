//! Everything of ours, from Incus' side alone. A list is whole or an error.

use cloud::{CloudError, EnvironmentTag, Seen};

use crate::IncusCloud;
use crate::client::Deadline;
use crate::labels::belongs;

impl IncusCloud {
    pub(crate) async fn everything(&self, of: Option<&EnvironmentTag>, by: Deadline) -> Result<Vec<Seen>, CloudError> {
        let is_asked = |seen: &Seen| of.is_none_or(|environment| belongs(seen, environment));
        // Machines first: what is made of a machine while we look is then seen without it, never the other way round.
        let machines = self.machines(by).await?;
        let (forwards, firewalls, images) = tokio::try_join!(self.forwards(by), self.firewalls(by), self.images(by))?;

        let mut all: Vec<Seen> = machines.iter().filter_map(|machine| self.seen_machine(machine)).collect();
        all.extend(forwards.iter().filter_map(|forward| self.seen_address(forward)));
        all.extend(forwards.iter().filter_map(|forward| self.seen_binding(forward, &machines, &firewalls)));
        all.extend(firewalls.iter().filter_map(|list| self.seen_firewall(list)));
        all.extend(images.iter().filter_map(|image| self.seen_image(image)));
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
