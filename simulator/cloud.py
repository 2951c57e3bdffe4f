"""The embedded AWS: layers of operations around moto, one clock, one seed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from botocore.handlers import json_decode_policies
from botocore.response import StreamingBody

from simulator.audit import Audit
from simulator.breakpoint import Breakpoint
from simulator.call import (
    ACCOUNT,
    ADMINISTRATOR,
    REGION,
    Answer,
    AwsError,
    Call,
    Caller,
    Layer,
    Operation,
    Place,
    Proceed,
)
from simulator.clock.kernel import Clock
from simulator.clock.moto_time import point_moto_at
from simulator.gateway import Gateway
from simulator.latency import Latencies, load
from simulator.moto_server import application, client_of
from simulator.outposts.world import World
from simulator.outposts.world import load as load_world
from simulator.trail.management import is_read_only

if TYPE_CHECKING:
    from simulator.awslambda.functions import Functions
    from simulator.deploy.nested import NestedStacks
    from simulator.eks.records import Store
    from simulator.guest import Guest
    from simulator.iam.credentials import Credentials, Sessions
    from simulator.kube import ControlPlanes
    from simulator.trail.eventbridge import EventBridge


class Cloud:
    """Everything the simulated accounts have; ``account`` and ``region`` are those the application lives in.

    A call passes the layers given to ``wrap`` (outermost first), then the operations of its name given to
    ``install`` (latest first), and ends at moto.
    """

    account = ACCOUNT
    region = REGION
    # Set by the packages that own them, when they are installed (see ``assemble``).
    functions: "Functions"
    sessions: "Sessions"
    events: "EventBridge"
    clusters: "Store"
    guest: "Guest"
    nested_stacks: "NestedStacks"
    control_planes: "ControlPlanes"
    # The interpreter of the environment that holds what Lambda's managed runtime brings, and nothing else.
    lambda_runtime = Path(".lambda-runtime/bin/python").absolute()

    def __init__(self, seed: int = 1, start: datetime | None = None, world: World | None = None) -> None:
        """world: another one than ``data/world.yaml`` describes."""
        self.seed = seed
        self.world = world or load_world()
        self.clock = Clock(start or datetime.now(UTC))
        self.url = "http://127.0.0.1"
        self.moto_application = application(seed)
        point_moto_at(self.clock)
        self.gateway = Gateway(self)
        self.audit = Audit(self.clock)
        self.breakpoint = Breakpoint(self.clock)
        # How many calls so far may have changed something: what was looked up before the latest one may be old.
        self.changes = 0
        self._latencies = Latencies(seed, load())
        self._layers: list[Layer] = []
        self._operations: dict[str, list[Operation]] = {}
        self._clients: dict[tuple[str, Caller, str], Any] = {}
        self._moto_clients: dict[tuple[str, str, str], Any] = {}

    def install(self, operations: Mapping[str, Operation]) -> None:
        """Give operations by name (``ec2.CreateSubnet``); a later one wraps an earlier one."""
        for name, operation in operations.items():
            self._operations.setdefault(name, []).append(operation)

    def wrap(self, layer: Layer) -> None:
        """Put a layer around every call, inside the layers given before."""
        self._layers.append(layer)

    def handle(self, call: Call, innermost: Proceed | None = None) -> Answer:
        """Take a call through all layers. innermost: what answers at the end instead of moto's client."""
        self.changes += not is_read_only(call)
        proceed = innermost or self.moto
        for operation in self._operations.get(call.name, ()):
            proceed = _around(operation, proceed)
        for layer in reversed(self._layers):
            proceed = _around(layer, proceed)
        return proceed(call)

    def call(self, service: str, operation: str, caller: Caller = ADMINISTRATOR, **params: Any) -> Answer:
        """Call an operation from inside the simulator, through all layers, without going over the wire."""
        return self.handle(Call(service, operation, params, caller))

    def client(self, service: str, caller: Caller = ADMINISTRATOR, region: str = REGION) -> Any:
        """A boto3 client from inside the simulator, through all layers."""
        key = (service, caller, region)
        if key not in self._clients:
            environ = {"simulator.caller": caller}
            self._clients[key] = client_of(self.gateway, service, self.url, environ, region)
        return self._clients[key]

    def moto(self, call: Call) -> Answer:
        """Ask moto, past every layer. Its errors are AwsError; bodies are read to bytes."""
        place = (call.service, call.account, call.region)
        if place not in self._moto_clients:
            # moto's own way to be told the account (moto documentation, "Multi-account support").
            environ = {"HTTP_X_MOTO_ACCOUNT_ID": call.account}
            client = client_of(self.moto_application, call.service, self.url, environ, call.region)
            # boto3 turns IAM's policy documents into dictionaries; they go back on the wire as they came.
            client.meta.events.unregister("after-call.iam", json_decode_policies)
            self._moto_clients[place] = client
        client = self._moto_clients[place]
        method = getattr(client, _method_name(client, call.operation))
        try:
            answer: Answer = method(**call.params)
        except ClientError as refused:
            error = refused.response["Error"]
            status = refused.response["ResponseMetadata"]["HTTPStatusCode"]
            raise AwsError(error["Code"], error["Message"], status) from refused
        answer.pop("ResponseMetadata", None)
        return {k: v.read() if isinstance(v, StreamingBody) else v for k, v in answer.items()}

    def latency(self, name: str, key: str) -> float:
        """Seconds; the same for the same seed, name, key and count of earlier draws."""
        return self._latencies.draw(name, key)

    def emit(
        self,
        source: str,
        detail_type: str,
        detail: dict[str, Any],
        resources: list[str] | None = None,
        place: Place | None = None,
    ) -> None:
        """Put an AWS service's event on a default event bus; place: whose, if not the application's."""
        self.events.emit(source, detail_type, detail, resources or [], place or self)

    def role_credentials(self, role_arn: str, session_name: str) -> "Credentials":
        """Temporary credentials of a role."""
        return self.sessions.issue(role_arn, session_name)


def _around(layer: Layer, proceed: Proceed) -> Proceed:
    return lambda call: layer(call, proceed)


def _method_name(client: Any, operation: str) -> str:
    names = client.meta.method_to_api_mapping
    return next(str(method) for method, name in names.items() if name == operation)
