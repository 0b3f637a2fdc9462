"""`hptsim replay`: a table of jobs from a real cluster runs through the whole twin, under a quota of yours."""

from __future__ import annotations

import time
from collections.abc import Mapping
from json import dumps
from math import isnan
from pathlib import Path
from shlex import quote
from typing import Any

from hptsim.cli import tables, terminal
from hptsim.cli.exit_codes import INTERRUPTED, SUCCESS
from hptsim.cli.law_options import when_checked
from hptsim.cli.progress import advance
from hptsim.cli.replay_answer import Answer
from hptsim.optional import require
from hptsim.planning.streamed import Streamed


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
    terminal.check_seconds({"--above": above})
    terminal.check_files(
        {"--journal": journal, "--html": html, "--parquet": parquet}, {"TRACE": trace, "--prices": prices}
    )
    terminal.check_extras(html, parquet)
    checked = when_checked(laws)
    quotas, own = tables.quotas(capacity), tables.own_prices(price)
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
    if html is not None and course is not None:
        from hptsim.cli.replay_page import page

        html.write_text(page(answer, course, time.time()), encoding="utf-8")
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
