"""What EKS offers: the contents of data/eks.yaml."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parent.parent / "data" / "eks.yaml"


@cache
def offer() -> dict[str, Any]:
    """The file's members: versions, defaultVersion, accessPolicies, addons, configurationSchemas. Read only."""
    contents: dict[str, Any] = yaml.safe_load(_FILE.read_text())
    return contents
