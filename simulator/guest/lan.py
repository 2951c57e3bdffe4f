"""The LANs behind local network interfaces (LNI): who is on them, with which address; what somebody does to them.

Two servers whose LANs have the same block, and the same VLAN, are on one LAN (assumed: nothing in AWS knows a LAN).
DHCP gives addresses made up from the interface's MAC address, outside of what anybody has set by hand.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import TYPE_CHECKING

from simulator.call import Place
from simulator.ec2 import moto_state
from simulator.ec2.lni import lni_of
from simulator.guest import networkd
from simulator.guest.lni_script import Written

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# Where the DHCP server's addresses begin in a LAN, and how many it has; a router and the like are before them.
_FIRST, _COUNT = 10, 90


@dataclass(frozen=True, slots=True)
class Link:
    """An LNI on its LAN. interface: the guest's name for it, or for its VLAN's; mac: with colons."""

    interface: str
    mac: str
    mtu: int
    address: IPv4Interface
    vlan: str | None

    @property
    def lan(self) -> tuple[IPv4Network, str | None]:
        """The same for all that hear each other."""
        return self.address.network, self.vlan


@dataclass
class Lan:
    """unplugged: instances whose LNI has no carrier; silent: instances whose probe reports no more; strangers:
    other devices' addresses with their MAC address, on every LAN that has the address; mtu: what fits through the
    LANs' switches. Instances are named by their ids."""

    unplugged: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    strangers: dict[str, str] = field(default_factory=dict)
    mtu: int = 1500
    _leases: dict[str, IPv4Address] = field(default_factory=dict)

    def link(self, cloud: "Cloud", instance_id: str, written: Written) -> Link:
        """The instance's, which has one."""
        setting, interface_id = networkd.setting(written.files), lni_of(cloud, instance_id)
        if interface_id is None:
            raise ValueError(f"{instance_id} has no local network interface")
        name = setting.vlan or f"ens{5 + written.index}"
        mac = str(moto_state.backend(cloud).enis[interface_id].mac_address)
        address = setting.address
        if address is None:
            network = setting.lan or _made_up(cloud, interface_id)
            address = IPv4Interface(f"{self._lease(mac, network)}/{network.prefixlen}")
        return Link(name, mac, setting.mtu, address, setting.vlan)

    def _lease(self, mac: str, network: IPv4Network) -> IPv4Address:
        known = self._leases.get(mac)
        if known is not None and known in network:
            return known
        first = min(_FIRST, network.num_addresses - 2)
        count = max(1, min(_COUNT, network.num_addresses - 1 - first))
        start = int.from_bytes(sha256(mac.encode()).digest()[:4]) % count
        pool = [network[first + (start + n) % count] for n in range(count)]
        taken = set(self._leases.values())
        self._leases[mac] = next((one for one in pool if one not in taken), pool[0])
        return self._leases[mac]


def _made_up(place: Place, interface_id: str) -> IPv4Network:
    """The LAN of a server whose nodes' files do not name it."""
    arn = getattr(moto_state.backend(place).enis[interface_id].subnet, "outpost_arn", "")
    return IPv4Network(f"192.168.{100 + sha256(str(arn).encode()).digest()[0] % 100}.0/24")
