//! What an operator should know of an account before a class: who we are there, what is not allowed, which quotas are too small.

mod quotas;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use cloud::{CloudError, Fate, Finding};
use time::OffsetDateTime;

use crate::account::{Clients, Identity};
use crate::image::PARAMETERS;
use crate::network::Network;
use crate::permissions::{self, Statement};
use crate::trouble::{is_missing, trouble};
use crate::{AwsCloud, AwsConfig, Route53};

/// Looks at everything; a class is so many environments at once.
pub async fn examine(config: &AwsConfig, clients: &Clients, class: u32) -> Vec<Finding> {
    let who = match clients.identity().await {
        Ok(who) => who,
        Err(error) => {
            let mend = "credentials come by the SDK's usual chain: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (AWS_PROFILE), or the role of the host";
            return vec![Finding::Missing(format!("AWS in {}: {}", config.region, error.said), mend.into())];
        }
    };
    let mut findings = vec![Finding::Good(format!("AWS account {} in {} as {}", who.account, config.region, who.arn))];
    findings.extend(allowed(config, clients, &who).await);
    findings.push(network(config, clients).await);
    findings.extend(images(config, clients).await);
    findings.extend(quotas::examine(clients, class).await);
    findings.push(zone(config, clients.clone()).await);
    findings.push(certificates(config, class));
    findings
}

fn refused(what: &str, error: &CloudError) -> Finding {
    let mend = match error.code {
        "not_allowed" => "attach the policy (deploy/aws/README.md)",
        _ if error.fate == Fate::TryAgain => "see whether this host reaches AWS; then again",
        _ => "see docs/operating.md, AWS",
    };
    Finding::Missing(format!("{what}: {}", error.said), mend.into())
}

/// Asks IAM for each statement of our policy, under the statement's own conditions.
async fn allowed(config: &AwsConfig, clients: &Clients, who: &Identity) -> Vec<Finding> {
    let Some(role) = role(who) else {
        return vec![Finding::Note(format!("{} is no role or user whose policies IAM could be asked about", who.arn))];
    };
    let zone = config.hosted_zone.clone().unwrap_or_default();
    let domain = match &config.hosted_zone {
        Some(id) => Route53::new(clients.clone(), config, id.clone(), Arc::new(OffsetDateTime::now_utc))
            .domain()
            .await
            .map_or_else(|_| String::new(), str::to_owned),
        None => String::new(),
    };
    let places = BTreeMap::from([
        ("account", who.account.as_str()),
        ("region", config.region.as_str()),
        ("installation", config.installation.as_str()),
        ("zone_id", zone.as_str()),
        ("domain", domain.as_str()),
    ]);
    let mut missing = Vec::new();
    for statement in permissions::rendered(&places) {
        if zone.is_empty() && statement.resources.iter().any(|resource| resource.contains(":hostedzone/")) {
            continue;
        }
        match simulated(clients, &role, &statement).await {
            Ok(refused) => missing.extend(refused.into_iter().map(|action| (statement.sid.clone(), action))),
            Err(error) => {
                let said = format!("whether everything is allowed is not known: {}", error.said);
                return vec![Finding::Note(said)];
            }
        }
    }
    if missing.is_empty() {
        return vec![Finding::Good("every action of deploy/aws/policy.json is allowed".into())];
    }
    let finding = |(sid, action): (String, String)| {
        Finding::Missing(format!("{action} is not allowed"), format!("add statement {sid} of deploy/aws/policy.json to {role}"))
    };
    missing.into_iter().map(finding).collect()
}

/// The role or user behind a session: `arn:aws:sts::1:assumed-role/koza/session` acts for `arn:aws:iam::1:role/koza`.
fn role(who: &Identity) -> Option<String> {
    let arn = &who.arn;
    if let Some((_, rest)) = arn.split_once(":assumed-role/") {
        let name = rest.split('/').next()?;
        return Some(format!("arn:aws:iam::{}:role/{name}", who.account));
    }
    (arn.contains(":role/") || arn.contains(":user/")).then(|| arn.clone())
}

/// The actions of a statement that IAM would refuse.
async fn simulated(clients: &Clients, role: &str, statement: &Statement) -> Result<Vec<String>, CloudError> {
    let entry = |(key, values): (&String, &Vec<String>)| {
        let kind = match key.as_str() {
            "ec2:MetadataHttpPutResponseHopLimit" => ContextKeyTypeEnum::Numeric,
            several if several == "aws:TagKeys" || several.starts_with("route53:") => ContextKeyTypeEnum::StringList,
            _ => ContextKeyTypeEnum::String,
        };
        ContextEntry::builder().context_key_name(key).set_context_key_values(Some(values.clone())).context_key_type(kind).build()
    };
    let answer = clients
        .iam
        .simulate_principal_policy()
        .policy_source_arn(role)
        .set_action_names(Some(statement.actions.clone()))
        .set_resource_arns(Some(statement.resources.clone()))
        .set_context_entries(Some(statement.context.iter().map(entry).collect()))
        .send()
        .await;
    let answer = answer.map_err(|error| trouble("iam:SimulatePrincipalPolicy", error))?;
    let refused = answer.evaluation_results().iter().filter(|result| *result.eval_decision() != PolicyEvaluationDecisionType::Allowed);
    Ok(refused.map(|result| result.eval_action_name().to_owned()).collect())
}

async fn network(config: &AwsConfig, clients: &Clients) -> Finding {
    match Network::find(config, clients).await {
        Ok(network) if network.zones().len() < 2 => {
            let zones = network.zones().join(", ");
            Finding::Missing(
                format!("network {} has subnets in {zones} only", network.vpc),
                "scale-out takes two zones: add a subnet in another one".into(),
            )
        }
        Ok(network) => Finding::Good(format!("network {}, zones {}", network.vpc, network.zones().join(", "))),
        Err(error) => refused("network", &error),
    }
}

async fn images(config: &AwsConfig, clients: &Clients) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (os, parameter) in PARAMETERS {
        if let Some(image) = config.images.get(os) {
            let known = clients.ec2.describe_images().image_ids(image).send().await;
            findings.push(match known {
                Ok(known) if known.images().is_empty() => {
                    Finding::Missing(format!("image {image} of {os} is not there"), "see the cloud's settings (images)".into())
                }
                Ok(_) => Finding::Good(format!("{os}: {image}, by the settings")),
                Err(error) => refused(&format!("image of {os}"), &trouble("ec2:DescribeImages", error)),
            });
            continue;
        }
        findings.push(match clients.ssm.get_parameter().name(parameter).send().await {
            Ok(answer) => {
                Finding::Good(format!("{os}: {}", answer.parameter().and_then(|parameter| parameter.value()).unwrap_or_default()))
            }
            Err(error) if is_missing(&error) => Finding::Missing(
                format!("no image of {os} at {parameter}"),
                "name one in the cloud's settings (images), if a blueprint asks for it".into(),
            ),
            Err(error) => refused(&format!("image of {os}"), &trouble("ssm:GetParameter", error)),
        });
    }
    findings
}

async fn zone(config: &AwsConfig, clients: Clients) -> Finding {
    match &config.hosted_zone {
        None => Finding::Note("no hosted zone: environments have addresses and no names".into()),
        Some(id) => {
            let dns = Route53::new(clients, config, id.clone(), Arc::new(OffsetDateTime::now_utc));
            match dns.domain().await {
                Ok(domain) => Finding::Good(format!("hosted zone {id} for {domain}")),
                Err(error) => refused("hosted zone", &error),
            }
        }
    }
}

/// Whether a class is launched together.
fn certificates(config: &AwsConfig, class: u32) -> Finding {
    match config.identity_certificates.as_deref().map(|file| crate::signers(file, &config.region)) {
        Some(Ok(_)) => Finding::Good("AWS's certificates for identity documents are there: a class is launched together".into()),
        Some(Err(error)) => Finding::Missing(error.said, "save AWS's page again (docs/operating.md, AWS)".into()),
        None => {
            let seconds = f64::from(class) / 2.0;
            let why = "no certificates for identity documents: machines are launched one by one, two a second as AWS allows it";
            Finding::Note(format!("{why} ({seconds:.0} s for a class of {class}); docs/operating.md says how they are launched together"))
        }
    }
}

impl AwsCloud {
    /// The clients, for whoever keeps names in the same account.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.clients
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_acts_for_its_role() {
        let who = |arn: &str| Identity { account: "123456789012".into(), arn: arn.into() };
        let session = "arn:aws:sts::123456789012:assumed-role/koza-x/i-0abc";
        assert_eq!(role(&who(session)).as_deref(), Some("arn:aws:iam::123456789012:role/koza-x"));
        let user = "arn:aws:iam::123456789012:user/koza";
        assert_eq!(role(&who(user)).as_deref(), Some(user));
        assert_eq!(role(&who("arn:aws:iam::123456789012:root")), None);
    }
}
