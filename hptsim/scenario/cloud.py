"""What a scenario says about the cloud and the training script: how long things take, what goes wrong, what a script does."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from importlib import resources
from typing import Any

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.validators import at_least, converted, flag, one_of, optional, share, string, table, whole
from hptsim.scenario import configured_durations
from hptsim.scenario.configured_durations import Configured
from hptsim.scenario.durations import Duration, as_duration
from hptsim.scenario.durations_by_type import DurationByType, as_duration_by_type
from hptsim.scenario.learning_curves import Curve, as_curve, as_curves

NOW = 2023
YEARS = {NOW: "the service since then", 2020: "before October 2022"}
"""The years whose service `Timings.typical()` has."""
GRACE_S = 120.0
"""Between SIGTERM and the end of the container lie at most this many seconds (M:StopTrainingJob)."""


def _by_configuration(given: Any, field: attrs.Attribute[Any]) -> Any:
    return configured_durations.from_data(field.name, given)


@attrs.frozen
class Timings:
    """How long each step takes; every field is a duration in seconds.

    `Timings(...)` is exact, for theory: what it is not given is zero, but for the training itself (`instant`). `typical`
    carries what was observed, and is what a scenario has that says nothing of timings. With a
    *controller_period_s* the controller looks at a tuning job in passes, and launches and ends it in one of them
    (`controller-passes`).

    >>> Timings(training_s=600).downloading_s, Timings.typical().uploading_s
    (0.0, LogLogistic(median_s=14.7, shape=2.62))
    """

    controller_first_pass_s: Duration = converted(as_duration, 0.0)
    """From a tuning job's creation to the controller's first pass over it, with which its runtime begins to count (O3)."""
    controller_period_s: float = attrs.field(default=0.0, validator=at_least(0))
    """Between two of its passes from the third on; 0 for a controller that acts at once, whenever something happens (O1)."""
    controller_jitter_s: float = attrs.field(default=0.0, validator=at_least(0))
    """By how much a pass may come earlier or later than that, at most half a period."""
    first_launch_s: Duration = converted(as_duration, 0.0)
    """From the first pass to the second, which launches the first training jobs, and again to the third, if that is no longer
    than a period; without passes from the admission (O2, O4)."""
    launch_s: Duration = converted(as_duration, 0.0)
    """From a training job's end until the next may be launched: in the first pass then (O1)."""
    finish_s: Duration = converted(as_duration, 0.0)
    """From the last training job's end until the tuning job may end: in the first pass then (O4)."""
    stop_propagation_s: Duration = converted(as_duration, 0.0)
    """From the stop of a tuning job to the stop of its training jobs."""
    starting_s: DurationByType = converted(as_duration_by_type, 0.0)
    """From creation until the instances are ready."""
    spot_starting_s: DurationByType | None = converted(as_duration_by_type, None)
    """The same on managed spot; None is starting_s."""
    warm_starting_s: DurationByType = converted(as_duration_by_type, 0.0)
    """The same on instances that the tuning job has used before, or of a warm pool."""
    downloading_s: Duration = converted(as_duration, 0.0)
    warm_downloading_s: Duration | None = converted(as_duration, None)
    """Downloading on instances that have the image and the data already; None is downloading_s."""
    training_s: Duration | Configured = converted(_by_configuration, 100.0)
    """What the training script needs, without interruptions; also a function of its hyperparameters."""
    uploading_s: Duration = converted(as_duration, 0.0)
    teardown_s: Duration = converted(as_duration, 0.0)
    """From the stop of a training job without a container until it is Stopped."""
    teardown_downloading_s: Duration | None = converted(as_duration, None)
    """The same for one that is stopped while Downloading; None is teardown_s."""
    shortage_retry_s: Duration = converted(as_duration, 60.0)
    """Between two attempts to get machines."""
    spot_wait_s: Duration = converted(as_duration, 300.0)
    """From a spot interruption until machines are there again."""
    checkpoint_s: Duration = converted(as_duration, 60.0)
    """Between two checkpoints."""

    def __attrs_post_init__(self) -> None:
        if self.controller_jitter_s > self.controller_period_s / 2:
            most = f"at most half of controller_period_s ({self.controller_period_s:g})"
            raise invalid("controller_jitter_s", self.controller_jitter_s, most)

    @classmethod
    def instant(cls) -> Timings:
        """Nothing takes time but the training itself: for theory and small models."""
        return cls()

    @classmethod
    def typical(cls, year: int = NOW, **changes: Any) -> Timings:
        """What was observed of the service: by default since 2023; with 2020 before October 2022, when every start was cold.

        *changes* are fields that differ. Raises InvalidInput for another year and for what is no field. The figures are in
        `observed_timings.toml`; `docs/validation/recorded-service.md` shows how well they fit.

        >>> Timings.typical(training_s=600).training_s, Timings.typical().controller_period_s
        (600, 10.0)
        >>> Timings.typical().launch_s, Timings.typical(2020).launch_s
        (8.3, 44.5)
        """
        known = [field.name for field in attrs.fields(cls)]
        for name in changes:
            if name not in known:
                raise invalid(name, changes[name], "a field of Timings", nearest(name, known))
        if year not in tuple(YEARS):
            raise invalid("year", year, " or ".join(f"{one} ({words})" for one, words in YEARS.items()))
        return attrs.evolve(_typical(year), **changes)


@cache
def _typical(year: int) -> Timings:
    years = tomllib.loads(resources.files("hptsim.scenario").joinpath("observed_timings.toml").read_text("utf-8"))
    return Timings(**years[str(year)])


PHASES = {"Starting": "ready", "Downloading": "downloaded", "Training": "exited", "Uploading": "uploaded"}
"""The phases of a training job in order, and what ends each."""
FAILURES = {
    "algorithm_error": ("Training",),
    "client_error": ("Starting", "Downloading"),
    "no_capacity": ("Starting",),
}
"""What may end a training job for good by a record of it, and in which phases."""


@attrs.frozen
class Recorded:
    """How long the phases of one training job took, by a record of it: replayed in place of what would be drawn.

    A phase that is None is drawn as ever. *failure* is the trigger that ended the last phase, nothing if none did.

    >>> Recorded(training_s=600).delays
    {'Training': (('exited', 600),)}
    """

    training_s: float | None = attrs.field(default=None, validator=at_least(0))
    starting_s: float | None = attrs.field(default=None, validator=at_least(0))
    downloading_s: float | None = attrs.field(default=None, validator=at_least(0))
    uploading_s: float | None = attrs.field(default=None, validator=at_least(0))
    failure: str = attrs.field(default="", validator=one_of("", *FAILURES))

    def __attrs_post_init__(self) -> None:
        if not self.failure:
            return
        known = [phase for phase in PHASES if getattr(self, f"{phase.lower()}_s") is not None]
        if not known or known[-1] not in FAILURES[self.failure]:
            last = " or ".join(f"{phase.lower()}_s" for phase in FAILURES[self.failure])
            raise invalid("failure", self.failure, f"{last} as the last phase that is given")

    @property
    def delays(self) -> dict[str, tuple[tuple[str, float]]]:
        """What ends each recorded phase, and when."""
        times = {phase: getattr(self, f"{phase.lower()}_s") for phase in PHASES}
        delays = {phase: ((PHASES[phase], time_s),) for phase, time_s in times.items() if time_s is not None}
        if self.failure:
            last = next(reversed(delays))
            delays[last] = ((self.failure, times[last]),)
        return delays


@attrs.frozen
class Faults:
    """What goes wrong, as probabilities per attempt of a training job, and spot interruptions as a rate.

    >>> Faults(algorithm_error=0.1).internal_error
    0.0
    """

    algorithm_error: float = attrs.field(default=0.0, validator=share())
    """The script exits with an error, half-way."""
    client_error: float = attrs.field(default=0.0, validator=share())
    """The data cannot be read: the job fails while Downloading (or Starting, when it streams)."""
    internal_error: float = attrs.field(default=0.0, validator=share())
    """The service fails, half-way through the training."""
    capacity_shortage: float = attrs.field(default=0.0, validator=share())
    """A launch finds no machines and tries again."""
    shortage_by_type: Mapping[str, float] = attrs.field(
        factory=dict, validator=table(share(), "probabilities by instance type")
    )
    """The same for chosen instance types, in place of capacity_shortage."""
    shortage_limit: int = attrs.field(default=5, validator=whole(0))
    """After this many launches without machines, and one more for each further instance type, it fails with CapacityError."""
    spot_interruptions_per_hour: float = attrs.field(default=0.0, validator=at_least(0))

    algorithm_errors_per_hour: float = attrs.field(default=0.0, validator=at_least(0))
    """The script fails at this rate while it trains, besides the probability above."""

    def shortage(self, instance_type: str) -> float:
        """How probable it is that a launch finds no machines of a type.

        >>> Faults(capacity_shortage=0.1, shortage_by_type={"ml.p3.2xlarge": 0.9}).shortage("ml.p3.2xlarge")
        0.9
        """
        return self.shortage_by_type.get(instance_type, self.capacity_shortage)

    @cached_property
    def possible(self) -> bool:
        """Whether any of them can happen to a job that does not run on spot instances."""
        shares = (self.algorithm_error, self.client_error, self.internal_error, self.capacity_shortage)
        return any(shares) or any(self.shortage_by_type.values()) or self.algorithm_errors_per_hour > 0


ON_SIGTERM = ("save", "exit", "ignore")


@attrs.frozen
class Script:
    """What the training script does on SIGTERM: "save" its model after *save_s* and exit, "exit", or "ignore" it.

    A script that needs longer than the grace window of 120 s is killed before it has saved anything.

    >>> Script("save", save_s=20).on_sigterm
    'save'
    """

    on_sigterm: str = attrs.field(default="save", validator=one_of(*ON_SIGTERM))
    save_s: Duration = converted(as_duration, 0.0)
    epochs: int = attrs.field(default=10, validator=whole(1))
    """After how many epochs it ends, unless a hyperparameter such as `epochs` says."""
    epoch_s: Duration | None = converted(as_duration, None)
    """What an epoch takes; the whole training then takes as many of them, in place of training_s."""
    curve: Curve | None = converted(as_curve, None)
    """The objective by epoch; without one, a simple curve that falls (or rises) towards what the configuration can reach."""
    log_epochs: bool = attrs.field(default=False, validator=flag())
    """Whether the objective goes to the log after every epoch even when nothing acts on it."""
    metrics: Mapping[str, Curve] = converted(as_curves, factory=dict)
    """Other metrics that it prints beside its objective, by name: their values by epoch, as with *curve*."""
    log_format: str | None = attrs.field(default=None, validator=optional(string()))
    """The line in which it prints its metrics, each name in braces, such as `epoch done, loss={loss}`. Without one it prints what
    the regular expressions of its MetricDefinitions find, and `name=value` for a metric that has none."""
