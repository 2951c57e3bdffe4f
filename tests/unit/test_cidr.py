"""Blocks: overlap, containment, the next free one."""

import pytest

from extended_cluster.cidr import is_within, next_free, overlapping


def test_overlapping_names_those_that_share_an_address() -> None:
    others = ["10.0.0.0/24", "10.0.1.0/24", "10.0.0.128/25", "10.0.0.0/16"]
    assert overlapping("10.0.0.0/24", others) == ["10.0.0.0/24", "10.0.0.128/25", "10.0.0.0/16"]


@pytest.mark.parametrize(
    ("cidr", "within"),
    [("10.0.5.0/24", True), ("10.0.0.0/16", True), ("10.0.0.0/15", False), ("10.1.0.0/24", False)],
)
def test_is_within(cidr: str, within: bool) -> None:
    assert is_within(cidr, ["192.168.0.0/24", "10.0.0.0/16"]) is within


@pytest.mark.parametrize(
    ("blocks", "taken", "free"),
    [
        (["10.0.0.0/16"], [], "10.0.0.0/24"),
        (["10.0.0.0/16"], ["10.0.0.0/24", "10.0.2.0/24"], "10.0.1.0/24"),
        (["10.0.0.0/16"], ["10.0.0.0/19", "10.0.32.0/28"], "10.0.33.0/24"),
        (["10.0.0.0/25", "10.1.0.0/24"], [], "10.1.0.0/24"),
        (["10.0.0.0/24", "10.1.0.0/24"], ["10.0.0.64/26"], "10.1.0.0/24"),
        (["10.0.0.0/24"], ["10.0.0.64/26"], None),
        (["10.0.0.0/25"], [], None),
    ],
)
def test_next_free(blocks: list[str], taken: list[str], free: str | None) -> None:
    assert next_free(blocks, taken, 24) == free
