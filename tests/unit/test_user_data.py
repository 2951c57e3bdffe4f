"""User data, read back as nodeadm reads it: MIME, then YAML."""

import base64
import email
import json
from typing import Any

import yaml

from extended_cluster import user_data
from extended_cluster.types import Cluster

CLUSTER: Cluster = {
    "name": "edge-1",
    "arn": "arn:aws:eks:us-west-2:123456789012:cluster/edge-1",
    "version": "1.35",
    "endpoint": "https://0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com",
    "certificateAuthority": "LS0tLS1CRUdJTi0tLS0t",
    "serviceCidr": "172.20.0.0/16",
    "securityGroupId": "sg-0a1b2c3d4e5f60001",
}


def parts(built: str) -> list[Any]:
    message = email.message_from_bytes(base64.b64decode(built, validate=True))
    assert message.get_content_type() == "multipart/mixed"
    return list(message.walk())[1:]


def test_one_part_holds_the_node_config() -> None:
    (part,) = parts(user_data.build(CLUSTER))
    assert part.get_content_type() == "application/node.eks.aws"
    config: dict[str, Any] = yaml.safe_load(part.get_payload())
    assert config == {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {
                "name": "edge-1",
                "apiServerEndpoint": CLUSTER["endpoint"],
                "certificateAuthority": CLUSTER["certificateAuthority"],
                "cidr": "172.20.0.0/16",
            }
        },
    }


def test_the_same_cluster_gives_the_same_bytes_in_any_order_of_its_fields() -> None:
    reordered: Cluster = json.loads(json.dumps(CLUSTER, sort_keys=True))
    assert user_data.build(reordered) == user_data.build(CLUSTER)
    assert user_data.build({**CLUSTER, "serviceCidr": "10.100.0.0/16"}) != user_data.build(CLUSTER)


def test_it_stays_under_ec2s_limit_with_a_certificate_authority_of_real_size() -> None:
    built = user_data.build({**CLUSTER, "certificateAuthority": "A" * 1600})
    assert (
        len(base64.b64decode(built)) < 16 * 1024
    )  # EC2 user guide "Run commands at launch": 16 KB before encoding
