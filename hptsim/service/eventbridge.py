"""The journal as EventBridge's state changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from hptsim.model.instants import read_instant, write_instant
from hptsim.model.journal import Entry, Journal
from hptsim.model.statuses import status
from hptsim.model.validators import converted, share
from hptsim.scenario.durations import Duration, Exponential, as_duration, draw
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.scenario import Scenario
from hptsim.service.echoes import echo
from hptsim.service.job_index import JobIndex
from hptsim.service.responses import Address, Describer, failure
from hptsim.simulation.simulation import Simulation

Event = dict[str, Any]
TUNING = "SageMaker HyperParameter Tuning Job State Change"
TRAINING = "SageMaker Training Job State Change"
_TIMES = frozenset(
    "CreationTime LastModifiedTime TrainingStartTime TrainingEndTime HyperParameterTuningEndTime StartTime EndTime "
    "Timestamp".split()
)
_NOT_YET = {"TrainingStartTime": None, "TrainingEndTime": None}


def state_changes(
    journal: Iterable[Entry], *, epoch: str = Scenario().epoch, region: str = "us-east-1"
) -> Iterator[Event]:
    """EventBridge's events of a journal, in order: one at each change of a job's status or secondary status.

    A detail describes the job as it was at that instant, with times as strings of milliseconds since 1970; a training job
    that never had instances has null as its start and end (§3.3). Raises InvalidInput for a bad *epoch*.
    Source: the developer guide's page on EventBridge (§3.1); ARNs are the model's (W18).

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(Scenario(timings="instant")); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> first, *_, last = state_changes(sim.journal)
    >>> last["detail-type"], last["detail"]["HyperParameterTuningJobStatus"], last["time"]
    ('SageMaker HyperParameter Tuning Job State Change', 'Completed', '2024-01-01T00:01:40Z')
    """
    changes = _StateChanges(read_instant(epoch, "epoch"), Address(region))
    for entry in journal:
        yield from changes.read(entry)
    yield from changes.rest()


def subscribe(
    sim: Simulation,
    deliver: Callable[[Event], object],
    *,
    region: str = "us-east-1",
    delivery: Delivery | None = None,
) -> Callable[[], None]:
    """Call *deliver* with each state change from now on, at its instant of simulated time, as the simulation runs.

    With a *delivery* an event may come late, several times and after later ones (O13). Delivery is an event of its own,
    without a delay the next one after the change, so *deliver* may call the service. Returns what ends the subscription,
    for copies that are on their way, too; it also ends when the simulation is restored to a snapshot.
    Source: the developer guide's page on EventBridge.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim, seen = Simulation(Scenario(timings="instant")), []
    >>> end = subscribe(sim, lambda event: seen.append((sim.now, event["detail"]["TrainingJobStatus"]))
    ...                 if event["detail-type"] == TRAINING else None)
    >>> job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> seen[0][1], seen[-1]
    ('InProgress', (100.0, 'Completed'))
    """
    changes, env = _StateChanges(read_instant(sim.scenario.epoch, "epoch"), Address(region)), sim.env
    for entry in sim.journal:
        list(changes.read(entry))
    list(changes.rest())

    def observe(step: Sequence[Entry]) -> None:
        if sim.env is not env:
            return end()
        events = [event for entry in step for event in changes.read(entry)]
        events += changes.rest()
        if delivery is None and events:
            env.process(bring(events))
        elif delivery is not None:
            for event in events:
                for delay_s in delivery.delays_s(sim.seed, event["id"]):
                    env.process(bring_late(event, delay_s))

    def bring_late(event: Event, delay_s: float) -> Generator[Any, Any, None]:
        yield env.timeout(delay_s)
        if subscribed:
            deliver(event)

    def unsubscribe() -> None:
        subscribed.clear()
        end()

    def bring(events: list[Event]) -> Generator[Any, Any, None]:
        """A process that takes no time: simpy begins it before anything else that is due at the same instant."""
        for event in events:
            deliver(event)
        yield from ()

    subscribed = [True]
    end = sim.observe(observe)
    return unsubscribe


@attrs.frozen
class Delivery:
    """How EventBridge delivers events: at least once, and in no order (O13, `event-delivery`).

    Each copy of an event takes *delay_s* seconds of its own; after each there is another one with the probability *again*,
    but there are at most ten. The draws depend on the simulation's seed and the event alone. The figures are
    the user's: the service publishes none.

    >>> len(Delivery(again=0.0, delay_s=2.0).delays_s(0, "an event")), Delivery(again=0.0, delay_s=2.0).delays_s(0, "e")
    (1, [2.0])
    """

    again: float = attrs.field(default=0.1, validator=share())
    delay_s: Duration = converted(as_duration, Exponential(1.0))

    def delays_s(self, seed: int, event: str) -> list[float]:
        """The delays after which the copies of an event come."""
        delays: list[float] = []
        for copy in range(_MOST_COPIES):
            again, delay = uniforms(seed, f"events/{event}", copy)[:2]
            fixed = isinstance(self.delay_s, (int, float))
            delays.append(self.delay_s if fixed else draw(self.delay_s, delay))  # type: ignore[arg-type]
            if again >= self.again:
                break
        return delays


_MOST_COPIES = 10


class _StateChanges:
    """Reads entries one by one, and gives the event of each change once the change is over.

    What a training job stores at a change stands behind the change in the journal, so a change is held until then.
    """

    def __init__(self, epoch_s: float, address: Address) -> None:
        self._jobs = JobIndex(Journal())
        self._epoch_s, self._address = epoch_s, address
        self._serial = 0
        self.held: tuple[str, str, float] | None = None

    def read(self, entry: Entry) -> Iterator[Event]:
        time_s, thing, name, trigger, source, destination, _, _ = entry
        if thing != "artifact":
            yield from self.rest()
        if thing in ("tuning", "training", "artifact", "log"):
            self._jobs.read(entry)
        if thing in ("tuning", "training") and trigger != "delete" and status(source) != status(destination):
            self.held = thing, name, time_s

    def rest(self) -> Iterator[Event]:
        """The event that is held, if any."""
        if self.held is not None:
            (thing, name, time_s), self.held = self.held, None
            describer = Describer(self._address, self._epoch_s, time_s)
            described = self._tuning if thing == "tuning" else self._training
            yield described(name, describer)

    def _training(self, name: str, describer: Describer) -> Event:
        job = self._jobs.training_job(name)
        emitted = self._jobs.metrics[name].last()
        detail = {**_NOT_YET, **describer.training_job(job, emitted), "Tags": dict(job.tags)}
        return self._event(TRAINING, detail["TrainingJobArn"], detail, describer)

    def _tuning(self, name: str, describer: Describer) -> Event:
        job = self._jobs.tuning_job(name)
        shown = describer.tuning_job_summary(job)
        limits_and_strategy = ("Strategy", "ResourceLimits")  # they are in the configuration
        detail = {key: value for key, value in shown.items() if key not in limits_and_strategy}
        detail = {**detail, **failure(job), **echo(job), "Tags": dict(job.tags)}
        return self._event(TUNING, detail["HyperParameterTuningJobArn"], detail, describer)

    def _event(self, kind: str, arn: str, detail: dict[str, Any], describer: Describer) -> Event:
        self._serial += 1
        return {
            "version": "0",
            "id": identifier(kind, arn, self._serial),
            "detail-type": kind,
            "source": "aws.sagemaker",
            "account": self._address.number,
            "time": write_instant(describer.instant(describer.now)),
            "region": self._address.region,
            "resources": [arn],
            "detail": _milliseconds(detail),
        }


def _milliseconds(value: Any, name: str = "") -> Any:
    """A copy in which every time is a string of milliseconds since 1970."""
    if isinstance(value, Mapping):
        return {key: _milliseconds(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_milliseconds(inner) for inner in value]
    return str(round(value * 1000)) if name in _TIMES and isinstance(value, (int, float)) else value


def identifier(*parts: object) -> str:
    """A name in the form of a UUID that follows from *parts*."""
    digits = hashlib.sha256(repr(parts).encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"
