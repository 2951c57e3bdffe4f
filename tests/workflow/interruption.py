"""What the tests that stop a run at each of its states compare: the states, and all that there is."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.unit.cloudformation_yaml import definition, resources
from tests.workflow.conftest import Deployed

# What another run of the same request need not give again: ids, addresses, moments, and what is made of them.
_ID = re.compile(
    r"\b(subnet|vpc|eni|eni-attach|sg|i|lt|r|rtb|rtbassoc|vol|iip-assoc)-[0-9a-f]{8,}\b|(?<=edge-killed-)()\d+\b"
)
_MAKES = ("ec2:Create", "ec2:Modify", "eks:Create", "eks:Update", "autoscaling:Create", "autoscaling:Update")
_VOLATILE = re.compile(
    r"(Time|Date|At|Address|DnsName|Token|Mac)$|^(id|arn|endpoint|certificateAuthority|issuer|UserData|health)$|"
    r"IpAddress|A(rn|RN)$|ReservationId|ResponseMetadata|AvailableIp"
)


def tasks(machine: str, spec: dict[str, str]) -> list[str]:
    """The names of all Tasks between a machine's start and its green end, as the definition has them; spec: fields
    of the request whose choices are made. Every other choice's ways all count."""
    return list(dict.fromkeys(_tasks(definition(f"{machine}StateMachine"), spec)))


def _tasks(part: dict[str, Any], spec: dict[str, str]) -> Iterator[str]:
    """Follows every way but a Catch."""
    waiting, seen = [part["StartAt"]], set()
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        state = part["States"][name]
        if state["Type"] == "Task":
            yield name
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from _tasks(inner, spec)
        waiting += _ways(state, spec)


def _ways(state: dict[str, Any], spec: dict[str, str]) -> list[str]:
    """The states that may follow a state."""
    choices = state.get("Choices", [])
    for choice in choices:
        if any(
            choice.get("Variable") == f"$.spec.{field}" and choice.get("StringEquals") == value
            for field, value in spec.items()
        ):
            return [choice["Next"]]
    return [choice["Next"] for choice in choices] + [
        state[field] for field in ("Next", "Default") if field in state
    ]


def makes_something(task: str) -> bool:
    """Whether the Task's function may change more than the ledger and the report, by the permissions that it has."""
    policies = resources("AWS::Serverless::Function")[f"{task}Function"].get("Policies", [])
    granted = [
        action for policy in policies for each in policy["Statement"] for action in as_list(each["Action"])
    ]
    return any(action.startswith(_MAKES) for action in granted)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def census(deployed: Deployed) -> dict[str, list[str]]:
    """Every resource of the account that a run could make, whosever it is, by kind: an orphan has no mark."""
    ec2, eks = deployed.client("ec2"), deployed.client("eks")
    living = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    reservations = ec2.describe_instances(Filters=living)["Reservations"]
    groups = deployed.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    tables = ec2.describe_route_tables()["RouteTables"]
    found = {
        "clusters": eks.list_clusters()["clusters"],
        "groups": [group["AutoScalingGroupName"] for group in groups],
        "instances": [i["InstanceId"] for each in reservations for i in each["Instances"]],
        "templates": [
            each["LaunchTemplateId"] for each in ec2.describe_launch_templates()["LaunchTemplates"]
        ],
        "interfaces": [
            each["NetworkInterfaceId"] for each in ec2.describe_network_interfaces()["NetworkInterfaces"]
        ],
        "securityGroups": [each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]],
        "subnets": [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]],
        "associations": [
            each["RouteTableAssociationId"] for table in tables for each in table.get("Associations", [])
        ],
        "ledger": [
            item["clusterName"]["S"]
            for item in deployed.client("dynamodb").scan(TableName=deployed.output("LedgerTableName"))[
                "Items"
            ]
        ],
    }
    return {kind: sorted(names) for kind, names in found.items()}


def portrait(deployed: Deployed, cluster: str) -> list[str]:
    """All that bears the cluster's mark with its settings, but for what is never the same twice; lines of JSON."""
    ec2, eks, autoscaling = (deployed.client(service) for service in ("ec2", "eks", "autoscaling"))
    mine = [{"Name": "tag:eks-outposts-servers:cluster", "Values": [cluster]}]
    templates = ec2.describe_launch_templates(Filters=mine)["LaunchTemplates"]
    entries = eks.list_access_entries(clusterName=cluster)["accessEntries"]
    seen = {
        "cluster": eks.describe_cluster(name=cluster)["cluster"],
        "addons": [
            eks.describe_addon(clusterName=cluster, addonName=name)["addon"]
            for name in eks.list_addons(clusterName=cluster)["addons"]
        ],
        "access": [
            eks.describe_access_entry(clusterName=cluster, principalArn=arn)["accessEntry"] for arn in entries
        ],
        "subnets": ec2.describe_subnets(Filters=mine)["Subnets"],
        "templates": [
            ec2.describe_launch_template_versions(LaunchTemplateId=each["LaunchTemplateId"])[
                "LaunchTemplateVersions"
            ]
            for each in templates
        ],
        "groups": autoscaling.describe_auto_scaling_groups(Filters=mine)["AutoScalingGroups"],
        "instances": ec2.describe_instances(
            Filters=[*mine, {"Name": "instance-state-name", "Values": ["running"]}]
        )["Reservations"],
        "interfaces": ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"],
    }
    return json.dumps(
        _lasting(json.loads(json.dumps(seen, default=str))), indent=1, sort_keys=True
    ).splitlines()


def _lasting(value: Any) -> Any:
    match value:
        case dict():
            return {name: _lasting(each) for name, each in value.items() if not _VOLATILE.search(name)}
        case list():
            # Tags, groups and interfaces come in no order; in one that no id has a part in, they can be compared.
            return sorted(
                (_lasting(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True)
            )
        case str():
            return _ID.sub(r"\1\2", value)
    return value
