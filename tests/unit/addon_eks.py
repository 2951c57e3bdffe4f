"""A fake EKS with add-ons."""

from datetime import UTC, datetime
from typing import Any

from tests.unit.fake_aws import refusal
from tests.unit.stateful_aws import StatefulClient


class Eks(StatefulClient):
    """Add-ons by name; a new one is CREATING. ``hidden`` ones are not listed: another run just made them."""

    service = "eks"

    def __init__(self, **statuses: str) -> None:
        super().__init__()
        self.addons = {name: addon(name, status) for name, status in statuses.items()}
        self.hidden: set[str] = set()

    def list_addons(self, **_: Any) -> dict[str, Any]:
        return {"addons": [name for name in self.addons if name not in self.hidden]}

    def describe_addon(self, *, addonName: str, **_: Any) -> dict[str, Any]:
        return {"addon": self.addons[addonName]}

    def create_addon(self, *, addonName: str, addonVersion: str, **asked: Any) -> dict[str, Any]:
        if addonName in self.addons:
            raise refusal("ResourceInUseException", "CreateAddon")
        self.addons[addonName] = addon(addonName, "CREATING", addonVersion, asked.get("configurationValues"))
        return {"addon": self.addons[addonName]}

    def update_addon(self, *, addonName: str, configurationValues: str, **_: Any) -> dict[str, Any]:
        if self.addons[addonName]["status"] not in ("ACTIVE", "DEGRADED"):
            raise refusal("ResourceInUseException", "UpdateAddon")
        self.addons[addonName] |= {"status": "UPDATING", "configurationValues": configurationValues}
        return {"update": {"id": "1", "status": "InProgress"}}

    def describe_addon_versions(self, *, addonName: str, kubernetesVersion: str) -> dict[str, Any]:
        def version(number: str, default: bool) -> dict[str, Any]:
            fit = {"clusterVersion": kubernetesVersion, "defaultVersion": default}
            return {"addonVersion": number, "compatibilities": [fit]}

        versions = [
            version("v1.2.0-eksbuild.1", False),
            version("v1.1.0-eksbuild.1", kubernetesVersion == "1.35"),
        ]
        return {"addons": [{"addonName": addonName, "addonVersions": versions}]}


def addon(
    name: str, status: str, version: str = "v1.0.0-eksbuild.1", values: str | None = None
) -> dict[str, Any]:
    """An add-on of ours in cluster edge-1."""
    return {
        "addonName": name,
        "addonVersion": version,
        "status": status,
        "health": {"issues": []},
        "modifiedAt": datetime(2026, 11, 1, tzinfo=UTC),
        "tags": {"eks-outposts-servers:cluster": "edge-1"},
        **({"configurationValues": values} if values else {}),
    }
