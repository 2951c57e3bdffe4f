"""The control plane's own leases: a sign of life by the API server's clock, for those who must not trust a node's."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulator.kube.objects import How
from simulator.kube.resources import LEASES
from simulator.kube.store import micro_stamp

if TYPE_CHECKING:
    from simulator.kube.controllers.loop import Controllers

_NAMESPACE = "kube-system"
# kubernetes, component-base/config: LeaderElectionConfiguration's defaults, retryPeriod 2 s, leaseDuration 15 s.
_NAMES = ("kube-controller-manager", "kube-scheduler")
_RENEWED_EVERY, _DURATION = 2, 15


def renew(loop: "Controllers") -> None:
    """As of now: the latest renewal is up to two seconds ago."""
    now = loop.cloud.clock.time()
    renewed = micro_stamp(datetime.fromtimestamp(now - now % _RENEWED_EVERY, UTC))
    for name in _NAMES:
        lease = loop.store.get(LEASES, _NAMESPACE, name)
        if lease is None:
            spec = {
                "holderIdentity": f"ip-10-0-0-1_{loop.store.new_uid()}",
                "leaseDurationSeconds": _DURATION,
                "leaseTransitions": 0,
                "acquireTime": renewed,
                "renewTime": renewed,
            }
            loop.objects.create(LEASES, _NAMESPACE, {"metadata": {"name": name}, "spec": spec}, How(name))
        elif lease["spec"]["renewTime"] != renewed:
            changed = {**lease, "spec": {**lease["spec"], "renewTime": renewed}}
            loop.objects.update(LEASES, _NAMESPACE, name, changed, How(name))
