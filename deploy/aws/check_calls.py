"""Takes the role that Koza would take and makes every call of the policy against moto, which then asks who calls. Run by deploy/aws/test.

moto 5.2.5 reads little of a policy: it passes over conditions, and a statement for anything but the resource * lets nothing through. So the
role gets the policy with * everywhere, and what is tried here is that the list of actions is whole, that none of it is idle, and that a
missing statement is a refusal. check_policy.py tries the rest.

  AWS_ENDPOINT_URL=… python check_calls.py     prints one line per check, the last "N passed, N failed, N skipped"
"""

import datetime
import json
import os
import sys
import urllib.request
from pathlib import Path

import boto3
import botocore.config
import botocore.exceptions
import botocore.parsers


def actions_of(statement):
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


POLICY = json.loads((Path(__file__).parent / "policy.json").read_text())
# Once moto asks who calls, it takes every signature of Route 53's calls for wrong.
POLICY["Statement"] = [s for s in POLICY["Statement"] if not actions_of(s)[0].startswith("route53:")]
REGION = "us-east-1"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
TAGS = [{"Key": "koza:installation", "Value": "test"}]
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
# That these are let through shows all the same.
NOT_IN_MOTO = {"SimulatePrincipalPolicy", "GetAWSDefaultServiceQuota"}


def moto_asks_who_calls(yes):
    plain = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/moto-api/reset-auth", b"0" if yes else b"inf", plain))


def as_admin(do):
    moto_asks_who_calls(False)
    try:
        return do()
    finally:
        moto_asks_who_calls(True)


def statements_without(sids):
    kept = [{**statement, "Resource": "*"} for statement in POLICY["Statement"] if statement["Sid"] not in sids]
    # moto looks for CloudWatch under the name that its calls are signed with.
    return json.dumps({"Version": "2012-10-17", "Statement": kept}).replace("cloudwatch:", "monitoring:")


iam = boto3.client("iam", REGION)
role = iam.create_role(RoleName="koza-test", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
keys = boto3.client("sts", REGION).assume_role(RoleArn=role["Arn"], RoleSessionName="koza")["Credentials"]
session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], REGION)
NAMES = {"elasticloadbalancing": "elbv2", "servicequotas": "service-quotas"}
CLIENTS = {
    service: session.client(NAMES.get(service, service), config=botocore.config.Config(retries={"max_attempts": 0}))
    for service in ("ec2", "elasticloadbalancing", "cloudwatch", "ssm", "servicequotas", "iam")
}


def policy_is(sids_left_out=()):
    iam.put_role_policy(RoleName="koza-test", PolicyName="koza", PolicyDocument=statements_without(sids_left_out))


def call(action, **arguments):
    """The answer, or None where moto has none. Each service has its own name for a refusal; all are a 403."""
    service, name = action.split(":")
    client = CLIENTS[service]
    method = {client.meta.method_to_api_mapping[m]: m for m in client.meta.method_to_api_mapping}[name]
    try:
        return getattr(client, method)(**arguments)
    except botocore.exceptions.ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:
            raise PermissionError(action) from error
        if name not in NOT_IN_MOTO:
            raise
    except botocore.parsers.ResponseParserError:
        # The page of a web server that gave up: moto's way to say that it has no such call.
        if name not in NOT_IN_MOTO:
            raise
    return None


def koza_at_work():
    """One environment's life and a scale-out, in calls; yields each action with its arguments and takes the answer back."""
    ec2 = {k: [{"ResourceType": k, "Tags": TAGS}] for k in "elastic-ip security-group key-pair snapshot image".split()}
    machine_tags = [{"ResourceType": kind, "Tags": TAGS} for kind in ("instance", "volume", "network-interface")]
    yield "iam:SimulatePrincipalPolicy", {"PolicySourceArn": role["Arn"], "ActionNames": ["ec2:RunInstances"]}
    for name in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
        yield f"servicequotas:{name}", {"ServiceCode": "vpc", "QuotaCode": "L-F678F1CE"}
    for name in ("DescribeLoadBalancers", "DescribeTargetGroups"):
        yield f"elasticloadbalancing:{name}", {}
    for name in "Instances KeyPairs Addresses SecurityGroups Snapshots Volumes".split():
        yield f"ec2:Describe{name}", {}
    al2023 = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    yield "ssm:GetParameter", {"Name": al2023}
    images = yield "ec2:DescribeImages", {"Owners": ["amazon"], "Filters": [{"Name": "architecture", "Values": ["x86_64"]}]}
    vpcs = yield "ec2:DescribeVpcs", {}
    vpc = vpcs["Vpcs"][0]["VpcId"]
    subnets = [subnet["SubnetId"] for subnet in (yield "ec2:DescribeSubnets", {})["Subnets"]]

    key = {"KeyName": "koza-1", "PublicKeyMaterial": PUBLIC_KEY, "TagSpecifications": ec2["key-pair"]}
    yield "ec2:ImportKeyPair", key
    group = {"GroupName": "koza-1", "Description": "koza", "VpcId": vpc, "TagSpecifications": ec2["security-group"]}
    firewall = (yield "ec2:CreateSecurityGroup", group)["GroupId"]
    http = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    yield "ec2:AuthorizeSecurityGroupIngress", {"GroupId": firewall, "IpPermissions": http}
    address = (yield "ec2:AllocateAddress", {"Domain": "vpc", "TagSpecifications": ec2["elastic-ip"]})
    launched = yield "ec2:RunInstances", {
        "ImageId": images["Images"][0]["ImageId"],
        "InstanceType": "t3.micro",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": subnets[0],
        "KeyName": "koza-1",
        "SecurityGroupIds": [firewall],
        "TagSpecifications": machine_tags,
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
    }
    machine = launched["Instances"][0]["InstanceId"]
    yield "ec2:CreateTags", {"Resources": [machine], "Tags": [{"Key": "koza:environment", "Value": "1"}]}
    yield "ec2:ModifyInstanceAttribute", {"InstanceId": machine, "Groups": [firewall]}
    bound = yield "ec2:AssociateAddress", {"AllocationId": address["AllocationId"], "InstanceId": machine}
    now = datetime.datetime.now(datetime.timezone.utc)
    cpu = {"Metric": {"Namespace": "AWS/EC2", "MetricName": "CPUUtilization"}, "Period": 300, "Stat": "Average"}
    span = {"StartTime": now - datetime.timedelta(hours=1), "EndTime": now}
    yield "cloudwatch:GetMetricData", {"MetricDataQueries": [{"Id": "cpu", "MetricStat": cpu}], **span}
    yield "ec2:StopInstances", {"InstanceIds": [machine]}
    yield "ec2:StartInstances", {"InstanceIds": [machine]}

    volumes = yield "ec2:DescribeVolumes", {}
    volume = volumes["Volumes"][0]["VolumeId"]
    snapshot = (yield "ec2:CreateSnapshot", {"VolumeId": volume, "TagSpecifications": ec2["snapshot"]})["SnapshotId"]
    root = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}]
    image = {"Name": "koza-1", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": root, "TagSpecifications": ec2["image"]}
    image = (yield "ec2:RegisterImage", image)["ImageId"]
    group = {"Name": "koza-1", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "Tags": TAGS}
    group = (yield "elasticloadbalancing:CreateTargetGroup", group)["TargetGroups"][0]["TargetGroupArn"]
    of_group = {"TargetGroupArn": group}
    sticky = [{"Key": "stickiness.enabled", "Value": "true"}, {"Key": "stickiness.type", "Value": "lb_cookie"}]
    yield "elasticloadbalancing:ModifyTargetGroupAttributes", {**of_group, "Attributes": sticky}
    yield "elasticloadbalancing:DescribeTargetGroupAttributes", of_group
    balancer = {"Name": "koza-1", "Subnets": subnets[:2], "SecurityGroups": [firewall], "Tags": TAGS}
    balancer = (yield "elasticloadbalancing:CreateLoadBalancer", balancer)["LoadBalancers"][0]["LoadBalancerArn"]
    listener = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 80, "Tags": TAGS}
    listener["DefaultActions"] = [{"Type": "forward", "TargetGroupArn": group}]
    listener = (yield "elasticloadbalancing:CreateListener", listener)["Listeners"][0]["ListenerArn"]
    yield "elasticloadbalancing:DescribeListeners", {"LoadBalancerArn": balancer}
    yield "elasticloadbalancing:AddTags", {"ResourceArns": [listener], "Tags": TAGS}
    yield "elasticloadbalancing:DescribeTags", {"ResourceArns": [balancer]}
    yield "elasticloadbalancing:RegisterTargets", {**of_group, "Targets": [{"Id": machine}]}
    yield "elasticloadbalancing:DescribeTargetHealth", of_group

    yield "elasticloadbalancing:DeregisterTargets", {**of_group, "Targets": [{"Id": machine}]}
    yield "elasticloadbalancing:DeleteListener", {"ListenerArn": listener}
    yield "elasticloadbalancing:DeleteLoadBalancer", {"LoadBalancerArn": balancer}
    yield "elasticloadbalancing:DeleteTargetGroup", of_group
    yield "ec2:DeregisterImage", {"ImageId": image}
    yield "ec2:DeleteSnapshot", {"SnapshotId": snapshot}
    yield "ec2:DisassociateAddress", {"AssociationId": bound["AssociationId"]}
    yield "ec2:ReleaseAddress", {"AllocationId": address["AllocationId"]}
    yield "ec2:TerminateInstances", {"InstanceIds": [machine]}
    # A disk that outlived its machine.
    left = as_admin(lambda: boto3.client("ec2", REGION).create_volume(AvailabilityZone=f"{REGION}a", Size=1))
    yield "ec2:DeleteVolume", {"VolumeId": left["VolumeId"]}
    yield "ec2:RevokeSecurityGroupIngress", {"GroupId": firewall, "IpPermissions": http}
    yield "ec2:DeleteSecurityGroup", {"GroupId": firewall}
    yield "ec2:DeleteKeyPair", {"KeyName": "koza-1"}


# Of zeros: nobody has the other half.
PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + b"A" * 43
ACTIONS = {action for statement in POLICY["Statement"] for action in actions_of(statement)}
CALLS = {}  # what was called, with what; for the refusals


def every_call_is_let_through():
    work, answer = koza_at_work(), None
    while True:
        try:
            action, arguments = work.send(answer)
        except StopIteration:
            break
        CALLS[action] = arguments
        try:
            answer = call(action, **arguments)
        except PermissionError:
            yield f"{action} is refused"
            return
    yield from (f"{action} is in the policy and nobody calls it" for action in sorted(ACTIONS - CALLS.keys()))


def refused(action):
    try:
        call(action, **CALLS[action])
    except PermissionError:
        return True
    except botocore.exceptions.ClientError:
        pass
    return False


def a_missing_statement_is_a_refusal():
    for statement in POLICY["Statement"]:
        for action in actions_of(statement):
            # Some actions need several statements, one for each kind of resource; moto asks for the action alone.
            sids = [other["Sid"] for other in POLICY["Statement"] if action in actions_of(other)]
            as_admin(lambda: policy_is(sids))
            if not refused(action):
                yield f"{action} is let through without {' '.join(sids)}"
    as_admin(policy_is)


def what_is_not_in_the_policy_is_refused():
    more = {
        "ec2:CreateVpc": {"CidrBlock": "10.0.0.0/16"},
        "ec2:ModifyInstanceMetadataOptions": {"InstanceId": "i-0123456789abcdef0"},
        "iam:CreateUser": {"UserName": "guest"},
        "iam:AttachRolePolicy": {"RoleName": "koza-test", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    }
    CALLS.update(more)
    yield from (f"{action} is let through" for action in more if not refused(action))


policy_is()
moto_asks_who_calls(True)
failed = 0
CHECKS = [every_call_is_let_through, a_missing_statement_is_a_refusal, what_is_not_in_the_policy_is_refused]
for check in CHECKS:
    wrong = list(check())
    print(f"{'FAILED' if wrong else 'ok'}: calls: {check.__name__.replace('_', ' ')}", *wrong, sep="\n  ")
    failed += bool(wrong)
moto_asks_who_calls(False)
print(f"{len(CHECKS) - failed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
