"""The plan: what one request means, given what preflight saw."""

import json
from datetime import date
from typing import Final

from extended_cluster import decisions, expected, lan, metallb_request, pod_network_request, warnings
from extended_cluster.cidr import next_free
from extended_cluster.errors import ClusterConflict, ImageUnsupported, InvalidRequest, NetworkUnsupported
from extended_cluster.names import cluster_tags, server_name, server_tags
from extended_cluster.types import (
    ClusterFacts,
    ClusterPlan,
    ClusterSettings,
    Facts,
    Image,
    ImageFacts,
    NetworkFacts,
    OutpostFacts,
    Plan,
    ServerPlan,
    Spec,
)

NODE_SUBNET_PREFIX: Final = 24
# EKS user guide, "VPC and subnet requirements", subnet requirements.
LEAST_ADDRESSES: Final = 6
# Step Functions carries at most 256 KiB from state to state (guide, "Quotas"); the plan, the request and what the
# servers' states add to it travel together, and the plan is the largest part.
MOST_BYTES: Final = 100_000


def build(spec: Spec, facts: Facts, today: date, log_group: str | None = None) -> Plan:
    """The plan; the same arguments give the same plan. log_group: of the nodes' CloudWatch agent; None without it."""
    name, cluster = spec["clusterName"], facts["cluster"]
    lan.require_apart(spec["outposts"], facts["network"]["vpcCidrs"])
    images = {image["outpostId"]: image for image in facts["images"]}
    outposts = {outpost["outpostId"]: outpost for outpost in facts["outposts"]}
    settings = _settings(spec, facts["network"])
    _require_as_asked(cluster, settings)
    _require_addresses(cluster, facts["network"])
    asked = [wanted["subnetCidr"] for wanted in spec["outposts"]]
    # What a later server asks for is not free for an earlier one.
    taken = [*facts["network"]["takenCidrs"], *filter(None, asked)]
    servers: list[ServerPlan] = []
    made = [
        decisions.for_cluster(cluster),
        *decisions.for_access(spec["adminPrincipalArns"], cluster),
        *decisions.for_addons(cluster),
    ]
    for wanted in spec["outposts"]:
        outpost_id = wanted["outpostId"]
        outpost, subnet = outposts[outpost_id], facts["network"]["nodeSubnets"].get(outpost_id)
        image = _image(images[outpost_id], outpost)
        cidr = subnet["cidr"] if subnet else wanted["subnetCidr"] or _free_block(facts["network"], taken)
        taken.append(cidr)
        server = ServerPlan(
            outpostId=outpost_id,
            outpostArn=outpost["outpostArn"],
            availabilityZone=outpost["availabilityZone"],
            instanceType=outpost["instanceType"],
            architecture=outpost["architecture"],
            imageId=image["imageId"],
            subnetCidr=cidr,
            nodes=wanted["nodes"],
            lni=wanted["lni"],
            metallb=wanted["metallb"],
            podNetwork=wanted["podNetwork"],
            sessionManager=spec["sessionManager"],
            logGroup=log_group,
            name=server_name(name, outpost_id),
            tags=server_tags(name, outpost_id, spec["tags"]),
        )
        servers.append(server)
        made += [
            decisions.for_subnet(server, wanted, subnet),
            decisions.for_lni(server, subnet),
            decisions.for_guest(server),
            decisions.for_agents(server, outpost),
            decisions.for_image(image, images[outpost_id], cluster["version"]),
            decisions.for_launch_template(server, outpost),
            decisions.for_node_group(server, wanted, outpost),
        ]
        _require_key_in(spec["secretsKmsKeyArn"], outpost["outpostArn"])
    made += [*decisions.for_metallb(servers, cluster), *decisions.for_pod_networks(servers, cluster)]
    seen = [outposts[server["outpostId"]] for server in servers]
    new_nodes = any(
        outpost["slots"]["ours"] < server["nodes"]["desired"]
        for server, outpost in zip(servers, seen, strict=True)
    )
    plan = Plan(
        cluster=ClusterPlan(
            name=name,
            version=cluster["version"],
            exists=cluster["exists"],
            tags=cluster_tags(name, spec["tags"]),
            settings=settings,
            adminPrincipalArns=spec["adminPrincipalArns"],
            localCidrs=lan.cidrs(spec["outposts"]),
        ),
        servers=servers,
        decisions=made,
        warnings=[
            warnings.NOT_SUPPORTED,
            *warnings.of_support(cluster, today),
            *warnings.of_zones(servers),
            *warnings.of_endpoint(settings),
            *warnings.of_network(cluster, facts["network"]),
            *warnings.of_capacity(servers, seen),
            *warnings.of_failure(spec, cluster),
            *warnings.of_drill(spec),
            *lan.warnings(spec["outposts"]),
            *metallb_request.warnings(spec["outposts"]),
            *pod_network_request.warnings(spec["outposts"]),
        ],
        expectedMinutes=expected.minutes(
            new_cluster=not cluster["exists"], new_nodes=new_nodes, drill=spec["drill"] is not None
        ),
    )
    _require_small(plan)
    return plan


def _settings(spec: Spec, network: NetworkFacts) -> ClusterSettings:
    return ClusterSettings(
        endpointPrivate=spec["endpointAccess"]["private"],
        publicCidrs=network["publicCidrs"],
        logTypes=sorted(spec["logTypes"]),
        secretsKmsKeyArn=spec["secretsKmsKeyArn"],
        deletionProtection=spec["deletionProtection"],
    )


# The field of the request, and what it takes to change an existing cluster by hand.
_FIELDS: Final = {
    "endpointPrivate": ("endpointAccess.private", "update-cluster-config --resources-vpc-config"),
    "publicCidrs": ("endpointAccess", "update-cluster-config --resources-vpc-config"),
    "logTypes": ("logTypes", "update-cluster-config --logging"),
    "secretsKmsKeyArn": ("secretsKmsKeyArn", "associate-encryption-config"),
    "deletionProtection": ("deletionProtection", "update-cluster-config --deletion-protection"),
}


def _require_as_asked(cluster: ClusterFacts, wanted: ClusterSettings) -> None:
    """An existing cluster is not changed here, and a field without effect is not accepted."""
    if cluster["settings"] is None:
        return
    for (setting, has), asked in zip(cluster["settings"].items(), wanted.values(), strict=True):
        if has != asked:
            field, command = _FIELDS[setting]
            raise ClusterConflict(
                f"Cluster {cluster['name']} exists with {setting} {json.dumps(has)}, and `{field}` asks for "
                f"{json.dumps(asked)}.",
                do=f"Ask for what it has, or change it yourself (aws eks {command}).",
            )


def _require_addresses(cluster: ClusterFacts, network: NetworkFacts) -> None:
    """An existing cluster has its network interfaces in these subnets already."""
    if cluster["exists"]:
        return
    for subnet_id, free in network["freeAddresses"].items():
        if free < LEAST_ADDRESSES:
            raise NetworkUnsupported(
                f"Subnet {subnet_id} of VPC {network['vpcId']} has {free} free address(es), and EKS needs "
                f"{LEAST_ADDRESSES} in every subnet of a cluster.",
                do="Free some, or deploy the stack again with ClusterSubnetIds of subnets that have room.",
            )


def _require_key_in(key_arn: str | None, outpost_arn: str) -> None:
    if key_arn and key_arn.split(":")[3] != outpost_arn.split(":")[3]:
        raise InvalidRequest(
            f'`secretsKmsKeyArn` is "{key_arn}". Accepted: a key of the cluster\'s Region, '
            f"{outpost_arn.split(':')[3]}.",
            do="Correct the request and start it again.",
        )


def _require_small(plan: Plan) -> None:
    size = len(json.dumps(plan).encode())
    if size > MOST_BYTES:
        raise InvalidRequest(
            f"The plan for {len(plan['servers'])} servers is {size} bytes long, and Step Functions has room for "
            f"{MOST_BYTES}: `tags` stand in it once for every server.",
            do="Ask for fewer or shorter tags, or spread the servers over several requests.",
        )


def _image(facts: ImageFacts, outpost: OutpostFacts) -> Image:
    available, needed = facts["byArchitecture"], outpost["architecture"]
    if needed not in available:
        have = ", ".join(f"{image['imageId']} is {architecture}" for architecture, image in available.items())
        raise ImageUnsupported(
            f"Outposts server {outpost['outpostId']} launches {outpost['instanceType']}, which needs an "
            f"image of architecture {needed}; {have}.",
            do=f"Name an imageId of architecture {needed}, or leave it out for EKS's own.",
        )
    return available[needed]


def _free_block(network: NetworkFacts, taken: list[str]) -> str:
    block = next_free(network["vpcCidrs"], taken, NODE_SUBNET_PREFIX)
    if block is None:
        raise NetworkUnsupported(
            f"VPC {network['vpcId']} ({', '.join(network['vpcCidrs'])}) has no free "
            f"/{NODE_SUBNET_PREFIX} block left beside {', '.join(taken)}.",
            do="Name a smaller free block as subnetCidr, or associate another CIDR block with the VPC.",
        )
    return block
