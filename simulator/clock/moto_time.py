"""Points moto's modules at the virtual clock.

moto reads the real time through ``time`` and ``datetime``, and its Step Functions interpreter waits and
runs its branches through ``time`` and ``threading``. Those names are replaced inside moto's modules, and
nowhere else, by modules that ask the clock. Everything else about moto stays as it is. moto keeps its state
in its modules, so one process has one cloud at a time: the latest.
"""

import datetime as real_datetime
import sys
import threading as real_threading
import time as real_time
from collections.abc import Callable
from datetime import UTC, tzinfo
from types import ModuleType
from typing import Any

from simulator.clock.kernel import Clock, Event

# Only the interpreter's threads take turns; moto's own server threads, if any, are none of the clock's.
_INTERPRETER = "moto.stepfunctions"


class _Current:
    """The clock that moto asks; replaced names stay replaced when a new cloud brings a new clock."""

    clock: Clock | None = None


def point_moto_at(clock: Clock) -> None:
    """Replace time, datetime and (for Step Functions) threading in every moto module imported so far."""
    first = _Current.clock is None
    _Current.clock = clock
    if first:
        _replace_everywhere()


def _clock() -> Clock:
    if _Current.clock is None:
        raise RuntimeError("moto has not been pointed at a clock")
    return _Current.clock


def _replace_everywhere() -> None:
    datetime_class = _virtual_datetime()
    datetime_module = _like(real_datetime, datetime=datetime_class)
    time_module = _like(real_time, time=_time, sleep=_sleep, time_ns=lambda: int(_time() * 1e9))
    thread_class = _virtual_thread()
    threading_module = _like(real_threading, Thread=thread_class, Event=_event)
    everywhere: list[tuple[Any, Any]] = [
        (real_datetime, datetime_module),
        (real_datetime.datetime, datetime_class),
        (real_time, time_module),
        (real_time.time, _time),
        (real_time.sleep, _sleep),
    ]
    interpreter: list[tuple[Any, Any]] = [
        (real_threading, threading_module),
        (real_threading.Thread, thread_class),
        (real_threading.Event, _event),
    ]
    for name, module in list(sys.modules.items()):
        if name.startswith("moto."):
            _replace(module, everywhere + (interpreter if name.startswith(_INTERPRETER) else []))


def _time() -> float:
    return _clock().time()


def _sleep(seconds: float) -> None:
    _clock().sleep(seconds)


def _event() -> Event:
    return _clock().event()


def _replace(module: ModuleType, substitutes: list[tuple[Any, Any]]) -> None:
    for attribute, value in list(vars(module).items()):
        for real, virtual in substitutes:
            if value is real:
                setattr(module, attribute, virtual)


def _like(real: ModuleType, **replaced: Any) -> ModuleType:
    """A module with the real one's contents, some of them replaced."""
    module = ModuleType(real.__name__)
    vars(module).update({**vars(real), **replaced})
    return module


def _virtual_datetime() -> type[real_datetime.datetime]:
    class AnyDatetime(type):
        """Real datetimes, which libraries hand to moto, are instances of the virtual class too."""

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, real_datetime.datetime)

    class VirtualDatetime(real_datetime.datetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return _clock().now().astimezone(tz) if tz else cls.utcnow()

        @classmethod
        def utcnow(cls) -> Any:
            return _clock().now().astimezone(UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return cls.utcnow()

    return VirtualDatetime


def _virtual_thread() -> type:
    class VirtualThread:
        """The part of ``threading.Thread`` that the interpreter uses, run in the clock's turns."""

        def __init__(
            self,
            target: Callable[..., None],
            args: tuple[Any, ...] = (),
            name: str | None = None,
            daemon: bool | None = None,  # noqa: ARG002 - every thread of the clock is a daemon
        ) -> None:
            self.native_id: int | None = None
            self._target = target
            self._args = args
            self._name = name or "interpreter"
            self._ended: Event = _event()

        def start(self) -> None:
            self.native_id = _clock().spawn(self._run, self._name).native_id

        def _run(self) -> None:
            try:
                self._target(*self._args)
            except RuntimeError as ended:
                # A branch of an execution that was stopped or timed out wants to go on, and moto's environment
                # refuses: that is its end.
                if not any(state in str(ended) for state in ("ProgramStopped", "ProgramTimedOut")):
                    raise
            finally:
                self._ended.set()

        def join(self, timeout: float | None = None) -> None:
            self._ended.wait(timeout)

        def is_alive(self) -> bool:
            return not self._ended.is_set()

    return VirtualThread
