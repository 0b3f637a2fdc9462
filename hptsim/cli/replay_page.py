"""The page of a replay: what was asked, the waiting times, and what stands behind them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from math import isnan

from hptsim.cli.replay_answer import Answer
from hptsim.planning.one_history import ONE_HISTORY
from hptsim.scenario.price_sources import PriceSources
from hptsim.views import charts
from hptsim.views.axis_names import table_name
from hptsim.views.chart_data import share_rows
from hptsim.views.course import Course
from hptsim.views.drawings import Drawing, drawing
from hptsim.views.page_pictures import dated, of_course
from hptsim.views.report import Cell, Line, Report, Table, footer
from hptsim.views.time_axis import Clock

_GROUPS = ("team", "priority")
_SHOWN = (
    "waiting_time_s.count",
    "waiting_time_s.mean",
    "waiting_time_s.p50",
    "waiting_time_s.p95",
    "waited_share",
    "cost_usd",
)
"""What a replay says of each team."""


def page(answer: Answer, course: Course, now_s: float) -> str:
    """One HTML file that needs nothing else, written at *now_s* (seconds since 1970)."""
    return report(answer, course, now_s).html()


def report(answer: Answer, course: Course, now_s: float) -> Report:
    """What the page of a replay says."""
    scenario, jobs = answer.scenario, len(answer.scenario.tuning_jobs)
    written, warning = time.strftime("%Y-%m-%d", time.gmtime(now_s)), scenario.price_warning(now_s)
    return Report(
        title=scenario.name,
        question=f"How long would {_jobs(jobs)} have waited with {answer.rules}?",
        answer=[Line(text) for text in _waits(answer)],
        sure=[
            ONE_HISTORY,
            "A replay has no random numbers: the same table under the same quota gives the same figures.",
        ],
        costs=[*_costs(answer), *answer.brought.own_costs()],
        left_out=[*answer.brought.taken(), *answer.refusals(), *_untrained(answer)],
        pictures=list(_pictures(answer, course)),
        tables=list(_tables(answer)),
        footer=footer(PriceSources.of(scenario), warning, written),
    )


def _jobs(count: int) -> str:
    return f"{count:,} job{'s' if count != 1 else ''}"


def _waits(answer: Answer) -> Iterator[str]:
    """The waiting times in two sentences, in one of a single job; they are about those that have trained."""
    shown = dict(answer.rows())
    waited, asked = len(answer.metrics.sample("waiting_time_s")), len(answer.scenario.tuning_jobs)
    if not waited:
        yield "No job has trained, so that there are no waiting times."
        return
    mean, median, nearly_all, longest = (
        shown[name] for name in ("mean waiting time", "median", "95 % wait at most", "longest")
    )
    if waited == 1:
        yield f"{'It' if asked == 1 else f'The one of {asked:,} that has trained'} would have waited {mean}."
        return
    who = "They" if waited == asked else f"The {waited:,} of {asked:,} that have trained"
    spread = f"half of them at most {median}, 95 % at most {nearly_all}, the longest {longest}"
    yield f"{who} would have waited {mean} on average: {spread}."
    long = f"{answer.above:g} s"
    yield f"{shown[f'waited more than {long}']} of them would have waited for more than {long}."


def _costs(answer: Answer) -> Iterator[str]:
    cost = answer.figures["cost_usd"]
    if isnan(cost):
        yield "The cost is not known: some instances of these jobs have no price (--price says it)."
        return
    yield (
        f"{cost:,.2f} US dollars for the training of all jobs that were not refused and are in the figures."
        + (" What the others would have cost is not in it." if answer.figures["unserved_share"] else "")
    )


def _untrained(answer: Answer) -> Iterator[str]:
    share = answer.figures["unserved_share"]
    if share:
        yield f"{share:.2%} of the jobs were refused or never trained: they are in no waiting time."
    else:
        yield "Of the jobs in the figures none was refused, and each has trained."


def _pictures(answer: Answer, course: Course) -> Iterator[Drawing]:
    if waits := answer.metrics.sample("waiting_time_s"):
        yield drawing(f"Waiting of {_jobs(len(waits))}", partial(charts.waiting, share_rows(waits)), "waiting")
    yield from of_course(course, Clock.of(answer.end_s, dated(answer.scenario)))


def _tables(answer: Answer) -> Iterator[Table]:
    yield Table("In short", ["what", "value"], [[Cell.of(text), Cell.of(value)] for text, value in answer.rows()])
    for by in _GROUPS:
        groups = answer.metrics.groups(by)
        if len(groups) > 1:
            rows = [
                [Cell.of(name), *(Cell.of(figures[column]) for column in _SHOWN)]
                for name, figures in ((name, part.figures()) for name, part in groups.items())
            ]
            yield Table(f"By {by}", [by, *_SHOWN], rows)
    known = [(name, value) for name, value in answer.figures.items() if not isnan(value)]
    yield Table(
        "Figures",
        ["figure", "what it is", "value"],
        [[Cell.of(name), Cell.of(table_name(name)), Cell.of(value)] for name, value in known],
    )
