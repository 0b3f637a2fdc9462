"""The cells of a table of jobs as numbers: times, durations and counts, in the spellings that clusters write.

How a column is read is decided once, from its name and its first cells, and said in words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from statistics import median

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.instants import read_instant

UNITS: dict[str, float] = {
    **dict.fromkeys(("ns", "nanos", "nanoseconds"), 1e-9),
    **dict.fromkeys(("us", "micros", "microseconds"), 1e-6),
    **dict.fromkeys(("ms", "millis", "msec", "milliseconds"), 1e-3),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
"""Seconds in a unit, by each of its spellings."""
_WORDS = {1e-9: "nanoseconds", 1e-6: "microseconds", 1e-3: "milliseconds", 1.0: "seconds", 60.0: "minutes"}
_WORDS |= {3600.0: "hours", 86400.0: "days"}
_LARGE = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3))
"""Numbers that would be later than the year 5000 as seconds since 1970 count in a smaller unit."""
_FIRST_DATE_S = 946_684_800.0
"""Numbers from the year 2000 on are taken for dates: seconds since 1970."""
_CLOCK = re.compile(r"(?:(\d+)-)?(\d+):([0-5]?\d):([0-5]?\d(?:\.\d+)?)", re.ASCII)
_GPUS = re.compile(r"gres/gpu(:[^=,]+)?=(\d+)", re.ASCII)


@attrs.frozen
class Reading:
    """How one *column* is read: in *words*, and as a function from a cell to seconds; *dated* if its times are dates."""

    column: str
    words: str
    seconds: Callable[[str], float]
    dated: bool = False

    def of(self, cell: str) -> float:
        """The cell in seconds; raises ValueError that names the column."""
        if not cell:
            raise ValueError(f"{self.column}: empty")
        try:
            return self.seconds(cell)
        except ValueError as error:
            raise ValueError(f"{self.column}: {error}") from None


def unit_s(text: str) -> float:
    """The seconds in a unit: its name, or a number of seconds.

    >>> unit_s("minutes"), unit_s("0.001")
    (60.0, 0.001)
    """
    if text.lower() in UNITS:
        return UNITS[text.lower()]
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise invalid("mapping: unit", text, "a unit of time, or its number of seconds", nearest(text, UNITS))
    return seconds


def times(column: str, sample: Sequence[str], given_s: float | None = None) -> Reading:
    """How a column of instants is read: numbers of a unit that is *given_s*, or in its name, or told by their size; or dates.

    >>> times("created", ["1700000000000", "1700000060000"]).words
    'milliseconds since 1970'
    """
    numbers = [value for value in map(_number, sample) if value is not None]
    if sample and not numbers:
        return Reading(column, "dates in ISO 8601, UTC where they name no zone", _instant, dated=True)
    middle = median(numbers) if numbers else 0.0
    by_size = next((unit for least, unit in _LARGE if middle >= least), 1.0)
    seconds = given_s or _named(column) or by_size
    dated = middle * seconds >= _FIRST_DATE_S
    words = f"{_spelled(seconds)} since 1970" if dated else f"{_spelled(seconds)} from any beginning"

    def read(cell: str) -> float:
        number = _number(cell)
        return _instant(cell) if number is None else number * seconds

    return Reading(column, words, read, dated)


def durations(column: str, sample: Sequence[str], given_s: float | None = None) -> Reading:
    """How a column of durations is read: numbers of a unit that is *given_s* or in its name, else seconds; or HH:MM:SS.

    >>> reading = durations("Elapsed", ["00:10:00", "1-02:00:00"])
    >>> reading.words, reading.of("1-02:00:00")
    ('[days-]hours:minutes:seconds', 93600.0)
    """
    clocks = sum(_CLOCK.fullmatch(cell) is not None for cell in sample)
    seconds = given_s or _named(column) or 1.0
    words = _spelled(seconds) if clocks < len(sample) or not sample else "[days-]hours:minutes:seconds"

    def read(cell: str) -> float:
        number = _number(cell)
        value = _clock(cell) if number is None else number * seconds
        if value < 0:
            raise ValueError("a negative run time")
        return value

    return Reading(column, words, read)


def count(column: str, cell: str, *, up: bool = False) -> int:
    """A whole number of instances, or the GPUs of a Slurm TRES string; *up* takes the part of an instance for a whole one.

    Raises ValueError that names the column.

    >>> count("AllocTRES", "billing=8,cpu=8,gres/gpu=4,node=1"), count("gpus", "0.5", up=True)
    (4, 1)
    """
    if not cell:
        raise ValueError(f"{column}: empty")
    if "=" in cell:
        gpus = [(kind, int(number)) for kind, number in _GPUS.findall(cell)]
        whole = [
            number for kind, number in gpus if not kind
        ]  # Slurm may say them once for all, and again for each kind
        return sum(whole) if whole else sum(number for _, number in gpus)
    number = _number(cell)
    if number is not None and number >= 0 and (up or number.is_integer()):
        return math.ceil(number - 1e-9)
    raise ValueError(f"{column}: not a whole number of 0 or more")


def amount(column: str, cell: str) -> float:
    """A finite number; raises ValueError that names the column."""
    number = _number(cell)
    if number is None:
        raise ValueError(f"{column}: {'not a number' if cell else 'empty'}")
    return number


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _instant(cell: str) -> float:
    try:
        return read_instant(cell)
    except ValueError:
        raise ValueError("neither a number nor a string in ISO 8601") from None


def _clock(cell: str) -> float:
    found = _CLOCK.fullmatch(cell)
    if found is None:
        raise ValueError("neither a number nor [days-]hours:minutes:seconds")
    days, hours, minutes, seconds = found.groups()
    return int(days or 0) * 86400.0 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _named(column: str) -> float | None:
    """The unit that a column's name ends in, as in duration_hours, startTimeMs or wait (min)."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", column)
    last = words[-1].lower() if words else ""
    return UNITS.get(last) if len(last) > 1 or len(words) > 1 else None


def _spelled(seconds: float) -> str:
    return _WORDS.get(seconds) or f"units of {seconds:g} s"
