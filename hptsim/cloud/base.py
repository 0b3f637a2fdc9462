"""What all natures share: names, configurations, the learning curve, and who is given up.

A strategy sees no more than the trials of its tuning job and a stream of uniform numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self
from zlib import crc32

import attrs

from hptsim.errors import InvalidInput, invalid
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.ranges import combinations
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.cloud import Script
from hptsim.scenario.durations import Duration, draw
from hptsim.scenario.learning_curves import line, value
from hptsim.scenario.random_streams import PLACES, number_at, stream, uniforms
from hptsim.strategies.bayesian import Bayesian
from hptsim.strategies.stopping_rules import falls_behind, goes_on, met
from hptsim.strategies.strategies import Draw, Strategy, Trial, propose
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.world import World

_REASONS = {
    "algorithm_error": "AlgorithmError: ExecuteUserScriptError: the training script exited with code 1.",
    "client_error": "ClientError: Data download failed: the input data could not be read.",
    "internal_error": "InternalServerError: We encountered an internal error. Please try again.",
    "no_capacity": "CapacityError: Unable to provision requested ML compute capacity. "
    "Please retry using a different ML instance type.",
}


def trials(world: World, tuning: TuningJob, definition: TrainingJobDefinition | None = None) -> list[Trial]:
    """What a tuning job knows: its training jobs (of one *definition*), after those of the parents of a warm start."""
    known: list[Trial] = []
    for name in (*tuning.spec.parents, tuning.name):
        for child in world.tuning[name].children if name in world.tuning else ():
            job = world.training.get(child)
            if job is not None and (definition is None or name != tuning.name or job.definition is definition):
                known.append(_trial(job, foreign=name != tuning.name))
    return known


def _trial(job: TrainingJob, foreign: bool) -> Trial:
    objective = job.objective if job.state != "Failed" else None
    ordinal = 0 if foreign else job.ordinal
    return Trial(ordinal, job.hyperparameters, job.curve, objective, job.ended_s is None, job.passed)


@attrs.define(slots=False)
class Base:
    """What all natures share: names, configurations, the learning curve."""

    seed: int = 0
    script: Script = attrs.field(factory=Script)
    strategies: Mapping[str, Callable[[TuningJobSpec], Strategy]] = attrs.field(factory=dict, kw_only=True)
    """Strategies of the caller's own, by the tuning job's name."""
    _minds: dict[str, tuple[Strategy, int]] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    def suffix(self, job: TuningJob, ordinal: int) -> str:
        """The eight hexadecimal digits that end a training job's name."""
        return f"{crc32(f'{self.seed}/{job.spec.name}/{ordinal}/{job.incarnation}'.encode()):08x}"

    def reason(self, job: TrainingJob, trigger: str) -> str:
        """The service's words for a failure."""
        return _REASONS[trigger]

    def configure(self, world: World, job: TrainingJob) -> dict[str, str]:
        """The configuration that the tuning job's strategy proposes, and what is static: texts, as the service gives it."""
        if not job.tuning_job:
            return dict(job.definition.static)
        tuning = world.tuning[job.tuning_job]
        spec = tuning.spec
        ranges = spec.ranges_of(job.definition)
        if tuning.proposals:
            places = [place for place, (of, _) in enumerate(tuning.proposals) if spec.definitions[of] is job.definition]
            mine = tuning.proposals.pop(places[0])[1]
            for span in ranges:
                if span.name in mine and not span.holds(mine[span.name]):
                    raise invalid(f"the strategy of {tuning.name}: {span.name}", mine[span.name], f"a value of {span}")
            return dict(mine)
        if not ranges:
            return {}
        learns = spec.strategy == "Bayesian" or combinations(ranges) is not None
        known = trials(world, tuning, job.definition) if learns else []
        return propose(spec, ranges, job.ordinal, known, self._stream(tuning, job.ordinal))

    def ready(self, world: World, job: TuningJob) -> bool:
        """Whether there is a configuration to try now: only a strategy of the caller's own may want to wait.

        Its proposal is kept for the launch. Launches that wait for quota have theirs already.
        """
        if job.spec.strategy != "Bayesian" and job.name not in self.strategies:
            return True
        make = self._own_strategy(world, job)
        if make is None or len(job.proposals) > job.waiting:
            return True
        strategy = self._mind(world, job, make)
        proposal = strategy.ask(job.asked + 1)
        if job.minutes is not None:
            job.minutes.append(job.asked + 1)
            self._minds[job.name] = (strategy, len(job.minutes))
        if proposal is None:
            return False
        job.proposals.append((job.asked % len(job.needs), proposal))
        return True

    def _own_strategy(self, world: World, job: TuningJob) -> Callable[[TuningJobSpec], Strategy] | None:
        """What makes a strategy that asks and tells: the caller's, or optuna's where the assumptions say so."""
        sampler = world.account.assumptions.bayesian
        if job.name in self.strategies or job.spec.strategy != "Bayesian" or sampler == "parzen":
            return self.strategies.get(job.name)
        return partial(Bayesian, sampler=sampler, seed=self.seed)

    def _mind(self, world: World, job: TuningJob, make: Callable[[TuningJobSpec], Strategy]) -> Strategy:
        """The caller's strategy as it is after all that it was asked and told: from the minutes, so a snapshot needs no more."""
        if job.minutes is None:
            job.minutes = []
        strategy, done = self._minds.get(job.name, (None, 0))
        if strategy is None:
            strategy = make(job.spec)
            for trial in trials(world, job):
                if trial.ordinal == 0:  # of a parent
                    strategy.tell(trial)
        for minute in job.minutes[done:]:
            if minute > 0:
                strategy.ask(minute)
            elif (child := world.training.get(job.children[-minute - 1])) is not None:
                strategy.tell(_trial(child, foreign=False))
        self._minds[job.name] = (strategy, len(job.minutes))
        return strategy

    def _stream(self, tuning: TuningJob, ordinal: int) -> Draw:
        """The uniform numbers of one proposal; RandomSeed makes them the same for every tuning job that has it (L16)."""
        seed = tuning.spec.random_seed
        name = f"{self.seed}/{tuning.name}" if seed is None else f"random-seed/{seed}"

        def draw(place: int) -> float:
            return uniforms(0, f"{name}/proposal/{ordinal}", place // 16)[place % 16]

        return draw

    def objective(self, world: World, job: TrainingJob) -> float | None:
        """The metric after the epochs that are done; None before the first, or when the script has none to report."""
        if job.watched and job.curve and job.state != "Training":
            return None if math.isnan(job.curve[-1]) else job.curve[-1]
        epochs = job.epochs or self.script.epochs
        epoch = epochs if job.work_s <= 0 else int(epochs * job.progress_s / job.work_s + 1e-9)
        if job.watched:
            epoch = len(job.curve) + 1 if job.state == "Training" else len(job.curve)
        if epoch < 1 or (not job.tuning_job and job.definition.objective is None):
            return None
        value = self.evaluate(world, job, epoch)
        return value if math.isfinite(value) else None

    def evaluate(self, world: World, job: TrainingJob, epoch: int) -> float:
        """The metric after *epoch* epochs, from the script's curve or the simple one that knows a best configuration."""
        if self.script.curve is not None:
            noise = uniforms(self.seed, f"{job.name}/noise", epoch)[0]
            known = {**job.definition.static, **job.hyperparameters}
            try:
                return value(self.script.curve, known, epoch, noise)
            except InvalidInput as error:
                raise error.below(f"training job {job.name}: ") from error.__cause__
        quality = self._uniform(job, "quality", attempt=1)
        if job.tuning_job:
            spec = world.tuning[job.tuning_job].spec
            if ranges := spec.ranges_of(job.definition):
                best = uniforms(self.seed, f"{job.tuning_job}/best", 0)
                far = [
                    (span.unit(job.hyperparameters.get(span.name, "")) - best[place % 16]) ** 2
                    for place, span in enumerate(ranges)
                ]
                quality = 0.95 * math.sqrt(sum(far) / len(far)) + 0.05 * quality
            if spec.objective_of(job.definition).maximize:
                return 1 - quality - (1 - quality) / (1 + epoch)
        return quality + (1 - quality) / (1 + epoch)

    def log_line(self, world: World, job: TrainingJob, value: float) -> str:
        """The line in which the script writes its objective, in the form that its metric definition finds."""
        own = job.definition.objective
        metric = (own or world.tuning[job.tuning_job].spec.objective).metric_name
        return line(metric, job.definition.metrics.get(metric, ""), value)

    def enough(self, world: World, job: TuningJob) -> str:
        """The completion criterion that is met, or nothing."""
        return met(job.spec, job.results)

    def verdict(self, world: World, job: TrainingJob) -> str:
        """Who gives *job* up after its new epoch, if anybody."""
        if not job.tuning_job:
            return ""
        tuning = world.tuning[job.tuning_job]
        spec, objective = tuning.spec, tuning.spec.objective_of(job.definition)
        epoch = len(job.curve)
        if spec.hyperband is not None:
            if epoch >= spec.hyperband.max_resource:
                return "max_resource"
            known = trials(world, tuning, job.definition)
            others = [trial for trial in known if trial.ordinal not in (0, job.ordinal)]
            if not goes_on(objective, spec.hyperband, job.ordinal, epoch, job.curve[-1], others):
                return "hyperband"
            job.passed += (epoch,)
            return ""
        if not spec.early_stopping:
            return ""
        children = [world.training[name] for name in tuning.children if name in world.training]
        earlier = [child.curve for child in children if child.state == "Completed"]
        return "early_stopping" if falls_behind(objective, job.curve, earlier) else ""

    def _uniform(self, job: TrainingJob, purpose: str, attempt: int = 0) -> float:
        """The uniform number for *purpose* in this attempt, or in the one that is given."""
        attempt = attempt or job.attempt
        if job.drawn_for != attempt:
            job.drawn_for, job.drawn = attempt, stream(self.seed, job.name, attempt)
        (number,) = number_at(job.drawn, PLACES[purpose])
        return number * 2.0**-32  # type: ignore[no-any-return]

    def _time(self, duration: Duration, job: TrainingJob, purpose: str) -> float:
        if isinstance(duration, (int, float)):
            return duration
        if job.drawn_for != job.attempt:
            job.drawn_for, job.drawn = job.attempt, stream(self.seed, job.name, job.attempt)
        (number,) = number_at(job.drawn, PLACES[purpose])
        try:
            return draw(duration, number * 2.0**-32)
        except InvalidInput as error:
            raise error.below(f"training job {job.name}: {purpose}: ") from error.__cause__

    def clone(self) -> Self:
        """A copy whose strategies are made again from the minutes."""
        return attrs.evolve(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_minds": {}}  # made again from the minutes

    def freeze(self) -> tuple[Any, ...]:
        """Nothing of it matters for what can happen next."""
        return ()
