"""The pictures of an experiment's page: designs and their figures, teams, and one run of the chosen design."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import attrs

from hptsim import planning
from hptsim.planning.answers import Answer
from hptsim.planning.results import percent, spelled
from hptsim.planning.streamed import Streamed
from hptsim.scenario.scenario import Scenario
from hptsim.views import charts
from hptsim.views.axis_names import GROUPED, figure_name, path_name
from hptsim.views.chart_data import share_rows
from hptsim.views.choice import COST, Choice, Design, design_rows, mean_of
from hptsim.views.course import Course
from hptsim.views.decisions import DesignRow, Pair, decision, logarithmic, tradeoff
from hptsim.views.drawings import Drawing, drawing
from hptsim.views.page_words import Setup
from hptsim.views.time_axis import Clock


def pictures(
    scenario: Scenario, answer: Answer, choice: Choice, figures: Sequence[str], setup: Setup
) -> Iterator[Drawing]:
    """Each figure over the designs, two of them against each other, figures by group, then one run."""
    if answer.results.varied:
        for number, name in enumerate(figures):
            if rows := design_rows(answer, name, choice):
                yield _of_designs(answer, name, rows, f"figure-{number}")
        yield from _against_each_other(answer, choice, figures)
    yield from _by_group(answer, choice)
    yield from _of_one_run(scenario, answer, choice, setup)


def _of_designs(answer: Answer, name: str, rows: list[DesignRow], mark: str) -> Drawing:
    judged = answer.target is not None and answer.target.column == name
    limit = answer.target.limit if judged and answer.target is not None else None
    numbers = all(isinstance(row.x, (int, float)) for row in rows)
    varied = answer.results.varied
    x = path_name(varied[0]) if numbers else ", ".join(map(path_name, varied))
    return drawing(f"{figure_name(name)}: {_how(answer, rows, limit)}", partial(decision, rows, x, name, limit), mark)


def _how(answer: Answer, rows: Sequence[DesignRow], limit: float | None) -> str:
    """What stands at each design, and whether the axis is logarithmic."""
    count = max(len(part.table) for _, part in answer.points())
    text = "one run of each" if count == 1 else f"mean over {count} replications"
    if any(not math.isnan(row.low) for row in rows):
        text += f", {percent(answer.confidence)} intervals"
    return text + (", logarithmic axis" if logarithmic(rows, limit) else "")


def _against_each_other(answer: Answer, choice: Choice, figures: Sequence[str]) -> Iterator[Drawing]:
    """The cost against the figure that is decided about, where there are several designs with both."""
    column = answer.target.column if answer.target is not None else next((one for one in figures if one != COST), COST)
    points = answer.points()
    if column == COST or len(points) < 3 or any(math.isnan(mean_of(part, COST)) for _, part in points):
        return
    costs = {row.name: row for row in design_rows(answer, COST, choice)}
    others = [row for row in design_rows(answer, column, choice) if row.name in costs]
    limit = None if answer.target is None else answer.target.limit
    sign = "+" if answer.target is not None and answer.target.sign == ">=" else ""
    unserved = 0.0 if answer.target is None else answer.target.unserved
    table = planning.frontier(answer.results, [COST, f"{sign}{column}"], answer.confidence, unserved).table
    struck = {
        ", ".join(str(row[path]) for path in answer.results.varied): (
            bool(row["dominated_by"]),
            row["unserved"] > unserved,
        )
        for row in table.to_dict("records")
    }
    rows = [Pair(costs[row.name], row, *struck[row.name]) for row in others]
    why = "gray designs are dominated, another one is not worse in either and better in one"
    if any(row.turned_away for row in rows):
        why += f"; gray squares leave more than {percent(unserved)} refused or untrained"
    words = f"{figure_name(column)} against cost: {why}"
    yield drawing(words, partial(tradeoff, rows, COST, column, limit), "tradeoff")


def _by_group(answer: Answer, choice: Choice) -> Iterator[Drawing]:
    """A waiting figure of each team, or whatever the figures are told apart by, for the chosen design or the first."""
    design, part = choice.closer(answer)
    base = answer.target.column if answer.target is not None else "waiting_time_s.p95"
    base = base.partition("[")[0]
    groups: dict[str, list[DesignRow]] = {}
    for name in part.columns:
        found = GROUPED.fullmatch(name)
        if found is not None and found[1] == base and len(part.values(name)):
            row = part.summary(name, answer.confidence).to_dict("records")[0]
            groups.setdefault(found[2], []).append(
                DesignRow(found[3], "", found[3], row["mean"], row["low"], row["high"])
            )
    for by, rows in groups.items():
        rows.sort(key=lambda row: row.name)
        words = by.replace("_", " ")
        where = f" with {spelled(design)}" if design else ""
        caption = f"{figure_name(base)}, by {words}{where}: {_how(answer, rows, None)}"
        yield drawing(caption, partial(decision, rows, words, base), f"by-{by}")


def dated(scenario: Scenario) -> str | None:
    """The instant of second 0 if somebody has set it, as a table with dates does.

    >>> dated(Scenario()), dated(Scenario(epoch="2023-06-01T00:00:00Z"))
    (None, '2023-06-01T00:00:00Z')
    """
    return None if scenario.epoch == attrs.fields(Scenario).epoch.default else scenario.epoch


def _of_one_run(scenario: Scenario, answer: Answer, choice: Choice, setup: Setup) -> Iterator[Drawing]:
    """How long the tuning jobs of one replication wait, and the line for quota in it: the first one, as it was counted."""
    design, _ = choice.closer(answer)
    run, course = _first_replication(scenario, design, setup)
    metrics = run.metrics()
    waits, count = metrics.sample("waiting_time_s"), len(metrics.counted)
    which = " in the first replication" if max(len(part.table) for _, part in answer.points()) > 1 else ""
    if answer.results.reduction is not None:  # the pilot's
        which = " in a plain replication"
    where = f"{which} with {spelled(design)}" if design else which
    if waits:
        more = f"; the {count - len(waits):,} others have not trained" if count > len(waits) else ""
        target = answer.target
        limit_s = (
            target.limit
            if target is not None and target.column in ("waiting_time_s.p50", "waiting_time_s.p95")
            else None
        )
        caption = f"Waiting of {len(waits):,} tuning jobs{where}{more}"
        yield drawing(caption, partial(charts.waiting, share_rows(waits), limit_s), "waiting")
    clock = Clock.of(metrics.end_s, None if setup.resample is not None else dated(scenario))
    yield from of_course(course, clock, where)


def of_course(course: Course, clock: Clock, where: str = "") -> Iterator[Drawing]:
    """The line for quota over time, and what is reserved and occupied of what is limited."""
    if line := course.queue():
        yield drawing(f"Requests that wait for quota{where}", partial(charts.queue, line, clock), "queue")
    if rows := course.bands():
        yield drawing(f"Instances reserved and occupied{where}", partial(charts.bands, rows, clock), "bands")


def _first_replication(scenario: Scenario, design: Design, setup: Setup) -> tuple[Streamed, Course]:
    """The run of *design* that the first row of the results is about."""
    for path, value in design.items():
        scenario = planning.vary(scenario, path, value)
    seed = planning.seeds(setup.seed, 1)[0]
    if setup.resample is not None:
        scenario = setup.resample.of(scenario, seed)
    course: Any = Course(scenario.capacity)
    run = Streamed(scenario, seed, begin_s=setup.warm_up_s, readers=[course.read])
    run.sim.run(scenario.until_s if setup.until_s is None else setup.until_s)
    return run, course
