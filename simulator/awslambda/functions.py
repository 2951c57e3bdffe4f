"""The Lambda service's data plane: functions, their execution environments, and Invoke."""

import atexit
import contextlib
import json
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from simulator.awslambda import logs, network, outcome, peer
from simulator.awslambda.code import CodeStore
from simulator.awslambda.environment import variables
from simulator.awslambda.function import Function, arn_of
from simulator.awslambda.instance import Instance
from simulator.awslambda.layers import Layers
from simulator.awslambda.outcome import Outcome
from simulator.awslambda.runtime_api import Request
from simulator.awslambda.settings import function_name
from simulator.call import AwsError, Caller, NotModelled
from simulator.cloudwatch.metrics import metric
from simulator.faults import crashes
from simulator.iam.credentials import account_of

if TYPE_CHECKING:
    from simulator.cloud import Cloud

# Lambda quotas: 6 MB of request payload for synchronous invocations.
PAYLOAD_LIMIT = 6_291_456
# Seconds of real time that a process may take, however short the function's timeout: a busy machine is no timeout.
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Invocation:
    """What an invocation came to. error: ``Unhandled`` or None; log_tail: the last 4 KB of its log."""

    request_id: str
    payload: bytes
    error: str | None
    log_tail: bytes


class Functions:
    """One account's functions and their processes. ``close`` ends them all."""

    def __init__(self, cloud: "Cloud", python: Path, account: str) -> None:
        """python: the interpreter of an environment that holds what the managed runtime does, and no more."""
        self.python = python
        self.patience = PATIENCE
        self.by_name: dict[str, Function] = {}
        self._cloud = cloud
        self._account = account
        self._folder = Path(tempfile.mkdtemp(prefix="lambda-"))
        self.code = CodeStore(cloud, self._folder)
        self.layers = Layers(cloud, self.code)
        self._idle: defaultdict[str, list[Instance]] = defaultdict(list)
        self._instances: set[Instance] = set()
        self._running: defaultdict[str, list[Instance]] = defaultdict(list)
        self._prolonged: defaultdict[str, float] = defaultdict(float)
        self._numbers = count(1)
        atexit.register(self.close)

    def get(self, reference: str) -> Function:
        """By name or ARN."""
        if reference.startswith("arn:") and account_of(reference) != self._account:
            raise NotModelled(f"a function of another account ({reference})")
        name = function_name(reference)
        if name not in self.by_name:
            raise AwsError(
                "ResourceNotFoundException", f"Function not found: {arn_of(name, self._account)}", 404
            )
        return self.by_name[name]

    def invoke(
        self, reference: str, payload: bytes, caller: Caller | None = None, request_id: str | None = None
    ) -> Invocation:
        """Invoke synchronously, in the calling thread's turn. Virtual time passes after the process has answered.

        caller: who asks, where it is known; a function that invokes a function is not modelled, because time
        cannot pass for the inner one while the outer one runs. request_id: of an earlier attempt at the same event.
        """
        function = self.get(reference)
        _check_payload(payload)
        if caller is not None and self._running[caller.arn]:
            raise NotModelled("a function that invokes a function")
        request_id = request_id or str(uuid4())
        instance = self._take_idle(function)
        init_duration: float | None = None
        ended: Outcome | None = None
        if instance is None:
            instance = self._start(function)
            ended = self._initialise(function, instance, request_id)
            init_duration = self._cloud.latency("lambda.init", function.name)
            self._cloud.clock.sleep(init_duration)
        started = self._cloud.clock.time()
        duration = 0.0
        if ended is None:
            ended, duration = self._handle(function, instance, request_id, payload)
        report = logs.Report(
            request_id=request_id,
            started=started,
            ended=self._cloud.clock.time(),
            duration=duration,
            init_duration=init_duration,
            memory_size=function.settings["MemorySize"],
            memory_used=instance.peak_memory(),
            outcome=ended,
        )
        self._put_back(function, instance, ended)
        tail = self._log(function, instance, report)
        # Lambda guide, "Types of metrics for Lambda functions": Errors is 0 for an invocation without one.
        if self._account == self._cloud.account:  # as simulator/cloudwatch
            errors = metric("AWS/Lambda", "Errors", {"FunctionName": function.name})
            self._cloud.metrics.record(errors, float(ended.failed))
        return Invocation(request_id, ended.payload, "Unhandled" if ended.failed else None, tail)

    def connected(self, client_port: int, server_port: int, *, in_vpc: bool = False) -> Instance | None:
        """The process that holds the client's end of a connection on loopback; None if no function's does.

        in_vpc: functions outside of any VPC do not count.
        """
        instances = {
            instance.pid: instance
            for instance in list(self._instances)
            if not in_vpc or network.vpc_of(instance.function)
        }
        pid = peer.holder(instances, client_port, server_port) if instances else None
        return None if pid is None else instances[pid]

    def runs(self, caller: Caller) -> bool:
        """Whether the caller is a function whose process runs right now."""
        return bool(self._running.get(caller.arn))

    def kill(self, caller: Caller) -> None:
        """End the process of the function that makes a call."""
        instances = self._running[caller.arn]
        if len(instances) != 1:
            # The credentials name the function, not the environment.
            raise NotModelled("the crash of a function that runs several times at the same moment")
        instances[0].kill()

    def prolong(self, caller: Caller, seconds: float) -> None:
        """Make the invocation of the function that makes a call take that many virtual seconds longer."""
        self._prolonged[caller.arn] += seconds

    def forget(self, name: str) -> None:
        """A function is deleted."""
        del self.by_name[name]
        for instance in self._idle.pop(name, []):
            self._discard(instance)

    def close(self) -> None:
        """End every process and remove what they left on disk."""
        for instance in list(self._instances):
            self._discard(instance)
        self._idle.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.close)

    # -- one invocation -----------------------------------------------------------------------------------

    def _take_idle(self, function: Function) -> Instance | None:
        """An environment that is warm and still of the function's latest revision."""
        idle = self._idle[function.name]
        while idle:
            instance = idle.pop()
            if instance.alive and instance.revision == function.revision:
                return instance
            self._discard(instance)
        return None

    def _start(self, function: Function) -> Instance:
        if not self.python.exists():
            raise FileNotFoundError(
                f"{self.python}: make the functions' environment with `python3.13 -m venv {self.python.parents[1]}` "
                f"and `{self.python} -m pip install -r requirements/lambda-runtime.txt`"
            )
        settings = function.settings
        task_root = self.code.unpacked(function.code)
        layers = self.layers.codes(settings)
        opt = self.code.opt(layers) if layers else None
        log_stream = logs.stream_name(function.name, settings["LoggingConfig"], self._cloud.clock.now())
        credentials = self._cloud.role_credentials(settings["Role"], function.name)
        # -B: nothing is written into the code's folder, which is read-only on Lambda.
        # -m puts the working directory, the task root, first on sys.path, where Lambda has it.
        instance = Instance(
            [str(self.python), "-B", "-m", "awslambdaric", settings["Handler"]],
            task_root,
            lambda runtime_api: variables(
                function.name,
                settings,
                credentials,
                endpoint_url=self._cloud.url,
                runtime_api=runtime_api,
                log_stream=log_stream,
                task_root=str(task_root),
                opt=opt,
                runtime_dir=str(self.python.parents[1]),
            ),
            log_stream,
            function.revision,
            self._folder / f"{next(self._numbers)}.log",
            function,
        )
        self._instances.add(instance)
        return instance

    def _initialise(self, function: Function, instance: Instance, request_id: str) -> Outcome | None:
        timeout: int = function.settings["Timeout"]
        with self._one_instant(function, instance):
            return instance.initialise(request_id, timeout, max(timeout, self.patience))

    def _handle(
        self, function: Function, instance: Instance, request_id: str, payload: bytes
    ) -> tuple[Outcome, float]:
        """The outcome, and the virtual seconds it took, which have passed."""
        timeout: int = function.settings["Timeout"]
        # The deadline is by the machine's clock, which is the one the process reads: get_remaining_time_in_millis()
        # is right. By the virtual clock it would be years off.
        deadline = int((time.time() + timeout) * 1000)
        request = Request(request_id, payload or b"{}", deadline, function.arn, self._trace_id(function))
        with self._one_instant(function, instance):
            ended = self._run(function, instance, request)
        duration = self._cloud.latency("lambda.invoke", function.name)
        duration += self._prolonged.pop(function.caller().arn, 0.0)
        if duration > timeout:
            ended = outcome.timed_out(request_id, timeout)
        if ended.status == "timeout":
            duration = float(timeout)
        self._cloud.clock.sleep(duration)
        return ended, duration

    def _run(self, function: Function, instance: Instance, request: Request) -> Outcome:
        faults, timeout = self._cloud.faults, function.settings["Timeout"]
        if crashes.strikes(faults, function.name, "start"):
            return outcome.exited(request.id, instance.kill())
        ended = instance.run(request, timeout, max(timeout, self.patience))
        if not ended.loses_environment and crashes.strikes(faults, function.name, "end"):
            return outcome.exited(request.id, instance.kill())
        return ended

    def _put_back(self, function: Function, instance: Instance, ended: Outcome) -> None:
        if ended.loses_environment or self.by_name.get(function.name) is not function:
            self._discard(instance)
        else:
            self._idle[function.name].append(instance)

    def _log(self, function: Function, instance: Instance, report: logs.Report) -> bytes:
        logging = function.settings["LoggingConfig"]
        events = logs.lines(report, instance.new_output(), logging)
        logs.deliver(self._cloud, function.caller(), logging["LogGroup"], instance.log_stream, events)
        return "".join(f"{message}\n" for _, message in events).encode()[-4096:]

    @contextlib.contextmanager
    def _one_instant(self, function: Function, instance: Instance) -> Iterator[None]:
        """Virtual time stands still while a process runs in real time, whatever thread waits for it."""
        session = function.caller().arn
        self._running[session].append(instance)
        self._cloud.clock.hold()
        try:
            yield
        finally:
            self._cloud.clock.release()
            self._running[session].remove(instance)

    def _trace_id(self, function: Function) -> str:
        """X-Ray guide, "Tracing header"; every invocation is sampled when tracing is Active (assumed: no sampling)."""
        sampled = int(function.settings["TracingConfig"]["Mode"] == "Active")
        epoch = f"{int(self._cloud.clock.time()):08x}"
        return f"Root=1-{epoch}-{uuid4().hex[:24]};Parent={uuid4().hex[:16]};Sampled={sampled}"

    def _discard(self, instance: Instance) -> None:
        self._instances.discard(instance)
        instance.close()


def _check_payload(payload: bytes) -> None:
    if len(payload) > PAYLOAD_LIMIT:
        raise AwsError(
            "RequestTooLargeException",
            f"Request must be smaller than {PAYLOAD_LIMIT} bytes for the InvokeFunction operation",
            413,
        )
    try:
        json.loads(payload or b"{}")
    except ValueError as bad:
        raise AwsError(
            "InvalidRequestContentException",
            f"Could not parse request body into json: {bad}",
            400,
            Type="User",
        ) from bad
