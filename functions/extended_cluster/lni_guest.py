"""What the guest does about its local network interface (LNI): files for systemd-networkd. Pure.

nodeadm takes any interface that is there at boot for a VPC interface: MTU 9001, the LAN's DNS and default route
(amazon-eks-ami nodeadm, udev net_manager.go and eks-managed.network.tpl; ten facts, row 5). Its file is
/run/systemd/network/70-eks-<name>.network; ours wins by its name and place (systemd.network(5): first match in
alphabetical order). Files, not commands: so everything is as it was after a reboot.
"""

from extended_cluster.types import LniSpec

FOLDER = "/etc/systemd/network"
# Stands for the LNI's MAC address, which only the instance knows; the script's shell puts it in.
MAC = "$mac"

# Below 1536, where the VPC CNI has its rules for pods on secondary interfaces, and above 512 and 1024, where it
# has those for traffic to pods and for marked connections (amazon-vpc-cni-k8s pkg/networkutils/network.go; ten
# facts, row 7).
TO_LAN_PRIORITY, FROM_LAN_PRIORITY = 1100, 1101
# A routing table of our own: the CNI uses 2 and upwards by device number, nodeadm 10000 and upwards.
LAN_TABLE = 1100

type Sections = list[tuple[str, list[str]]]


def name(lni: LniSpec) -> str:
    """The guest's name of the interface that has the LAN's address.

    ens5 is device index 0, by PCI order on Nitro (reported; facts: LNI): our files match by MAC address and rename
    nothing.
    """
    return f"ens{5 + lni['deviceIndex']}" if lni["vlan"] is None else f"lni.{lni['vlan']}"


def files(lni: LniSpec) -> dict[str, str]:
    """File name -> content, to be written into ``FOLDER``.

    With a VLAN the address sits on a VLAN interface and the LNI itself carries none.
    """
    # Not required: a LAN that is down must not keep the node from joining (systemd-networkd-wait-online).
    link = ("Link", [f"MTUBytes={lni['mtu']}", "RequiredForOnline=no"])
    match = ("Match", [f"PermanentMACAddress={MAC}"])
    if lni["vlan"] is None:
        return {"10-lni.network": _text([match, link, *_addressed(lni)])}
    vlan = name(lni)
    return {
        "10-lni.network": _text([match, link, ("Network", [f"VLAN={vlan}", *_QUIET, "DHCP=no"])]),
        "10-lni-vlan.netdev": _text(
            [
                ("NetDev", [f"Name={vlan}", "Kind=vlan", f"MTUBytes={lni['mtu']}"]),
                ("VLAN", [f"Id={lni['vlan']}"]),
            ]
        ),
        "10-lni-vlan.network": _text([("Match", [f"Name={vlan}"]), link, *_addressed(lni)]),
    }


# An LNI carries no IPv6 of ours, and names are the VPC's business.
_QUIET = ["LinkLocalAddressing=no", "IPv6AcceptRA=no", "LLMNR=no"]


def _addressed(lni: LniSpec) -> Sections:
    if lni["addressing"] == "static":
        sections: Sections = [("Network", [*_QUIET, "DHCP=no", f"Address={lni['address']}"])]
    else:
        taken = ["UseDNS=no", "UseDomains=no", "UseNTP=no", "UseHostname=no", "UseRoutes=no", "UseGateway=no"]
        sections = [("Network", [*_QUIET, "DHCP=ipv4"]), ("DHCPv4", taken)]
    return [*sections, *_routed(lni)]


def _routed(lni: LniSpec) -> Sections:
    """What goes to the LAN uses the main table, whoever sends it (ten facts, row 7).

    A gateway serves only what the node itself sends from a LAN address: its own default route stays in the VPC,
    where the control plane is, and forwarded packets keep theirs.
    """
    if lni["localCidr"] is None:
        return []
    rules: Sections = [
        (
            "RoutingPolicyRule",
            [f"To={lni['localCidr']}", f"Priority={TO_LAN_PRIORITY}", "Table=main"],
        )
    ]
    if lni["gateway"] is not None:
        source = [f"From={lni['localCidr']}", "IncomingInterface=lo"]
        rules += [
            ("RoutingPolicyRule", [*source, f"Priority={FROM_LAN_PRIORITY}", f"Table={LAN_TABLE}"]),
            ("Route", [f"Gateway={lni['gateway']}", f"Table={LAN_TABLE}"]),
        ]
    return rules


def _text(sections: Sections) -> str:
    return "\n".join("\n".join([f"[{name}]", *lines, ""]) for name, lines in sections)
