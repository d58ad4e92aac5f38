//! CloudWatch, Service Quotas, and what passes through unchanged.

use aws_double::Double;

use crate::client::{ec2, form, json, plain, send, start};

#[test]
fn metrics_are_read_in_cbor() {
    let Some(double) = start(plain) else { return };
    let call = |action: &str, body: &[u8]| {
        let path = format!("/service/GraniteServiceVersion20100801/operation/{action}");
        let headers = [("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"), ("accept", "application/cbor")];
        send(&double, "monitoring", "POST", &path, &headers, body)
    };
    // {"Namespace": "X", "MetricData": [{"MetricName": "M", "Value": 3.0}]}
    let put = b"\xa2\x69Namespace\x61X\x6aMetricData\x81\xa2\x6aMetricName\x61M\x65Value\xfb\x40\x08\0\0\0\0\0\0";
    call("PutMetricData", put).done();
    let listed = call("ListMetrics", b"\xbf\xff").done();
    assert!(listed.body.windows(12).any(|window| window == b"\x6aMetricName\x61"), "{}", listed.text());
    assert!(!listed.body.starts_with(b"{"));
    let refused = call("GetMetricStatistics", b"\xa0");
    assert!(refused.status >= 400);
    double.meet("ListMetrics", 1, aws_double::Fault::Throttle);
    let throttled = call("ListMetrics", b"\xa0");
    assert!(throttled.body.windows(19).any(|window| window == b"ThrottlingException"));
}

#[test]
fn quotas_are_told() {
    let Some(double) = start(plain) else { return };
    let ask = |code: &str| {
        json(
            &double,
            "servicequotas",
            "ServiceQuotasV20190624.GetServiceQuota",
            &format!("{{\"ServiceCode\":\"ec2\",\"QuotaCode\":\"{code}\"}}"),
        )
    };
    assert!(ask("L-1216C47A").done().text().contains("\"Value\":32.0"));
    double.set_quota("ec2", "L-1216C47A", 64.0);
    assert!(ask("L-1216C47A").done().text().contains("\"Value\":64.0"));
    assert!(ask("L-NONE").text().contains("NoSuchResourceException"));
}

#[test]
fn doubles_that_share_a_moto_have_an_account_each() {
    let (Some(one), Some(other)) = (start(plain), start(plain)) else { return };
    let account = |double: &Double| form(double, "sts", "2011-06-15", "GetCallerIdentity").done().one("Account");
    assert_ne!(account(&one), account(&other));
    ec2(&one, "AllocateAddress&Domain=vpc").done();
    assert_eq!(ec2(&other, "DescribeAddresses").done().all("allocationId").len(), 0);
}

#[test]
fn what_moto_fails_at_is_an_error_that_a_client_can_read() {
    let Some(double) = start(plain) else { return };
    crate::client::machine(&double);
    let said = ec2(&double, "DescribeInstances&Filter.1.Name=nonsense&Filter.1.Value.1=x");
    assert_eq!((said.status, said.code().as_str()), (400, "TheDoubleIsLost"));
    // It writes its complaint about when it answers.
    let began = std::time::Instant::now();
    while !double.moto_said().iter().any(|line| line.contains("NotImplementedError")) {
        assert!(began.elapsed().as_secs() < 10, "{:?}", double.moto_said());
        std::thread::yield_now();
    }
}

#[test]
fn a_dry_run_does_nothing() {
    let Some(double) = start(plain) else { return };
    let said = crate::client::launch(&double, "&DryRun=true&ClientToken=t1");
    assert_eq!((said.status, said.code().as_str()), (412, "DryRunOperation"));
    double.deny("ec2:RunInstances");
    assert_eq!(crate::client::launch(&double, "&DryRun=true").code(), "UnauthorizedOperation");
    assert_eq!(ec2(&double, "DescribeInstances").done().all("instanceId").len(), 0);
}

#[test]
fn what_it_does_not_know_passes_through() {
    let Some(double) = start(plain) else { return };
    let said = json(&double, "ssm", "AmazonSSM.GetParameter", "{\"Name\":\"/nothing\"}");
    assert_eq!((said.status, said.text().contains("ParameterNotFound")), (400, true));
    json(&double, "ssm", "AmazonSSM.PutParameter", "{\"Name\":\"/some\",\"Value\":\"v\",\"Type\":\"String\"}").done();
    assert!(json(&double, "ssm", "AmazonSSM.GetParameter", "{\"Name\":\"/some\"}").done().text().contains("\"v\""));
    assert_eq!(double.taken().get("GetParameter"), Some(&2));
}

#[test]
fn a_moto_of_its_own_ends_with_its_double() {
    let Some(moto) = std::env::var_os("KOZA_MOTO") else { return };
    let own = aws_double::Double::start(std::path::Path::new(&moto)).unwrap();
    assert!(own.moto_said().iter().any(|line| line.contains(&own.moto())), "{:?}", own.moto_said());
    let second = aws_double::Double::at(&own.moto()).unwrap();
    crate::client::ec2(&second, "DescribeInstances").done();
    drop(own);
    let said = crate::client::ec2(&second, "DescribeInstances");
    assert_eq!((said.status, said.code().as_str()), (400, "TheDoubleIsLost"));
}
