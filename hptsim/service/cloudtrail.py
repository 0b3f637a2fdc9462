"""The journal as CloudTrail's records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from hptsim.model.instants import read_instant, write_instant
from hptsim.model.journal import Entry
from hptsim.model.journal_reader import JournalReader
from hptsim.model.request_writer import to_request
from hptsim.scenario.scenario import Scenario
from hptsim.service.eventbridge import Event, identifier
from hptsim.service.responses import Address
from hptsim.service.validation import model

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


def trail(journal: Iterable[Entry], *, epoch: str = Scenario().epoch, region: str = "us-east-1") -> Iterator[Event]:
    """CloudTrail's records of a journal: the caller's calls, and what the service did to training jobs on its own.

    The caller's creates, updates, stops and deletes are AwsApiCall; launches by a tuning job, and stops that it passes on
    or decides upon, are AwsServiceEvent (S6). A caller's stop of a training job that its tuning job is stopping already
    counts as the service's. Calls that only read are not in the journal, nor are updates of anything but a warm pool's
    period. What a warm pool does without a caller has no record. Raises InvalidInput for a bad *epoch*.
    Source: the developer guide's page on CloudTrail; the names of service events are ours.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run(until=60)
    >>> sim.stop_tuning_job("demo")
    >>> [(record["eventName"], record["eventType"]) for record in trail(sim.journal)]  # doctest: +NORMALIZE_WHITESPACE
    [('CreateHyperParameterTuningJob', 'AwsApiCall'), ('CreateTrainingJob', 'AwsServiceEvent'),
     ('StopHyperParameterTuningJob', 'AwsApiCall'), ('StopTrainingJob', 'AwsServiceEvent')]
    """
    records = _CloudTrail(read_instant(epoch, "epoch"), Address(region))
    for entry in journal:
        record = records.record(entry)
        if record is not None:
            yield record


@attrs.define(slots=False)
class _CloudTrail(JournalReader):
    """Makes the records; knows each tuning job's state and which training jobs the service is stopping."""

    epoch_s: float
    address: Address
    states: dict[str, str] = attrs.field(factory=dict)
    parents: dict[str, str] = attrs.field(factory=dict)
    stopped_by_service: set[str] = attrs.field(factory=set)
    serial: int = 0

    def on_tuning(self, entry: Entry) -> None:
        self.states[entry[2]] = entry[5]

    def on_training_create(self, entry: Entry) -> None:
        if entry[6].tuning_job:
            self.parents[entry[2]] = entry[6].tuning_job

    def on_signal_stop(self, entry: Entry) -> None:
        self.stopped_by_service.add(entry[2])

    def record(self, entry: Entry) -> Event | None:
        """The record of an entry, if it tells of an operation."""
        self.read(entry)
        _, thing, name, trigger, *_ = entry
        if (thing, trigger) not in _OPERATION:
            return None
        return self._record(entry, self._by_service(thing, name, trigger))

    def _by_service(self, thing: str, name: str, trigger: str) -> bool:
        if thing != "training" or trigger == "delete" or name not in self.parents:
            return False
        return trigger == "create" or name in self.stopped_by_service or self.states[self.parents[name]] != "InProgress"

    def _record(self, entry: Entry, by_service: bool) -> Event:
        time_s, thing, name, trigger, _, _, data, _ = entry
        self.serial += 1
        operation = _operation(entry)
        training = operation.endswith("TrainingJob")
        arn = self.address.training(name) if training else self.address.tuning(name)
        record = {
            "eventVersion": "1.08",
            "userIdentity": self._identity(by_service),
            "eventTime": write_instant(self.epoch_s + time_s),
            "eventSource": "sagemaker.amazonaws.com",
            "eventName": operation,
            "awsRegion": self.address.region,
            "sourceIPAddress": "sagemaker.amazonaws.com" if by_service else "127.0.0.1",
            "userAgent": "sagemaker.amazonaws.com" if by_service else "hptsim",
            "requestParameters": None if by_service else _parameters(operation, _request(entry, training)),
            "responseElements": None,
            "requestID": None if by_service else identifier("request", arn, operation, self.serial),
            "eventID": identifier("event", arn, operation, self.serial),
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
    _, thing, _, trigger, _, _, data, _ = entry
    updates = thing == "warm_pool" and data is not None
    return "UpdateTrainingJob" if updates else _OPERATION[thing, trigger]


def _request(entry: Entry, training: bool) -> Mapping[str, Any]:
    """The request of a call, as far as the journal has it."""
    _, thing, name, trigger, _, _, data, _ = entry
    if trigger == "create" and thing == "tuning":
        return to_request(data.spec)
    if trigger == "create" and thing == "training" and data.standalone and data.standalone.request:
        return {"TrainingJobName": name, **data.standalone.request}
    if thing == "warm_pool" and data is not None:
        return {"TrainingJobName": name, "ResourceConfig": {"KeepAlivePeriodInSeconds": data.keep_alive_s}}
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
