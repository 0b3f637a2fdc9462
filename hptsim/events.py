"""The journal in the shapes that the service publishes: EventBridge's state changes and CloudTrail's records.

Both are views: everything in them follows from the journal, so the same journal always gives the same events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from hptsim.describe import Address, Describer, echo
from hptsim.history import History
from hptsim.journal import Journal
from hptsim.lifecycle import status
from hptsim.request import to_request
from hptsim.scenario import Scenario
from hptsim.service import epoch as instant_of
from hptsim.shapes import model
from hptsim.simulation import Simulation
from hptsim.world import Entry

Event = dict[str, Any]

TUNING = "SageMaker HyperParameter Tuning Job State Change"
TRAINING = "SageMaker Training Job State Change"
_TIMES = frozenset(
    "CreationTime LastModifiedTime TrainingStartTime TrainingEndTime HyperParameterTuningEndTime StartTime EndTime "
    "Timestamp".split()
)
_NOT_YET = {"TrainingStartTime": None, "TrainingEndTime": None}
_OPERATION = {
    ("tuning", "create"): "CreateHyperParameterTuningJob",
    ("tuning", "stop"): "StopHyperParameterTuningJob",
    ("tuning", "delete"): "DeleteHyperParameterTuningJob",
    ("training", "create"): "CreateTrainingJob",
    ("training", "stop"): "StopTrainingJob",
    ("training", "delete"): "DeleteTrainingJob",
    ("warm_pool", "update"): "UpdateTrainingJob",
    ("warm_pool", "terminate"): "StopTrainingJob",
    ("refused", "create"): "CreateHyperParameterTuningJob",
    ("refused", "stop"): "StopHyperParameterTuningJob",
}


def state_changes(
    journal: Iterable[Entry], *, epoch: str = Scenario().epoch, region: str = "us-east-1"
) -> Iterator[Event]:
    """EventBridge's events of a journal, in order: one at each change of a job's status or secondary status.

    A detail describes the job as it was at that instant, with times as strings of milliseconds since 1970; a training job
    that never had instances has null as its start and end (§3.3). Raises InvalidInput for a bad *epoch*.
    Source: the developer guide's page on EventBridge (§3.1); ARNs are the model's (W18).

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> first, *_, last = state_changes(sim.journal)
    >>> last["detail-type"], last["detail"]["HyperParameterTuningJobStatus"], last["time"]
    ('SageMaker HyperParameter Tuning Job State Change', 'Completed', '2024-01-01T00:01:40Z')
    """
    teller = _Teller(instant_of(epoch), Address(region))
    for entry in journal:
        yield from teller.tell(entry)
    yield from teller.rest()


def subscribe(sim: Simulation, deliver: Callable[[Event], object], *, region: str = "us-east-1") -> None:
    """Call *deliver* with each state change from now on, at its instant of simulated time, as the simulation runs.

    Delivery is an event of its own after the change, so *deliver* may call the service. It lasts until the simulation is
    restored to a snapshot. Source: the developer guide's page on EventBridge.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim, seen = Simulation(), []
    >>> subscribe(sim, lambda event: seen.append((sim.now, event["detail"]["TrainingJobStatus"]))
    ...           if event["detail-type"] == TRAINING else None)
    >>> job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> seen[0][1], seen[-1]
    ('InProgress', (100.0, 'Completed'))
    """
    teller = _Teller(instant_of(sim.scenario.epoch), Address(region))
    for entry in sim.journal:
        list(teller.tell(entry))
    list(teller.rest())
    write = sim._world.write
    due: list[Event] = []

    def bring(_: object) -> None:
        due.extend(teller.rest())
        while due:
            deliver(due.pop(0))

    def tapped(entry: Entry) -> None:
        write(entry)
        due.extend(teller.tell(entry))
        if teller.held is not None:
            delivery = sim.env.event()
            delivery.callbacks.append(bring)
            delivery.succeed()

    sim._world.write = tapped


class _Teller:
    """Reads entries one by one, and tells the events of each once it is over.

    What a training job stores at a change stands behind the change in the journal, so a change is held until then.
    """

    def __init__(self, epoch_s: float, address: Address) -> None:
        self._history = History(Journal())
        self._epoch_s, self._address = epoch_s, address
        self._serial = 0
        self.held: tuple[str, str, float] | None = None

    def tell(self, entry: Entry) -> Iterator[Event]:
        time_s, thing, name, trigger, source, destination, _ = entry
        if thing != "artifact":
            yield from self.rest()
        if thing in ("tuning", "training", "artifact"):
            self._history.see(entry)
        if thing in ("tuning", "training") and trigger != "delete" and status(source) != status(destination):
            self.held = thing, name, time_s

    def rest(self) -> Iterator[Event]:
        """The event that is held, if any."""
        if self.held is not None:
            (thing, name, time_s), self.held = self.held, None
            describer = Describer(self._address, self._epoch_s, time_s)
            tell = self._tuning if thing == "tuning" else self._training
            yield tell(name, describer)

    def _training(self, name: str, describer: Describer) -> Event:
        job = self._history.training_job(name)
        detail = {**_NOT_YET, **describer.training_job(job), "Tags": dict(job.tags)}
        return self._event(TRAINING, detail["TrainingJobArn"], detail, describer)

    def _tuning(self, name: str, describer: Describer) -> Event:
        job = self._history.tuning_job(name)
        shown = describer.tuning_job_summary(job)
        limits_and_strategy = ("Strategy", "ResourceLimits")  # they are in the configuration
        detail = {key: value for key, value in shown.items() if key not in limits_and_strategy}
        detail = {**detail, **echo(job), "Tags": dict(job.tags)}
        return self._event(TUNING, detail["HyperParameterTuningJobArn"], detail, describer)

    def _event(self, kind: str, arn: str, detail: dict[str, Any], describer: Describer) -> Event:
        self._serial += 1
        return {
            "version": "0",
            "id": _identifier(kind, arn, self._serial),
            "detail-type": kind,
            "source": "aws.sagemaker",
            "account": self._address.number,
            "time": _text(describer.instant(describer.now)),
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


def _text(instant: float) -> str:
    return f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _identifier(*parts: object) -> str:
    """A name in the form of a UUID that follows from *parts*."""
    digits = hashlib.sha256(repr(parts).encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


# ---------------------------------------------------------------------- CloudTrail


def trail(journal: Iterable[Entry], *, epoch: str = Scenario().epoch, region: str = "us-east-1") -> Iterator[Event]:
    """CloudTrail's records of a journal: the caller's calls, and what the service did to training jobs on its own.

    The caller's creates, updates, stops and deletes are AwsApiCall; launches by a tuning job, and stops that it passes on
    or decides upon, are AwsServiceEvent (S6). A caller's stop of a training job that its tuning job is stopping already
    counts as the service's. Calls that only read are not in the journal, nor are updates of anything but a warm pool's
    period. What a warm pool does by itself is nobody's call. Raises InvalidInput for a bad *epoch*.
    Source: the developer guide's page on CloudTrail; the names of service events are ours.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run(until=60)
    >>> sim.stop_tuning_job("demo")
    >>> [(record["eventName"], record["eventType"]) for record in trail(sim.journal)]  # doctest: +NORMALIZE_WHITESPACE
    [('CreateHyperParameterTuningJob', 'AwsApiCall'), ('CreateTrainingJob', 'AwsServiceEvent'),
     ('StopHyperParameterTuningJob', 'AwsApiCall'), ('StopTrainingJob', 'AwsServiceEvent')]
    """
    clerk = _Clerk(instant_of(epoch), Address(region))
    for entry in journal:
        record = clerk.file(entry)
        if record is not None:
            yield record


@attrs.define
class _Clerk:
    """Files entries one by one; knows each tuning job's state and which training jobs wait for a stop of the service."""

    epoch_s: float
    address: Address
    states: dict[str, str] = attrs.field(factory=dict)
    parents: dict[str, str] = attrs.field(factory=dict)
    told_to_stop: set[str] = attrs.field(factory=set)
    serial: int = 0

    def file(self, entry: Entry) -> Event | None:
        _, thing, name, trigger, _, destination, data = entry
        if (thing, trigger) == ("signal", "stop"):
            self.told_to_stop.add(name)
        if thing == "tuning":
            self.states[name] = destination
        if (thing, trigger) == ("training", "create") and data.get("tuning_job"):
            self.parents[name] = data["tuning_job"]
        if (thing, trigger) not in _OPERATION:
            return None
        return self._record(entry, self._by_service(thing, name, trigger))

    def _by_service(self, thing: str, name: str, trigger: str) -> bool:
        if thing != "training" or trigger == "delete" or name not in self.parents:
            return False
        return trigger == "create" or name in self.told_to_stop or self.states[self.parents[name]] != "InProgress"

    def _record(self, entry: Entry, by_service: bool) -> Event:
        time_s, thing, name, trigger, _, _, data = entry
        self.serial += 1
        operation = _operation(entry)
        training = operation.endswith("TrainingJob")
        arn = self.address.training(name) if training else self.address.tuning(name)
        record = {
            "eventVersion": "1.08",
            "userIdentity": self._identity(by_service),
            "eventTime": _text(self.epoch_s + time_s),
            "eventSource": "sagemaker.amazonaws.com",
            "eventName": operation,
            "awsRegion": self.address.region,
            "sourceIPAddress": "sagemaker.amazonaws.com" if by_service else "127.0.0.1",
            "userAgent": "sagemaker.amazonaws.com" if by_service else "hptsim",
            "requestParameters": None if by_service else _parameters(operation, _request(entry, training)),
            "responseElements": None,
            "requestID": None if by_service else _identifier("request", arn, operation, self.serial),
            "eventID": _identifier("event", arn, operation, self.serial),
            "readOnly": False,
            "eventType": "AwsServiceEvent" if by_service else "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": self.address.number,
        }
        if by_service:
            record["serviceEventDetails"] = {"trainingJobArn": arn, "tuningJobArn": self._parent(name)}
        elif thing == "refused":
            record["errorCode"], _, record["errorMessage"] = str(data).partition(": ")
        elif trigger == "create" or operation == "UpdateTrainingJob":
            record["responseElements"] = {"trainingJobArn" if training else "hyperParameterTuningJobArn": arn}
        return record

    def _parent(self, name: str) -> str:
        return self.address.tuning(self.parents[name])

    def _identity(self, by_service: bool) -> dict[str, str]:
        if by_service:
            return {"accountId": self.address.number, "invokedBy": "sagemaker.amazonaws.com"}
        arn = f"arn:aws:iam::{self.address.number}:user/hptsim"
        return {"type": "IAMUser", "arn": arn, "accountId": self.address.number, "userName": "hptsim"}


def _operation(entry: Entry) -> str:
    """The operation that an entry tells of; a period that is over gives a warm pool up just as a stop does."""
    _, thing, _, trigger, _, _, data = entry
    updates = thing == "warm_pool" and data is not None and "keep_alive_s" in data
    return "UpdateTrainingJob" if updates else _OPERATION[thing, trigger]


def _request(entry: Entry, training: bool) -> Mapping[str, Any]:
    """The request of a call, as far as the journal has it."""
    _, thing, name, trigger, _, _, data = entry
    if trigger == "create" and thing == "tuning":
        return to_request(data["spec"])
    if trigger == "create" and thing == "training" and data.get("request"):
        return {"TrainingJobName": name, **data["request"]}
    if thing == "warm_pool" and data is not None:
        return {"TrainingJobName": name, "ResourceConfig": {"KeepAlivePeriodInSeconds": data["keep_alive_s"]}}
    return {"TrainingJobName" if training else "HyperParameterTuningJobName": name}


def _parameters(operation: str, request: Mapping[str, Any]) -> Any:
    return _lower(model("sagemaker").operation_model(operation).input_shape, request)


def _lower(shape: Any, value: Any) -> Any:
    """A value with the names of members, but not the keys of maps, in lower case at the front."""
    if shape is not None and shape.type_name == "structure":
        return {
            name[:1].lower() + name[1:]: _lower(shape.members.get(name), inner)
            for name, inner in value.items()
            if inner is not None
        }
    if shape is not None and shape.type_name == "list":
        return [_lower(shape.member, inner) for inner in value]
    return value
