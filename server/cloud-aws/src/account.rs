//! Clients of one account, and who we are in it.

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_ec2::config::Credentials;
use cloud::CloudError;

use crate::AwsConfig;
use crate::trouble::trouble;

/// Shorter than the loop waits for a call: who gave up knows that nothing more comes.
const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(15);
const CONNECT_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

/// One client for each service.
#[derive(Debug, Clone)]
pub struct Clients {
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) route53: aws_sdk_route53::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(crate) ssm: aws_sdk_ssm::Client,
    pub(crate) quotas: aws_sdk_servicequotas::Client,
    pub(crate) iam: aws_sdk_iam::Client,
    pub(crate) sts: aws_sdk_sts::Client,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Twelve digits.
    pub(crate) account: String,
    /// `arn:aws:sts::123456789012:assumed-role/koza/…`.
    pub(crate) arn: String,
}

/// Clients with the credentials of the SDK's usual chain: environment, profile, container or instance role.
pub async fn connect(config: &AwsConfig) -> Clients {
    load(defaults(config)).await
}

/// Clients with these credentials: an access key and its secret.
pub async fn connect_as(config: &AwsConfig, key: &str, secret: &str) -> Clients {
    let credentials = Credentials::new(key, secret, None, None, "given");
    load(defaults(config).credentials_provider(credentials)).await
}

fn defaults(config: &AwsConfig) -> ConfigLoader {
    // The loop decides when a call is made again, and counts each.
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(config.region.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_WITHIN).operation_timeout(ANSWER_WITHIN).build());
    match &config.endpoint {
        Some(endpoint) => loader.endpoint_url(endpoint),
        None => loader,
    }
}

async fn load(loader: ConfigLoader) -> Clients {
    let shared = loader.load().await;
    Clients {
        ec2: aws_sdk_ec2::Client::new(&shared),
        elb: aws_sdk_elasticloadbalancingv2::Client::new(&shared),
        route53: aws_sdk_route53::Client::new(&shared),
        cloudwatch: aws_sdk_cloudwatch::Client::new(&shared),
        ssm: aws_sdk_ssm::Client::new(&shared),
        quotas: aws_sdk_servicequotas::Client::new(&shared),
        iam: aws_sdk_iam::Client::new(&shared),
        sts: aws_sdk_sts::Client::new(&shared),
    }
}

impl Clients {
    /// Whose account it is: twelve digits.
    ///
    /// # Errors
    /// As for any call.
    pub async fn account(&self) -> Result<String, CloudError> {
        Ok(self.identity().await?.account)
    }

    pub(crate) async fn identity(&self) -> Result<Identity, CloudError> {
        let answer = self.sts.get_caller_identity().send().await.map_err(|error| trouble("sts:GetCallerIdentity", error))?;
        Ok(Identity { account: answer.account.unwrap_or_default(), arn: answer.arn.unwrap_or_default() })
    }
}
