//! Disks: root volumes. They come with their machine's order and carry an intent of their own.

use aws_sdk_ec2::types::{Filter, Volume, VolumeState};
use cloud::{CloudError, Deletion, Observed, Seen};

use crate::AwsCloud;
use crate::labels::{DISK, Label, time, value};
use crate::trouble::{is_missing, trouble};

impl AwsCloud {
    pub(crate) async fn delete_volume(&self, volume: &str) -> Result<Deletion, CloudError> {
        match self.clients.ec2.delete_volume().volume_id(volume).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("ec2:DeleteVolume", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    pub(crate) async fn volumes(&self, filters: Vec<Filter>) -> Result<Vec<Volume>, CloudError> {
        let mut pages = self.clients.ec2.describe_volumes().set_filters(Some(filters)).max_results(500).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            all.extend(page.map_err(|error| trouble("ec2:DescribeVolumes", error))?.volumes.unwrap_or_default());
        }
        Ok(all)
    }
}

/// As the loop sees it.
pub(crate) fn listed(volume: &Volume) -> Option<Seen> {
    if matches!(volume.state(), Some(VolumeState::Deleting | VolumeState::Deleted)) {
        return None;
    }
    let mut label = Label::of(volume.tags())?;
    label.intent = value(volume.tags(), DISK).map_or(Some(label.intent), |intent| intent.parse().ok())?;
    Some(label.seen(volume.volume_id()?, Observed::Disk, time(volume.create_time())))
}
