"""Nodes ask each other on the LAN: who answers, and how large a packet arrives."""

import json
import os
import socket
import struct
import threading
import time
from typing import Any

from .said import say

type Json = dict[str, Any]

# Outside the ephemeral ports of Linux (up to 60999) and Kubernetes' node ports (30000 to 32767).
PORT = 61790
IP_MTU_DISCOVER, ALWAYS_DF = (
    10,
    3,
)  # IP_PMTUDISC_PROBE: DF set, whatever the kernel believes of the path (ip(7))
IP_AND_UDP_HEADERS = 28


def bound(kind: socket.SocketKind, interface: str, address: str, port: int = 0) -> socket.socket:
    """A socket that sends and hears on this interface alone."""
    made = socket.socket(socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    return made


class Responder:
    """Answers peers on the LAN address: who it is (TCP), and how much arrived (UDP)."""

    def __init__(self, interface: str, address: str, who: Json) -> None:
        self.address, self.who = address, who
        self.tcp = bound(socket.SOCK_STREAM, interface, address, PORT)
        self.udp = bound(socket.SOCK_DGRAM, interface, address, PORT)
        self.tcp.listen(64)
        for serve in (self._tell, self._measure):
            threading.Thread(target=serve, daemon=True).start()

    def _tell(self) -> None:
        while True:
            try:
                peer, _ = self.tcp.accept()
            except OSError:  # closed, because the address has changed
                return
            with peer:
                peer.settimeout(2)
                try:
                    peer.sendall(json.dumps(self.who).encode())
                except OSError as gone:
                    say("peer went away", error=str(gone))

    def _measure(self) -> None:
        while True:
            try:
                data, peer = self.udp.recvfrom(65535)
                self.udp.sendto(data[:16] + struct.pack("!I", len(data)), peer)
            except OSError as failed:
                if self.udp.fileno() < 0:
                    return
                say("no answer sent", error=str(failed))

    def close(self) -> None:
        """Free the port; the threads end."""
        for one in (self.tcp, self.udp):
            one.close()


def reach(lni: Json, address: str, who: Json, wanted_mtu: int) -> Json:
    """{reached, rttMs, mtu}: whether the peer itself answers on its LAN address; the largest packet that arrives."""
    begun = time.monotonic()
    try:
        with bound(socket.SOCK_STREAM, lni["interface"], lni["address"]) as client:
            client.settimeout(1.5)
            client.connect((address, PORT))
            took = time.monotonic() - begun
            said = json.loads(client.makefile().read())
    except (OSError, ValueError):
        return {"reached": False, "rttMs": None, "mtu": None}
    if said != who:  # somebody else has that address
        return {"reached": False, "rttMs": None, "mtu": None}
    sizes = [wanted_mtu, *(size for size in (1472, 1400, 1300, 1280, 576) if size < wanted_mtu)]
    passed = next((size for size in sizes if arrives(lni, address, size)), None)
    return {"reached": True, "rttMs": round(took * 1000, 2), "mtu": passed}


def arrives(lni: Json, address: str, size: int) -> bool:
    """Whether an IP packet of so many bytes, not to be fragmented, arrives."""
    with bound(socket.SOCK_DGRAM, lni["interface"], lni["address"]) as client:
        client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, ALWAYS_DF)
        client.settimeout(0.3)
        client.connect((address, PORT))
        token = os.urandom(16)
        for _ in range(2):  # one may be lost
            try:
                client.send(token + bytes(size - IP_AND_UDP_HEADERS - len(token)))
                answer = client.recv(64)
            except OSError:  # EMSGSIZE of the interface, or no answer
                continue
            if answer == token + struct.pack("!I", size - IP_AND_UDP_HEADERS):
                return True
    return False
