//! Balancers, target groups, listeners, targets.

use std::time::Duration;

use aws_double::{Clock, Double, Fault};

use crate::client::{Said, balancing, ec2, machine, plain, start, subnets};

const MINUTE: Duration = Duration::from_secs(60);

fn balancer(double: &Double, more: &str) -> Said {
    let [here, there] = subnets(double);
    balancing(double, &format!("CreateLoadBalancer&Name=b&Subnets.member.1={here}&Subnets.member.2={there}{more}"))
}

fn target_group(double: &Double, port: u16) -> Said {
    let vpc = ec2(double, "DescribeVpcs").done().one("vpcId");
    balancing(double, &format!("CreateTargetGroup&Name=g&Protocol=HTTP&Port={port}&VpcId={vpc}&TargetType=instance"))
}

fn listener(double: &Double, balancer: &str, group: &str, more: &str) -> Said {
    let action = format!("DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={group}");
    balancing(double, &format!("CreateListener&LoadBalancerArn={balancer}&Protocol=HTTP&Port=80&{action}{more}"))
}

#[test]
fn a_balancer_a_target_group_and_a_listener_are_made_once() {
    let Some(double) = start(plain) else { return };
    double.meet("CreateLoadBalancer", 1, Fault::LoseAnswer);
    assert!(balancer(&double, "").is_lost());
    let arn = balancer(&double, "").done().one("LoadBalancerArn");
    assert_eq!(balancing(&double, "DescribeLoadBalancers").done().all("LoadBalancerArn"), [arn.as_str()]);
    assert_eq!(balancer(&double, "&Scheme=internal").code(), "DuplicateLoadBalancerName");

    let group = target_group(&double, 80).done().one("TargetGroupArn");
    let again = target_group(&double, 80).done();
    assert!(again.text().contains("<CreateTargetGroupResponse>"));
    assert_eq!(again.one("TargetGroupArn"), group);
    assert_eq!(target_group(&double, 81).code(), "DuplicateTargetGroupName");

    let listened = listener(&double, &arn, &group, "").done().one("ListenerArn");
    assert_eq!(listener(&double, &arn, &group, "").done().one("ListenerArn"), listened);
    assert_eq!(listener(&double, &arn, &group, "&Tags.member.1.Key=a&Tags.member.1.Value=b").code(), "DuplicateListener");
    assert_eq!(balancing(&double, &format!("DescribeListeners&LoadBalancerArn={arn}")).done().all("ListenerArn").len(), 1);

    assert_eq!(balancing(&double, &format!("DeleteTargetGroup&TargetGroupArn={group}")).code(), "ResourceInUse");
    balancing(&double, &format!("DeleteLoadBalancer&LoadBalancerArn={arn}")).done();
    balancing(&double, &format!("DeleteTargetGroup&TargetGroupArn={group}")).done();
    assert_ne!(balancer(&double, "").done().one("LoadBalancerArn"), arn);
}

#[test]
fn a_balancer_stands_in_two_zones_and_is_provisioning_at_first() {
    let clock = Clock::by_hand();
    let Some(double) = start(|double| double.with_clock(clock.clone()).with_provisioning(MINUTE)) else { return };
    let [here, _] = subnets(&double);
    assert_eq!(balancing(&double, &format!("CreateLoadBalancer&Name=one&Subnets.member.1={here}")).code(), "ValidationError");
    let state = |said: Said| said.done().text().split("<State><Code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(state(balancer(&double, "")), "provisioning");
    assert_eq!(state(balancing(&double, "DescribeLoadBalancers")), "provisioning");
    assert_eq!(state(balancer(&double, "")), "provisioning");
    clock.advance(MINUTE);
    assert_eq!(state(balancing(&double, "DescribeLoadBalancers")), "active");
    assert_eq!(state(balancer(&double, "")), "active");
}

#[test]
fn a_target_is_unused_then_initial_then_healthy_then_draining_then_gone() {
    let clock = Clock::by_hand();
    let Some(double) = start(|double| double.with_clock(clock.clone()).with_initial(MINUTE).with_draining(MINUTE)) else { return };
    let id = machine(&double);
    let group = target_group(&double, 80).done().one("TargetGroupArn");
    let target = format!("&TargetGroupArn={group}&Targets.member.1.Id={id}");
    let health = || balancing(&double, &format!("DescribeTargetHealth&TargetGroupArn={group}")).done().one("State");
    balancing(&double, &format!("RegisterTargets{target}")).done();
    assert_eq!(health(), "unused");
    let arn = balancer(&double, "").done().one("LoadBalancerArn");
    listener(&double, &arn, &group, "").done();
    assert_eq!(health(), "initial");
    clock.advance(MINUTE);
    assert_eq!(health(), "healthy");
    double.set_healthy(&id, false);
    assert_eq!(health(), "unhealthy");
    double.set_healthy(&id, true);
    balancing(&double, &format!("DeregisterTargets{target}")).done();
    assert_eq!(health(), "draining");
    assert_eq!(balancing(&double, &format!("DescribeTargetHealth{target}")).done().all("State"), ["draining"]);
    balancing(&double, &format!("DeregisterTargets{target}")).done();
    assert_eq!(health(), "draining");
    clock.advance(MINUTE);
    assert_eq!(health(), "");
    assert_eq!(balancing(&double, &format!("DescribeTargetHealth{target}")).done().all("Reason"), ["Target.NotRegistered"]);
}

#[test]
fn only_a_running_machine_enters_and_leaving_twice_is_fine() {
    let Some(double) = start(plain) else { return };
    let (id, stopped) = (machine(&double), machine(&double));
    ec2(&double, &format!("StopInstances&InstanceId.1={stopped}")).done();
    let group = target_group(&double, 80).done().one("TargetGroupArn");
    let call = |action: &str, ids: &[&str]| {
        let targets: String = ids.iter().enumerate().map(|(at, id)| format!("&Targets.member.{}.Id={id}", at + 1)).collect();
        balancing(&double, &format!("{action}&TargetGroupArn={group}{targets}"))
    };
    assert_eq!(call("RegisterTargets", &["i-00000000000000000"]).code(), "InvalidTarget");
    assert_eq!(call("RegisterTargets", &[&id, &stopped]).code(), "InvalidTarget");
    call("RegisterTargets", &[&id]).done();
    call("DeregisterTargets", &["i-00000000000000000", &id]).done();
    call("DeregisterTargets", &[&id]).done();
    assert_eq!(call("DescribeTargetHealth", &[]).done().all("State").len(), 0);
}
