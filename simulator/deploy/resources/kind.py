"""What a resource type is: how to make, change and remove one by its service's API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.call import ACCOUNT, REGION, Caller
from simulator.deploy.names import generated_name
from simulator.deploy.shape import send

if TYPE_CHECKING:
    from simulator.cloud import Cloud

type Properties = Mapping[str, Any]


def cloudformation(account: str) -> Caller:
    """CloudFormation acts with the deployer's rights, here the administrator's of the account."""
    return Caller(f"arn:aws:iam::{account}:user/administrator", None, "cloudformation.amazonaws.com", account)


@dataclass(frozen=True)
class Context:
    """The resource being worked on: its place in its stack, and the services.

    replacement: not empty when the resource replaces one of the same logical id; names it differently.
    """

    cloud: "Cloud"
    stack_name: str
    stack_id: str
    logical_id: str
    stack_tags: Mapping[str, str]
    capabilities: tuple[str, ...] = ()
    replacement: str = ""
    account: str = ACCOUNT

    def client(self, service: str) -> Any:
        """A boto3 client with CloudFormation as the caller."""
        return self.cloud.client(service, caller=cloudformation(self.account))

    def send(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation with properties as they are in the template; None means not given."""
        return send(self.client(service), operation, **parameters)

    def name(self, limit: int = 64) -> str:
        """The physical name that AWS generates when the template gives none: stack-logicalid-suffix."""
        return generated_name(self.stack_name, self.stack_id + self.replacement, self.logical_id, limit)

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and Region."""
        return f"arn:aws:{service}:{REGION}:{self.account}:{resource}"

    def tags(self, properties: Properties) -> list[dict[str, str]]:
        """The resource's own tags, the stack's, and CloudFormation's (user guide, "Resource tags")."""
        own = properties.get("Tags", [])
        if isinstance(own, dict):
            own = [{"Key": key, "Value": value} for key, value in own.items()]
        merged = {
            **self.stack_tags,
            **{tag["Key"]: tag["Value"] for tag in own},
            "aws:cloudformation:stack-name": self.stack_name,
            "aws:cloudformation:stack-id": self.stack_id,
            "aws:cloudformation:logical-id": self.logical_id,
        }
        return [{"Key": key, "Value": value} for key, value in merged.items()]

    def tag_map(self, properties: Properties) -> dict[str, str]:
        """``tags`` as a mapping."""
        return {tag["Key"]: tag["Value"] for tag in self.tags(properties)}

    def tag_specifications(self, properties: Properties, what: str) -> list[dict[str, Any]]:
        """``tags`` as EC2's create operations take them, for an EC2 resource type such as ``subnet``."""
        return [{"ResourceType": what, "Tags": self.tags(properties)}]


@dataclass(frozen=True)
class Made:
    """physical_id: what Ref gives; attributes: what GetAtt gives."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


type Create = Callable[[Context, Properties], Made]
type Update = Callable[[Context, Made, Properties, Properties], Made]
type Delete = Callable[[Context, Made, Properties], None]
type Complete = Callable[[Context, Made, Properties], None]
type Commit = Callable[[Context, Made], None]
type Revert = Callable[[Context, Made], Made]


@dataclass(frozen=True)
class Kind:
    """properties: all that is modelled; updatable: those whose change ``update`` carries out in place.

    create(context, properties) makes the one thing that delete removes, complete(context, made, properties)
    adds what takes further calls: when that fails, what create made is deleted again.
    update(context, made, old, new); delete(context, made, properties).
    attribute_families: GetAtt also takes ``<family>.<any name>``.
    always_updated: an update of the stack updates it even when no property changes.
    commit(context, made): after the stack's update went well; revert(context, made): instead of an update with
    the old properties, when the stack is rolled back.
    """

    type: str
    properties: frozenset[str]
    create: Create
    delete: Delete
    complete: Complete | None = None
    update: Update | None = None
    updatable: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    attribute_families: frozenset[str] = frozenset()
    always_updated: bool = False
    commit: Commit | None = None
    revert: Revert | None = None


def names(text: str) -> frozenset[str]:
    """A set of names from a line of them."""
    return frozenset(text.split())


def without_tags(properties: Properties, *left_out: str) -> dict[str, Any]:
    """The properties but for Tags and others that another parameter or call sets."""
    return {name: value for name, value in properties.items() if name not in ("Tags", *left_out)}
