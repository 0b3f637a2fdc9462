"""The one door for what the cloud decides: how long things take, what fails, what the metric is.

Four resolvers share it: `Sampled` draws from distributions on named random streams, `Scripted` follows a plan,
`Enumerated` offers everything at once to whoever explores or draws. A stream is a pure function of the seed, the job's
name and the attempt, so adding a job disturbs nobody else's draws and there is no generator state to save.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self
from zlib import crc32

import attrs

from hptsim.durations import Duration, Empirical, check
from hptsim.errors import invalid, nearest
from hptsim.jobs import TrainingJob, TuningJob
from hptsim.lifecycle import TABLES
from hptsim.model import at_least
from hptsim.world import World

GRACE_S = 120.0
"""Between SIGTERM and the end of the container lie at most so many seconds (M:StopTrainingJob)."""


def _duration(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check(attribute.name, value)


def _seconds(default: Duration) -> Any:
    return attrs.field(default=default, validator=_duration)


@attrs.frozen
class Timings:
    """How long each step takes; every field is a duration in seconds.

    The defaults are all zero but for the training itself (`instant`); `typical` carries what was observed (§4).

    >>> Timings.typical().downloading_s
    49.0
    """

    first_launch_s: Duration = _seconds(0.0)
    """From a tuning job's admission to its first training jobs."""
    launch_s: Duration = _seconds(0.0)
    """From a training job's end to the launch of the next."""
    finish_s: Duration = _seconds(0.0)
    """From the last training job's end to the tuning job's final status."""
    stop_propagation_s: Duration = _seconds(0.0)
    """From the stop of a tuning job to the stop of its training jobs."""
    starting_s: Duration = _seconds(0.0)
    """From creation until the instances are ready."""
    warm_starting_s: Duration = _seconds(0.0)
    """The same on instances that the tuning job has used before."""
    downloading_s: Duration = _seconds(0.0)
    training_s: Duration = _seconds(100.0)
    """What the training script needs, without interruptions."""
    uploading_s: Duration = _seconds(0.0)
    teardown_s: Duration = _seconds(0.0)
    """From the stop of a training job without a container until it is Stopped."""
    shortage_retry_s: Duration = _seconds(60.0)
    """Between two attempts to get machines."""
    spot_wait_s: Duration = _seconds(300.0)
    """From a spot interruption until machines are there again."""
    checkpoint_s: Duration = _seconds(60.0)
    """Between two checkpoints."""

    @classmethod
    def instant(cls) -> Timings:
        """Nothing takes time but the training itself: for theory and small models."""
        return cls()

    @classmethod
    def typical(cls) -> Timings:
        """The latencies that were observed (§4): a polling controller, cold starts of minutes."""
        return cls(
            first_launch_s=10.0,
            launch_s=10.0,
            finish_s=25.0,
            starting_s=Empirical((112.0, 186.0, 198.0, 205.0)),
            warm_starting_s=20.0,
            downloading_s=49.0,
            training_s=103.0,
            uploading_s=7.0,
            teardown_s=75.0,
        )


def _share() -> Any:
    def inside(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise invalid(attribute.name, value, "a probability between 0 and 1")

    return attrs.field(default=0.0, validator=inside)


@attrs.frozen
class Faults:
    """What goes wrong, as probabilities per attempt of a training job, and spot interruptions as a rate.

    >>> Faults(algorithm_error=0.1).internal_error
    0.0
    """

    algorithm_error: float = _share()
    """The script exits with an error, half-way."""
    client_error: float = _share()
    """The data cannot be read: the job fails while Downloading (or Starting, when it streams)."""
    internal_error: float = _share()
    """The service fails, half-way through the training."""
    capacity_shortage: float = _share()
    """A launch finds no machines and tries again."""
    shortage_limit: int = 5
    """After so many launches without machines the job fails with CapacityError."""
    spot_interruptions_per_hour: float = attrs.field(default=0.0, validator=at_least(0))

    @property
    def strike(self) -> bool:
        """Whether any of them can strike a job that does not run on spot instances."""
        return bool(self.algorithm_error or self.client_error or self.internal_error or self.capacity_shortage)


ON_SIGTERM = ("save", "exit", "ignore")


@attrs.frozen
class Script:
    """What the training script does on SIGTERM: "save" its model after *save_s* and exit, "exit", or "ignore" it.

    A script that needs longer than the grace window of 120 s is killed before it has saved anything.

    >>> Script("save", save_s=20).on_sigterm
    'save'
    """

    on_sigterm: str = attrs.field(default="save")
    save_s: Duration = _seconds(0.0)
    epochs: int = 10

    @on_sigterm.validator
    def _known(self, attribute: attrs.Attribute[Any], value: object) -> None:
        if value not in ON_SIGTERM:
            raise invalid("script.on_sigterm", value, " or ".join(ON_SIGTERM), nearest(str(value), ON_SIGTERM))


_PURPOSES = ("starting", "training", "fault", "half_way", "save", "spot", "download", "upload", "quality")
_STREAM = {purpose: place for place, purpose in enumerate(_PURPOSES)}
_unpack = struct.Struct("<16I").unpack


def uniforms(seed: int, name: str, attempt: int) -> tuple[float, ...]:
    """Sixteen uniform numbers between 0 and 1, a pure function of the stream's name: one for each purpose.

    >>> uniforms(0, "demo", 1) == uniforms(0, "demo", 1) != uniforms(0, "demo", 2)
    True
    """
    return tuple([number * 2.0**-32 for number in numbers(seed, name, attempt)])


def numbers(seed: int, name: str, attempt: int) -> tuple[int, ...]:
    """The same as whole numbers of 32 bits."""
    return _unpack(hashlib.blake2b(f"{seed}/{name}/{attempt}".encode()).digest())


def _draw(duration: Duration, uniform: float) -> float:
    return duration if isinstance(duration, (float, int)) else float(duration.ppf(uniform))


_REASONS = {
    "algorithm_error": "AlgorithmError: ExecuteUserScriptError: the training script exited with code 1.",
    "client_error": "ClientError: Data download failed: the input data could not be read.",
    "internal_error": "InternalServerError: We encountered an internal error. Please try again.",
    "no_capacity": "CapacityError: Unable to provision requested ML compute capacity. "
    "Please retry using a different ML instance type.",
}


@attrs.define(slots=False)
class Base:
    """What all natures share: names, configurations, the learning curve."""

    seed: int = 0
    script: Script = attrs.field(factory=Script)

    def suffix(self, job: TuningJob, ordinal: int) -> str:
        """The eight hexadecimal digits that end a training job's name."""
        return f"{crc32(f'{self.seed}/{job.spec.name}/{ordinal}/{job.incarnation}'.encode()):08x}"

    def reason(self, job: TrainingJob, trigger: str) -> str:
        """The service's words for a failure."""
        return _REASONS[trigger]

    def configure(self, world: World, job: TrainingJob) -> dict[str, str]:
        """A configuration drawn at random from the tuning job's parameter ranges, as the service gives it: strings."""
        ranges = job.definition.ranges
        if job.tuning_job:
            ranges = (*world.tuning[job.tuning_job].spec.ranges, *ranges)
        chosen: dict[str, str] = {}
        for place, span in enumerate(ranges):
            uniform = uniforms(self.seed, f"{job.name}/{span.name}", place)[0]
            if span.values:
                chosen[span.name] = span.values[int(uniform * len(span.values))]
            elif span.scaling == "Logarithmic" and span.low > 0:
                value = math.exp(math.log(span.low) + uniform * math.log(span.high / span.low))
                chosen[span.name] = str(round(value)) if span.kind == "Integer" else repr(value)
            elif span.kind == "Integer":
                chosen[span.name] = str(int(span.low + uniform * (span.high - span.low + 1)))
            else:
                chosen[span.name] = repr(span.low + uniform * (span.high - span.low))
        return chosen

    def objective(self, world: World, job: TrainingJob) -> float | None:
        """The metric on a simple learning curve: it falls with the epochs towards what the configuration can reach."""
        if not job.tuning_job and job.definition.objective is None:
            return None
        epoch = self.script.epochs if job.work_s <= 0 else int(self.script.epochs * job.progress_s / job.work_s + 1e-9)
        if epoch < 1:
            return None
        quality = self._uniform(job, "quality", attempt=1)
        return quality + (1 - quality) / (1 + epoch)

    def _uniform(self, job: TrainingJob, purpose: str, attempt: int = 0) -> float:
        """The uniform number for *purpose* in this attempt, or in the one that is given."""
        attempt = attempt or job.attempt
        if job.drawn_for != attempt:
            job.drawn_for, job.drawn = attempt, numbers(self.seed, job.name, attempt)
        return job.drawn[_STREAM[purpose]] * 2.0**-32

    def clone(self) -> Self:
        """Natures without budgets hold nothing mutable."""
        return self

    def freeze(self) -> tuple[Any, ...]:
        """Nothing of it matters for what can happen next."""
        return ()


@attrs.define(slots=False)
class Sampled(Base):
    """Durations and faults drawn from distributions: the nature of an ordinary simulation."""

    timings: Timings = attrs.field(factory=Timings)
    faults: Faults = attrs.field(factory=Faults)
    own_faults: Mapping[str, Faults] = attrs.field(factory=dict)
    """The faults of single tuning jobs, by name, in place of the shared ones."""

    def faults_of(self, job: TrainingJob) -> Faults:
        """The faults that may strike *job*."""
        return self.own_faults.get(job.tuning_job, self.faults)

    def delay(self, world: World, job: TuningJob, trigger: str) -> float:
        """How long the controller takes."""
        duration: Duration = getattr(self.timings, f"{trigger}_s")
        if isinstance(duration, (int, float)):
            return duration
        return _draw(duration, uniforms(self.seed, f"{job.name}/{trigger}", job.asked + job.launching)[0])

    def begin(self, world: World, job: TrainingJob) -> None:
        """Draw what the training job will need and try."""
        job.hyperparameters = self.configure(world, job)
        job.work_s = work_s = self._time(self.timings.training_s, job, "training")
        definition = job.definition
        if definition.spot or definition.checkpoint_uri or self.faults_of(job).strike:
            return
        timings, limit_s = self.timings, definition.max_runtime_s
        starting = timings.warm_starting_s if job.warm else timings.starting_s
        job.course = {
            "Starting": (("ready", self._time(starting, job, "starting")),),
            "Downloading": (("downloaded", self._time(timings.downloading_s, job, "download")),),
            "Training": (("exited", work_s) if work_s <= limit_s else ("max_runtime", limit_s),),
            "Uploading": (("uploaded", self._time(timings.uploading_s, job, "upload")),),
        }

    def _time(self, duration: Duration, job: TrainingJob, purpose: str) -> float:
        if isinstance(duration, (int, float)):
            return duration
        return duration.ppf(self._uniform(job, purpose))

    def next(self, world: World, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The one event that comes first; MaxWaitTimeInSeconds wins over anything later than it."""
        if job.state in job.course:
            return job.course[job.state]
        if job.state not in _STATES:  # a final state, which only a mutant enters at once
            return ()
        trigger, delay = _STATES[job.state](self, job)
        definition = job.definition
        if definition.spot and definition.max_wait_s is not None and not job.stopping:
            left = definition.max_wait_s - (world.now - job.created_s)
            if left < delay:
                trigger, delay = "max_wait", max(0.0, left)
        return ((trigger, delay),)

    def _starting(self, job: TrainingJob) -> tuple[str, float]:
        faults = self.faults_of(job)
        if faults.capacity_shortage > 0:
            chance = uniforms(self.seed, f"{job.name}/shortage/{job.attempt}", job.shortages)[0]
            if chance < faults.capacity_shortage:
                if job.shortages >= faults.shortage_limit:
                    return "no_capacity", 0.0
                return "shortage", self._time(self.timings.shortage_retry_s, job, "starting")
        if job.streams and self._fault(job) == "client_error":
            return "client_error", 0.0
        duration = self.timings.warm_starting_s if job.warm else self.timings.starting_s
        return "ready", self._time(duration, job, "starting")

    def _pending(self, job: TrainingJob) -> tuple[str, float]:
        return "capacity", self._time(self.timings.shortage_retry_s, job, "starting")

    def _downloading(self, job: TrainingJob) -> tuple[str, float]:
        delay = self._time(self.timings.downloading_s, job, "download")
        return ("client_error" if self._fault(job) == "client_error" else "downloaded"), delay

    def _fault(self, job: TrainingJob) -> str:
        """The fault that this attempt is doomed to, or nothing."""
        faults = self.faults_of(job)
        if not (faults.client_error or faults.algorithm_error or faults.internal_error):
            return ""
        chance = self._uniform(job, "fault")
        for kind in ("client_error", "algorithm_error", "internal_error"):
            chance -= getattr(faults, kind)
            if chance < 0:
                return kind
        return ""

    def _training(self, job: TrainingJob) -> tuple[str, float]:
        left = max(0.0, job.work_s - job.progress_s)
        clock = max(0.0, job.definition.max_runtime_s - job.trained_s)
        first = ("max_runtime", clock) if clock < left else ("exited", left)
        entered = job.trained_s - job.trained_before_s
        if (fault := self._fault(job)) in ("algorithm_error", "internal_error"):
            when = self._uniform(job, "half_way") * (left + entered) - entered
            first = min(first, (fault, max(0.0, when)), key=_when)
        rate = self.faults_of(job).spot_interruptions_per_hour
        if job.definition.spot and rate > 0:
            when = -math.log1p(-self._uniform(job, "spot")) * 3600.0 / rate - entered
            first = min(first, ("interrupt", max(0.0, when)), key=_when)
        if job.definition.checkpoint_uri is not None:
            interval = self._time(self.timings.checkpoint_s, job, "save")
            if 0 < interval < first[1]:
                return "checkpoint", interval
        return first

    def _uploading(self, job: TrainingJob) -> tuple[str, float]:
        return "uploaded", self._time(self.timings.uploading_s, job, "upload")

    def _interrupted(self, job: TrainingJob) -> tuple[str, float]:
        return "capacity", self._time(self.timings.spot_wait_s, job, "starting")

    def _teardown(self, job: TrainingJob) -> tuple[str, float]:
        return "torn_down", self._time(self.timings.teardown_s, job, "starting")

    def _grace(self, job: TrainingJob) -> tuple[str, float]:
        """The grace window: the script saves, exits, or is killed when the window closes."""
        if self.script.on_sigterm == "exit" or job.saved:
            return "exited", 0.0
        if self.script.on_sigterm == "ignore":
            return "killed", GRACE_S
        needs = self._time(self.script.save_s, job, "save")
        return ("saved", needs) if needs <= GRACE_S else ("killed", GRACE_S)

    def _stopping_upload(self, job: TrainingJob) -> tuple[str, float]:
        """The rest of an upload that had begun, or the whole of it; nothing takes no time."""
        whole = self._time(self.timings.uploading_s, job, "upload") if job.saved else 0.0
        return "uploaded", max(0.0, whole - job.uploaded_s)


def _when(event: tuple[str, float]) -> float:
    return event[1]


_STATES: Mapping[str, Callable[[Sampled, TrainingJob], tuple[str, float]]] = {
    "Starting": Sampled._starting,
    "Pending": Sampled._pending,
    "Downloading": Sampled._downloading,
    "Training": Sampled._training,
    "Uploading": Sampled._uploading,
    "Interrupted": Sampled._interrupted,
    "Starting:stopping": Sampled._teardown,
    "Stopping:teardown": Sampled._teardown,
    "Stopping": Sampled._grace,
    "Stopping:uploading": Sampled._stopping_upload,
}
"""What comes first in each state."""


@attrs.define(slots=False)
class Scripted(Sampled):
    """A plan for chosen training jobs, and samples for the rest.

    *plan* maps (tuning job, ordinal) to the events of that training job in order, each a trigger and its delay in
    seconds since the job entered its state.

    >>> nature = Scripted(plan={("demo", 1): (("ready", 5.0), ("algorithm_error", 2.0))})
    """

    plan: Mapping[tuple[str, int], tuple[tuple[str, float], ...]] = attrs.field(factory=dict)

    def next(self, world: World, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The next event of the plan that the tables allow in the job's state, or a sampled one."""
        events = self.plan.get((job.tuning_job, job.ordinal), ())
        if job.plan_at < len(events):
            trigger, delay = events[job.plan_at]
            if (job.state, trigger) in world.tables.training:
                job.plan_at += 1
                return ((trigger, delay),)
        return super().next(world, job)


@attrs.define(slots=False)
class Enumerated(Base):
    """Everything that may happen, armed at once, without times; *budget* says how often each fault may strike.

    >>> Enumerated(budget={"internal_error": 1}).freeze()
    (('internal_error', 1),)
    """

    budget: dict[str, int] = attrs.field(factory=dict)
    delayed_stop: bool = False

    def delay(self, world: World, job: TuningJob, trigger: str) -> float:
        """Zero, but for stops that are to travel separately: whoever explores ignores times."""
        return 1.0 if trigger == "stop_propagation" and self.delayed_stop else 0.0

    def begin(self, world: World, job: TrainingJob) -> None:
        """Nothing to decide: work without length."""
        job.hyperparameters = {}

    def objective(self, world: World, job: TrainingJob) -> float | None:
        """Always evaluated, always the same."""
        return 0.5

    def next(self, world: World, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """Every trigger that the tables know in this state, faults as far as their budget reaches."""
        return [(trigger, 0.0) for trigger in _OFFERS.get(job.state, ()) if self.possible(job, trigger)]

    def possible(self, job: TrainingJob, trigger: str) -> bool:
        """Whether *trigger* may strike *job* now."""
        if trigger == "checkpoint":
            return job.definition.checkpoint_uri is not None and job.checkpoints < 1
        if trigger == "interrupt":
            return job.definition.spot and self.budget.get(trigger, 0) > 0
        if trigger == "max_wait":
            return job.definition.spot and self.budget.get(trigger, 0) > 0
        if trigger == "saved":
            return not job.saved
        return trigger not in FAULTS or self.budget.get(trigger, 0) > 0

    def struck(self, trigger: str) -> None:
        """Take a fault that has happened from the budget."""
        if trigger in self.budget:
            self.budget[trigger] -= 1

    def clone(self) -> Self:
        """A copy with a budget of its own."""
        return attrs.evolve(self, budget=self.budget.copy())

    def freeze(self) -> tuple[Any, ...]:
        """What is left of the budget."""
        return tuple(sorted(self.budget.items()))


FAULTS = (
    "shortage",
    "wait",
    "no_capacity",
    "client_error",
    "algorithm_error",
    "internal_error",
    "interrupt",
    "max_runtime",
    "max_wait",
    "max_pending",
)
"""What strikes only as often as a budget allows."""

_OFFERS: dict[str, list[str]] = {}
for _state, _trigger in TABLES.training:
    if _trigger not in ("create", "stop"):
        _OFFERS.setdefault(_state, []).append(_trigger)
