"""What lesson 6 asks about: a recorded stop and what may be changed in it, experiments beside theory, and edits of a table."""

from __future__ import annotations

import copy
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs

from hptsim import Scenario, Simulation, TuningJobSpec, explore, planning
from hptsim.conformance import conform
from hptsim.explorer import state_graph
from hptsim.model import RESERVATION, Assumptions, ResourceLimits
from hptsim.model.definitions import ServiceLimits
from hptsim.scenario import Arrivals, Exponential, ScheduledTuningJob, Timings
from hptsim.service.service import Service
from hptsim.simulation import mutants

from .runs import POOL

MEAN_S, LOAD = 100.0, 0.7
ERLANG_S = LOAD / (1 - LOAD) * MEAN_S
"""The mean wait for one server, by Erlang's formula for M/M/1."""
SECOND_0 = datetime.fromisoformat(Scenario().epoch).timestamp()
DESCRIBE, STOP = "DescribeHyperParameterTuningJob", "StopHyperParameterTuningJob"
Answers = list[dict[str, Any]]


def recorded_stop() -> Answers:
    """What the twin answers about a tuning job that is stopped while its three training jobs start: a line for each answer."""
    sim = Simulation(Scenario(capacity={POOL: 3}, timings=Timings.typical()), seed=1)
    sim.create_tuning_job(TuningJobSpec("sweep", limits=ResourceLimits(20, 3)))
    service, request, lines = Service.of(sim), {"HyperParameterTuningJobName": "sweep"}, []

    def ask(operation: str) -> None:
        answer = copy.deepcopy(service.call(operation, request))
        lines.append({"time": SECOND_0 + sim.now, "operation": operation, "request": request, "response": answer})

    for time_s in (25, 28):
        sim.run(until=time_s)
        ask(DESCRIBE)
    ask(STOP)
    ask(DESCRIBE)
    sim.run()
    ask(DESCRIBE)
    return lines


def explained(lines: Answers) -> bool:
    """Whether some run of the tables could have answered so."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        return conform(path).explained


def changed(lines: Answers, place: int, change: Callable[[dict[str, Any]], None]) -> Answers:
    """A copy of the answers in which one is changed."""
    copied = copy.deepcopy(lines)
    change(copied[place]["response"])
    return copied


def makespans() -> tuple[int, int]:
    """How many runs the page of the recorded service compares, and how many lie outside the twin's range of 5 % to 95 %."""
    page = (Path(__file__).parent.parent / "validation" / "recorded-service.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| ([\d,]+) \| [\d,]+ \(([\d,]+) to ([\d,]+)\) \|", page)
    numbers = [tuple(int(one.replace(",", "")) for one in row) for row in rows]
    return len(numbers), sum(not low <= seen <= high for seen, low, high in numbers)


def queue(customers: int, replications: int, warm_up_s: float) -> tuple[float, float]:
    """The 95 % interval of the mean wait for one server, from so many replications of so many customers."""
    station = Scenario(
        capacity={POOL: 1},
        arrivals=(Arrivals(TuningJobSpec("customer"), Exponential(MEAN_S / LOAD), customers),),
        timings=Timings(training_s=Exponential(MEAN_S)),
        limits=ServiceLimits(None, None, None),
        assumptions=Assumptions(admission="queue"),
    )
    results = planning.replicate(station, replications, seed=1, warm_up_s=warm_up_s)
    low, high = results.interval("waiting_time_s.mean", 0.95)
    return low, high


@attrs.frozen
class Edits:
    """The edits of a table by row: how many were *made*, how many of them are *caught*, and which rows are *reached*."""

    made: Mapping[str, int]
    caught: Mapping[str, int]
    reached: frozenset[str]


def edits() -> Edits:
    """Every edit of one row of the reservation's table, in the scope of two training jobs that want the only instance."""
    spec = TuningJobSpec("a", limits=ResourceLimits(2, 2))
    scope = Scenario(
        capacity={POOL: 1}, assumptions=Assumptions(admission="queue"), tuning_jobs=(ScheduledTuningJob(spec),)
    )
    made: dict[str, int] = {}
    caught: dict[str, int] = {}
    for mutant in mutants(RESERVATION):
        row = mutant.row.trigger
        made[row] = made.get(row, 0) + 1
        caught[row] = caught.get(row, 0) + (explore(scope, tables=mutant.tables).counterexample is not None)
    records = [record for node in state_graph(scope).nodes for step in node.steps for record in step.records]
    return Edits(made, caught, frozenset(record.trigger for record in records if record.thing == "reservation"))
