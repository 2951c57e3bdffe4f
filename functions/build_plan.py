"""BuildPlan: from the request and the facts to what will be done, each decision with its reason. Pure."""

import os
from datetime import datetime

from extended_cluster.handler import Event, Result, state
from extended_cluster.plan import build


@state
def handler(event: Event) -> Result:
    """{spec, facts: Facts, now: ISO 8601} -> Plan.

    Raises ImageUnsupported, NetworkUnsupported and LniConflict.
    """
    today = datetime.fromisoformat(event["now"]).date()
    # Empty without the stack's NodeCloudWatchAgent.
    return {**build(event["spec"], event["facts"], today, os.environ["NODE_LOG_GROUP"] or None)}
