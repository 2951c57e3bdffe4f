"""What a test or a person may ask the simulator itself, beside AWS's own APIs: ``/_simulator/...``, JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from simulator.bulk import Edge, make
from simulator.call import AwsError
from simulator.ec2.lni import is_disturbed, is_lni
from simulator.iam import open_account

if TYPE_CHECKING:
    from simulator.cloud import Cloud

PREFIX = "/_simulator"


class Control:
    """A WSGI application for the paths below ``PREFIX``."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._routes = Map(
            [
                Rule(f"{PREFIX}/clock", methods=["GET"], endpoint=self._clock),
                Rule(f"{PREFIX}/clock/hold", methods=["POST"], endpoint=self._hold),
                Rule(f"{PREFIX}/clock/release", methods=["POST"], endpoint=self._release),
                Rule(f"{PREFIX}/clock/advance", methods=["POST"], endpoint=self._advance),
                Rule(f"{PREFIX}/breakpoint", methods=["GET"], endpoint=self._breakpoint),
                Rule(f"{PREFIX}/breakpoint", methods=["POST"], endpoint=self._arm),
                Rule(f"{PREFIX}/calls", methods=["GET"], endpoint=self._calls),
                Rule(f"{PREFIX}/account", methods=["POST"], endpoint=self._account),
                Rule(f"{PREFIX}/edge", methods=["POST"], endpoint=self._edge),
                Rule(f"{PREFIX}/interface", methods=["GET"], endpoint=self._interface),
                Rule(f"{PREFIX}/guest", methods=["GET"], endpoint=self._guest),
                Rule(f"{PREFIX}/lan", methods=["POST"], endpoint=self._lan),
            ]
        )

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        try:
            action, _ = self._routes.bind_to_environ(environ).match()
            answer = self._answer(action, request)
        except HTTPException as refused:
            return refused.get_response(environ)(environ, start_response)
        return answer(environ, start_response)

    @staticmethod
    def _answer(action: Callable[[Request], Any], request: Request) -> Response:
        return Response(json.dumps(action(request)), mimetype="application/json")

    def _clock(self, _: Request) -> dict[str, Any]:
        clock = self._cloud.clock
        return {"now": clock.now().isoformat(), "elapsed": clock.elapsed(), "idle": clock.idle()}

    def _hold(self, request: Request) -> dict[str, Any]:
        self._cloud.clock.hold()
        return self._clock(request)

    def _release(self, request: Request) -> dict[str, Any]:
        self._cloud.clock.release()
        return self._clock(request)

    def _advance(self, request: Request) -> dict[str, Any]:
        self._cloud.clock.sleep(float(request.args["seconds"]))
        return self._clock(request)

    def _breakpoint(self, _: Request) -> dict[str, Any]:
        return {"reached": self._cloud.breakpoint.reached}

    def _arm(self, request: Request) -> dict[str, Any]:
        """Hold the clock at the next invocation of a function (``?function=`` part of its name)."""
        self._cloud.breakpoint.arm(request.args["function"])
        return self._breakpoint(request)

    def _calls(self, request: Request) -> list[dict[str, Any]]:
        """Every API call from the given index on (``?since=``)."""
        return [asdict(entry) for entry in self._cloud.audit.entries[int(request.args.get("since", 0)) :]]

    def _account(self, request: Request) -> dict[str, str]:
        """Open another account (``?id=``, twelve digits): access keys of its administrator."""
        try:
            key, secret = open_account(self._cloud, request.args["id"])
        except ValueError as malformed:
            raise BadRequest(str(malformed)) from malformed
        return {"AccessKeyId": key, "SecretAccessKey": secret}

    def _edge(self, request: Request) -> dict[str, list[str]]:
        """Make many servers and subnets at once; the body: the fields of ``bulk.Edge``."""
        try:
            return make(self._cloud, Edge(**request.get_json()))
        except (TypeError, ValueError) as wrong:
            raise BadRequest(str(wrong)) from wrong

    @staticmethod
    def _interface(request: Request) -> dict[str, bool]:
        """What no AWS API tells of a network interface (``?id=``): whether it is an LNI, and whether its subnet's
        index was changed under it."""
        backends = [backend for backends in ec2_backends.values() for backend in backends.values()]
        found = next((b.enis[request.args["id"]] for b in backends if request.args["id"] in b.enis), None)
        if found is None:
            raise NotFound(f"no network interface {request.args['id']}")
        return {"lni": is_lni(found), "disturbed": is_disturbed(found)}

    def _lan(self, request: Request) -> dict[str, Any]:
        """Do something to the servers' LANs; the body: ``unplugged`` and ``silent`` (instance ids), ``strangers``
        (address -> MAC address), ``mtu``, each in place of what it was. What holds now (guest/lan.py)."""
        lan, asked = self._cloud.guest.lan, request.get_json()
        if unknown := sorted(set(asked) - {"unplugged", "silent", "strangers", "mtu"}):
            raise BadRequest(f"nothing of a LAN is called {unknown[0]}")
        lan.unplugged = set(asked.get("unplugged", lan.unplugged))
        lan.silent = set(asked.get("silent", lan.silent))
        lan.strangers = dict(asked.get("strangers", lan.strangers))
        lan.mtu = int(asked.get("mtu", lan.mtu))
        return {
            "unplugged": sorted(lan.unplugged),
            "silent": sorted(lan.silent),
            "strangers": lan.strangers,
            "mtu": lan.mtu,
        }

    def _guest(self, request: Request) -> dict[str, Any]:
        """Whether an instance has joined its cluster and its LNI is up, or why not (``?instance=``)."""
        try:
            return self._cloud.guest.report(request.args["instance"])
        except AwsError as unknown:
            raise NotFound(unknown.message) from unknown
