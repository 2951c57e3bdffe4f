"""The request's JSON Schema: the model, from which validation, defaults, messages and docs/request.schema.json come.

A field's ``description`` says which values are accepted, so that a refusal can quote it.
"""

from typing import Any, Final

from extended_cluster.endpoint import ENDPOINT_SCHEMA
from extended_cluster.lni_request import LNI_SCHEMA
from extended_cluster.metallb_request import METALLB_SCHEMA
from extended_cluster.pod_network_request import POD_NETWORK_SCHEMA

# Step Functions keeps at most 25,000 events of an execution (Step Functions guide, "Quotas") and the definition
# lets every server wait its full time: more servers could overrun it. tests/unit/test_budget.py counts.
MAX_OUTPOSTS: Final = 20
# Servers whose addresses one run may drill: the rest of the execution's history (tests/unit/test_budget.py).
MAX_DRILLED: Final = 2
# EKS API reference, LogSetup types.
LOG_TYPES: Final = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

# Tags that other machinery acts on, or that names.py writes itself, are not the request's to set. EC2
# reserves ``aws:`` in any case (EC2 user guide, "Tag your Amazon EC2 resources": at
# most 50 tags, keys of 128 and values of 256 characters).
TAG_KEY: Final = (
    r"^(?![aA][wW][sS]:|eks-outposts-servers:|kubernetes\.io/|k8s\.io/|node\.k8s\.amazonaws\.com/|Name$)"
    r"[A-Za-z0-9 _.:/=+@-]{1,128}$"
)
_WHOLE_NUMBER: Final = {"type": "integer"}
# The state machine looks as often as that, and its time limit has room for it (template.yaml, Mappings Waits and
# Timeouts; tests/unit/test_statemachine.py).
MAX_CAPACITY_WAIT_MINUTES: Final = 60

OUTPOST_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "an object that describes one Outposts server",
    "additionalProperties": False,
    "required": ["outpostId"],
    "examples": [{"outpostId": "op-0a1b2c3d4e5f60001"}],
    "properties": {
        "outpostId": {
            "type": "string",
            "pattern": "^op-[0-9a-f]{17}$",
            "description": "the id of an Outposts server: op- and 17 hexadecimal digits",
            "examples": ["op-0a1b2c3d4e5f60001"],
        },
        "instanceType": {
            "type": ["string", "null"],
            "pattern": r"^[a-z0-9-]+\.[a-z0-9-]+$",
            "default": None,
            "description": "an EC2 instance type that the server is configured for; "
            "null chooses the largest free one",
            "examples": ["c6id.8xlarge"],
        },
        "nodes": {
            "type": "object",
            "description": "an object with min, desired and max; what is left out follows from what is given",
            "default": {"min": 1, "desired": 1, "max": 1},
            "additionalProperties": False,
            "examples": [{"desired": 2}, {"min": 1, "desired": 2, "max": 4}],
            "properties": {
                "min": {
                    **_WHOLE_NUMBER,
                    "minimum": 0,
                    "description": "a whole number of nodes, 0 or more; left out, it is desired",
                    "examples": [1],
                },
                # Not 0: CoreDNS never becomes ACTIVE without a node (facts: EKS).
                "desired": {
                    **_WHOLE_NUMBER,
                    "minimum": 1,
                    "description": "a whole number of nodes, 1 or more; left out, it is min, or 1",
                    "examples": [1],
                },
                "max": {
                    **_WHOLE_NUMBER,
                    "minimum": 1,
                    "description": "a whole number of nodes, 1 or more; left out, it is desired",
                    "examples": [2],
                },
            },
        },
        "subnetCidr": {
            "type": ["string", "null"],
            "pattern": r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$",
            "default": None,
            "description": "an IPv4 network address of the VPC with a mask of /16 to /26; "
            "null chooses the next free /24 block",
            "examples": ["10.0.16.0/24"],
        },
        "imageId": {
            "type": ["string", "null"],
            "pattern": "^ami-([0-9a-f]{8}|[0-9a-f]{17})$",
            "default": None,
            "description": "the id of an image with exactly one EBS snapshot: ami- and 8 or 17 hexadecimal "
            "digits; null chooses EKS's own Amazon Linux 2023 image",
            "examples": ["ami-0a1b2c3d4e5f60001"],
        },
        # An image that only looks like EKS's own would boot and never join.
        "userData": {
            "enum": [None, "nodeadm"],
            "default": None,
            "description": "nodeadm: asserts that the image named by imageId takes EKS AL2023's user data; "
            "null lets only images whose name says so boot",
            "examples": ["nodeadm"],
        },
        "lni": LNI_SCHEMA,
        "metallb": METALLB_SCHEMA,
        "podNetwork": POD_NETWORK_SCHEMA,
    },
}

SCHEMA: Final[dict[str, Any]] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "Provision an EKS extended cluster on AWS Outposts servers",
    "type": "object",
    "description": "an object with clusterName and outposts",
    "additionalProperties": False,
    "required": ["clusterName", "outposts"],
    "examples": [{"clusterName": "edge-1", "outposts": [{"outpostId": "op-0a1b2c3d4e5f60001"}]}],
    "properties": {
        # EKS API reference, CreateCluster name.
        "clusterName": {
            "type": "string",
            "pattern": "^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$",
            "description": "a letter or digit, then letters, digits, hyphens and underscores; "
            "at most 100 characters in all",
            "examples": ["edge-1"],
        },
        "mode": {
            "enum": ["apply", "plan"],
            "default": "apply",
            "description": "apply, or plan to look and decide only",
            "examples": ["plan"],
        },
        "capacityWaitMinutes": {
            **_WHOLE_NUMBER,
            "minimum": 0,
            "maximum": MAX_CAPACITY_WAIT_MINUTES,
            "default": 0,
            "description": f"a whole number of minutes, 0 to {MAX_CAPACITY_WAIT_MINUTES}, for which a server without "
            "enough free slots is looked at again, before anything is made and once more while nodes launch",
            "examples": [30],
        },
        "kubernetesVersion": {
            "type": ["string", "null"],
            "pattern": r"^1\.[0-9]{1,2}$",
            "default": None,
            "description": "a Kubernetes version that EKS has in standard support, as a string; "
            "null chooses the existing cluster's, else EKS's default",
            "examples": ["1.35"],
        },
        "outposts": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_OUTPOSTS,
            "items": OUTPOST_SCHEMA,
            "description": f"a list of 1 to {MAX_OUTPOSTS} different Outposts servers (servers of one cluster may "
            "be spread over several requests)",
            "examples": [[{"outpostId": "op-0a1b2c3d4e5f60001"}]],
        },
        "endpointAccess": ENDPOINT_SCHEMA,
        "adminPrincipalArns": {
            "type": "array",
            "uniqueItems": True,
            "default": [],
            "description": "a list of different ARNs of IAM roles or users",
            "examples": [["arn:aws:iam::123456789012:role/admin"]],
            # EKS user guide, "Create access entries": an IAM role or user, not an STS session.
            "items": {
                "type": "string",
                "pattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[^ *]+$",
                "description": "the ARN of an IAM role or user",
                "examples": ["arn:aws:iam::123456789012:role/admin"],
            },
        },
        "logTypes": {
            "type": "array",
            "uniqueItems": True,
            "default": LOG_TYPES,
            "description": f"a list of the control plane's logs to keep, of {', '.join(LOG_TYPES)}; empty for none",
            "examples": [["audit", "authenticator"]],
            "items": {
                "enum": LOG_TYPES,
                "description": f"one of {', '.join(LOG_TYPES)}",
                "examples": ["audit"],
            },
        },
        # EKS user guide, "Encrypt Kubernetes secrets with KMS". An alias would not tell whether an existing
        # cluster has that key.
        "secretsKmsKeyArn": {
            "type": ["string", "null"],
            "pattern": "^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
            "default": None,
            "description": "the ARN (not of an alias) of a symmetric KMS key of the Region, with which EKS encrypts "
            "Kubernetes secrets besides its own encryption; null for EKS's own alone",
            "examples": ["arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-4e5f-6000-0000-000000000001"],
        },
        "deletionProtection": {
            "type": "boolean",
            "default": False,
            "description": "true or false: whether EKS refuses to delete the cluster",
            "examples": [True],
        },
        "sessionManager": {
            "type": "boolean",
            "default": True,
            "description": "true or false: whether the nodes run the Systems Manager agent of their image, for "
            "Session Manager",
            "examples": [False],
        },
        "kubernetes": {
            "enum": ["verify", "skip"],
            "default": "verify",
            "description": "verify to set up Kubernetes and prove that the cluster works, or skip to leave that out",
            "examples": ["skip"],
        },
        "drill": {
            "enum": [None, "failover"],
            "default": None,
            "description": "failover: with the cluster proven, end the node that announces each server's address, "
            f"twice, on at most {MAX_DRILLED} servers with metallb; null for no drill",
            "examples": ["failover"],
        },
        "onFailure": {
            "enum": ["keep", "rollback"],
            "default": "keep",
            "description": "keep what is finished, for the same request to carry on with, or rollback to tear down a "
            "cluster that the failed run has made",
            "examples": ["rollback"],
        },
        "tags": {
            "type": "object",
            "default": {},
            "maxProperties": 40,
            "description": "an object of at most 40 tags; keys of 1 to 128 letters, digits, spaces and "
            "_.:/=+@-, not Name and not starting with aws:, eks-outposts-servers:, kubernetes.io/, k8s.io/ "
            "or node.k8s.amazonaws.com/",
            "examples": [{"team": "edge"}],
            "propertyNames": {"pattern": TAG_KEY},
            "additionalProperties": {
                "type": "string",
                "maxLength": 256,
                "description": "a string of at most 256 characters",
                "examples": ["edge"],
            },
        },
    },
}
