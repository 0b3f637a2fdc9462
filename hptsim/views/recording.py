"""The data of a film: entries, lanes, charts, chapters, and at which entry each law is first checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from hptsim.audit.laws import LAWS
from hptsim.errors import LawBroken
from hptsim.explorer.story import Step
from hptsim.model.account import Account
from hptsim.model.assumptions import ASSUMPTIONS
from hptsim.model.entries import Record
from hptsim.model.journal import Saved
from hptsim.model.laws import Law
from hptsim.model.specification import cited, clauses, sections
from hptsim.model.tables import ALL, BOOKINGS, EFFECTS
from hptsim.model.wording import phrase
from hptsim.simulation.simulation import Simulation
from hptsim.views.chapters import Chapter, breach, chapters, listed, opening
from hptsim.views.chart_data import band_rows, gantt_rows, queue_rows, stored_rows
from hptsim.views.law_checks import Checks, shown
from hptsim.views.marks import mark_data
from hptsim.views.palette import WARM_POOLS, phase_variables
from hptsim.views.warm_pools import WarmPoolRow, warm_pool_rows

_MOST_CHAPTERS = 400
"""So many chapters a list can have that somebody reads; of more, whole kinds are left out, and the page says so."""


@attrs.frozen
class Played:
    """What is played: the records, and what is known about where they come from.

    *now_s* is when it was looked at, where that is known: what has not ended goes on until then. *epoch* is the instant of
    second 0, where there is one. *steps* are those of a counterexample, which has no clock: its records are spaced evenly,
    one second for each step. *marked* are chapters besides those of the records.
    """

    records: list[Record]
    title: str = "hptsim"
    account: Account | None = None
    laws: Sequence[Law] = LAWS
    sim: Simulation | None = None
    steps: Sequence[Step] = ()
    now_s: float = 0.0
    epoch: str = ""
    marked: Sequence[Chapter] = ()


Source = Simulation | Saved | Played | Iterable[Record]
"""What can be played."""


def recording(source: Source, broken: LawBroken | None = None) -> dict[str, Any]:
    """Everything that the player's page draws, as data for JSON; see `hptsim.views.to_html` for the arguments.

    >>> from hptsim import Scenario, TuningJobSpec
    >>> sim = Simulation(Scenario(timings="instant")); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> data = recording(sim)
    >>> data["end"], [lane["tuning"] for lane in data["lanes"]], data["broken"]
    (100.0, ['demo', 'demo'], None)
    """
    played = played_by(source)
    records, checks = played.records, Checks()
    if played.account is not None:
        checks.check(records, played.account, played.laws, _complete(played.sim))
    if broken is None and checks.broken is not None:
        broken, records = checks.broken, records[: checks.entries]
    records, end = _spaced(records, played, broken)
    discipline = "" if played.account is None else played.account.assumptions.discipline
    return {
        "title": played.title,
        "end": end,
        "epoch": played.epoch,
        "steps": [[step.words, step.call, step.repeated] for step in played.steps],
        "checked": played.account is not None,
        **_entries(records),
        "rows": _rows(),
        "laws": [shown(law, checks.first_entry, discipline) for law in played.laws],
        "sources": _sources(played.laws, broken),
        "broken": broken and {"law": broken.law, "reason": broken.reason, "rests_on": broken.rests_on},
        **_lanes(records, end),
        **_charts(records, {} if played.account is None else played.account.capacity),
        **_chapters(records, played, broken),
    }


def played_by(source: Source) -> Played:
    """What is played of a *source*, and what it says about itself."""
    if isinstance(source, Played):
        return source
    if isinstance(source, Simulation):
        title, scenario = f"{source.scenario.name}, seed {source.seed}", source.scenario
        records, epoch = list(source.journal), scenario.epoch
        return Played(records, title, scenario.account, source.laws, source, now_s=source.now, epoch=epoch)
    if isinstance(source, Saved):
        title = f"{source.header.get('scenario', 'hptsim')}, seed {source.header.get('seed', 0)}"
        now_s, epoch = source.until_s or 0.0, source.header.get("epoch", "")
        return Played(source.records, title, source.account, now_s=now_s, epoch=epoch)
    return Played(list(source))


def _complete(sim: Simulation | None) -> Simulation | None:
    """The simulation, if nothing is left to happen in it, and its journal has every entry."""
    return sim if sim is not None and sim.env.peek() == math.inf and sim.journal.keep else None


def _spaced(records: list[Record], played: Played, broken: LawBroken | None) -> tuple[list[Record], float]:
    """The records and the end, which is now; with a broken law, its entry.

    With steps, their numbers are in place of times, and the last one is shown for a second, too.
    """
    if not played.steps:
        last = records[-1].time_s if records else 0.0
        return records, last if broken else max(last, played.now_s)
    numbers = [float(step.number) for step in played.steps for _ in step.records]
    spaced = [record._replace(time_s=number) for record, number in zip(records, numbers, strict=False)]
    return spaced, float(len(played.steps) + 1)


class _Places(dict[Any, int]):
    """Where each value is in a list without repetitions: a journal has the same few names and phrases again and again."""

    def __missing__(self, value: Any) -> int:
        place = self[value] = len(self)
        return place


def _entries(records: Iterable[Record]) -> dict[str, Any]:
    """Each entry as its time and three places: in *kinds* (thing, trigger, from, to), in *names*, and in *phrases*."""
    kinds, names, phrases = _Places(), _Places(), _Places()
    entries = [
        [
            record.time_s,
            kinds[record.thing, record.trigger, record.source, record.destination],
            names[record.name],
            phrases[phrase(record)],
        ]
        for record in records
    ]
    return {"entries": entries, "kinds": list(kinds), "names": list(names), "phrases": list(phrases)}


def _rows() -> dict[str, Any]:
    """Every row of the tables, by what the journal says of it."""
    return {
        f"{table.name}|{row.trigger}|{row.source}|{row.destination}": {
            "rests_on": row.rests_on,
            "guard": row.guard,
            "effects": [*[BOOKINGS[name] for name in row.books], *[EFFECTS[name] for name in row.effects]],
        }
        for table in ALL
        for row in table.rows
    }


def _sources(laws: Iterable[Law], broken: LawBroken | None) -> dict[str, list[tuple[str, str, str, str]]]:
    """What rows and laws rest on, as code, words, grade and source: the page is also read where there is no documentation."""
    resting = {row.rests_on for table in ALL for row in table.rows} | {law.rests_on for law in laws}
    resting |= {broken.rests_on} if broken else set()
    titles = {section.code: section.title for section in sections()}
    said: dict[str, list[tuple[str, str, str, str]]] = {}
    for rests_on in sorted(resting):
        rows = [clauses()[code] for code in cited(rests_on) if code in clauses()]
        found = [(row.code, row.says, row.grade, row.source) for row in rows]
        found += [(code, titles[code], "", "") for code in cited(rests_on) if code in titles]
        found += [(name, ASSUMPTIONS[name], "assumption", "") for name in rests_on.split(", ") if name in ASSUMPTIONS]
        said[rests_on] = found
    return said


def _lanes(records: list[Record], end_s: float) -> dict[str, Any]:
    """A lane for each job with its phases, each with its place in *phases*, and the status in which the job has *ended*.

    Below the lane of a training job with a warm pool is that of its *pool*.
    """
    lanes: dict[tuple[str, str], list[Any]] = {}
    places = _Places()
    ended: dict[tuple[str, str], str] = {}
    for row in gantt_rows(records, end_s):
        ended[row.tuning_job, row.training_job] = row.ended
        lanes.setdefault((row.tuning_job, row.training_job), []).append([places[row.phase], row.begin_s, row.end_s])
    pools: dict[str, list[WarmPoolRow]] = {}
    for pool_row in warm_pool_rows(records, end_s):
        pools.setdefault(pool_row.training_job, []).append(pool_row)
    colors = phase_variables() | {status: f"var(--{name})" for status, name in WARM_POOLS.items()}
    found: list[dict[str, Any]] = []
    for (one, other), spans in lanes.items():
        found.append({"tuning": one, "training": other, "spans": spans, "ended": ended[one, other]})
        if rows := pools.get(other):
            found.append(_pool_lane(rows, places))
    return {
        "lanes": found,
        "phases": [[phase, colors[phase]] for phase in places],
        "marks": mark_data(),
    }


def _pool_lane(rows: list[WarmPoolRow], places: _Places) -> dict[str, Any]:
    """A lane for a warm pool: its phases say in words which instances it holds and why, and *pool* how it ends."""
    spans = [[places[row.status], row.begin_s, row.end_s, row.instances, row.why] for row in rows]
    return {
        "tuning": "",
        "training": rows[0].training_job,
        "spans": spans,
        "ended": "",
        "pool": {"end": rows[-1].ended},
    }


def _charts(records: list[Record], limits: Mapping[str, int]) -> dict[str, Any]:
    pools: dict[str, list[tuple[float, int, int]]] = {pool: [] for pool in limits}
    for row in band_rows(records):
        pools.setdefault(row.instance_type, []).append((row.time_s, row.reserved, row.occupied))
    return {
        "pools": [{"name": pool, "limit": limits.get(pool), "rows": rows} for pool, rows in pools.items()],
        "queue": queue_rows(records),
        "stored": stored_rows(records),
    }


def _chapters(records: list[Record], played: Played, broken: LawBroken | None) -> dict[str, Any]:
    """The chapters, those left out by kind, and the place of the one that the page opens on."""
    found = [*chapters(records), *played.marked]
    if broken is not None:
        found.append(breach(float(len(played.steps)) or (records[-1].time_s if records else 0.0), broken))
    kept, left_out = listed(sorted(found, key=lambda one: one.time_s), _MOST_CHAPTERS)
    first = opening(kept)
    return {
        "chapters": [attrs.astuple(one) for one in kept],
        "left_out": left_out,
        "opening": None if first is None else kept.index(first),
    }
