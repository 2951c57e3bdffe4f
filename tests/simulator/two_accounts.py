"""The application's account and another one in one cloud, with the layers that work in both."""

import json
from datetime import UTC, datetime
from typing import Any

from simulator import ec2, iam, outposts, ram, route53resolver, trail
from simulator.call import ADMINISTRATOR, Caller
from simulator.cloud import Cloud
from tests.simulator.virtual_time import let_pass

HOME = "123456789012"
OTHER = HOME[::-1]


class TwoAccounts:
    """Time passes only when a test says so. ``here`` and ``there`` are the accounts' administrators."""

    def __init__(self) -> None:
        self.cloud = Cloud(3, datetime(2026, 11, 1, tzinfo=UTC))
        self.cloud.wrap(trail.layer(self.cloud))
        self.cloud.wrap(iam.layer(self.cloud))
        for package in (iam, trail, outposts, ec2):
            self.cloud.install(package.operations(self.cloud))
        self.cloud.install(ram.operations())
        self.cloud.install(route53resolver.operations())
        self.cloud.clock.hold()
        key, _ = iam.open_account(self.cloud, OTHER)
        self.here, self.there = ADMINISTRATOR, self.cloud.sessions.caller_of(key)

    def role(self, of: Caller, name: str, trust: dict[str, Any], *allowed: dict[str, Any]) -> str:
        """Make a role that an account's administrator makes; its ARN. trust: the trust policy's one statement."""
        client = self.cloud.client("iam", of)
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", **trust}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        made = client.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]
        if allowed:
            policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **a} for a in allowed]}
            client.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        return str(made["Arn"])

    def assume(self, caller: Caller, role_arn: str, **params: Any) -> Caller:
        """AssumeRole; who calls with the credentials that come of it."""
        sts = self.cloud.client("sts", caller)
        issued = sts.assume_role(RoleArn=role_arn, RoleSessionName="sweep", **params)["Credentials"]
        return self.cloud.sessions.caller_of(issued["AccessKeyId"])

    def session(self, role_arn: str) -> Caller:
        """Who calls with a role's credentials, whoever may assume it."""
        return self.cloud.sessions.caller_of(self.cloud.role_credentials(role_arn, "run").access_key_id)

    def vpc(self, of: Caller, region: str = "us-west-2") -> str:
        """A VPC of an account; its id."""
        made = self.cloud.client("ec2", of, region).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
        return str(made["VpcId"])

    def wait(self, seconds: float) -> None:
        """Let that much virtual time pass."""
        let_pass(self.cloud, seconds)
