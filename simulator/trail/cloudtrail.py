"""The layer that records changing calls and hands them to EventBridge a while later."""

from typing import TYPE_CHECKING
from uuid import UUID

from moto.cloudtrail.models import Trail, cloudtrail_backends

from simulator.call import Answer, AwsError, Call, Layer, NotModelled, Operation, Proceed, only
from simulator.faults.events import Deliveries
from simulator.iam.role_policies import role_of
from simulator.trail.management import is_recorded
from simulator.trail.record import api_call_event, record

if TYPE_CHECKING:
    from simulator.cloud import Cloud


def layer(cloud: "Cloud") -> Layer:
    """Must lie outside the iam layer: refused calls are recorded too (facts.md, section 6)."""
    trail = _Recorder(cloud)

    def watch(call: Call, proceed: Proceed) -> Answer:
        if not is_recorded(call):
            return proceed(call)
        at = cloud.clock.now()
        try:
            answer = proceed(call)
        except NotModelled:
            # AWS never saw this call.
            raise
        except AwsError as refused:
            trail.deliver(call, record(call, refused, at, trail.next_id(), trail.role_id(call)))
            raise
        trail.deliver(call, record(call, answer, at, trail.next_id(), trail.role_id(call)))
        return answer

    return watch


def operations(cloud: "Cloud") -> dict[str, Operation]:  # noqa: ARG001 - every package's operations take the cloud
    """Refuses the event selectors that the layer does not follow."""

    def put_event_selectors(call: Call, proceed: Proceed) -> Answer:
        only(call, "TrailName", "EventSelectors")
        return proceed(call)

    return {"cloudtrail.PutEventSelectors": put_event_selectors}


class _Recorder:
    """Numbers the events of one cloud and sends them on their way."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._count = 0
        self._deliveries = Deliveries(cloud)

    def next_id(self) -> str:
        """The next event's id: deterministic, so that two runs of a seed can be compared."""
        self._count += 1
        return str(UUID(int=(self._cloud.seed << 64) + self._count, version=4))

    def role_id(self, call: Call) -> str | None:
        """The unique id of the caller's role."""
        role = role_of(call.account, call.caller.role_arn) if call.caller.role_arn else None
        return role.id if role else None

    def deliver(self, call: Call, detail: dict[str, object]) -> None:
        """Give the event to the default bus after a while; events overtake each other."""
        if not any(_has_writes(trail, call.region) for trail in _trails(call.account)):
            return
        self._deliveries.send(call, api_call_event(detail, str(detail["eventID"])))


def _trails(account: str) -> list[Trail]:
    # moto's CloudTrail keeps trails and their switches; it records nothing itself.
    backends = cloudtrail_backends[account].values()
    return [trail for backend in backends for trail in backend.trails.values()]


def _has_writes(trail: Trail, region: str) -> bool:
    """Whether the trail is logging this Region's management events that write."""
    if not trail.status.is_logging or not (trail.is_multi_region or trail.region_name == region):
        return False
    # CloudTrail API Reference, PutEventSelectors: without selectors a trail logs all management events; in one,
    # IncludeManagementEvents is true and ReadWriteType All by default.
    return not trail.event_selectors or any(
        s.get("IncludeManagementEvents", True) and s.get("ReadWriteType", "All") != "ReadOnly"
        for s in trail.event_selectors
    )
