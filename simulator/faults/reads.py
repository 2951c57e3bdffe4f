"""How long EC2's reads lag a write, beyond the usual (EC2 API Reference, "Eventual consistency")."""

from simulator.call import Call
from simulator.faults.active import Faults


def lag(faults: Faults, call: Call) -> float:
    """Seconds more until DescribeSubnets shows what this ModifySubnetAttribute has done to the LNI device index."""
    return sum(rule.seconds for rule in faults.striking("readLag", lambda rule: rule.concerns(call)))
