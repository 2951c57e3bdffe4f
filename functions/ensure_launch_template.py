"""EnsureLaunchTemplate: one server's launch template has a version that says what the plan says."""

import hashlib
import json
import os
from typing import Any

from botocore.exceptions import ClientError

from extended_cluster import aws, launch_template
from extended_cluster.errors import LaunchTemplateConflict, NotReadyYet
from extended_cluster.handler import Event, Result, state
from extended_cluster.launch_template import Template
from extended_cluster.names import Tags, as_dict, as_list, client_token, is_ours, server_tags


@state
def handler(event: Event) -> Result:
    """{server, cluster: Cluster, subnetId, deviceIndex} -> {launchTemplateId, version: int}."""
    server, cluster = event["server"], event["cluster"]
    tags = server_tags(cluster["name"], server["outpostId"], server["tags"])
    wanted = launch_template.build(
        server, cluster, tags, event["deviceIndex"], os.environ["NODE_INSTANCE_PROFILE_ARN"]
    )
    return ensure(aws.client("ec2"), server["name"], cluster["name"], wanted, tags)


def ensure(ec2: Any, name: str, cluster: str, wanted: Template, tags: Tags) -> Result:
    """Reuse the latest version when it says the same; else make the template, or a new version of it."""
    found = _find(ec2, name) or _create(ec2, name, cluster, wanted, tags)
    template_id = found["LaunchTemplateId"]
    if not is_ours(as_dict(found.get("Tags")), cluster):
        raise LaunchTemplateConflict(
            f"A launch template named {name} ({template_id}) exists and was not made for cluster {cluster}.",
            do=f"Delete it (aws ec2 delete-launch-template --launch-template-id {template_id}) "
            "or choose another clusterName.",
        )
    (latest,) = ec2.describe_launch_template_versions(LaunchTemplateId=template_id, Versions=["$Latest"])[
        "LaunchTemplateVersions"
    ]
    if not launch_template.same(wanted, latest["LaunchTemplateData"]):
        latest = ec2.create_launch_template_version(
            LaunchTemplateId=template_id,
            LaunchTemplateData=wanted,
            # The version it follows makes going back to earlier data a step of its own.
            ClientToken=_token(cluster, f"{name}/{latest['VersionNumber']}", wanted),
        )["LaunchTemplateVersion"]
    return {"launchTemplateId": template_id, "version": latest["VersionNumber"]}


def _find(ec2: Any, name: str) -> dict[str, Any] | None:
    try:
        (found,) = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidLaunchTemplateName.NotFoundException":
            raise
        return None
    return dict(found)


def _create(ec2: Any, name: str, cluster: str, wanted: Template, tags: Tags) -> dict[str, Any]:
    try:
        created = ec2.create_launch_template(
            LaunchTemplateName=name,
            LaunchTemplateData=wanted,
            ClientToken=_token(cluster, name, wanted),
            TagSpecifications=[{"ResourceType": "launch-template", "Tags": as_list(tags)}],
        )["LaunchTemplate"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidLaunchTemplateName.AlreadyExistsException":
            raise
        if raced := _find(ec2, name):
            return raced
        raise NotReadyYet(f"Launch template {name} was just made, and EC2 does not show it yet.") from error
    return dict(created)


def _token(cluster: str, step: str, wanted: Template) -> str:
    # A token repeated with other data is refused (EC2 API "Ensuring idempotency"), so the data is part of it.
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
    return client_token(cluster, f"launch-template/{step}/{digest}")
