"""Virtual time for threads: it passes only while nothing is runnable, and then it jumps.

Threads that the clock knows (started by ``spawn`` or by a timer) run one at a time, in the order in which
they became runnable, so that the same seed gives the same timeline. A thread that sleeps or waits hands its
turn on; when every thread sleeps or waits, the clock jumps to the next timer. What a thread does in real
time (waiting for a Lambda process, say) takes no virtual time at all: it keeps its turn meanwhile.

Other threads (the HTTP server's) run at any moment. When one of them sleeps or waits here it takes a turn
like the rest, for as long as that call lasts.
"""

import heapq
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

log = logging.getLogger(__name__)

# Decimals of a second. AWS tells times in milliseconds; finer ones would make equal timelines look different.
RESOLUTION = 3
TICK = 10.0**-RESOLUTION

type Action = Callable[[], None]


class _Turn:
    """One thread's right to run: taken from the queue, given back when it sleeps, waits or ends."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.granted = threading.Semaphore(0)


class Timer:
    """Something that happens at a virtual time, unless cancelled before."""

    def __init__(self, clock: "Clock", due: float, action: Action, *, background: bool) -> None:
        self.due = due
        self.background = background
        self.pending = True
        self._clock = clock
        self._action = action

    def cancel(self) -> None:
        """Make it not happen; harmless afterwards."""
        with self._clock._lock:
            self._settle()

    def _fire(self) -> None:
        """Run the action; the clock does this with its lock held, so the action must not block."""
        self._settle()
        self._action()

    def _settle(self) -> None:
        if self.pending and not self.background:
            self._clock._foreground_timers -= 1
        self.pending = False


class Event:
    """``threading.Event`` in virtual time."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self._is_set = False
        self._waiters: list[Action] = []

    def is_set(self) -> bool:
        """Whether the event has happened."""
        return self._is_set

    def set(self) -> None:
        """Let every waiter run on."""
        with self._clock._lock:
            self._is_set = True
            waiters, self._waiters = self._waiters, []
            for wake in waiters:
                wake()
            self._clock._hand_on()

    def clear(self) -> None:
        """Make later waits wait again."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait at most timeout virtual seconds; returns whether the event happened."""
        if not self._is_set:
            self._clock._block(timeout, self)
        return self._is_set


class Clock:
    """See the module's docstring. Times are seconds since 1970, UTC."""

    def __init__(self, start: datetime) -> None:
        """start: an aware datetime, the virtual time of the beginning."""
        self._now = round(start.timestamp(), RESOLUTION)
        self._start = self._now
        self._lock = threading.RLock()
        self._order = itertools.count()
        self._runnable: deque[_Turn] = deque()
        self._running: _Turn | None = None
        self._timers: list[tuple[float, int, Timer]] = []
        self._foreground_timers = 0
        self._holds = 0
        self._threads = threading.local()
        # What escaped from a timer's action: a defect of the simulator, so the gateway refuses to go on.
        self.broken: list[Exception] = []

    def now(self) -> datetime:
        """The virtual time, aware, UTC."""
        return datetime.fromtimestamp(self._now, UTC)

    def time(self) -> float:
        """The virtual time in seconds since 1970."""
        return self._now

    def elapsed(self) -> float:
        """Virtual seconds since the beginning."""
        return self._now - self._start

    def event(self) -> Event:
        """A new event of this clock."""
        return Event(self)

    def sleep(self, seconds: float) -> None:
        """Let that much virtual time pass for this thread."""
        self._block(max(0.0, seconds), None)

    def spawn(self, action: Action, name: str) -> threading.Thread:
        """Run the action on a thread of its own, in its turn."""
        turn = _Turn(name)

        def run() -> None:
            turn.granted.acquire()
            self._threads.turn = turn
            try:
                action()
            finally:
                self._threads.turn = None
                with self._lock:
                    self._running = None
                    self._hand_on()

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        with self._lock:
            self._runnable.append(turn)
            self._hand_on()
        return thread

    def call_later(self, seconds: float, action: Action, *, background: bool = False) -> Timer:
        """Run the action that much later, on a thread of its own.

        background: such a timer fires when its time has come, but does not by itself make time pass, so that
        an endless schedule does not race through the years while nobody is looking.
        """
        name = getattr(action, "__qualname__", "timer")
        due = self._after(seconds)
        timer = Timer(self, due, lambda: self._spawn_timer(action, name), background=background)
        with self._lock:
            self._push(timer)
            self._hand_on()
        return timer

    def hold(self) -> None:
        """Stop time until ``release``; a test holds it to look at a moment in peace. Holds add up."""
        with self._lock:
            self._holds += 1

    def release(self) -> None:
        """Undo one ``hold``."""
        with self._lock:
            if self._holds == 0:
                raise ValueError("the clock is not held")
            self._holds -= 1
            self._hand_on()

    def idle(self) -> bool:
        """Whether nothing runs and nothing but background timers is due."""
        with self._lock:
            return self._running is None and not self._runnable and self._foreground_timers == 0

    # -- the machinery ------------------------------------------------------------------------------------

    def _spawn_timer(self, action: Action, name: str) -> None:
        def guarded() -> None:
            try:
                action()
            except Exception as failure:
                log.exception("a timer's action failed: %s", name)
                self.broken.append(failure)

        self.spawn(guarded, f"timer {name}")

    def _after(self, seconds: float) -> float:
        """That much later, by a tick at least: who waits for a moment between two ticks would wait for ever."""
        if seconds <= 0:
            return self._now
        return round(self._now + max(seconds, TICK), RESOLUTION)

    def _push(self, timer: Timer) -> None:
        heapq.heappush(self._timers, (timer.due, next(self._order), timer))
        if not timer.background:
            self._foreground_timers += 1

    def _block(self, timeout: float | None, event: Event | None) -> None:
        """Hand this thread's turn on until the timeout has passed or the event is set."""
        turn: _Turn | None = getattr(self._threads, "turn", None)
        guest = turn is None
        if turn is None:
            turn = _Turn(threading.current_thread().name)
        with self._lock:
            if event is not None and event.is_set():
                return
            woken = False
            timer: Timer | None = None

            def wake() -> None:
                nonlocal woken
                if not woken:
                    woken = True
                    if timer is not None:
                        timer.cancel()
                    self._runnable.append(turn)

            if timeout is not None:
                timer = Timer(self, self._after(timeout), wake, background=False)
                self._push(timer)
            if event is not None:
                event._waiters.append(wake)
            if not guest:
                self._running = None
            self._hand_on()
        turn.granted.acquire()
        if guest:
            with self._lock:
                self._running = None
                self._hand_on()

    def _hand_on(self) -> None:
        """Give the turn to the next thread, jumping to the next timer when no thread can run."""
        while self._running is None:
            if self._runnable:
                self._running = self._runnable.popleft()
                self._running.granted.release()
                return
            self._drop_cancelled()
            if self._holds or not self._timers or not (self._due() or self._foreground_timers):
                return
            due, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, due)
            timer._fire()

    def _due(self) -> bool:
        return self._timers[0][0] <= self._now

    def _drop_cancelled(self) -> None:
        while self._timers and not self._timers[0][2].pending:
            heapq.heappop(self._timers)
