"""What all clouds share: names' suffixes, failures' words, the learning curve, and what is taken from the scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Self

import attrs

from hptsim.errors import InvalidInput
from hptsim.model.copying import duplicate
from hptsim.model.definitions import epochs_in
from hptsim.model.metric_lines import read, write
from hptsim.model.payloads import Epoch, ScriptEnded
from hptsim.scenario.cloud import Script
from hptsim.scenario.durations import Duration, draw
from hptsim.scenario.learning_curves import Curve, value
from hptsim.scenario.objectives import Objective, Run
from hptsim.scenario.random_streams import PLACES, number_at, stream, suffix, uniforms
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
        curve = self._script.curve
        self._table = curve if isinstance(curve, Objective) else None

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
        if self._table is not None:
            most = len(self._table.run(known).values)
            return most if epochs is None else min(epochs, most)
        return self._script.epochs if epochs is None else epochs

    def benchmark(self, job: TrainingJob) -> Run | None:
        """What the table says of the job's configuration, where the script's curve is an `Objective`."""
        if self._table is None:
            return None
        try:
            return self._table.run({**job.definition.static, **job.hyperparameters})
        except InvalidInput as error:
            raise error.below(f"training job {job.name}: ") from error.__cause__

    def suffix(self, job: TuningJob, ordinal: int) -> str:
        """The eight hexadecimal digits that end a training job's name."""
        return suffix(self._seed, job.spec.name, ordinal, job.incarnation)

    def reason(self, job: TrainingJob, trigger: str) -> str:
        """The service's words for a failure."""
        return _REASONS[trigger]

    def objective(self, world: State, job: TrainingJob) -> float | None:
        """The metric after the epochs that are done; None before the first, or when the script has none to report."""
        if job.watched and job.curve and job.state != "Training":
            return None if math.isnan(job.curve[-1]) else job.curve[-1]
        epoch = self._epoch(job)
        value = self._printed(world, job, epoch)
        return None if value is None else self._found(world, job, value, epoch)

    def _epoch(self, job: TrainingJob) -> int:
        """The last epoch that is done, or is just being reported."""
        epochs = job.epochs or self._script.epochs
        if job.watched:  # a script that ends after its last epoch has no other one
            return min(len(job.curve) + 1, epochs) if job.state == "Training" else len(job.curve)
        if self._table is not None and (run := self.benchmark(job)) is not None:
            return run.epochs_done(job.progress_s)
        return epochs if job.work_s <= 0 else int(epochs * job.progress_s / job.work_s + 1e-9)

    def _printed(self, world: State, job: TrainingJob, epoch: int) -> float | None:
        """The objective as the script prints it after *epoch*; None where it prints none."""
        if epoch < 1 or (not job.tuning_job and job.definition.objective is None):
            return None
        value = self.evaluate(world, job, epoch)
        return value if math.isfinite(value) else None

    def _found(self, world: State, job: TrainingJob, value: float, epoch: int) -> float | None:
        """The objective as the service reads it from the log by its regular expression; None where it finds none."""
        regex = job.definition.metrics.get(self._metric(world, job))
        if regex is None:
            return value
        found = None
        for line in self._lines(world, job, value, epoch):
            found = one if (one := read(regex, line)) is not None else found
        return value if found is not None and math.isclose(found, value, rel_tol=1e-6) else found

    def evaluate(self, world: State, job: TrainingJob, epoch: int) -> float:
        """The metric after *epoch* epochs, from the script's curve or the simple one that knows a best configuration."""
        if self._table is not None and (run := self.benchmark(job)) is not None:
            return run.values[min(epoch, len(run.values)) - 1]
        if self._script.curve is not None:
            return self._value(self._script.curve, job, epoch, f"{job.name}/noise")
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

    def _value(self, curve: Curve, job: TrainingJob, epoch: int, stream: str) -> float:
        """A metric after *epoch* epochs; *stream* names the random stream of its noise."""
        noise = uniforms(self._seed, stream, epoch)[0]
        known = {**job.definition.static, **job.hyperparameters}
        try:
            return value(curve, known, epoch, noise)
        except InvalidInput as error:
            raise error.below(f"training job {job.name}: ") from error.__cause__

    def _metric(self, world: State, job: TrainingJob) -> str:
        """The name of a training job's objective."""
        return (job.definition.objective or world.tuning[job.tuning_job].spec.objective).metric_name

    def log_lines(self, world: State, job: TrainingJob, data: Epoch | ScriptEnded) -> Sequence[str]:
        """What the script prints after an epoch and at its end: its metrics, a line for each unless it has its own format."""
        shown = data.objective
        if shown is not None and not self._script.metrics:  # whatever the epoch
            return self._lines(world, job, shown, 0)
        epoch = data.number if type(data) is Epoch else self._epoch(job)
        if shown is None:  # it may have printed one that was not found
            shown = self._printed(world, job, epoch)
            if shown is not None and self._found(world, job, shown, epoch) is not None:
                shown = None
        lines = self._lines(world, job, shown, epoch)
        return lines or ("The script has ended.",)

    def _lines(self, world: State, job: TrainingJob, objective: float | None, epoch: int) -> Sequence[str]:
        metrics, known = {}, job.definition.metrics
        if objective is not None:
            metrics[self._metric(world, job)] = objective
        if epoch > 0:
            for name, curve in self._script.metrics.items():
                one = self._value(curve, job, epoch, f"{job.name}/noise/{name}")
                if name not in metrics and math.isfinite(one):
                    metrics[name] = one
        text = self._script.log_format
        if text is None or not metrics:
            return [write(name, known.get(name, ""), one) for name, one in metrics.items()]
        for name, one in metrics.items():
            text = text.replace(f"{{{name}}}", repr(float(one)))
        return [text]

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
