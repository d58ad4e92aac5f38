//! Snapshots, and images registered from them.

use std::time::Duration;

use aws_double::Clock;

use crate::client::{ec2, machine, plain, start};

const MINUTE: Duration = Duration::from_secs(60);

fn snapshot(double: &aws_double::Double) -> String {
    machine(double);
    let disk = ec2(double, "DescribeVolumes").done().one("volumeId");
    let said = ec2(double, &format!("CreateSnapshot&VolumeId={disk}&Description=d")).done();
    assert_eq!(said.one("status"), "pending");
    said.one("snapshotId")
}

fn registering(name: &str, snapshot: &str) -> String {
    format!(
        "RegisterImage&Name={name}&Architecture=x86_64&RootDeviceName=%2Fdev%2Fxvda&VirtualizationType=hvm&EnaSupport=true\
         &BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda&BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}\
         &BlockDeviceMapping.1.Ebs.VolumeSize=8&BlockDeviceMapping.1.Ebs.DeleteOnTermination=true\
         &TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=koza%3Aintent&TagSpecification.1.Tag.1.Value=x"
    )
}

#[test]
fn a_snapshot_is_pending_until_it_is_copied() {
    let clock = Clock::by_hand();
    let Some(double) = start(|double| double.with_clock(clock.clone()).with_copying(MINUTE)) else { return };
    let id = snapshot(&double);
    let status = || ec2(&double, &format!("DescribeSnapshots&SnapshotId.1={id}")).done().one("status");
    let with = |status: &str| {
        ec2(&double, &format!("DescribeSnapshots&Owner.1=self&Filter.1.Name=status&Filter.1.Value.1={status}"))
            .done()
            .all("snapshotId")
            .len()
    };
    assert_eq!((status().as_str(), with("pending"), with("completed")), ("pending", 1, 0));
    assert_eq!(ec2(&double, &registering("image", &id)).code(), "IncorrectState");
    clock.advance(MINUTE);
    assert_eq!((status().as_str(), with("pending"), with("completed")), ("completed", 0, 1));
    ec2(&double, &registering("image", &id)).done();
}

#[test]
fn an_image_is_what_it_was_registered_as() {
    let Some(double) = start(plain) else { return };
    let snapshot = snapshot(&double);
    let id = ec2(&double, &registering("image", &snapshot)).done().one("imageId");
    let said = ec2(&double, "DescribeImages&Owner.1=self&Filter.1.Name=tag%3Akoza%3Aintent&Filter.1.Value.1=x").done();
    let facts = [
        "imageId",
        "name",
        "rootDeviceName",
        "rootDeviceType",
        "architecture",
        "snapshotId",
        "volumeSize",
        "deleteOnTermination",
        "imageState",
    ];
    let expected = [id.as_str(), "image", "/dev/xvda", "ebs", "x86_64", &snapshot, "8", "true", "available"];
    assert_eq!(facts.map(|fact| said.one(fact)), expected);
    // Not one of moto's own making.
    assert_eq!(ec2(&double, "DescribeSnapshots&Owner.1=self").done().all("snapshotId"), [snapshot]);
    let machine = ec2(&double, &format!("RunInstances&ImageId={id}&MinCount=1&MaxCount=1")).done();
    assert_eq!(machine.one("rootDeviceName"), "/dev/xvda");
}

#[test]
fn a_name_is_taken_once_and_a_snapshot_stays_while_an_image_needs_it() {
    let Some(double) = start(plain) else { return };
    let snapshot = snapshot(&double);
    let id = ec2(&double, &registering("image", &snapshot)).done().one("imageId");
    assert_eq!(ec2(&double, &registering("image", &snapshot)).code(), "InvalidAMIName.Duplicate");
    assert_eq!(ec2(&double, &registering("other", "snap-00000000000000000")).code(), "InvalidSnapshot.NotFound");
    assert_eq!(ec2(&double, &format!("DeleteSnapshot&SnapshotId={snapshot}")).code(), "InvalidSnapshot.InUse");
    ec2(&double, &format!("DeregisterImage&ImageId={id}")).done();
    assert_eq!(ec2(&double, &format!("DeregisterImage&ImageId={id}")).code(), "InvalidAMIID.Unavailable");
    ec2(&double, &format!("DeleteSnapshot&SnapshotId={snapshot}")).done();
    assert_eq!(ec2(&double, &format!("DeleteSnapshot&SnapshotId={snapshot}")).code(), "InvalidSnapshot.NotFound");
    assert_eq!(ec2(&double, "DescribeSnapshots&Owner.1=self").done().all("snapshotId").len(), 0);
}

#[test]
fn there_are_base_images_to_begin_with() {
    let Some(double) = start(plain) else { return };
    let said = ec2(&double, "DescribeImages&Owner.1=136693071363&Filter.1.Name=name&Filter.1.Value.1=debian-12-amd64-*").done();
    assert_eq!(said.all("imageId").len(), 2);
    assert_eq!(said.one("rootDeviceName"), "/dev/xvda");
}
