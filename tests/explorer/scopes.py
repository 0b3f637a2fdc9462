"""Scopes for the tests of searches: small, and with a bug planted."""

import os
import sys

import attrs

from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.machine import Tables
from hptsim.model.specs import TuningJobSpec
from hptsim.model.tables import TRAINING, Table
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob

HERE = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
"""The environment of a process that is to find the modules of the tests."""


def jobs(count=1, children=2):
    """So many tuning jobs of two training jobs each on two instances."""
    definition = TrainingJobDefinition(spot=True, max_retries=0)
    specs = [TuningJobSpec(name, (definition,), ResourceLimits(children, 2)) for name in "abc"[:count]]
    return Scenario(capacity={"ml.m5.xlarge": 2}, tuning_jobs=tuple(ScheduledTuningJob(spec) for spec in specs))


FAULTS = {"internal_error": 1, "interrupt": 1}
BROKEN = Tables.of(
    training=Table(
        "training",
        tuple(row for row in TRAINING.rows if (row.trigger, row.source) != ("stop", "Starting")),
        TRAINING.final,
    )
)
"""A stop does not reach a training job that is starting."""
LATE = Tables.of(
    training=attrs.evolve(
        TRAINING,
        rows=tuple(
            attrs.evolve(row, effects=tuple(one for one in row.effects if one != "VACATE"))
            if (row.trigger, row.destination) == ("uploaded", "Completed")
            else row
            for row in TRAINING.rows
        ),
    )
)
"""A training job that completes leaves its instance occupied: a law breaks late."""


def answer(found):
    """All that two searches of the same scope have to agree in."""
    return attrs.astuple(attrs.evolve(found, laws=()), recurse=False)
