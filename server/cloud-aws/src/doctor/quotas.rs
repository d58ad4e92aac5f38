//! Quotas that a class may meet: how much of each is used, and whether the rest is enough.

use aws_sdk_ec2::types::{Filter, InstanceStateName};
use cloud::{CloudError, Fate, Finding};

use super::refused;
use crate::account::Clients;
use crate::trouble::{code, is_missing, trouble};

/// A quota that a class may meet. Codes: "Service Quotas" console, read 2026-11.
struct Quota {
    service: &'static str,
    code: &'static str,
    name: &'static str,
    /// How many of it one environment takes.
    each: u32,
}

const QUOTAS: [Quota; 3] = [
    Quota { service: "ec2", code: "L-1216C47A", name: "vCPUs of standard instances", each: 2 },
    Quota { service: "ec2", code: "L-0263D0A3", name: "Elastic IP addresses", each: 1 },
    Quota { service: "elasticloadbalancing", code: "L-53DA6B97", name: "application load balancers", each: 0 },
];

/// One finding for each.
pub(super) async fn examine(clients: &Clients, class: u32) -> Vec<Finding> {
    let mut findings = Vec::new();
    for quota in &QUOTAS {
        findings.push(match room(clients, quota).await {
            Ok((used, limit)) => judged(quota, used, limit, class),
            Err(error) => refused(&format!("quota of {}", quota.name), &error),
        });
    }
    findings
}

/// How many are used, and how many there may be.
async fn room(clients: &Clients, quota: &Quota) -> Result<(u32, u32), CloudError> {
    let applied = clients.quotas.get_service_quota().service_code(quota.service).quota_code(quota.code).send().await;
    let value = match applied {
        Ok(answer) => answer.quota().and_then(|quota| quota.value()),
        Err(error) if is_missing(&error) || code(&error).starts_with("NoSuchResource") => {
            let default = clients.quotas.get_aws_default_service_quota().service_code(quota.service).quota_code(quota.code).send().await;
            let default = default.map_err(|error| trouble("servicequotas:GetAWSDefaultServiceQuota", error))?;
            default.quota().and_then(|quota| quota.value())
        }
        Err(error) => return Err(trouble("servicequotas:GetServiceQuota", error)),
    };
    let none = || CloudError::new(Fate::TryAgain, "unreadable_answer", format!("AWS names no limit of {}", quota.name));
    Ok((used(clients, quota).await?, whole(value.ok_or_else(none)?)))
}

async fn used(clients: &Clients, quota: &Quota) -> Result<u32, CloudError> {
    let count = match quota.code {
        "L-1216C47A" => {
            let on = [InstanceStateName::Pending, InstanceStateName::Running].map(|state| state.as_str().to_owned());
            let is_on = Filter::builder().name("instance-state-name").set_values(Some(on.to_vec())).build();
            let mut pages = clients.ec2.describe_instances().filters(is_on).max_results(1000).into_paginator().send();
            let mut count = 0;
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| trouble("ec2:DescribeInstances", error))?;
                let all = page.reservations().iter().flat_map(|reservation| reservation.instances());
                count += all
                    .filter_map(|instance| instance.cpu_options())
                    .map(|cpus| cpus.core_count().unwrap_or(1) * cpus.threads_per_core().unwrap_or(1))
                    .filter_map(|cpus| usize::try_from(cpus).ok())
                    .sum::<usize>();
            }
            count
        }
        "L-0263D0A3" => {
            let answer = clients.ec2.describe_addresses().send().await;
            answer.map_err(|error| trouble("ec2:DescribeAddresses", error))?.addresses().len()
        }
        _ => {
            let mut pages = clients.elb.describe_load_balancers().into_paginator().send();
            let mut count = 0;
            while let Some(page) = pages.next().await {
                count += page.map_err(|error| trouble("elasticloadbalancing:DescribeLoadBalancers", error))?.load_balancers().len();
            }
            count
        }
    };
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a quota is a small whole number")]
fn whole(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}

fn judged(quota: &Quota, used: u32, limit: u32, class: u32) -> Finding {
    let (free, needed) = (limit.saturating_sub(used), class * quota.each);
    let what = format!("{}: {used} of {limit} in use", quota.name);
    if quota.each == 0 {
        return Finding::Note(format!("{what}; each environment that is scaled out takes one"));
    }
    if needed > free {
        let (code, service) = (quota.code, quota.service);
        let mend = format!("ask AWS for {} or more: Service Quotas, {service}, {code} (it takes from minutes to days)", used + needed);
        return Finding::Missing(format!("{what}; a class of {class} takes {needed} more"), mend);
    }
    Finding::Good(format!("{what}, enough for a class of {class}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_judged_by_what_is_left_of_it() {
        let addresses = &QUOTAS[1];
        assert!(matches!(judged(addresses, 4, 5, 1), Finding::Good(_)));
        let Finding::Missing(_, mend) = judged(addresses, 4, 5, 30) else { panic!("30 addresses do not fit") };
        assert!(mend.starts_with("ask AWS for 34 or more"), "{mend}");
    }
}
