//! Images: AWS's public ones of an operating system, and ours, registered of snapshots.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_ec2::types::{ArchitectureValues, BlockDeviceMapping, EbsBlockDevice, Filter, Image, ImageState, ResourceType, VolumeType};
use cloud::{CloudError, Deletion, Fate, Intent, Observed, Seen};
use tokio::sync::Mutex;

use crate::balancer::unreadable;
use crate::labels::{Label, RECIPE, filter, made, value, with};
use crate::trouble::{code, is_missing, trouble};
use crate::{AwsCloud, labels};

/// Operating systems and the public parameters that name their newest image. Sources:
/// <https://docs.aws.amazon.com/linux/al2023/ug/ec2.html> and <https://wiki.debian.org/Cloud/AmazonEC2Image/Bookworm>, read 2026-11.
pub(crate) const PARAMETERS: [(&str, &str); 2] = [
    ("amazon-linux-2023", "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"),
    ("debian-12", "/aws/service/debian/release/12/latest/amd64"),
];

/// A new image of an operating system comes every week or two.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(3600);

/// What is known of images that machines start from.
#[derive(Debug, Default)]
pub(crate) struct Bases {
    newest: Mutex<HashMap<String, (Instant, String)>>,
    roots: Mutex<HashMap<String, Root>>,
}

/// The root disk of an image.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    /// What the image calls it: `/dev/xvda`.
    pub(crate) device: String,
    /// How large it is at least.
    pub(crate) size_gib: i32,
}

impl AwsCloud {
    /// AWS's image of an operating system.
    pub(crate) async fn base_image(&self, os: &str) -> Result<String, CloudError> {
        if let Some(image) = self.config.images.get(os) {
            return Ok(image.clone());
        }
        let mut newest = self.bases.newest.lock().await;
        if let Some((asked_at, image)) = newest.get(os)
            && asked_at.elapsed() < ASKED_AGAIN_AFTER
        {
            return Ok(image.clone());
        }
        let Some((_, parameter)) = PARAMETERS.iter().find(|(name, _)| *name == os) else {
            return Err(CloudError::new(
                Fate::Final,
                "image_not_found",
                format!("no public image of {os} is known: name one in the cloud's settings (images)"),
            ));
        };
        let answer = self.clients.ssm.get_parameter().name(*parameter).send().await;
        let answer = answer.map_err(|error| match is_missing(&error) {
            true => CloudError::new(
                Fate::Final,
                "image_not_found",
                format!("{parameter} names no image here: name one in the cloud's settings (images)"),
            ),
            false => trouble("ssm:GetParameter", error),
        })?;
        let image = answer.parameter().and_then(|parameter| parameter.value()).ok_or_else(|| unreadable("GetParameter"))?.to_owned();
        newest.insert(os.to_owned(), (Instant::now(), image.clone()));
        Ok(image)
    }

    /// The root disk of an image. It never changes.
    pub(crate) async fn root(&self, image: &str) -> Result<Root, CloudError> {
        if let Some(root) = self.bases.roots.lock().await.get(image) {
            return Ok(root.clone());
        }
        let answer = self.clients.ec2.describe_images().image_ids(image).send().await;
        let gone = || CloudError::new(Fate::Final, "image_not_found", format!("there is no image {image}"));
        let answer = match answer {
            Err(error) if is_missing(&error) => return Err(gone()),
            answer => answer.map_err(|error| trouble("ec2:DescribeImages", error))?,
        };
        let known = answer.images().first().ok_or_else(gone)?;
        let device = known.root_device_name().unwrap_or("/dev/xvda").to_owned();
        let mappings = known.block_device_mappings().iter().filter(|mapping| mapping.device_name() == Some(&device));
        let size_gib = mappings.filter_map(|mapping| mapping.ebs()?.volume_size()).max().unwrap_or(0);
        let root = Root { device, size_gib };
        self.bases.roots.lock().await.insert(image.to_owned(), root.clone());
        Ok(root)
    }

    pub(crate) async fn create_image(&self, intent: &Intent, snapshot: &str, recipe: &str) -> Result<Seen, CloudError> {
        let root = "/dev/xvda";
        let disk = EbsBlockDevice::builder().snapshot_id(snapshot).volume_type(VolumeType::Gp3).delete_on_termination(true).build();
        let answer = self
            .clients
            .ec2
            .register_image()
            .name(intent.name())
            .description("Made by Koza of a snapshot.")
            .architecture(ArchitectureValues::X8664)
            .virtualization_type("hvm")
            .ena_support(true)
            .root_device_name(root)
            .block_device_mappings(BlockDeviceMapping::builder().device_name(root).ebs(disk).build())
            .tag_specifications(with(intent, ResourceType::Image, &[(RECIPE, recipe)]))
            .send()
            .await;
        let observed = |is_available| Observed::Image { recipe: recipe.to_owned(), is_available };
        match answer {
            Ok(answer) => Ok(made(intent, answer.image_id.ok_or_else(|| unreadable("RegisterImage"))?, observed(false), None)),
            Err(error) if code(&error) == "InvalidAMIName.Duplicate" => {
                let named = Filter::builder().name("name").values(intent.name()).build();
                let known = self.images(vec![named]).await?;
                if known.is_empty() {
                    return Err(CloudError::new(
                        Fate::NotVisibleYet,
                        "not_found",
                        format!("{} is there, and not listed yet", intent.name()),
                    ));
                }
                match known.into_iter().find(|image| Label::of(image.tags()).is_some_and(|label| label.is_by(intent))) {
                    Some(image) => Ok(made(intent, image.image_id().unwrap_or_default(), seen(&image), time_of(&image))),
                    None => Err(CloudError::new(Fate::Final, "name_taken", format!("image {} is somebody else's", intent.name()))),
                }
            }
            Err(error) => Err(trouble("ec2:RegisterImage", error)),
        }
    }

    pub(crate) async fn image_of(&self, recipe: &str) -> Result<Option<String>, CloudError> {
        let filters = vec![filter(labels::INSTALLATION, &self.config.installation), filter(RECIPE, recipe)];
        let all = self.images(filters).await?;
        let usable = all.into_iter().find(|image| image.state() == Some(&ImageState::Available));
        Ok(usable.and_then(|image| image.image_id().map(str::to_owned)))
    }

    pub(crate) async fn delete_image(&self, image: &str) -> Result<Deletion, CloudError> {
        match self.clients.ec2.deregister_image().image_id(image).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("ec2:DeregisterImage", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    pub(crate) async fn images(&self, filters: Vec<Filter>) -> Result<Vec<Image>, CloudError> {
        let mut pages = self.clients.ec2.describe_images().owners("self").set_filters(Some(filters)).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            all.extend(page.map_err(|error| trouble("ec2:DescribeImages", error))?.images.unwrap_or_default());
        }
        Ok(all)
    }
}

fn time_of(image: &Image) -> Option<time::OffsetDateTime> {
    time::OffsetDateTime::parse(image.creation_date()?, &time::format_description::well_known::Rfc3339).ok()
}

fn seen(image: &Image) -> Observed {
    Observed::Image {
        recipe: value(image.tags(), RECIPE).unwrap_or_default().to_owned(),
        is_available: image.state() == Some(&ImageState::Available),
    }
}

/// As the loop sees it.
pub(crate) fn listed(image: &Image) -> Option<Seen> {
    Some(Label::of(image.tags())?.seen(image.image_id()?, seen(image), time_of(image)))
}
