"""`hptsim replay`: a table of jobs from a real cluster runs through the whole twin, under a quota of yours."""

from __future__ import annotations

from html import escape
from json import dumps
from math import isnan, nan
from pathlib import Path
from typing import Any

import attrs

from hptsim.cli import terminal
from hptsim.cli.exit_codes import INTERRUPTED, SUCCESS
from hptsim.cli.law_options import when_checked
from hptsim.cli.progress import advance
from hptsim.errors import InvalidInput, invalid
from hptsim.model.account import OTHERS, Quota
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest
from hptsim.model.journal import Journal
from hptsim.optional import require
from hptsim.planning.metrics import Metrics
from hptsim.scenario.csv_traces import from_csv
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.trace import Trace
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.simulation.simulation import Simulation
from hptsim.views.chart_data import band_rows, queue_rows, share_rows

_DAY_S = 86400
_WAITS = {"mean": "mean waiting time", "p50": "median", "p95": "95 % wait at most", "max": "longest"}


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
    html: Path | None = None,
    parquet: Path | None = None,
    json: bool = False,
) -> int:
    """Replay a table of jobs (CSV) under a quota: how long would they have waited, and how busy were the instances?

    Rows that cannot be read are counted and left out. A job that wants more than the quota can ever give is refused.

    Parameters
    ----------
    trace
        a table of jobs, one a row
    mapping
        what its columns say: alibaba-2023, or submit=COLUMN,duration=COLUMN,size=COLUMN,... (see hptsim.traces)
    capacity
        instances of a kind, such as gpu=100; repeat it for more kinds; "*=4" holds for each kind that is not named, and without
        it those are unlimited
    discipline
        fifo, priority, backfill, or easy-backfill, which goes by the longest time that a job may train
    above
        also say which share waited for more than this many seconds
    strict
        refuse a table with rows that cannot be read
    laws
        on, off, or end
    journal
        write the journal to this file (JSON Lines)
    html
        write a page with the figures and pictures to this file
    parquet
        write a row for each job to this file
    json
        print machine-readable results instead of a table
    """
    if html is not None or parquet is not None:
        from hptsim.cli.plan import check_outputs

        check_outputs(html, parquet)
    checked = when_checked(laws)
    quota = dict(map(parsed, capacity or []))
    assumptions = Assumptions(admission="queue", discipline=discipline)
    read = _read(trace, mapping, strict)
    scenario = attrs.evolve(read.scenario, capacity=quota, assumptions=assumptions)
    _check_kinds(scenario)
    log = Journal(journal, keep=True)
    sim = Simulation(scenario, laws=checked, journal=log)
    try:
        advance(sim, None, quiet=json)
    except KeyboardInterrupt:
        terminal.report_interrupt(sim)
        return INTERRUPTED
    finally:
        log.close()
    answer = Answer(sim, read, above)
    if html is not None:
        html.write_text(page(answer), encoding="utf-8")
    if parquet is not None:
        table = require("pandas", "planning", "--parquet").DataFrame(answer.jobs())
        table.to_parquet(parquet)
    if json:
        print(dumps(answer.data(), indent=2))
    else:
        _print(answer)
    return SUCCESS


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
    kinds = {_instances(one).instance_type for one in scenario.tuning_jobs}
    for kind in scenario.capacity:
        if kinds and kind not in (*kinds, OTHERS):
            raise invalid(
                "--capacity",
                kind,
                "a kind of instances that jobs of the trace want",
                f"they want: {', '.join(sorted(kinds))}",
            )


class Answer:
    """What a replay has shown: the figures of the run, and the share that waited for more than *above* seconds."""

    def __init__(self, sim: Simulation, trace: Trace, above: float) -> None:
        self.sim, self.trace, self.above = sim, trace, above
        self.metrics: Metrics = sim.metrics()
        self.figures = self.metrics.figures(above_s=[above])
        self.figures["waiting_time_s.max"] = max(self.metrics.sample("waiting_time_s"), default=nan)

    def free(self) -> int:
        """How many jobs want nothing that is limited, and start at once."""
        scenario = self.sim.scenario
        quota = Quota(scenario.capacity)
        return sum(_instances(one).instance_type not in quota for one in scenario.tuning_jobs)

    def sentences(self) -> list[str]:
        """What was replayed, under which quota, and what was refused."""
        scenario = self.sim.scenario
        quota = ", ".join(f"{kind} = {count}" for kind, count in scenario.capacity.items()) or "no quota"
        lines = [f"{scenario.name}: {self.trace.sentence()}"]
        lines += [f"{free:,} of them want nothing that is limited and start at once."] if (free := self.free()) else []
        lines += [f"Replayed with {quota}, {scenario.assumptions.discipline}."]
        return lines + [f"Refused: {count:,} × {code}." for code, count in self.metrics.refused.items()]

    def rows(self) -> list[tuple[str, str]]:
        """The figures that are printed, in words."""
        figures, end_s = self.figures, self.sim.now
        limited = [kind for kind, one in self.metrics.types.items() if one.limit is not None]
        shares = {
            "waited at all": "waited_share",
            f"waited more than {self.above:g} s": f"waiting_time_s.above_{self.above:g}",
            **{f"utilization of {kind}": f"utilization.{kind}" for kind in limited},
        }
        return [
            *((text, _seconds(figures[f"waiting_time_s.{name}"])) for name, text in _WAITS.items()),
            *((text, "–" if isnan(figures[name]) else f"{figures[name]:.1%}") for text, name in shares.items()),
            ("mean queue", f"{figures['queue_length.mean']:,.1f} requests" if end_s else "–"),
            ("makespan", f"{_seconds(end_s)} ({end_s / _DAY_S:,.1f} days)"),
        ]

    def data(self) -> dict[str, Any]:
        """The results for machines; a figure that was not observed is null."""
        figures = {name: value for name, value in self.figures.items() if name != "cost_usd"}
        return {
            "trace": self.sim.scenario.name,
            "rows": {
                "taken": len(self.sim.scenario.tuning_jobs),
                "want_nothing_limited": self.free(),
                "left_out": len(self.trace.left_out),
                "reasons": self.trace.reasons,
            },
            "capacity": dict(self.sim.scenario.capacity),
            "discipline": self.sim.scenario.assumptions.discipline,
            "refused": dict(self.metrics.refused),
            "makespan_s": self.sim.now,
            "figures": {name: None if isnan(value) else value for name, value in figures.items()},
        }

    def jobs(self) -> list[dict[str, Any]]:
        """A row for each job that was taken; one that was refused has no times but its submission."""
        found = {row.name: row for row in self.metrics.tuning_jobs}
        table = []
        for one in self.sim.scenario.tuning_jobs:
            row, wanted = found.get(one.spec.name), _instances(one)
            waited = row.waiting_s if row is not None else None
            table.append(
                {
                    "job": one.spec.name,
                    "kind": wanted.instance_type,
                    "instances": wanted.count,
                    "submitted_s": one.at_s,
                    "waited_s": waited,
                    "started_s": None if waited is None else one.at_s + waited,
                    "ended_s": row.ended_s if row is not None else None,
                }
            )
        return table


def _instances(job: ScheduledTuningJob) -> InstanceRequest:
    return job.spec.definitions[0].instances


def _seconds(value: float) -> str:
    return "–" if isnan(value) else f"{value:,.0f} s"


def _print(answer: Answer) -> None:
    console = terminal.console()
    table = require("rich.table", "cli", "the command line").Table(box=None, show_header=False)
    for line in answer.sentences():
        console.print(line, highlight=False, soft_wrap=True)
    for row in answer.rows():
        table.add_row(*row)
    console.print(table)


def page(answer: Answer) -> str:
    """One HTML file that needs nothing else: the sentences, the pictures, the figures."""
    from hptsim import views
    from hptsim.views.pages import document

    limited = [row for row in band_rows(answer.sim.journal, answer.sim.scenario.capacity) if row.limit is not None]
    pictures = [("How long the jobs wait", views.waiting(share_rows(answer.metrics.sample("waiting_time_s"))))]
    if line := queue_rows(answer.sim.journal):
        pictures.append(("Requests that wait for quota", views.queue(line)))
    if limited:
        pictures.append(("Instances reserved and occupied", views.bands(limited)))
    cells = "".join(f"<tr><td>{escape(text)}</td><td>{escape(value)}</td></tr>" for text, value in answer.rows())
    words = "Times are averaged over the jobs that were taken, the queue and the utilization over time."
    return document(answer.sim.scenario.name, "\n".join(answer.sentences()), pictures, words, f"<table>{cells}</table>")
