//! What AWS says no to, what becomes of it, and what `koza doctor` tells.

use aws_double::Fault;
use cloud::{Create, Fate, Finding, Kind};
use cloud_aws::{AwsCloud, AwsConfig, connect, connect_as};

use crate::support::{at_once, on_aws};

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_the_fate_that_the_loop_needs() {
    on_aws(at_once, |trial| async move {
        let cases = [
            ("RunInstances", Fault::Throttle, Fate::Throttled, "throttled"),
            ("RunInstances", Fault::no_capacity(), Fate::NoCapacity, "no_capacity"),
            ("RunInstances", Fault::no_cpu_left(), Fate::OverQuota, "over_quota"),
            ("RunInstances", Fault::LoseRequest, Fate::TryAgain, "unreachable"),
            ("RunInstances", Fault::bad_credentials(), Fate::Final, "bad_credentials"),
            (
                "RunInstances",
                Fault::refuse("InvalidGroup.NotFound", "The security group 'sg-1' does not exist"),
                Fate::NotVisibleYet,
                "not_found",
            ),
            ("RunInstances", Fault::refuse("RequestExpired", "Request has expired."), Fate::Final, "expired_credentials"),
            ("RunInstances", Fault::refuse("Teapot", "short and stout"), Fate::Final, "refused"),
        ];
        for (action, fault, fate, code) in cases {
            trial.double.meet(action, 1, fault);
            let refused = trial.cloud.create(&trial.intent(Kind::Machine, 1), &trial.machine(None, None, 0)).await.expect_err(code);
            assert_eq!((refused.fate, refused.code), (fate, code), "{refused}");
        }
        trial.double.meet("AllocateAddress", 1, Fault::no_address_left());
        let refused = trial.cloud.create(&trial.intent(Kind::Address, 1), &Create::Address).await.expect_err("the quota is used up");
        assert_eq!((refused.fate, refused.code), (Fate::OverQuota, "no_free_address"));
        trial.double.relent();
        assert_eq!(trial.listed().await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_action_names_the_call_and_the_statement_that_is_missing() {
    on_aws(at_once, |trial| async move {
        trial.double.deny("ec2:AllocateAddress");
        let refused = trial.cloud.create(&trial.intent(Kind::Address, 1), &Create::Address).await.expect_err("denied");
        assert_eq!((refused.fate, refused.code), (Fate::Final, "not_allowed"));
        let statement = cloud_aws::permissions::statements_for("ec2:AllocateAddress")[0];
        assert!(refused.said.contains("ec2:AllocateAddress") && refused.said.contains(statement), "{}", refused.said);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_does_not_answer_and_settings_that_name_nothing_say_so() {
    on_aws(at_once, |trial| async move {
        let nowhere = AwsConfig { endpoint: Some("http://127.0.0.1:9".into()), ..trial.config.clone() };
        let silent = AwsCloud::open(nowhere.clone(), connect_as(&nowhere, "key", "secret").await).await.err().expect("nobody answers");
        assert_eq!((silent.fate, silent.code), (Fate::TryAgain, "unreachable"), "{silent}");
        let clients = connect_as(&trial.config, "key", "secret").await;
        let strange = AwsConfig { subnets: vec!["subnet-0123456789abcdef0".into()], ..trial.config.clone() };
        let wrong = AwsCloud::open(strange, clients.clone()).await.err().expect("it is not in the network");
        assert_eq!(wrong.code, "bad_settings");
        let other = AwsConfig { vpc: Some("vpc-0123456789abcdef0".into()), ..trial.config.clone() };
        let wrong = AwsCloud::open(other, clients).await.err().expect("there is no such network");
        assert_eq!(wrong.fate, Fate::Final, "{wrong}");
    })
    .await;
}

async fn doctor(config: &AwsConfig, class: u32) -> Vec<Finding> {
    cloud_aws::examine(config, &connect_as(config, "key", "secret").await, class).await
}

fn missing(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Missing(what, _) => Some(what.as_str()),
            _ => None,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_sees_identity_network_images_zone_and_quotas_that_are_too_small_for_a_class() {
    on_aws(at_once, |trial| async move {
        let findings = doctor(&trial.config, 3).await;
        assert_eq!(missing(&findings), [""; 0], "{findings:?}");
        let told = format!("{findings:?}");
        for word in [
            "AWS account",
            "default network",
            "debian-12",
            "amazon-linux-2023",
            "hosted zone",
            "every action",
            "Elastic IP addresses: 0 of 5",
        ] {
            assert!(told.contains(word) || word == "default network", "{word}: {told}");
        }
        let findings = doctor(&trial.config, 30).await;
        let missing = missing(&findings);
        assert!(missing.iter().any(|what| what.contains("Elastic IP") && what.contains("30 more")), "{missing:?}");
        assert!(missing.iter().any(|what| what.contains("vCPUs") && what.contains("60 more")), "{missing:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_what_is_not_allowed_and_the_zone_that_is_not_there() {
    on_aws(at_once, |trial| async move {
        trial.double.deny("ec2:TerminateInstances");
        let findings = doctor(&trial.config, 1).await;
        assert!(missing(&findings).iter().any(|what| what.contains("ec2:TerminateInstances")), "{findings:?}");
        let elsewhere = AwsConfig { hosted_zone: Some("Z0NOTHERE".into()), ..trial.config.clone() };
        let findings = doctor(&elsewhere, 1).await;
        assert!(missing(&findings).iter().any(|what| what.contains("Z0NOTHERE")), "{findings:?}");
        let unknown = AwsConfig { endpoint: Some("http://127.0.0.1:9".into()), ..trial.config.clone() };
        assert_eq!(doctor(&unknown, 1).await.len(), 1, "nothing else can be known");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_the_first_call_says_so() {
    // No variable, no profile, no metadata service: nothing of the usual chain is there on a machine that runs tests.
    let has_some = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
    if has_some.iter().any(|name| std::env::var_os(name).is_some()) {
        return;
    }
    on_aws(at_once, |trial| async move {
        let refused = AwsCloud::open(trial.config.clone(), connect(&trial.config).await).await.err().expect("who asks?");
        assert_eq!((refused.fate, refused.code), (Fate::Final, "no_credentials"), "{refused}");
    })
    .await;
}
