"""The layer that lets a role do only what its policies allow."""

import logging
from typing import TYPE_CHECKING

from simulator.call import Answer, Call, Layer, Proceed
from simulator.iam.authorization import needs
from simulator.iam.denial import denial
from simulator.iam.launch_template import launch_needs
from simulator.iam.live import Live
from simulator.iam.policy import Decision, evaluate
from simulator.iam.role_policies import statements_of_role

if TYPE_CHECKING:
    from simulator.cloud import Cloud

log = logging.getLogger(__name__)

# STS API Reference, GetCallerIdentity: "No permissions are required to perform this operation."
_FREE = frozenset({"sts.GetCallerIdentity"})


def layer(cloud: "Cloud") -> Layer:
    """Refuses with the service's own AwsError; raises NotModelled where it cannot tell.

    Resource policies and service control policies do not restrict a role here (assumed: ours only ever allow
    services or demand TLS); service principals are checked where events are delivered (resource_policy.py).
    """

    def authorize(call: Call, proceed: Proceed) -> Answer:
        role_arn = call.caller.role_arn
        if role_arn is None or call.name in _FREE:
            return proceed(call)
        live = Live(cloud, call)
        statements = statements_of_role(call.account, role_arn)
        wanted = needs(call, live)
        if call.service == "autoscaling":
            wanted += launch_needs(call, live)
        for need in wanted:
            decision = evaluate(statements, need.action, need.resource, need.context)
            if decision is not Decision.ALLOWED:
                log.warning("%s: %s of %s on %s", call.name, decision, need.action, need.resource)
                raise denial(call, need, decision)
        return proceed(call)

    return authorize
