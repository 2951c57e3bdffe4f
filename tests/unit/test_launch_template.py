"""The launch template's data: what it says, and when a stored version says the same."""

from copy import deepcopy
from typing import Any

import pytest

from extended_cluster import launch_template, user_data
from extended_cluster.names import as_dict
from tests.unit.server_plan import OURS, SERVER
from tests.unit.test_user_data import CLUSTER

PROFILE = "arn:aws:iam::123456789012:instance-profile/node"
DATA = launch_template.build(SERVER, CLUSTER, OURS, 1, PROFILE)


def test_two_interfaces_go_with_their_instance_and_name_no_subnet() -> None:
    assert DATA["NetworkInterfaces"] == [
        {"DeviceIndex": index, "DeleteOnTermination": True, "Groups": [CLUSTER["securityGroupId"]]}
        for index in (0, 1)
    ]
    assert "SecurityGroupIds" not in DATA  # beside interfaces it is refused


def test_instances_have_no_block_device_mappings_and_only_imdsv2() -> None:
    assert "BlockDeviceMappings" not in DATA
    assert DATA["MetadataOptions"]["HttpTokens"] == "required"
    assert DATA["MetadataOptions"]["HttpPutResponseHopLimit"] == 2


def test_the_rest_is_the_plans() -> None:
    assert DATA["ImageId"] == SERVER["imageId"]
    assert DATA["InstanceType"] == "c6id.8xlarge"
    assert DATA["IamInstanceProfile"] == {"Arn": PROFILE}
    assert DATA["UserData"] == user_data.build(
        CLUSTER, SERVER["outpostId"], SERVER["lni"], session_manager_on=True, log_group=None
    )


def test_tags_say_whose_node_it_is_and_that_the_cni_leaves_the_lni_alone() -> None:
    tags = {one["ResourceType"]: as_dict(one["Tags"]) for one in DATA["TagSpecifications"]}
    assert tags == {
        "instance": {**OURS, "kubernetes.io/cluster/edge-1": "owned"},
        "network-interface": {**OURS, "node.k8s.amazonaws.com/no_manage": "true"},
    }


def test_what_ec2_echoes_makes_no_difference() -> None:
    stored = deepcopy(DATA)
    stored["NetworkInterfaces"].reverse()
    stored["NetworkInterfaces"][0]["Ipv6Addresses"] = []
    stored["TagSpecifications"].reverse()
    stored["TagSpecifications"][0]["Tags"].reverse()
    stored["MetadataOptions"] |= {"State": "applied", "InstanceMetadataTags": "disabled"}
    stored["EbsOptimized"] = False
    stored["BlockDeviceMappings"] = []
    assert launch_template.same(DATA, dict(reversed(stored.items())))


@pytest.mark.parametrize(
    "change",
    [
        {"ImageId": "ami-0f"},
        {"UserData": "QUJD"},
        {"KeyName": "somebody"},
        {"EbsOptimized": True},
        {"NetworkInterfaces": DATA["NetworkInterfaces"][:1]},
        {
            "NetworkInterfaces": [
                DATA["NetworkInterfaces"][0],
                {**DATA["NetworkInterfaces"][1], "DeviceIndex": 2},
            ]
        },
        {"NetworkInterfaces": [{**one, "DeleteOnTermination": False} for one in DATA["NetworkInterfaces"]]},
        {"MetadataOptions": {**DATA["MetadataOptions"], "HttpTokens": "optional"}},
        {"TagSpecifications": DATA["TagSpecifications"][:1]},
    ],
)
def test_every_real_change_makes_one(change: dict[str, Any]) -> None:
    assert not launch_template.same(DATA, {**deepcopy(DATA), **change})
