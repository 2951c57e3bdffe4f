"""The resource types that the simulator's CloudFormation can make, one module per service."""

from simulator.deploy.resources import (
    awslambda,
    cloudformation,
    cloudtrail,
    cloudwatch,
    dynamodb,
    ec2,
    ec2_routing,
    ec2_security,
    events,
    iam,
    logs,
    s3,
    scheduler,
    sns,
    sqs,
    stepfunctions,
)
from simulator.deploy.resources.kind import Kind

_MODULES = (
    awslambda,
    cloudformation,
    cloudtrail,
    cloudwatch,
    dynamodb,
    ec2,
    ec2_routing,
    ec2_security,
    events,
    iam,
    logs,
    s3,
    scheduler,
    sns,
    sqs,
    stepfunctions,
)

KINDS: dict[str, Kind] = {kind.type: kind for module in _MODULES for kind in module.KINDS}
