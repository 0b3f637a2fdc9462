"""The data of the player: entries, lanes, charts, and at which entry each law is first checked."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS
from hptsim.errors import LawBroken
from hptsim.explorer.story import Step
from hptsim.model.account import Account
from hptsim.model.journal import Record, Saved, steps
from hptsim.model.journal_lines import payload_as_json
from hptsim.model.laws import MOMENTS, REST, SOMETIMES, WORLD, Law
from hptsim.model.payloads import TuningJobCreated
from hptsim.model.specification import words
from hptsim.model.tables import ALL, BOOKINGS, EFFECTS
from hptsim.simulation.simulation import Simulation
from hptsim.views.chart_data import band_rows, gantt_rows, queue_rows, stored_rows
from hptsim.views.palette import PHASE_COLORS

_LONGEST_DETAIL = 160
"""Characters of what came with an entry that the page shows."""


@attrs.frozen
class Played:
    """What is played: the records, and what is known about where they come from.

    *steps* are those of a counterexample, which has no clock: its records are spaced evenly, one second for each step.
    """

    records: list[Record]
    title: str = "hptsim"
    account: Account | None = None
    laws: Sequence[Law] = LAWS
    sim: Simulation | None = None
    steps: Sequence[Step] = ()


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
    played = _played(source)
    records, checks = played.records, _Checks()
    if played.account is not None:
        checks.check(played, played.account)
    if broken is None and checks.broken is not None:
        broken, records = checks.broken, records[: checks.entries]
    limits = {} if played.account is None else dict(played.account.capacity)
    records, end = _spaced(records, played.steps)
    return {
        "title": played.title,
        "end": end,
        "steps": [[step.words, step.call, step.repeated] for step in played.steps],
        "checked": played.account is not None,
        "entries": [[*record[:6], _detail(record.data)] for record in records],
        "rows": _rows(),
        "laws": [_law(law, checks.first_entry) for law in played.laws],
        "sources": _sources(played.laws, broken),
        "broken": broken and {"law": broken.law, "reason": broken.reason, "rests_on": broken.rests_on},
        **_lanes(records, end),
        **_charts(records, limits),
    }


def _played(source: Source) -> Played:
    if isinstance(source, Played):
        return source
    if isinstance(source, Simulation):
        title = f"{source.scenario.name}, seed {source.seed}"
        return Played(list(source.journal), title, source.scenario.account, source.laws, source)
    if isinstance(source, Saved):
        title = f"{source.header.get('scenario', 'hptsim')}, seed {source.header.get('seed', 0)}"
        return Played(source.records, title, source.account)
    return Played(list(source))


def _spaced(records: list[Record], steps: Sequence[Step]) -> tuple[list[Record], float]:
    """The records and the end; with steps, their numbers are in place of times, and the last one is shown for a second, too."""
    if not steps:
        return records, records[-1].time_s if records else 0.0
    numbers = [float(step.number) for step in steps for _ in step.records]
    spaced = [record._replace(time_s=number) for record, number in zip(records, numbers, strict=False)]
    return spaced, float(len(steps) + 1)


class _Checks:
    """At which entry each law was first checked, or witnessed; the first law that was broken, and after how many entries."""

    def __init__(self) -> None:
        self.first_entry: dict[str, int] = {}
        self.broken: LawBroken | None = None
        self.entries = 0

    def check(self, played: Played, account: Account) -> None:
        """Let an auditor read the records up to the first broken law."""
        auditor = Auditor(account, played.laws)
        try:
            for step in steps(played.records):
                self._check_step(auditor, step)
            if played.records and played.sim is not None and _complete(played.sim):
                played.sim.compare(auditor)
                auditor.check_at_rest()
                self._note(_checked_at("rest", auditor))
        except LawBroken as error:
            self.broken = error

    def _check_step(self, auditor: Auditor, step: Iterable[Record]) -> None:
        for record in step:
            self.entries += 1
            self._note(law.name for law in auditor.judged_at(record.thing, record.trigger) if law.kind != SOMETIMES)
            auditor.see(record)
        auditor.check_step()
        self._note((*_checked_at("step", auditor), *auditor.witnessed))

    def _note(self, laws: Iterable[str]) -> None:
        """These laws have been checked at the entry that was read last, if not before."""
        for name in laws:
            self.first_entry.setdefault(name, self.entries - 1)


def _complete(sim: Simulation) -> bool:
    """Whether nothing is left to happen, and the journal has every entry."""
    return sim.env.peek() == math.inf and sim.journal.keep


def _checked_at(moment: str, auditor: Auditor) -> list[str]:
    """The names of the laws that are checked at every "step", or at "rest"."""
    return [law.name for law in auditor.laws if moment in _moments(law)]


def _moments(law: Law) -> list[str]:
    """When a law is checked: "step", "rest", or what the entries are about at which it is; a *sometimes* never is."""
    if law.kind == SOMETIMES:
        return []
    return list(dict.fromkeys(map(_moment, law.judged_at)))


def _moment(given: str) -> str:
    if given in (WORLD, REST):
        return "rest"
    return "step" if given in MOMENTS else given.partition(" ")[0]


def _law(law: Law, first_entry: Mapping[str, int]) -> dict[str, Any]:
    """A law as the page shows it."""
    said = {name: getattr(law, name) for name in ("name", "kind", "says", "rests_on")}
    return {**said, "checked_at": _moments(law), "first_entry": first_entry.get(law.name)}


def _detail(data: Any) -> str:
    """What came with an entry, in a short line; a request is too long to show."""
    if data is None or isinstance(data, TuningJobCreated):
        return ""
    text = data if isinstance(data, str) else json.dumps(payload_as_json(data), default=dict)
    return text if len(text) <= _LONGEST_DETAIL else text[: _LONGEST_DETAIL - 1] + "…"


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


def _sources(laws: Iterable[Law], broken: LawBroken | None) -> dict[str, list[tuple[str, str]]]:
    """The words of what rows and laws rest on: the page is also read where there is no documentation."""
    cited = {row.rests_on for table in ALL for row in table.rows} | {law.rests_on for law in laws}
    cited |= {broken.rests_on} if broken else set()
    return {rests_on: list(words(rests_on).items()) for rests_on in sorted(cited)}


def _lanes(records: list[Record], end_s: float) -> dict[str, Any]:
    """A lane for each job with its phases, and the colors of those.

    *begins* is when lanes begin, in order of time, and *begun* the place of the lane that does.
    """
    lanes: dict[tuple[str, str], list[Any]] = {}
    for row in gantt_rows(records, end_s):
        lanes.setdefault((row.tuning_job, row.training_job), []).append([row.phase, row.begin_s, row.end_s])
    phases = {phase for spans in lanes.values() for phase, _, _ in spans}
    begins = sorted((spans[0][1], place) for place, spans in enumerate(lanes.values()))
    return {
        "lanes": [{"tuning": one, "training": other, "spans": spans} for (one, other), spans in lanes.items()],
        "begins": [time_s for time_s, _ in begins],
        "begun": [place for _, place in begins],
        "colors": {phase: color for phase, color in PHASE_COLORS.items() if phase in phases},
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
