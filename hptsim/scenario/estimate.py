"""How much work a scenario is expected to be, before anything runs: so that what would not end is not begun.

An estimate by means, from above where that is simple. What a function or a strategy of the user's own decides is not known.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import attrs

from hptsim.model.definitions import EPOCHS, ServiceLimits, TrainingJobDefinition, epochs_in
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.configured_durations import Linear, Table
from hptsim.scenario.durations import Distribution, mean
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

_HOUR_S = 3600
_ENTRIES = 14
"""Journal entries of a training job and its share of the tuning job's, without what is counted besides."""
_ENTRIES_OF_AN_ATTEMPT, _ENTRIES_OF_AN_EPOCH = 8, 2


@attrs.frozen
class Estimate:
    """How many tuning jobs, training jobs and journal entries are expected.

    >>> print(Estimate(10, 1000, 14000))
    about 14,000 journal entries of 1,000 training jobs in 10 tuning jobs
    """

    tuning_jobs: float
    training_jobs: float
    entries: float

    def __str__(self) -> str:
        shown = [f"{one:,.0f}" if one < 1e15 else f"{one:.1e}" for one in attrs.astuple(self)]
        return f"about {shown[2]} journal entries of {shown[1]} training jobs in {shown[0]} tuning jobs"


@attrs.frozen
class Circumstances:
    """What decides how much work a training job is, besides its own definition."""

    timings: Timings
    faults: Faults
    script: Script
    limits: ServiceLimits
    until_s: float | None = None
    """When the simulation ends, if that is known."""


def estimate(jobs: Iterable[ScheduledTuningJob], arrivals: Iterable[Arrivals], around: Circumstances) -> Estimate:
    """The work of scheduled tuning jobs and of those that arrive."""
    tuning_jobs = training_jobs = entries = 0.0
    kinds: dict[tuple[int, ...], tuple[TuningJobSpec, Faults]] = {}
    counts: Counter[tuple[int, ...]] = Counter()
    for job in jobs:
        spec, faults = job.spec, job.faults or around.faults
        kind = (id(spec.definitions), id(spec.limits), id(spec.ranges), id(spec.hyperband), id(faults))
        kinds.setdefault(kind, (spec, faults))
        counts[kind] += 1
    work = [(*kinds[kind], float(count)) for kind, count in counts.items()]
    for one in arrivals:
        work += [(template, around.faults, one.expected / len(one.templates)) for template in one.templates]
        entries += one.hours
    for spec, faults, count in work:
        own = attrs.evolve(around, faults=faults)
        each = min(_training_jobs(spec, around.limits), _until(spec, own))
        tuning_jobs += count
        training_jobs += count * each
        entries += count * each * max(_entries(spec, definition, own) for definition in spec.definitions)
    return Estimate(tuning_jobs, training_jobs, entries)


def _training_jobs(spec: TuningJobSpec, limits: ServiceLimits) -> float:
    """How many training jobs a tuning job may have; none where the service's limits refuse it."""
    total = spec.limits.max_training_jobs
    return 0.0 if limits.training_jobs is not None and total > limits.training_jobs else float(total)


def _until(spec: TuningJobSpec, around: Circumstances) -> float:
    """How many training jobs a tuning job can have until the simulation ends, one after the other on each of its slots."""
    works_s = [
        _work_s(spec, definition, float(_epochs(spec, definition, around.script)), around)
        for definition in spec.definitions
    ]
    if around.until_s is None or min(works_s) <= 0:
        return math.inf
    return spec.limits.max_parallel * (around.until_s / min(works_s) + 1)


def _entries(spec: TuningJobSpec, definition: TrainingJobDefinition, around: Circumstances) -> float:
    """The journal entries of one training job."""
    faults, timings = around.faults, around.timings
    epochs = float(_epochs(spec, definition, around.script))
    work_s = min(_work_s(spec, definition, epochs, around), definition.max_runtime_s)
    retries = _until_it_succeeds(faults.internal_error, definition.max_retries)
    share = max(faults.capacity_shortage, *faults.shortage_by_type.values(), 0.0)
    shortages = _until_it_succeeds(share, faults.shortage_limit + len(definition.alternatives))
    rate = faults.spot_interruptions_per_hour / _HOUR_S if definition.spot else 0.0
    interruptions = min(math.expm1(min(rate * work_s, 700.0)), rate * definition.max_runtime_s)
    attempts = 1.0 + retries + interruptions
    entries = _ENTRIES + _ENTRIES_OF_AN_ATTEMPT * (attempts - 1.0 + shortages * (1.0 + retries + interruptions))
    if spec.early_stopping or spec.hyperband is not None or around.script.log_epochs:
        entries += _ENTRIES_OF_AN_EPOCH * epochs * attempts
    if definition.checkpoint_uri is not None and (interval_s := mean(timings.checkpoint_s)) > 0:
        entries += work_s / interval_s * attempts
    return entries


def _until_it_succeeds(share: float, most: float) -> float:
    """How many failures, each with probability *share*, are expected before a success, at most *most*."""
    return most if share >= 1 else min(share / (1 - share), most)


def _epochs(spec: TuningJobSpec, definition: TrainingJobDefinition, script: Script) -> int:
    """After how many epochs a script ends, at most."""
    if spec.hyperband is not None:
        return spec.hyperband.max_resource
    known = [epochs_in(definition.static)]
    for span in spec.ranges_of(definition):
        if span.name in EPOCHS:
            known += (
                [epochs_in({span.name: value}) for value in span.values] if span.values else [math.floor(span.high)]
            )
    return max([epochs for epochs in known if epochs is not None], default=script.epochs)


def _work_s(spec: TuningJobSpec, definition: TrainingJobDefinition, epochs: float, around: Circumstances) -> float:
    """How long the script takes, as far as it is known; 0 for a function of the user's own."""
    rule = around.timings.training_s
    if around.script.epoch_s is not None:
        return epochs * mean(around.script.epoch_s)
    if isinstance(rule, Table):
        return max(mean(one) for one in (*rule.values_s.values(), rule.other_s or 0.0))
    if isinstance(rule, Linear):
        units = [abs(span.high) for span in spec.ranges_of(definition) if span.name == rule.hyperparameter]
        return rule.fixed_s + mean(rule.each_s) * max(units, default=1.0)
    return mean(rule) if isinstance(rule, (int, float, Distribution)) else 0.0
