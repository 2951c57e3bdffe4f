"""An execution environment: one process of awslambdaric with the function's code."""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty

from simulator.awslambda import outcome
from simulator.awslambda.function import Function
from simulator.awslambda.outcome import Outcome
from simulator.awslambda.runtime_api import (
    RESPONSE_LIMIT,
    Exited,
    InitFailed,
    Ready,
    Request,
    Responded,
    RuntimeApi,
    RuntimeEvent,
    Stranded,
    TooLarge,
)


class Instance:
    """Started by the constructor. Real time: nothing here knows the virtual clock."""

    def __init__(
        self,
        command: Sequence[str],
        task_root: Path,
        environment: Callable[[str], dict[str, str]],
        log_stream: str,
        revision: str,
        log: Path,
        function: Function,
    ) -> None:
        """environment: given the Runtime API's address; log: the file that takes what the process prints."""
        self.function = function
        self.log_stream = log_stream
        self.revision = revision
        self._api = RuntimeApi()
        # A file rather than a pipe: the process never blocks on it, and what was written survives any crash.
        self._log = log
        self._log_read = 0
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the command is the configured interpreter
                command,
                cwd=task_root,
                env=environment(self._api.address),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        threading.Thread(target=self._report_exit, daemon=True).start()

    def initialise(self, request_id: str, timeout: int, patience: float) -> Outcome | None:
        """Wait until the runtime is ready; None, or how the invocation that needed it ends.

        timeout: the function's, in seconds; patience: how long to wait in real seconds.
        """
        match self._next_event(time.monotonic() + patience):
            case None | Stranded():
                return outcome.timed_out(request_id, timeout)
            case InitFailed(payload):
                return outcome.init_failed(payload)
            case Exited(status):
                return outcome.exited(request_id, status)
        return None

    def run(self, request: Request, timeout: int, patience: float) -> Outcome:
        """Have the runtime handle a request; timeout and patience as for ``initialise``."""
        give_up = time.monotonic() + patience
        self._api.give(request)
        while True:
            match self._next_event(give_up):
                case None | Stranded():
                    return outcome.timed_out(request.id, timeout)
                case Responded(request.id, payload, failed):
                    return outcome.raised(payload) if failed else outcome.succeeded(payload)
                case TooLarge(request.id):
                    return outcome.response_too_large(RESPONSE_LIMIT)
                case Exited(status):
                    return outcome.exited(request.id, status)
                case InitFailed() | Responded() | TooLarge() | Ready():
                    continue

    @property
    def alive(self) -> bool:
        """Whether the process can take another request."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def strand(self) -> None:
        """What the process has begun never ends: its time is up, without a wait in real time."""
        self._api.events.put(Stranded())

    def peak_memory(self) -> int:
        """Megabytes of memory used at most so far, by this machine's count; 0 when the process is gone."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return 0
        peak = re.search(r"VmHWM:\s+(\d+) kB", status)
        return -(-int(peak[1]) // 1024) if peak else 0

    def new_output(self) -> str:
        """What the process printed since the last look."""
        with self._log.open("rb") as output:
            output.seek(self._log_read)
            new = output.read()
        self._log_read += len(new)
        return new.decode(errors="replace")

    def close(self) -> None:
        """Kill the process and all that it started, and wait for its end."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._api.close()

    def _report_exit(self) -> None:
        self._api.events.put(Exited(self._process.wait()))

    def _next_event(self, give_up: float) -> RuntimeEvent | None:
        try:
            return self._api.events.get(timeout=max(0.0, give_up - time.monotonic()))
        except Empty:
            return None
