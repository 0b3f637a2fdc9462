"""The player: one HTML file that plays a journal over simulated time, without a network.

What is played is computed here; how it looks is in player.html. Names and texts travel as JSON data and reach the page
as text, so that nothing in a journal can act in the reader's browser.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS
from hptsim.errors import LawBroken
from hptsim.model.account import Account
from hptsim.model.journal import Record, Saved, steps
from hptsim.model.journal_lines import payload_as_json
from hptsim.model.laws import MOMENTS, REST, SOMETIMES, WORLD, Law
from hptsim.model.payloads import TuningJobCreated
from hptsim.model.specification import words
from hptsim.model.tables import ALL, BOOKINGS, EFFECTS
from hptsim.simulation.simulation import Simulation
from hptsim.views.chart_data import band_rows, gantt_rows, queue_rows, stored_rows
from hptsim.views.charts import PHASE_COLORS


def to_html(
    source: Simulation | Saved | Iterable[Record], path: str | Path | None = None, *, broken: LawBroken | None = None
) -> str:
    """A journal as one self-contained HTML page that plays it, written to *path* if there is one.

    *source* is a simulation, a journal that was read from a file, or bare records; of those the laws are not checked,
    for nobody says which account they are about. With *broken*, what a run raised, the film ends at the last entry and
    says why; without it, at the first entry at which a law is found broken.

    >>> from hptsim import TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> page = to_html(sim)
    >>> page.startswith("<!DOCTYPE html>"), "demo" in page, "https://" in page
    (True, True, False)
    """
    film = _film(source, broken)
    template = (resources.files("hptsim.views") / "player.html").read_text(encoding="utf-8")
    head, data, tail = template.partition("@DATA@")
    page = head.replace("@TITLE@", html.escape(film["title"])) + escaped(film) + tail
    assert data, "player.html has lost its place for the data"
    if path is not None:
        Path(path).write_text(page, encoding="utf-8")
    return page


def escaped(data: Any) -> str:
    """*data* as JSON that can stand inside a script element: nothing in it closes the element or opens a comment.

    >>> escaped("</script><!--")
    '"\\\\u003c/script\\\\u003e\\\\u003c!--"'
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _film(source: Simulation | Saved | Iterable[Record], broken: LawBroken | None) -> dict[str, Any]:
    """Everything that the page draws, as plain data."""
    title, account, limits = "hptsim", None, {}
    if isinstance(source, Simulation):
        title = f"{source.scenario.name}, seed {source.seed}"
        account, records = source.scenario.account, list(source.journal)
    elif isinstance(source, Saved):
        title = f"{source.header.get('scenario', 'hptsim')}, seed {source.header.get('seed', 0)}"
        account, records = source.account, source.records
    else:
        records = list(source)
    if account is not None:
        limits = dict(account.capacity)
    sim = source if isinstance(source, Simulation) else None
    laws = LAWS if sim is None else sim.laws
    first, found, length = _judge(records, account, laws, sim)
    if broken is None and found is not None:
        broken, records = found, records[:length]
    return {
        "title": title,
        "end": records[-1].time_s if records else 0.0,
        "judged": account is not None,
        "entries": [[*record[:6], _detail(record.data)] for record in records],
        "rows": _rows(),
        "laws": [_law(law, first) for law in laws],
        "sources": _sources(laws, broken),
        "broken": broken and {"law": broken.law, "reason": broken.reason, "rests_on": broken.rests_on},
        **_lanes(records),
        **_charts(records, limits),
    }


def _law(law: Law, first: Mapping[str, int]) -> dict[str, Any]:
    """A law as the page shows it: *judged* are the things at whose entries it is judged, "step" or "rest"."""
    judged = [] if law.kind == SOMETIMES else list(dict.fromkeys(map(_when, law.judged_at)))
    plain = {name: getattr(law, name) for name in ("name", "kind", "says", "rests_on")}
    return {**plain, "judged": judged, "first": first.get(law.name)}


def _when(moment: str) -> str:
    if moment in (WORLD, REST):
        return "rest"
    return "step" if moment in MOMENTS else moment.partition(" ")[0]


def _judge(
    records: list[Record], account: Account | None, laws: Iterable[Law], sim: Simulation | None
) -> tuple[dict[str, int], LawBroken | None, int]:
    """The entry at which each law was first judged, or witnessed; the first law broken, and after how many entries."""
    first: dict[str, int] = {}
    if account is None:
        return first, None, len(records)
    auditor, seen = Auditor(account, laws), 0
    judged = [law for law in auditor.laws if law.kind != SOMETIMES]
    at_steps = [law.name for law in judged if "step" in map(_when, law.judged_at)]
    at_rest = [law.name for law in judged if "rest" in map(_when, law.judged_at)]
    met: set[tuple[str, str]] = set()
    try:
        for step in steps(records):
            for record in step:
                seen += 1
                if (what := (record.thing, record.trigger)) not in met:
                    met.add(what)
                    for law in auditor.judged_at(*what):
                        if law.kind != SOMETIMES:
                            first.setdefault(law.name, seen - 1)
                auditor.see(record)
            auditor.check_step()
            for name in (*at_steps, *auditor.witnessed):
                first.setdefault(name, seen - 1)
        if sim is not None and records and sim.env.peek() == float("inf") and sim.journal.keep:
            auditor.compare(sim._world)
            auditor.check_at_rest()
            for name in at_rest:
                first.setdefault(name, seen - 1)
    except LawBroken as error:
        return first, error, seen
    return first, None, seen


def _detail(data: Any) -> str:
    """What came with an entry, in a short line; a request is too long to show."""
    if data is None or isinstance(data, TuningJobCreated):
        return ""
    text = data if isinstance(data, str) else json.dumps(payload_as_json(data), default=dict)
    return text if len(text) <= 160 else text[:159] + "…"


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
    """The words of what rows and laws rest on: the film is read where there is no documentation."""
    resting = {row.rests_on for table in ALL for row in table.rows} | {law.rests_on for law in laws}
    resting |= {broken.rests_on} if broken else set()
    return {rests_on: list(words(rests_on).items()) for rests_on in sorted(resting)}


def _lanes(records: list[Record]) -> dict[str, Any]:
    """A lane for each job with its phases, and the colors of those.

    *youngest* is the lowest lane begun when as many lanes as *born* have.
    """
    lanes: dict[tuple[str, str], list[Any]] = {}
    for row in gantt_rows(records):
        lanes.setdefault((row.tuning_job, row.training_job), []).append([row.phase, row.begin_s, row.end_s])
    shown = {phase for spans in lanes.values() for phase, _, _ in spans}
    births = sorted((spans[0][1], place) for place, spans in enumerate(lanes.values()))
    return {
        "lanes": [{"tuning": one, "training": other, "spans": spans} for (one, other), spans in lanes.items()],
        "born": [time_s for time_s, _ in births],
        "youngest": [place for _, place in births],
        "colors": {phase: color for phase, color in PHASE_COLORS.items() if phase in shown},
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
