"""Kubernetes versions: DescribeClusterVersions, and what CreateCluster accepts."""

from datetime import UTC, date, datetime, time
from typing import Any

from simulator.call import Answer, AwsError, Call, NotModelled, only
from simulator.eks.offer import offer
from simulator.eks.pages import page

type Version = dict[str, Any]


def describe_cluster_versions(call: Call, now: datetime) -> Answer:
    """DescribeClusterVersions. Unsupported versions appear only with includeAll or when asked for (assumed)."""
    params = call.params
    only(
        call,
        "clusterType",
        "maxResults",
        "nextToken",
        "defaultOnly",
        "includeAll",
        "clusterVersions",
        "status",
        "versionStatus",
    )
    if params.get("clusterType", "eks") != "eks":
        raise NotModelled(f"clusterType {params['clusterType']} of {call.name}")
    status = params.get("versionStatus") or params.get("status", "").replace("-", "_").upper()
    named = params.get("clusterVersions", [])
    found = [
        version
        for version in _described(now)
        if (not named or version["clusterVersion"] in named)
        and (not status or version["versionStatus"] == status)
        and (not params.get("defaultOnly") or version["defaultVersion"])
        and (params.get("includeAll") or named or status or version["versionStatus"] != "UNSUPPORTED")
    ]
    return page(found, params, "clusterVersions")


def chosen_version(asked: str | None, now: datetime) -> Version:
    """The version that CreateCluster takes: the asked one, or EKS's default.

    "You can create new Amazon EKS clusters on any version offered in standard or extended support": user guide,
    Understand the Kubernetes version lifecycle on EKS. The refusal's wording is from public reports.
    """
    wanted = asked or default_version(now)
    for version in _described(now):
        if version["clusterVersion"] == wanted and version["versionStatus"] != "UNSUPPORTED":
            return version
    raise AwsError("InvalidParameterException", f"unsupported Kubernetes version {wanted}")


def default_version(now: datetime) -> str:
    """The file's default version, or the newest one out if the clock has not reached that one's release."""
    out = [entry["version"] for entry in offer()["versions"] if _instant(entry["released"]) <= now]
    if not out:
        raise NotModelled(f"EKS before {offer()['versions'][-1]['released']}")
    wanted: str = offer()["defaultVersion"]
    return wanted if wanted in out else str(out[0])


def _described(now: datetime) -> list[Version]:
    """ClusterVersionInformation of every version that is out, newest first."""
    return [_describe(entry, now) for entry in offer()["versions"] if _instant(entry["released"]) <= now]


def _describe(entry: dict[str, Any], now: datetime) -> Version:
    standard, extended = _instant(entry["standardUntil"]), _instant(entry["extendedUntil"])
    # "Extended support starts at the beginning of the day that the version reaches end of standard support, in
    # the UTC+0 timezone": user guide, release calendar.
    status = "STANDARD_SUPPORT" if now < standard else "EXTENDED_SUPPORT" if now < extended else "UNSUPPORTED"
    return {
        "clusterVersion": entry["version"],
        "clusterType": "eks",
        "defaultPlatformVersion": entry["platform"],
        "defaultVersion": entry["version"] == default_version(now),
        "releaseDate": _instant(entry["released"]),
        "endOfStandardSupportDate": standard,
        "endOfExtendedSupportDate": extended,
        # The deprecated member's values are lower-case in the model; live answers carry the new spelling in both.
        "status": status,
        "versionStatus": status,
        "kubernetesPatchVersion": entry["patch"],
    }


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
