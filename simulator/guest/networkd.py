"""systemd-networkd's files for a local network interface, and what is wrong with them.

Syntax: systemd.network(5), systemd.netdev(5), version 252 as in Amazon Linux 2023. A section or key that is not
listed here is a fault: the simulator does not know what it would do.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network

from simulator.guest.fault import BootFault

type Section = tuple[str, dict[str, str]]

_FOLDER = "/etc/systemd/network/"  # beats /run, where nodeadm's file is (systemd.network(5))
_NODEADM = "70-eks-"  # amazon-eks-ami, nodeadm udev systemd.go
_KNOWN = {
    "Match": {"PermanentMACAddress", "Name"},
    "Link": {"MTUBytes", "RequiredForOnline"},
    "Network": {"DHCP", "Address", "VLAN", "LinkLocalAddressing", "IPv6AcceptRA", "LLMNR"},
    "DHCPv4": {"UseDNS", "UseDomains", "UseNTP", "UseHostname", "UseRoutes", "UseGateway"},
    "RoutingPolicyRule": {"To", "From", "IncomingInterface", "Priority", "Table"},
    "Route": {"Gateway", "Table"},
    "NetDev": {"Name", "Kind", "MTUBytes"},
    "VLAN": {"Id"},
}
# amazon-vpc-cni-k8s: rules of pods on secondary interfaces (facts.md, ten facts, row 7).
_CNI_PRIORITY = 1536


def faults(files: dict[str, str]) -> list[str]:
    """What keeps the LNI from carrying traffic; nothing when it is up. files: path -> content.

    An LNI without a file of its own is set up by nodeadm as a VPC interface: MTU 9001, the LAN's default route
    and name servers, a rule for an address that no LAN knows (facts.md, ten facts, row 5).
    """
    try:
        parsed = {path.removeprefix(_FOLDER): _parse(path, text) for path, text in files.items()}
        return _link_faults(parsed)
    except BootFault as fault:
        return [str(fault)]


@dataclass(frozen=True, slots=True)
class Setting:
    """What files without fault set up. address: None for DHCP; lan: the block that the files route to, if any."""

    mtu: int
    vlan: str | None
    address: IPv4Interface | None
    lan: IPv4Network | None


def setting(files: dict[str, str]) -> Setting:
    """Of files in which ``faults`` finds nothing."""
    parsed = {path.removeprefix(_FOLDER): _parse(path, text) for path, text in files.items()}
    own = min(name for name, one in parsed.items() if _value(one, "Match", "PermanentMACAddress") == "$mac")
    vlan = _value(parsed[own], "Network", "VLAN")
    if vlan is not None:
        own = min(name for name, one in parsed.items() if _value(one, "Match", "Name") == vlan)
    address = _value(parsed[own], "Network", "Address")
    to = _value(parsed[own], "RoutingPolicyRule", "To")
    return Setting(
        mtu=int(_value(parsed[own], "Link", "MTUBytes") or ""),
        vlan=vlan,
        address=IPv4Interface(address) if address else None,
        lan=IPv4Network(to) if to else None,
    )


def _link_faults(parsed: dict[str, list[Section]]) -> list[str]:
    own = {name: one for name, one in parsed.items() if _value(one, "Match", "PermanentMACAddress") == "$mac"}
    if not own:
        return [
            "no networkd file matches the interface by its MAC address, so nodeadm sets it up for the VPC"
        ]
    name, sections = min(own.items())
    found = []
    if name > _NODEADM:
        found.append(f"{name} sorts after nodeadm's {_NODEADM}*.network, which wins")
    found += _mtu_faults(name, sections)
    vlan = _value(sections, "Network", "VLAN")
    if vlan is None:
        return found + _address_faults(name, sections)
    if any(section == "Network" and {"Address"} & set(keys) for section, keys in sections):
        found.append(f"{name} gives the LNI itself an address beside its VLAN")
    return found + _vlan_faults(vlan, parsed)


def _vlan_faults(vlan: str, parsed: dict[str, list[Section]]) -> list[str]:
    devices = [one for one in parsed.values() if _value(one, "NetDev", "Name") == vlan]
    networks = {name: one for name, one in parsed.items() if _value(one, "Match", "Name") == vlan}
    if not devices or not networks:
        return [f"no networkd file makes or addresses the VLAN interface {vlan}"]
    number = _value(devices[0], "VLAN", "Id") or ""
    if _value(devices[0], "NetDev", "Kind") != "vlan" or not number.isdigit() or not 1 <= int(number) <= 4094:
        return [f"{vlan} is no VLAN interface with an id from 1 to 4094"]
    name, sections = min(networks.items())
    return _mtu_faults(name, sections) + _address_faults(name, sections)


def _mtu_faults(name: str, sections: list[Section]) -> list[str]:
    mtu = _value(sections, "Link", "MTUBytes") or "9001 by nodeadm's habit"
    # Observed on hardware: 1500 (facts.md section 2).
    right = mtu.isdigit() and 1280 <= int(mtu) <= 1500
    return [] if right else [f"{name} has MTUBytes {mtu}; a local network interface carries 1500"]


def _address_faults(name: str, sections: list[Section]) -> list[str]:
    found = []
    address, dhcp = _value(sections, "Network", "Address"), _value(sections, "Network", "DHCP")
    if dhcp == "ipv4" and address is None:
        # Each of them defaults to yes, and is the LAN's say over the node's names and routes.
        for key in ("UseDNS", "UseDomains", "UseNTP", "UseGateway"):
            if _value(sections, "DHCPv4", key) != "no":
                found.append(f"{name} lacks {key}=no: the LAN would change the node's names or routes")
    elif dhcp != "no" or address is None:
        found.append(f"{name} gives the interface no address: it needs DHCP=ipv4, or DHCP=no with Address")
    else:
        found += _static_faults(name, address)
    for section, keys in sections:
        if section == "Route" and keys.get("Table", "main") == "main":
            found.append(f"{name} puts a default route over the LNI into the main table: no way to the VPC")
        if section == "RoutingPolicyRule":
            found += _rule_faults(name, keys)
    return found


def _static_faults(name: str, address: str) -> list[str]:
    try:
        interface = IPv4Interface(address)
    except ValueError as wrong:
        return [f"{name} has Address {address}: {wrong}"]
    if interface.network.prefixlen == 32:
        return [f"{name} has Address {address}, a network of its own"]
    return []


def _rule_faults(name: str, rule: dict[str, str]) -> list[str]:
    try:
        IPv4Network(rule.get("To") or rule.get("From", ""))
    except ValueError as wrong:
        return [f"{name} has a routing policy rule for {wrong}"]
    priority = rule.get("Priority", "")
    if not priority.isdigit() or int(priority) >= _CNI_PRIORITY:
        return [f"{name} has a routing policy rule of priority {priority or 'none'}, not below the VPC CNI's"]
    return []


def _value(sections: list[Section], section: str, key: str) -> str | None:
    """The last one, as networkd takes it."""
    found = [keys[key] for name, keys in sections if name == section and key in keys]
    return found[-1] if found else None


def _parse(path: str, text: str) -> list[Section]:
    name = path.removeprefix(_FOLDER)
    if not path.startswith(_FOLDER) or not re.fullmatch(r"[\w.-]+\.(network|netdev)", name):
        raise BootFault(f"{path} is no file that systemd-networkd reads from {_FOLDER}")
    sections: list[Section] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if header := re.fullmatch(r"\[(\w+)\]", line):
            sections.append((header[1], {}))
            continue
        key, equals, value = line.partition("=")
        if not sections or not equals or key not in _KNOWN.get(sections[-1][0], ()):
            where = sections[-1][0] if sections else "no section"
            raise BootFault(f"{name}: {line!r} in {where} is not modelled by the simulator")
        sections[-1][1][key] = value
    return sections
