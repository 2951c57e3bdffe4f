"""CreateCluster: what is refused, and what is filled in."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulator.eks_account import EksAccount, refusal

TOKEN = "a-token-of-at-least-thirty-three-characters"


@pytest.fixture(scope="module")
def account() -> EksAccount:
    return EksAccount()


def refused(account: EksAccount, **changes: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        account.create(changes.pop("name", "refused"), **changes)
    with pytest.raises(ClientError, match="No cluster found"):
        account.cluster("refused")
    return refusal(error.value)


# -- refusals


@pytest.mark.parametrize("name", ["-x", "a.b", "x" * 101])
def test_a_name_that_does_not_fit_the_pattern(account: EksAccount, name: str) -> None:
    # boto3 checks neither pattern nor length of this member.
    assert refused(account, name=name)[0] == "InvalidParameterException"


def test_a_role_that_does_not_exist(account: EksAccount) -> None:
    code, message = refused(account, roleArn="arn:aws:iam::123456789012:role/nobody")
    assert code == "InvalidParameterException"
    assert "could not be assumed because it does not exist or the trusted entity is not correct" in message


def test_a_role_that_eks_may_not_assume(account: EksAccount) -> None:
    assert "could not be assumed" in refused(account, roleArn=account.node_role)[1]


def test_a_role_with_custom_policies_is_not_modelled(account: EksAccount) -> None:
    policy = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
    role = account.role("custom", "eks.amazonaws.com", [policy])
    assert refused(account, roleArn=role)[0] == "NotModelledBySimulator"


def test_no_subnets(account: EksAccount) -> None:
    answer = refused(account, resourcesVpcConfig={})
    assert answer == ("InvalidParameterException", "Subnet Id is required")


def test_an_unknown_subnet(account: EksAccount) -> None:
    code, message = refused(account, resourcesVpcConfig={"subnetIds": [*account.subnets, "subnet-12345678"]})
    assert (code, message) == ("InvalidParameterException", "The subnet ID 'subnet-12345678' does not exist")


def test_subnets_in_one_zone(account: EksAccount) -> None:
    both = [account.subnets[0], account.subnet("10.0.3.0/24", "a")]
    code, message = refused(account, resourcesVpcConfig={"subnetIds": both})
    assert code == "InvalidParameterException"
    assert message == "Subnets specified must be in at least two different AZs"


def test_subnets_of_two_vpcs(account: EksAccount) -> None:
    vpc = account.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    other = account.subnet("10.9.1.0/24", "b", vpc=vpc)
    message = refused(account, resourcesVpcConfig={"subnetIds": [account.subnets[0], other]})[1]
    assert "same VPC" in message


def test_a_subnet_on_an_outpost(account: EksAccount) -> None:
    other = account.subnet("10.0.4.0/24", "c", on_outpost=True)
    code, message = refused(account, resourcesVpcConfig={"subnetIds": [*account.subnets, other]})
    assert code == "InvalidParameterException"
    assert other in message
    assert "Outpost" in message


def test_an_unknown_security_group(account: EksAccount) -> None:
    config = {"subnetIds": account.subnets, "securityGroupIds": ["sg-12345678"]}
    answer = refused(account, resourcesVpcConfig=config)
    assert answer == ("InvalidParameterException", "The security group 'sg-12345678' does not exist")


def test_no_endpoint_at_all(account: EksAccount) -> None:
    config = {"subnetIds": account.subnets, "endpointPublicAccess": False}
    message = refused(account, resourcesVpcConfig=config)[1]
    assert message == "Private and public endpoint access cannot be false"


def test_local_clusters_are_not_modelled(account: EksAccount) -> None:
    outpost = {"outpostArns": ["x"], "controlPlaneInstanceType": "c6id.8xlarge"}
    assert refused(account, outpostConfig=outpost)[0] == "NotModelledBySimulator"


def test_parameters_that_are_not_modelled(account: EksAccount) -> None:
    assert refused(account, zonalShiftConfig={"enabled": True})[0] == "NotModelledBySimulator"


@pytest.mark.parametrize("version", ["1.30", "1.99", "latest"])
def test_a_version_that_is_not_offered(account: EksAccount, version: str) -> None:
    answer = refused(account, version=version)
    assert answer == ("InvalidParameterException", f"unsupported Kubernetes version {version}")


def test_standard_support_alone_for_a_version_past_it(account: EksAccount) -> None:
    assert refused(account, version="1.33", upgradePolicy={"supportType": "STANDARD"})[0].startswith(
        "Invalid"
    )


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "8.8.0.0/16", "192.168.0.0/28", "192.168.0.5/24"])
def test_a_service_cidr_against_the_rules(account: EksAccount, cidr: str) -> None:
    answer = refused(account, kubernetesNetworkConfig={"serviceIpv4Cidr": cidr})
    assert answer[0] == "InvalidParameterException"


def test_config_map_needs_the_creators_permissions(account: EksAccount) -> None:
    access = {"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": False}
    assert "must be true" in refused(account, accessConfig=access)[1]


@pytest.mark.parametrize("token", ["x" * 32, "x" * 127])
def test_a_token_of_the_wrong_length(account: EksAccount, token: str) -> None:
    code, message = refused(account, clientRequestToken=token)
    assert code == "InvalidParameterException"
    assert message == "The client request token parameter must be between 33 and 126 characters."


def test_reserved_tags(account: EksAccount) -> None:
    assert refused(account, tags={"aws:mine": "x"})[0] == "InvalidParameterException"


def test_a_name_that_is_taken(account: EksAccount) -> None:
    account.create("taken")
    with pytest.raises(ClientError) as error:
        account.create("taken")
    answer = refusal(error.value)
    assert answer == ("ResourceInUseException", "Cluster already exists with name: taken")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


# -- tokens


def test_the_same_token_and_request_is_the_same_cluster(account: EksAccount) -> None:
    first = account.create("again", clientRequestToken=TOKEN)
    assert account.create("again", clientRequestToken=TOKEN) == first


def test_the_same_token_with_another_request(account: EksAccount) -> None:
    account.create("other-1", clientRequestToken=TOKEN + "-other")
    with pytest.raises(ClientError, match="token was already used") as error:
        account.create("other-2", clientRequestToken=TOKEN + "-other")
    assert refusal(error.value)[0] == "InvalidParameterException"


# -- what a cluster is


def test_defaults(account: EksAccount) -> None:
    cluster = account.active("defaults", accessConfig=None)
    assert cluster["version"] == "1.36"
    assert cluster["platformVersion"] == "eks.6"
    assert cluster["accessConfig"] == {"authenticationMode": "CONFIG_MAP"}
    assert cluster["upgradePolicy"] == {"supportType": "EXTENDED"}
    assert cluster["deletionProtection"] is False
    assert cluster["kubernetesNetworkConfig"] == {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4"}
    assert [setup["enabled"] for setup in cluster["logging"]["clusterLogging"]] == [False]
    config = cluster["resourcesVpcConfig"]
    assert config["vpcId"] == account.vpc
    assert config["endpointPublicAccess"] is True
    assert config["endpointPrivateAccess"] is False
    assert config["publicAccessCidrs"] == ["0.0.0.0/0"]


def test_the_service_cidr_of_a_vpc_outside_10(account: EksAccount) -> None:
    vpc = account.ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"]
    subnets = [account.subnet(f"192.168.{zone}.0/24", "ab"[zone], vpc=vpc) for zone in (0, 1)]
    cluster = account.create("elsewhere", resourcesVpcConfig={"subnetIds": subnets})
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "10.100.0.0/16"


def test_settings_are_kept(account: EksAccount) -> None:
    types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    account.create(
        "settings",
        version="1.34",
        resourcesVpcConfig={
            "subnetIds": account.subnets,
            "endpointPublicAccess": False,
            "endpointPrivateAccess": True,
        },
        logging={"clusterLogging": [{"types": types, "enabled": True}]},
        upgradePolicy={"supportType": "STANDARD"},
        kubernetesNetworkConfig={"serviceIpv4Cidr": "172.30.0.0/16"},
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": "alias/x"}}],
        bootstrapSelfManagedAddons=False,
        deletionProtection=True,
        tags={"a": "b"},
    )
    cluster = account.cluster("settings")
    assert cluster["version"] == "1.34"
    assert cluster["logging"]["clusterLogging"] == [{"types": types, "enabled": True}]
    assert cluster["upgradePolicy"] == {"supportType": "STANDARD"}
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "172.30.0.0/16"
    assert cluster["encryptionConfig"][0]["provider"] == {"keyArn": "alias/x"}
    assert cluster["resourcesVpcConfig"]["publicAccessCidrs"] == []
    assert cluster["deletionProtection"] is True
    assert cluster["tags"] == {"a": "b"}
