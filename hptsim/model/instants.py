"""Instants: how they are read and written, with their time zones. Inside the twin a time is a number of seconds."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from hptsim.errors import invalid

_WITH_ZONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def read_instant(given: Any, where: str = "instant") -> float:
    """Seconds since 1970 from a number, a datetime or a string in ISO 8601, which without a zone is UTC.

    Raises InvalidInput for anything else, and for infinity and NaN.

    >>> read_instant("1970-01-01T00:01:00Z"), read_instant("90"), read_instant(90)
    (60.0, 90.0, 90.0)
    """
    value = given
    try:
        if isinstance(value, str):
            value = _number_or_datetime(value)
        if isinstance(value, datetime):
            value = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    except (ValueError, OverflowError):  # no date, or one that no clock shows
        pass
    expected = "a number of seconds since 1970, a datetime or a string in ISO 8601"
    raise invalid(where, given, expected, "for example '2024-01-01T00:00:00Z'")


def _number_or_datetime(text: str) -> float | datetime:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text)


def write_instant(since_1970_s: float, timespec: str = "seconds") -> str:
    """An instant in ISO 8601 and UTC, cut to *timespec* as `datetime.isoformat` has it.

    >>> write_instant(1704067200.5), write_instant(1704067200.5, "milliseconds")
    ('2024-01-01T00:00:00Z', '2024-01-01T00:00:00.500Z')
    """
    return datetime.fromtimestamp(since_1970_s, UTC).replace(tzinfo=None).isoformat(timespec=timespec) + "Z"


def local_date(epoch: str, time_s: float) -> tuple[str, str] | None:
    """The day and the time of day *time_s* seconds after *epoch*, in the time zone in which that is written.

    None after the year 9999.

    >>> local_date("2025-02-28T23:59:00+01:00", 90), local_date("2024-01-01T00:00:00Z", 1e300)
    (('Sat 2025-03-01', '00:00:30'), None)
    """
    try:
        at = datetime.fromisoformat(epoch) + timedelta(seconds=time_s)
    except OverflowError:
        return None
    return f"{_WEEKDAYS[at.weekday()]} {at:%Y-%m-%d}", f"{at:%H:%M:%S}"


def check_instant(where: str, given: Any) -> None:
    """Refuse what is not a string in ISO 8601 to the second, with its time zone (InvalidInput).

    >>> check_instant("epoch", "2024-01-01")
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: epoch: got '2024-01-01', expected an instant with its time zone, like 2024-01-01T00:00:00Z
    """
    try:
        if isinstance(given, str) and _WITH_ZONE.fullmatch(given):
            datetime.fromisoformat(given).timestamp()
            return
    except (ValueError, OverflowError):  # a 13th month
        pass
    raise invalid(where, given, "an instant with its time zone, like 2024-01-01T00:00:00Z")


def since_monday_s(text: str) -> float:
    """The time from a Monday's midnight to an instant, in the instant's own time zone.

    >>> since_monday_s("2024-01-02T03:00:00+02:00") / 3600
    27.0
    """
    instant = datetime.fromisoformat(text)
    hours = 24 * instant.weekday() + instant.hour
    return 3600 * hours + 60 * instant.minute + instant.second + instant.microsecond / 1e6
