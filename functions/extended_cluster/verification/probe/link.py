"""The LNI as the kernel has it."""

import fcntl
import socket
import struct
from typing import Any

type Json = dict[str, Any]

# linux/sockios.h, linux/if.h
GET_FLAGS, GET_ADDRESS, GET_MASK, GET_MTU, GET_MAC = 0x8913, 0x8915, 0x891B, 0x8921, 0x8927
IFF_UP, IFF_RUNNING = 0x1, 0x40


def link(interface: str) -> Json:
    """{interface, state: up|down|missing|unaddressed, address, prefixLength, mac, mtu}."""
    found: Json = {"interface": interface, "address": None, "prefixLength": None, "mac": None, "mtu": None}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:

        def ask(what: int) -> bytes:
            request = struct.pack("256s", interface.encode()[:15])
            return fcntl.ioctl(any_socket.fileno(), what, request)[16:]

        try:
            (flags,) = struct.unpack_from("H", ask(GET_FLAGS))
        except OSError:
            return {**found, "state": "missing"}
        found["mac"] = ask(GET_MAC)[2:8].hex(":")
        (found["mtu"],) = struct.unpack_from("i", ask(GET_MTU))
        if not (flags & IFF_UP and flags & IFF_RUNNING):
            return {**found, "state": "down"}
        try:
            found["address"] = socket.inet_ntoa(ask(GET_ADDRESS)[4:8])
        except OSError:  # EADDRNOTAVAIL
            return {**found, "state": "unaddressed"}
        found["prefixLength"] = int.from_bytes(ask(GET_MASK)[4:8]).bit_count()
    return {**found, "state": "up"}
