//! Machines, disks and snapshots in the offer AmazonEC2.

use price_list::{Unit, read_offer};
use time::macros::date;

use crate::offer::{File, READ_ON, TOKYO, but, in_tokyo, machine, pairs};

const MACHINE: &str = "Compute Instance";

fn disk(usage: &str) -> crate::offer::Attributes {
    let name = usage.rsplit('.').next().expect("a word");
    in_tokyo(&[("servicecode", "AmazonEC2"), ("volumeApiName", name), ("usagetype", usage), ("operation", "")])
}

#[test]
fn a_machine_costs_what_it_costs_by_the_hour_with_linux_on_shared_hardware_and_nothing_else() {
    let micro = || machine("t3.micro");
    let file = File::of("AmazonEC2")
        .sells("WINDOWS", MACHINE, &but(micro(), &[("operatingSystem", "Windows"), ("operation", "RunInstances:0002")]), "Hrs", "0.0228")
        .sells("BYOL", MACHINE, &but(micro(), &[("licenseModel", "Bring your own license")]), "Hrs", "9")
        .sells("SQL", MACHINE, &but(micro(), &[("preInstalledSw", "SQL Web"), ("operation", "RunInstances:0202")]), "Hrs", "9")
        .sells("UBUNTUPRO", MACHINE, &but(micro(), &[("operatingSystem", "Ubuntu Pro")]), "Hrs", "9")
        .sells("DEDICATED", MACHINE, &but(micro(), &[("tenancy", "Dedicated"), ("usagetype", "APN1-DedicatedUsage:t3.micro")]), "Hrs", "9")
        .sells("HOST", MACHINE, &but(micro(), &[("tenancy", "Host"), ("usagetype", "APN1-HostBoxUsage:t3.micro")]), "Hrs", "0")
        .sells(
            "UNUSED",
            MACHINE,
            &but(micro(), &[("capacitystatus", "UnusedCapacityReservation"), ("usagetype", "APN1-UnusedBox:t3.micro")]),
            "Hrs",
            "9",
        )
        .sells("BLOCK", MACHINE, &but(micro(), &[("marketoption", "CapacityBlock")]), "Hrs", "9")
        .sells(
            "LOCALZONE",
            MACHINE,
            &but(micro(), &[("locationType", "AWS Local Zone"), ("regionCode", "ap-northeast-1-tpe-1")]),
            "Hrs",
            "9",
        )
        .sells("OTHER", MACHINE, &but(micro(), &[("regionCode", "us-east-1"), ("usagetype", "BoxUsage:t3.micro")]), "Hrs", "9")
        .sells("UNWANTED", MACHINE, &machine("t3.small"), "Hrs", "9")
        .sells("CREDITS", "CPU Credits", &but(micro(), &[("usagetype", "APN1-CPUCredits:t3")]), "vCPU-Hours", "9")
        .sells("MICRO", MACHINE, &micro(), "Hrs", "0.0136000000")
        .reserves("MICRO", "0.0060");
    assert_eq!(file.costs(&["machine/t3.micro"]), pairs(&[("machine/t3.micro", "0.0136")]));
}

#[test]
fn a_machine_of_which_one_attribute_says_something_else_is_another_machine() {
    for (attribute, other) in [
        ("locationType", "AWS Outposts"),
        ("regionCode", "us-east-1"),
        ("operatingSystem", "RHEL"),
        ("tenancy", "Dedicated"),
        ("licenseModel", "Bring your own license"),
        ("capacitystatus", "AllocatedCapacityReservation"),
        ("marketoption", "CapacityBlock"),
        ("preInstalledSw", "SQL Ent"),
        ("operation", "RunInstances:0100"),
        ("usagetype", "APN1-UnusedBox:t3.micro"),
        ("usagetype", "APN1-BoxUsage:t3.small"),
        ("instanceType", "t3.small"),
    ] {
        let file = File::of("AmazonEC2").sells("MICRO", MACHINE, &but(machine("t3.micro"), &[(attribute, other)]), "Hrs", "9");
        assert_eq!(file.read(&["machine/t3.micro"]).expect("a list").missing, ["machine/t3.micro"], "{attribute}");
    }
    let other_family = File::of("AmazonEC2").sells("MICRO", "Dedicated Host", &machine("t3.micro"), "Hrs", "9");
    assert_eq!(other_family.read(&["machine/t3.micro"]).expect("a list").missing, ["machine/t3.micro"]);
}

#[test]
fn disks_and_snapshots_cost_what_their_storage_costs_and_not_operations_throughput_or_archives() {
    let file = File::of("AmazonEC2")
        .sells("IOPS", "System Operation", &disk("APN1-EBS:VolumeP-IOPS.gp3"), "IOPS-Mo", "0.006")
        .sells("SPEED", "Provisioned Throughput", &disk("APN1-EBS:VolumeP-Throughput.gp3"), "GiBps-mo", "49.152")
        .sells("OUTPOST", "Storage", &but(disk("APN1-EBS:VolumeUsage.gp3"), &[("locationType", "AWS Outposts")]), "GB-Mo", "9")
        .sells("GP3", "Storage", &disk("APN1-EBS:VolumeUsage.gp3"), "GB-Mo", "0.0960000000")
        .sells("GP2", "Storage", &disk("APN1-EBS:VolumeUsage.gp2"), "GB-Mo", "0.1200000000")
        .sells("OPERATIONS", "Storage", &disk("APN1-EBS:VolumeIOUsage.gp3"), "GB-Mo", "9")
        .sells("IO2", "Storage", &disk("APN1-EBS:VolumeUsage.io2"), "GB-month", "0.142")
        .sells("ARCHIVE", "Storage Snapshot", &disk("APN1-EBS:SnapshotArchiveStorage"), "GB-Mo", "0.0125")
        .sells("UNDER", "Storage Snapshot", &disk("APN1-EBS:SnapshotUsageUnderBilling"), "GB-Mo", "9")
        .sells("LOCAL", "Storage Snapshot", &disk("APN1-EBS:SnapshotUsage.outposts"), "GB-Mo", "9")
        .sells("SNAPSHOT", "Storage Snapshot", &disk("APN1-EBS:SnapshotUsage"), "GB-Mo", "0.05");
    let wanted = ["snapshot", "disk/gp3", "disk/gp2"];
    assert_eq!(file.costs(&wanted), pairs(&[("disk/gp2", "0.12"), ("disk/gp3", "0.096"), ("snapshot", "0.05")]));
    let prices = file.read(&wanted).expect("a list").list.prices;
    assert!(prices.iter().all(|price| price.unit == Unit::GibMonth));
}

#[test]
fn every_price_says_whose_list_it_is_from_when_it_was_published_and_from_which_day_it_holds() {
    let offer = File::of("AmazonEC2").sells("MICRO", MACHINE, &machine("t3.micro"), "Hrs", "0.0136").read(&["machine/t3.micro"]);
    let list = offer.expect("a list").list;
    assert_eq!((list.cloud.as_str(), list.region.as_str()), ("aws", TOKYO));
    let price = &list.prices[0];
    assert_eq!(price.source, "AWS price list AmazonEC2, version 20260910191022, published 2026-09-10");
    assert_eq!((price.valid_from, price.read_on, price.unit), (date!(2026 - 09 - 01), READ_ON, Unit::Hour));
}

#[test]
fn what_is_not_in_the_file_is_named_and_what_belongs_to_another_offer_is_not_missed() {
    let file =
        File::of("AmazonEC2").sells("MICRO", MACHINE, &machine("t3.micro"), "Hrs", "0.0136").has("NANO", MACHINE, &machine("t3.nano"));
    let offer = file.read(&["machine/t3.micro", "machine/t3.nano", "machine/t9.huge", "snapshot", "balancer", "address"]).expect("a list");
    assert_eq!(offer.missing, ["machine/t3.nano", "machine/t9.huge", "snapshot"], "of t3.nano there is no price on demand");
    assert_eq!(offer.list.prices.len(), 1);
}

#[test]
fn the_file_of_another_region_has_nothing_for_us() {
    let file = File::of("AmazonEC2").sells("MICRO", MACHINE, &machine("t3.micro"), "Hrs", "0.0136");
    let offer = read_offer(file.text().as_bytes(), "us-east-1", &["machine/t3.micro"], READ_ON).expect("a list");
    assert_eq!((offer.list.prices.len(), offer.missing.as_slice()), (0, ["machine/t3.micro".to_owned()].as_slice()));
}

#[test]
fn n_virginia_writes_its_usage_types_without_a_region() {
    let micro = but(machine("t3.micro"), &[("regionCode", "us-east-1"), ("usagetype", "BoxUsage:t3.micro")]);
    let file = File::of("AmazonEC2").sells("MICRO", MACHINE, &micro, "Hrs", "0.0104");
    let offer = read_offer(file.text().as_bytes(), "us-east-1", &["machine/t3.micro"], READ_ON).expect("a list");
    assert_eq!(offer.list.prices[0].usd.to_string(), "0.0104");
}

#[test]
fn a_free_first_tier_does_not_make_an_item_free() {
    let file = |tiers: &[(&str, &str)]| File::of("AmazonEC2").sells_in_tiers("MICRO", MACHINE, &machine("t3.micro"), "Hrs", tiers);
    let wanted = ["machine/t3.micro"];
    assert_eq!(file(&[("750", "0.0136"), ("0", "0.0000000000")]).costs(&wanted), pairs(&[("machine/t3.micro", "0.0136")]));
    assert_eq!(file(&[("0", "0.0136"), ("750", "0.0100")]).costs(&wanted), pairs(&[("machine/t3.micro", "0.0136")]), "the first counts");
    assert!(file(&[("0", "0"), ("750", "0")]).refusal(&wanted).contains("it costs nothing, which is not believed"));
    assert!(file(&[("750", "0.0136")]).refusal(&wanted).contains("do not begin at 0"));
    assert!(file(&[("0", "0.0136"), ("0.0", "0.02")]).refusal(&wanted).contains("do not begin at 0, each at another"));
}
