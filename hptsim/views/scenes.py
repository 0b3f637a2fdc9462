"""A stretch of a run, ready to be drawn: who has a lane in it, what is reserved, where it stops and releases, and in which words.

Data only: `hptsim.views.scene_drawing` draws a moment of it, `hptsim.views.exports` makes files of that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TypeVar

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.account import standalone_holder
from hptsim.model.journal import Record
from hptsim.model.wording import sentence
from hptsim.views.chapters import RELEASE, STOP, Chapter, chapters, opening
from hptsim.views.chart_data import BandRow, GanttRow, band_rows, gantt_rows
from hptsim.views.dates import Dates
from hptsim.views.recording import Played, Source, played_by
from hptsim.views.warm_pools import WarmPoolRow, warm_pool_rows

LANES, PANELS = 12, 2
"""So many lanes, and so many panels with instances, have room in a picture; it says what is left out."""
_SHORTEST_S = 20.0
"""A stop that takes no time is shown with so much around it."""
_TAIL = 0.12
"""What is shown after the end of a job, as a part of its life: its last status has room there."""
_TOLD = ("tuning", "training", "reservation", "signal", "artifact", "warm_pool")
_UNTOLD = frozenset({("tuning", "child_ended"), ("signal", "stop"), ("reservation", "ask"), ("reservation", "release")})
"""What the sentence of a moment leaves out: another entry of the same instant says it, or the chapter of a release."""


_Row = TypeVar("_Row", GanttRow, WarmPoolRow)


@attrs.frozen
class Lane:
    """A job's lane: its phases in the scene, and the status that it ends with, and when, if it ends in it.

    That of a warm pool has its *pool*, and as its status how it ends, in words.
    """

    tuning_job: str
    training_job: str
    rows: tuple[GanttRow, ...]
    status: str = ""
    end_s: float | None = None
    pool: tuple[WarmPoolRow, ...] = ()


@attrs.frozen
class Band:
    """Reserved and occupied instances of the type *pool* over time: those of one *job*, or of the whole account."""

    pool: str
    job: str
    rows: tuple[BandRow, ...]


@attrs.frozen
class Scene:
    """What happens from *begin_s* to *end_s*, told around one *chapter* (None where a journal has none) of one *job*.

    *markers* are the stops and releases. *left_out* says what has no room. *events* are the
    instants at which something happens to the job, each with what does, in words. *epoch* is the instant of second 0, where
    there is one.
    """

    title: str
    job: str
    chapter: Chapter | None
    begin_s: float
    end_s: float
    lanes: tuple[Lane, ...]
    bands: tuple[Band, ...]
    markers: tuple[Chapter, ...]
    left_out: tuple[str, ...]
    events: tuple[tuple[float, tuple[str, ...]], ...]
    epoch: str = ""

    @property
    def opens_s(self) -> float:
        """The moment that is shown where none is asked for: that of the chapter."""
        return self.begin_s if self.chapter is None else max(self.begin_s, self.chapter.time_s)

    def instant(self, now_s: float) -> str:
        """A moment in words: its second, and its date and time.

        >>> from hptsim import Simulation, TuningJobSpec
        >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
        >>> scene(sim).instant(90)
        '90 s, Mon 2024-01-01 00:01:30 UTC'
        """
        return ", ".join(filter(None, (f"{now_s:,.6g} s", Dates(self.epoch).words(now_s))))

    def said(self, now_s: float) -> str:
        """What happened last to the job, up to *now_s*: when, and what.

        >>> from hptsim import Scenario, Simulation, TuningJobSpec
        >>> sim = Simulation(Scenario(timings="instant")); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
        >>> scene(sim).said(100)
        '100 s: demo has ended: Completed; demo gives back 1 ml.m5.xlarge and a place among the tuning jobs (and 3 more)'
        """
        past = [event for event in self.events if event[0] <= now_s]
        if not past:
            return ""
        time_s, words = past[-1]
        more = f" (and {len(words) - 2} more)" if len(words) > 2 else ""
        return f"{time_s:,.6g} s: {'; '.join(words[:2])}{more}"


def scene(
    source: Source,
    job: str | None = None,
    *,
    at_s: float | None = None,
    begin_s: float | None = None,
    end_s: float | None = None,
) -> Scene:
    """The scene of a stop, or of what else is most interesting: of *job* if it is given, at *at_s* if that is.

    *begin_s* and *end_s* are its limits, where it is not to be from shortly before the chapter to shortly after. *source* is a
    simulation, a saved journal or records. Raises InvalidInput for an empty journal, an unknown job, and a time outside of it.
    """
    played = _played(source)
    records, last_s = played.records, max(played.now_s, played.records[-1].time_s)
    parents = {one.name: one.data.tuning_job for one in records if one.thing == "training" and one.trigger == "create"}
    names = {*parents, *(one.name for one in records if one.thing == "tuning")}
    if job is not None and job not in names:
        raise invalid("job", job, "a tuning job or a training job of this run", nearest(job, names))
    for name, time_s in (("at", at_s), ("begin", begin_s)):
        if time_s is not None and not 0 <= time_s <= last_s:
            raise invalid(name, time_s, f"a second of this run: from 0 to {last_s:,.6g}")
    told = chapters(records)
    asked = None if job is None else parents.get(job) or job
    chapter = _chapter([one for one in told if asked is None or asked in (one.job, parents.get(one.job))], at_s)
    main = asked or (chapter.job if chapter is not None else next(iter(names)))
    main = parents.get(main) or main
    begin, end = _window(chapter, [one for one in told if one.job == main], last_s, at_s)
    begin, end = begin if begin_s is None else begin_s, end if end_s is None else end_s
    if not begin < end < math.inf:
        raise invalid("end", end, f"a finite time after the scene's begin, {begin:,.6g} s")
    if at_s is not None and not begin <= at_s <= end:
        raise invalid("at", at_s, f"a second of the scene: from {begin:,.6g} to {end:,.6g}")
    limits = {} if played.account is None else dict(played.account.capacity)
    lanes, hidden = _lanes(records, main, begin, end, last_s)
    bands, pools = _bands(records, limits, main, parents, begin, end)
    left_out = [f"{hidden:,} other lane{'' if hidden == 1 else 's'}"] if hidden else []
    left_out += [f"the instance type{'' if len(pools) == 1 else 's'} {', '.join(pools)}"] if pools else []
    markers = [one for one in told if one.kind in (STOP, RELEASE) and begin <= one.time_s <= end]
    events = _events(records, main, parents, told, begin, end)
    return Scene(
        played.title, main, chapter, begin, end, lanes, bands, tuple(markers), tuple(left_out), events, played.epoch
    )


def _played(source: Source) -> Played:
    """What is to be drawn; raises InvalidInput where no job is in it."""
    played = played_by(source)
    if not any(one.thing in ("tuning", "training") for one in played.records):
        raise invalid("journal", "no entry about a job", "a run in which a job was created")
    return played


def _chapter(told: Sequence[Chapter], at_s: float | None) -> Chapter | None:
    """The stop that goes on at *at_s*, or what was last before it; without a time, that on which a film opens."""
    if at_s is None:
        return opening(told) or (told[0] if told else None)
    before = [one for one in told if one.time_s <= at_s]
    stops = [one for one in before if one.kind == STOP and (one.until_s is None or at_s <= one.until_s)]
    return max(stops, key=lambda one: one.at_work) if stops else before[-1] if before else None


def _window(chapter: Chapter | None, own: Sequence[Chapter], last_s: float, at_s: float | None) -> tuple[float, float]:
    """From shortly before a stop to shortly after its end; without a stop, from the job's begin to its end."""
    if chapter is not None and chapter.kind == STOP:
        until_s = last_s if chapter.until_s is None else chapter.until_s
        long_s = max(until_s - chapter.time_s, _SHORTEST_S)
        begin, end = chapter.time_s - 0.6 * long_s, until_s + 0.4 * long_s
    else:
        begin, end = (own[0].time_s, own[-1].time_s) if own else (0.0, last_s)
        end += _TAIL * (end - begin)
    if at_s is not None:
        begin, end = min(begin, at_s), max(end, at_s)
    return max(0.0, begin), max(end, begin + _SHORTEST_S)


def _lanes(
    records: Sequence[Record], main: str, begin: float, end: float, last_s: float
) -> tuple[tuple[Lane, ...], int]:
    """The lanes that have room, those of the main job first, and how many more there are.

    A warm pool's lane comes after that of its training job. What has not ended ends at *last_s*.
    """
    jobs: dict[tuple[str, str], list[GanttRow]] = {}
    for row in _clipped(gantt_rows(records, last_s), begin, end):
        jobs.setdefault((row.tuning_job, row.training_job), []).append(row)
    pools: dict[str, list[WarmPoolRow]] = {}
    kept = (row for row in warm_pool_rows(records, last_s) if row.end_s > begin)
    for pool_row in _clipped(kept, begin, end):
        pools.setdefault(pool_row.training_job, []).append(pool_row)
        jobs.setdefault(("", pool_row.training_job), [])  # it may have ended before the scene
    lanes = []
    for tuning_job, training_job in sorted(jobs, key=lambda one: main not in one):
        if rows := jobs[tuning_job, training_job]:
            lanes.append(Lane(tuning_job, training_job, tuple(rows), *_end(rows[-1])))
        if pool := pools.get(training_job):
            lanes.append(Lane("", training_job, (), *_end(pool[-1]), tuple(pool)))
    return tuple(lanes[:LANES]), max(0, len(lanes) - LANES)


def _end(last: GanttRow | WarmPoolRow) -> tuple[str, float | None]:
    """How a lane ends, and when, if it does."""
    return last.ended, last.end_s if last.ended else None


def _clipped(rows: Iterable[_Row], begin: float, end: float) -> Iterable[_Row]:
    """What of *rows* is in the scene; an end outside of it is not told."""
    for row in rows:
        if row.begin_s <= end and row.end_s >= begin:
            ended = row.ended if row.end_s <= end else ""
            yield row._replace(begin_s=max(row.begin_s, begin), end_s=min(row.end_s, end), ended=ended)


def _bands(
    records: Sequence[Record], limits: dict[str, int], main: str, parents: dict[str, str], begin: float, end: float
) -> tuple[tuple[Band, ...], list[str]]:
    """What is reserved and occupied of the types that the main job asked for, and the types that are left out.

    Where other jobs hold the same type, the main job's own part comes first: the whole account may hide it.
    """
    own = [one for one in records if _of(one, main, parents)]
    asked = [pool for one in own if one.thing == "reservation" for pool in one.data.amounts]
    of_all, of_main = (_by_pool(band_rows(some, limits), begin, end) for some in (records, own))
    wanted = [pool for pool in dict.fromkeys(asked) if pool in of_all] or list(of_all)[:1]
    bands: list[Band] = []
    for pool in wanted:
        mine = [row._replace(limit=None) for row in of_main.get(pool, ())]
        if mine and [row._replace(limit=None) for row in of_all[pool]] != mine:
            bands.append(Band(pool, main, tuple(mine)))
        bands.append(Band(pool, "", tuple(of_all[pool])))
    shown = bands[:PANELS]
    return tuple(shown), [pool for pool in of_all if not any(band.pool == pool for band in shown)]


def _by_pool(rows: Iterable[BandRow], begin: float, end: float) -> dict[str, list[BandRow]]:
    """The rows of each type within the scene, the first of them at its begin."""
    bands: dict[str, list[BandRow]] = {}
    for row in rows:
        if row.time_s > end:
            break
        band = bands.setdefault(row.instance_type, [row._replace(time_s=begin, reserved=0, occupied=0)])
        if row.time_s <= begin:
            band[0] = row._replace(time_s=begin)
        else:
            band.append(row)
    return bands


def _of(record: Record, main: str, parents: dict[str, str]) -> bool:
    """Whether a reservation or an occupancy is the main job's."""
    if record.thing == "reservation":
        return _holder(record) == main
    return record.thing == "occupancy" and main in (record.name, parents.get(record.name))


def _holder(record: Record) -> str:
    holder: str = record.data.holder
    return holder.removeprefix(standalone_holder(""))


def _events(
    records: Sequence[Record], main: str, parents: dict[str, str], told: Sequence[Chapter], begin: float, end: float
) -> tuple[tuple[float, tuple[str, ...]], ...]:
    """The instants at which something happens to the main job or its training jobs, the last before the scene included.

    What happens to a tuning job is told first, then what it gives back.
    """
    found = [
        (one.time_s, 1, one.words) for one in told if one.kind == RELEASE and one.job == main and one.time_s <= end
    ]
    for one in records:
        if one.thing in _TOLD and (one.thing, one.trigger) not in _UNTOLD and one.time_s <= end:
            name = _holder(one) if one.thing == "reservation" else one.name
            if main in (name, parents.get(name)):
                found.append((one.time_s, 0 if one.thing == "tuning" else 2, sentence(one)))
    found.sort(key=lambda one: one[:2])
    events = [
        (time_s, tuple(dict.fromkeys(words for _, _, words in group)))
        for time_s, group in groupby(found, key=lambda one: one[0])
    ]
    first = max((place for place, event in enumerate(events) if event[0] <= begin), default=0)
    return tuple(events[first:])
