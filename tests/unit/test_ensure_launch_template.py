"""EnsureLaunchTemplate: made once, a new version only for a change."""

from copy import deepcopy
from typing import Any

import ensure_launch_template
import pytest

from extended_cluster.errors import LaunchTemplateConflict, NotReadyYet
from extended_cluster.names import as_list
from tests.unit.fake_aws import refusal
from tests.unit.server_plan import OURS, SERVER
from tests.unit.stateful_aws import StatefulClient, run
from tests.unit.test_launch_template import DATA, PROFILE
from tests.unit.test_user_data import CLUSTER


class Ec2(StatefulClient):
    service = "ec2"

    def __init__(self) -> None:
        super().__init__()
        self.template: dict[str, Any] | None = None
        self.versions: list[dict[str, Any]] = []
        self.raced_tags: list[dict[str, str]] | None = None
        self.invisible = False

    def describe_launch_templates(self, *, LaunchTemplateNames: list[str]) -> dict[str, Any]:
        assert LaunchTemplateNames == [SERVER["name"]]
        if self.template is None:
            raise refusal("InvalidLaunchTemplateName.NotFoundException", "DescribeLaunchTemplates")
        return {"LaunchTemplates": [self.template]}

    def create_launch_template(
        self, *, LaunchTemplateData: dict[str, Any], TagSpecifications: list[dict[str, Any]], **_: Any
    ) -> dict[str, Any]:
        if self.raced_tags is not None or self.invisible:
            if self.raced_tags is not None:
                self._make(self.raced_tags, LaunchTemplateData)
            raise refusal("InvalidLaunchTemplateName.AlreadyExistsException", "CreateLaunchTemplate")
        assert TagSpecifications[0]["ResourceType"] == "launch-template"
        return {"LaunchTemplate": self._make(TagSpecifications[0]["Tags"], LaunchTemplateData)}

    def describe_launch_template_versions(self, *, Versions: list[str], **_: Any) -> dict[str, Any]:
        assert Versions == ["$Latest"]
        return {"LaunchTemplateVersions": self.versions[-1:]}

    def create_launch_template_version(
        self, *, LaunchTemplateData: dict[str, Any], **_: Any
    ) -> dict[str, Any]:
        return {"LaunchTemplateVersion": self._version(LaunchTemplateData)}

    def _make(self, tags: list[dict[str, str]], data: dict[str, Any]) -> dict[str, Any]:
        self.template = {"LaunchTemplateId": "lt-1", "LaunchTemplateName": SERVER["name"], "Tags": tags}
        self._version(data)
        return self.template

    def _version(self, data: dict[str, Any]) -> dict[str, Any]:
        self.versions.append({"VersionNumber": len(self.versions) + 1, "LaunchTemplateData": deepcopy(data)})
        return self.versions[-1]


def ensure(monkeypatch: pytest.MonkeyPatch, ec2: Ec2, **server: str) -> Any:
    monkeypatch.setenv("NODE_INSTANCE_PROFILE_ARN", PROFILE)
    event = {"server": {**SERVER, **server}, "cluster": CLUSTER, "subnetId": "subnet-1", "deviceIndex": 1}
    return run(monkeypatch, ensure_launch_template.handler, event, ec2=ec2)


def test_the_second_run_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    for _ in range(2):
        assert ensure(monkeypatch, ec2) == {"launchTemplateId": "lt-1", "version": 1}
    ((name, asked),) = ec2.writes
    assert name == "create_launch_template"
    assert asked["LaunchTemplateData"] == DATA
    assert asked["TagSpecifications"][0]["Tags"] == as_list(OURS)


def test_each_change_is_a_version_with_a_token_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    for number, image in enumerate(["ami-1", "ami-2", "ami-1", "ami-1"], start=1):
        assert ensure(monkeypatch, ec2, imageId=image)["version"] == min(number, 3)
    tokens = [asked["ClientToken"] for _, asked in ec2.writes]
    assert len(set(tokens)) == len(tokens) == 3


def test_the_same_request_again_has_the_same_token(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = []
    for _ in range(2):
        ec2 = Ec2()
        ensure(monkeypatch, ec2)
        tokens.append(ec2.writes[0][1]["ClientToken"])
    assert tokens[0] == tokens[1]


@pytest.mark.parametrize("raced", [False, True])
def test_a_template_of_others_is_a_conflict(monkeypatch: pytest.MonkeyPatch, raced: bool) -> None:
    ec2 = Ec2()
    if raced:
        ec2.raced_tags = []
    else:
        ec2._make([{"Key": "eks-outposts-servers:cluster", "Value": "another"}], DATA)
    with pytest.raises(LaunchTemplateConflict, match=r"\(lt-1\) exists and was not made for cluster edge-1"):
        ensure(monkeypatch, ec2)
    assert len(ec2.versions) == 1


def test_one_made_meanwhile_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    ec2.raced_tags = as_list(OURS)
    assert ensure(monkeypatch, ec2) == {"launchTemplateId": "lt-1", "version": 1}


def test_one_made_and_not_shown_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2()
    ec2.invisible = True
    with pytest.raises(NotReadyYet):
        ensure(monkeypatch, ec2)
