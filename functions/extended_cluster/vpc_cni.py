"""How the VPC CNI must be set up on Outposts servers with a LAN: the add-on's configuration. Pure.

Variables: README of aws/amazon-vpc-cni-k8s. The add-on takes every value as a string.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

# Pods only on the primary interface, with /28 prefixes to have enough addresses: a pod on a secondary interface
# would answer the LAN through the VPC (ten facts, rows 2 and 7). 1300 is what fits between an instance on a
# server and the Region (facts: launching).
_ENVIRONMENT: Final = {"MAX_ENI": "1", "ENABLE_PREFIX_DELEGATION": "true", "AWS_VPC_ENI_MTU": "1300"}
# What leaves for the LAN keeps its source address; else no answer comes back (ten facts, row 6).
_EXCLUDED: Final = "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"

# To match (nodeadm API, KubeletOptions; CEL over ips_per_eni). One interface: each address but the primary is a
# prefix of 16, plus two pods in the host's network; 110 is Kubernetes's own limit for a node ("Considerations
# for large clusters"). nodeadm's default counts interfaces that the CNI does not use here.
MAX_PODS_EXPRESSION: Final = "ips_per_eni > 7 ? 110 : (ips_per_eni - 1) * 16 + 2"


def configuration(local_cidrs: Iterable[str], existing: str = "") -> str | None:
    """The add-on's configurationValues in JSON; an existing configuration keeps what we do not set.

    LANs are only ever added: a request that names one server of two must not cut the other off. None when
    the existing values are not what we write (YAML, or another shape): whoever wrote them must change them.
    """
    try:
        values: Any = json.loads(existing or "{}")
    except ValueError:
        return None
    if not isinstance(values, dict) or not isinstance(values.get("env", {}), dict):
        return None
    environment = dict(values.get("env", {}))
    known = [cidr.strip() for cidr in environment.get(_EXCLUDED, "").split(",") if cidr.strip()]
    cidrs = sorted({*known, *local_cidrs})
    environment |= _ENVIRONMENT | ({_EXCLUDED: ",".join(cidrs)} if cidrs else {})
    return json.dumps({**values, "env": dict(sorted(environment.items()))})
