"""Deployment packages: fetched once, unpacked once per CodeSha256."""

import base64
import hashlib
import io
import os
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from simulator.awslambda.settings import invalid
from simulator.call import Caller, NotModelled

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# Lambda quotas: deployment package, unzipped, layers included.
UNZIPPED_LIMIT = 262_144_000


@dataclass(frozen=True, slots=True)
class Code:
    """A deployment package as Lambda knows it: its hash in base64, its zipped and unzipped size in bytes."""

    sha256: str
    size: int
    unzipped: int


class CodeStore:
    """The packages of all functions, in a folder of ours."""

    def __init__(self, cloud: "Cloud", folder: Path) -> None:
        self._cloud = cloud
        self._folder = folder
        self._packages: dict[str, bytes] = {}

    def fetch(self, location: Mapping[str, Any], caller: Caller) -> Code:
        """Take a package from ``ZipFile`` or from ``S3Bucket``/``S3Key``[/``S3ObjectVersion``], read as the caller."""
        package = location["ZipFile"] if "ZipFile" in location else self._from_s3(location, caller)
        unzipped = _unzipped_size(package)
        sha256 = base64.b64encode(hashlib.sha256(package).digest()).decode()
        self._packages[sha256] = package
        return Code(sha256, len(package), unzipped)

    def unpacked(self, code: Code) -> Path:
        """The folder that a function with this code has as its task root."""
        return self._laid([code], "task")

    def opt(self, layers: Sequence[Code]) -> Path:
        """The folder that a function with these layers has as /opt: each laid over those before it."""
        return self._laid(layers, "opt")

    def check_layer(self, code: Code) -> None:
        """Refuse a layer with more than Python modules: programs and libraries would have to be in /opt itself."""
        with zipfile.ZipFile(io.BytesIO(self._packages[code.sha256])) as archive:
            tops = {entry.filename.partition("/")[0] for entry in archive.infolist()}
        if others := sorted(tops - {"python"}):
            raise NotModelled(f"{others[0]} in a Lambda layer, only the folder python")

    def _laid(self, codes: Sequence[Code], kind: str) -> Path:
        digest = hashlib.sha256("".join(code.sha256 for code in codes).encode()).hexdigest()[:16]
        folder = self._folder / f"{kind}-{digest}"
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            for code in codes:
                _unpack(self._packages[code.sha256], unfinished)
            unfinished.rename(folder)
        return folder

    def _from_s3(self, location: Mapping[str, Any], caller: Caller) -> bytes:
        if "S3Bucket" not in location or "S3Key" not in location:
            raise invalid("Please provide a source for function code.")
        version = {"VersionId": location["S3ObjectVersion"]} if "S3ObjectVersion" in location else {}
        client = self._cloud.client("s3", caller)
        try:
            answer = client.get_object(Bucket=location["S3Bucket"], Key=location["S3Key"], **version)
        except ClientError as refused:
            error = refused.response["Error"]
            raise invalid(
                f"Error occurred while GetObject. S3 Error Code: {error['Code']}. S3 Error Message: {error['Message']}"
            ) from refused
        package: bytes = answer["Body"].read()
        return package


def _unzipped_size(package: bytes) -> int:
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            unzipped = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile as bad:
        raise invalid(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from bad
    if unzipped > UNZIPPED_LIMIT:
        raise invalid(f"Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")
    return unzipped


def _unpack(package: bytes, folder: Path) -> None:
    """Modes and dates as in the archive: Python's bytecode cache depends on the dates (performance.md)."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for entry in archive.infolist():
            path = archive.extract(entry, folder)
            if not entry.is_dir():
                if mode := entry.external_attr >> 16 & 0o777:
                    os.chmod(path, mode)
                modified = time.mktime((*entry.date_time, 0, 0, -1))
                os.utime(path, (modified, modified))
    folder.mkdir(exist_ok=True)  # an empty archive
