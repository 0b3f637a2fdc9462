"""The course of the line for quota and of the quota's use, kept while a run goes on and thinned for a picture."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping

from hptsim.model.account import Quota, by_type
from hptsim.model.journal import QUEUED, Record, change
from hptsim.model.journal_reader import JournalReader
from hptsim.views.chart_data import BandRow, QueueRow

_POINTS = 2000
"""A picture shows about this many steps: a page is about a thousand points wide."""


class Course(JournalReader):
    """The line for quota, and what is reserved and occupied of each limited kind, after every change.

    It takes about 30 bytes for each change; an instant's last value counts.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> from hptsim.views.chart_data import band_rows
    >>> sim = Simulation(capacity={"ml.m5.xlarge": 1}); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> course = Course(sim.scenario.capacity)
    >>> for record in sim.journal:
    ...     course.read(record)
    >>> course.bands() == band_rows(sim.journal, sim.scenario.capacity), course.queue()
    (True, [])
    """

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = Quota(limits)
        self._waiting = _Steps(1)
        self._used: dict[str, _Steps] = {}

    def on_reservation(self, record: Record) -> None:
        """Quota is asked for, granted or released."""
        waiting = QUEUED.get(record.trigger)
        if waiting is not None:
            self._waiting.add(record.time_s, 0, waiting)
            if record.trigger != "grant":
                return
        self._moved(record, 0)

    def on_occupancy(self, record: Record) -> None:
        """Instances are taken into use, or put back."""
        self._moved(record, 1)

    def _moved(self, record: Record, book: int) -> None:
        for kind, by in by_type(change(record)).items():
            if kind in self._limits:
                self._used.setdefault(kind, _Steps(2)).add(record.time_s, book, by)

    def queue(self) -> list[QueueRow]:
        """The length of the line, as `views.queue` draws it: the longest of each stretch of time, if there are many."""
        return [QueueRow(time_s, int(waiting)) for time_s, (waiting,) in self._waiting.thinned()]

    def bands(self) -> list[BandRow]:
        """What is reserved and occupied, as `views.bands` draws it: the most of each stretch of time, if there are many."""
        rows = [
            BandRow(time_s, kind, self._limits[kind], int(reserved), int(occupied))
            for kind, steps in self._used.items()
            for time_s, (reserved, occupied) in steps.thinned()
        ]
        return sorted(rows, key=lambda row: (row.time_s, row.instance_type))


class _Steps:
    """Some numbers that change together, after every instant at which one has changed."""

    def __init__(self, numbers: int) -> None:
        self._now = [0] * numbers
        self._times = array("d")
        self._values = [array("q") for _ in range(numbers)]

    def add(self, time_s: float, place: int, by: int) -> None:
        self._now[place] += by
        if self._times and self._times[-1] == time_s:
            for value, values in zip(self._now, self._values, strict=True):
                values[-1] = value
            return
        self._times.append(time_s)
        for value, values in zip(self._now, self._values, strict=True):
            values.append(value)

    def thinned(self) -> Iterator[tuple[float, tuple[int, ...]]]:
        """The steps at which something has changed; of many, the largest of each stretch, and then the last of all."""
        length = max(1, len(self._times) // _POINTS)
        before = tuple([0] * len(self._now))
        for first in range(0, len(self._times), length):
            part = range(first, min(first + length, len(self._times)))
            shown = tuple(max(values[place] for place in part) for values in self._values)
            if shown != before:
                yield self._times[first], shown
                before = shown
        if self._times and (last := tuple(values[-1] for values in self._values)) != before:
            yield self._times[-1], last
