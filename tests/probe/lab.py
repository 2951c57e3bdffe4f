"""A LAN and a VPC of Linux network namespaces, in which the real probe runs.

Everything is inside one holder with a network and mounts of its own, which ends with this process; nothing of the
machine is touched. It takes Linux, iproute2, util-linux and root, or user namespaces for everybody.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from extended_cluster.verification import objects
from tests.probe import authority

type Json = dict[str, Any]

API_ADDRESS, RUN_ID = "10.0.0.1", "0123456789abcdef"
_ROOT = Path(__file__).resolve().parents[2]
_SECRETS = "/run/secrets/kubernetes.io/serviceaccount"
# Mounts over /run and /etc/resolv.conf are seen inside the holder alone.
_SETUP = f"""
set -eu
mount -t tmpfs tmpfs /run
mkdir -p /run/netns {_SECRETS}
cp "$1/ca.crt" "$1/token" {_SECRETS}
mount --bind "$1/resolv.conf" /etc/resolv.conf
ip link set lo up
ip link add lan type bridge
ip link add vpc type bridge
ip address add {API_ADDRESS}/24 dev vpc
ip link set lan up
ip link set vpc up
"""


class Lab:
    """Nodes with ens5 in the VPC and ens6 on the LAN, an API server and the cluster's DNS."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.reports = folder, folder / "reports"
        self.nodes: dict[str, str] = {}
        self._programs: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.reports.mkdir()
        (self.folder / "probe").mkdir()
        for name, text in objects.program().items():
            (self.folder / "probe" / name).write_text(text)
        (self.folder / "token").write_text("a-token\n")
        (self.folder / "resolv.conf").write_text(f"search example.com\nnameserver {API_ADDRESS}\n")
        (self.folder / "services.json").write_text("[]")
        authority.write(self.folder, API_ADDRESS)
        own_user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        self._user = ["--user", "--preserve-credentials"] if own_user else []
        self._holder = subprocess.Popen(
            ["unshare", *own_user, "--net", "--mount", "sh", "-c", "echo ready; exec cat"],
            stdin=subprocess.PIPE,  # cat ends with us, however we end
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout
        if self._holder.stdout.readline() != b"ready\n":
            raise RuntimeError(
                "no network namespace could be made: the probe's test needs root, or user namespaces"
            )
        self.run("sh", "-c", _SETUP, "setup", str(self.folder))
        self.start([sys.executable, "-m", "tests.probe.api_server", str(self.folder), API_ADDRESS], _ROOT)
        return self

    def __exit__(self, *_: object) -> None:
        for started in self._programs:
            started.terminate()
        for started in self._programs:
            started.wait(10)
        self._holder.communicate(timeout=10)  # its standard input ends, and with it cat

    def _inside(self, node: str | None) -> list[str]:
        enter = ["nsenter", "--target", str(self._holder.pid), *self._user, "--net", "--mount"]
        return [*enter, f"--wd={self.folder}", *(["ip", "netns", "exec", node] if node else [])]

    def run(self, *command: str, node: str | None = None) -> str:
        """A command in the node's network, or in the one that they all hang on; fails loudly."""
        done = subprocess.run(
            [*self._inside(node), *command], capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def start(
        self,
        command: list[str],
        where: Path,
        node: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[bytes]":
        """A program that runs until the lab ends."""
        inside = self._inside(node)
        inside[inside.index(f"--wd={self.folder}")] = f"--wd={where}"
        started = subprocess.Popen([*inside, *command], env={**os.environ, **(environment or {})})
        self._programs.append(started)
        return started

    def host(self, name: str, number: int, *, lan: str) -> None:
        """A machine with both interfaces: 10.0.0.<number> in the VPC, and this address on the LAN."""
        made = ["set -e", f"ip netns add {name}"]
        for bridge, interface, address in (("vpc", "ens5", f"10.0.0.{number}/24"), ("lan", "ens6", lan)):
            made += [
                f"ip link add {name}-{bridge} type veth peer name {interface} netns {name}",
                f"ip link set {name}-{bridge} master {bridge} up",
                f"ip -n {name} address add {address} dev {interface}",
                f"ip -n {name} link set {interface} up",
            ]
        self.run("sh", "-c", "\n".join(made))

    def probe(self, name: str, outpost_id: str, interface: str = "ens6") -> "subprocess.Popen[bytes]":
        """The real program in that machine."""
        environment = {
            "KUBERNETES_SERVICE_HOST": API_ADDRESS,
            "KUBERNETES_SERVICE_PORT": "6443",
            "NAMESPACE": "verify",
            "RUN_ID": RUN_ID,
            "NODE_NAME": name,
            "OUTPOST_ID": outpost_id,
            "LNI_INTERFACE": interface,
            "LNI_MTU": "1500",
            "PERIOD_SECONDS": "0.2",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return self.start([sys.executable, "-m", "probe"], self.folder, name, environment)

    def mac(self, name: str) -> str:
        """Of the machine's interface on the LAN."""
        ((told),) = json.loads(self.run("ip", "-json", "link", "show", "ens6", node=name))
        return str(told["address"])

    def report(self, name: str) -> Json:
        """The newest report of a node; empty before the first."""
        path = self.reports / f"probe-{name}.json"
        written: Json = json.loads(path.read_text()) if path.exists() else {}
        return json.loads(written["data"]["report"]) if written else {}

    def until(self, what: Callable[[], bool], seconds: float = 12) -> None:
        """Wait for something; fails loudly when it does not come."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, "it did not come"
            time.sleep(0.05)
