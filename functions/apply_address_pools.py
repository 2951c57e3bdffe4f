"""ApplyAddressPools: each server's addresses are MetalLB's to give, and announced by that server's LNIs alone."""

from collections.abc import Collection, Sequence

from extended_cluster import address_pools
from extended_cluster.address_pools import API_VERSION
from extended_cluster.errors import (
    NetworkServicesConflict,
    NetworkServicesNotReady,
    NotReadyYet,
    Throttled,
)
from extended_cluster.handler import Event, Result, state
from extended_cluster.install_manifest import is_ours
from extended_cluster.kubernetes.api import Json, Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.names import METALLB_NAMESPACE
from extended_cluster.types import ServerPlan

_KINDS = ("L2Advertisement", "IPAddressPool")


@state
def handler(event: Event) -> Result:
    """{cluster, servers: [ServerPlan], look, lastLook} -> {pools: {applied, removed: [Outpost id]}}.

    Raises NetworkServicesConflict for what is not ours or in use; where the API cannot take the objects yet,
    NotReadyYet, and at the last look NetworkServicesNotReady.
    """
    try:
        return {"pools": change(connect(event["cluster"]), event["servers"])}
    except Throttled as busy:
        # MetalLB's webhook fails closed: while nobody answers for it the API server answers 500 InternalError.
        if event["look"] < event["lastLook"]:
            raise NotReadyYet(busy.what) from busy
        raise NetworkServicesNotReady(
            busy.what,
            do="Look at 'kubectl --namespace metallb-system describe deployment controller': MetalLB's webhook must "
            "answer before it takes pools. Then start the same request again.",
        ) from busy


def change(kubernetes: Kubernetes, servers: Sequence[ServerPlan]) -> dict[str, list[str]]:
    """Apply what the servers have, remove what those without addresses have of ours. Nothing in use is cut off.

    A pool of a server that is not in the request is left alone: that server is another request's.
    """
    pools = kubernetes.list(API_VERSION, "IPAddressPool", METALLB_NAMESPACE)
    advertisements = kubernetes.list(API_VERSION, "L2Advertisement", METALLB_NAMESPACE)
    _require_ours([*pools, *advertisements], servers)
    there = {found["metadata"]["name"]: found for found in pools}
    wanted = {
        server["outpostId"]: address_pools.pool(server["outpostId"], server["metallb"])
        for server in servers
        if server["metallb"] is not None
    }
    _require_alone(advertisements, wanted)
    gone = [s["outpostId"] for s in servers if s["outpostId"] in there and s["outpostId"] not in wanted]
    _require_unused(kubernetes, [there[s["outpostId"]] for s in servers if s["outpostId"] in there], wanted)
    _require_apart(wanted, [found for name, found in there.items() if name not in gone])
    for name in gone:
        for kind in _KINDS:  # the advertisement first: one of a pool that is gone announces nothing
            kubernetes.delete(API_VERSION, kind, name, METALLB_NAMESPACE)
    for server in servers:
        if server["outpostId"] in wanted:
            kubernetes.apply(wanted[server["outpostId"]])
            kubernetes.apply(address_pools.advertisement(server))
    return {"applied": list(wanted), "removed": gone}


def _require_ours(found: list[Json], servers: Sequence[ServerPlan]) -> None:
    named = {server["outpostId"] for server in servers}
    others = [
        f"{each['kind']} {each['metadata']['name']}"
        for each in found
        if each["metadata"]["name"] in named and not is_ours(each)
    ]
    if others:
        raise NetworkServicesConflict(
            f"In namespace {METALLB_NAMESPACE}, {', '.join(others)} is not ours and has the name of ours.",
            do="Rename or delete it, and start the same request again.",
        )


def _require_alone(advertisements: list[Json], wanted: Collection[str]) -> None:
    """Nobody else announces our pools: nodes of other servers would be elected, on whatever interface."""
    others = [
        each["metadata"]["name"]
        for each in advertisements
        if not is_ours(each) and address_pools.announces(each, wanted)
    ]
    if others and wanted:
        raise NetworkServicesConflict(
            f"L2Advertisement {', '.join(others)} in namespace {METALLB_NAMESPACE} is not ours and announces our "
            "pools as well: it names them, or no pool at all.",
            do="Name its own pools in spec.ipAddressPools, and start the same request again.",
        )


def _require_unused(kubernetes: Kubernetes, pools: list[Json], wanted: dict[str, Json]) -> None:
    """An address that a Service has is never taken away: MetalLB would do it at once."""
    services = kubernetes.list("v1", "Service") if pools else []
    for before in pools:
        name = before["metadata"]["name"]
        after = wanted[name]["spec"]["addresses"] if name in wanted else []
        if users := address_pools.losers(
            address_pools.ranges(before["spec"]["addresses"]), address_pools.ranges(after), services
        ):
            raise NetworkServicesConflict(
                f"`metallb` of {name} asks for {', '.join(after) or 'no addresses'} in place of "
                f"{', '.join(before['spec']['addresses'])}, and {', '.join(users)} would lose the address.",
                do="Delete these Services, or ask for addresses that contain theirs.",
            )


def _require_apart(wanted: dict[str, Json], pools: list[Json]) -> None:
    for name, pool in wanted.items():
        if others := address_pools.overlaps(pool, pools):
            raise NetworkServicesConflict(
                f"`metallb` of {name} asks for {', '.join(pool['spec']['addresses'])}, which overlaps "
                f"IPAddressPool {', '.join(others)}: MetalLB takes no two pools with one address.",
                do="Ask for other addresses, or take these out of the other pool first, in a run of its own.",
            )
