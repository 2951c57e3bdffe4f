"""BuildPlan: from the request and the facts to what will be done, each decision with its reason. Pure."""

from datetime import datetime

from extended_cluster.handler import Event, Result, state
from extended_cluster.plan import build


@state
def handler(event: Event) -> Result:
    """{spec, facts: Facts, now: ISO 8601} -> Plan.

    Raises ImageUnsupported, NetworkUnsupported and LniConflict.
    """
    return {**build(event["spec"], event["facts"], datetime.fromisoformat(event["now"]).date())}
