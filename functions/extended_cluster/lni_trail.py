"""Whether the guard can hear of anything: EventBridge gets API calls only through a trail that logs."""

from typing import Any

from extended_cluster.errors import NoTrail


def require(cloudtrail: Any) -> None:
    """NoTrail when no trail of this account or its organization logs in this Region."""
    trails = cloudtrail.describe_trails()["trailList"]
    # By ARN: an organization's trail and one of another home Region are not found by name (CloudTrail API).
    if not any(cloudtrail.get_trail_status(Name=trail["TrailARN"])["IsLogging"] for trail in trails):
        raise NoTrail(
            f"Of {len(trails)} CloudTrail trails none logs here, so the LNI guard hears of no subnet: only its "
            "sweep works.",
            do="Deploy the guard with CreateTrail=true, or start a trail that logs management events.",
        )
