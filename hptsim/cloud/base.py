"""What all clouds share: names' suffixes, failures' words, the learning curve, and what is taken from the scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self
from zlib import crc32

import attrs

from hptsim.errors import InvalidInput
from hptsim.model.copying import duplicate
from hptsim.model.definitions import epochs_in
from hptsim.scenario.cloud import Script
from hptsim.scenario.durations import Duration, draw
from hptsim.scenario.learning_curves import line, value
from hptsim.scenario.objectives import Objective, Run
from hptsim.scenario.random_streams import PLACES, number_at, stream, uniforms
from hptsim.scenario.scenario import Scenario
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ports import State

_REASONS = {
    "algorithm_error": "AlgorithmError: ExecuteUserScriptError: the training script exited with code 1.",
    "client_error": "ClientError: Data download failed: the input data could not be read.",
    "internal_error": "InternalServerError: We encountered an internal error. Please try again.",
    "no_capacity": "CapacityError: Unable to provision requested ML compute capacity. "
    "Please retry using a different ML instance type.",
}


@attrs.define(slots=False)
class CloudBase:
    """What all clouds share.

    *seed* and *script* are the simulation's and the scenario's where they are None: see `for_scenario`.
    """

    seed: int | None = None
    script: Script | None = None

    def __attrs_post_init__(self) -> None:
        self._take(0, Scenario())

    def for_scenario(self, scenario: Scenario, seed: int) -> Self:
        """This cloud for a simulation: what it does not say itself is the *scenario*'s, and the *seed* is the simulation's.

        >>> CloudBase(script=Script("ignore")).for_scenario(Scenario(script=Script("exit")), seed=3)._script.on_sigterm
        'ignore'
        """
        twin = duplicate(self)
        twin._take(seed, scenario)
        return twin

    def _take(self, seed: int, scenario: Scenario) -> None:
        """Set what holds: what was said, or what the simulation and its scenario say."""
        self._seed = seed if self.seed is None else self.seed
        self._script = scenario.script if self.script is None else self.script

    @property
    def slowest_stop_s(self) -> float | None:
        """The most that the stop of a tuning job takes to reach a training job, in seconds; None where nothing bounds it."""
        return 0.0

    def first_pass(self, job: TuningJob) -> float:
        """At once: without passes the controller looks at a tuning job when it is created."""
        return job.created_s

    def last_pass(self, job: TuningJob, time_s: float) -> float | None:
        """None: a controller without passes."""
        return None

    def epochs_of(self, known: Mapping[str, str]) -> int:
        """After how many epochs the script ends: as a hyperparameter says, or the script itself, or its table at the latest."""
        epochs = epochs_in(known) if known else None
        if isinstance(self._script.curve, Objective):
            most = len(self._script.curve.run(known).values)
            return most if epochs is None else min(epochs, most)
        return self._script.epochs if epochs is None else epochs

    def benchmark(self, job: TrainingJob) -> Run | None:
        """What the table says of the job's configuration, where the script's curve is an `Objective`."""
        curve = self._script.curve
        if not isinstance(curve, Objective):
            return None
        try:
            return curve.run({**job.definition.static, **job.hyperparameters})
        except InvalidInput as error:
            raise error.below(f"training job {job.name}: ") from error.__cause__

    def suffix(self, job: TuningJob, ordinal: int) -> str:
        """The eight hexadecimal digits that end a training job's name."""
        return f"{crc32(f'{self._seed}/{job.spec.name}/{ordinal}/{job.incarnation}'.encode()):08x}"

    def reason(self, job: TrainingJob, trigger: str) -> str:
        """The service's words for a failure."""
        return _REASONS[trigger]

    def objective(self, world: State, job: TrainingJob) -> float | None:
        """The metric after the epochs that are done; None before the first, or when the script has none to report."""
        if job.watched and job.curve and job.state != "Training":
            return None if math.isnan(job.curve[-1]) else job.curve[-1]
        epochs = job.epochs or self._script.epochs
        if (run := self.benchmark(job)) is not None:
            epoch = run.epochs_done(job.progress_s)
        else:
            epoch = epochs if job.work_s <= 0 else int(epochs * job.progress_s / job.work_s + 1e-9)
        if job.watched:
            epoch = min(len(job.curve) + 1, epochs) if job.state == "Training" else len(job.curve)
        if epoch < 1 or (not job.tuning_job and job.definition.objective is None):
            return None
        value = self.evaluate(world, job, epoch)
        return value if math.isfinite(value) else None

    def evaluate(self, world: State, job: TrainingJob, epoch: int) -> float:
        """The metric after *epoch* epochs, from the script's curve or the simple one that knows a best configuration."""
        if (run := self.benchmark(job)) is not None:
            return run.values[min(epoch, len(run.values)) - 1]
        if self._script.curve is not None:
            noise = uniforms(self._seed, f"{job.name}/noise", epoch)[0]
            known = {**job.definition.static, **job.hyperparameters}
            try:
                return value(self._script.curve, known, epoch, noise)
            except InvalidInput as error:
                raise error.below(f"training job {job.name}: ") from error.__cause__
        quality = self._uniform(job, "quality", attempt=1)
        if job.tuning_job:
            spec = world.tuning[job.tuning_job].spec
            if ranges := spec.ranges_of(job.definition):
                best = uniforms(self._seed, f"{job.tuning_job}/best", 0)
                far = [
                    (span.unit(job.hyperparameters.get(span.name, "")) - best[place % 16]) ** 2
                    for place, span in enumerate(ranges)
                ]
                quality = 0.95 * math.sqrt(math.fsum(far) / len(far)) + 0.05 * quality
            if spec.objective_of(job.definition).maximize:
                return 1 - quality - (1 - quality) / (1 + epoch)
        return quality + (1 - quality) / (1 + epoch)

    def log_line(self, world: State, job: TrainingJob, value: float) -> str:
        """The line in which the script writes its objective, in the form that its metric definition finds."""
        own = job.definition.objective
        metric = (own or world.tuning[job.tuning_job].spec.objective).metric_name
        return line(metric, job.definition.metrics.get(metric, ""), value)

    def _uniform(self, job: TrainingJob, purpose: str, attempt: int = 0) -> float:
        """The uniform number for *purpose* in this attempt, or in the one that is given."""
        attempt = attempt or job.attempt
        if job.random_attempt != attempt:
            job.random_attempt, job.random_bytes = attempt, stream(self._seed, job.name, attempt)
        (number,) = number_at(job.random_bytes, PLACES[purpose])
        return number * 2.0**-32  # type: ignore[no-any-return]

    def _time(self, duration: Duration, job: TrainingJob, purpose: str) -> float:
        if isinstance(duration, (int, float)):
            return duration
        if job.random_attempt != job.attempt:
            job.random_attempt, job.random_bytes = job.attempt, stream(self._seed, job.name, job.attempt)
        (number,) = number_at(job.random_bytes, PLACES[purpose])
        try:
            return draw(duration, number * 2.0**-32)
        except InvalidInput as error:
            raise error.below(f"training job {job.name}: {purpose}: ") from error.__cause__

    def answer(self, operation: str, name: str, number: int) -> str:
        """Every request is answered."""
        return ""

    def clone(self) -> Self:
        """A copy; nothing of it is mutable."""
        return duplicate(self)

    def freeze(self) -> tuple[Any, ...]:
        """Nothing of it matters for what can happen next."""
        return ()
