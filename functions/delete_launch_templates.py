"""DeleteLaunchTemplates: the servers' launch templates are gone."""

from extended_cluster import aws, teardown
from extended_cluster.handler import Event, Result, state


@state
def handler(event: Event) -> Result:
    """{clusterName} -> {}. NotReadyYet until none is seen; TeardownIncomplete names those refused."""
    ec2 = aws.client("ec2")
    teardown.sweep(
        "launch template",
        teardown.launch_templates(ec2, event["clusterName"]),
        lambda template_id: ec2.delete_launch_template(LaunchTemplateId=template_id),
    )
    return {}
