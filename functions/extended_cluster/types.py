"""The shapes that travel between the states: plain JSON, so TypedDicts; ``null`` is ``None``.

Order of appearance: the request made complete (Spec), what preflight saw (Facts), what will be done
(Plan), and what has been made (Cluster, Server).
"""

from typing import Literal, NotRequired, TypedDict

from extended_cluster.names import Tags

type Architecture = Literal["x86_64", "arm64"]
type ClusterStatus = Literal["CREATING", "ACTIVE", "UPDATING", "PENDING"]


# --- Spec: validate_request's answer ---------------------------------------------------------------


class Nodes(TypedDict):
    """How many nodes one server runs: 0 <= min <= desired <= max, and at least one desired."""

    min: int
    desired: int
    max: int


class LniSpec(TypedDict):
    """The local network interface (LNI) of every node of a server: where it sits and how the guest sets it up.

    address: host and mask, with addressing static only; localCidr: the LAN; gateway: the default route for
    what the node sends from a LAN address.
    """

    deviceIndex: int
    addressing: Literal["dhcp", "static"]
    address: str | None
    localCidr: str | None
    gateway: str | None
    mtu: int
    vlan: int | None


class MetalLbSpec(TypedDict):
    """addresses: IPv4 ranges and blocks of the LAN (address_ranges.py) for Services on one server."""

    addresses: list[str]


class PodNetworkSpec(TypedDict):
    """addresses: one IPv4 range or block of the LAN (address_ranges.py) for pods on one server."""

    addresses: str


class OutpostSpec(TypedDict):
    """What is wanted of one Outposts server; None means that preflight or the plan chooses."""

    outpostId: str
    instanceType: str | None
    nodes: Nodes
    subnetCidr: str | None
    imageId: str | None
    userData: Literal["nodeadm"] | None
    lni: LniSpec
    metallb: MetalLbSpec | None
    podNetwork: PodNetworkSpec | None


class EndpointAccess(TypedDict):
    """Who reaches the Kubernetes API: the VPC (private), and from outside these blocks or the list's entries."""

    private: bool
    publicCidrs: list[str]
    prefixListId: str | None


class Spec(TypedDict):
    """The request with every default filled in."""

    clusterName: str
    mode: Literal["apply", "plan"]
    capacityWaitMinutes: int
    kubernetesVersion: str | None
    outposts: list[OutpostSpec]
    endpointAccess: EndpointAccess
    adminPrincipalArns: list[str]
    logTypes: list[str]
    secretsKmsKeyArn: str | None
    deletionProtection: bool
    sessionManager: bool
    kubernetes: Literal["verify", "skip"]
    drill: Literal["failover"] | None
    onFailure: Literal["keep", "rollback"]
    tags: Tags


# --- Facts: what preflight saw ---------------------------------------------------------------------


class Slots(TypedDict):
    """Instances of one type: configured on the server, running, not running, running and ours."""

    total: int
    used: int
    free: int
    ours: int


class OutpostFacts(TypedDict):
    """One Outposts server and the instance type chosen for it.

    slots: of the chosen type; freeSlots: of every configured type. launchTemplate, nodeGroup: whether ours exist.
    """

    outpostId: str
    outpostArn: str
    ownerId: str
    name: str
    availabilityZone: str
    hardwareType: str
    instanceType: str
    vcpus: int
    architecture: Architecture
    slots: Slots
    freeSlots: dict[str, int]
    launchTemplate: bool
    nodeGroup: Nodes | None


class Image(TypedDict):
    """One Amazon Machine Image; snapshots counts the EBS snapshots in its block device mappings."""

    imageId: str
    architecture: Architecture
    name: str
    rootDeviceType: str
    snapshots: int


class ImageFacts(TypedDict):
    """The images that one Outpost may use: one per architecture from SSM, or the request's one."""

    outpostId: str
    source: Literal["request", "ssm"]
    byArchitecture: dict[Architecture, Image]


class ClusterSettings(TypedDict):
    """What is set when a cluster is created, and is not changed here afterwards. Lists are sorted."""

    endpointPrivate: bool
    publicCidrs: list[str]
    logTypes: list[str]
    secretsKmsKeyArn: str | None
    deletionProtection: bool


class ClusterFacts(TypedDict):
    """The cluster as it is; status and settings None: it does not exist yet.

    endOfStandardSupport: ``YYYY-MM-DD``. nodesMayEnter: the nodes' role has an access entry;
    accessEntries (principal ARNs), addons (names): what it has already.
    """

    name: str
    exists: bool
    status: ClusterStatus | None
    version: str
    versionSource: Literal["request", "default", "existing"]
    endOfStandardSupport: str
    settings: ClusterSettings | None
    nodesMayEnter: bool
    accessEntries: list[str]
    addons: list[str]


class NodeSubnet(TypedDict):
    """A node subnet of ours on an Outpost."""

    subnetId: str
    cidr: str
    availabilityZone: str
    lniDeviceIndex: int | None


class DefaultRoute(TypedDict):
    """Where 0.0.0.0/0 leads (an id, or an ARN), and its state: active or blackhole."""

    target: str
    state: str


class NetworkFacts(TypedDict):
    """The VPC; takenCidrs are all its subnets' blocks, nodeSubnets are ours by Outpost id.

    freeAddresses: by subnet of the cluster. routeTableId, defaultRoute: the node subnets'.
    publicCidrs: the request's, or the entries of its prefix list; who reaches the Kubernetes API from outside.
    """

    vpcId: str
    vpcCidrs: list[str]
    clusterSubnetIds: list[str]
    freeAddresses: dict[str, int]
    routeTableId: str
    defaultRoute: DefaultRoute | None
    takenCidrs: list[str]
    nodeSubnets: dict[str, NodeSubnet]
    publicCidrs: list[str]


class Facts(TypedDict):
    """All of preflight: the lists out of check_outposts and check_images, the answers of the other two."""

    outposts: list[OutpostFacts]
    images: list[ImageFacts]
    cluster: ClusterFacts
    network: NetworkFacts


# --- Plan: build_plan's answer ---------------------------------------------------------------------


class ClusterPlan(TypedDict):
    """The cluster to make (or to keep, when it exists). localCidrs: the LANs of all servers of the request."""

    name: str
    version: str
    exists: bool
    tags: Tags
    settings: ClusterSettings
    adminPrincipalArns: list[str]
    localCidrs: list[str]


class ServerPlan(TypedDict):
    """Everything one server's states need. name is that of its subnet, launch template and group.

    logGroup: of the nodes' CloudWatch agent; None without it. metallb, podNetwork: None for no addresses on the LAN
    for Services, for pods.
    """

    outpostId: str
    outpostArn: str
    availabilityZone: str
    instanceType: str
    architecture: Architecture
    imageId: str
    subnetCidr: str
    nodes: Nodes
    lni: LniSpec
    metallb: MetalLbSpec | None
    podNetwork: PodNetworkSpec | None
    sessionManager: bool
    logGroup: str | None
    name: str
    tags: Tags


class Decision(TypedDict):
    """One sentence of the plan: what happens to which resource, and why."""

    action: Literal["create", "reuse", "enable", "change", "keep"]
    resource: str
    reason: str


class Plan(TypedDict):
    """What will be done: printed in plan mode, carried out in apply mode."""

    cluster: ClusterPlan
    servers: list[ServerPlan]
    decisions: list[Decision]
    warnings: list[str]
    expectedMinutes: int


# --- What has been made ----------------------------------------------------------------------------


class Cluster(TypedDict):
    """An ACTIVE cluster, as its nodes need it. certificateAuthority: base64 PEM, as EKS answers it."""

    name: str
    arn: str
    version: str
    endpoint: str
    certificateAuthority: str
    serviceCidr: str
    securityGroupId: str


class Lni(TypedDict):
    """A node's local network interface."""

    networkInterfaceId: str
    macAddress: str
    privateIp: str


class Node(TypedDict):
    """A node with its verified local network interface."""

    instanceId: str
    lni: Lni


class Addon(TypedDict):
    """An EKS add-on of the cluster; remark: what was left as it is, and why."""

    name: str
    version: str
    status: str
    remark: NotRequired[str]


class Failure(TypedDict):
    """What a Catch of Step Functions gives."""

    Error: str
    Cause: str


class FailedServer(TypedDict):
    """One server that could not be provisioned; failed: by the name of the state that failed."""

    outpostId: str
    failed: dict[str, Failure]


class Server(TypedDict):
    """One server provisioned: what the report tells of it."""

    outpostId: str
    subnetId: str
    launchTemplateId: str
    autoScalingGroupName: str
    instances: list[Node]


class ClusterNode(TypedDict):
    """A node of Kubernetes: name of its Node, the instance and the server that it is."""

    name: str
    instanceId: str
    outpostId: str
