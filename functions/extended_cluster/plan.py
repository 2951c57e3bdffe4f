"""The plan: what one request means, given what preflight saw."""

from datetime import date
from typing import Final

from extended_cluster import decisions, lan
from extended_cluster.cidr import next_free
from extended_cluster.errors import ImageUnsupported, NetworkUnsupported
from extended_cluster.names import cluster_tags, server_name, server_tags
from extended_cluster.types import (
    ClusterPlan,
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


def build(spec: Spec, facts: Facts, today: date) -> Plan:
    """The plan; the same arguments give the same plan."""
    name, cluster = spec["clusterName"], facts["cluster"]
    lan.require_apart(spec["outposts"], facts["network"]["vpcCidrs"])
    images = {image["outpostId"]: image for image in facts["images"]}
    outposts = {outpost["outpostId"]: outpost for outpost in facts["outposts"]}
    taken = list(facts["network"]["takenCidrs"])
    servers: list[ServerPlan] = []
    made = [decisions.for_cluster(cluster)]
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
            name=server_name(name, outpost_id),
            tags=server_tags(name, outpost_id, spec["tags"]),
        )
        servers.append(server)
        made += [
            decisions.for_subnet(server, wanted, subnet),
            decisions.for_lni(server, subnet),
            decisions.for_guest(server),
            decisions.for_image(image, images[outpost_id], cluster["version"]),
            decisions.for_nodes(server, wanted, outpost),
        ]
    return Plan(
        cluster=ClusterPlan(
            name=name,
            version=cluster["version"],
            exists=cluster["exists"],
            tags=cluster_tags(name, spec["tags"]),
            deletionProtection=spec["deletionProtection"],
            adminPrincipalArns=spec["adminPrincipalArns"],
            localCidrs=lan.cidrs(spec["outposts"]),
        ),
        servers=servers,
        decisions=made,
        warnings=[
            decisions.NOT_SUPPORTED,
            *decisions.support_warnings(cluster, today),
            *lan.warnings(spec["outposts"]),
        ],
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
