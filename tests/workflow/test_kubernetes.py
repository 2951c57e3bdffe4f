"""The cluster is proven: each finding passes or ends the run by its own name, and nothing of the looking stays.

One cluster for all: two nodes on one server, one on another, on one LAN. Most tests break one thing of it, start the
same request, and put it right; the next green run shows that it is.
"""

import json
import re
from typing import Any

import pytest

from tests.kubernetes.loopback_tls import Authority
from tests.workflow import kubernetes_cluster
from tests.workflow.conftest import SERVER_2U, Deployed
from tests.workflow.interruption import portrait
from tests.workflow.kubernetes_api import VERIFY, Administrator, Json, make_role
from tests.workflow.kubernetes_cluster import CLUSTER, LAN, POOLS
from tests.workflow.kubernetes_runs import (
    fails,
    logged,
    looking,
    proves,
    report_of,
    role_of,
    troubled_lan,
    unproven,
    variable,
)

ENTRIES = {"eks.CreateAccessEntry", "eks.AssociateAccessPolicy", "eks.DeleteAccessEntry"}
POLICY = "arn:aws:eks::aws:cluster-access-policy/"
KUBE_DNS = "/api/v1/namespaces/kube-system/services/kube-dns"
SPEAKER = "/apis/apps/v1/namespaces/metallb-system/daemonsets/speaker"
CONTROLLER = "/apis/apps/v1/namespaces/metallb-system/deployments/controller"


@pytest.fixture(scope="module")
def request_(deployed: Deployed) -> Json:
    return kubernetes_cluster.request(make_role(deployed))


@pytest.fixture(scope="module")
def first(deployed: Deployed, request_: Json) -> dict[str, Any]:
    """The run that makes the cluster."""
    run = deployed.finished(deployed.start("Provision", request_), seconds=300)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    return run


@pytest.fixture(scope="module")
def admin(deployed: Deployed, request_: Json, first: dict[str, Any]) -> Administrator:
    return Administrator(deployed, CLUSTER, request_["adminPrincipalArns"][0])


def test_every_finding_passes_and_nothing_of_the_verification_stays(
    deployed: Deployed, request_: Json, first: dict[str, Any], admin: Administrator
) -> None:
    report = report_of(deployed, first)
    assert len(report["findings"]) == 19
    assert unproven(report) <= {"lni-reach-across"}
    assert [finding["id"] for finding in report["findings"] if not finding["required"]] == [
        "lni-reach-across"
    ]
    for told, (outpost, (pool,)) in zip(report["addresses"], POOLS.items(), strict=True):
        assert (told["outpostId"], told["address"]) == (outpost, pool.partition("-")[0])
        assert told["node"] in admin.nodes_of(outpost)
    assert admin.pools() == POOLS
    (access,) = report["kubectl"]["access"]
    role = request_["adminPrincipalArns"][0]
    assert access["principalArn"] == role
    assert access["commands"][0].endswith(f"--name {CLUSTER} --region us-west-2 --role-arn {role}")
    assert report["kubectl"]["leftOut"] == []
    admin.require_nothing_left()


def test_no_credential_is_kept_anywhere_and_the_authority_only_in_the_state(
    deployed: Deployed, first: dict[str, Any], admin: Administrator
) -> None:
    history, report = json.dumps(first["events"], default=str), json.dumps(report_of(deployed, first))
    lines = logged(deployed)
    secret = re.compile(
        r"k8s-aws-v1\.|X-Amz-(?:Signature|Security-Token|Credential)|\bASIA[A-Z2-7]{16}\b|Bearer "
    )
    for text in (history, report, lines):
        assert secret.findall(text) == []
    assert admin.authority in history
    for text in (report, lines):
        assert admin.authority not in text
        assert "BEGIN CERTIFICATE" not in text


def test_again_it_changes_nothing_but_who_may_enter_meanwhile(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    before, mark = [*admin.portrait(), *portrait(deployed, CLUSTER)], deployed.mark()
    proves(deployed, request_, admin)
    writes = deployed.writes(mark)
    assert set(writes) == ENTRIES
    assert len({writes.count(name) for name in ENTRIES}) == 1
    assert [*admin.portrait(), *portrait(deployed, CLUSTER)] == before


def test_another_authority_than_the_cluster_s_is_not_trusted(
    deployed: Deployed, admin: Administrator
) -> None:
    """No run takes it but from EKS; so the deployed function is called as the machine calls it."""
    cluster = {"name": CLUSTER, "endpoint": admin.endpoint, "certificateAuthority": Authority().data}
    event = {"executionId": "foreign", "cluster": cluster, "servers": [], "look": 0, "lastLook": 0}
    answer = deployed.client("lambda").invoke(
        FunctionName=deployed.physical("AwaitNodesFunction"), Payload=json.dumps(event)
    )
    told = json.load(answer["Payload"])
    assert told["errorType"] == "CertificateUntrusted", told
    assert "Find out what answers at the cluster's endpoint" in told["errorMessage"]


def test_an_access_entry_that_somebody_takes_away_is_missed_by_name(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    principal = role_of(deployed, "AwaitNodes")
    with deployed.held_at("AwaitNodes", request_) as arn:
        deployed.client("eks").delete_access_entry(clusterName=CLUSTER, principalArn=principal)
    said = (principal, "there is no access entry for it", "GrantKubernetesAccess makes the entry anew")
    fails(deployed, arn, admin, "KubernetesUnauthorized", *said)


def test_rights_that_do_not_suffice_are_told_with_verb_and_resource(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    entry = {"clusterName": CLUSTER, "principalArn": role_of(deployed, "StartVerification")}
    with deployed.held_at("AwaitNodes", request_) as arn:
        eks = deployed.client("eks")
        eks.disassociate_access_policy(**entry, policyArn=f"{POLICY}AmazonEKSClusterAdminPolicy")
        scope = {"type": "cluster"}
        eks.associate_access_policy(**entry, policyArn=f"{POLICY}AmazonEKSAdminViewPolicy", accessScope=scope)
    said = ('cannot patch resource "namespaces"', entry["principalArn"], "associates the policy anew")
    fails(deployed, arn, admin, "KubernetesForbidden", *said)


def test_a_field_that_somebody_else_holds_is_left_to_them(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    admin.change(KUBE_DNS, "v1", "Service", {"spec": {"internalTrafficPolicy": "Cluster"}})
    try:
        said = ("somebody", ".spec.internalTrafficPolicy", "Let that manager give the fields up")
        fails(deployed, deployed.start("Provision", request_), admin, "FieldConflict", *said)
    finally:
        admin.change(KUBE_DNS, "v1", "Service", {})


def test_a_metallb_that_is_not_ours_is_left_alone(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    label = "app.kubernetes.io/managed-by"
    admin.change(SPEAKER, "apps/v1", "DaemonSet", {"metadata": {"labels": {label: "Helm"}}})
    try:
        said = ("A MetalLB that is not ours is in the cluster: DaemonSet speaker", "keep yours")
        fails(deployed, deployed.start("Provision", request_), admin, "NetworkServicesConflict", *said)
    finally:
        ours = {"metadata": {"labels": {label: "eks-outposts-servers"}}}
        admin.change(SPEAKER, "apps/v1", "DaemonSet", ours)


def test_a_webhook_that_nobody_answers_for_is_waited_for_and_told(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    admin.change(CONTROLLER, "apps/v1", "Deployment", {"spec": {"replicas": 0}})
    try:
        with looking(deployed, "ApplyMetalLb", 2):
            said = ("Service metallb-webhook-service has no ready endpoint", "describe pods")
            fails(deployed, deployed.start("Provision", request_), admin, "NetworkServicesNotReady", *said)
    finally:
        admin.change(CONTROLLER, "apps/v1", "Deployment", {"spec": {"replicas": 1}})


def test_an_image_that_no_node_can_pull_is_named(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    image = "registry.invalid/python:3.13"
    with (
        variable(deployed, "StartVerification", "VERIFICATION_IMAGE", image),
        looking(deployed, "ReadVerification", 1),
    ):
        said = (
            f"ErrImagePull ({image})",
            "Deploy the stack with a VerificationImage that the nodes can pull",
        )
        fails(deployed, deployed.start("Provision", request_), admin, "ImageNotPulled", *said)


def test_an_excluded_lan_that_somebody_took_out_of_the_add_on_is_missed(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    """After EnsureAddons, which would put it back, as the next run does."""
    eks, name = deployed.client("eks"), "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"
    addon = {"clusterName": CLUSTER, "addonName": "vpc-cni"}
    values = json.loads(eks.describe_addon(**addon)["addon"]["configurationValues"])
    assert values["env"].pop(name) == LAN
    with deployed.held_at("StartVerification", request_) as arn:
        eks.update_addon(**addon, configurationValues=json.dumps(values), resolveConflicts="OVERWRITE")
    said = (
        f"{name} of DaemonSet aws-node is not set and lacks {LAN}",
        "EnsureAddons adds each lni.localCidr",
    )
    fails(deployed, arn, admin, "SnatNotExcluded", *said)


def test_a_node_whose_lni_is_down_is_named(deployed: Deployed, request_: Json, admin: Administrator) -> None:
    instance = deployed.ours(CLUSTER)["instances"][0]
    with troubled_lan(deployed, unplugged=[instance]), looking(deployed, "ReadVerification", 5):
        said = (f"ens6 of {admin.node(instance)} is down", "Look at switch port, VLAN")
        fails(deployed, deployed.start("Provision", request_), admin, "LniWithoutAddress", *said)


def test_a_probe_that_falls_silent_is_not_believed(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    """It has told once; another node's LNI is down, so that nothing is proven before its silence is noticed."""
    unplugged, silent = deployed.ours(CLUSTER)["instances"][:2]
    report = f"/api/v1/namespaces/{VERIFY}/configmaps/probe-{admin.node(silent)}"
    with troubled_lan(deployed, unplugged=[unplugged]), looking(deployed, "ReadVerification", 12):
        deployed.break_at("ReadVerification")
        arn = deployed.start("Provision", request_)
        for _ in range(8):  # looks, ten seconds apart, until the report is there
            with deployed.held():
                told = admin.ask("GET", report)["code"] == 200
                if told:
                    deployed.control("lan", post=True, body={"silent": [silent]})
                else:
                    deployed.break_at("ReadVerification")
            if told:
                break
        assert told
        said = (
            f"the report of {admin.node(silent)} is ",
            " s old (round ",
            "Look at the log of the probe's pod",
        )
        fails(deployed, arn, admin, "ProbeReportStale", *said)


def test_after_runs_that_were_killed_the_same_request_proves_it_and_cleans_up(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    """And after every trouble above, which is passed by now."""
    for state in ("EndVerification", "GrantKubernetesAccess", "ReadVerification", "StartVerification"):
        assert deployed.stopped_at(state, request_)["status"] == "ABORTED", state
    assert admin.ask("GET", f"/api/v1/namespaces/{VERIFY}")["code"] == 200
    assert admin.runs_entries()
    proves(deployed, request_, admin)


def test_addresses_move_twice_when_their_announcers_fail_and_the_groups_replace_them(
    deployed: Deployed, request_: Json, admin: Administrator
) -> None:
    """With two nodes the other takes over; with one the address waits for the node that comes instead."""
    before = set(deployed.ours(CLUSTER)["instances"])
    report = proves(deployed, request_ | {"drill": "failover"}, admin, seconds=300)
    after = set(deployed.ours(CLUSTER)["instances"])
    assert len(report["drill"]) == 2
    for moves in report["drill"]:
        assert [move["outpostId"] for move in moves] == list(POOLS)
        assert [move["address"] for move in moves] == ["192.168.10.200", "192.168.10.210"]
        assert moves[0]["from"] != moves[0]["to"]
        assert moves[0]["seconds"] < 300
    singles = [moves[1]["instanceId"] for moves in report["drill"]]
    assert singles[0] not in before | after
    assert singles[1] in after - before
    told = {each["instanceId"] for server in report["servers"] for each in server["instances"]}
    assert told == after
    assert len(after) == len(before)
    last = {move["outpostId"]: move["to"] for move in report["drill"][1]}
    assert {each["outpostId"]: each["node"] for each in report["addresses"]} == last


def test_teardown_takes_services_and_pools_away_while_the_cluster_serves(
    deployed: Deployed, admin: Administrator
) -> None:
    spec = {
        "type": "LoadBalancer",
        "loadBalancerClass": "eks-outposts-servers/metallb",
        "selector": {"app": "theirs"},
        "ports": [{"port": 80}],
    }
    service = {"metadata": {"name": "theirs"}, "spec": spec}
    assert admin.ask("POST", "/api/v1/namespaces/default/services", service)["code"] == 201
    assert (admin.load_balancers(), admin.pools()) == (["theirs"], POOLS)
    deployed.break_at("DeleteNodeGroups")
    arn = deployed.start("Teardown", {"clusterName": CLUSTER, "confirm": CLUSTER})
    with deployed.held():
        assert (admin.load_balancers(), admin.pools()) == ([], {})
        assert admin.runs_entries() == []
        assert len(admin.nodes_of(SERVER_2U)) == 2
    run = deployed.finished(arn)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    assert deployed.ours(CLUSTER) == {}
