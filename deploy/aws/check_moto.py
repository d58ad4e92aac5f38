"""Looks at what Terraform made in moto. Run by deploy/aws/test.

  python check_moto.py prepare                                 a zone and an image: settings for lab-report, as TF_VAR_… lines
  python check_moto.py policies INSTALLATION ZONE DOMAIN       the role has the parts that render-policy prints
  python check_moto.py report                                  the environment is the lab report's
  python check_moto.py scale-out                               the clone and the balancer are the lecture's
  python check_moto.py nothing                                 nothing is left
"""

import json
import subprocess
import sys
from pathlib import Path

import boto3

ec2, elb, route53, iam = (boto3.client(service) for service in ("ec2", "elbv2", "route53", "iam"))
DOMAIN = "labs.example.ac.jp"


def machines():
    seen = [machine for group in ec2.describe_instances()["Reservations"] for machine in group["Instances"]]
    return [machine for machine in seen if machine["State"]["Name"] != "terminated"]


def records():
    for zone in route53.list_hosted_zones()["HostedZones"]:
        for record in route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]:
            if record["Type"] not in ("NS", "SOA"):
                yield record


def same(what, seen, wanted):
    if seen != wanted:
        sys.exit(f"{what}: {seen}, wanted {wanted}")


def prepare():
    zone = route53.create_hosted_zone(Name=DOMAIN, CallerReference="test")["HostedZone"]["Id"]
    images = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["amzn*"]}])["Images"]
    print(f"TF_VAR_zone_id={zone.split('/')[-1]}\nTF_VAR_ami={images[0]['ImageId']}")


def policies(installation, zone, domain):
    attached = iam.list_attached_role_policies(RoleName=f"koza-{installation}")["AttachedPolicies"]
    account = attached[0]["PolicyArn"].split(":")[4]
    for number, policy in enumerate(sorted(attached, key=lambda policy: policy["PolicyName"]), 1):
        document = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId="v1")["PolicyVersion"]["Document"]
        values = dict(account=account, region="us-east-1", installation=installation, zone_id=zone, domain=domain, part=number)
        command = [Path(__file__).parent / "render-policy", *(f"{name}={value}" for name, value in values.items())]
        same(policy["PolicyName"], document, json.loads(subprocess.check_output(command)))


def report():
    (machine,) = machines()
    (address,) = ec2.describe_addresses()["Addresses"]
    (record,) = records()
    (disk,) = ec2.describe_volumes()["Volumes"]
    (firewall,) = ec2.describe_security_groups(GroupIds=[group["GroupId"] for group in machine["SecurityGroups"]])["SecurityGroups"]
    same("machine", (machine["InstanceType"], machine["KeyName"]), ("t3.micro", "c1"))
    metadata = machine["MetadataOptions"]
    same("metadata", (metadata["HttpTokens"], metadata["HttpPutResponseHopLimit"]), ("required", 1))
    same("disk", (disk["VolumeType"], disk["Size"], disk["Encrypted"]), ("gp3", 8, True))
    same("address is bound to", address["InstanceId"], machine["InstanceId"])
    same("record", (record["Name"], record["Type"], record["TTL"]), (f"c1.{DOMAIN}.", "A", 60))
    same("record names", record["ResourceRecords"], [{"Value": address["PublicIp"]}])
    ports = {(rule["FromPort"], rule["ToPort"]) for rule in firewall["IpPermissions"]}
    same("open ports", ports, {(21, 21), (22, 22), (80, 80), (443, 443), (8080, 8080), (60000, 60010)})


def scale_out():
    zones = sorted(machine["Placement"]["AvailabilityZone"] for machine in machines())
    same("machines", zones, ["us-east-1a", "us-east-1d"])
    same("addresses", len(ec2.describe_addresses()["Addresses"]), 2)
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    (group,) = elb.describe_target_groups()["TargetGroups"]
    (listener,) = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    same("balancer", (balancer["Type"], balancer["State"]["Code"]), ("application", "active"))
    same("balancer's zones", sorted(zone["ZoneName"] for zone in balancer["AvailabilityZones"]), zones)
    same("listener", (listener["Port"], listener["DefaultActions"][0]["TargetGroupArn"]), (80, group["TargetGroupArn"]))
    targets = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    same("targets", sorted(t["Target"]["Id"] for t in targets), sorted(machine["InstanceId"] for machine in machines()))


def nothing():
    left = {
        "machines": machines(),
        "disks": ec2.describe_volumes()["Volumes"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "firewalls": [g for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] != "default"],
        "keys": ec2.describe_key_pairs()["KeyPairs"],
        "images": ec2.describe_images(Owners=["self"])["Images"],
        # moto gives each image that it comes with a snapshot of ours, and each that is registered too.
        "snapshots": [s for s in ec2.describe_snapshots()["Snapshots"] if not s["Description"].startswith("Auto-created snapshot for AMI")],
        "balancers": elb.describe_load_balancers()["LoadBalancers"],
        "target groups": elb.describe_target_groups()["TargetGroups"],
        "records": list(records()),
        "roles": [role for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("koza")],
        "policies": iam.list_policies(Scope="Local")["Policies"],
        "profiles": iam.list_instance_profiles()["InstanceProfiles"],
    }
    for what, things in left.items():
        same(f"{what} left", things, [])


{"prepare": prepare, "policies": policies, "report": report, "scale-out": scale_out, "nothing": nothing}[sys.argv[1]](*sys.argv[2:])
