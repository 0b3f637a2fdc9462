"""The model in TLA+: the tables and a small scope as data in a module whose operators and laws are written by hand.

The tables are copied from hptsim, so that a changed row changes the module. The meaning of guards, bookings and effects, the
queue, the controller and the laws stand in `hptsim.tla`: a second statement of the rules, which takes nothing from the first. The
model checker TLC reads the module with the configuration that is written beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any

from hptsim.cloud.every_outcome import FAULTS
from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.model.account import TUNING_JOBS
from hptsim.model.definitions import NO_CRITERIA
from hptsim.model.machine import TABLES, Dispatch, Tables
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import FINAL_TRAINING, FINAL_TUNING, STOPPING
from hptsim.model.tables import BY_THE_LINE, Row
from hptsim.scenario.scenario import Scenario
from hptsim.world.ledger import Ledger

TEMPLATE = Path(__file__).with_name("hptsim.tla")
INVARIANTS = (
    "TypeOK",
    "ExactlyOneRowApplies",
    "NobodyWaitsTwice",
    "QuotaNeverExceeded",
    "QuotaIsConserved",
    "OccupancyWithinReservation",
    "ALiveTrainingJobOccupies",
    "ReleasedAtTheEndExactlyOnce",
    "NobodyOutlivesTheParent",
    "ParallelWithinItsLimit",
    "TotalWithinItsLimit",
    "NobodyStoppingWaits",
    "NobodyWaitsWhileQuotaIsIdle",
    "AStopReachesEveryChild",
    "WhatWasSavedIsStored",
    "NothingIsStoredUnsaved",
    "CountersAddUp",
    "RetriesWithinTheirLimit",
    "LogsOfWhatHasRun",
    "EveryJobEnds",
)
"""The laws of states in the module."""
STEPS = (
    "AFinalStatusIsFinal",
    "NoLaunchAfterAStop",
    "StoppingEndsStopped",
    "ReservationHeldUntilTheEnd",
    "ArtifactsNeverVanish",
    "LogsPersist",
)
"""The laws of steps in the module, which TLC checks as properties."""


def module(
    scenario: Scenario,
    *,
    faults: Mapping[str, int] | None = None,
    stops: bool = True,
    delayed_stop: bool = False,
    tables: Tables = TABLES,
    name: str = "hptsim",
) -> str:
    """The TLA+ module *name* for the scope that `explore` has with the same arguments.

    Raises InvalidInput for what the module leaves out.

    >>> from hptsim.scenario import ScheduledTuningJob
    >>> text = module(Scenario(capacity={"ml.m5.xlarge": 1}, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),)))
    >>> text.splitlines()[0], 'Names == <<"a">>' in text
    ('---- MODULE hptsim ----', True)
    """
    budget = dict(faults or {})
    for kind in budget:
        if kind not in FAULTS:
            raise invalid("faults", kind, "a fault of a training job", nearest(kind, FAULTS))
    specs = [one.spec for one in scenario.tuning_jobs]
    _check(scenario, specs)
    account = scenario.account
    ledger = Ledger({**account.capacity, TUNING_JOBS: account.limits.tuning_jobs})
    pools = [TUNING_JOBS, *sorted({kind for spec in specs for kind in spec.definitions[0].instances.amounts})]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        module=name,
        names=_value([spec.name for spec in specs]),
        scope="    " + _function({spec.name: _limits(spec, pools) for spec in specs}, " @@\n    "),
        limit=_function({pool: _limit(ledger.limit_of(pool)) for pool in pools}),
        budget=_function({kind: _value(count) for kind, count in budget.items()}),
        reservations=_value(account.assumptions.reservation),
        admission=_value(account.assumptions.admission),
        stops=_value(stops),
        delayed_stop=_value(delayed_stop),
        tuning=_rows(tables.tuning),
        training=_rows(tables.training),
        reservation=_rows(tables.reservation),
        tuning_states=_value(_states(TABLES.tuning)),
        training_states=_value(_states(TABLES.training)),
        final_tuning=_value(FINAL_TUNING),
        final_training=_value(FINAL_TRAINING),
        stopping_training=_value(STOPPING),
        faults=_value(frozenset(FAULTS)),
        not_offered=_value(BY_THE_LINE | {"create", "stop"}),
    )


def configuration(laws: Iterable[str] = (*INVARIANTS, *STEPS)) -> str:
    """The configuration with which TLC checks *laws*, by default all that the module states.

    >>> print(configuration(["TypeOK", "LogsPersist"]), end="")
    SPECIFICATION Spec
    INVARIANT TypeOK
    PROPERTY LogsPersist
    """
    lines = [f"{'PROPERTY' if law in STEPS else 'INVARIANT'} {law}\n" for law in laws]
    return "SPECIFICATION Spec\n" + "".join(lines)


def _check(scenario: Scenario, specs: list[TuningJobSpec]) -> None:
    """Refuse what the module leaves out."""
    for what, there in {
        "arrivals": bool(scenario.arrivals),
        "total_instances": scenario.total_instances is not None,
        f"the discipline {scenario.assumptions.discipline}": scenario.assumptions.discipline != "fifo",
        "a script's own curve or log format": scenario.script.curve is not None or bool(scenario.script.log_format),
        "two tuning jobs of one name": len({spec.name.lower() for spec in specs}) < len(specs),
    }.items():
        if there:
            raise InvalidInput(f"the TLA+ module leaves out {what}: explore this scenario with hptsim explore")
    for spec in specs:
        definition, limits = spec.definitions[0], scenario.limits
        for what, there in {
            "several training job definitions": len(spec.definitions) > 1,
            "several instance types": bool(definition.alternatives),
            "metric definitions": bool(definition.metrics),
            "completion criteria": spec.criteria != NO_CRITERIA,
            "early stopping": spec.early_stopping,
            f"the strategy {spec.strategy}": spec.strategy not in ("Random", "Grid"),
            "a warm start": bool(spec.parents),
            "more training jobs than the service allows": spec.limits.max_training_jobs
            > (limits.training_jobs or 10**9)
            or spec.limits.max_parallel > (limits.parallel or 10**9),
        }.items():
            if there:
                raise InvalidInput(
                    f"tuning job {spec.name}: the TLA+ module leaves out {what}: explore it with hptsim explore"
                )


def _limits(spec: TuningJobSpec, pools: list[str]) -> str:
    """What the module knows of a tuning job, as a record."""
    definition = spec.definitions[0]
    amounts = definition.instances.amounts
    fields = {
        "number": _value(spec.limits.max_training_jobs),
        "parallel": _value(spec.limits.max_parallel),
        "limited": _value(spec.limits.max_runtime_s is not None),
        "needs": "(" + _function({pool: _value(amounts.get(pool, 0)) for pool in pools}) + ")",
        "streams": _value(definition.input_mode != "File"),
        "spot": _value(definition.spot),
        "pending": _value(definition.pending_limit_s is not None),
        "checkpoints": _value(definition.checkpoint_uri is not None),
        "retries": _value(definition.max_retries),
    }
    return "[\n" + ",\n".join(f"        {name} |-> {text}" for name, text in fields.items()) + "]"


def _rows(table: Dispatch) -> str:
    return ",\n".join("    " + _row(row) for rows in table.values() for row in rows)


def _states(table: Dispatch) -> frozenset[str]:
    return frozenset(row.destination for rows in table.values() for row in rows)


def _row(row: Row) -> str:
    parts = (row.trigger, row.source, row.destination, row.guard, row.books, row.effects)
    return f"Row({', '.join(map(_value, parts))})"


def _limit(count: int | None) -> str:
    return "NoLimit" if count is None else _value(count)


def _value(value: Any) -> str:
    """A value in TLA+.

    >>> _value(True), _value("a"), _value(("a", 1)), _value(frozenset({"b", "a"}))
    ('TRUE', '"a"', '<<"a", 1>>', '{"a", "b"}')
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"'
    parts = [_value(one) for one in value]
    return f"{{{', '.join(sorted(parts))}}}" if isinstance(value, frozenset) else f"<<{', '.join(parts)}>>"


def _function(values: Mapping[str, str], then: str = " @@ ") -> str:
    """A function from strings; written with :> and @@, for a name with a hyphen is no field of a record."""
    return then.join(f"{_value(name)} :> {text}" for name, text in values.items()) or "<<>>"
