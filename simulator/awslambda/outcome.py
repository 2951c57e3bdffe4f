"""How an invocation can end, in Lambda's words."""

import json
import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """payload: the function's response, or the error document; status: as in the log's REPORT line."""

    payload: bytes
    status: str = "success"
    error_type: str | None = None

    @property
    def failed(self) -> bool:
        """Whether Lambda says ``FunctionError: Unhandled``."""
        return self.status != "success"

    @property
    def loses_environment(self) -> bool:
        """Whether Lambda resets the execution environment ("Failures during the invoke phase").

        A handler's exception does not: it is the runtime that reports it, and the process goes on.
        """
        return self.failed and self.error_type is not None


def succeeded(payload: bytes) -> Outcome:
    """The handler returned."""
    return Outcome(payload)


def raised(payload: bytes) -> Outcome:
    """The handler raised; awslambdaric made the document."""
    return Outcome(payload, "error")


def timed_out(request_id: str, seconds: int) -> Outcome:
    """Lambda guide, "Troubleshoot invocation issues in Lambda": Sandbox.Timedout.

    Step Functions names a failed task by this errorType. Its guide ("Handle Lambda service exceptions") still says
    Lambda.Unknown for timeouts and lack of memory, which older runtimes gave, without any errorType; state
    machines that run now retry Sandbox.Timedout by name (accelerated-intelligent-document-processing-on-aws #787).
    """
    return _failed(
        "timeout",
        "Sandbox.Timedout",
        f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds",
    )


def exited(request_id: str, status: int) -> Outcome:
    """Lambda guide, "Lambda execution environment lifecycle": Runtime.ExitError. The wording is Go's os/exec's."""
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        reason = f"Runtime exited with error: signal: {_GO_SIGNALS.get(-status, f'signal {-status}')}"
    return _failed("error", "Runtime.ExitError", f"RequestId: {request_id} Error: {reason}")


def init_failed(payload: bytes) -> Outcome:
    """awslambdaric could not load the handler: its document as it came, e.g. Runtime.ImportModuleError."""
    return Outcome(payload, "error", json.loads(payload)["errorType"])


def response_too_large(limit: int) -> Outcome:
    """Lambda guide, "Troubleshoot invocation issues": Function.ResponseSizeTooLarge."""
    message = f"Response payload size exceeded maximum allowed payload size ({limit} bytes)."
    return _failed("error", "Function.ResponseSizeTooLarge", message)


def _failed(status: str, error_type: str, message: str) -> Outcome:
    return Outcome(
        json.dumps({"errorType": error_type, "errorMessage": message}).encode(), status, error_type
    )


# Go's names (syscall/zerrors_linux), Lambda's supervisor being written in Go.
_GO_SIGNALS: dict[int, str] = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}
