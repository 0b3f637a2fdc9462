"""The service's operations, dict in and dict out, with its validation, errors, quirks, pages and times.

A request and an answer are what the wire carries as JSON: the service's member names, and times as seconds since 1970.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from hptsim.errors import ServiceError, answered, nearest
from hptsim.model.constraints import check_training_job, check_tuning_job
from hptsim.model.instants import read_instant
from hptsim.model.request_reader import parse_training_job
from hptsim.model.specs import TuningJobSpec
from hptsim.service import search
from hptsim.service.door import Door
from hptsim.service.indexed_jobs import IndexedTrainingJob, IndexedTuningJob
from hptsim.service.job_index import JobIndex
from hptsim.service.pagination import Key, ListRequest, SortedIndex, Tokens, page, page_then_filter
from hptsim.service.read_lag import LaggingJobs
from hptsim.service.responses import Address, Describer
from hptsim.service.tags import check_tags, tag_list, tags_of
from hptsim.service.uploads import Uploads
from hptsim.service.validation import check, model, without_none
from hptsim.simulation.simulation import Simulation

Request = Mapping[str, Any]
Answer = dict[str, Any]
T = TypeVar("T", IndexedTuningJob, IndexedTrainingJob)
DEFAULT_PAGE = 10
_INDEXES = {"TrainingJob": "training", "HyperParameterTuningJob": "tuning"}
_opening = threading.Lock()
_serials = itertools.count(1)


class Service:
    """The tuning service of one simulation; a simulation has one, and all its clients share it.

    >>> from hptsim import TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo"))
    >>> service = Service.of(sim)
    >>> service.call("StopHyperParameterTuningJob", {"HyperParameterTuningJobName": "demo"})
    {}
    >>> service.call("DescribeTrainingJob", {"TrainingJobName": "missing"})
    Traceback (most recent call last):
    ...
    hptsim.errors.ServiceError: ValidationException: Requested resource not found: no training job is called missing.
    """

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.jobs = JobIndex(sim.journal)
        self.tokens = Tokens(f"simulation {next(_serials)}")
        self.epoch_s = read_instant(sim.scenario.epoch, "epoch")
        self.lock = threading.RLock()
        """Held for every call; hold it to keep calls of other threads out while you move the simulation."""
        self._region = Address().region
        self._door = Door(sim)
        self._lagging = None if sim.scenario.assumptions.read_lag_s is None else LaggingJobs(sim)
        self._updates: dict[str, Answer] = {}
        """What UpdateTrainingJob has changed, by training job."""
        self.uploads = Uploads(sim)
        self.quota_requests: list[Answer] = []
        """The increases of quotas that were asked for, oldest first."""

    @classmethod
    def of(cls, sim: Simulation) -> Service:
        """The one service of a simulation: kept with it, so that both go together."""
        with _opening:
            service: Service | None = vars(sim).get("_service")
            if service is None:
                service = vars(sim)["_service"] = cls(sim)
            return service

    def call(self, operation: str, request: Request, *, region: str = "us-east-1") -> Answer:
        """Answer one request to the service in *region* (it shows in ARNs only), at the simulation's present instant.

        Raises ServiceError with the service's code and HTTP status; nothing has changed then. Raises NoAnswer where the
        scenario or the cloud lets the request or its response be lost.
        """
        with self.lock:
            answer = _OPERATIONS.get(operation)
            if answer is None:
                raise not_modelled("sagemaker", operation, _OPERATIONS)
            carry_out = functools.partial(self._carry_out, operation, answer, request, region)
            answered: Answer = self._door.let(operation, request, carry_out)
            return answered

    def _carry_out(
        self, operation: str, answer: Callable[[Service, Answer], Answer], request: Request, region: str
    ) -> Answer:
        given = without_none(request)
        check("sagemaker", operation, given)
        self._region = region
        self.jobs.catch_up()
        if self._lagging is not None:
            self._lagging.catch_up()
        return answer(self, given)

    @property
    def _describe(self) -> Describer:
        return Describer(Address(self._region), self.epoch_s, self.sim.now, self.sim)

    @property
    def _shown(self) -> JobIndex:
        """The jobs that DescribeTrainingJob and the lists show (`read-lag`)."""
        return self.jobs if self._lagging is None else self._lagging.jobs

    @property
    def _describe_shown(self) -> Describer:
        as_of_s = self.sim.now if self._lagging is None else self._lagging.as_of_s
        return Describer(Address(self._region), self.epoch_s, as_of_s, self.sim)

    # ------------------------------------------------------------------ tuning jobs

    def _create_tuning_job(self, request: Answer) -> Answer:
        with answered():
            spec = TuningJobSpec.from_request(request)
            check_tuning_job(request)
            check_tags(tags_of(request), request.get("Tags") or ())
        self.sim.create_tuning_job(spec)
        return {"HyperParameterTuningJobArn": Address(self._region).tuning(spec.name)}

    def _parents(self, request: Request) -> list[str]:
        parents = (request.get("WarmStartConfig") or {}).get("ParentHyperParameterTuningJobs") or ()
        return [parent.get("HyperParameterTuningJobName", "") for parent in parents]

    def _describe_tuning_job(self, request: Answer) -> Answer:
        job = self.jobs.tuning_job(request["HyperParameterTuningJobName"])
        shape = self._describe.tuning_job(job, self.sim.tuning_job(job.name))
        asked = job.spec.request or {}
        if (asked.get("WarmStartConfig") or {}).get("WarmStartType") == "IdenticalDataAndAlgorithm":
            best = self._overall_best(job, self._parents(asked))
            if best is not None:
                shape["OverallBestTrainingJob"] = self._describe.overall_best(best)
        return shape

    def _overall_best(self, job: IndexedTuningJob, parents: list[str]) -> IndexedTrainingJob | None:
        """The best training job of a tuning job and its parents."""
        family = [job, *(self.jobs.tuning.members[name] for name in parents if name in self.jobs.tuning.members)]
        best = []
        for one in family:
            first = next(one.children.after("FinalObjectiveMetricValue", None, job.spec.objective.maximize), None)
            if first is not None:
                best.append((first[0] * (-1 if job.spec.objective.maximize else 1), one.children.members[first[-1]]))
        return min(best, key=lambda pair: pair[0])[1] if best else None

    def _stop_tuning_job(self, request: Answer) -> Answer:
        self.sim.stop_tuning_job(request["HyperParameterTuningJobName"])
        return {}

    def _delete_tuning_job(self, request: Answer) -> Answer:
        job = self.jobs.tuning_job(request["HyperParameterTuningJobName"])
        self.sim.delete_tuning_job(job.name)
        return {}

    def _list_tuning_jobs(self, request: Answer) -> Answer:
        jobs = self._shown.tuning
        names, token = self._page("ListHyperParameterTuningJobs", request, jobs, default_order="Name")
        summaries = [self._describe_shown.tuning_job_summary(jobs.members[name]) for name in names]
        return {"HyperParameterTuningJobSummaries": summaries, **token}

    def _list_children(self, request: Answer) -> Answer:
        job = self.jobs.tuning_job(request["HyperParameterTuningJobName"])
        shown = self._shown.tuning.members.get(job.name)
        if shown is None:  # the answer is of an instant before its creation
            return {"TrainingJobSummaries": []}
        operation = "ListTrainingJobsForHyperParameterTuningJob"
        names, token = self._page(operation, request, shown.children, default_order="Name")
        summaries = [self._describe_shown.training_job_of_tuning(shown.children.members[name]) for name in names]
        return {"TrainingJobSummaries": summaries, **token}

    # ------------------------------------------------------------------ training jobs

    def _create_training_job(self, request: Answer) -> Answer:
        with answered():
            check_training_job(request)
            check_tags(tags_of(request), request.get("Tags") or ())
            definition = parse_training_job(request)
        self.sim.create_training_job(request["TrainingJobName"], definition)
        return {"TrainingJobArn": Address(self._region).training(request["TrainingJobName"])}

    def _describe_training_job(self, request: Answer) -> Answer:
        job = self._shown.training_job(request["TrainingJobName"])
        emitted = self._shown.metrics[job.name].last()
        return {**self._describe_shown.training_job(job, emitted), **without_none(self._updates.get(job.name, {}))}

    def _stop_training_job(self, request: Answer) -> Answer:
        self.sim.stop_training_job(request["TrainingJobName"])
        return {}

    def _delete_training_job(self, request: Answer) -> Answer:
        job = self.jobs.training_job(request["TrainingJobName"])
        self.sim.delete_training_job(job.name)
        self._updates.pop(job.name, None)
        return {}

    def _update_training_job(self, request: Answer) -> Answer:
        """Profiler and debugging of a live job may change, and how long its warm pool is kept, also after its end (R17)."""
        job = self.jobs.training_job(request["TrainingJobName"])
        changes = {name: value for name, value in request.items() if name not in ("TrainingJobName", "ResourceConfig")}
        if job.ended_s is not None and (changes or "ResourceConfig" not in request):
            text = f"The request was rejected because the training job is in status {job.status}."
            raise ServiceError("ValidationException", text)
        if "ResourceConfig" in request:
            self.sim.update_training_job(job.name, request["ResourceConfig"]["KeepAlivePeriodInSeconds"])
        self._updates.setdefault(job.name, {}).update(changes)
        return {"TrainingJobArn": Address(self._region).training(job.name)}

    def _list_training_jobs(self, request: Answer) -> Answer:
        jobs = self._shown.training
        names, token = self._page("ListTrainingJobs", request, jobs, default_order="CreationTime")
        return {
            "TrainingJobSummaries": [self._describe_shown.training_job_summary(jobs.members[name]) for name in names],
            **token,
        }

    # ------------------------------------------------------------------ search

    def _search(self, request: Answer) -> Answer:
        """Search over what Describe shows now, newest first unless asked; other resources than jobs are not there."""
        kind = request["Resource"]
        if kind not in search.KINDS:
            text = f"Resource: got {kind!r}, expected one that hptsim can search: {' or '.join(search.KINDS)}"
            raise ServiceError("ValidationException", text)
        records: list[Mapping[str, Any]] = [
            self._record(kind, name) for name in getattr(self.jobs, _INDEXES[kind]).members
        ]
        found = [one for one in records if search.wanted(request.get("SearchExpression", {}), one)]
        found = search.ordered(
            found, request.get("SortBy", "LastModifiedTime"), request.get("SortOrder", "Descending") == "Descending"
        )
        size, list_request = request.get("MaxResults", DEFAULT_PAGE), ListRequest.of("Search", request)
        shown, token = self.tokens.counted(found, size, list_request, request.get("NextToken"), self.sim.now)
        hits = {"Value": len(found), "Relation": "EqualTo"}
        return {"Results": [{kind: one} for one in shown], "TotalHits": hits, **token}

    def _record(self, kind: str, name: str) -> Answer:
        """What a search knows of a job: the members of its record that Describe has, and its tags."""
        if kind == "TrainingJob":
            job = self.jobs.training_job(name)
            shape, tags = self._describe.training_job(job, self.jobs.metrics[name].last()), job.tags
        else:
            shape = self._describe_tuning_job({"HyperParameterTuningJobName": name})
            tags = self.jobs.tuning_job(name).tags
        known = model("sagemaker").shape_for("SearchRecord").members[kind].members
        shown = {member: value for member, value in shape.items() if member in known}
        return {**shown, "Tags": tag_list(tags)}

    # ------------------------------------------------------------------ lists

    def _page(
        self, operation: str, request: Answer, jobs: SortedIndex[T], default_order: str
    ) -> tuple[list[str], dict[str, str]]:
        """The names on the page that a list request asks for, and the NextToken of the one after it."""
        list_request = ListRequest.of(operation, request)
        size = request.get("MaxResults", DEFAULT_PAGE)
        order, descending = request.get("SortBy", default_order), request.get("SortOrder") == "Descending"
        after = self._after(request, list_request)
        keys = jobs.after(order, after, descending)
        wanted = _filter(request, self._describe_shown)
        take = page_then_filter if operation == "ListTrainingJobs" else page
        names, last = take(keys, size, lambda name: wanted(jobs.members[name]))
        return names, {} if last is None else {"NextToken": self.tokens.make(list_request, last, self.sim.now)}

    def _after(self, request: Answer, list_request: ListRequest) -> Key | None:
        token = request.get("NextToken")
        return None if token is None else self.tokens.read(token, list_request, self.sim.now)

    # ------------------------------------------------------------------ tags

    def _tagged(self, arn: str) -> IndexedTuningJob | IndexedTrainingJob:
        """The job that an ARN names; raises ServiceError (ValidationException)."""
        kind, _, name = arn.rpartition(":")[2].partition("/")
        members: Mapping[str, Mapping[str, Any]] = {
            "hyper-parameter-tuning-job": self.jobs.tuning.members,
            "training-job": self.jobs.training.members,
        }
        job: IndexedTuningJob | IndexedTrainingJob | None = members.get(kind, {}).get(name)
        if job is None:
            raise ServiceError("ValidationException", f"Requested resource not found: {arn} names no job.")
        return job

    def _add_tags(self, request: Answer) -> Answer:
        """Training jobs that a tuning job launches from now on get its new tags, earlier ones do not (M:AddTags)."""
        job = self._tagged(request["ResourceArn"])
        tags = {**job.tags, **tags_of(request)}
        with answered():
            check_tags(tags, request["Tags"])
        job.tags = tags
        return {"Tags": tag_list(tags)}

    def _list_tags(self, request: Answer) -> Answer:
        self._after(request, ListRequest.of("ListTags", request))  # all fits on one page: no token can be valid
        return {"Tags": tag_list(self._tagged(request["ResourceArn"]).tags)}

    def _delete_tags(self, request: Answer) -> Answer:
        job = self._tagged(request["ResourceArn"])
        job.tags = {key: value for key, value in job.tags.items() if key not in request["TagKeys"]}
        return {}


_OPERATIONS: Mapping[str, Callable[[Service, Answer], Answer]] = {
    "CreateHyperParameterTuningJob": Service._create_tuning_job,
    "DescribeHyperParameterTuningJob": Service._describe_tuning_job,
    "StopHyperParameterTuningJob": Service._stop_tuning_job,
    "ListHyperParameterTuningJobs": Service._list_tuning_jobs,
    "DeleteHyperParameterTuningJob": Service._delete_tuning_job,
    "ListTrainingJobsForHyperParameterTuningJob": Service._list_children,
    "CreateTrainingJob": Service._create_training_job,
    "DescribeTrainingJob": Service._describe_training_job,
    "StopTrainingJob": Service._stop_training_job,
    "DeleteTrainingJob": Service._delete_training_job,
    "UpdateTrainingJob": Service._update_training_job,
    "ListTrainingJobs": Service._list_training_jobs,
    "Search": Service._search,
    "AddTags": Service._add_tags,
    "ListTags": Service._list_tags,
    "DeleteTags": Service._delete_tags,
}
OPERATIONS = tuple(_OPERATIONS)
"""The operations that are modelled."""


def not_modelled(service: str, operation: str, modelled: Iterable[str]) -> ServiceError:
    """The answer to an operation that the twin does not know: it names it, and what comes nearest."""
    text = f"hptsim does not model {service} {operation}; {nearest(operation, modelled)}"
    return ServiceError("UnknownOperationException", text)


def _filter(request: Request, describer: Describer) -> Callable[[IndexedTuningJob | IndexedTrainingJob], bool]:
    """Everything that a list request filters by; "after" and "before" are strict (§2.5).

    Times are compared as they are shown, so that nothing is after the time that it shows itself.
    """
    contains = request.get("NameContains", "")
    never = "TrainingPlanArnEquals" in request  # no job here has one
    status, pool = request.get("StatusEquals"), request.get("WarmPoolStatusEquals")
    bounds = {name: _seconds(request[name]) for name in request if name.endswith(("TimeAfter", "TimeBefore"))}

    def wanted(job: IndexedTuningJob | IndexedTrainingJob) -> bool:
        if never or contains not in job.name or status not in (None, job.status):
            return False
        if pool is not None and (isinstance(job, IndexedTuningJob) or job.pool != pool):
            return False
        for name, bound in bounds.items():
            instant = describer.instant(job.created_s if name.startswith("Creation") else describer.modified_s(job))
            if not (instant > bound if name.endswith("After") else instant < bound):
                return False
        return True

    return wanted


def _seconds(instant: Any) -> float:
    return float(instant.timestamp()) if hasattr(instant, "timestamp") else float(instant)
