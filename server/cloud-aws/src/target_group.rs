//! Target groups, and the machines in them. A target carries no tags: its name is its group's with its machine's behind it.

use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetDescription, TargetGroup, TargetGroupAttribute, TargetHealthDescription, TargetHealthReasonEnum,
    TargetHealthStateEnum, TargetTypeEnum,
};
use cloud::{CloudError, Deletion, Fate, Health, Intent, Observed, Seen};

use crate::AwsCloud;
use crate::balancer::unreadable;
use crate::labels::{Label, made, of_balancer};
use crate::trouble::{code, is_missing, trouble};

/// How long a target that leaves may finish its requests, in seconds. AWS's own 300 outlast most lessons' patience.
const DRAINS_FOR: &str = "30";
const IS_STICKY: &str = "stickiness.enabled";
/// Between a target group's name and its machine's.
const OF: char = ' ';

impl AwsCloud {
    pub(crate) async fn create_target_group(&self, intent: &Intent, is_sticky: bool) -> Result<Seen, CloudError> {
        let answer = self
            .clients
            .elb
            .create_target_group()
            .name(intent.name())
            .protocol(ProtocolEnum::Http)
            .port(80)
            .vpc_id(&self.network.vpc)
            .target_type(TargetTypeEnum::Instance)
            .health_check_path("/")
            .set_tags(Some(of_balancer(intent)))
            .send()
            .await;
        let answer = answer.map_err(|error| match code(&error) {
            "DuplicateTargetGroupName" => {
                CloudError::new(Fate::Final, "name_taken", format!("target group {} is somebody else's", intent.name()))
            }
            _ => trouble("elasticloadbalancing:CreateTargetGroup", error),
        })?;
        let arn =
            answer.target_groups().first().and_then(|group| group.target_group_arn()).ok_or_else(|| unreadable("CreateTargetGroup"))?;
        let attribute = |key: &str, value: &str| TargetGroupAttribute::builder().key(key).value(value).build();
        let attributes = vec![
            attribute("deregistration_delay.timeout_seconds", DRAINS_FOR),
            attribute("stickiness.type", "lb_cookie"),
            attribute(IS_STICKY, if is_sticky { "true" } else { "false" }),
        ];
        let set = self.clients.elb.modify_target_group_attributes().target_group_arn(arn).set_attributes(Some(attributes)).send().await;
        set.map_err(|error| trouble("elasticloadbalancing:ModifyTargetGroupAttributes", error))?;
        Ok(made(intent, arn, Observed::TargetGroup { is_sticky, passage: None }, None))
    }

    pub(crate) async fn delete_target_group(&self, arn: &str) -> Result<Deletion, CloudError> {
        match self.clients.elb.delete_target_group().target_group_arn(arn).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("elasticloadbalancing:DeleteTargetGroup", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    pub(crate) async fn create_target(&self, intent: &Intent, target_group: &str, machine: &str) -> Result<Seen, CloudError> {
        let target = TargetDescription::builder().id(machine).build();
        let answer = self.clients.elb.register_targets().target_group_arn(target_group).targets(target).send().await;
        answer.map_err(|error| trouble("elasticloadbalancing:RegisterTargets", error))?;
        let observed = Observed::Target { machine: machine.to_owned(), health: Health::Initial };
        Ok(made(intent, format!("{target_group}{OF}{machine}"), observed, None))
    }

    pub(crate) async fn delete_target(&self, target: &str) -> Result<Deletion, CloudError> {
        let Some((target_group, machine)) = target.split_once(OF) else {
            return Err(CloudError::new(Fate::Final, "not_found", format!("{target} is no target's name")));
        };
        let health = self.targets(target_group).await?.into_iter().find(|known| known.target().is_some_and(|of| of.id() == Some(machine)));
        match health.as_ref().and_then(health_of) {
            None => return Ok(Deletion::Done(None)),
            Some(Health::Draining) => return Ok(Deletion::UnderWay),
            Some(_) => {}
        }
        let target = TargetDescription::builder().id(machine).build();
        match self.clients.elb.deregister_targets().target_group_arn(target_group).targets(target).send().await {
            Ok(_) => Ok(Deletion::UnderWay),
            Err(error) if is_missing(&error) || code(&error) == "InvalidTarget" => Ok(Deletion::Done(None)),
            Err(error) => Err(trouble("elasticloadbalancing:DeregisterTargets", error)),
        }
    }

    pub(crate) async fn target_groups(&self) -> Result<Vec<TargetGroup>, CloudError> {
        let mut pages = self.clients.elb.describe_target_groups().page_size(400).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            all.extend(
                page.map_err(|error| trouble("elasticloadbalancing:DescribeTargetGroups", error))?.target_groups.unwrap_or_default(),
            );
        }
        Ok(all)
    }

    /// Whether visitors stay with a machine; no, if the group is gone.
    pub(crate) async fn is_sticky(&self, target_group: &str) -> Result<bool, CloudError> {
        let answer = match self.clients.elb.describe_target_group_attributes().target_group_arn(target_group).send().await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) => return Ok(false),
            Err(error) => return Err(trouble("elasticloadbalancing:DescribeTargetGroupAttributes", error)),
        };
        Ok(answer.attributes().iter().any(|attribute| attribute.key() == Some(IS_STICKY) && attribute.value() == Some("true")))
    }

    /// The targets of a group, with how they are; none if the group is gone.
    pub(crate) async fn targets(&self, target_group: &str) -> Result<Vec<TargetHealthDescription>, CloudError> {
        match self.clients.elb.describe_target_health().target_group_arn(target_group).send().await {
            Ok(answer) => Ok(answer.target_health_descriptions.unwrap_or_default()),
            Err(error) if is_missing(&error) => Ok(Vec::new()),
            Err(error) => Err(trouble("elasticloadbalancing:DescribeTargetHealth", error)),
        }
    }
}

/// None: it is not in the group (any more).
fn health_of(target: &TargetHealthDescription) -> Option<Health> {
    let health = target.target_health()?;
    match health.state()? {
        TargetHealthStateEnum::Healthy => Some(Health::Healthy),
        TargetHealthStateEnum::Draining => Some(Health::Draining),
        TargetHealthStateEnum::Initial => Some(Health::Initial),
        // A stopped machine, or a group that no listener uses: it is in the group all the same.
        TargetHealthStateEnum::Unused if health.reason() == Some(&TargetHealthReasonEnum::NotRegistered) => None,
        _ => Some(Health::Unhealthy),
    }
}

/// As the loop sees it.
pub(crate) fn listed(arn: &str, is_sticky: bool, label: &Label) -> Seen {
    label.seen(arn, Observed::TargetGroup { is_sticky, passage: None }, None)
}

/// As the loop sees it.
pub(crate) fn listed_target(group: &TargetGroup, target: &TargetHealthDescription, label: &Label) -> Option<Seen> {
    let (group, machine) = (group.target_group_arn()?, target.target()?.id()?);
    let observed = Observed::Target { machine: machine.to_owned(), health: health_of(target)? };
    Some(Seen { intent: None, ..label.seen(format!("{group}{OF}{machine}"), observed, None) })
}
