//! RunInstances: client tokens, counts, tags.

use aws_double::{Fault, Outcome};

use crate::client::{DEBIAN, ec2, launch, launch_in, plain, start, subnets};

#[test]
fn a_token_used_again_gives_the_same_machine_as_it_is_now() {
    let Some(double) = start(plain) else { return };
    let first = launch(&double, "&ClientToken=t1").done();
    let id = first.one("instanceId");
    ec2(&double, &format!("StopInstances&InstanceId.1={id}")).done();
    let second = launch(&double, "&ClientToken=t1").done();
    assert!(second.text().contains("<RunInstancesResponse>"));
    assert_eq!((second.one("instanceId"), second.one("reservationId")), (id.clone(), first.one("reservationId")));
    assert!(second.text().contains("<name>stopped</name>"));
    assert_eq!(ec2(&double, "DescribeInstances").done().all("instanceId"), [id]);
    let tokens: Vec<_> = double.log().into_iter().filter(|entry| entry.action == "RunInstances").map(|entry| entry.token).collect();
    assert_eq!(tokens, [Some("t1".to_owned()), Some("t1".to_owned())]);
}

#[test]
fn a_token_with_other_parameters_is_refused() {
    let Some(double) = start(plain) else { return };
    launch(&double, "&ClientToken=t1").done();
    let said = launch(&double, "&ClientToken=t1&KeyName=other");
    assert_eq!((said.status, said.code().as_str()), (400, "IdempotentParameterMismatch"));
    assert_eq!(launch(&double, "&ClientToken=T1").done().all("instanceId").len(), 1);
}

#[test]
fn a_token_is_good_in_one_zone_only() {
    let Some(double) = start(plain) else { return };
    let [here, there] = subnets(&double);
    let first = launch_in(&double, &here, "&ClientToken=t1").done().one("instanceId");
    let second = launch_in(&double, &there, "&ClientToken=t1").done().one("instanceId");
    assert_ne!(first, second);
    assert_eq!(launch_in(&double, &here, "&ClientToken=t1").done().one("instanceId"), first);
    assert_eq!(launch_in(&double, &there, "&ClientToken=t1").done().one("instanceId"), second);
}

#[test]
fn a_launch_whose_answer_was_lost_is_found_by_its_token() {
    let Some(double) = start(plain) else { return };
    double.meet("RunInstances", 1, Fault::LoseAnswer);
    assert!(launch(&double, "&ClientToken=t1").is_lost());
    let found = ec2(&double, "DescribeInstances&Filter.1.Name=client-token&Filter.1.Value.1=t1").done().all("instanceId");
    assert_eq!(found.len(), 1);
    assert_eq!(launch(&double, "&ClientToken=t1").done().all("instanceId"), found);
    assert_eq!(ec2(&double, "DescribeInstances&Filter.1.Name=client-token&Filter.1.Value.1=other").done().all("reservationId").len(), 0);
}

#[test]
fn a_launch_that_was_refused_leaves_its_token_unused() {
    let Some(double) = start(plain) else { return };
    double.meet("RunInstances", 1, Fault::no_capacity());
    assert_eq!(launch(&double, "&ClientToken=t1").code(), "InsufficientInstanceCapacity");
    assert_eq!(launch(&double, "&ClientToken=t1").done().all("instanceId").len(), 1);
}

#[test]
fn two_at_once_with_one_token_start_one_machine() {
    let Some(double) = start(plain) else { return };
    let [subnet, _] = subnets(&double);
    let ids: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> =
            (0..4).map(|_| scope.spawn(|| launch_in(&double, &subnet, "&ClientToken=t1").done().one("instanceId"))).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(ec2(&double, "DescribeInstances").done().all("instanceId").len(), 1);
}

#[test]
fn as_many_start_as_are_allowed_at_most() {
    let Some(double) = start(plain) else { return };
    let body = format!("RunInstances&ImageId={DEBIAN}&MinCount=1&MaxCount=3&InstanceType=t3.micro&ClientToken=many");
    let first = ec2(&double, &body).done().all("instanceId");
    assert_eq!(first.len(), 3);
    assert_eq!(ec2(&double, &body).done().all("instanceId"), first);
}

#[test]
fn the_disk_and_the_network_interface_are_tagged_and_the_interface_goes_with_its_machine() {
    let Some(double) = start(plain) else { return };
    let tags: String = ["instance", "volume", "network-interface"]
        .iter()
        .enumerate()
        .map(|(at, kind)| {
            let nth = at + 1;
            let tag = format!("&TagSpecification.{nth}.Tag.1.Key=koza%3Aintent&TagSpecification.{nth}.Tag.1.Value=x");
            format!("&TagSpecification.{nth}.ResourceType={kind}{tag}")
        })
        .collect();
    let id = launch(&double, &tags).done().one("instanceId");
    let mut kinds = ec2(&double, "DescribeTags&Filter.1.Name=key&Filter.1.Value.1=koza%3Aintent").done().all("resourceType");
    kinds.sort();
    assert_eq!(kinds, ["instance", "network-interface", "volume"]);
    assert_eq!(ec2(&double, "DescribeNetworkInterfaces").done().all("networkInterfaceId").len(), 1);
    ec2(&double, &format!("TerminateInstances&InstanceId.1={id}")).done();
    assert_eq!(ec2(&double, "DescribeNetworkInterfaces").done().all("networkInterfaceId").len(), 0);
    assert_eq!(ec2(&double, "DescribeVolumes").done().all("volumeId").len(), 0);
    assert!(ec2(&double, "DescribeInstances").done().text().contains("<name>terminated</name>"));
}

#[test]
fn a_machine_described_by_its_network_interface_has_its_groups() {
    let Some(double) = start(plain) else { return };
    let [subnet, _] = subnets(&double);
    let vpc = ec2(&double, "DescribeVpcs").done().one("vpcId");
    let group = ec2(&double, &format!("CreateSecurityGroup&GroupName=g&GroupDescription=d&VpcId={vpc}")).done().one("groupId");
    let interface = format!(
        "&NetworkInterface.1.DeviceIndex=0&NetworkInterface.1.SubnetId={subnet}&NetworkInterface.1.AssociatePublicIpAddress=true\
         &NetworkInterface.1.SecurityGroupId.1={group}&ClientToken=t1"
    );
    let body = format!("RunInstances&ImageId={DEBIAN}&MinCount=1&MaxCount=1&InstanceType=t3.micro{interface}");
    let id = ec2(&double, &body).done().one("instanceId");
    assert_eq!(ec2(&double, &body).done().one("instanceId"), id);
    let machine = ec2(&double, &format!("DescribeInstances&InstanceId.1={id}")).done().text();
    let own = machine.split("</networkInterfaceSet>").nth(1).unwrap();
    assert!(own.contains(&format!("<groupId>{group}</groupId>")), "{machine}");
    assert_eq!(ec2(&double, &format!("DeleteSecurityGroup&GroupId={group}")).code(), "DependencyViolation");
    ec2(&double, &format!("TerminateInstances&InstanceId.1={id}")).done();
    assert_eq!(ec2(&double, "DescribeNetworkInterfaces").done().all("networkInterfaceId").len(), 0);
    ec2(&double, &format!("DeleteSecurityGroup&GroupId={group}")).done();
}

#[test]
fn what_does_not_exist_is_not_launched_from() {
    let Some(double) = start(plain) else { return };
    let launch = |image: &str, more: &str| ec2(&double, &format!("RunInstances&ImageId={image}&MinCount=1&MaxCount=1{more}")).code();
    assert_eq!(launch("ami-00000000000000000", ""), "InvalidAMIID.NotFound");
    assert_eq!(launch(DEBIAN, "&KeyName=nobody"), "InvalidKeyPair.NotFound");
    assert_eq!(launch(DEBIAN, "&InstanceType=t99.huge"), "InvalidInstanceType.NotFound");
    let refused = double.log().into_iter().filter(|entry| matches!(entry.outcome, Outcome::Refused(_))).count();
    assert_eq!(refused, 3);
}
