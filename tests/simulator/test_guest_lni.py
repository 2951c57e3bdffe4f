"""When a guest's local network interface is up: each way to get its files wrong."""

from collections.abc import Callable

import pytest

from extended_cluster import user_data
from extended_cluster.types import LniSpec
from simulator import guest
from simulator.eks.records import Store
from simulator.guest import lni_script, networkd
from simulator.guest.fault import BootFault
from tests.simulator.edge_account import EdgeAccount
from tests.unit.server_plan import LNI, OUTPOST
from tests.unit.test_user_data import CLUSTER

STATIC: LniSpec = {**LNI, "addressing": "static", "address": "192.168.10.21/24"}


@pytest.fixture(scope="module")
def account() -> EdgeAccount:
    account = EdgeAccount()
    account.cloud.install(guest.operations(account.cloud))
    return account


def launch(account: EdgeAccount, text: str, *, lni: int = 1) -> str:
    """A running instance; its id."""
    account.clear()
    instance_id: str = account.run(account.subnet(lni=lni), UserData=text)["InstanceId"]
    account.wait(1200)
    return instance_id


def document(lni: LniSpec = LNI) -> str:
    return user_data.document(CLUSTER, OUTPOST, lni)


@pytest.mark.parametrize("index", [1, 2])
def test_it_is_up_where_files_and_interface_agree(account: EdgeAccount, index: int) -> None:
    node = launch(account, document(), lni=index)
    assert account.cloud.guest.lni_up(node) is (index == 1)


def test_files_for_another_index_are_for_another_interface(account: EdgeAccount) -> None:
    node = launch(account, document({**LNI, "deviceIndex": 2}))
    assert account.cloud.guest.lni_faults(node) == ["the files are for device index 2, the LNI is at 1"]


def test_the_console_tells_what_is_wrong(account: EdgeAccount) -> None:
    account.clear()
    node = account.run(account.subnet(lni=1), UserData=document().replace("MTUBytes=1500", "MTUBytes=9001"))
    assert account.cloud.guest.lni_faults(node["InstanceId"]) == ["the instance is pending"]
    account.wait(1200)
    account.cloud.clusters = Store()
    log = account.ec2.get_console_output(InstanceId=node["InstanceId"])["Output"]
    assert "systemd-networkd: lni: 10-lni.network has MTUBytes 9001" in log
    assert "no tag kubernetes.io/cluster/" in log


def faults(change: Callable[[str], str] = str, lni: LniSpec = LNI) -> str:
    """Of the application's own files, changed."""
    script = document(lni).partition('us-ascii"\n\n')[2].partition("\n--node-config--")[0]
    changed = change(script)
    assert change is str or changed != script
    try:
        return "; ".join(networkd.faults(lni_script.read(changed).files))
    except BootFault as fault:
        return str(fault)


@pytest.mark.parametrize(
    "lni",
    [
        LNI,
        STATIC,
        {**LNI, "localCidr": None},
        {**LNI, "vlan": 20, "mtu": 1280},
        {**STATIC, "vlan": 4094, "gateway": "192.168.10.1"},
    ],
)
def test_every_form_that_the_application_writes_is_up(lni: LniSpec) -> None:
    assert faults(lni=lni) == ""


def less(text: str) -> Callable[[str], str]:
    return lambda script: script.replace(text, "")


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda script: script.replace(old, new)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (swap("MTUBytes=1500", "MTUBytes=9001"), "MTUBytes 9001"),
        (less("MTUBytes=1500\n"), "9001 by nodeadm"),
        (less("UseGateway=no\n"), "lacks UseGateway=no"),
        (swap("UseDNS=no", "UseDNS=yes"), "lacks UseDNS=no"),
        (less("UseDomains=no\n"), "lacks UseDomains=no"),
        (less("UseNTP=no\n"), "lacks UseNTP=no"),
        (less("DHCP=ipv4\n"), "no address"),
        (swap("DHCP=ipv4", "DHCP=no"), "no address"),
        (swap("10-lni.network", "80-lni.network"), "sorts after nodeadm's"),
        (swap("/etc/systemd/network", "/etc/netplan"), "is no file that systemd-networkd reads"),
        (swap("PermanentMACAddress=$mac", "Name=ens6"), "no networkd file matches"),
        (swap("Priority=1100", "Priority=1600"), "not below the VPC CNI's"),
        (swap("To=192.168.10.0/24", "To=192.168.10.5/24"), "host bits"),
        (swap("Table=main\nLNI", "Table=main\n\n[Route]\nGateway=192.168.10.1\nLNI"), "into the main table"),
        (swap("LLMNR=no", "Bridge=br0"), "'Bridge=br0' in Network is not modelled"),
        (swap("sleep 2", "sleep 1"), "not one that this simulator understands"),
        (swap("networkctl reload", "reboot"), "goes on in an unknown way"),
        (swap("LLMNR=no", "LLMNR=$(hostname)"), "more than $mac"),
    ],
)
def test_every_way_to_get_it_wrong(change: Callable[[str], str], said: str) -> None:
    assert said in faults(change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (swap("Id=20", "Id=4095"), "no VLAN interface"),
        (swap("VLAN=lni.20", "VLAN=lni.21"), "makes or addresses the VLAN interface lni.21"),
        (swap("VLAN=lni.20", "VLAN=lni.20\nAddress=192.168.10.5/24"), "an address beside its VLAN"),
    ],
)
def test_a_wrong_vlan(change: Callable[[str], str], said: str) -> None:
    assert said in faults(change, {**LNI, "vlan": 20})


@pytest.mark.parametrize(("address", "said"), [("192.168.10.300/24", "300"), ("192.168.10.21", "of its own")])
def test_a_wrong_static_address(address: str, said: str) -> None:
    assert said in faults(swap("192.168.10.21/24", address), STATIC)


def test_without_a_script_nodeadm_has_its_way(account: EdgeAccount) -> None:
    node = launch(account, document().replace("text/x-shellscript", "text/plain"))
    assert account.cloud.guest.lni_faults(node) == ["user data has 0 scripts for the LNI, 0 and 0 for agents"]
