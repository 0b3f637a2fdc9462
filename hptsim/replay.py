"""`hptsim replay`: a table of jobs from a real cluster runs through the whole twin, under a quota of yours."""

from __future__ import annotations

import sys
from json import dumps
from math import isnan
from pathlib import Path
from typing import Any

import attrs

from hptsim.assumptions import Assumptions
from hptsim.errors import InvalidInput, invalid
from hptsim.extras import require
from hptsim.journal import Journal
from hptsim.progress import advance
from hptsim.scenario import Scenario
from hptsim.simulation import Simulation
from hptsim.traces import Trace, from_csv

_DAY_S = 86400


def replay(
    trace: Path,
    *,
    mapping: str,
    capacity: list[str] | None = None,
    discipline: str = "fifo",
    above: float = 600.0,
    strict: bool = False,
    laws: str = "off",
    journal: Path | None = None,
    json: bool = False,
) -> int:
    """Replay a table of jobs (CSV) under a quota: how long would they have waited, and how busy were the instances?

    Rows that cannot be read are counted and left out. A job that wants more than the quota can ever give is refused.

    Parameters
    ----------
    trace: a table of jobs, one a row
    mapping: what its columns say: alibaba-2023, or submit=COLUMN,duration=COLUMN,size=COLUMN,... (see hptsim.traces)
    capacity: instances of a kind, such as gpu=100; repeat it for more kinds; what is not named is unlimited
    discipline: fifo, priority or backfill
    above: also say which share waited for more than so many seconds
    strict: refuse a table with rows that cannot be read
    laws: on, off, or end
    journal: write the journal to this file (JSON Lines)
    json: print machine-readable results instead of a table
    """
    if laws not in ("on", "off", "end"):
        raise invalid("--laws", laws, "on, off or end")
    quota = dict(map(parsed, capacity or []))
    assumptions = Assumptions(admission="queue", discipline=discipline)
    read = _read(trace, mapping, strict)
    scenario = attrs.evolve(read.scenario, capacity=quota, assumptions=assumptions)
    _check_kinds(scenario)
    log = Journal(journal, keep=True)
    sim = Simulation(scenario, laws=laws == "on" or (laws == "end" and "end"), journal=log)
    try:
        advance(sim, None, quiet=json)
    except KeyboardInterrupt:
        print(f"interrupted at {sim.now:.0f} s; the journal is complete up to there", file=sys.stderr)
        return 130
    finally:
        log.close()
    metrics = sim.metrics()
    figures = metrics.figures(above_s=[above])
    figures["waiting_time_s.max"] = max(metrics.sample("waiting_time_s"), default=float("nan"))
    if json:
        print(dumps(_plain(sim, read, figures, metrics.refused), indent=2))
    else:
        _print(sim, read, figures, metrics.refused, above)
    return 0


def parsed(text: str) -> tuple[str, int]:
    """What `--capacity` says.

    >>> parsed("gpu=100")
    ('gpu', 100)
    """
    kind, _, count = text.partition("=")
    if not kind or not count.strip().isdigit():
        raise invalid("--capacity", text, "KIND=COUNT", "for example gpu=100")
    return kind, int(count)


def _read(trace: Path, mapping: str, strict: bool) -> Trace:
    try:
        return from_csv(trace, mapping, skip=not strict)
    except InvalidInput as error:
        raise attrs.evolve(
            error, message=error.message.replace("(skip=True leaves", "(without --strict it leaves")
        ) from None


def _check_kinds(scenario: Scenario) -> None:
    """Refuse a quota of what no job wants: it is a misspelling."""
    kinds = {one.spec.definitions[0].instances.instance_type for one in scenario.tuning_jobs}
    for kind in scenario.capacity:
        if kinds and kind not in kinds:
            raise invalid(
                "--capacity",
                kind,
                "a kind of instances that jobs of the trace want",
                f"they want: {', '.join(sorted(kinds))}",
            )


def _free(scenario: Scenario) -> int:
    """How many jobs want nothing that is limited, and start at once."""
    kinds = (one.spec.definitions[0].instances.instance_type for one in scenario.tuning_jobs)
    return sum(kind not in scenario.capacity for kind in kinds)


def _plain(sim: Simulation, read: Trace, figures: dict[str, float], refused: Any) -> dict[str, Any]:
    """The results for machines; a figure that nobody has shown is null."""
    return {
        "trace": read.scenario.name,
        "rows": {
            "taken": len(read.scenario.tuning_jobs),
            "want_nothing_limited": _free(sim.scenario),
            "left_out": len(read.left_out),
            "reasons": read.reasons,
        },
        "capacity": dict(sim.scenario.capacity),
        "discipline": sim.scenario.assumptions.discipline,
        "refused": dict(refused),
        "makespan_s": sim.now,
        "figures": {name: None if isnan(value) else value for name, value in figures.items() if name != "cost_usd"},
    }


def _print(sim: Simulation, read: Trace, figures: dict[str, float], refused: Any, above: float) -> None:
    console = require("rich.console", "cli", "the command line").Console()
    table = require("rich.table", "cli", "the command line").Table(box=None, show_header=False)
    quota = ", ".join(f"{kind} = {count}" for kind, count in sim.scenario.capacity.items()) or "no quota"
    console.print(f"{read.scenario.name}: {read.sentence()}", highlight=False, markup=False, soft_wrap=True)
    if free := _free(sim.scenario):
        console.print(f"{free:,} of them want nothing that is limited and start at once", highlight=False)
    console.print(f"{quota}, {sim.scenario.assumptions.discipline}", highlight=False, markup=False)
    waits = {name: figures[f"waiting_time_s.{name}"] for name in ("mean", "p50", "p95", "max")}
    words = {"mean": "mean waiting time", "p50": "median", "p95": "95 % wait at most", "max": "longest"}
    for name, value in waits.items():
        table.add_row(words[name], "–" if isnan(value) else f"{value:,.0f} s")
    for text, value in (
        ("waited at all", figures["waited_share"]),
        (f"waited more than {above:g} s", figures[f"waiting_time_s.above_{above:g}"]),
        *((f"utilization of {kind}", figures[f"utilization.{kind}"]) for kind in sim.scenario.capacity),
    ):
        table.add_row(text, "–" if isnan(value) else f"{value:.1%}")
    table.add_row("mean queue", f"{figures['queue_length.mean']:,.1f} requests" if sim.now else "–")
    table.add_row("makespan", f"{sim.now:,.0f} s ({sim.now / _DAY_S:,.1f} days)")
    console.print(table)
    for code, count in refused.items():
        console.print(f"refused: {count:,} × {code}", highlight=False)
