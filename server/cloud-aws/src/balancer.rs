//! Balancers: application load balancers in every zone, and their listeners.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Certificate, Listener, LoadBalancer, LoadBalancerSchemeEnum, LoadBalancerStateEnum, LoadBalancerTypeEnum,
    ProtocolEnum,
};
use cloud::{CloudError, Deletion, Fate, Intent, Observed, Seen};

use crate::AwsCloud;
use crate::labels::{Label, made, of_balancer, time};
use crate::trouble::{code, is_missing, trouble};

/// HTTP without a certificate, HTTPS with one. Source of the policy: "Security policies for your Application Load Balancer", the recommended.
const HTTP: i32 = 80;
const HTTPS: i32 = 443;
const TLS_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

impl AwsCloud {
    pub(crate) async fn create_balancer(&self, intent: &Intent, firewall: &str) -> Result<Seen, CloudError> {
        let subnets = self.network.subnets();
        if subnets.len() < 2 {
            return Err(CloudError::new(Fate::Final, "two_zones_needed", "a balancer stands in two zones at least"));
        }
        let answer = self
            .clients
            .elb
            .create_load_balancer()
            .name(intent.name())
            .r#type(LoadBalancerTypeEnum::Application)
            .scheme(LoadBalancerSchemeEnum::InternetFacing)
            .set_subnets(Some(subnets))
            .security_groups(firewall)
            .set_tags(Some(of_balancer(intent)))
            .send()
            .await;
        let answer = answer.map_err(|error| match code(&error) {
            "DuplicateLoadBalancerName" => {
                CloudError::new(Fate::Final, "name_taken", format!("load balancer {} is somebody else's", intent.name()))
            }
            _ => trouble("elasticloadbalancing:CreateLoadBalancer", error),
        })?;
        let made = answer
            .load_balancers()
            .first()
            .and_then(|balancer| Some(made(intent, balancer.load_balancer_arn()?, observed(balancer), time(balancer.created_time()))));
        made.ok_or_else(|| unreadable("CreateLoadBalancer"))
    }

    pub(crate) async fn delete_balancer(&self, arn: &str) -> Result<Deletion, CloudError> {
        match self.clients.elb.delete_load_balancer().load_balancer_arn(arn).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("elasticloadbalancing:DeleteLoadBalancer", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    pub(crate) async fn create_listener(
        &self,
        intent: &Intent,
        balancer: &str,
        target_group: &str,
        certificate: Option<&str>,
    ) -> Result<Seen, CloudError> {
        let forward = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(target_group).build();
        let order =
            self.clients.elb.create_listener().load_balancer_arn(balancer).default_actions(forward).set_tags(Some(of_balancer(intent)));
        let order = match certificate {
            None => order.port(HTTP).protocol(ProtocolEnum::Http),
            Some(arn) => {
                let certificate = Certificate::builder().certificate_arn(arn).build();
                order.port(HTTPS).protocol(ProtocolEnum::Https).ssl_policy(TLS_POLICY).certificates(certificate)
            }
        };
        let observed = Observed::Listener { certificate: certificate.map(str::to_owned), asks: None, said: None };
        match order.send().await {
            Ok(answer) => {
                let arn = answer.listeners().first().and_then(|listener| listener.listener_arn()).unwrap_or_default();
                Ok(made(intent, arn, observed, None))
            }
            // The balancer is ours, and so is what is on its port.
            Err(error) if code(&error) == "DuplicateListener" => {
                let port = if certificate.is_some() { HTTPS } else { HTTP };
                let known = self.listeners(balancer).await?;
                let arn = known.iter().find(|listener| listener.port() == Some(port)).and_then(|listener| listener.listener_arn());
                arn.map(|arn| made(intent, arn, observed, None)).ok_or_else(|| unreadable("DescribeListeners"))
            }
            Err(error) => Err(trouble("elasticloadbalancing:CreateListener", error)),
        }
    }

    pub(crate) async fn delete_listener(&self, arn: &str) -> Result<Deletion, CloudError> {
        match self.clients.elb.delete_listener().listener_arn(arn).send().await {
            Err(error) if !is_missing(&error) => Err(trouble("elasticloadbalancing:DeleteListener", error)),
            _ => Ok(Deletion::Done(None)),
        }
    }

    pub(crate) async fn balancers(&self) -> Result<Vec<LoadBalancer>, CloudError> {
        let mut pages = self.clients.elb.describe_load_balancers().page_size(400).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            all.extend(
                page.map_err(|error| trouble("elasticloadbalancing:DescribeLoadBalancers", error))?.load_balancers.unwrap_or_default(),
            );
        }
        Ok(all)
    }

    pub(crate) async fn listeners(&self, balancer: &str) -> Result<Vec<Listener>, CloudError> {
        let mut pages = self.clients.elb.describe_listeners().load_balancer_arn(balancer).into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => all.extend(page.listeners.unwrap_or_default()),
                // It went since it was listed.
                Err(error) if is_missing(&error) => return Ok(Vec::new()),
                Err(error) => return Err(trouble("elasticloadbalancing:DescribeListeners", error)),
            }
        }
        Ok(all)
    }
}

pub(crate) fn unreadable(action: &str) -> CloudError {
    CloudError::new(Fate::TryAgain, "unreadable_answer", format!("the answer to {action} names nothing"))
}

fn observed(balancer: &LoadBalancer) -> Observed {
    let state = balancer.state().and_then(|state| state.code());
    Observed::Balancer {
        name: balancer.dns_name().unwrap_or_default().to_owned(),
        is_active: matches!(state, Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired)),
        private_address: None,
    }
}

/// As the loop sees it.
pub(crate) fn listed(balancer: &LoadBalancer, label: &Label) -> Option<Seen> {
    Some(label.seen(balancer.load_balancer_arn()?, observed(balancer), time(balancer.created_time())))
}

/// As the loop sees it.
pub(crate) fn listed_listener(listener: &Listener, label: &Label) -> Option<Seen> {
    let certificate = listener.certificates().first().and_then(|certificate| certificate.certificate_arn()).map(str::to_owned);
    Some(label.seen(listener.listener_arn()?, Observed::Listener { certificate, asks: None, said: None }, None))
}
