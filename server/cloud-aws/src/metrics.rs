//! What CloudWatch measured of an instance since it was started: five minutes to a value, a few minutes late.

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat};
use aws_sdk_ec2::types::{Filter, InstanceStateName};
use cloud::{CloudError, Metrics};

use crate::AwsCloud;
use crate::size::cpus;
use crate::trouble::trouble;

/// Seconds that one value stands for.
const PERIOD: i32 = 300;

impl AwsCloud {
    pub(crate) async fn machine_metrics(&self, machine: &str) -> Result<Option<Metrics>, CloudError> {
        let it = Filter::builder().name("instance-id").values(machine).build();
        let known = self.instances(vec![it]).await?;
        let Some(instance) = known.first() else { return Ok(None) };
        let is_running = instance.state().and_then(|state| state.name()) == Some(&InstanceStateName::Running);
        let Some(started_at) = instance.launch_time().filter(|_| is_running) else { return Ok(None) };
        let cpus = instance.instance_type().and_then(|kind| cpus(kind.as_str())).unwrap_or(1);
        let queries = [("processor", "CPUUtilization", "Average"), ("received", "NetworkIn", "Sum"), ("sent", "NetworkOut", "Sum")];
        let mut pages = self
            .clients
            .cloudwatch
            .get_metric_data()
            .start_time(DateTime::from_secs(started_at.secs()))
            .end_time(DateTime::from(std::time::SystemTime::now()))
            .set_metric_data_queries(Some(queries.map(|(id, name, statistic)| query(machine, id, name, statistic)).to_vec()))
            .into_paginator()
            .send();
        let (mut percent, mut received, mut sent) = (0.0, 0.0, 0.0);
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| trouble("cloudwatch:GetMetricData", error))?;
            for result in page.metric_data_results() {
                let sum: f64 = result.values().iter().sum();
                match result.id() {
                    Some("processor") => percent += sum,
                    Some("received") => received += sum,
                    Some("sent") => sent += sum,
                    _ => {}
                }
            }
        }
        let seconds = percent / 100.0 * f64::from(PERIOD) * f64::from(cpus);
        Ok(Some(Metrics {
            processor_time: std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default(),
            memory: None,
            disk: None,
            received: bytes(received),
            sent: bytes(sent),
        }))
    }
}

fn query(machine: &str, id: &str, name: &str, statistic: &str) -> MetricDataQuery {
    let of = Dimension::builder().name("InstanceId").value(machine).build();
    let metric = Metric::builder().namespace("AWS/EC2").metric_name(name).dimensions(of).build();
    let values = MetricStat::builder().metric(metric).period(PERIOD).stat(statistic).build();
    MetricDataQuery::builder().id(id).metric_stat(values).build()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "CloudWatch counts bytes in floating point; what is no count is none"
)]
fn bytes(sum: f64) -> u64 {
    if sum.is_finite() && sum > 0.0 { sum as u64 } else { 0 }
}
