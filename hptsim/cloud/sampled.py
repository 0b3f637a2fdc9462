"""What the cloud decides, drawn from distributions on named random streams."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import attrs

from hptsim.cloud.base import CloudBase
from hptsim.cloud.passes import Passes
from hptsim.errors import InvalidInput
from hptsim.model.assumptions import PREEMPTIVE
from hptsim.scenario.answers import InjectedAnswer, drawn
from hptsim.scenario.cloud import GRACE_S, Faults, Recorded, Timings
from hptsim.scenario.configured_durations import resolve
from hptsim.scenario.durations import Duration, draw
from hptsim.scenario.durations_by_type import resolve as resolve_type
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.scenario import Scenario
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ports import State

_DELAYS = {trigger: f"{trigger}_s" for trigger in ("first_launch", "launch", "finish", "stop_propagation")}
_IN_A_PASS = ("launch", "finish")
"""What the controller does in the first pass after a delay."""


@attrs.define(slots=False)
class SampledCloud(CloudBase):
    """Durations and faults drawn from distributions: the cloud of an ordinary simulation.

    What is None is the scenario's in `Simulation(scenario, cloud=...)`, and a default without one. *timings* or *faults* that
    are given here hold for all tuning jobs: records and faults of single ones in the scenario do not count then.
    """

    timings: Timings | None = None
    faults: Faults | None = None
    own_faults: Mapping[str, Faults] | None = None
    """The faults of single tuning jobs, by name, in place of the shared ones."""
    recorded: Mapping[str, tuple[Recorded, ...]] | None = None
    """What the training jobs of single tuning jobs took, by name and in order of launch, in place of draws."""

    answers: tuple[InjectedAnswer, ...] | None = None
    """What becomes of requests in place of the ordinary answer, and with which chance."""

    def _take(self, seed: int, scenario: Scenario) -> None:
        super()._take(seed, scenario)
        self._answers: tuple[InjectedAnswer, ...] = scenario.answers if self.answers is None else tuple(self.answers)
        jobs = scenario.tuning_jobs
        self._timings: Timings = scenario.timings if self.timings is None else self.timings
        self._recorded = self.recorded or {}
        if self.timings is None and self.recorded is None:
            self._recorded = {entry.spec.name: entry.recorded for entry in jobs if entry.recorded}
        self._faults: Faults = scenario.faults if self.faults is None else self.faults
        self._preempts = scenario.assumptions.discipline in PREEMPTIVE
        self._waits_in_pending = scenario.assumptions.capacity_wait == "pending"
        self._own_faults = self.own_faults or {}
        if self.faults is None and self.own_faults is None:
            self._own_faults = {entry.spec.name: entry.faults for entry in jobs if entry.faults is not None}

    @property
    def slowest_stop_s(self) -> float | None:
        """The most that the stop of a tuning job takes to reach a training job, in seconds; None where it is sampled."""
        delay = self._timings.stop_propagation_s
        return delay if isinstance(delay, (int, float)) else None

    def faults_of(self, job: TrainingJob) -> Faults:
        """The faults that may happen to *job*."""
        return self._own_faults.get(job.tuning_job, self._faults)

    def delay(self, world: State, job: TuningJob, trigger: str) -> float:
        """How long the controller takes: until one of its passes, if it acts in passes."""
        if not self._timings.controller_period_s or trigger not in ("first_launch", *_IN_A_PASS):
            return self._delay(job, trigger)
        after_s = 0.0 if trigger == "first_launch" else self._delay(job, trigger)
        return self.passes(job).at_or_after(world.now + after_s) - world.now

    def _delay(self, job: TuningJob, trigger: str) -> float:
        duration: Duration = getattr(self._timings, _DELAYS[trigger])
        if isinstance(duration, (int, float)):
            return duration
        uniform = uniforms(self._seed, f"{job.name}/{trigger}", job.asked + job.launching)[0]
        try:
            return draw(duration, uniform)
        except InvalidInput as error:
            raise error.below(f"tuning job {job.name}: {trigger}: ") from error.__cause__

    def passes(self, job: TuningJob) -> Passes:
        """When the controller looks at a tuning job."""
        return Passes(self._timings, self._seed, job)

    def first_pass(self, job: TuningJob) -> float:
        """When the controller first looks at a tuning job."""
        return self.passes(job).first_s

    def last_pass(self, job: TuningJob, time_s: float) -> float | None:
        """Its last pass until *time_s*; None before the first, and for a controller without passes."""
        return self.passes(job).last(time_s) if self._timings.controller_period_s else None

    def answer(self, operation: str, name: str, number: int) -> str:
        """Drawn from a stream of its own for each operation and job."""
        if not self._answers:
            return ""
        return drawn(self._answers, operation, uniforms(self._seed, f"{name}/answers/{operation}", number)[0])

    def begin(self, world: State, job: TrainingJob) -> None:
        """Draw how long the training job will need, and see what can go wrong with it."""
        definition = job.definition
        if self._recorded and 0 < job.ordinal <= len(known := self._recorded.get(job.tuning_job, ())):
            job.watched = False
            job.work_s = known[job.ordinal - 1].training_s or 0.0
            job.recorded_delays = known[job.ordinal - 1].delays
            return
        job.work_s = self._work(job)
        if job.tuning_job:
            spec = world.tuning[job.tuning_job].spec
            if spec.hyperband is not None:
                job.epochs = spec.hyperband.max_resource
                job.work_s = self._benchmarked(job) or job.work_s
        if job.tuning_job or definition.objective is not None:
            job.watched = job.watched or self._script.log_epochs
        exposed = (
            self._preempts
            or job.watched
            or definition.spot
            or definition.checkpoint_uri
            or self.faults_of(job).possible
        )
        job.fault_free = not exposed

    def _work(self, job: TrainingJob) -> float:
        """How long the script needs in Training; sets how many epochs it has."""
        known = {**job.definition.static, **job.hyperparameters}
        try:
            job.epochs = self.epochs_of(known)
        except InvalidInput as error:
            raise error.below(f"training job {job.name}: ") from error.__cause__
        if (benchmarked_s := self._benchmarked(job)) is not None:
            return benchmarked_s
        if self._script.epoch_s is not None:
            return job.epochs * self._time(self._script.epoch_s, job, "training")
        training_s = self._timings.training_s
        if callable(training_s):
            try:
                training_s = resolve(training_s, known)
            except InvalidInput as error:
                raise error.below(f"training job {job.name}: ") from error.__cause__
        return self._time(training_s, job, "training")

    def _benchmarked(self, job: TrainingJob) -> float | None:
        """How long a script with a table needs; it has no more epochs than the table."""
        run = self.benchmark(job)
        if run is None:
            return None
        job.epochs = min(job.epochs, len(run.elapsed_s))
        return run.elapsed_s[job.epochs - 1] if job.epochs else 0.0

    def next(self, world: State, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The one event that comes first; MaxWaitTimeInSeconds wins over anything later than it."""
        state = job.state
        if job.fault_free and (simply := _FAULT_FREE.get(state)) is not None:
            return (simply(self, job),)
        if state in job.recorded_delays:
            if self._preempts and state == "Training":
                return [in_time(job, *self._recorded_training(job, *event)) for event in job.recorded_delays[state]]
            return [in_time(job, *event) for event in job.recorded_delays[state]]
        if state not in _STATES and state != "Interrupted:queued":  # a final state, which only a mutant enters at once
            return ()
        trigger, delay = _STATES[state](self, job) if state in _STATES else ("", math.inf)
        definition = job.definition
        if definition.spot and definition.max_wait_s is not None and not job.stopping:
            left = definition.max_wait_s - (world.now - job.created_s)
            if left < delay:
                trigger, delay = "max_wait", max(0.0, left)
        return ((trigger, delay),) if trigger else ()

    def _fault_free_starting(self, job: TrainingJob) -> tuple[str, float]:
        return "ready", self._time(self._starting_s(job), job, "starting")

    def _fault_free_downloading(self, job: TrainingJob) -> tuple[str, float]:
        return "downloaded", self._time(self._downloading_s(job), job, "download")

    def _fault_free_training(self, job: TrainingJob) -> tuple[str, float]:
        limit_s = job.definition.max_runtime_s
        return ("exited", job.work_s) if job.work_s <= limit_s else ("max_runtime", limit_s)

    def _starting(self, job: TrainingJob) -> tuple[str, float]:
        if self._finds_no_machines(job):
            if not self._may_try_again(job):
                return "no_capacity", 0.0
            job.shortages += 1
            if self._waits_in_pending and job.choice == len(job.definition.alternatives):
                return "wait", 0.0
            return "shortage", self._time(self._timings.shortage_retry_s, job, "starting")
        if job.streams and self._fault(job) == "client_error":
            return "client_error", 0.0
        return "ready", self._time(self._starting_s(job), job, "starting")

    def _finds_no_machines(self, job: TrainingJob) -> bool:
        share = self.faults_of(job).shortage(job.instances.instance_type)
        return share > 0 and uniforms(self._seed, f"{job.name}/shortage/{job.attempt}", job.shortages)[0] < share

    def _may_try_again(self, job: TrainingJob) -> bool:
        return job.shortages < self.faults_of(job).shortage_limit + len(job.definition.alternatives)

    def _pending(self, job: TrainingJob) -> tuple[str, float]:
        """The whole wait for machines, however often it tries: MaxPendingTimeInSeconds counts all of it."""
        retry_s = wait_s = self._time(self._timings.shortage_retry_s, job, "starting")
        while self._finds_no_machines(job) and self._may_try_again(job):
            job.shortages += 1
            wait_s += retry_s
        limit_s = job.definition.max_pending_s
        return ("capacity", wait_s) if limit_s is None or wait_s <= limit_s else ("max_pending", limit_s)

    def _downloading(self, job: TrainingJob) -> tuple[str, float]:
        delay = self._time(self._downloading_s(job), job, "download")
        return ("client_error" if self._fault(job) == "client_error" else "downloaded"), delay

    def _starting_s(self, job: TrainingJob) -> Duration:
        """What Starting takes: on warm instances, on managed spot, or by the instance type."""
        timings = self._timings
        own = timings.spot_starting_s if job.definition.spot else None
        cold = timings.starting_s if own is None else own
        return resolve_type(timings.warm_starting_s if job.warm else cold, job.instances.instance_type)

    def _downloading_s(self, job: TrainingJob) -> Duration:
        warm = self._timings.warm_downloading_s if job.warm else None
        return self._timings.downloading_s if warm is None else warm

    def _fault(self, job: TrainingJob) -> str:
        """The fault that this attempt will meet, or nothing."""
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
            run = self.benchmark(job)
            at_s = (len(job.curve) + 1) * job.work_s / job.epochs if run is None else run.elapsed_s[len(job.curve)]
            due = at_s - job.progress_s
            if due <= first[1] + 1e-9:  # the last epoch ends before the script does, at the same instant
                first = ("epoch", max(0.0, due))
        if job.definition.checkpoint_uri is not None:
            interval = self._time(self._timings.checkpoint_s, job, "save")
            if 0 < interval < first[1]:
                return "checkpoint", interval
        return first

    def _recorded_training(self, job: TrainingJob, trigger: str, delay: float) -> tuple[str, float]:
        """What is left of a recorded time in Training after the last checkpoint, and the next checkpoint before that."""
        left = max(0.0, delay - job.progress_s)
        if job.definition.checkpoint_uri is not None:
            interval = self._time(self._timings.checkpoint_s, job, "save")
            if 0 < interval < left:
                return "checkpoint", interval
        return trigger, left

    def _uploading(self, job: TrainingJob) -> tuple[str, float]:
        return "uploaded", self._time(self._timings.uploading_s, job, "upload")

    def _interrupted(self, job: TrainingJob) -> tuple[str, float]:
        return "capacity", self._time(self._timings.spot_wait_s, job, "starting")

    def _teardown(self, job: TrainingJob) -> tuple[str, float]:
        own = self._timings.teardown_downloading_s if job.stopped_in == "Downloading" else None
        return "torn_down", self._time(self._timings.teardown_s if own is None else own, job, "starting")

    def _grace(self, job: TrainingJob) -> tuple[str, float]:
        """The grace window: the script saves, exits, or is killed when the window closes."""
        if self._script.on_sigterm == "exit" or job.saved:
            return "exited", 0.0
        if self._script.on_sigterm == "ignore":
            return "killed", GRACE_S
        needs = self._time(self._script.save_s, job, "save")
        return ("saved", needs) if needs <= GRACE_S else ("killed", GRACE_S)

    def _preempted_grace(self, job: TrainingJob) -> tuple[str, float]:
        """The grace window of a preempted training job: until its script exits or the window closes."""
        needs = {"exit": 0.0, "ignore": GRACE_S}.get(self._script.on_sigterm)
        return "torn_down", min(self._time(self._script.save_s, job, "save") if needs is None else needs, GRACE_S)

    def _preempted_teardown(self, job: TrainingJob) -> tuple[str, float]:
        return "torn_down", self._time(self._timings.teardown_s, job, "starting")

    def _stopping_upload(self, job: TrainingJob) -> tuple[str, float]:
        """The rest of an upload that had begun, or the whole of it, as recorded if it was; nothing takes no time."""
        if not job.saved:
            return "uploaded", 0.0
        _, whole = job.recorded_delays["Uploading"][0] if "Uploading" in job.recorded_delays else self._uploading(job)
        return "uploaded", max(0.0, whole - job.uploaded_s)


def in_time(job: TrainingJob, trigger: str, delay: float) -> tuple[str, float]:
    """An event that is planned or recorded, or the end of MaxRuntimeInSeconds if that comes before it (`training-clock`)."""
    left = max(0.0, job.definition.max_runtime_s - job.trained_s)
    return ("max_runtime", left) if job.state == "Training" and delay > left else (trigger, delay)


def _when(event: tuple[str, float]) -> float:
    return event[1]


_STATES: Mapping[str, Callable[[SampledCloud, TrainingJob], tuple[str, float]]] = {
    "Starting": SampledCloud._starting,
    "Pending": SampledCloud._pending,
    "Downloading": SampledCloud._downloading,
    "Training": SampledCloud._training,
    "Uploading": SampledCloud._uploading,
    "Interrupted": SampledCloud._interrupted,
    "Interrupted:grace": SampledCloud._preempted_grace,
    "Interrupted:teardown": SampledCloud._preempted_teardown,
    "Starting:stopping": SampledCloud._teardown,
    "Stopping:teardown": SampledCloud._teardown,
    "Stopping": SampledCloud._grace,
    "Stopping:uploading": SampledCloud._stopping_upload,
}
"""What comes first in each state."""
_FAULT_FREE: Mapping[str, Callable[[SampledCloud, TrainingJob], tuple[str, float]]] = {
    "Starting": SampledCloud._fault_free_starting,
    "Downloading": SampledCloud._fault_free_downloading,
    "Training": SampledCloud._fault_free_training,
    "Uploading": SampledCloud._uploading,
}
"""The same without a look at what may go wrong, where nothing can."""
