"""The virtual clock: order, jumps, holds, background timers."""

import threading
from datetime import UTC, datetime

import pytest

from simulator.clock.kernel import Clock

START = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


def finish(clock: Clock, *actions: threading.Thread) -> None:
    for thread in actions:
        thread.join(timeout=10)
        assert not thread.is_alive(), "a thread of the clock is stuck"


def test_time_stands_still_until_someone_sleeps(clock: Clock) -> None:
    assert clock.now() == START
    clock.sleep(540)
    assert clock.elapsed() == 540


def test_two_sleepers_wake_in_virtual_order_whatever_order_they_started_in(clock: Clock) -> None:
    seen: list[tuple[str, float]] = []

    def sleeper(name: str, seconds: float) -> None:
        clock.sleep(seconds)
        seen.append((name, clock.elapsed()))

    clock.hold()
    threads = [
        clock.spawn(lambda: sleeper("long", 30), "long"),
        clock.spawn(lambda: sleeper("short", 10), "short"),
    ]
    clock.release()
    finish(clock, *threads)
    assert seen == [("short", 10), ("long", 30)]


def test_only_one_thread_runs_at_a_time(clock: Clock) -> None:
    inside = 0
    most = 0

    def busy() -> None:
        nonlocal inside, most
        for _ in range(50):
            inside += 1
            most = max(most, inside)
            inside -= 1
            clock.sleep(1)

    clock.hold()
    threads = [clock.spawn(busy, str(n)) for n in range(8)]
    clock.release()
    finish(clock, *threads)
    assert most == 1
    assert clock.elapsed() == 50


def test_an_event_ends_a_wait_before_its_timeout_and_no_time_is_lost(clock: Clock) -> None:
    event = clock.event()
    answers: list[tuple[bool, float]] = []
    clock.hold()
    waiter = clock.spawn(lambda: answers.append((event.wait(100), clock.elapsed())), "waiter")
    clock.call_later(7, event.set)
    clock.release()
    finish(clock, waiter)
    assert answers == [(True, 7)]


def test_a_wait_times_out_in_virtual_time(clock: Clock) -> None:
    assert clock.event().wait(99) is False
    assert clock.elapsed() == 99


def test_a_background_timer_does_not_make_time_pass_but_fires_when_it_is_due(clock: Clock) -> None:
    fired: list[float] = []
    clock.call_later(60, lambda: fired.append(clock.elapsed()), background=True)
    assert clock.elapsed() == 0
    assert fired == []
    clock.sleep(61)
    assert fired == [60]


def test_a_cancelled_timer_neither_fires_nor_makes_time_pass(clock: Clock) -> None:
    fired: list[float] = []
    clock.hold()
    clock.call_later(60, lambda: fired.append(clock.elapsed())).cancel()
    clock.release()
    assert clock.idle()
    assert (clock.elapsed(), fired) == (0, [])


def test_a_held_clock_does_not_jump(clock: Clock) -> None:
    clock.hold()
    sleeper = clock.spawn(lambda: clock.sleep(5), "sleeper")
    sleeper.join(timeout=0.2)
    assert sleeper.is_alive()
    clock.release()
    finish(clock, sleeper)
    assert clock.elapsed() == 5


def test_releasing_what_is_not_held_is_refused(clock: Clock) -> None:
    with pytest.raises(ValueError, match="not held"):
        clock.release()


def test_waiting_for_less_than_a_tick_ends_a_tick_later(clock: Clock) -> None:
    clock.sleep(0.0001)
    assert clock.elapsed() == pytest.approx(0.001, rel=0.01)
    clock.sleep(0)
    assert clock.elapsed() == pytest.approx(0.001, rel=0.01)


def test_real_time_spent_inside_a_turn_costs_no_virtual_time(clock: Clock) -> None:
    def slow() -> None:
        real = threading.Event()
        threading.Timer(0.2, real.set).start()
        real.wait()
        clock.sleep(1)

    finish(clock, clock.spawn(slow, "slow"), clock.spawn(lambda: clock.sleep(3), "other"))
    assert clock.elapsed() == 3
