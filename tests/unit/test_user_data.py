"""User data, read back as nodeadm and cloud-init read it, and its files in full."""

import base64
import email
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from extended_cluster import lni_guest, user_data, vpc_cni
from extended_cluster.lni_script import script
from extended_cluster.types import Cluster, LniSpec
from tests.unit.server_plan import LNI, OUTPOST

CLUSTER: Cluster = {
    "name": "edge-1",
    "arn": "arn:aws:eks:us-west-2:123456789012:cluster/edge-1",
    "version": "1.35",
    "endpoint": "https://0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com",
    "certificateAuthority": "LS0tLS1CRUdJTi0tLS0t",
    "serviceCidr": "172.20.0.0/16",
    "securityGroupId": "sg-0a1b2c3d4e5f60001",
}
STATIC: LniSpec = {**LNI, "addressing": "static", "address": "192.168.10.21/24"}


def build(
    cluster: Cluster = CLUSTER, lni: LniSpec = LNI, *, session: bool = True, log_group: str | None = None
) -> str:
    return user_data.build(cluster, OUTPOST, lni, session_manager_on=session, log_group=log_group)


def parts(built: str) -> list[Any]:
    message = email.message_from_bytes(base64.b64decode(built, validate=True))
    assert message.get_content_type() == "multipart/mixed"
    assert message.defects == []
    return list(message.walk())[1:]


def test_one_part_holds_the_node_config() -> None:
    part = parts(build())[0]
    assert part.get_content_type() == "application/node.eks.aws"
    config: dict[str, Any] = yaml.safe_load(part.get_payload())
    assert config == {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {
                "name": "edge-1",
                "apiServerEndpoint": CLUSTER["endpoint"],
                "certificateAuthority": CLUSTER["certificateAuthority"],
                "cidr": "172.20.0.0/16",
            },
            "kubelet": {
                "maxPodsExpression": "ips_per_eni > 7 ? 110 : (ips_per_eni - 1) * 16 + 2",
                "flags": [f"--node-labels=eks-outposts-servers/outpost={OUTPOST}"],
            },
        },
    }


def test_the_other_part_is_a_script_for_cloud_init() -> None:
    _, part = parts(build())
    assert part.get_content_type() == "text/x-shellscript"
    assert part.get_payload().strip() == script(1, lni_guest.files(LNI)).strip()


@pytest.mark.parametrize(("addresses", "pods"), [(4, 50), (7, 98), (8, 110), (10, 110), (30, 110)])
def test_max_pods_match_one_interface_with_prefixes(addresses: int, pods: int) -> None:
    condition, _, rest = vpc_cni.MAX_PODS_EXPRESSION.partition(" ? ")
    yes, _, no = rest.partition(" : ")
    names = {"ips_per_eni": addresses}
    assert eval(yes if eval(condition, names) else no, names) == pods  # noqa: S307 - arithmetic of our own


def test_the_same_cluster_gives_the_same_bytes_in_any_order_of_its_fields() -> None:
    reordered: Cluster = json.loads(json.dumps(CLUSTER, sort_keys=True))
    assert build(reordered) == build()
    assert build({**CLUSTER, "serviceCidr": "10.100.0.0/16"}) != build()
    assert build(lni=STATIC) != build()


def test_it_stays_under_ec2s_limit_with_a_certificate_authority_of_real_size() -> None:
    everything: LniSpec = {**STATIC, "vlan": 4094, "gateway": "192.168.10.1"}
    built = build(
        {**CLUSTER, "certificateAuthority": "A" * 1600}, everything, session=False, log_group="g" * 512
    )
    assert (
        len(base64.b64decode(built)) < 16 * 1024
    )  # EC2 user guide "Run commands at launch": 16 KB before encoding


DHCP_FILE = """\
[Match]
PermanentMACAddress=$mac

[Link]
MTUBytes=1500
RequiredForOnline=no

[Network]
LinkLocalAddressing=no
IPv6AcceptRA=no
LLMNR=no
DHCP=ipv4

[DHCPv4]
UseDNS=no
UseDomains=no
UseNTP=no
UseHostname=no
UseRoutes=no
UseGateway=no

[RoutingPolicyRule]
To=192.168.10.0/24
Priority=1100
Table=main
"""


def test_dhcp() -> None:
    assert lni_guest.files(LNI) == {"10-lni.network": DHCP_FILE}


def test_without_a_lan_there_is_no_rule() -> None:
    without = DHCP_FILE.partition("\n[RoutingPolicyRule]")[0]
    assert lni_guest.files({**LNI, "localCidr": None}) == {"10-lni.network": without}


def test_static_with_a_gateway() -> None:
    assert lni_guest.files({**STATIC, "mtu": 1400, "gateway": "192.168.10.1"}) == {
        "10-lni.network": """\
[Match]
PermanentMACAddress=$mac

[Link]
MTUBytes=1400
RequiredForOnline=no

[Network]
LinkLocalAddressing=no
IPv6AcceptRA=no
LLMNR=no
DHCP=no
Address=192.168.10.21/24

[RoutingPolicyRule]
To=192.168.10.0/24
Priority=1100
Table=main

[RoutingPolicyRule]
From=192.168.10.0/24
IncomingInterface=lo
Priority=1101
Table=1100

[Route]
Gateway=192.168.10.1
Table=1100
"""
    }


def test_a_vlan_has_the_address_and_the_lni_itself_none() -> None:
    files = lni_guest.files({**LNI, "vlan": 20})
    assert files == {
        "10-lni.network": """\
[Match]
PermanentMACAddress=$mac

[Link]
MTUBytes=1500
RequiredForOnline=no

[Network]
VLAN=lni.20
LinkLocalAddressing=no
IPv6AcceptRA=no
LLMNR=no
DHCP=no
""",
        "10-lni-vlan.netdev": "[NetDev]\nName=lni.20\nKind=vlan\nMTUBytes=1500\n\n[VLAN]\nId=20\n",
        "10-lni-vlan.network": DHCP_FILE.replace("PermanentMACAddress=$mac", "Name=lni.20"),
    }


METADATA = {
    "http://169.254.169.254/latest/api/token": "TOKEN",
    "http://169.254.169.254/latest/meta-data/network/interfaces/macs/": "0a:00:00:00:00:01/\\n0a:00:00:00:00:02/",
    "http://169.254.169.254/latest/meta-data/network/interfaces/macs/0a:00:00:00:00:01/device-number": "0",
    "http://169.254.169.254/latest/meta-data/network/interfaces/macs/0a:00:00:00:00:02/device-number": "1",
}


def run_script(folder: Path, index: int, metadata: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """In bash, with commands in place of those that need an instance."""
    (folder / "network").mkdir()
    commands = {
        "curl": 'case "${@: -1}" in '
        + " ".join(f'"{url}") printf "{answer}";;' for url, answer in metadata.items())
        + " *) exit 22;; esac",
        "networkctl": f'echo "$@" > {folder}/networkctl',
        "sleep": "true",
    }
    for name, body in commands.items():
        (folder / name).write_text(f"#!/bin/bash\n{body}\n")
        (folder / name).chmod(0o755)
    text = script(index, lni_guest.files(STATIC))
    text = text.replace(lni_guest.FOLDER, str(folder / "network")).replace(
        "/dev/console", str(folder / "console")
    )
    return subprocess.run(
        ["bash"],
        input=text,
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PATH": f"{folder}:/usr/bin:/bin"},
    )


def test_the_script_puts_in_the_address_of_the_interface_at_the_index(tmp_path: Path) -> None:
    ran = run_script(tmp_path, 1, METADATA)
    assert ran.returncode == 0, ran.stderr
    expected = lni_guest.files(STATIC)["10-lni.network"].replace("$mac", "0a:00:00:00:00:02")
    assert (tmp_path / "network" / "10-lni.network").read_text() == expected
    assert (tmp_path / "networkctl").read_text() == "reload\n"


def test_the_script_says_on_the_console_that_there_is_no_such_interface(tmp_path: Path) -> None:
    assert run_script(tmp_path, 2, METADATA).returncode == 1
    assert "no interface at device index 2" in (tmp_path / "console").read_text()
    assert list((tmp_path / "network").iterdir()) == []
