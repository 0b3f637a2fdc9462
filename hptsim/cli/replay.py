"""`hptsim replay`: a table of jobs from a real cluster runs through the whole twin, under a quota of yours."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from json import dumps
from math import isnan, nan
from pathlib import Path
from shlex import quote
from typing import Any

from hptsim.cli import tables, terminal
from hptsim.cli.exit_codes import INTERRUPTED, SUCCESS
from hptsim.cli.law_options import when_checked
from hptsim.cli.progress import advance
from hptsim.optional import require
from hptsim.planning.metrics import Metrics
from hptsim.planning.streamed import Streamed
from hptsim.views.chart_data import share_rows

_DAY_S = 86400
_WAITS = {"mean": "mean waiting time", "p50": "median", "p95": "95 % wait at most", "max": "longest"}


def replay(
    trace: Path,
    *,
    mapping: str | None = None,
    skip: bool = False,
    capacity: list[str] | None = None,
    discipline: str = "fifo",
    prices: Path | None = None,
    price: list[str] | None = None,
    above: float = 600.0,
    laws: str = "off",
    journal: Path | None = None,
    html: Path | None = None,
    parquet: Path | None = None,
    json: bool = False,
) -> int:
    """Replay a table of jobs under a quota: how long would they have waited, how busy were the instances, what did it cost?

    A row that cannot be read is an error, or with --skip it is counted and left out. A job that wants more than the quota can
    ever give is refused. To search the smallest quota that is enough: hptsim plan --trace.

    Parameters
    ----------
    trace
        a table of jobs, one a row (CSV, JSON or Parquet)
    mapping
        what its columns say: alibaba-2020, alibaba-2023, alibaba-2026, philly, helios, slurm, list-training-jobs,
        describe-training-jobs, or submit=COLUMN,duration=COLUMN,...; guessed from their names and shown if it is not said;
        parts: submit, duration or start and end, size, group, name, priority, team, cost, estimate, pool, unit,
        first, shares (docs/tables.md)
    skip
        leave out rows that cannot be read, and count them
    capacity
        instances of a kind, such as gpu=100; repeat it for more kinds; "*=4" holds for each kind that is not named, and without
        it those are unlimited
    discipline
        fifo, priority, backfill, easy-backfill, which goes by the column of estimates (without one by the longest time that a job
        may train), or fair-share, which goes by the column of teams
    prices
        a table of prices (TOML)
    price
        what an instance of a kind costs an hour in US dollars, such as gpu=2.50; repeat it for more kinds
    above
        also say which share waited for more than this many seconds
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
    quotas, own = dict(map(tables.quota, capacity or [])), dict(map(tables.usd_per_hour, price or []))
    brought = tables.workload(trace, mapping, skip, quotas, discipline=discipline, prices=prices, price=own)
    course = _course(quotas) if html is not None else None
    readers = [] if course is None else [course.read]
    run = Streamed(brought.scenario, laws=checked, path=journal, readers=readers)
    try:
        advance(run.sim, None, quiet=json)
    except KeyboardInterrupt:
        terminal.report_interrupt(run.sim)
        return INTERRUPTED
    finally:
        run.journal.close()
    answer = Answer(run, brought, above)
    if html is not None:
        html.write_text(page(answer, course), encoding="utf-8")
    if parquet is not None:
        table = require("pandas", "planning", "--parquet").DataFrame(answer.jobs())
        table.to_parquet(parquet)
    if json:
        print(dumps(answer.data(), indent=2))
    else:
        _print(answer, trace, mapping, skip)
        if not isnan(answer.figures["cost_usd"]):
            terminal.warn_of_prices(brought.scenario)
    return SUCCESS


def _course(quotas: Mapping[str, int]) -> Any:
    from hptsim.views.course import Course

    return Course(quotas)


class Answer:
    """What a replay has shown: the figures of the run, and the share that waited for more than *above* seconds."""

    def __init__(self, run: Streamed, brought: tables.Workload, above: float) -> None:
        self.brought, self.above, self.scenario, self.end_s = brought, above, brought.scenario, run.sim.now
        self.metrics: Metrics = run.metrics()
        self.figures = self.metrics.figures(above_s=[above])
        self.figures["waiting_time_s.max"] = max(self.metrics.sample("waiting_time_s"), default=nan)

    def sentences(self) -> list[str]:
        """What was replayed, under which quota, and what was refused."""
        scenario = self.scenario
        quota = ", ".join(f"{kind} = {count}" for kind, count in scenario.capacity.items()) or "no quota"
        lines = [*self.brought.sentences(), f"Replayed with {quota}, {scenario.assumptions.discipline}."]
        return lines + [f"Refused: {count:,} × {code}." for code, count in self.metrics.refused.items()]

    def rows(self) -> list[tuple[str, str]]:
        """The figures that are printed, in words."""
        figures, end_s = self.figures, self.end_s
        cost = figures["cost_usd"]
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
            ("cost", "–, for a price is not known (--price)" if isnan(cost) else f"{cost:,.2f} US dollars"),
            ("makespan", f"{_seconds(end_s)} ({end_s / _DAY_S:,.1f} days)"),
        ]

    def data(self) -> dict[str, Any]:
        """The results for machines; a figure that was not observed is null."""
        return {
            "trace": self.scenario.name,
            "table": self.brought.data(),
            "prices": terminal.prices_data(self.scenario),
            "capacity": dict(self.scenario.capacity),
            "discipline": self.scenario.assumptions.discipline,
            "refused": dict(self.metrics.refused),
            "makespan_s": self.end_s,
            "figures": {name: None if isnan(value) else value for name, value in self.figures.items()},
        }

    def jobs(self) -> list[dict[str, Any]]:
        """A row for each job that was taken; one that was refused has no times but its submission."""
        found = {row.name: row for row in self.metrics.tuning_jobs}
        table = []
        for one in self.scenario.tuning_jobs:
            row, wanted = found.get(one.spec.name), tables.instances(one)
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


def _seconds(value: float) -> str:
    return "–" if isnan(value) else f"{value:,.0f} s"


def _print(answer: Answer, trace: Path, mapping: str | None, skip: bool) -> None:
    console = terminal.console()
    table = require("rich.table", "cli", "the command line").Table(box=None, show_header=False)
    for line in answer.sentences():
        console.print(line, highlight=False, soft_wrap=True)
    for row in answer.rows():
        table.add_row(*row)
    console.print(table)
    if answer.scenario.capacity:
        what = quote(f"capacity.{next(iter(answer.scenario.capacity))}")
        discipline = answer.scenario.assumptions.discipline
        said = (f" --mapping {quote(mapping)}" if mapping else "") + (" --skip" if skip else "")
        said += f" --discipline {discipline}" if discipline != "fifo" else ""
        search = f'hptsim plan --trace {quote(str(trace))}{said} --what {what} --target "waiting_time_s.p95 <= 600"'
        console.print(f"The smallest quota that is enough: {search}", highlight=False, soft_wrap=True)


def page(answer: Answer, course: Any) -> str:
    """One HTML file that needs nothing else: the sentences, the pictures, the figures."""
    from hptsim import views
    from hptsim.views.pages import document

    pictures = [("How long the jobs wait", views.waiting(share_rows(answer.metrics.sample("waiting_time_s"))))]
    if line := course.queue():
        pictures.append(("Requests that wait for quota", views.queue(line)))
    if limited := course.bands():
        pictures.append(("Instances reserved and occupied", views.bands(limited)))
    cells = "".join(f"<tr><td>{escape(text)}</td><td>{escape(value)}</td></tr>" for text, value in answer.rows())
    words = "Times are averaged over the jobs that were taken, the queue and the utilization over time."
    if answer.brought.apart:
        words = "Times are averaged over the jobs that want what is limited, the queue and the utilization over time."
    return document(answer.scenario.name, "\n".join(answer.sentences()), pictures, words, f"<table>{cells}</table>")
