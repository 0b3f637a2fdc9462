"""`hptsim plan`: an experiment from the command line, with a scenario or a table of jobs, told in tables, in words, on a page."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from json import dumps
from pathlib import Path
from typing import Any

from hptsim import planning
from hptsim.cli import tables, terminal
from hptsim.cli.assignments import varied
from hptsim.cli.exit_codes import SUCCESS
from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.answers import Answer
from hptsim.planning.intervals import check_confidence
from hptsim.planning.one_history import HistoryAnswer, HistoryTarget, smallest_in_history
from hptsim.planning.precise import check_precision
from hptsim.planning.results import HEADLINE, Results, digits, percent
from hptsim.planning.targets import Target
from hptsim.scenario.price_sources import PriceSources
from hptsim.scenario.resampling import resampling
from hptsim.scenario.scenario import Scenario
from hptsim.views.page_words import Setup
from hptsim.views.pages import page

SHOWN = ("waiting_time_s.mean", "waiting_time_s.p95", "cost_usd")
"""The figures of a sweep that are shown by default; after them, the utilization of each instance type."""
UNSERVED = "unserved_share"
"""Shown too where anybody is refused or never trains."""


def plan(
    file: Path | None = None,
    *,
    trace: Path | None = None,
    mapping: str | None = None,
    skip: bool = False,
    capacity: list[str] | None = None,
    discipline: str | None = None,
    prices: Path | None = None,
    price: list[str] | None = None,
    over: list[str] | None = None,
    replications: int | None = None,
    precision: float | None = None,
    variance_reduction: str | None = None,
    target: str | None = None,
    what: str | None = None,
    unserved: float | None = None,
    by: list[str] | None = None,
    figure: list[str] | None = None,
    until: float | None = None,
    warm_up: float = 0.0,
    resample: str | None = None,
    seed: int | None = None,
    confidence: float | None = None,
    checkpoint: Path | None = None,
    html: Path | None = None,
    parquet: Path | None = None,
    json: bool = False,
    yes: bool = False,
) -> int:
    """Replicate a scenario and answer with confidence intervals: as it is, over a grid, or the smallest quota that will do.

    In place of a scenario it takes a table of jobs (--trace): one history, which has no intervals unless it is resampled.

    Parameters
    ----------
    file
        the scenario (TOML or JSON)
    trace
        a table of jobs in place of a scenario (CSV, JSON or Parquet)
    mapping
        what the table's columns say: alibaba-2020, alibaba-2023, alibaba-2026, philly, helios, slurm, list-training-jobs,
        describe-training-jobs, or submit=COLUMN,duration=COLUMN,...; guessed from their names and shown if it is not said;
        parts: submit, duration or start and end, size, group, name, priority, team, cost, estimate, pool, unit,
        first, shares (docs/tables.md)
    skip
        leave out rows of the table that cannot be read, and count them
    capacity
        instances of a kind that the table's jobs have, such as gpu=100; repeat it for more kinds; others are unlimited
    discipline
        of the table's jobs: fifo, priority, backfill, easy-backfill or fair-share
    prices
        a table of prices (TOML) for the table's jobs
    price
        what an instance of a kind costs an hour in US dollars, such as gpu=2.50; repeat it for more kinds
    over
        what to vary, PATH=VALUES, such as capacity.ml.m5.xlarge=2,4,8 or =1:10; repeat it for a grid
    replications
        how many runs of each design; without it 20, or as many as a target about a share needs, up to 100; a table of jobs is
        run once, unless it is resampled
    precision
        replicate until half of the interval of one --figure (the mean waiting time, if none is named) is at most this share of
        its mean, such as 0.05, or 1,000 replications are done
    variance_reduction
        how --precision takes fewer replications: auto (the default), as a pilot chooses, antithetic, controls,
        plain-queue, or none
    target
        what a figure is wanted to be, such as "waiting_time_s.p95 <= 600"
    what
        search the smallest whole number of this path that meets the target, such as capacity.ml.m5.xlarge
    unserved
        with --target: the share of tuning jobs that may be refused or never train (default: 0); the target is missed beyond it
    by
        also tell figures apart by template, team, priority or instance_type: waiting_time_s.p95[team=vision]; repeat it for more
    figure
        a figure to print, with a sentence about it; repeat it for more. Without it the usual ones of a grid, or all of a single
        design, as a page and --json always have
    until
        end each replication at this many seconds
    warm_up
        tuning jobs that were created before this many seconds do not count
    resample
        how recorded tuning jobs become other days in each replication: days, weekdays or shift, and growth=FACTOR,
        such as "days,growth=1.2"
    seed
        the seed of all random streams (default: 0)
    confidence
        of every interval, one by one (default: 0.95)
    checkpoint
        a file that keeps finished replications; after Ctrl-C the same command does only what is missing
    html
        write a page with tables and pictures to this file
    parquet
        write every replication's figures to this file
    json
        print machine-readable results instead of tables
    yes
        replicate it however much work a replication is expected to be
    """
    terminal.check_files(
        {"--checkpoint": checkpoint, "--html": html, "--parquet": parquet},
        {**terminal.read_with("FILE", file), "--trace": trace, "--prices": prices},
    )
    terminal.check_extras(html, parquet)
    if target is None and unserved is not None:
        raise invalid("--unserved", unserved, "--target: it is how many the target may leave without service")
    wanted = None if target is None else Target.parse(target, unserved or 0.0)
    if what is not None and (wanted is None or over):
        given = "--over" if over else "no --target"
        raise invalid("--what", given, "--target and no --over: the search chooses the values to try")
    if precision is None and variance_reduction is not None:
        raise invalid("--variance-reduction", variance_reduction, "--precision: without it all replications are plain")
    grid, figure = varied("--over", over), list(dict.fromkeys(figure or ()))
    grouped = by if variance_reduction != "none" else None  # with less variance one figure is told, and no groups
    others = {"--over": over, "--target": target, "--trace": trace, "--by": grouped}
    one_figure = None if precision is None else _precise(precision, figure, replications, others)
    _check_one_source(file, trace, {"--mapping": mapping, "--skip": skip, "--capacity": capacity, "--price": price,
        "--prices": prices, "--discipline": discipline})  # fmt: skip
    if trace is not None and resample is None:
        _check_one_history({"--replications": replications, "--seed": seed, "--confidence": confidence})
    seed, confidence = seed or 0, 0.95 if confidence is None else confidence
    check_confidence(confidence)
    brought = None
    if trace is not None:
        paths, quotas = [*grid, *([what] if what else [])], tables.quotas(capacity)
        for path in paths:
            if (kind := path.removeprefix("capacity.")) in quotas and kind != path:
                raise invalid("--capacity", f"{kind}={quotas[kind]}", f"kinds that are not varied: {path} is")
        own = tables.own_prices(price)
        brought = tables.workload(
            trace, mapping, skip, quotas, varied=paths, discipline=discipline or "fifo", prices=prices, price=own
        )
    scenario = terminal.accepted(Scenario.load(file or "") if brought is None else brought.scenario, yes)
    if replications is None:
        replications = 20 if wanted is None else wanted.replications(confidence)
    asked = [*(figure or ()), *([] if wanted is None else [wanted.column])]
    settings: planning.Settings = {
        **{"until_s": until, "warm_up_s": warm_up, "checkpoint": checkpoint, "resample": resample},
        **{"above_s": planning.thresholds(asked), "by": [*(by or ()), *planning.groups_in(asked)]},
    }
    column, also = (figure[0], tuple(figure[1:])) if figure else (HEADLINE, ())
    try:
        told = () if brought is None else tuple(brought.sentences())
        if one_figure is not None:
            how: Any = {
                "seed": seed,
                "confidence": confidence,
                "variance_reduction": variance_reduction or "auto",
                **settings,
            }
            precise = planning.until_precise(scenario, one_figure, precision or 0.0, **how)
            answer = Answer(precise, confidence, told=told, column=one_figure, precision=precision)
        elif brought is not None and resample is None:
            answer = _of_history(told, scenario, what, grid, wanted, (column, also), settings)
        elif what is None:
            found = planning.sweep(scenario, grid, replications, seed, **settings)
            answer = Answer(found, confidence, wanted, told=told, column=column, also=also)
        else:
            search: Any = {
                "replications": replications,
                "seed": seed,
                "confidence": confidence,
                "unserved": unserved or 0.0,
                **settings,
            }
            smallest = planning.smallest(scenario, what, str(wanted), **search)
            answer = Answer(smallest.results, confidence, wanted, smallest, told)
    except KeyboardInterrupt:
        kept = "nothing is kept without --checkpoint" if checkpoint is None else f"what has ended is in {checkpoint}"
        print(f"interrupted; {kept}", file=sys.stderr)
        raise
    figures = _chosen(answer.results, figure if one_figure is None else [one_figure], wanted)
    if parquet is not None:
        answer.results.to_parquet(parquet)
    if html is not None:
        warning, written = scenario.price_warning(time.time()), time.strftime("%Y-%m-%d", time.gmtime())
        setup = Setup(seed, until, warm_up, resampling(resample), written, warning)
        html.write_text(page(scenario, answer, figures, setup), encoding="utf-8")
    if json:
        data = {**answer.data(scenario.name, seed), "prices": PriceSources.of(scenario).data()}
        print(dumps(data if brought is None else {**data, "table": brought.data()}, indent=2))
    else:
        _print(answer, scenario.name, figures, asked=bool(figure))
        if "cost_usd" in figures:
            terminal.warn_of_prices(scenario)
    return SUCCESS


def _check_one_source(file: Path | None, trace: Path | None, of_tables: Mapping[str, Any]) -> None:
    """Refuse what is neither a scenario nor a table, or both, and options of the other."""
    if (file is None) == (trace is None):
        given = "nothing" if file is None else f"{file} and --trace"
        raise invalid("plan", given, "a scenario's file, or --trace with a table of jobs")
    for name, value in of_tables.items():
        if trace is None and value:
            raise invalid(name, value, "--trace: a scenario's file says it itself")


def _check_one_history(given: Mapping[str, Any]) -> None:
    """Refuse options of replications for a table that is run once."""
    for name, value in given.items():
        if value is not None:
            expected = "none with --trace: a table of jobs is run once, or --resample draws other days"
            raise invalid(name, value, expected)


def _precise(precision: float, figure: list[str] | None, replications: int | None, others: Mapping[str, Any]) -> str:
    """The one figure of --precision; raises InvalidInput for what does not go with it."""
    check_precision(precision, "--precision")
    for name, value in {"--replications": replications, **others}.items():
        if value:
            raise invalid(name, value, "none with --precision, which replicates one design until one figure is known")
    if len(figure or ()) > 1:
        raise invalid("--figure", figure, "one with --precision")
    return figure[0] if figure else HEADLINE


def _of_history(
    told: tuple[str, ...],
    scenario: Scenario,
    what: str | None,
    grid: Mapping[str, list[Any]],
    target: Target | None,
    columns: tuple[str, tuple[str, ...]],
    settings: planning.Settings,
) -> Answer:
    """What the one history of a table shows."""
    if target is None or what is None:
        wanted = None if target is None else HistoryTarget(target.column, target.sign, target.limit, target.unserved)
        found, (column, also) = planning.sweep(scenario, grid, 1, **settings), columns
        return HistoryAnswer(found, 0.95, wanted, told=told, column=column, also=also)
    search = smallest_in_history(scenario, what, str(target), unserved=target.unserved, **settings)
    return HistoryAnswer(search.results, 0.95, search.target, search, told)


def _chosen(results: Results, asked: Iterable[str] | None, target: Target | None) -> list[str]:
    """The figures to show: those that were asked for, or the usual ones that anybody has shown."""
    if asked:
        for name in asked:
            results.values(name)  # says which there are if there is none of that name
        return list(asked)
    usual = [*SHOWN, *(name for name in results.columns if name.startswith("utilization."))]
    if UNSERVED in results.table and results.table[UNSERVED].any():  # the others leave those out who were not served
        usual.append(UNSERVED)
    if target is not None and target.column not in usual:
        usual.insert(0, target.column)
    return [name for name in usual if name in results.table and len(results.values(name))]


def _print(answer: Answer, name: str, figures: Sequence[str], asked: bool) -> None:
    console = terminal.console()
    table = require("rich.table", "cli", "the command line").Table(box=None)
    for heading, justify in _headings(answer, figures):
        table.add_column(heading.replace(".", "\n.", 1), justify=justify, no_wrap=True)
    for cells in _cells(answer, figures, asked):
        table.add_row(*cells)
    count = len(answer.points()[0][1].table)
    interval = f"{count} replications, mean (and the {percent(answer.confidence)} interval)"
    words = "one history, without intervals" if isinstance(answer, HistoryAnswer) else interval
    console.print(f"{name}: {words}", highlight=False)
    console.print(table)
    console.print(answer.sentence(), highlight=False, soft_wrap=True)


def _headings(answer: Answer, figures: Sequence[str]) -> Iterator[tuple[str, str]]:
    paths = answer.results.varied
    yield from ((path, "right") for path in paths)
    yield from ((name, "right") for name in (figures if paths else ("figure", "mean")))
    if answer.target is not None:
        yield "target", "left"


def _cells(answer: Answer, figures: Sequence[str], asked: bool) -> Iterator[list[str]]:
    """A row for each point of a sweep; or, of a single design, one for each figure that was *asked* for, or for all."""
    for set_, part in answer.points():
        summary = part.summary(confidence=answer.confidence).set_index("figure")
        verdicts = [] if answer.target is None else [answer.verdict(part)]
        if set_:
            yield [*map(str, set_.values()), *(_interval(summary.loc[name]) for name in figures), *verdicts]
            continue
        judged = [] if answer.target is None else [answer.target.column]
        observed = summary.index[summary["replications"] > 0]
        for name in dict.fromkeys([*figures, *judged]) if asked else observed:
            row = summary.loc[name]
            mine = [verdict if name in judged else "" for verdict in verdicts]
            yield [str(name), _interval(row), *mine]


def _interval(row: Any) -> str:
    """A mean and its interval, if it has one."""
    if not row["replications"]:
        return "–"
    return digits(row["mean"]) + (
        "" if math.isnan(row["low"]) else f" ({digits(row['low'], 3)} to {digits(row['high'], 3)})"
    )
