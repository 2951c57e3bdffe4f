"""The largest request stays within what Step Functions keeps of one execution."""

from extended_cluster.request_schema import MAX_DRILLED, MAX_OUTPOSTS
from tests.unit.test_statemachine import ALL, Placed, of_a_server, of_the_drill, rounds

PROVISION = [place for (machine, _), place in ALL.items() if machine == "ProvisionStateMachine"]

# Step Functions guide, "Quotas": maximum events of a Standard execution's history.
MOST_EVENTS = 25_000


def most_events(place: Placed) -> int:
    """Entered, exited, and for every look of a Task that waits: scheduled, started, failed (or succeeded).

    One that runs another machine is submitted, too.
    """
    if place.state["Type"] != "Task":
        return 2
    retriers = place.state.get("Retry", [])
    waits: int = sum(r["MaxAttempts"] for r in retriers if r["ErrorEquals"] == ["NotReadyYet"])
    return 3 + 3 * (1 + waits)


def test_even_if_every_server_waits_its_full_time_the_history_holds_it() -> None:
    iteration = 2  # started, succeeded; of both Maps
    by_server = sum(most_events(place) for place in PROVISION if of_a_server(place)) + 2 * iteration
    drilled = sum(
        rounds(place) * (most_events(place) + iteration) for place in PROVISION if of_the_drill(place)
    )
    once = sum(
        most_events(place) for place in PROVISION if not of_a_server(place) and not of_the_drill(place)
    )
    assert once + MAX_OUTPOSTS * by_server + MAX_DRILLED * drilled < MOST_EVENTS


def test_all_servers_are_built_at_once() -> None:
    """Step Functions guide, "Using Map state in Inline mode": up to 40 iterations at a time."""
    maps = [place.state for place in PROVISION if place.state["Type"] == "Map" and place.name != "Drill"]
    assert maps
    assert all("MaxConcurrency" not in state for state in maps)
    assert MAX_OUTPOSTS <= 40
