"""The plan of one server, as the acting states get it."""

from extended_cluster.types import LniSpec, ServerPlan

OUTPOST = "op-0a1b2c3d4e5f60001"
LNI: LniSpec = {
    "deviceIndex": 1,
    "addressing": "dhcp",
    "address": None,
    "localCidr": "192.168.10.0/24",
    "gateway": None,
    "mtu": 1500,
    "vlan": None,
}
SERVER: ServerPlan = {
    "outpostId": OUTPOST,
    "outpostArn": f"arn:aws:outposts:us-west-2:123456789012:outpost/{OUTPOST}",
    "availabilityZone": "us-west-2a",
    "instanceType": "c6id.8xlarge",
    "architecture": "x86_64",
    "imageId": "ami-0a1b2c3d4e5f60001",
    "subnetCidr": "10.0.64.0/24",
    "nodes": {"min": 1, "desired": 1, "max": 2},
    "lni": LNI,
    "metallb": None,
    "podNetwork": None,
    "sessionManager": True,
    "logGroup": None,
    "name": f"edge-1-{OUTPOST}",
    "tags": {"team": "edge"},
}
OURS = {
    "team": "edge",
    "eks-outposts-servers:cluster": "edge-1",
    "eks-outposts-servers:outpost": OUTPOST,
    "Name": f"edge-1-{OUTPOST}",
}
