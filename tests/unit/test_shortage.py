"""A server without room: what would fit is accepted, who holds the slots is named."""

import itertools
import json
from collections import Counter
from typing import Any

import pytest

from extended_cluster import shortage
from extended_cluster.capacity import Capacity, Room, choose, waits_on
from extended_cluster.request import complete
from extended_cluster.request_schema import MAX_OUTPOSTS
from extended_cluster.slots import Holder, Node, Occupancy
from extended_cluster.types import Nodes
from tests.unit.server_plan import OUTPOST

LARGE, SMALL = "c6id.8xlarge", "c6id.4xlarge"
ACCOUNT, OTHER_ACCOUNT = "123456789012", "123456789012"[::-1]
THREE = Nodes(min=2, desired=3, max=4)


def room(name: str, total: int, used: int = 0, ours: int = 0) -> Room:
    return Room(name, total, used, ours)


def holder(
    instance: str, name: str = LARGE, account: str | None = ACCOUNT, service: str | None = "EC2"
) -> Holder:
    return Holder(instance, name, account, service)


def tell(*held: Holder, known: tuple[Node, ...] = (), asked: tuple[str, ...] = (LARGE,)) -> str:
    server = Occupancy(OUTPOST, Counter({LARGE: 2}), held)
    return shortage.tell(THREE, asked, server, server.rooms([LARGE], known, "edge-1"), known, "edge-1")


@pytest.mark.parametrize(
    ("asked", "rooms", "fits"),
    [
        # Another type has room for all.
        ([LARGE], [room(LARGE, 1, 1), room(SMALL, 3)], [{"instanceType": SMALL}]),
        # This type has room for fewer: one runs, one slot is free.
        ([LARGE], [room(LARGE, 3, 2, ours=1)], [{"nodes": {"min": 2, "desired": 2, "max": 4}}]),
        ([LARGE], [room(LARGE, 3, 2)], [{"nodes": {"min": 1, "desired": 1, "max": 4}}]),
        # Most nodes first.
        (
            [LARGE],
            [room(LARGE, 2), room(SMALL, 3)],
            [{"instanceType": SMALL}, {"nodes": {"min": 2, "desired": 2, "max": 4}}],
        ),
        # No type was asked for: fewer nodes need its name too.
        (
            [LARGE, SMALL],
            [room(LARGE, 1, 1), room(SMALL, 2)],
            [{"instanceType": SMALL, "nodes": {"min": 2, "desired": 2, "max": 4}}],
        ),
        ([LARGE], [room(LARGE, 2, 2), room(SMALL, 2, 3)], []),
    ],
)
def test_what_would_fit(asked: list[str], rooms: list[Room], fits: list[dict[str, Any]]) -> None:
    assert shortage.fitting(THREE, asked, rooms) == fits


def test_what_is_said_to_fit_is_accepted_as_the_request_would_say_it() -> None:
    """Every combination of few slots, with and without a type asked for."""
    tried = 0
    for large, small, ours, asked in itertools.product(range(4), range(4), range(2), (LARGE, None)):
        rooms = [room(LARGE, large + ours, ours, ours=ours), room(SMALL, small + 1, 1)]
        capacities = [Capacity(**vars(each), vcpus=1, architectures=("x86_64",)) for each in rooms]
        entry: dict[str, Any] = {"outpostId": OUTPOST, "nodes": THREE, "instanceType": asked}
        (wanted,) = complete({"clusterName": "edge-1", "outposts": [entry]})["outposts"]
        if choose(wanted, capacities):
            continue
        types = [LARGE] if asked or ours else [LARGE, SMALL]
        for fields in shortage.fitting(THREE, types, rooms):
            changed = complete({"clusterName": "edge-1", "outposts": [{**entry, **fields}]})
            assert choose(changed["outposts"][0], capacities), (rooms, fields)
            tried += 1
    assert tried > 20


def test_the_fields_are_told_as_json() -> None:
    text = tell(holder("i-1"))
    assert 'Would fit: `"nodes": {"min": 1, "desired": 1, "max": 4}`.' in text
    json.loads("{" + text.split("`")[1] + "}")


def test_nothing_fits_is_told_too() -> None:
    assert "Nothing would fit as it is." in tell(holder("i-1"), holder("i-2"))


def test_who_holds_the_slots_is_named() -> None:
    text = tell(
        holder("i-1", account=OTHER_ACCOUNT),
        holder("i-2"),
        holder("i-3", service="ELB"),
        holder("i-4", account=None, service=None),
        holder("i-5", SMALL),
        known=(Node("i-2", LARGE, OUTPOST, "edge-2"),),
    )
    assert text.endswith(
        f"Slots are held by i-1 ({LARGE}, account {OTHER_ACCOUNT}), i-2 ({LARGE}, node of cluster edge-2), "
        f"i-3 ({LARGE}, account {ACCOUNT}, ELB), i-4 ({LARGE}, an account that is not told)."
    )


def test_our_own_nodes_are_not_in_the_way() -> None:
    assert "held by" not in tell(holder("i-1"), known=(Node("i-1", LARGE, OUTPOST, "edge-1"),))


def test_the_list_of_holders_is_cut_and_says_so() -> None:
    def told(count: int) -> str:
        return tell(*(holder(f"i-{number}") for number in range(count)))

    assert told(7).count(f"({LARGE}, account") == 4
    assert told(7).endswith(" and 3 more.")
    assert told(4).count(f"({LARGE}, account") == 4
    assert not told(4).endswith("more.")


def test_all_servers_of_the_largest_request_fit_into_one_cause() -> None:
    """Step Functions API reference, TaskFailedEventDetails: at most 32,768 characters, of the exception as JSON."""
    types = [f"c6id.{size}" for size in ("large", "xlarge", *(f"{n}xlarge" for n in (2, 4, 8, 16, 32)))]
    held = [holder(f"i-{number:017x}", types[0], ACCOUNT, "ELASTICACHE") for number in range(30)]
    known = [Node(each.instance_id, types[0], OUTPOST, "c" * 100) for each in held[:5]]
    server = Occupancy(OUTPOST, Counter(dict.fromkeys(types, 128)), held)
    rooms = server.rooms(types, known, "edge-1")
    hundreds = Nodes(min=100, desired=1000, max=1000)
    text = shortage.tell(hundreds, types, server, rooms, known, "edge-1")
    # What is left is for the advice, the error's name and the stack trace.
    assert len(json.dumps(" ".join([text] * MAX_OUTPOSTS))) < 32_768 - 3_000


@pytest.mark.parametrize(
    ("minutes", "look", "waits"), [(0, 0, False), (1, 0, True), (1, 2, True), (1, 3, False), (60, 179, True)]
)
def test_the_wait_counts_looks(minutes: int, look: int, waits: bool) -> None:
    assert waits_on(minutes, look, 20) is waits
