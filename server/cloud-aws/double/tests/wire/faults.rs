//! What goes wrong on the way, and how it is counted.

use std::time::{Duration, Instant};

use aws_double::{Clock, Fault, Outcome};

use crate::client::{balancing, ec2, iam, json, launch, machine, plain, route53, start, subnets};

#[test]
fn a_lost_request_is_not_done_and_a_lost_answer_is() {
    let Some(double) = start(plain) else { return };
    double.meet("AllocateAddress", 1, Fault::LoseRequest);
    double.meet("AllocateAddress", 2, Fault::LoseAnswer);
    assert!(ec2(&double, "AllocateAddress&Domain=vpc").is_lost());
    assert_eq!(ec2(&double, "DescribeAddresses").done().all("allocationId").len(), 0);
    assert!(ec2(&double, "AllocateAddress&Domain=vpc").is_lost());
    assert_eq!(ec2(&double, "DescribeAddresses").done().all("allocationId").len(), 1);
    assert_eq!(double.taken().get("AllocateAddress"), Some(&2));
    let outcomes: Vec<Outcome> =
        double.log().into_iter().filter(|entry| entry.action == "AllocateAddress").map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::RequestLost, Outcome::AnswerLost(Box::new(Outcome::Done(200)))]);
}

#[test]
fn a_late_answer_is_late_and_what_was_asked_is_done_at_once() {
    let Some(double) = start(plain) else { return };
    double.meet("AllocateAddress", 1, Fault::DelayAnswer(Duration::from_millis(300)));
    let began = Instant::now();
    ec2(&double, "AllocateAddress&Domain=vpc").done();
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[test]
fn every_protocol_says_in_its_own_shape_that_there_were_too_many() {
    let Some(double) = start(plain) else { return };
    double.meet_any(1, Fault::Throttle);
    let said = ec2(&double, "DescribeInstances");
    assert_eq!((said.status, said.code().as_str()), (503, "RequestLimitExceeded"));
    assert!(said.text().contains("<Response><Errors><Error><Code>"));
    double.meet("DescribeLoadBalancers", 1, Fault::Throttle);
    let said = balancing(&double, "DescribeLoadBalancers");
    assert_eq!((said.status, said.code().as_str()), (400, "Throttling"));
    double.meet("ListHostedZones", 1, Fault::Throttle);
    let said = route53(&double, "GET", "/hostedzone", "");
    assert_eq!((said.status, said.code().as_str()), (400, "Throttling"));
    double.meet("GetParameter", 1, Fault::Throttle);
    let said = json(&double, "ssm", "AmazonSSM.GetParameter", "{\"Name\":\"/x\"}");
    assert_eq!((said.status, said.text().contains("\"__type\":\"ThrottlingException\"")), (400, true));
    assert_eq!(double.faults_left(), 0);
}

#[test]
fn refusals_come_with_awss_code_and_status() {
    let Some(double) = start(plain) else { return };
    let said_to = |fault: Fault| {
        double.meet("RunInstances", 1, fault);
        let said = launch(&double, "");
        (said.status, said.code())
    };
    assert_eq!(said_to(Fault::unauthorized("ec2:RunInstances")), (403, "UnauthorizedOperation".to_owned()));
    assert_eq!(said_to(Fault::bad_credentials()), (401, "AuthFailure".to_owned()));
    assert_eq!(said_to(Fault::no_capacity()), (500, "InsufficientInstanceCapacity".to_owned()));
    assert_eq!(said_to(Fault::no_cpu_left()), (400, "VcpuLimitExceeded".to_owned()));
    assert_eq!(said_to(Fault::refuse("InvalidInstanceID.NotFound", "no")), (400, "InvalidInstanceID.NotFound".to_owned()));
    assert_eq!(ec2(&double, "DescribeInstances").done().all("instanceId").len(), 0);
}

#[test]
fn faults_in_turn_meet_requests_in_turn() {
    let Some(double) = start(plain) else { return };
    double.meet_in_turn("AllocateAddress", [Some(Fault::no_address_left()), None, Some(Fault::LoseRequest)]);
    let asked: Vec<u16> = (0..4).map(|_| ec2(&double, "AllocateAddress&Domain=vpc").status).collect();
    assert_eq!(asked, [400, 200, 0, 200]);
    double.be_silent(true);
    assert!(ec2(&double, "DescribeAddresses").is_lost());
    double.be_silent(false);
    double.always("DescribeAddresses", Fault::Throttle);
    assert_eq!([(); 2].map(|()| ec2(&double, "DescribeAddresses").status), [503, 503]);
    double.relent();
    assert_eq!(ec2(&double, "DescribeAddresses").done().all("allocationId").len(), 2);
}

#[test]
fn buckets_empty_and_fill_by_the_clock() {
    let clock = Clock::by_hand();
    let Some(double) = start(|double| double.with_buckets().with_clock(clock.clone())) else { return };
    let id = machine(&double);
    let starts = || ec2(&double, &format!("StartInstances&InstanceId.1={id}")).code();
    let codes: Vec<String> = (0..7).map(|_| starts()).collect();
    assert_eq!(codes.iter().filter(|code| code.is_empty()).count(), 5);
    assert_eq!(codes[6], "RequestLimitExceeded");
    clock.advance(Duration::from_secs(1));
    assert_eq!([starts(), starts(), starts()], ["", "", "RequestLimitExceeded"]);
    assert_eq!(double.log().into_iter().filter(|entry| entry.outcome == Outcome::Throttled).count(), 3);
    double.reset_counts();
    assert!(double.taken().is_empty());
}

#[test]
fn what_is_denied_is_refused_and_the_policy_simulator_knows() {
    let Some(double) = start(plain) else { return };
    double.deny("ec2:AllocateAddress");
    let said = ec2(&double, "AllocateAddress&Domain=vpc");
    assert_eq!((said.status, said.code().as_str()), (403, "UnauthorizedOperation"));
    assert!(said.text().contains("not authorized to perform: ec2:AllocateAddress"));
    let body =
        "SimulatePrincipalPolicy&PolicySourceArn=x&ActionNames.member.1=ec2%3ARunInstances&ActionNames.member.2=ec2%3AAllocateAddress";
    assert_eq!(iam(&double, body).done().all("EvalDecision"), ["allowed", "implicitDeny"]);
    double.allow("ec2:AllocateAddress");
    ec2(&double, "AllocateAddress&Domain=vpc").done();
}

#[test]
fn a_caller_that_hangs_up_has_asked_all_the_same() {
    use std::io::Write;
    let Some(double) = start(plain) else { return };
    subnets(&double);
    let body = "Action=AllocateAddress&Version=2016-11-15&Domain=vpc";
    let scope = "AWS4-HMAC-SHA256 Credential=AKTEST/20261121/ap-northeast-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\nauthorization: {scope}\r\ncontent-type: application/x-www-form-urlencoded\r\n");
    let mut stream = std::net::TcpStream::connect(double.endpoint().trim_start_matches("http://")).unwrap();
    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    while !double.taken().contains_key("AllocateAddress") {
        std::thread::yield_now();
    }
    drop(stream);
    while double.log().iter().any(|entry| entry.action == "AllocateAddress" && entry.outcome == Outcome::UnderWay) {
        std::thread::yield_now();
    }
    assert_eq!(ec2(&double, "DescribeAddresses").done().all("allocationId").len(), 1);
}
