"""What the cloud decides, drawn from distributions on named random streams."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import attrs

from hptsim.cloud.base import Base as Base
from hptsim.cloud.base import trials as trials
from hptsim.cloud.every_outcome import FAULTS as FAULTS
from hptsim.cloud.every_outcome import Enumerated as Enumerated
from hptsim.errors import InvalidInput
from hptsim.model.definitions import EPOCHS
from hptsim.scenario.cloud import GRACE_S as GRACE_S
from hptsim.scenario.cloud import ON_SIGTERM as ON_SIGTERM
from hptsim.scenario.cloud import Faults as Faults
from hptsim.scenario.cloud import Recorded as Recorded
from hptsim.scenario.cloud import Script as Script
from hptsim.scenario.cloud import Timings as Timings
from hptsim.scenario.configured_durations import resolve
from hptsim.scenario.durations import Duration, draw
from hptsim.scenario.random_streams import stream as stream
from hptsim.scenario.random_streams import uniforms as uniforms
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.world import World

_DELAYS = {trigger: f"{trigger}_s" for trigger in ("first_launch", "launch", "finish", "stop_propagation")}


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
        uniform = uniforms(self.seed, f"{job.name}/{trigger}", job.asked + job.launching)[0]
        try:
            return draw(duration, uniform)
        except InvalidInput as error:
            raise error.below(f"tuning job {job.name}: {trigger}: ") from error.__cause__

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
        job.fault_free = not exposed

    def _work(self, job: TrainingJob) -> float:
        """How long the script needs in Training; sets how many epochs it has."""
        job.epochs = self.script.epochs
        known = {**job.definition.static, **job.hyperparameters}
        if known:
            job.epochs = next((int(known[name]) for name in EPOCHS if known.get(name, "").isdigit()), job.epochs)
        if self.script.epoch_s is not None:
            return job.epochs * self._time(self.script.epoch_s, job, "training")
        training_s = self.timings.training_s
        if callable(training_s):
            try:
                training_s = resolve(training_s, known)
            except InvalidInput as error:
                raise error.below(f"training job {job.name}: ") from error.__cause__
        return self._time(training_s, job, "training")

    def next(self, world: World, job: TrainingJob) -> Iterable[tuple[str, float]]:
        """The one event that comes first; MaxWaitTimeInSeconds wins over anything later than it."""
        state = job.state
        if job.fault_free and (calmly := _CALM.get(state)) is not None:
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
                job.shortages += 1
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
