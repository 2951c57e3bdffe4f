"""The named errors: the contract between the functions and the state machine.

Lambda reports an exception's class name as ``errorType``; Step Functions retries and catches by that
name, so a class here is renamed only together with ``statemachine/``. A test keeps both in step.

Every message says what happened, where, why, and what to do next. AWS errors are classified by error
*code*, never by message text.
"""

from typing import Final


class ProvisioningError(Exception):
    """The base of every error that the state machine knows by name."""

    def __init__(self, what: str, *, do: str) -> None:
        """what: one sentence with the identifiers a person needs; do: the next step, as an imperative."""
        super().__init__(f"{what} {do}")


class NotReadyYet(ProvisioningError):
    """Not an error: the resource exists and is on its way. The state machine looks again later."""

    def __init__(self, what: str) -> None:
        super().__init__(what, do="The state machine will look again.")


class Throttled(ProvisioningError):
    """AWS asked us to slow down (codes in ``THROTTLING_CODES``). The state machine retries with back-off."""


class InvalidRequest(ProvisioningError):
    """The request names an unknown field, a wrong type or a contradiction. Correct it and start again."""


class OutpostNotFound(ProvisioningError):
    """outposts:GetOutpost answered NotFoundException: wrong id, wrong Region, or not shared with us."""


class OutpostUnsupported(ProvisioningError):
    """The Outpost is a rack, or its life cycle status is not ACTIVE."""


class InstanceTypeUnsupported(ProvisioningError):
    """The server is not configured for the instance type asked for."""


class InsufficientCapacity(ProvisioningError):
    """Servers have too few free slots, or EC2 answered InsufficientInstanceCapacity, and the wait is over."""


class ImageUnsupported(ProvisioningError):
    """The image has not exactly one EBS snapshot, is of another architecture, or does not exist."""


class KubernetesVersionUnsupported(ProvisioningError):
    """EKS does not offer the version in standard support (eks:DescribeClusterVersions)."""


class ClusterConflict(ProvisioningError):
    """A cluster of that name exists and is not ours, is broken, or differs in what cannot be changed."""


class ClusterFailed(ProvisioningError):
    """EKS reports the cluster FAILED; its health issues are in the message."""


class NetworkUnsupported(ProvisioningError):
    """The VPC, its subnets or a CIDR cannot serve the request."""


class SubnetConflict(ProvisioningError):
    """The node subnet on the Outpost exists and differs from what the plan needs."""


class LniConflict(ProvisioningError):
    """Enabling LNI would break something, or the subnet has another index than the one asked for."""


class LniNotAttached(ProvisioningError):
    """A node runs without a working local network interface at the device index."""


class AccessEntryConflict(ProvisioningError):
    """An access entry of that principal exists with another type."""


class AddonFailed(ProvisioningError):
    """EKS reports an add-on CREATE_FAILED; its health issues are in the message."""


class LaunchTemplateConflict(ProvisioningError):
    """A launch template of that name exists and is not ours."""


class NodeGroupConflict(ProvisioningError):
    """An Auto Scaling group of that name exists and is not ours."""


class NodesFailed(ProvisioningError):
    """The Auto Scaling group could not launch or keep the nodes; the activity's message tells why."""


class ServersFailed(ProvisioningError):
    """One or more servers of the request failed, each with an error and cause of its own; the others are done."""


class LeaseHeld(ProvisioningError):
    """Another run works on this cluster. Wait for its end or stop it, and start again."""


class DeletionProtected(ProvisioningError):
    """The EKS cluster has deletion protection on, and it is not ours to lift."""


class TeardownIncomplete(ProvisioningError):
    """Something of the cluster could not be deleted; the message names each resource and why."""


class NodesNotJoined(ProvisioningError):
    """Instances run, but CoreDNS found no node to run on in all the time it was given."""


class MalformedEvent(ProvisioningError):
    """An event that lacks what its kind must carry. It goes to the dead-letter queue whole."""


class GuardMisconfigured(ProvisioningError):
    """A parameter of the LNI guard's stack cannot be read, or contradicts another one. Nothing was changed."""


class LimitExceeded(ProvisioningError):
    """A sweep would change more than MaxChanges or MaxChangesShare allow, so it changed nothing."""


class NoTrail(ProvisioningError):
    """No CloudTrail trail logs in this account and Region: the guard hears no event, only the sweep works."""


class SweepUnfinished(ProvisioningError):
    """The sweep's function had no time left. What it has done stands; the next sweep carries on."""


class MemberRoleRefused(ProvisioningError):
    """STS refused a member's role to the LNI sweep: it is not there, or its trust or external id is another."""


class AccessDenied(ProvisioningError):
    """A role of ours lacks a permission (codes in ``ACCESS_DENIED_CODES``); AWS's message names it."""


class AwsCallFailed(ProvisioningError):
    """An AWS call failed with a code that no step foresaw. Never retried; the code is in the message."""


# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html and each service's API errors
THROTTLING_CODES: Final = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "SlowDown",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
    }
)

# EC2 says UnauthorizedOperation, S3 and IAM AccessDenied, JSON services AccessDeniedException.
ACCESS_DENIED_CODES: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation"}
)


def from_aws_code(operation: str, code: str, message: str) -> ProvisioningError:
    """The named error for an AWS error that the step itself did not handle.

    operation: as botocore names it, e.g. ``CreateCluster``; code and message: as AWS answered.
    """
    said = f"{operation} answered {code}: {message}"
    if code in THROTTLING_CODES:
        return Throttled(said, do="The state machine will try again more slowly.")
    if code in ACCESS_DENIED_CODES:
        return AccessDenied(
            said,
            do="Give the role named in the message that permission, or redeploy the stack if it was changed.",
        )
    return AwsCallFailed(
        said, do="Correct the cause and start the same request again: it carries on from what is there."
    )
