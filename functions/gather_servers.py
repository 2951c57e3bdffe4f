"""GatherServers: all servers have ended; whether all of them well. Calls nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from extended_cluster.cause import NO_CAUSE, readable, shortened
from extended_cluster.errors import ServersFailed
from extended_cluster.handler import Event, Result, state

# Step Functions cuts a cause at 32,768 characters (API reference, TaskFailedEventDetails).
_ROOM = 24_000


@state
def handler(event: Event) -> Result:
    """{servers: [Server | FailedServer]} -> {servers: how many}. ServersFailed names every failed one."""
    servers: Sequence[Mapping[str, Any]] = event["servers"]
    failed = [server for server in servers if "failed" in server]
    if failed:
        told = [tell(server, _ROOM // len(failed)) for server in failed]
        raise ServersFailed(
            f"{len(failed)} of {len(servers)} server(s) failed; the others are finished. {' '.join(told)}",
            do="Correct the cause and start the same request again: it carries on from what is there.",
        )
    return {"servers": len(servers)}


def tell(server: Mapping[str, Any], room: int) -> str:
    """Which server failed in which state, of what, and why; at most about ``room`` characters."""
    ((state_name, failure),) = server["failed"].items()
    why = readable(failure.get("Cause", "")) or NO_CAUSE
    return f"{server['outpostId']} in {state_name}: {failure['Error']}: {shortened(why, room)}"
