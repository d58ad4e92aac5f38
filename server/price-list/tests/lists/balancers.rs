//! Balancers in the offer AWSELB, addresses in AmazonVPC.

use crate::offer::{Attributes, File, but, in_tokyo, pairs};

const APPLICATION: &str = "Load Balancer-Application";

fn balancer(usage: &str) -> Attributes {
    in_tokyo(&[("servicecode", "AWSELB"), ("group", "ELB:Balancing"), ("usagetype", usage), ("operation", "LoadBalancing:Application")])
}

fn address(usage: &str) -> Attributes {
    in_tokyo(&[("servicecode", "AmazonVPC"), ("group", "VPCPublicIPv4Address"), ("usagetype", usage), ("operation", "")])
}

#[test]
fn a_balancer_is_one_for_applications_in_the_region_itself() {
    let network = but(balancer("APN1-LoadBalancerUsage"), &[("operation", "LoadBalancing:Network")]);
    let classic = but(balancer("APN1-LoadBalancerUsage"), &[("operation", "LoadBalancing")]);
    let wavelength = but(balancer("APN1WL1NRT1-LoadBalancerUsage"), &[("locationType", "AWS Wavelength Zone")]);
    let file = File::of("AWSELB")
        .sells("TRUST", APPLICATION, &balancer("APN1-TS-LoadBalancerUsage"), "Hrs", "0.0059")
        .sells("OUTPOST", APPLICATION, &but(balancer("APN1-Outposts-LoadBalancerUsage"), &[("locationType", "AWS Outposts")]), "Hrs", "9")
        .sells("OUTPOST0", APPLICATION, &balancer("APN1-Outposts-LCUUsage"), "LCU-Hrs", "0.0000000000")
        .sells("RESERVED", APPLICATION, &balancer("APN1-ReservedLCUUsage"), "ReservedLCU-Hr", "0.008")
        .sells("IDLE", APPLICATION, &balancer("APN1-IdleProvisionedLBCapacity"), "IdleLCU-Hr", "9")
        .sells("NETWORK", "Load Balancer-Network", &network, "Hrs", "9")
        .sells(
            "NLCU",
            "Load Balancer-Network",
            &but(balancer("APN1-LCUUsage"), &[("operation", "LoadBalancing:Network")]),
            "NLCU-Hrs",
            "0.006",
        )
        .sells("CLASSIC", "Load Balancer", &classic, "Hrs", "0.027")
        .sells("FAMILY", "Load Balancer-Gateway", &balancer("APN1-LoadBalancerUsage"), "Hrs", "9")
        .sells("OPERATION", APPLICATION, &network, "Hrs", "9")
        .sells("WAVELENGTH", APPLICATION, &wavelength, "Hrs", "9")
        .sells("ALB", APPLICATION, &balancer("APN1-LoadBalancerUsage"), "Hrs", "0.0243000000")
        .sells("LCU", APPLICATION, &balancer("APN1-LCUUsage"), "LCU-Hrs", "0.0080000000");
    let wanted = ["balancer", "balancer-capacity", "machine/t3.micro"];
    assert_eq!(file.costs(&wanted), pairs(&[("balancer", "0.0243"), ("balancer-capacity", "0.008")]));
    assert!(file.read(&wanted).expect("a list").missing.is_empty());
}

#[test]
fn capacity_is_found_where_aws_leaves_its_family_out() {
    let file = File::of("AWSELB").sells("LCU", "", &balancer("EU-LCUUsage"), "LCU-Hrs", "0.008").sells(
        "NLCU",
        "",
        &but(balancer("EU-LCUUsage"), &[("operation", "LoadBalancing:Network")]),
        "NLCU-Hrs",
        "0.006",
    );
    assert_eq!(file.costs(&["balancer-capacity"]), pairs(&[("balancer-capacity", "0.008")]));
}

#[test]
fn an_address_costs_the_same_in_use_and_idle_or_its_price_is_not_taken() {
    let file = |idle: &str| {
        File::of("AmazonVPC")
            .sells("BLOCK", "", &address("APN1-PublicIPv4:InUseContiguousBlockAddress"), "Hrs", "0.008")
            .sells("NAT", "NAT Gateway", &address("APN1-NatGateway-Hours"), "Hrs", "0.062")
            .sells("INUSE", "", &address("APN1-PublicIPv4:InUseAddress"), "Hrs", "0.0050000000")
            .sells("IDLE", "", &address("APN1-PublicIPv4:IdleAddress"), "Hrs", idle)
    };
    assert_eq!(file("0.005").costs(&["address"]), pairs(&[("address", "0.005")]));
    let why = file("0.01").refusal(&["address"]);
    assert!(why.contains("0.005") && why.contains("0.01") && why.contains("one price for both"), "{why}");

    let half = File::of("AmazonVPC").sells("INUSE", "", &address("USE1-PublicIPv4:InUseAddress"), "Hrs", "0.005");
    assert_eq!(half.read(&["address"]).expect("a list").missing, ["address"], "what an idle one costs is not known");
}
