"""Tags of EKS resources: the checks, and TagResource, UntagResource, ListTagsForResource."""

from collections.abc import Mapping

from simulator.call import Answer, AwsError, Call, only
from simulator.eks.records import AccessEntry, Addon, Cluster, Store


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags, refused when AWS would. Limits: API model TagMap (50) and AWS's general tagging rules; wordings
    are assumed.
    """
    if len(tags) > 50:
        raise AwsError("InvalidParameterException", "Member must have at most 50 tags.")
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise AwsError("InvalidParameterException", f"Invalid tag {key}.")
    return dict(tags)


class Tags:
    """The three tag operations over everything in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def tag(self, call: Call) -> Answer:
        """TagResource."""
        only(call, "resourceArn", "tags")
        current = self._tags_of(call.params["resourceArn"])
        current.update(checked_tags({**current, **call.params["tags"]}))
        return {}

    def untag(self, call: Call) -> Answer:
        """UntagResource; a key that is not there is no error."""
        only(call, "resourceArn", "tagKeys")
        current = self._tags_of(call.params["resourceArn"])
        for key in call.params["tagKeys"]:
            current.pop(key, None)
        return {}

    def list(self, call: Call) -> Answer:
        """ListTagsForResource."""
        only(call, "resourceArn")
        return {"tags": dict(self._tags_of(call.params["resourceArn"]))}

    def _tags_of(self, arn: str) -> dict[str, str]:
        for cluster in self._store.clusters.values():
            resources: list[Cluster | AccessEntry | Addon] = [cluster]
            resources += [*cluster.entries.values(), *cluster.addons.values()]
            for resource in resources:
                if resource.arn == arn:
                    return resource.tags
        if not arn.startswith("arn:aws:eks:"):
            raise AwsError("BadRequestException", f"Invalid ARN: {arn}")  # wording assumed
        raise AwsError("NotFoundException", f"No resource found for ARN: {arn}", 404)  # wording assumed
