"""VerifyLni: each thing that can be wrong with a node's local network interface."""

from typing import Any

import pytest
import verify_lni

from extended_cluster.errors import LniNotAttached
from tests.unit.fake_aws import FakeClient
from tests.unit.stateful_aws import run

NO_MANAGE = {"Key": "node.k8s.amazonaws.com/no_manage", "Value": "true"}


def interface(instance_id: str, **changes: Any) -> dict[str, Any]:
    attachment = {
        "InstanceId": instance_id,
        "DeviceIndex": 1,
        "Status": "attached",
        "DeleteOnTermination": True,
        **changes.pop("attachment", {}),
    }
    return {
        "NetworkInterfaceId": f"eni-{instance_id}",
        "SubnetId": "subnet-1",
        "MacAddress": "0a:00:00:00:00:01",
        "PrivateIpAddress": "10.0.64.10",
        "TagSet": [NO_MANAGE],
        "Attachment": attachment,
        **changes,
    }


def ec2(*interfaces: dict[str, Any], index: int | None = 1) -> FakeClient:
    subnet = {"SubnetId": "subnet-1", **({"EnableLniAtDeviceIndex": index} if index else {})}
    pages: Any = [{"NetworkInterfaces": [one]} for one in interfaces] or [{"NetworkInterfaces": []}]
    return FakeClient("ec2", describe_subnets={"Subnets": [subnet]}, describe_network_interfaces=pages)


def verify(monkeypatch: pytest.MonkeyPatch, client: FakeClient, *instance_ids: str) -> Any:
    event = {"instanceIds": list(instance_ids), "subnetId": "subnet-1", "deviceIndex": 1}
    return run(monkeypatch, verify_lni.handler, event, ec2=client)


def test_every_nodes_lni_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ec2(interface("i-2"), interface("i-1"))
    assert [one["instanceId"] for one in verify(monkeypatch, client, "i-1", "i-2")["instances"]] == [
        "i-1",
        "i-2",
    ]
    assert verify(monkeypatch, client, "i-1", "i-2")["instances"][0]["lni"] == {
        "networkInterfaceId": "eni-i-1",
        "macAddress": "0a:00:00:00:00:01",
        "privateIp": "10.0.64.10",
    }
    assert (
        "describe_network_interfaces",
        {
            "Filters": [
                {"Name": "attachment.instance-id", "Values": ["i-1", "i-2"]},
                {"Name": "attachment.device-index", "Values": ["1"]},
            ]
        },
    ) in client.calls


def test_without_nodes_there_is_nothing_to_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ec2()
    assert verify(monkeypatch, client) == {"instances": []}
    assert [name for name, _ in client.calls] == ["describe_subnets"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"SubnetId": "subnet-2"}, "eni-i-1 is in subnet-2 instead of subnet-1"),
        ({"attachment": {"Status": "attaching"}}, "eni-i-1 is attaching instead of attached"),
        ({"attachment": {"DeleteOnTermination": False}}, "eni-i-1 is not deleted on termination"),
        ({"TagSet": []}, "eni-i-1 lacks the tag node.k8s.amazonaws.com/no_manage=true"),
        ({"TagSet": [{**NO_MANAGE, "Value": "True"}]}, "eni-i-1 lacks the tag"),
    ],
)
def test_each_fault_is_named_with_its_instance(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(LniNotAttached) as refused:
        verify(monkeypatch, ec2(interface("i-1", **changes), interface("i-2")), "i-1", "i-2")
    assert f"i-1: {fault}" in str(refused.value)
    assert "i-2:" not in str(refused.value)


def test_a_node_without_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LniNotAttached, match="i-2: no interface at device index 1"):
        verify(monkeypatch, ec2(interface("i-1")), "i-1", "i-2")


@pytest.mark.parametrize(("index", "has"), [(None, "None"), (2, "2")])
def test_the_subnet_must_still_be_enabled(
    monkeypatch: pytest.MonkeyPatch, index: int | None, has: str
) -> None:
    with pytest.raises(LniNotAttached, match=rf"it has {has}\), so i-1 cannot"):
        verify(monkeypatch, ec2(interface("i-1"), index=index), "i-1")
