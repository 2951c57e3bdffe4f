"""Several accounts and Regions in one simulator, and roles assumed from one account into another."""

from typing import Any

import pytest
from werkzeug.test import Client

from simulator.call import Caller
from simulator.control import Control
from tests.simulator.edge_account import Refusal
from tests.simulator.two_accounts import HOME, OTHER, TwoAccounts

ELSEWHERE = "eu-west-1"


@pytest.fixture(scope="module")
def accounts() -> TwoAccounts:
    return TwoAccounts()


def trusting(principal: str, **condition: Any) -> dict[str, Any]:
    return {"Principal": {"AWS": principal}} | ({"Condition": condition} if condition else {})


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Action": action, "Resource": resource}


def identity(accounts: TwoAccounts, caller: Caller) -> dict[str, Any]:
    answer = accounts.cloud.client("sts", caller).get_caller_identity()
    return {name: answer[name] for name in ("Account", "Arn")}


def test_resources_belong_to_one_account_and_one_region(accounts: TwoAccounts) -> None:
    made = {
        (who, region): accounts.vpc(caller, region)
        for who, caller in ((HOME, accounts.here), (OTHER, accounts.there))
        for region in ("us-west-2", ELSEWHERE)
    }
    assert len(set(made.values())) == 4
    for (who, region), vpc in made.items():
        caller = accounts.here if who == HOME else accounts.there
        ec2 = accounts.cloud.client("ec2", caller, region)
        seen = {v["VpcId"]: v["OwnerId"] for v in ec2.describe_vpcs()["Vpcs"]}
        assert seen[vpc] == who
        assert not set(made.values()) - {vpc} & set(seen)


def test_an_account_is_opened_by_the_control_api(accounts: TwoAccounts) -> None:
    control = Client(Control(accounts.cloud))
    answer = control.post(f"/_simulator/account?id={OTHER}").json
    assert answer is not None
    scope = f"AWS4-HMAC-SHA256 Credential={answer['AccessKeyId']}/20261123/us-west-2/sts/aws4_request, x"
    body = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    told = Client(accounts.cloud.gateway).post("/", headers={"Authorization": scope}, data=body)
    assert f"<Account>{OTHER}</Account>" in told.text
    assert control.post("/_simulator/account?id=12").status_code == 400


# A common error of all services stands in no service's model.
@pytest.mark.filterwarnings("ignore:.*InvalidClientTokenId")
def test_credentials_that_were_never_issued_are_refused(accounts: TwoAccounts) -> None:
    scope = "AWS4-HMAC-SHA256 Credential=ASIANOBODYHASTHISONE/20261123/us-west-2/sts/aws4_request, x"
    body = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    told = Client(accounts.cloud.gateway).post("/", headers={"Authorization": scope}, data=body)
    assert (told.status_code, "InvalidClientTokenId" in told.text) == (403, True)


ONE_PLACE = {"autoscaling": "describe_auto_scaling_groups", "eks": "list_clusters", "sns": "list_topics"}
ONE_REGION = {"lambda": "list_functions", "s3": "list_buckets", "scheduler": "list_schedules"}


@pytest.mark.parametrize(("service", "call"), [*ONE_PLACE.items(), *ONE_REGION.items()])
def test_what_works_in_one_place_only_is_refused_elsewhere(
    accounts: TwoAccounts, service: str, call: str
) -> None:
    if service in ONE_PLACE:
        with Refusal("NotModelledBySimulator", OTHER):
            getattr(accounts.cloud.client(service, accounts.there), call)()
    for who in (accounts.here, accounts.there):
        with Refusal("NotModelledBySimulator", ELSEWHERE):
            getattr(accounts.cloud.client(service, who, ELSEWHERE), call)()


def test_a_bucket_is_its_accounts_and_its_name_everybodys(accounts: TwoAccounts) -> None:
    here, there = (accounts.cloud.client("s3", who) for who in (accounts.here, accounts.there))
    where = {"CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}
    there.create_bucket(Bucket="theirs", **where)
    there.put_object(Bucket="theirs", Key="one", Body=b"1")
    assert there.get_object(Bucket="theirs", Key="one")["Body"].read() == b"1"
    assert [bucket["Name"] for bucket in here.list_buckets()["Buckets"]] == []
    with Refusal("NotModelledBySimulator", "theirs"):
        here.get_object(Bucket="theirs", Key="one")
    with Refusal("BucketAlreadyExists"):
        here.create_bucket(Bucket="theirs", **where)


def test_a_role_of_another_account(accounts: TwoAccounts) -> None:
    """Needed: the caller's own permission, the role's trust, and its external id."""
    member = f"arn:aws:iam::{OTHER}:role/member"
    sweep = accounts.role(
        accounts.here,
        "sweep",
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        allow("sts:AssumeRole", member),
    )
    caller = accounts.session(sweep)
    with Refusal("AccessDenied", "sts:AssumeRole", member):  # there is none yet
        accounts.assume(caller, member, ExternalId="agreed")
    trust = trusting(sweep, StringEquals={"sts:ExternalId": "agreed"})
    assert accounts.role(accounts.there, "member", trust, allow("ec2:DescribeSubnets")) == member
    for wrong in ({}, {"ExternalId": "other"}):
        with Refusal("AccessDenied", f"{HOME}:assumed-role/sweep/run", member):
            accounts.assume(caller, member, **wrong)
    assumed = accounts.assume(caller, member, ExternalId="agreed")
    arn = f"arn:aws:sts::{OTHER}:assumed-role/member/sweep"
    assert identity(accounts, assumed) == {"Account": OTHER, "Arn": arn}
    # Its own policies decide from here on, in its own account.
    there = accounts.cloud.client("ec2", assumed)
    assert {subnet["OwnerId"] for subnet in there.describe_subnets()["Subnets"]} == {OTHER}
    with Refusal("UnauthorizedOperation", arn):
        there.describe_vpcs()


def test_a_caller_without_the_permission_may_not_assume(accounts: TwoAccounts) -> None:
    idle = accounts.role(accounts.here, "idle", {"Principal": {"Service": "lambda.amazonaws.com"}})
    open_to_all = accounts.role(accounts.there, "open", trusting(f"arn:aws:iam::{HOME}:root"))
    with Refusal("AccessDenied", "because no identity-based policy allows the sts:AssumeRole action"):
        accounts.assume(accounts.session(idle), open_to_all)
    assert identity(accounts, accounts.assume(accounts.here, open_to_all))["Account"] == OTHER


def test_trust_in_an_account_is_no_trust_in_another(accounts: TwoAccounts) -> None:
    own = accounts.role(accounts.there, "own", trusting(f"arn:aws:iam::{OTHER}:root"))
    with Refusal("AccessDenied", own):
        accounts.assume(accounts.here, own)
    assert identity(accounts, accounts.assume(accounts.there, own))["Account"] == OTHER


def test_how_long_a_session_may_be(accounts: TwoAccounts) -> None:
    short = accounts.role(accounts.here, "short", trusting(HOME), allow("sts:AssumeRole"))
    with Refusal("ValidationError", "MaxSessionDuration"):
        accounts.assume(accounts.here, short, DurationSeconds=3601)
    next_role = accounts.role(accounts.there, "next", trusting(short))
    with Refusal("ValidationError", "role chaining"):
        accounts.assume(accounts.session(short), next_role, DurationSeconds=3601)


def test_a_member_role_lists_outposts_and_resolver_endpoints(accounts: TwoAccounts) -> None:
    listing = ("outposts:ListOutposts", "route53resolver:ListResolverEndpoints")
    arn = accounts.role(accounts.there, "lister", trusting(HOME), *map(allow, listing))
    assumed = accounts.assume(accounts.here, arn)
    assert accounts.cloud.client("outposts", assumed).list_outposts()["Outposts"] == []
    resolver = accounts.cloud.client("route53resolver", assumed)
    assert resolver.list_resolver_endpoints()["ResolverEndpoints"] == []
