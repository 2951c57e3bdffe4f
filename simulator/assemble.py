"""Puts the layers together, in order."""

from datetime import datetime
from pathlib import Path

from simulator import (
    autoscaling,
    awslambda,
    cloudwatch,
    deploy,
    ec2,
    eks,
    faults,
    guest,
    iam,
    outposts,
    ram,
    route53resolver,
    scheduler,
    sns,
    sqs,
    ssm,
    stepfunctions,
    trail,
)
from simulator.cloud import Cloud
from simulator.faults import calls, crashes
from simulator.outposts.world import World
from simulator.s3 import heed_conditions_of_bucket_policies


def assemble(
    seed: int = 1,
    start: datetime | None = None,
    runtime: Path | None = None,
    world: World | None = None,
) -> Cloud:
    """A complete cloud.

    runtime: the Python interpreter of the environment that holds what Lambda's managed runtime brings;
    world: another one than ``data/world.yaml`` describes.
    """
    cloud = Cloud(seed, start, world)
    cloud.lambda_runtime = runtime or cloud.lambda_runtime
    cloud.wrap(crashes.layer(cloud))
    cloud.wrap(cloud.audit.layer())
    cloud.wrap(cloud.breakpoint.layer())
    # CloudTrail records what IAM refuses, so it stands outside.
    cloud.wrap(trail.layer(cloud))
    cloud.wrap(calls.layer(cloud))
    cloud.wrap(iam.layer(cloud))
    for package in (
        iam,
        trail,
        sns,
        sqs,
        cloudwatch,
        ssm,
        outposts,
        ec2,
        autoscaling,
        eks,
        guest,
        awslambda,
        stepfunctions,
        scheduler,
        deploy,
        faults,
    ):
        cloud.install(package.operations(cloud))
    cloud.install(ram.operations())
    cloud.install(route53resolver.operations())
    heed_conditions_of_bucket_policies()
    stepfunctions.point_interpreter_at(cloud)
    return cloud
