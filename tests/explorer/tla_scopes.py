"""Small scopes and edited tables for the tests of the TLA+ module."""

import attrs
import pytest

from explorer import tlc
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.machine import Tables
from hptsim.model.specs import TuningJobSpec
from hptsim.model.tables import Table
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob

GPU = "ml.g5.xlarge"
needs_tlc = pytest.mark.skipif(bool(tlc.missing()), reason=f"TLC cannot run: {tlc.missing()}")


def scope(
    names="a", total=1, parallel=1, capacity=1, reservation="reuse", admission="queue", runtime_s=None, **definition
):
    limits = ResourceLimits(total, parallel, runtime_s)
    specs = [TuningJobSpec(name, (TrainingJobDefinition(**definition),), limits) for name in names]
    return Scenario(
        capacity={"ml.m5.xlarge": capacity, GPU: capacity},
        assumptions=Assumptions(reservation, admission),
        tuning_jobs=tuple(ScheduledTuningJob(spec) for spec in specs),
    )


def everything(**changes):
    """A training job to which everything may happen that the module has."""
    definition = {"instances": InstanceRequest(GPU), "spot": True, "max_retries": 1, "checkpoint_uri": "s3://b/c"}
    return scope(**{**definition, "max_wait_s": 90000.0, "max_pending_s": 8000.0, **changes})


def edited(table, trigger, at, when=None, more=(), **changes):
    """The tables with one row of *table* edited, and rows added."""
    found = [row for row in table.rows if (row.trigger, row.source) == (trigger, at) and when in (None, row.guard)]
    assert len(found) == 1
    rows = [attrs.evolve(row, **changes) if row is found[0] else row for row in table.rows]
    return Tables.of(**{table.name: Table(table.name, (*rows, *more), table.final)})
