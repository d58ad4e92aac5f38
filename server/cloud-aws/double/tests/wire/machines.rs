//! States that take time, and what is refused in them.

use std::time::Duration;

use aws_double::Clock;

use crate::client::{ec2, launch, machine, plain, start, state};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_machine_is_pending_then_running_then_stopping_then_stopped() {
    let clock = Clock::by_hand();
    let Some(double) = start(|double| double.with_clock(clock.clone()).with_pending(MINUTE).with_stopping(MINUTE)) else { return };
    let id = launch(&double, "&ClientToken=t1").done().one("instanceId");
    assert_eq!(state(&double, &id), "pending");
    let by_state = |state: &str| {
        ec2(&double, &format!("DescribeInstances&Filter.1.Name=instance-state-name&Filter.1.Value.1={state}"))
            .done()
            .all("instanceId")
            .len()
    };
    assert_eq!([by_state("pending"), by_state("running")], [1, 0]);
    assert_eq!(ec2(&double, "DescribeInstanceStatus").done().all("instanceId").len(), 0);
    assert_eq!(ec2(&double, &format!("StopInstances&InstanceId.1={id}")).code(), "IncorrectInstanceState");
    clock.advance(MINUTE);
    assert_eq!(state(&double, &id), "running");
    assert_eq!([by_state("pending"), by_state("running")], [0, 1]);
    assert_eq!(ec2(&double, "DescribeInstanceStatus").done().all("instanceId").len(), 1);

    assert_eq!(ec2(&double, &format!("StopInstances&InstanceId.1={id}")).done().all("name"), ["stopping", "running"]);
    assert_eq!(state(&double, &id), "stopping");
    assert_eq!(ec2(&double, &format!("StopInstances&InstanceId.1={id}")).done().all("name"), ["stopping", "stopping"]);
    assert_eq!(ec2(&double, &format!("StartInstances&InstanceId.1={id}")).code(), "IncorrectInstanceState");
    clock.advance(MINUTE);
    assert_eq!(state(&double, &id), "stopped");
    assert_eq!(ec2(&double, &format!("StartInstances&InstanceId.1={id}")).done().all("name"), ["pending", "stopped"]);
    assert_eq!(state(&double, &id), "pending");
    clock.advance(MINUTE);
    assert_eq!(ec2(&double, &format!("StartInstances&InstanceId.1={id}")).done().all("name"), ["running", "running"]);
}

#[test]
fn a_machine_that_ends_is_listed_for_an_hour_and_does_not_come_back() {
    let clock = Clock::by_hand();
    let Some(double) = start(|double| double.with_clock(clock.clone()).with_stopping(MINUTE)) else { return };
    let id = launch(&double, "&ClientToken=t1").done().one("instanceId");
    assert_eq!(ec2(&double, &format!("TerminateInstances&InstanceId.1={id}")).done().all("name"), ["shutting-down", "running"]);
    assert_eq!(state(&double, &id), "shutting-down");
    clock.advance(MINUTE);
    assert_eq!(ec2(&double, &format!("TerminateInstances&InstanceId.1={id}")).done().all("name"), ["terminated", "terminated"]);
    for action in ["StartInstances", "StopInstances"] {
        assert_eq!(ec2(&double, &format!("{action}&InstanceId.1={id}")).code(), "IncorrectInstanceState");
    }
    assert_eq!(launch(&double, "&ClientToken=t1").done().one("instanceId"), id);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(ec2(&double, "DescribeInstances").done().all("instanceId").len(), 0);
    for action in ["DescribeInstances", "TerminateInstances"] {
        assert_eq!(ec2(&double, &format!("{action}&InstanceId.1={id}")).code(), "InvalidInstanceID.NotFound");
    }
}

#[test]
fn what_was_just_made_cannot_be_found_for_a_while() {
    let clock = Clock::by_hand();
    let Some(double) = start(|double| double.with_clock(clock.clone()).with_invisible(MINUTE)) else { return };
    let id = launch(&double, "&ClientToken=t1").done().one("instanceId");
    let vpc = ec2(&double, "DescribeVpcs").done().one("vpcId");
    let group = ec2(&double, &format!("CreateSecurityGroup&GroupName=g&GroupDescription=d&VpcId={vpc}")).done().one("groupId");
    let address = ec2(&double, "AllocateAddress&Domain=vpc").done().one("allocationId");
    let bodies = [
        (format!("DescribeInstances&InstanceId.1={id}"), "InvalidInstanceID.NotFound"),
        (format!("TerminateInstances&InstanceId.1={id}"), "InvalidInstanceID.NotFound"),
        (format!("CreateTags&ResourceId.1={group}&Tag.1.Key=a&Tag.1.Value=b"), "InvalidGroup.NotFound"),
        (format!("AssociateAddress&AllocationId={address}&InstanceId={id}"), "InvalidAllocationID.NotFound"),
    ];
    for (body, code) in &bodies {
        assert_eq!(ec2(&double, body).code(), *code, "{body}");
    }
    for (body, name) in
        [("DescribeInstances&Filter.1.Name=client-token&Filter.1.Value.1=t1", "instanceId"), ("DescribeAddresses", "allocationId")]
    {
        assert_eq!(ec2(&double, body).done().all(name).len(), 0, "{body}");
    }
    assert!(!ec2(&double, "DescribeSecurityGroups").done().text().contains(&group));
    // The token knows its machine even now.
    assert_eq!(launch(&double, "&ClientToken=t1").done().one("instanceId"), id);
    clock.advance(MINUTE);
    assert_eq!(state(&double, &id), "running");
    assert!(ec2(&double, "DescribeSecurityGroups").done().text().contains(&group));
}

#[test]
fn a_machine_gets_another_type_only_while_stopped() {
    let Some(double) = start(plain) else { return };
    let id = machine(&double);
    let change = format!("ModifyInstanceAttribute&InstanceId={id}&InstanceType.Value=t3.large");
    assert_eq!(ec2(&double, &change).code(), "IncorrectInstanceState");
    ec2(&double, &format!("StopInstances&InstanceId.1={id}")).done();
    ec2(&double, &change).done();
    assert_eq!(ec2(&double, "DescribeInstances").done().one("instanceType"), "t3.large");
}
