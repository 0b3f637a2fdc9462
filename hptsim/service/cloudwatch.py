"""CloudWatch as far as training jobs go: their metrics, by training job, as their definitions found them in the log (L21).

The namespace and the dimension are those in which the SageMaker Python SDK looks (`TrainingJobAnalytics`). Every other
namespace is no matter of the twin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from hptsim.errors import ServiceError
from hptsim.service.call import Call, Response
from hptsim.service.metrics import Emitted
from hptsim.service.pagination import ListRequest
from hptsim.service.protocols import read, refuse, seconds, write
from hptsim.service.service import Service
from hptsim.service.validation import check, without_none

NAMESPACE = "/aws/sagemaker/TrainingJobs"
DIMENSION = "TrainingJobName"
MOST_POINTS = 1440
PAGE = 500
Request = Mapping[str, Any]
Answer = dict[str, Any]
_STATISTICS: Mapping[str, Callable[[list[float]], float]] = {
    "SampleCount": lambda values: float(len(values)),
    "Average": lambda values: math.fsum(values) / len(values),
    "Sum": math.fsum,
    "Minimum": min,
    "Maximum": max,
}


def is_the_twins(call: Call) -> bool:
    """Whether a request is about the namespace of training jobs.

    >>> is_the_twins(Call("cloudwatch", "ListMetrics", body=b'{"Namespace": "/aws/sagemaker/TrainingJobs"}'))
    True
    """
    named = NAMESPACE.encode() in call.body or quote(NAMESPACE, "").encode() in call.body
    return call.operation in OPERATIONS and named


class CloudWatch:
    """The metrics of one simulation's training jobs.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> [one["MetricName"] for one in CloudWatch(Service.of(sim)).call("ListMetrics", {"Namespace": NAMESPACE})["Metrics"]]
    ['objective']
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def answer(self, call: Call) -> Response:
        """Answer one request as HTTP, in the protocol that it speaks; errors too."""
        try:
            return write(call, self.call(call.operation, read(call)))
        except ServiceError as error:
            return refuse(call, error)

    def call(self, operation: str, request: Request) -> Answer:
        """Answer one request; raises ServiceError with CloudWatch's codes."""
        with self._service.lock:
            given = without_none(request)
            self._service.jobs.catch_up()
            try:
                check("cloudwatch", operation, given)
            except ServiceError as error:
                raise ServiceError("InvalidParameterValue", error.message) from None
            return _OPERATIONS[operation](self, given)

    def _values(self, metric: Request) -> list[Emitted]:
        """All values of a metric; none where no training job has it."""
        dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())}
        if dimensions.keys() != {DIMENSION}:
            return []
        job = self._service.jobs.metrics.get(dimensions[DIMENSION])
        return [] if job is None else job.values.get(metric["MetricName"], [])

    def _periods(self, metric: Request, request: Request, period: int) -> dict[int, list[float]]:
        """The values from StartTime until before EndTime, by the beginning of their period (seconds since 1970)."""
        start_s, end_s = seconds(request["StartTime"]), seconds(request["EndTime"])
        if start_s >= end_s:
            text = "The parameter StartTime must be less than the parameter EndTime."
            raise ServiceError("InvalidParameterCombination", text)
        if period not in (1, 5, 10, 30) and period % 60:
            text = f"Period: got {period}, expected 1, 5, 10, 30 or a multiple of 60"
            raise ServiceError("InvalidParameterValue", text)
        found: dict[int, list[float]] = {}
        for time_s, value in self._values(metric):
            instant = self._service.epoch_s + time_s
            if start_s // period * period <= instant < end_s:
                found.setdefault(int(instant // period) * period, []).append(value)
        return found

    def _statistics(self, request: Answer) -> Answer:
        _own(request["Namespace"])
        wanted, period = request.get("Statistics", []), request["Period"]
        if request.get("ExtendedStatistics") or not wanted:
            text = f"Statistics: got {wanted!r}, expected one or more of {', '.join(_STATISTICS)}"
            raise ServiceError("InvalidParameterCombination", f"{text}; hptsim does not model ExtendedStatistics")
        points = (seconds(request["EndTime"]) - seconds(request["StartTime"])) / period
        if points > MOST_POINTS:
            text = f"You have requested up to {int(points):,} datapoints, which exceeds the limit of {MOST_POINTS:,}. "
            text += "You may reduce the datapoints requested by increasing Period, or decreasing the time range."
            raise ServiceError("InvalidParameterCombination", text)
        shown = [
            {"Timestamp": begins_s, **{name: _STATISTICS[name](values) for name in wanted}, "Unit": "None"}
            for begins_s, values in self._periods(request, request, period).items()
        ]
        return {"Label": request["MetricName"], "Datapoints": shown if request.get("Unit", "None") == "None" else []}

    def _data(self, request: Answer) -> Answer:
        if "NextToken" in request:
            raise ServiceError("InvalidNextToken", "All fits on one page: no token was given.")
        results = [self._query(one, request) for one in request["MetricDataQueries"] if one.get("ReturnData", True)]
        if sum(len(one["Values"]) for one in results) > request.get("MaxDatapoints", 100_800):
            text = "MaxDatapoints: the answer has more; hptsim gives it on one page only, ask for a shorter time"
            raise ServiceError("InvalidParameterValue", text)
        return {"MetricDataResults": results}

    def _query(self, query: Request, request: Request) -> Answer:
        if "MetricStat" not in query:
            text = f"MetricDataQueries {query['Id']}: expected a MetricStat; hptsim does not model expressions"
            raise ServiceError("InvalidParameterValue", text)
        stat = query["MetricStat"]
        metric = stat["Metric"]
        _own(metric.get("Namespace", ""))
        if stat["Stat"] not in _STATISTICS:
            text = f"Stat: got {stat['Stat']!r}, expected {' or '.join(_STATISTICS)}; hptsim does not model others"
            raise ServiceError("InvalidParameterValue", text)
        found = sorted(self._periods({"Dimensions": [], **metric}, request, stat["Period"]).items())
        if request.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            found.reverse()
        return {
            "Id": query["Id"],
            "Label": query.get("Label", metric.get("MetricName", "")),
            "Timestamps": [begins_s for begins_s, _ in found],
            "Values": [_STATISTICS[stat["Stat"]](values) for _, values in found],
            "StatusCode": "Complete",
        }

    def _list(self, request: Answer) -> Answer:
        _own(request.get("Namespace", ""))
        filters = {one["Name"]: one.get("Value") for one in request.get("Dimensions", ())}
        named = [
            (job, metric)
            for job, metrics in sorted(self._service.jobs.metrics.items())
            for metric in sorted(metrics.values)
            if request.get("MetricName", metric) == metric and filters.get(DIMENSION) in (None, job)
        ]
        if filters.keys() - {DIMENSION}:
            named = []
        tokens, list_request = self._service.tokens, ListRequest.of("ListMetrics", request)
        try:
            some, more = tokens.counted(named, PAGE, list_request, request.get("NextToken"), self._service.sim.now)
        except ServiceError as error:
            raise ServiceError("InvalidParameterValue", error.message) from None
        shown = [
            {"Namespace": NAMESPACE, "MetricName": metric, "Dimensions": [{"Name": DIMENSION, "Value": job}]}
            for job, metric in some
        ]
        return {"Metrics": shown, **more}


def _own(namespace: str) -> None:
    if namespace != NAMESPACE:
        text = f"Namespace: got {namespace!r:.80}; a request that asks for {NAMESPACE} cannot ask for another here"
        raise ServiceError("InvalidParameterValue", text)


_OPERATIONS: Mapping[str, Callable[[CloudWatch, Answer], Answer]] = {
    "GetMetricStatistics": CloudWatch._statistics,
    "GetMetricData": CloudWatch._data,
    "ListMetrics": CloudWatch._list,
}
OPERATIONS = tuple(_OPERATIONS)
"""The operations that are modelled, for the namespace of training jobs."""
