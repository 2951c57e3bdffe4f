"""When the agents beside Kubernetes work: what the user data installs, what the role may do, a way out."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from extended_cluster import cloudwatch_agent, user_data
from simulator import guest
from simulator.guest import agent_script, scripts
from simulator.guest.fault import BootFault
from simulator.iam.role_policies import load_aws_managed_policies
from tests.simulator.edge_account import EdgeAccount
from tests.unit.server_plan import LNI, OUTPOST
from tests.unit.test_user_data import CLUSTER

GROUP = "/eks-outposts-servers/edge/nodes"
SSM_CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
WRITES = ["logs:CreateLogStream", "logs:PutLogEvents"]


def document(*, session: bool = True, log_group: str | None = GROUP) -> str:
    return user_data.document(CLUSTER, OUTPOST, LNI, session_manager_on=session, log_group=log_group)


class Account(EdgeAccount):
    """With a subnet on a server that has a way out, and a role that may do what both agents need."""

    def __init__(self) -> None:
        super().__init__()
        load_aws_managed_policies(self.cloud.account)
        self.cloud.install(guest.operations(self.cloud))
        self.logs = self.cloud.client("logs")
        self.logs.create_log_group(logGroupName=GROUP)
        self.iam.attach_role_policy(RoleName="node", PolicyArn=SSM_CORE)
        self.edge = self.subnet(lni=1)
        public = self.region_subnet()
        internet = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=self.vpc)
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = self.ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
        self.wait(600)
        self._route(public, GatewayId=internet)
        self.table = self._route(self.edge, NatGatewayId=nat)
        self.nat = nat
        self.allow()

    def _route(self, subnet_id: str, **target: str) -> str:
        table: str = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet_id)
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **target)
        return table

    def allow(self, group: str = GROUP, namespace: str = cloudwatch_agent.NAMESPACE) -> None:
        """The statements of the template's NodeAgentPolicy."""
        arn = f"arn:aws:logs:us-west-2:123456789012:log-group:{group}:*"
        metrics = {
            "Effect": "Allow",
            "Action": "cloudwatch:PutMetricData",
            "Resource": "*",
            "Condition": {"StringEquals": {"cloudwatch:namespace": namespace}},
        }
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": WRITES, "Resource": arn}, metrics],
        }
        self.iam.put_role_policy(RoleName="node", PolicyName="agent", PolicyDocument=json.dumps(policy))

    def node(self, text: str, **changes: Any) -> str:
        """A running instance with that user data; its id."""
        self.clear()
        profile = {"IamInstanceProfile": {"Arn": self.profile_arn}}
        instance_id: str = self.run(self.edge, UserData=text, **(profile | changes))["InstanceId"]
        self.wait(1200)
        return instance_id

    def managed(self) -> list[str]:
        """The instances that Systems Manager knows."""
        listed = self.ssm.describe_instance_information()["InstanceInformationList"]
        return [instance["InstanceId"] for instance in listed]


@pytest.fixture(scope="module")
def account() -> Account:
    return Account()


def test_both_agents_work_where_the_user_data_the_role_and_the_routes_are_right(account: Account) -> None:
    node = account.node(document())
    assert account.cloud.guest.cloudwatch_faults(node) == []
    assert account.managed() == [node]
    assert account.cloud.guest.lni_up(node)


def test_what_the_user_data_does_not_want_does_not_run(account: Account) -> None:
    node = account.node(document(session=False, log_group=None))
    assert account.managed() == []
    assert account.cloud.guest.session_manager_faults(node) == ["amazon-ssm-agent: masked by the user data"]
    assert account.cloud.guest.cloudwatch_faults(node) == ["amazon-cloudwatch-agent: not installed"]
    assert account.cloud.guest.lni_up(node)


def test_a_role_that_may_not(account: Account) -> None:
    node = account.node(document())
    try:
        account.allow(group="/another")
        said = " ".join(account.cloud.guest.cloudwatch_faults(node))
        assert (
            f"AccessDenied: logs:PutLogEvents on arn:aws:logs:us-west-2:123456789012:log-group:{GROUP}:"
            in said
        )
        account.allow(namespace="Another")
        assert account.cloud.guest.cloudwatch_faults(node) == [
            "amazon-cloudwatch-agent: AccessDenied: cloudwatch:PutMetricData on *"
        ]
    finally:
        account.allow()
    account.iam.detach_role_policy(RoleName="node", PolicyArn=SSM_CORE)
    assert account.managed() == []
    account.iam.attach_role_policy(RoleName="node", PolicyArn=SSM_CORE)
    assert account.managed() == [node]


def test_an_instance_without_a_role_or_a_way_out(account: Account) -> None:
    node = account.node(document(), IamInstanceProfile=None)
    assert account.managed() == []
    assert len(account.cloud.guest.cloudwatch_faults(node)) == 3
    node = account.node(document())
    account.ec2.delete_route(RouteTableId=account.table, DestinationCidrBlock="0.0.0.0/0")
    (told,) = account.cloud.guest.cloudwatch_faults(node)
    assert "amazon-cloudwatch-agent: i/o timeout" in told
    assert account.managed() == []
    account.ec2.create_route(
        RouteTableId=account.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=account.nat
    )
    assert account.managed() == [node]


def test_a_log_group_that_is_not_there(account: Account) -> None:
    node = account.node(document(log_group=f"{GROUP}2"))
    account.allow(group=f"{GROUP}2")
    assert account.cloud.guest.cloudwatch_faults(node) == [
        f"amazon-cloudwatch-agent: no log group {GROUP}2 in us-west-2"
    ]
    account.allow()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("--no-block", "", "not one that this simulator understands"),
        ("Restart=on-failure", "Restart=no", "not one that this simulator understands"),
        (" nodeadm-run.service", "", "not one that this simulator understands"),
        ('"namespace"', '"nameSpace"', "metrics has not the modelled members"),
        ('"journald"', '"syslog"', "logs.logs_collected has not the modelled members"),
        (
            '"units"',
            '"retention_in_days": 7, "units"',
            r"journald.collect_list\[0\] has not the modelled members",
        ),
        ('"metrics_collection_interval": 60', '"metrics_collection_interval": "1m"', "is no int"),
        ('"ens*"', '"*"', "measures eni0123456789a"),
        ('"ens*"', '"eth1"', "measures not ens5"),
        ('"agent": {', '"agent": {,', "is no JSON"),
    ],
)
def test_every_way_to_get_the_agents_script_wrong(old: str, new: str, said: str) -> None:
    script = cloudwatch_agent.script(OUTPOST, GROUP)
    assert agent_script.read(script).log_groups == (GROUP,)
    assert old in script
    with pytest.raises(BootFault, match=said):
        agent_script.read(script.replace(old, new))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace("mask --now", "stop"), "2 scripts for the LNI"),
        (
            lambda text: text.replace("#!/bin/bash\nsystemctl", "#!/bin/bash\nreboot\nsystemctl"),
            "2 scripts for the LNI",
        ),
        (lambda text: text.replace("index=1", "index=one"), "not one that this simulator understands"),
    ],
)
def test_a_script_that_is_not_known_is_refused(change: Callable[[str], str], said: str) -> None:
    text = document(session=False)
    assert scripts.read(text.encode()).session_manager is False
    assert change(text) != text
    with pytest.raises(BootFault, match=said):
        scripts.read(change(text).encode())
