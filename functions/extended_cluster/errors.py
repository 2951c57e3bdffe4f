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
        self.what = what


class NotReadyYet(ProvisioningError):
    """Not an error: the resource exists and is on its way. The state machine looks again later."""

    def __init__(self, what: str) -> None:
        super().__init__(what, do="The state machine will look again.")


class Throttled(ProvisioningError):
    """AWS asked us to slow down (codes in ``THROTTLING_CODES``), or the Kubernetes API is busy, broke off or has
    something on its way. The state machine retries with back-off."""


class InvalidRequest(ProvisioningError):
    """The request names an unknown field, a wrong type or a contradiction. Correct it and start again."""


class OutpostNotFound(ProvisioningError):
    """outposts:GetOutpost answered NotFoundException: wrong id, wrong Region, or not shared with us."""


class OutpostUnsupported(ProvisioningError):
    """The Outpost is a rack, AWS does not say what it is, or its life cycle status is not ACTIVE."""


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


class PlanOutdated(ProvisioningError):
    """Another run made or deleted the cluster after this one had looked. Start again: the new plan sees it."""


class DeletionProtected(ProvisioningError):
    """The EKS cluster has deletion protection on, and it is not ours to lift."""


class TeardownIncomplete(ProvisioningError):
    """Something of the cluster could not be deleted; the message names each resource and why."""


class NodesNotJoined(ProvisioningError):
    """Instances run, but CoreDNS found no node to run on in all the time it was given."""


class NodesNotReady(ProvisioningError):
    """Instances of this run are no nodes that are Ready, or not as they must be, in all the time they were given."""


class LocalDnsNotReady(ProvisioningError):
    """CoreDNS does not answer on each node by itself, in all the time it was given. kube-dns is left as it was."""


class LoadBalancersLeft(ProvisioningError):
    """Services of type LoadBalancer, or MetalLB's pools, do not go away; the message names each one."""


class KubernetesUnreachable(ProvisioningError):
    """Nothing answers at the cluster's endpoint: no DNS name, no connection, no TLS, or no answer in time."""


class CertificateUntrusted(ProvisioningError):
    """What answers at the cluster's endpoint has no certificate of the cluster's authority, or of another name."""


class KubernetesUnauthorized(ProvisioningError):
    """The Kubernetes API answered 401: the function's role has no access entry, or its token is too old."""


class KubernetesForbidden(ProvisioningError):
    """The Kubernetes API answered 403; it names the verb and resource that the role's access policy lacks."""


class FieldConflict(ProvisioningError):
    """Server-side apply met fields that another manager owns; both are in the message."""


class KubernetesCallFailed(ProvisioningError):
    """The Kubernetes API refused a call for a reason that no step foresaw. Never retried."""


class NetworkServicesConflict(ProvisioningError):
    """A MetalLB, Multus or whereabouts, or an object of them, that is not ours is in the way, or a Service or pod
    would lose its address."""


class NetworkServicesNotReady(ProvisioningError):
    """MetalLB or its webhook did not come up in all the time it was given; the message names what waits, and why."""


class PodNetworksNotReady(ProvisioningError):
    """Multus or whereabouts did not come up in all the time it was given; the message names what waits, and why."""


class VerificationConflict(ProvisioningError):
    """The verification's namespace exists and is not ours."""


class VerificationLeftBehind(ProvisioningError):
    """What a verification put into the cluster does not go away; the message names what is left and what holds it."""


class LniNotLabelled(ProvisioningError):
    """Finding lni-ready: a node lacks the label that LabelNodes gives after VerifyLni."""


class SnatNotExcluded(ProvisioningError):
    """Finding snat-exclusion: the VPC CNI would translate what pods send to the LAN, and no answer would come back."""


class ImageNotPulled(ProvisioningError):
    """Finding image-pulled: a node cannot get VerificationImage."""


class SmokeNotRunning(ProvisioningError):
    """Finding smoke-running: a plain pod does not become Ready on a node."""


class ProbeReportMissing(ProvisioningError):
    """Finding probe-report: a node's probe has told nothing in this run."""


class ProbeReportStale(ProvisioningError):
    """Finding probe-fresh: a node's probe has stopped telling."""


class LniWithoutAddress(ProvisioningError):
    """Finding lni-up: a node's LNI is missing, down, without an address, or has one that is not of the LAN."""


class DuplicateAddress(ProvisioningError):
    """Finding no-duplicate-address: somebody else on the LAN claims an address that is ours."""


class LniUnreachable(ProvisioningError):
    """Finding lni-reach: two nodes of one server do not reach each other through their LNIs."""


class LniMtuTooSmall(ProvisioningError):
    """Finding lni-mtu: packets of the LNI's MTU do not pass the LAN whole, or the interface has another MTU."""


class LocalDnsFailed(ProvisioningError):
    """Finding local-dns: names do not resolve on a node, or not by the node's own CoreDNS."""


class AwsLoadBalancerMade(ProvisioningError):
    """Finding no-aws-load-balancer: an AWS load balancer was made for a Service of MetalLB's class."""


class AddressNotAssigned(ProvisioningError):
    """Finding address-assigned: MetalLB gave a Service no address."""


class AddressOutsidePool(ProvisioningError):
    """Finding address-in-pool: a Service has an address that is not of its server's pool."""


class AddressNotAnnounced(ProvisioningError):
    """Finding announced: no MetalLB speaker announces a Service's address."""


class AnnouncedElsewhere(ProvisioningError):
    """Finding announced-on-lni: an address is announced by another server's node, or not on the LNI alone."""


class VipUnreachable(ProvisioningError):
    """Finding vip-reach: an address on the LAN does not answer another node of its server."""


class FailoverFailed(ProvisioningError):
    """The drill: an address did not move to another node, or not back to the server that lost its only one."""


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
