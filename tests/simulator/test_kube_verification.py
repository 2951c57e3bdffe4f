"""The whole verification on the layer: every step of ours, with the guest layer's truth under the probe's stand-in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from await_move import await_move
from end_verification import end
from ensure_local_dns import ensure
from find_announcer import find
from read_verification import read
from start_verification import start

from extended_cluster import address_pools, metallb_manifest, vpc_cni
from extended_cluster.errors import (
    DuplicateAddress,
    LniMtuTooSmall,
    LniWithoutAddress,
    NotReadyYet,
    ProbeReportStale,
)
from extended_cluster.types import ClusterNode, ServerPlan
from extended_cluster.verification.objects import NAMESPACE
from simulator.kube.objects import How, Objects
from simulator.kube.resources import Resource
from simulator.kube.status import Refusal
from tests.simulator.edge_nodes import FIRST, begin, nodes
from tests.simulator.eks_account import EksAccount
from tests.simulator.test_guest_join import NAME
from tests.simulator.test_kube_controllers import account, settled
from tests.unit.server_plan import SERVER

__all__ = ["account"]

type Json = dict[str, Any]

RUN = "0123456789abcdef"
ADDRESS = "192.168.10.200"
PLAN: ServerPlan = {**SERVER, "outpostId": FIRST, "metallb": {"addresses": [f"{ADDRESS}/32"]}}


class Layer:
    """The functions' interface to Kubernetes, without the way there (tests/kubernetes has that)."""

    def __init__(self, account: EksAccount) -> None:
        self._account = account

    def _objects(self) -> Objects:
        return settled(self._account).objects

    def _resource(self, api_version: str, kind: str) -> Resource | None:
        found = (r for r in self._objects().resources() if (r.api_version, r.kind) == (api_version, kind))
        return next(found, None)

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> Json | None:
        resource = self._resource(api_version, kind)
        try:
            return self._objects().get(resource, namespace, name) if resource else None
        except Refusal as refused:
            if refused.code != 404:
                raise
            return None

    def list(self, api_version: str, kind: str, namespace: str = "", labels: str = "") -> list[Json]:
        resource = self._resource(api_version, kind)
        return self._objects().list(resource, namespace, labels) if resource else []

    def apply(self, obj: Json, *, force: bool = False) -> Json:
        resource, meta = self._resource(obj["apiVersion"], obj["kind"]), obj["metadata"]
        assert resource
        how = How("eks-outposts-servers", force=force)
        applied: Any = self._objects().apply(resource, meta.get("namespace", ""), meta["name"], obj, how)
        return dict(applied[0] if isinstance(applied, tuple) else applied)

    def delete(self, api_version: str, kind: str, name: str, namespace: str = "") -> bool:
        resource = self._resource(api_version, kind)
        assert resource
        self._objects().delete(resource, namespace, name, How("eks-outposts-servers"))
        return True


class Run:
    """Two nodes on one server, ready for the verification, which has begun."""

    def __init__(self, account: EksAccount, excluded: tuple[str, ...] = ("192.168.10.0/24",)) -> None:
        self.account, self.kubernetes = account, Layer(account)
        account.eks.create_addon(
            clusterName=NAME, addonName="vpc-cni", configurationValues=vpc_cni.configuration(excluded)
        )
        for addon in ("kube-proxy", "coredns"):
            account.eks.create_addon(clusterName=NAME, addonName=addon)
        self.instances = begin(account), begin(account)
        self.names = nodes(account, *self.instances)
        self.nodes: list[ClusterNode] = [
            {"name": name, "instanceId": instance, "outpostId": FIRST}
            for name, instance in zip(self.names, self.instances, strict=True)
        ]
        for obj in metallb_manifest.objects(""):
            self.kubernetes.apply(obj)
        settled(account, 120)
        for obj in (
            address_pools.pool(FIRST, PLAN["metallb"] or {"addresses": []}),
            address_pools.advertisement(PLAN),
        ):
            self.kubernetes.apply(obj)
        self.until(lambda: ensure(self.kubernetes, self.nodes, last=False))
        start(self.kubernetes, RUN, [PLAN], "python:3.13-alpine", last=False)

    def until(self, step: Any, seconds: int = 600) -> Any:
        """Look every ten seconds, as the state machine does."""
        for _ in range(seconds // 10):
            try:
                return step()
            except NotReadyYet:
                settled(self.account, 10)
        return step()

    def read(self, *, last: bool = False) -> Any:
        return read(self.kubernetes, "edge-1", RUN, self.nodes, [PLAN], last=last)


# What happens to the LAN, the error at the last look, and its evidence. A number stands for that instance.
PASSING: list[tuple[str, Any, type[Exception], str]] = [
    ("mtu", 1400, LniMtuTooSmall, "pass 1400 bytes of 1500"),
    ("silent", {1}, ProbeReportStale, "is 1[0-9][0-9] s old"),
    ("unplugged", {1}, LniWithoutAddress, "ens6 of .* is down"),
]


def test_a_cluster_is_proven_its_lan_s_troubles_are_named_and_nothing_stays(account: EksAccount) -> None:
    """One run for all of it: a cluster with MetalLB takes its time."""
    run = Run(account)
    is_proven(run)
    another_owner_of_the_address_ends_the_run_at_once(run)
    for what, value, error, said in PASSING:
        what_may_pass_is_an_error_at_the_last_look(run, what, value, error, said)
    the_address_moves_when_its_announcer_is_ended(run)
    assert run.until(lambda: end(run.kubernetes, last=False)) == {"removed": True}
    assert run.kubernetes.get("v1", "Namespace", NAMESPACE) is None
    assert run.kubernetes.list("metallb.io/v1beta1", "ServiceL2Status", "metallb-system") == []


def is_proven(run: Run) -> None:
    proven = run.until(run.read)
    assert {one["id"] for one in proven["findings"] if one["status"] != "pass"} == {"lni-reach-across"}
    (told,) = proven["addresses"]
    assert (told["outpostId"], told["address"]) == (FIRST, ADDRESS)
    found = find(run.kubernetes, FIRST, last=False)
    assert (found["node"], found["otherNodes"]) == (told["node"], 1)
    assert dict(zip(run.names, run.instances, strict=True))[found["node"]] == found["instanceId"]


def another_owner_of_the_address_ends_the_run_at_once(run: Run) -> None:
    with changed_lan(run, "strangers", {ADDRESS: "02:00:00:00:00:99"}):
        settled(run.account, 20)
        with pytest.raises(
            DuplicateAddress, match="is claimed by 02:00:00:00:00:99, which is none of its nodes"
        ):
            run.read()


def what_may_pass_is_an_error_at_the_last_look(
    run: Run, what: str, value: Any, error: type[Exception], said: str
) -> None:
    with changed_lan(run, what, {run.instances[n] for n in value} if isinstance(value, set) else value):
        settled(run.account, 120)
        with pytest.raises(NotReadyYet, match=said):
            run.read()
        with pytest.raises(error, match=said):
            run.read(last=True)


def the_address_moves_when_its_announcer_is_ended(run: Run) -> None:
    """What TerminateAnnouncer does by the Auto Scaling API, done by EC2's: this account has no group."""
    ended = find(run.kubernetes, FIRST, last=False)
    ended_at = run.account.cloud.clock.now().isoformat()
    with pytest.raises(NotReadyYet, match=f"is still announced by {ended['node']}"):
        await_move(run.kubernetes, ended, ended_at, last=False)
    run.account.ec2.terminate_instances(InstanceIds=[ended["instanceId"]])
    moved = run.until(lambda: await_move(run.kubernetes, ended, ended_at, last=False))
    (other,) = set(run.names) - {ended["node"]}
    assert (moved["from"], moved["to"], moved["address"]) == (ended["node"], other, ADDRESS)
    assert 0 <= moved["seconds"] < 300
    assert find(run.kubernetes, FIRST, last=False)["otherNodes"] == 0


@contextmanager
def changed_lan(run: Run, what: str, value: Any) -> Iterator[None]:
    """Something happens to the LAN, passes, and the cluster is proven as before."""
    lan = run.account.cloud.guest.lan
    before = getattr(lan, what)
    setattr(lan, what, value)
    yield
    setattr(lan, what, before)
    settled(run.account, 20)  # until the next reports
    run.until(run.read)
