"""Answers of experiments whose every number is written here, for the tests of pages."""

import pandas as pd

from hptsim.planning.answers import Answer
from hptsim.planning.one_history import HistoryAnswer, HistoryTarget
from hptsim.planning.results import Results
from hptsim.planning.targets import Target

P95 = "waiting_time_s.p95"
QUOTA = "capacity.gpu"


def results(points, path=QUOTA):
    """*points*: for each value of *path*, the figures of its replications."""
    rows = [
        {path: value, "replication": number, **figures}
        for value, replications in points.items()
        for number, figures in enumerate(replications)
    ]
    return Results(pd.DataFrame(rows), (path,))


def figures(p95, cost=10.0, unserved=0.0, **more):
    return {P95: p95, "cost_usd": cost, "unserved_share": unserved, **more}


def swept(points, target="waiting_time_s.p95 <= 600", path=QUOTA):
    return Answer(results(points, path), 0.95, None if target is None else Target.parse(target))


def history(points, target="waiting_time_s.p95 <= 600", told=()):
    one = results({value: [row] for value, row in points.items()})
    return HistoryAnswer(one, 0.95, HistoryTarget.parse(target), told=told)


def three(cheap=10.0):
    """Three designs: one misses, one is open, one meets; costs rise."""
    return swept(
        {
            2: [figures(9000.0 + n, cheap) for n in range(4)],
            4: [figures(value, 20.0) for value in (300.0, 500.0, 700.0, 900.0)],
            6: [figures(100.0 + n, 30.0) for n in range(4)],
        }
    )
