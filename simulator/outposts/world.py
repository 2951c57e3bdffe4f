"""The world as ``data/world.yaml`` describes it: Outposts, images, published image ids."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import yaml

from simulator.call import ACCOUNT, REGION

FILE = Path(__file__).parents[1] / "data" / "world.yaml"


@dataclass(frozen=True, slots=True)
class Workload:
    """An instance that somebody else runs on an asset."""

    instance: str
    type: str
    account: str = ACCOUNT
    service: str = "EC2"


@dataclass(frozen=True, slots=True)
class Asset:
    """One server. capacities: instance type -> how many slots are configured."""

    id: str
    families: tuple[str, ...]
    max_vcpus: int
    capacities: dict[str, int]
    state: str = "ACTIVE"
    rack: str | None = None
    workloads: tuple[Workload, ...] = ()


@dataclass(frozen=True, slots=True)
class Outpost:
    """An Outpost. supported: the instance types that a capacity task could configure."""

    id: str
    name: str
    description: str
    hardware: str
    status: str
    zone: str
    zone_id: str
    site: str
    supported: tuple[str, ...]
    assets: tuple[Asset, ...]
    generation: str | None = None
    rack_scaling: str | None = None
    owner: str = ACCOUNT
    region: str = REGION

    @property
    def arn(self) -> str:
        """The Outpost's ARN."""
        return f"arn:aws:outposts:{self.region}:{self.owner}:outpost/{self.id}"

    @property
    def is_server(self) -> bool:
        """Whether it is an Outposts server, not a rack."""
        return self.hardware == "SERVER"

    @property
    def configured(self) -> tuple[str, ...]:
        """The instance types that can be launched as the Outpost is configured."""
        return tuple(sorted({name for asset in self.assets for name in asset.capacities}))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot behind one of an image's devices. size: GiB."""

    device: str
    id: str
    size: int


@dataclass(frozen=True, slots=True)
class Image:
    """An AMI. alias: who publishes it, None for the account itself; parameter: the public SSM name of its id."""

    id: str
    name: str
    description: str
    architecture: str
    created: str
    snapshots: tuple[Snapshot, ...]
    alias: str | None = None
    parameter: str | None = None

    @property
    def root_device(self) -> str:
        """The device that the instance boots from: the first one."""
        return self.snapshots[0].device


@dataclass(frozen=True, slots=True)
class World:
    """Everything in it is immutable: what happens later is moto's and the layers' to remember."""

    outposts: tuple[Outpost, ...]
    images: tuple[Image, ...]
    parameters: dict[str, str] = field(init=False)
    _outposts: dict[str, Outpost] = field(init=False)

    def __post_init__(self) -> None:
        named = {image.parameter: image.id for image in self.images if image.parameter}
        object.__setattr__(self, "parameters", named)
        by_name = {name: outpost for outpost in self.outposts for name in (outpost.id, outpost.arn)}
        if len(by_name) < 2 * len(self.outposts):
            raise ValueError("two Outposts of the world have one id")
        object.__setattr__(self, "_outposts", by_name)

    def outpost(self, id_or_arn: str) -> Outpost | None:
        """The Outpost of that id or ARN."""
        return self._outposts.get(id_or_arn)

    def with_outposts(self, outposts: Iterable[Outpost]) -> Self:
        """The world with more Outposts."""
        return replace(self, outposts=(*self.outposts, *outposts))

    def image(self, image_id: str) -> Image | None:
        """The image of that id."""
        return next((image for image in self.images if image.id == image_id), None)


def load(path: Path = FILE) -> World:
    """Read a world. An entry with an unknown or a missing field is a TypeError."""
    raw = yaml.safe_load(path.read_text())
    return World(tuple(map(_outpost, raw["outposts"])), tuple(map(_image, raw["images"])))


def _outpost(entry: dict[str, Any]) -> Outpost:
    assets = tuple(map(_asset, entry["assets"]))
    return Outpost(**{**entry, "assets": assets, "supported": tuple(entry["supported"])})


def _asset(entry: dict[str, Any]) -> Asset:
    workloads = tuple(Workload(**workload) for workload in entry.get("workloads", ()))
    return Asset(**{**entry, "workloads": workloads, "families": tuple(entry["families"])})


def _image(entry: dict[str, Any]) -> Image:
    return Image(**{**entry, "snapshots": tuple(Snapshot(**snapshot) for snapshot in entry["snapshots"])})
