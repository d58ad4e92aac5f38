//! Machines: instances with an encrypted root volume, the metadata service by token only, and everything tagged in the call that makes it.

use aws_sdk_ec2::error::SdkError;
use aws_sdk_ec2::operation::run_instances::RunInstancesError;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    BlockDeviceMapping, CreditSpecificationRequest, EbsBlockDevice, Filter, HttpTokensState, Instance, InstanceMetadataEndpointState,
    InstanceMetadataOptionsRequest, InstanceNetworkInterfaceSpecification, InstanceStateName, InstanceType, ResourceType, ShutdownBehavior,
    VolumeType,
};
use cloud::{Call, CloudError, Create, Deletion, Fate, ImageSource, Intent, Kind, MachineState, Observed, Seen};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::labels::{Label, made, of, time};
use crate::size::instance_type;
use crate::trouble::{code, trouble};
use crate::{AwsCloud, not_here};

impl AwsCloud {
    pub(crate) async fn create_machine(&self, intent: &Intent, order: &Create) -> Result<Seen, CloudError> {
        let Create::Machine { disk, .. } = order else { return Err(not_here(intent.kind)) };
        let disk = disk.map(|token| Intent { token, kind: Kind::Disk, ..intent.clone() });
        let answer = self
            .run_instances(order)
            .await?
            .client_token(intent.token.to_string())
            .min_count(1)
            .max_count(1)
            .tag_specifications(of(intent, ResourceType::Instance))
            .tag_specifications(of(disk.as_ref().unwrap_or(intent), ResourceType::Volume))
            .tag_specifications(of(intent, ResourceType::NetworkInterface))
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let instance =
                    answer.instances().first().and_then(|instance| Some((instance.instance_id()?.to_owned(), observed(instance, false)?)));
                match instance {
                    Some((id, observed)) => Ok(made(intent, id, observed, None)),
                    // The token was used, and what it made is gone.
                    None => Err(spent(intent)),
                }
            }
            // What the order says of images may have changed since the first call with this token: what that one made counts.
            Err(error) if code(&error) == "IdempotentParameterMismatch" => {
                let known = self.launched_with(intent.token).await?;
                known.iter().find_map(listed).ok_or_else(|| spent(intent))
            }
            Err(error) if code(&error) == "IdempotentInstanceTerminated" => Err(spent(intent)),
            Err(error) => Err(not_launched(error)),
        }
    }

    /// What an earlier call with this token has made, some of it perhaps gone.
    pub(crate) async fn launched_with(&self, token: Uuid) -> Result<Vec<Instance>, CloudError> {
        let known = self.instances(vec![Filter::builder().name("client-token").values(token.to_string()).build()]).await?;
        if known.is_empty() {
            return Err(CloudError::new(Fate::NotVisibleYet, "not_found", "the token was used, and nothing is listed yet"));
        }
        Ok(known)
    }

    /// The call for machines of this order; how many, whose, and by which token is still to be said.
    pub(crate) async fn run_instances(&self, order: &Create) -> Result<RunInstancesFluentBuilder, CloudError> {
        let Create::Machine { image, size, user_data, zone, firewall, key, is_encrypted, goes_out_alone, .. } = order else {
            return Err(not_here(Kind::Machine));
        };
        let image = match image {
            ImageSource::Base(os) => self.base_image(os).await?,
            ImageSource::Baked(image) => image.clone(),
        };
        let root = self.root(&image).await?;
        let volume = EbsBlockDevice::builder()
            // No disk is smaller than the image that it starts from.
            .volume_size(i32::try_from(size.disk_gib).unwrap_or(i32::MAX).max(root.size_gib))
            .volume_type(VolumeType::Gp3)
            .delete_on_termination(true)
            .set_encrypted(is_encrypted.then_some(true))
            .build();
        // Who gets an address of ours needs no other, which would cost as much.
        let network = InstanceNetworkInterfaceSpecification::builder()
            .device_index(0)
            .subnet_id(self.network.subnet(zone.as_deref())?)
            .associate_public_ip_address(*goes_out_alone)
            .delete_on_termination(true)
            .set_groups(firewall.as_ref().map(|group| vec![group.clone()]))
            .build();
        let metadata = InstanceMetadataOptionsRequest::builder()
            .http_endpoint(InstanceMetadataEndpointState::Enabled)
            .http_tokens(HttpTokensState::Required)
            .http_put_response_hop_limit(1)
            .build();
        Ok(self
            .clients
            .ec2
            .run_instances()
            .image_id(image)
            .instance_type(InstanceType::from(instance_type(*size)?))
            .set_key_name(key.clone())
            .user_data(base64(user_data))
            .network_interfaces(network)
            .block_device_mappings(BlockDeviceMapping::builder().device_name(root.device).ebs(volume).build())
            .metadata_options(metadata)
            // A build machine that powers itself off stays.
            .instance_initiated_shutdown_behavior(ShutdownBehavior::Stop)
            // Whoever computes all night is slowed, not billed for more.
            .credit_specification(CreditSpecificationRequest::builder().cpu_credits("standard").build()))
    }

    pub(crate) async fn start_machines(&self, machines: &[String]) -> Result<(), CloudError> {
        let answer = self.clients.ec2.start_instances().set_instance_ids(Some(machines.to_vec())).send().await;
        answer.map(|_| ()).map_err(|error| trouble("ec2:StartInstances", error))
    }

    pub(crate) async fn stop_machines(&self, machines: &[String]) -> Result<(), CloudError> {
        let answer = self.clients.ec2.stop_instances().set_instance_ids(Some(machines.to_vec())).send().await;
        answer.map(|_| ()).map_err(|error| trouble("ec2:StopInstances", error))
    }

    pub(crate) async fn delete_machine(&self, machine: &str) -> Result<Deletion, CloudError> {
        match self.terminate(&[machine.to_owned()]).await {
            Ok(mut all) => Ok(all.pop().unwrap_or(Deletion::Done(None))),
            Err(error) if error.code == "not_found" => Ok(Deletion::Done(None)),
            Err(error) => Err(error),
        }
    }

    /// What becomes of each, in their order.
    async fn terminate(&self, machines: &[String]) -> Result<Vec<Deletion>, CloudError> {
        let answer = self.clients.ec2.terminate_instances().set_instance_ids(Some(machines.to_vec())).send().await;
        let answer = answer.map_err(|error| trouble("ec2:TerminateInstances", error))?;
        let is_gone = |machine: &String| {
            let change = answer.terminating_instances().iter().find(|change| change.instance_id() == Some(machine));
            let state = change.and_then(|change| change.current_state()).and_then(|state| state.name());
            state == Some(&InstanceStateName::Terminated)
        };
        Ok(machines.iter().map(|machine| if is_gone(machine) { Deletion::Done(None) } else { Deletion::UnderWay }).collect())
    }

    pub(crate) async fn several_machines(&self, call: Call, machines: &[String]) -> Vec<Result<Deletion, CloudError>> {
        let done = match call {
            Call::Start => self.start_machines(machines).await.map(|()| vec![Deletion::Done(None); machines.len()]),
            Call::Stop => self.stop_machines(machines).await.map(|()| vec![Deletion::Done(None); machines.len()]),
            Call::Delete(Kind::Machine) => self.terminate(machines).await,
            other => Err(CloudError::new(Fate::Final, "not_in_batches", other.code())),
        };
        match done {
            Ok(done) => done.into_iter().map(Ok).collect(),
            // One that cannot be spoils the call for all.
            Err(error) if machines.len() > 1 && matches!(error.fate, Fate::NotVisibleYet | Fate::InUse) => {
                let mut each = Vec::new();
                for machine in machines {
                    each.push(match call {
                        Call::Start => self.start_machines(std::slice::from_ref(machine)).await.map(|()| Deletion::Done(None)),
                        Call::Stop => self.stop_machines(std::slice::from_ref(machine)).await.map(|()| Deletion::Done(None)),
                        _ => self.delete_machine(machine).await,
                    });
                }
                each
            }
            Err(error) if error.code == "not_found" && call == Call::Delete(Kind::Machine) => vec![Ok(Deletion::Done(None))],
            Err(error) => machines.iter().map(|_| Err(CloudError::new(error.fate, error.code, error.said.clone()))).collect(),
        }
    }

    pub(crate) async fn instances(&self, filters: Vec<Filter>) -> Result<Vec<Instance>, CloudError> {
        let mut pages = self.clients.ec2.describe_instances().set_filters(Some(filters)).max_results(1000).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| trouble("ec2:DescribeInstances", error))?;
            all.extend(page.reservations.unwrap_or_default().into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default()));
        }
        Ok(all)
    }
}

/// A launch that was refused.
pub(crate) fn not_launched(error: SdkError<RunInstancesError>) -> CloudError {
    // It will not come by waiting: somebody took it away.
    if code(&error).starts_with("InvalidAMIID.") {
        return CloudError { fate: Fate::Final, code: "image_not_found", ..trouble("ec2:RunInstances", error) };
    }
    trouble("ec2:RunInstances", error)
}

fn spent(intent: &Intent) -> CloudError {
    CloudError::new(Fate::Final, "intent_spent", format!("{} was made by this intent and is gone", intent.name()))
}

/// None: it is gone.
fn observed(instance: &Instance, is_locked: bool) -> Option<Observed> {
    let state = match instance.state()?.name()? {
        InstanceStateName::Pending => MachineState::Starting,
        InstanceStateName::Running => MachineState::Running,
        InstanceStateName::Stopped => MachineState::Stopped,
        InstanceStateName::Terminated => return None,
        _ => MachineState::Stopping,
    };
    let stopped_at = if state == MachineState::Stopped { instance.state_transition_reason().and_then(stopped_at) } else { None };
    Some(Observed::Machine {
        state,
        started_at: time(instance.launch_time()),
        stopped_at,
        private_address: instance.private_ip_address().map(str::to_owned),
        zone: instance.placement().and_then(|placement| placement.availability_zone()).map(str::to_owned),
        is_locked,
    })
}

/// `User initiated (2026-11-21 08:30:05 GMT)`.
fn stopped_at(reason: &str) -> Option<OffsetDateTime> {
    let (_, rest) = reason.split_once('(')?;
    let (date, time) = rest.split_once(" GMT)")?.0.split_once(' ')?;
    OffsetDateTime::parse(&format!("{date}T{time}Z"), &Rfc3339).ok()
}

/// As the loop sees it.
pub(crate) fn listed(instance: &Instance) -> Option<Seen> {
    if let Some(label) = Label::of(instance.tags()) {
        return Some(label.seen(instance.instance_id()?, observed(instance, false)?, None));
    }
    let label = Label::of_launched(instance.tags(), place(instance)?)?;
    Some(label.seen(instance.instance_id()?, observed(instance, true)?, None))
}

/// At which place of its launch.
pub(crate) fn place(instance: &Instance) -> Option<usize> {
    usize::try_from(instance.ami_launch_index()?).ok()
}

fn base64(text: &str) -> String {
    aws_smithy_types::base64::encode(text)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_machine_stopped_when_the_cloud_says_it_did() {
        assert_eq!(stopped_at("User initiated (2026-11-21 08:30:05 GMT)"), Some(datetime!(2026-11-21 08:30:05 UTC)));
        for unclear in ["", "User initiated", "User initiated (yesterday)"] {
            assert_eq!(stopped_at(unclear), None, "{unclear}");
        }
    }
}
