"""Every job, stored object and log line of a journal, by name and in order, so that no call has to search the journal.

The index follows the journal entry by entry. The service's times, counters, secondary status transitions, stored objects
and log streams are all read from it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from hptsim.errors import InvalidInput, unknown_job
from hptsim.model.account import by_type
from hptsim.model.billing import BILLED
from hptsim.model.definitions import CONVERGED
from hptsim.model.journal import Entry, Journal
from hptsim.model.journal_reader import JournalReader
from hptsim.model.payloads import Epoch, Failed, ScriptEnded, TrainingJobCreated
from hptsim.model.statuses import FINAL_TUNING, NEW, bucket, status
from hptsim.model.storage import Artifact, LogEvent, log_stream
from hptsim.service.indexed_jobs import IndexedTrainingJob, IndexedTuningJob, Stream, Transition
from hptsim.service.metrics import JobMetrics, expressions_of
from hptsim.service.pagination import Key, SortedIndex
from hptsim.service.tags import tags_of

MESSAGES: Mapping[str, str] = {
    "Starting": "Starting the training job",
    "Pending": "Waiting for compute capacity",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Interrupted": "The managed spot training instances were interrupted",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job waiting time exceeded MaxWaitTimeInSeconds provided",
}
"""The StatusMessage of each secondary status: as recorded (§3.2); where nothing was recorded, ours."""
PREPARED = "Preparing the instances for training"
PREEMPTED = "Preempted: another team takes back the instances that it has lent"
"""SageMaker itself has no such message (`preemption`)."""
NO_MACHINES = "Insufficient capacity error from EC2 while launching instances, retrying!"


def _by_objective(name: str, job: IndexedTrainingJob) -> Key | None:
    """The key of FinalObjectiveMetricValue; a job without one is left out of that order (§2.6)."""
    return (job.objective, name) if job.evaluated else None


TUNING_ORDERS: Mapping[str, Any] = {
    "Name": lambda name, job: (name,),
    "CreationTime": lambda name, job: (job.created_s, name),
    "Status": lambda name, job: (job.status, name),
}
TRAINING_ORDERS: Mapping[str, Any] = {**TUNING_ORDERS, "FinalObjectiveMetricValue": _by_objective}
STREAM_ORDERS: Mapping[str, Any] = {
    "LogStreamName": lambda name, stream: (name,),
    "LastEventTime": lambda name, stream: (stream.events[-1].time_s, name),
}


class JobIndex(JournalReader):
    """Every job, stored object and log event of a journal that is kept in memory.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> history = JobIndex(sim.journal); history.catch_up(); history.tuning_job("demo").counters["Completed"]
    1
    """

    def __init__(self, journal: Journal) -> None:
        if not journal.keep:
            raise InvalidInput("journal: got one that is not kept, expected Journal(keep=True) for clients")
        self._journal = journal
        self._forget()

    def _forget(self) -> None:
        self.tuning: SortedIndex[IndexedTuningJob] = SortedIndex(TUNING_ORDERS)
        self.training: SortedIndex[IndexedTrainingJob] = SortedIndex(TRAINING_ORDERS)
        self.buckets: dict[str, SortedIndex[Artifact]] = {}
        self.streams: SortedIndex[Stream] = SortedIndex(STREAM_ORDERS)
        self.log: list[tuple[str, LogEvent]] = []
        """Every log event with its stream, oldest first."""
        self.metrics: dict[str, JobMetrics] = {}
        """What training jobs have emitted, by name; it stays when a record is deleted."""
        self._read = 0
        self._last: Entry | None = None

    def catch_up(self, until_s: float = math.inf) -> None:
        """Read what the journal has got since the last time, until *until_s*; all of it when the simulation has gone back."""
        entries = self._journal.entries
        if self._read and (len(entries) < self._read or entries[self._read - 1] is not self._last):
            self._forget()
        end = len(entries) if until_s == math.inf else bisect_right(entries, until_s, self._read, key=itemgetter(0))
        if end == self._read:
            return
        for entry in entries[self._read : end]:
            self.read(entry)
        self._read, self._last = end, entries[end - 1]

    def tuning_job(self, name: str) -> IndexedTuningJob:
        """A tuning job; raises ServiceError (ResourceNotFound)."""
        job = self.tuning.members.get(name)
        if job is None:
            raise unknown_job("tuning", name)
        return job

    def training_job(self, name: str) -> IndexedTrainingJob:
        """A training job; raises ServiceError (ValidationException, as the service was seen to answer)."""
        job = self.training.members.get(name)
        if job is None:
            raise unknown_job("training", name)
        return job

    # ------------------------------------------------------------------ one entry of the journal

    def on_tuning_create(self, entry: Entry) -> None:
        """A tuning job is there, and so are the buckets that it names."""
        time_s, _, name, _, _, destination, data, _ = entry
        spec = data.spec
        job = IndexedTuningJob(name, spec, time_s, tags_of(spec.request or {}), SortedIndex(TRAINING_ORDERS), "")
        for definition in spec.definitions:
            self._open_bucket(definition.output_path)
            self._open_bucket(definition.checkpoint_uri)
        self._tuning_now(job, status(destination), time_s)

    def on_tuning(self, entry: Entry) -> None:
        """A tuning job's status changes, or it fails for a reason."""
        time_s, _, name, _, _, destination, data, _ = entry
        job = self.tuning.members[name]
        if type(data) is Failed:
            job.failure_reason = data.reason
        if (shown := status(destination)) != job.status:
            self._tuning_now(job, shown, time_s)

    def _tuning_now(self, job: IndexedTuningJob, shown: str, time_s: float) -> None:
        job.status, job.modified_s = shown, time_s
        if shown in FINAL_TUNING:
            job.ended_s = time_s
        self.tuning.put(job.name, job)

    def on_tuning_delete(self, entry: Entry) -> None:
        """The record of a tuning job is gone; those of its training jobs stay."""
        self.tuning.drop(entry[2])

    def on_training_create(self, entry: Entry) -> None:
        """A training job is there."""
        job = self._created(entry[2], entry[0], entry[6])
        before = self.metrics.get(job.name)
        self.metrics[job.name] = JobMetrics(expressions_of(job), {} if before is None else before.values, job.created_s)
        self.on_training(entry, job)

    def on_training_delete(self, entry: Entry) -> None:
        """The record of a training job is gone, from the list of its tuning job too."""
        job = self.training.members[entry[2]]
        self.training.drop(job.name)
        if job.tuning is not None:
            job.tuning.children.drop(job.name)

    def on_training(self, entry: Entry, created: IndexedTrainingJob | None = None) -> None:
        """Follow the state of a training job: its times, its secondary statuses, its objective and how it is counted."""
        time_s, _, name, trigger, source, destination, data, _ = entry
        job = created or self.training.members[name]
        if source in BILLED:
            job.billed.append((job.since_s, time_s))
        before, job.state, job.since_s = job.status if source != NEW else "", destination, time_s
        self._move_on(job, trigger, status(source), status(destination), time_s)
        if trigger == "ready" and job.started_s is None:
            job.started_s = time_s
        if type(data) in (Epoch, ScriptEnded) and data.objective is not None:
            job.objective = data.objective
        elif destination in ("Starting", "Interrupted") or trigger == "preempt":  # what it has emitted is undone
            job.objective = None
        job.reason = data.reason if destination == "Failed" else ""
        now = job.status
        if now != before:
            job.modified_s = time_s
            if now in FINAL_TUNING:
                job.ended_s = time_s
                self._count(job)
            self._changed(job)

    def _created(self, name: str, time_s: float, data: TrainingJobCreated) -> IndexedTrainingJob:
        tuning = self.tuning.members.get(data.tuning_job)
        request = data.standalone.request if data.standalone is not None else None
        job = IndexedTrainingJob(name, time_s, tuning, data.definition, request or {})
        job.tuned = data.hyperparameters
        job.tags = tags_of(job.request) if tuning is None else tuning.tags
        if tuning is None:
            self._open_bucket((job.request.get("OutputDataConfig") or {}).get("S3OutputPath"))
            self._open_bucket((job.request.get("CheckpointConfig") or {}).get("S3Uri"))
        else:
            tuning.counters["InProgress"] += 1
            tuning.objectives["Pending"] += 1
        return job

    def on_occupancy(self, entry: Entry) -> None:
        """A training job with several InstanceConfigs runs on one of them."""
        job = self.training.members.get(entry[2])
        if entry[3] == "occupy" and job is not None and job.tuning is not None:
            definition = job.tuning.spec.definitions[job.definition]
            kinds = [one.amounts for one in (definition.instances, *definition.alternatives)]
            if len(kinds) > 1:
                job.choice = kinds.index(by_type(entry[6]))

    def on_warm_pool(self, entry: Entry) -> None:
        """The warm pool of a training job changes (R17)."""
        time_s, _, name, trigger, source, destination, data, _ = entry
        job = self.training.members[name]
        if destination != source:
            if source == "Available":
                job.retained_s = time_s - job.pool_since_s
            job.pool, job.pool_since_s = destination, time_s
        if trigger == "reuse":
            job.reused_by = data.by

    def _changed(self, job: IndexedTrainingJob) -> None:
        self.training.put(job.name, job)
        if job.tuning is not None:
            job.tuning.children.put(job.name, job)

    def _move_on(self, job: IndexedTrainingJob, trigger: str, source: str, shown: str, time_s: float) -> None:
        """Note the transition: sub-phases of one status are one element, whose message changes (§3.2)."""
        last = job.transitions[-1] if job.transitions else None
        if last is not None and source == shown:
            if trigger == "shortage":
                last.message = NO_MACHINES
            return
        if last is not None:
            last.end_s = time_s
            if trigger == "ready":
                last.message = PREPARED
        job.transitions.append(Transition(shown, time_s, PREEMPTED if trigger == "preempt" else MESSAGES[shown]))
        job.modified_s = time_s

    def _count(self, job: IndexedTrainingJob) -> None:
        """Count how a training job ended (K4 to K8)."""
        job.transitions[-1].end_s = job.ended_s
        if job.tuning is None:
            return
        job.tuning.counters["InProgress"] -= 1
        job.tuning.counters[bucket(job.state, job.reason)] += 1
        job.tuning.objectives["Pending"] -= 1
        job.tuning.objectives[job.objective_status] += 1
        if job.evaluated and job.objective is not None:
            job.tuning.note_objective(job.objective, job.tuning.objective(job.definition).maximize)
            if job.tuning.converged_s is None and job.tuning.not_improving >= CONVERGED:
                job.tuning.converged_s = job.ended_s

    # ------------------------------------------------------------------ what jobs leave behind

    def _open_bucket(self, uri: str | None) -> None:
        if uri and (place := parse_uri(uri)):
            self.buckets.setdefault(place[0], SortedIndex({"Key": lambda key, stored: (key,)}))

    def on_artifact(self, entry: Entry) -> None:
        """An object is in S3."""
        time_s, _, name, _, _, kind, uri, _ = entry
        if kind == "model" and (job := self.training.members.get(name)) is not None:
            job.model = uri
        self._open_bucket(uri)
        if place := parse_uri(uri):
            self.buckets[place[0]].put(place[1], Artifact(uri, name, kind, time_s))

    def on_log(self, entry: Entry) -> None:
        """A line is written to a training job's log stream."""
        time_s, _, job, _, _, _, message, _ = entry
        name, event = log_stream(job), LogEvent(time_s, message)
        stream = self.streams.members.get(name) or Stream(name)
        stream.events.append(event)
        self.streams.put(name, stream)
        self.log.append((name, event))
        self.metrics[job].note(event)


def parse_uri(uri: str) -> tuple[str, str] | None:
    """Bucket and key of an S3 URI; None for a place that is not written as one.

    >>> parse_uri("s3://bucket/a/b"), parse_uri("https://elsewhere/a")
    (('bucket', 'a/b'), None)
    """
    if not uri.startswith("s3://"):
        return None
    name, _, key = uri.removeprefix("s3://").partition("/")
    return (name, key) if name else None
