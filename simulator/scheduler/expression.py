"""When a recurring schedule fires. Pure.

EventBridge Scheduler user guide, "Schedule types": rate and cron expressions, here in UTC alone. One-time
schedules (``at``) and cron's L, W and # are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.call import AwsError, NotModelled

_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# The fields in their order, with their least and greatest values and their names' first number.
_FIELDS = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (1, 7, _DAYS),
    (1970, 2199, ()),
)
# Days to look ahead: longer than any leap day is away.
_HORIZON = 366 * 9


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many seconds."""

    seconds: int

    def after(self, start: datetime, moment: datetime | None) -> datetime | None:
        """The first time after the moment; the start itself when there is none: "If you do not provide a
        StartDate for a rate-based schedule, your schedule starts invoking the target immediately"."""
        if moment is None or moment < start:
            return start
        passed = (moment - start) // timedelta(seconds=self.seconds)
        return start + timedelta(seconds=self.seconds) * (passed + 1)


@dataclass(frozen=True, slots=True)
class Cron:
    """At the minutes whose six fields fit."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]

    def after(self, start: datetime, moment: datetime | None) -> datetime | None:
        """The first time after the moment or the start; None when there is none in years."""
        since = max(moment or start, start)
        return next((time for time in self._times(since) if time > since), None)

    def _times(self, since: datetime) -> Iterator[datetime]:
        midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
        for ahead in range(_HORIZON):
            day = midnight + timedelta(days=ahead)
            if day.year in self.years and day.month in self.months and self._falls_on(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        yield day.replace(hour=hour, minute=minute)

    def _falls_on(self, day: datetime) -> bool:
        # Sunday is 1.
        return day.day in self.days and day.isoweekday() % 7 + 1 in self.weekdays


def parsed(text: str) -> Rate | Cron:
    """AwsError: no schedule expression; NotModelled: one that is not modelled."""
    if text.startswith("at("):
        raise NotModelled(f"one-time schedules ({text})")
    if found := re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", text):
        count, unit, plural = int(found[1]), found[2], found[3]
        if count == 0 or (count == 1) is bool(plural):
            raise _invalid(text)
        return Rate(count * _UNITS[unit])
    if found := re.fullmatch(r"cron\(([^()]+)\)", text):
        return _cron(text, found[1].split())
    raise _invalid(text)


def _cron(text: str, fields: list[str]) -> Cron:
    # "You can't use * in both the Day-of-month and Day-of-week fields. If you use it in one, you must use ? in
    # the other."
    if len(fields) != len(_FIELDS) or (fields[2] == "?") is (fields[4] == "?"):
        raise _invalid(text)
    sets = [
        _field(text, field, low, high, list(names))
        for field, (low, high, names) in zip(fields, _FIELDS, strict=True)
    ]
    return Cron(*sets)


def _field(text: str, field: str, low: int, high: int, names: list[str]) -> frozenset[int]:
    if re.search(r"[#]|\d*[LW]$", field):
        raise NotModelled(f"L, W and # in {text}")
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span in ("*", "?"):
            begin, end = low, high
        else:
            begin = _number(text, first, names)
            end = _number(text, last, names) if dash else high if slash else begin
        if not low <= begin <= end <= high or (slash and not step.isdigit()) or step == "0":
            raise _invalid(text)
        found.update(range(begin, end + 1, int(step) if slash else 1))
    return frozenset(found)


def _number(text: str, word: str, names: list[str]) -> int:
    if word.upper() in names:
        return names.index(word.upper()) + 1
    if not word.isdigit():
        raise _invalid(text)
    return int(word)


def _invalid(text: str) -> AwsError:
    return AwsError("ValidationException", f"Invalid Schedule Expression {text}.")


def iso(time: datetime) -> str:
    """As ``<aws.scheduler.scheduled-time>`` has it: ``2022-03-22T18:59:43Z``."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
