"""Holds time at the moment a named function is invoked, so that a test can act right there."""

from simulator.call import Answer, Call, Layer, Proceed
from simulator.clock.kernel import Clock


class Breakpoint:
    """Armed with part of a function's name; it holds the clock once, whoever armed it releases."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wanted: str | None = None

    @property
    def reached(self) -> bool:
        """Whether the function has been invoked since ``arm``."""
        return self._wanted is None

    def arm(self, function: str) -> None:
        """Hold the clock at the next invocation of a function whose name contains this."""
        self._wanted = function

    def layer(self) -> Layer:
        """Sees every call; the invocation itself goes on when time does."""

        def watch(call: Call, proceed: Proceed) -> Answer:
            if self._wanted and call.name == "lambda.Invoke" and self._wanted in call.params["FunctionName"]:
                self._wanted = None
                self._clock.hold()
            return proceed(call)

        return watch
