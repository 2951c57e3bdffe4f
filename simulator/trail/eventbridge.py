"""EventBridge's default bus. Rules and targets are kept by moto; matching them and delivering happens here,
because moto's own delivery knows neither Lambda, nor policies, nor retries."""

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from moto.events.models import Rule, events_backends

from simulator.call import Answer, AwsError, Call, NotModelled, Operation, Place, Proceed, only
from simulator.trail.delivery import Delivery
from simulator.trail.pattern import refuse_unknown
from simulator.trail.record import timestamp
from simulator.trail.target import check

if TYPE_CHECKING:
    from simulator.cloud import Cloud

log = logging.getLogger(__name__)


class EventBridge:
    """The default buses of one cloud."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._count = 0

    def emit(
        self, source: str, detail_type: str, detail: Mapping[str, Any], resources: list[str], place: Place
    ) -> str:
        """Put an event on the default bus of an account in a Region now; returns its id."""
        self._count += 1
        event_id = str(UUID(int=(self._cloud.seed << 64) + (1 << 63) + self._count, version=4))
        self.deliver(
            {
                "version": "0",
                "id": event_id,
                "detail-type": detail_type,
                "source": source,
                "account": place.account,
                "time": timestamp(self._cloud.clock.now()),
                "region": place.region,
                "resources": resources,
                "detail": detail,
            }
        )
        return event_id

    def deliver(self, event: Mapping[str, Any]) -> None:
        """Send an event to every target of every enabled rule that matches it, each on its own: the rules of the
        account and the Region that the event names."""
        backend = events_backends[event["account"]][event["region"]]
        for rule in list(backend.event_buses["default"].rules.values()):
            if rule.state == "ENABLED" and _matches(rule, event):
                log.info("rule %s matches %s %s", rule.name, event["detail-type"], event["id"])
                for target in list(rule.targets):
                    Delivery(self._cloud, rule.arn, target, event).start()


def operations(cloud: "Cloud") -> dict[str, Operation]:
    """Makes ``cloud.events`` and gives the operations that moto does not do right."""
    cloud.events = bus = EventBridge(cloud)

    def put_events(call: Call, _: Proceed) -> Answer:
        only(call, "Entries")
        entries = call.params["Entries"]
        if not 1 <= len(entries) <= 10:
            # EventBridge API Reference, PutEvents: 1 to 10 entries.
            raise AwsError("ValidationException", f"PutEvents takes 1 to 10 entries, not {len(entries)}.")
        results = [_put(bus, entry, call) for entry in entries]
        return {"FailedEntryCount": sum("ErrorCode" in r for r in results), "Entries": results}

    def put_rule(call: Call, proceed: Proceed) -> Answer:
        only(call, "Name", "EventPattern", "State", "Description", "Tags", "EventBusName", "RoleArn")
        _only_default(call.params)
        if call.params.get("State", "ENABLED") not in ("ENABLED", "DISABLED"):
            raise NotModelled(f"rules in the state {call.params['State']}")
        refuse_unknown(call.params.get("EventPattern", "{}"))
        return proceed(call)

    def put_targets(call: Call, proceed: Proceed) -> Answer:
        _only_default(call.params)
        for target in call.params["Targets"]:
            check(target, call)
        return proceed(call)

    return {"events.PutEvents": put_events, "events.PutRule": put_rule, "events.PutTargets": put_targets}


def _put(bus: EventBridge, entry: Mapping[str, Any], place: Place) -> dict[str, str]:
    unknown = set(entry) - {"Source", "DetailType", "Detail", "Resources", "EventBusName"}
    if unknown:
        raise NotModelled(f"{', '.join(sorted(unknown))} of an event")
    _only_default(entry)
    # EventBridge API Reference, PutEventsResultEntry: the codes; the messages are moto's.
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            message = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    if entry["Source"].startswith("aws."):
        # EventBridge guide, "Sending events with PutEvents": sources that begin with aws. are AWS's.
        return {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
    try:
        detail = json.loads(entry["Detail"])
    except json.JSONDecodeError:
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    resources = entry.get("Resources", [])
    return {"EventId": bus.emit(entry["Source"], entry["DetailType"], detail, resources, place)}


def _only_default(params: Mapping[str, Any]) -> None:
    if params.get("EventBusName", "default").rpartition("/")[2] != "default":
        raise NotModelled("event buses other than the default one")


def _matches(rule: Rule, event: Mapping[str, Any]) -> bool:
    # A rule with a schedule only has an empty pattern, which moto takes to match everything.
    return bool(rule.event_pattern.get_pattern()) and rule.event_pattern.matches_event(dict(event))  # type: ignore[arg-type]
