"""The blast radius of a sweep, at its edges."""

import pytest

from extended_cluster.lni_limit import Limit, exceeded


@pytest.mark.parametrize(
    ("limit", "subnets", "deletions", "eligible", "too_much"),
    [
        (Limit(50, 25), 0, 0, 0, False),
        (Limit(50, 25), 10, 0, 10, False),  # up to ten the share says nothing
        (Limit(50, 25), 11, 0, 44, False),
        (Limit(50, 25), 11, 0, 43, True),
        (Limit(50, 25), 50, 0, 1000, False),
        (Limit(50, 25), 51, 0, 1000, True),
        (Limit(50, 25), 40, 10, 1000, False),
        (Limit(50, 25), 40, 11, 1000, True),  # interfaces count in the number
        (Limit(50, 25), 0, 50, 0, False),  # and not in the share
        (Limit(50, 100), 50, 0, 50, False),
        (Limit(0, 100), 1, 0, 1, True),
        (Limit(1000, 0), 10, 0, 1000, False),
        (Limit(1000, 0), 11, 0, 1000, True),
    ],
)
def test_number_and_share(
    limit: Limit, subnets: int, deletions: int, eligible: int, *, too_much: bool
) -> None:
    assert (exceeded(limit, subnets, deletions, eligible) is not None) is too_much


def test_the_message_has_all_numbers_and_says_how_to_raise_them() -> None:
    said = str(exceeded(Limit(50, 25), 60, 3, 100))
    for part in (
        "60 of 100 subnets",
        "delete 3 interfaces",
        "50 in all",
        "25 percent",
        "MaxChangesShare",
        "dryRun",
    ):
        assert part in said
