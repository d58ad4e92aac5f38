//! Service Quotas, which moto lacks: a few of a new account, and what a test sets. They are only told, not kept to; a full one is a
//! [`Fault`](crate::Fault).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::aws::Aws;
use crate::wire::Wire;

/// Values by service and code.
#[derive(Debug)]
pub(crate) struct Quotas {
    pub(crate) values: BTreeMap<(String, String), f64>,
}

const NAMES: [(&str, &str, f64, &str); 4] = [
    ("ec2", "L-1216C47A", 32.0, "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"),
    ("ec2", "L-0263D0A3", 5.0, "EC2-VPC Elastic IPs"),
    ("elasticloadbalancing", "L-53DA6B97", 50.0, "Application Load Balancers per Region"),
    ("vpc", "L-E79EC296", 2500.0, "VPC security groups per Region"),
];

impl Default for Quotas {
    fn default() -> Self {
        Self { values: NAMES.into_iter().map(|(service, code, value, _)| ((service.to_owned(), code.to_owned()), value)).collect() }
    }
}

fn written(service: &str, code: &str, value: f64) -> Value {
    let name = NAMES.into_iter().find(|(of, known, ..)| *of == service && *known == code).map_or(code, |(.., name)| name);
    let arn = format!("arn:aws:servicequotas:ap-northeast-1:123456789012:{service}/{code}");
    json!({
        "ServiceCode": service, "QuotaArn": arn, "QuotaCode": code, "QuotaName": name, "Value": value, "Unit": "None", "Adjustable": true,
        "GlobalQuota": false
    })
}

impl Aws {
    pub(crate) fn quota(&self, wire: &Wire) -> Result<Answer, Refusal> {
        let asked: Value = serde_json::from_slice(&wire.body).unwrap_or_default();
        let of = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (service, code) = (of("ServiceCode"), of("QuotaCode"));
        let world = self.world();
        match wire.action.as_str() {
            "ListServiceQuotas" | "ListAWSDefaultServiceQuotas" => {
                let of_service = world.quotas.values.iter().filter(|((of, _), _)| *of == service);
                let quotas: Vec<Value> = of_service.map(|((_, code), value)| written(&service, code, *value)).collect();
                Ok(Answer::of_json(&json!({ "Quotas": quotas })))
            }
            "GetServiceQuota" | "GetAWSDefaultServiceQuota" => match world.quotas.values.get(&(service.clone(), code.clone())) {
                Some(value) => Ok(Answer::of_json(&json!({ "Quota": written(&service, &code, *value) }))),
                None => Err(Refusal::new("NoSuchResourceException", "The specified quota does not exist.")),
            },
            action => Err(Refusal::lost(format!("{action} is not played"))),
        }
    }
}
