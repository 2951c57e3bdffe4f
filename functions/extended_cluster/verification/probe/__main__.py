"""Round after round: look, and write the report."""

import http.client
import ipaddress
import json
import os
import signal
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .api import Api
from .frames import knock, owners
from .link import link
from .names import names
from .peers import Responder, reach
from .said import say

type Json = dict[str, Any]

RUN_LABEL, REPORT_LABEL = "eks-outposts-servers/run", "eks-outposts-servers/report"


class Probe:
    """One node's view of the LAN, round by round."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.api, self.sequence = Api(environment), 0
        self.responder: Responder | None = None
        self.run_id, self.node = environment["RUN_ID"], environment["NODE_NAME"]
        self.outpost_id, self.interface = environment["OUTPOST_ID"], environment["LNI_INTERFACE"]
        self.mtu = int(environment["LNI_MTU"])
        self.failures: dict[str, int] = {}

    def round(self) -> None:
        """Look at everything once and write the report."""
        self.sequence += 1
        of_run = f"{RUN_LABEL}={self.run_id}"
        found = self.api.listed("configmaps", f"{of_run},{REPORT_LABEL}")
        reports = [json.loads(one["data"]["report"]) for one in found]
        services = self.api.listed("services", of_run)
        lni = link(self.interface)
        self._answer_peers(lni)
        report: Json = {
            "runId": self.run_id,
            "sequence": self.sequence,
            "node": self.node,
            "outpostId": self.outpost_id,
            "lni": lni,
            "duplicates": [],
            "peers": {},
            "vips": {},
            "dns": {},
        }
        with ThreadPoolExecutor(16) as pool:
            dns = pool.submit(names)
            if lni["state"] == "up":
                duplicates = pool.submit(owners, lni, lni["address"], claiming=True)
                others = {
                    one["node"]: one for one in reports if one["node"] != self.node and one["lni"]["address"]
                }
                peers = {node: pool.submit(self._peer, lni, one) for node, one in others.items()}
                vips = {
                    one["metadata"]["name"]: pool.submit(self._vip, lni, one)
                    for one in services
                    if address_of(one)
                }
                report["duplicates"] = duplicates.result()
                report["peers"] = {node: future.result() for node, future in peers.items()}
                report["vips"] = {name: future.result() for name, future in vips.items()}
            report["dns"] = self._counted("dns", dns.result(), "ok")
        self._write(report)

    def _answer_peers(self, lni: Json) -> None:
        if self.responder and self.responder.address != lni["address"]:
            self.responder.close()
            self.responder = None
        if not self.responder and lni["state"] == "up":
            who = {"runId": self.run_id, "node": self.node}
            self.responder = Responder(self.interface, lni["address"], who)

    def _peer(self, lni: Json, peer: Json) -> Json:
        node, address = peer["node"], peer["lni"]["address"]
        seen = reach(lni, address, {"runId": self.run_id, "node": node}, self.mtu)
        told = {"outpostId": peer["outpostId"], "address": address, **seen}
        return self._counted(f"peer/{node}", told, "reached")

    def _vip(self, lni: Json, service: Json) -> Json:
        """macs: who owns the address; answered: whether its owner takes connections. Of another LAN: nobody, false."""
        address, port = address_of(service), service["spec"]["ports"][0]["port"]
        lan = ipaddress.IPv4Network(f"{lni['address']}/{lni['prefixLength']}", strict=False)
        macs = owners(lni, address, claiming=False) if ipaddress.IPv4Address(address) in lan else []
        answered = any(knock(lni, mac, address, port) for mac in macs)
        return self._counted(
            f"vip/{address}", {"address": address, "macs": macs, "answered": answered}, "answered"
        )

    def _counted(self, what: str, told: Json, good: str) -> Json:
        """With ``failures``: how many rounds in a row it was not so."""
        self.failures[what] = 0 if told[good] else self.failures.get(what, 0) + 1
        return {**told, "failures": self.failures[what]}

    def _write(self, report: Json) -> None:
        labels = {RUN_LABEL: self.run_id, REPORT_LABEL: "true"}
        written = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"probe-{self.node}", "labels": labels},
            "data": {"report": json.dumps(report)},
        }
        self.api.apply("configmaps", written)


def address_of(service: Json) -> Any:
    """The Service's address on the LAN, if it has one."""
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}]
    return ingress[0].get("ip")


def main(environment: Mapping[str, str]) -> None:
    """Round after round, until the pod is ended. A round that fails is told; the report then grows old."""
    # Process 1 of a container has no default for it, and there is nothing to tidy up.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    probe, period = Probe(environment), float(environment["PERIOD_SECONDS"])
    while True:
        begun = time.monotonic()
        try:
            probe.round()
        except (OSError, http.client.HTTPException) as failed:
            say("round failed", sequence=probe.sequence, error=f"{type(failed).__name__}: {failed}")
        time.sleep(max(0.0, period - (time.monotonic() - begun)))


if __name__ == "__main__":
    main(os.environ)
