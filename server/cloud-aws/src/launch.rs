//! Machines that are launched together: one call for a class.
//!
//! ```text
//!  one RunInstances ──► machines behind the lock, whose each will be in their tags ──► one by one: own firewall, own tags
//! ```
//!
//! The lock is a group of the installation that lets nobody in. It is made when it is first needed and stays: it costs nothing.

use aws_sdk_ec2::types::{Filter, Instance, ResourceType, Tag, TagSpecification};
use cloud::{CloudError, Create, Fate, Intent, Kind, Launch};
use uuid::Uuid;

use crate::balancer::unreadable;
use crate::labels::{INSTALLATION, LAUNCH, filter, of_handed_over, of_launch, value};
use crate::machine::{not_launched, place};
use crate::trouble::{code, trouble};
use crate::{AwsCloud, not_here};

impl AwsCloud {
    pub(crate) async fn launch_together(&self, launch: &Launch) -> Result<Vec<Option<String>>, CloudError> {
        let mut order = launch.order.clone();
        let Create::Machine { firewall, .. } = &mut order else { return Err(not_here(Kind::Machine)) };
        *firewall = Some(self.lock().await?);
        let many = i32::try_from(launch.members.len()).unwrap_or(i32::MAX);
        let tags = |kind| of_launch(launch, &self.config.installation, kind);
        let answer = self
            .run_instances(&order)
            .await?
            .client_token(launch.token.to_string())
            // Who gets none is told so, and the others have theirs.
            .min_count(1)
            .max_count(many)
            .tag_specifications(tags(ResourceType::Instance))
            .tag_specifications(tags(ResourceType::Volume))
            .tag_specifications(tags(ResourceType::NetworkInterface))
            .send()
            .await;
        let made = match answer {
            Ok(answer) => answer.instances.unwrap_or_default(),
            // It was taken before: what that call made counts.
            Err(error) if matches!(code(&error), "IdempotentParameterMismatch" | "IdempotentInstanceTerminated") => {
                self.launched_with(launch.token).await?
            }
            Err(error) => return Err(not_launched(error)),
        };
        let at = |wanted: usize| made.iter().find(|one| place(one) == Some(wanted)).and_then(|one| one.instance_id().map(str::to_owned));
        Ok((0..launch.members.len()).map(at).collect())
    }

    /// The group that lets nobody in.
    async fn lock(&self) -> Result<String, CloudError> {
        let name = format!("koza-lock-{}", self.config.installation);
        let filters = [("group-name", name.as_str()), ("vpc-id", self.network.vpc.as_str())];
        let filters = filters.map(|(name, value)| Filter::builder().name(name).values(value).build());
        if let Some(known) = self.groups(filters.to_vec()).await?.into_iter().next() {
            if value(known.tags(), INSTALLATION) != Some(&self.config.installation) {
                return Err(CloudError::new(Fate::Final, "name_taken", format!("security group {name} is somebody else's")));
            }
            let group = known.group_id.ok_or_else(|| unreadable("DescribeSecurityGroups"))?;
            self.shut_out(&group, known.ip_permissions.unwrap_or_default()).await?;
            return Ok(group);
        }
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let tags = vec![tag("Name", &name), tag(INSTALLATION, &self.config.installation)];
        let answer = self
            .clients
            .ec2
            .create_security_group()
            .group_name(&name)
            .description("Made by Koza: lets nobody in.")
            .vpc_id(&self.network.vpc)
            .tag_specifications(TagSpecification::builder().resource_type(ResourceType::SecurityGroup).set_tags(Some(tags)).build())
            .send()
            .await;
        match answer {
            Ok(answer) => answer.group_id.ok_or_else(|| unreadable("CreateSecurityGroup")),
            // Somebody was faster, and it is not listed yet.
            Err(error) if code(&error) == "InvalidGroup.Duplicate" => {
                Err(CloudError { fate: Fate::NotVisibleYet, ..trouble("ec2:CreateSecurityGroup", error) })
            }
            Err(error) => Err(trouble("ec2:CreateSecurityGroup", error)),
        }
    }

    pub(crate) async fn hand_over_machine(
        &self,
        machine: &str,
        intent: &Intent,
        disk: Option<Uuid>,
        firewall: &str,
    ) -> Result<(), CloudError> {
        let ours = vec![filter(INSTALLATION, &self.config.installation), Filter::builder().name("tag-key").values(LAUNCH).build()];
        let launched = self.looks.launched.ask(self.instances(ours)).await?;
        let instance = launched.iter().find(|one| one.instance_id() == Some(machine));
        let instance = instance.ok_or_else(|| CloudError::new(Fate::NotVisibleYet, "not_found", format!("{machine} is not listed yet")))?;
        // The tags last: they say that it is no longer locked.
        let changed = self.clients.ec2.modify_instance_attribute().instance_id(machine).groups(firewall).send().await;
        changed.map_err(|error| trouble("ec2:ModifyInstanceAttribute", error))?;
        let tagged = self.clients.ec2.create_tags().set_resources(Some(with_parts(machine, instance)));
        let tagged = tagged.set_tags(Some(of_handed_over(intent, disk))).send().await;
        tagged.map(|_| ()).map_err(|error| trouble("ec2:CreateTags", error))
    }
}

/// The machine, its disks, its network interfaces.
fn with_parts(machine: &str, instance: &Instance) -> Vec<String> {
    let disks = instance.block_device_mappings().iter().filter_map(|mapping| mapping.ebs()?.volume_id());
    let interfaces = instance.network_interfaces().iter().filter_map(|interface| interface.network_interface_id());
    [machine].into_iter().chain(disks).chain(interfaces).map(str::to_owned).collect()
}
