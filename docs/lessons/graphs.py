"""Two graphs of states that the explorer's pages show and the lessons ask about: of the service, and of one that forgets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import attrs

from hptsim import Scenario, TuningJobSpec
from hptsim.explorer import state_graph
from hptsim.explorer.descriptions import Description
from hptsim.explorer.graph import StateGraph
from hptsim.model import ResourceLimits, Table, Tables, TrainingJobDefinition
from hptsim.model.journal import Record
from hptsim.model.tables import TRAINING
from hptsim.scenario import ScheduledTuningJob


def _scenario() -> Scenario:
    definition = TrainingJobDefinition(max_retries=0)
    spec = TuningJobSpec("demo", (definition,), ResourceLimits(2, 1))
    jobs = (ScheduledTuningJob(spec),)
    return Scenario(name="Two training jobs, one instance", capacity={"ml.m5.xlarge": 1}, tuning_jobs=jobs)


def edited(table: Table, trigger: str, source: str, **changes: Any) -> Tables:
    """The tables with one row changed, or without it if no change is given."""
    rows = [row for row in table.rows if (row.trigger, row.source) != (trigger, source) or changes]
    rows = [attrs.evolve(row, **changes) if (row.trigger, row.source) == (trigger, source) else row for row in rows]
    return Tables.of(**{table.name: Table(table.name, tuple(rows), table.final)})


FORGETS = edited(TRAINING, "uploaded", "Stopping:uploading", effects=("VACATE", "TELL"))
"""A service that forgets the model which was saved during a stop."""


@cache
def service() -> StateGraph:
    """Two training jobs, one after the other, a stop at any time, and at most one internal error."""
    return state_graph(_scenario(), faults={"internal_error": 1})


@cache
def forgets() -> StateGraph:
    """The same without faults, of the service that forgets."""
    return state_graph(_scenario(), tables=FORGETS)


def targets(graph: StateGraph) -> tuple[tuple[int | None, ...], ...]:
    """Where each step of each state leads."""
    return tuple(tuple(step.target for step in node.steps) for node in graph.nodes)


def states(graph: StateGraph, is_so: Callable[[Description], bool]) -> frozenset[int]:
    """The numbers of the states in which something is so."""
    return frozenset(number for number, node in enumerate(graph.nodes) if is_so(node.description))


def status(seen: Description) -> str:
    """The tuning job's status; empty before it exists."""
    return seen.tuning_jobs[0].status if seen.tuning_jobs else ""


def after_the_stop(graph: StateGraph) -> Iterator[Record]:
    """What may be written into the journal while the tuning job is Stopping, by its end at the latest."""
    for node in graph.nodes:
        if status(node.description) == "Stopping":
            for step in node.steps:
                yield from step.records


PAGES: Mapping[str, Callable[[], StateGraph]] = {"explorer.html": service, "explorer-forgets.html": forgets}
"""The explorer's page of each, beside the site's first page."""
