"""Whole frames on the LAN: who owns an address (ARP), and whether a service answers a stranger (TCP)."""

import secrets
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

type Json = dict[str, Any]

ETH_ARP, ETH_IP = 0x0806, 0x0800
SYN, RST, SYN_ACK = 0x02, 0x04, 0x12


def raw(interface: str, protocol: int) -> socket.socket:
    """Whole frames of one protocol: past netfilter, in which kube-proxy would answer for a service itself."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
    made.bind((interface, protocol))
    return made


def owners(lni: Json, address: str, *, claiming: bool) -> list[str]:
    """The other hardware addresses that say on the LAN that this address is theirs: three ARP probes (RFC 5227, 2.1.1).

    claiming: the address is to be our own, so nobody should; the sender's address stays empty as in a probe.
    """
    mine = bytes.fromhex(lni["mac"].replace(":", ""))
    target, source = socket.inet_aton(address), bytes(4) if claiming else socket.inet_aton(lni["address"])
    question = struct.pack("!HHBBH", 1, ETH_IP, 6, 4, 1) + mine + source + bytes(6) + target
    frame = b"\xff" * 6 + mine + struct.pack("!H", ETH_ARP) + question
    found = set()
    with raw(lni["interface"], ETH_ARP) as wire:
        for _ in range(3):
            wire.send(frame)
            for heard in until(wire, 0.4):
                sender, owned = heard[22:28], heard[28:32]
                if len(heard) >= 42 and owned == target and sender != mine:
                    found.add(sender.hex(":"))
    return sorted(found)


def until(wire: socket.socket, seconds: float) -> Iterator[bytes]:
    """The frames that come in so many seconds."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            yield wire.recv(2048)
        except TimeoutError:
            return


def knock(lni: Json, hardware: str, address: str, port: int) -> bool:
    """Whether a service takes a connection, asked as a stranger on the LAN would: SYN out, SYN and ACK back.

    The kernel knows nothing of it and ends the connection by itself with a reset.
    """
    mine, theirs = (bytes.fromhex(one.replace(":", "")) for one in (lni["mac"], hardware))
    here, there = socket.inet_aton(lni["address"]), socket.inet_aton(address)
    sequence, own_port = secrets.randbits(32), 61800 + secrets.randbelow(3000)
    with raw(lni["interface"], ETH_IP) as wire:
        frame = theirs + mine + struct.pack("!H", ETH_IP) + syn_packet(here, there, own_port, port, sequence)
        for _ in range(3):
            wire.send(frame)
            for heard in until(wire, 0.4):
                packet = heard[14:]
                if len(packet) < 40 or packet[9] != socket.IPPROTO_TCP or packet[12:16] != there:
                    continue
                segment = packet[(packet[0] & 0xF) * 4 :]
                ports = struct.unpack_from("!HH", segment)
                acknowledged, flags = struct.unpack_from("!I", segment, 8)[0], segment[13]
                if ports == (port, own_port) and acknowledged == (sequence + 1) % 2**32:
                    return bool(flags & SYN_ACK == SYN_ACK and not flags & RST)
    return False


def syn_packet(here: bytes, there: bytes, own_port: int, port: int, sequence: int) -> bytes:
    """An IPv4 packet that opens a TCP connection (RFC 791, RFC 9293)."""
    tcp = struct.pack("!HHIIBBHHH", own_port, port, sequence, 0, 5 << 4, SYN, 64240, 0, 0)
    pseudo = here + there + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, socket.IPPROTO_TCP, 0) + here + there
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return int(~total & 0xFFFF)
