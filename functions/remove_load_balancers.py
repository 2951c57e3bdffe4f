"""RemoveLoadBalancers: no Service keeps a load balancer, no pool an address, before the cluster goes; one look.

Whoever's they are: a Service's controller deletes its load balancer only while it runs, and teardown ends it
(EKS guide, "Delete a cluster").
"""

from typing import Any, NamedTuple

from extended_cluster.address_pools import API_VERSION as METALLB
from extended_cluster.errors import (
    KubernetesCallFailed,
    KubernetesForbidden,
    LoadBalancersLeft,
    NotReadyYet,
)
from extended_cluster.handler import Event, Result, state
from extended_cluster.kubernetes.api import Json, Kubernetes
from extended_cluster.kubernetes.connection import connect
from extended_cluster.names import METALLB_NAMESPACE


class _Left(NamedTuple):
    api_version: str
    kind: str
    namespace: str
    name: str
    finalizers: tuple[str, ...]
    ending: bool

    def __str__(self) -> str:
        waits = f" (waits for {', '.join(self.finalizers)})" if self.ending and self.finalizers else ""
        return f"{self.kind} {self.namespace}/{self.name}{waits}"


@state
def handler(event: Event) -> Result:
    """{cluster: Cluster, look, lastLook} -> {left: 0}. Deletes and looks, until nothing is left.

    look, lastLook: as AwaitNodes has them. NotReadyYet while something is left, and at the last look
    LoadBalancersLeft, which lists it. KubernetesUnreachable and its like when the cluster does not answer.
    """
    return remove(
        connect(event["cluster"]), event["cluster"]["name"], last=event["look"] >= event["lastLook"]
    )


def remove(kubernetes: Kubernetes, cluster: str, *, last: bool) -> Result:
    """Services first, because MetalLB keeps the pool of an address that is in use."""
    refused: dict[_Left, str] = {}
    for each in _left(kubernetes):
        if not each.ending:
            try:
                kubernetes.delete(each.api_version, each.kind, each.name, each.namespace)
            except (
                KubernetesForbidden,
                KubernetesCallFailed,
            ) as failure:  # one refusal keeps none of the others
                refused[each] = str(failure)
    left = _left(kubernetes)
    if not left:
        return {"left": 0}
    told = "; ".join(f"{each}: {refused[each]}" if each in refused else str(each) for each in left)
    what = f"Of cluster {cluster} there are still {told}."
    if not last:
        raise NotReadyYet(what)
    raise LoadBalancersLeft(
        what,
        do="Look at its events (kubectl describe). If its controller cannot delete a load balancer in AWS any more,"
        " delete that by hand.",
    )


def _left(kubernetes: Kubernetes) -> list[_Left]:
    services = [
        service
        for service in kubernetes.list("v1", "Service")
        if service["spec"].get("type") == "LoadBalancer"
    ]
    kinds = ("L2Advertisement", "IPAddressPool")
    return [
        *(_of("v1", "Service", service) for service in services),
        *(
            _of(METALLB, kind, obj)
            for kind in kinds
            for obj in kubernetes.list(METALLB, kind, METALLB_NAMESPACE)
        ),
    ]


def _of(api_version: str, kind: str, obj: Json) -> _Left:
    metadata: dict[str, Any] = obj["metadata"]
    return _Left(
        api_version,
        kind,
        metadata["namespace"],
        metadata["name"],
        tuple(metadata.get("finalizers") or ()),
        "deletionTimestamp" in metadata,
    )
