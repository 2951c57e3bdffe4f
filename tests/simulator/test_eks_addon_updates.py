"""UpdateAddon and DescribeUpdate, as far as they are modelled."""

import pytest
from botocore.exceptions import ClientError

from tests.simulator.eks_account import EksAccount, refusal

VALUES = '{"env": {"MAX_ENI": "1"}}'


@pytest.fixture(scope="module")
def account() -> EksAccount:
    account = EksAccount()
    account.active("edge")
    account.eks.create_addon(clusterName="edge", addonName="vpc-cni")
    account.wait(300)
    return account


def refused(account: EksAccount, **params: str) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        account.eks.update_addon(clusterName="edge", **{"addonName": "vpc-cni", **params})
    return refusal(error.value)


def test_a_new_configuration_takes_its_time(account: EksAccount) -> None:
    asked = {"clusterName": "edge", "addonName": "vpc-cni", "configurationValues": VALUES}
    update = account.eks.update_addon(**asked, clientRequestToken="t")["update"]
    assert (update["status"], account.addon("edge", "vpc-cni")["status"]) == ("InProgress", "UPDATING")
    assert account.eks.update_addon(**asked, clientRequestToken="t")["update"]["id"] == update["id"]
    assert refused(account, configurationValues=VALUES)[0] == "ResourceInUseException"
    account.wait(300)
    addon = account.addon("edge", "vpc-cni")
    assert (addon["status"], addon["configurationValues"]) == ("ACTIVE", VALUES)
    described = account.eks.describe_update(name="edge", updateId=update["id"], addonName="vpc-cni")["update"]
    assert described["status"] == "Successful"


def test_refusals(account: EksAccount) -> None:
    assert refused(account, configurationValues='{"env": {"NO": "1"}}')[0] == "InvalidParameterException"
    assert refused(account, addonName="coredns", configurationValues="{}")[0] == "ResourceNotFoundException"
    assert refused(account, addonVersion="v1.22.4-eksbuild.3")[0] == "NotModelledBySimulator"
    assert refused(account)[0] == "NotModelledBySimulator"
    with pytest.raises(ClientError, match="No update found"):
        account.eks.describe_update(name="edge", updateId="x", addonName="vpc-cni")
