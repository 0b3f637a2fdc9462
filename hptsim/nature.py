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
from functools import partial
from typing import Any, Self
from zlib import crc32

import attrs

from hptsim.bayesian import Bayesian
from hptsim.cloud import GRACE_S as GRACE_S
from hptsim.cloud import ON_SIGTERM as ON_SIGTERM
from hptsim.cloud import Faults as Faults
from hptsim.cloud import Recorded as Recorded
from hptsim.cloud import Script as Script
from hptsim.cloud import Timings as Timings
from hptsim.configured import resolve
from hptsim.curves import line, value
from hptsim.durations import Duration
from hptsim.errors import invalid
from hptsim.jobs import TrainingJob, TuningJob, duplicate
from hptsim.lifecycle import TABLES
from hptsim.model import EPOCHS, TrainingJobDefinition, TuningJobSpec
from hptsim.ranges import combinations
from hptsim.search import Draw, Strategy, Trial, falls_behind, goes_on, met, propose
from hptsim.world import World

_PURPOSES = ("starting", "training", "fault", "half_way", "save", "spot", "download", "upload", "quality", "crash")
_STREAM = {purpose: 4 * place for place, purpose in enumerate(_PURPOSES)}
"""Where the number for each purpose begins in a stream."""
_hashed = hashlib.blake2b
_DELAYS = {trigger: f"{trigger}_s" for trigger in ("first_launch", "launch", "finish", "stop_propagation")}
_unpack = struct.Struct("<16I").unpack
_number = struct.Struct("<I").unpack_from


def uniforms(seed: int, name: str, attempt: int) -> tuple[float, ...]:
    """Sixteen uniform numbers between 0 and 1, a pure function of the stream's name: one for each purpose.

    >>> uniforms(0, "demo", 1) == uniforms(0, "demo", 1) != uniforms(0, "demo", 2)
    True
    """
    return tuple([number * 2.0**-32 for number in _unpack(stream(seed, name, attempt))])


def stream(seed: int, name: str, attempt: int) -> bytes:
    """The same as sixteen whole numbers of four bytes."""
    return _hashed(f"{seed}/{name}/{attempt}".encode()).digest()


def _draw(duration: Duration, uniform: float) -> float:
    return duration if isinstance(duration, (float, int)) else float(duration.ppf(uniform))


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
            return value(self.script.curve, job.hyperparameters, epoch, noise)
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
        (number,) = _number(job.drawn, _STREAM[purpose])
        return number * 2.0**-32  # type: ignore[no-any-return]

    def _time(self, duration: Duration, job: TrainingJob, purpose: str) -> float:
        if isinstance(duration, (int, float)):
            return duration
        if job.drawn_for != job.attempt:
            job.drawn_for, job.drawn = job.attempt, stream(self.seed, job.name, job.attempt)
        (number,) = _number(job.drawn, _STREAM[purpose])
        return duration.ppf(number * 2.0**-32)

    def clone(self) -> Self:
        """A copy whose strategies are made again from the minutes."""
        return attrs.evolve(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_minds": {}}  # made again from the minutes

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
    recorded: Mapping[str, tuple[Recorded, ...]] = attrs.field(factory=dict)
    """What the training jobs of single tuning jobs took, by name and in order of launch, in place of draws."""

    def faults_of(self, job: TrainingJob) -> Faults:
        """The faults that may strike *job*."""
        return self.own_faults.get(job.tuning_job, self.faults)

    def delay(self, world: World, job: TuningJob, trigger: str) -> float:
        """How long the controller takes."""
        duration: Duration = getattr(self.timings, _DELAYS[trigger])
        if isinstance(duration, (int, float)):
            return duration
        return _draw(duration, uniforms(self.seed, f"{job.name}/{trigger}", job.asked + job.launching)[0])

    def begin(self, world: World, job: TrainingJob) -> None:
        """Draw what the training job will need and try."""
        job.hyperparameters = self.configure(world, job)
        definition = job.definition
        if self.recorded and 0 < job.ordinal <= len(known := self.recorded.get(job.tuning_job, ())):
            job.work_s = known[job.ordinal - 1].training_s or 0.0
            job.course = known[job.ordinal - 1].course
            return
        job.work_s = self._work(job)
        if job.tuning_job:
            spec = world.tuning[job.tuning_job].spec
            job.watched = spec.early_stopping or spec.hyperband is not None or self.script.log_epochs
            if spec.hyperband is not None:
                job.epochs = spec.hyperband.max_resource
        exposed = job.watched or definition.spot or definition.checkpoint_uri or self.faults_of(job).strike
        job.calm = not exposed

    def _work(self, job: TrainingJob) -> float:
        """How long the script needs in Training; sets how many epochs it has."""
        job.epochs = self.script.epochs
        known = {**job.definition.static, **job.hyperparameters}
        if known:
            job.epochs = next((int(known[name]) for name in EPOCHS if known.get(name, "").isdigit()), job.epochs)
        if self.script.epoch_s is not None:
            return job.epochs * self._time(self.script.epoch_s, job, "training")
        return self._time(resolve(self.timings.training_s, known), job, "training")

    def next(self, world: World, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The one event that comes first; MaxWaitTimeInSeconds wins over anything later than it."""
        state = job.state
        if job.calm and (calmly := _CALM.get(state)) is not None:
            return (calmly(self, job),)
        if state in job.course:
            return job.course[state]
        if state not in _STATES:  # a final state, which only a mutant enters at once
            return ()
        trigger, delay = _STATES[state](self, job)
        definition = job.definition
        if definition.spot and definition.max_wait_s is not None and not job.stopping:
            left = definition.max_wait_s - (world.now - job.created_s)
            if left < delay:
                trigger, delay = "max_wait", max(0.0, left)
        return ((trigger, delay),)

    def _calmly_starting(self, job: TrainingJob) -> tuple[str, float]:
        timings = self.timings
        return "ready", self._time(timings.warm_starting_s if job.warm else timings.starting_s, job, "starting")

    def _calmly_downloading(self, job: TrainingJob) -> tuple[str, float]:
        return "downloaded", self._time(self.timings.downloading_s, job, "download")

    def _calmly_training(self, job: TrainingJob) -> tuple[str, float]:
        limit_s = job.definition.max_runtime_s
        return ("exited", job.work_s) if job.work_s <= limit_s else ("max_runtime", limit_s)

    def _starting(self, job: TrainingJob) -> tuple[str, float]:
        faults = self.faults_of(job)
        share = faults.shortage(job.instances.instance_type)
        if share > 0:
            chance = uniforms(self.seed, f"{job.name}/shortage/{job.attempt}", job.shortages)[0]
            if chance < share:
                if job.shortages >= faults.shortage_limit + len(job.definition.alternatives):
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
        rate = self.faults_of(job).algorithm_errors_per_hour
        if rate > 0:
            when = -math.log1p(-self._uniform(job, "crash")) * 3600.0 / rate - entered
            first = min(first, ("algorithm_error", max(0.0, when)), key=_when)
        rate = self.faults_of(job).spot_interruptions_per_hour
        if job.definition.spot and rate > 0:
            when = -math.log1p(-self._uniform(job, "spot")) * 3600.0 / rate - entered
            first = min(first, ("interrupt", max(0.0, when)), key=_when)
        if job.watched and len(job.curve) < job.epochs:
            due = (len(job.curve) + 1) * job.work_s / job.epochs - job.progress_s
            if due <= first[1] + 1e-9:  # the last epoch ends before the script does, at the same instant
                first = ("epoch", max(0.0, due))
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

_CALM: Mapping[str, Callable[[Sampled, TrainingJob], tuple[str, float]]] = {
    "Starting": Sampled._calmly_starting,
    "Downloading": Sampled._calmly_downloading,
    "Training": Sampled._calmly_training,
    "Uploading": Sampled._uploading,
}
"""The same without a look at what may go wrong, where nothing can."""


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
        if job.tuning_job:
            spec = world.tuning[job.tuning_job].spec
            job.watched = spec.early_stopping or spec.hyperband is not None
            job.epochs = spec.hyperband.max_resource if spec.hyperband is not None else self.script.epochs

    def evaluate(self, world: World, job: TrainingJob, epoch: int) -> float:
        """Each training job has a value of its own, the same at every epoch."""
        return crc32(f"{job.ordinal}/{epoch}".encode()) % 1000 / 1000

    def next(self, world: World, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """Every trigger that the tables know in this state, faults as far as their budget reaches."""
        return [(trigger, 0.0) for trigger in _OFFERS.get(job.state, ()) if self.possible(job, trigger)]

    def possible(self, job: TrainingJob, trigger: str) -> bool:
        """Whether *trigger* may strike *job* now."""
        if trigger == "checkpoint":
            return job.definition.checkpoint_uri is not None and job.checkpoints < 1
        if trigger == "epoch":
            return job.watched and len(job.curve) < job.epochs
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
        twin = duplicate(self)
        twin.budget, twin._minds = self.budget.copy(), {}
        return twin

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
