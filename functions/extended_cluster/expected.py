"""How long a run should take. The numbers are those of which template.yaml's Waits are the 5th percentiles."""

import math
from typing import Final

# Seconds, mean: public logs for EKS (8.5 to 16 minutes); the image comes over the service link (facts: launching).
CLUSTER: Final = 540
INSTANCES: Final = 240
# Subnets and access entries before the nodes; CoreDNS and the last add-on after them; the report.
AROUND: Final = 120
LOOKS: Final = 60
# The address's way back and the replacement, server by server side by side, this many times one after the other.
DRILL_ROUNDS: Final = 2


def minutes(*, new_cluster: bool, new_nodes: bool, drill: bool = False) -> int:
    """Whole minutes, rounded up. The servers' number does not count: they are built side by side.

    New nodes wait for the cluster, so the two add up; a run that makes neither only looks.
    """
    seconds = CLUSTER * new_cluster + INSTANCES * (new_nodes + DRILL_ROUNDS * drill)
    return math.ceil((seconds + AROUND if seconds else LOOKS) / 60)
