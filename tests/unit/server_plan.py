"""The plan of one server, as the acting states get it."""

from extended_cluster.types import ServerPlan

OUTPOST = "op-0a1b2c3d4e5f60001"
SERVER: ServerPlan = {
    "outpostId": OUTPOST,
    "outpostArn": f"arn:aws:outposts:us-west-2:123456789012:outpost/{OUTPOST}",
    "availabilityZone": "us-west-2a",
    "instanceType": "c6id.8xlarge",
    "architecture": "x86_64",
    "imageId": "ami-0a1b2c3d4e5f60001",
    "subnetCidr": "10.0.64.0/24",
    "nodes": {"min": 1, "desired": 1, "max": 2},
    "lni": {"deviceIndex": 1},
    "name": f"edge-1-{OUTPOST}",
    "tags": {"team": "edge"},
}
OURS = {
    "team": "edge",
    "eks-outposts-servers:cluster": "edge-1",
    "eks-outposts-servers:outpost": OUTPOST,
    "Name": f"edge-1-{OUTPOST}",
}
