"""Lets virtual time pass in a test that otherwise holds it."""

import threading

from simulator.cloud import Cloud


def let_pass(cloud: Cloud, seconds: float) -> None:
    """Exactly that much; the clock stands still before and after."""
    done = threading.Event()

    def sleep() -> None:
        cloud.clock.sleep(seconds)
        cloud.clock.hold()
        done.set()

    cloud.clock.spawn(sleep, "the test")
    cloud.clock.release()
    assert done.wait(60)
