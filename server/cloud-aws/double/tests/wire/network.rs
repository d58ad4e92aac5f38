//! Addresses and security groups: what is in use stays.

use std::time::Duration;

use aws_double::Clock;

use crate::client::{balancing, ec2, machine, plain, start, state, subnets};

fn group(double: &aws_double::Double, name: &str) -> String {
    let vpc = ec2(double, "DescribeVpcs").done().one("vpcId");
    ec2(double, &format!("CreateSecurityGroup&GroupName={name}&GroupDescription=d&VpcId={vpc}")).done().one("groupId")
}

#[test]
fn an_address_that_is_bound_is_neither_released_nor_taken_away() {
    let Some(double) = start(plain) else { return };
    let (here, there) = (machine(&double), machine(&double));
    let said = ec2(&double, "AllocateAddress&Domain=vpc").done();
    let (id, ip) = (said.one("allocationId"), said.one("publicIp"));
    let bind = |machine: &str| ec2(&double, &format!("AssociateAddress&AllocationId={id}&InstanceId={machine}&AllowReassociation=false"));
    let binding = bind(&here).done().one("associationId");
    assert_eq!(bind(&there).code(), "Resource.AlreadyAssociated");
    let said = ec2(&double, &format!("ReleaseAddress&AllocationId={id}"));
    assert_eq!((said.status, said.code()), (400, "InvalidIPAddress.InUse".to_owned()));
    assert!(said.text().contains(&ip));
    ec2(&double, &format!("DisassociateAddress&AssociationId={binding}")).done();
    ec2(&double, &format!("ReleaseAddress&AllocationId={id}")).done();
    assert_eq!(ec2(&double, &format!("ReleaseAddress&AllocationId={id}")).code(), "InvalidAllocationID.NotFound");
}

#[test]
fn without_a_word_about_it_an_address_moves() {
    let Some(double) = start(plain) else { return };
    let (here, there) = (machine(&double), machine(&double));
    let id = ec2(&double, "AllocateAddress&Domain=vpc").done().one("allocationId");
    for machine in [&here, &there] {
        ec2(&double, &format!("AssociateAddress&AllocationId={id}&InstanceId={machine}")).done();
    }
    assert_eq!(ec2(&double, "DescribeAddresses").done().one("instanceId"), there);
}

#[test]
fn an_address_waits_for_its_machine_and_comes_free_with_it() {
    let clock = Clock::by_hand();
    let minute = Duration::from_secs(60);
    let Some(double) = start(|double| double.with_clock(clock.clone()).with_pending(minute)) else { return };
    let id = machine(&double);
    let said = ec2(&double, "AllocateAddress&Domain=vpc").done();
    let (address, ip) = (said.one("allocationId"), said.one("publicIp"));
    let bind = format!("AssociateAddress&AllocationId={address}&InstanceId={id}&AllowReassociation=false");
    assert_eq!(ec2(&double, &bind).code(), "InvalidInstanceID");
    clock.advance(minute);
    ec2(&double, &bind).done();
    let public = || ec2(&double, &format!("DescribeInstances&InstanceId.1={id}")).done().one("ipAddress");
    assert_eq!(public(), ip);
    ec2(&double, &format!("StopInstances&InstanceId.1={id}")).done();
    assert_eq!(public(), ip);
    ec2(&double, &format!("StartInstances&InstanceId.1={id}")).done();
    assert_eq!(public(), ip);
    ec2(&double, &format!("TerminateInstances&InstanceId.1={id}")).done();
    assert_eq!(ec2(&double, &bind).code(), "InvalidInstanceID");
    assert_eq!(ec2(&double, "DescribeAddresses").done().one("associationId"), "");
    ec2(&double, &format!("ReleaseAddress&AllocationId={address}")).done();
}

#[test]
fn a_group_goes_only_when_no_machine_no_group_and_no_balancer_uses_it() {
    let clock = Clock::by_hand();
    let minute = Duration::from_secs(60);
    let Some(double) = start(|double| double.with_clock(clock.clone()).with_stopping(minute)) else { return };
    let [subnet, other] = subnets(&double);
    let (used, naming) = (group(&double, "used"), group(&double, "naming"));
    let delete = || ec2(&double, &format!("DeleteSecurityGroup&GroupId={used}")).code();
    let id = crate::client::launch(&double, &format!("&SecurityGroupId.1={used}")).done().one("instanceId");
    assert_eq!(delete(), "DependencyViolation");
    ec2(&double, &format!("TerminateInstances&InstanceId.1={id}")).done();
    assert_eq!((state(&double, &id).as_str(), delete().as_str()), ("shutting-down", "DependencyViolation"));
    clock.advance(minute);

    let rule = format!(
        "&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=2&IpPermissions.1.Groups.1.GroupId={used}"
    );
    ec2(&double, &format!("AuthorizeSecurityGroupIngress&GroupId={naming}{rule}")).done();
    assert_eq!(delete(), "DependencyViolation");
    ec2(&double, &format!("RevokeSecurityGroupIngress&GroupId={naming}{rule}")).done();

    let body = format!("CreateLoadBalancer&Name=b&Subnets.member.1={subnet}&Subnets.member.2={other}&SecurityGroups.member.1={used}");
    let arn = balancing(&double, &body).done().one("LoadBalancerArn");
    assert_eq!(delete(), "DependencyViolation");
    balancing(&double, &format!("DeleteLoadBalancer&LoadBalancerArn={arn}")).done();
    assert_eq!(delete(), "");
    assert_eq!(delete(), "InvalidGroup.NotFound");
}

#[test]
fn a_machine_that_changes_groups_lets_go_of_the_old_one() {
    let Some(double) = start(plain) else { return };
    let (old, new) = (group(&double, "old"), group(&double, "new"));
    let id = crate::client::launch(&double, &format!("&SecurityGroupId.1={old}")).done().one("instanceId");
    ec2(&double, &format!("ModifyInstanceAttribute&InstanceId={id}&GroupId.1={new}")).done();
    let machine = ec2(&double, &format!("DescribeInstances&InstanceId.1={id}")).done().text();
    assert!(machine.contains(&new) && !machine.contains(&old), "{machine}");
    ec2(&double, &format!("DeleteSecurityGroup&GroupId={old}")).done();
}

#[test]
fn an_elastic_ip_is_called_so_where_tags_are_listed() {
    let Some(double) = start(plain) else { return };
    let tag = "&TagSpecification.1.ResourceType=elastic-ip&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b";
    ec2(&double, &format!("AllocateAddress&Domain=vpc{tag}")).done();
    let said = ec2(&double, "DescribeTags&Filter.1.Name=resource-type&Filter.1.Value.1=elastic-ip").done();
    assert_eq!(said.all("resourceType"), ["elastic-ip"]);
}
