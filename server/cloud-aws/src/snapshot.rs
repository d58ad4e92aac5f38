//! Snapshots of a machine's root volume. It may run: what is frozen is what its disk holds at that moment, as after a power cut. An order is
//! not made once by itself: what carries its intent is looked up before it is repeated.

use aws_sdk_ec2::types::{Filter, ResourceType, Snapshot, SnapshotState};
use cloud::{CloudError, Deletion, Fate, Intent, Observed, Seen};

use crate::AwsCloud;
use crate::balancer::unreadable;
use crate::labels::{INSTALLATION, Label, by, filter, made, of, time};
use crate::trouble::{is_missing, trouble};

impl AwsCloud {
    pub(crate) async fn create_snapshot(&self, intent: &Intent, machine: &str) -> Result<Seen, CloudError> {
        if intent.is_repeat
            && let Some(known) = self.snapshots(vec![by(intent)]).await?.iter().find_map(listed)
        {
            return Ok(known);
        }
        let attached = Filter::builder().name("attachment.instance-id").values(machine).build();
        // A volume that somebody added is not ours.
        let volumes = self.volumes(vec![attached, filter(INSTALLATION, &self.config.installation)]).await?;
        let Some(volume) = volumes.first().and_then(|volume| volume.volume_id()) else {
            return Err(CloudError::new(Fate::NotVisibleYet, "not_found", format!("{machine} shows no volume")));
        };
        let answer = self
            .clients
            .ec2
            .create_snapshot()
            .volume_id(volume)
            .description("Made by Koza.")
            .tag_specifications(of(intent, ResourceType::Snapshot))
            .send()
            .await;
        let answer = answer.map_err(|error| trouble("ec2:CreateSnapshot", error))?;
        let since = time(answer.start_time());
        let is_complete = answer.state() == Some(&SnapshotState::Completed);
        let snapshot = answer.snapshot_id.ok_or_else(|| unreadable("CreateSnapshot"))?;
        Ok(made(intent, snapshot, Observed::Snapshot { is_complete }, since))
    }

    pub(crate) async fn delete_snapshot(&self, snapshot: &str) -> Result<Deletion, CloudError> {
        match self.clients.ec2.delete_snapshot().snapshot_id(snapshot).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("ec2:DeleteSnapshot", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    pub(crate) async fn snapshots(&self, filters: Vec<Filter>) -> Result<Vec<Snapshot>, CloudError> {
        let mut pages =
            self.clients.ec2.describe_snapshots().owner_ids("self").set_filters(Some(filters)).max_results(1000).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            all.extend(page.map_err(|error| trouble("ec2:DescribeSnapshots", error))?.snapshots.unwrap_or_default());
        }
        Ok(all)
    }
}

/// As the loop sees it.
pub(crate) fn listed(snapshot: &Snapshot) -> Option<Seen> {
    let is_complete = snapshot.state() == Some(&SnapshotState::Completed);
    Some(Label::of(snapshot.tags())?.seen(snapshot.snapshot_id()?, Observed::Snapshot { is_complete }, time(snapshot.start_time())))
}
