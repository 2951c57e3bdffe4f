"""An account with an artifact bucket, and short ways to deploy into it."""

import io
import json
import textwrap
import zipfile
from typing import Any

from botocore.exceptions import ClientError

from simulator import awslambda, deploy, iam
from simulator.cloud import Cloud

ARTIFACTS = "artifacts"

MACHINE = """
StartAt: Pause
States:
  Pause: {Type: Wait, Seconds: ${Seconds}, Next: Guard}
  Guard: {Type: Task, Resource: "${GuardArn}", End: true}
"""


class Account:
    """An account whose artifact bucket holds two versions of the code and of the machine."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        self.cloud.install(iam.operations(self.cloud))
        self.cloud.install(awslambda.operations(self.cloud))
        self.cloud.install(deploy.operations(self.cloud))
        self.cloudformation = self.cloud.client("cloudformation")
        self.cloud.client("s3").create_bucket(
            Bucket=ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
        for number in (1, 2):
            self.put(
                f"code-{number}.zip",
                package(f"VERSION = {number}\ndef handler(event, context): return VERSION"),
            )
            self.put(f"machine-{number}.yaml", MACHINE.replace("Pause", f"Pause{number}").encode())

    def put(self, key: str, body: bytes) -> None:
        self.cloud.client("s3").put_object(Bucket=ARTIFACTS, Key=key, Body=body)

    def propose(
        self, template: str | dict[str, Any], name: str = "one", stack: str = "app", **given: Any
    ) -> Any:
        """The described change set, of the kind that SAM CLI would choose."""
        body = template if isinstance(template, str) else json.dumps(template)
        kind = "UPDATE" if self.exists(stack) else "CREATE"
        made = self.cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateBody=body,
            **{"Capabilities": ["CAPABILITY_IAM"], **given},
        )
        return self.cloudformation.describe_change_set(ChangeSetName=made["Id"])

    def deploy(
        self, template: str | dict[str, Any], name: str = "one", stack: str = "app", **given: Any
    ) -> Any:
        """The stack after the change set's execution."""
        change_set = self.propose(template, name, stack, **given)
        assert change_set["Status"] == "CREATE_COMPLETE", change_set["StatusReason"]
        self.cloudformation.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
        return self.stack(change_set["StackId"])

    def stack(self, name: str = "app") -> Any:
        return self.cloudformation.describe_stacks(StackName=name)["Stacks"][0]

    def exists(self, stack: str) -> bool:
        try:
            return bool(self.stack(stack)["StackStatus"] != "REVIEW_IN_PROGRESS")
        except ClientError as missing:
            if f"Stack with id {stack} does not exist" not in str(missing):  # the words SAM CLI looks for
                raise
            return False

    def physical(self, logical_id: str, stack: str = "app") -> str:
        detail = self.cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    def events(self, stack: str = "app") -> list[tuple[str, str, str]]:
        """(logical id, status, reason), oldest first."""
        found = self.cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        return [
            (each["LogicalResourceId"], each["ResourceStatus"], each.get("ResourceStatusReason", ""))
            for each in reversed(found)
        ]


def package(source: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("app.py", textwrap.dedent(source))
    return written.getvalue()


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def stack_of(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}
