"""CloudWatch Logs as far as training jobs write there: one log group, a stream for each job that has begun to train.

Streams appear with their first event and stay for good (B13, S7). Times are milliseconds since 1970.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any

from hptsim.errors import ServiceError
from hptsim.model.storage import LOG_GROUP, LogEvent
from hptsim.service.indexed_jobs import Stream
from hptsim.service.job_index import JobIndex
from hptsim.service.pagination import Key, ListRequest, page
from hptsim.service.service import Service, not_modelled
from hptsim.service.validation import check, without_none

Request = Mapping[str, Any]
Answer = dict[str, Any]
MAX_EVENTS = 10_000
MAX_STREAMS = 50


class Logs:
    """The log service of one simulation.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); logs = Logs(Service.of(sim))
    >>> logs.call("DescribeLogGroups", {})
    {'logGroups': []}
    >>> sim.run(); [group["logGroupName"] for group in logs.call("DescribeLogGroups", {})["logGroups"]]
    ['/aws/sagemaker/TrainingJobs']
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def _jobs(self) -> JobIndex:
        return self._service.jobs

    def call(self, operation: str, request: Request, *, region: str = "us-east-1") -> Answer:
        """Answer one request; raises ServiceError with the codes of CloudWatch Logs."""
        with self._service.lock:
            answer = _OPERATIONS.get(operation)
            if answer is None:
                raise not_modelled("logs", operation, _OPERATIONS)
            given = without_none(request)
            self._jobs.catch_up()
            try:
                check("logs", operation, given)
                return answer(self, given, f"arn:aws:logs:{region}:111122223333:log-group:{LOG_GROUP}")
            except ServiceError as error:
                if error.code != "ValidationException":
                    raise
                raise ServiceError("InvalidParameterException", error.message) from None

    def _instant(self, seconds: float) -> int:
        return round((self._service.epoch_s + seconds) * 1000)

    def _place(self, events: list[Any], instant: int | None, at: Callable[[Any], LogEvent], default: int) -> int:
        """Where in *events* the first one at or after *instant* stands."""
        if instant is None:
            return default
        return bisect_left(events, instant, key=lambda one: self._instant(at(one).time_s))

    # ------------------------------------------------------------------ groups and streams

    def _group(self, request: Request) -> None:
        """See that the request names the one group that exists."""
        given = [request[name] for name in ("logGroupName", "logGroupIdentifier") if name in request]
        if len(given) != 1:
            raise ServiceError("InvalidParameterException", "Exactly one of logGroupName and logGroupIdentifier.")
        name = given[0].rpartition("log-group:")[2]
        if name != LOG_GROUP or not self._jobs.log:
            raise ServiceError("ResourceNotFoundException", "The specified log group does not exist.")

    def _stream(self, name: str) -> Stream:
        stream = self._jobs.streams.members.get(name)
        if stream is None:
            raise ServiceError("ResourceNotFoundException", "The specified log stream does not exist.")
        return stream

    def _describe_groups(self, request: Request, arn: str) -> Answer:
        self._after(request, ListRequest.of("DescribeLogGroups", request))  # one group, one page: no token can be valid
        named = LOG_GROUP.startswith(request.get("logGroupNamePrefix", ""))
        matched = request.get("logGroupNamePattern", "").lower() in LOG_GROUP.lower()
        if not (self._jobs.log and named and matched):
            return {"logGroups": []}
        first = self._instant(self._jobs.log[0][1].time_s)
        group = {"logGroupName": LOG_GROUP, "creationTime": first, "metricFilterCount": 0, "storedBytes": 0}
        return {"logGroups": [{**group, "arn": f"{arn}:*", "logGroupArn": arn, "logGroupClass": "STANDARD"}]}

    def _describe_streams(self, request: Request, arn: str) -> Answer:
        self._group(request)
        order, prefix = request.get("orderBy", "LogStreamName"), request.get("logStreamNamePrefix", "")
        if prefix and order == "LastEventTime":
            text = "Cannot order by LastEventTime with a logStreamNamePrefix."
            raise ServiceError("InvalidParameterException", text)
        list_request = ListRequest.of("DescribeLogStreams", request)
        after, streams = self._after(request, list_request), self._jobs.streams
        descending = request.get("descending", False)
        if after is None and prefix and not descending:
            keys = streams.after(order, (prefix,), inclusive=True)
        else:
            keys = streams.after(order, after, descending)
        names, last = page(keys, request.get("limit", MAX_STREAMS), lambda name: name.startswith(prefix))
        shapes = [self._stream_shape(streams.members[name], arn) for name in names]
        return {"logStreams": shapes, **self._next(list_request, last)}

    def _stream_shape(self, stream: Stream, arn: str) -> Answer:
        first, last = self._instant(stream.events[0].time_s), self._instant(stream.events[-1].time_s)
        return {
            "logStreamName": stream.name,
            "creationTime": first,
            "firstEventTimestamp": first,
            "lastEventTimestamp": last,
            "lastIngestionTime": last,
            "arn": f"{arn}:log-stream:{stream.name}",
            "storedBytes": 0,
        }

    def _after(self, request: Request, list_request: ListRequest) -> Key | None:
        token = request.get("nextToken")
        return None if token is None else self._service.tokens.read(token, list_request, self._service.sim.now)

    def _next(self, list_request: ListRequest, last: Key | None) -> dict[str, str]:
        if last is None:
            return {}
        return {"nextToken": self._service.tokens.make(list_request, last, self._service.sim.now)}

    # ------------------------------------------------------------------ events

    def _event(self, event: LogEvent) -> Answer:
        instant = self._instant(event.time_s)
        return {"timestamp": instant, "message": event.message, "ingestionTime": instant}

    def _get_events(self, request: Request, arn: str) -> Answer:
        """A window of one stream, and tokens for those before and after it; at the end a token leads to itself."""
        self._group(request)
        events = self._stream(request["logStreamName"]).events
        low = self._place(events, request.get("startTime"), _itself, 0)
        high = max(low, self._place(events, request.get("endTime"), _itself, len(events)))
        size = request.get("limit", MAX_EVENTS)
        list_request = ListRequest("GetLogEvents", {"logStreamName": request["logStreamName"]})
        direction, place = self._where(request, list_request, len(events))
        if direction == "f" or (not direction and request.get("startFromHead")):
            first = max(place, low)
            last = max(first, min(high, first + size))
        else:
            last = min(place, high) if direction else high
            first = max(low, last - size)
            last = max(first, last)
        return {
            "events": [self._event(event) for event in events[first:last]],
            "nextForwardToken": self._token("f", last, list_request),
            "nextBackwardToken": self._token("b", first, list_request),
        }

    def _where(self, request: Request, list_request: ListRequest, count: int) -> tuple[str, int]:
        """The direction and the place in a token of GetLogEvents; no direction without one."""
        if "nextToken" not in request:
            return "", 0
        direction, _, token = request["nextToken"].partition("/")
        place = self._service.tokens.read(token, list_request, 0.0)[0]
        if direction not in ("f", "b") or place > count:
            raise ServiceError("InvalidParameterException", "The specified nextToken is invalid.")
        return direction, place

    def _token(self, direction: str, place: int, list_request: ListRequest) -> str:
        return f"{direction}/{self._service.tokens.make(list_request, (place,), 0.0)}"

    def _filter_events(self, request: Request, arn: str) -> Answer:
        """Events of all chosen streams in order of time, from the place where the last page ended."""
        self._group(request)
        names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix", "")
        if names and prefix:
            text = "logStreamNames and logStreamNamePrefix cannot be used together."
            raise ServiceError("InvalidParameterException", text)
        for name in names or ():
            self._stream(name)
        chosen, matches = set(names or ()), pattern(request.get("filterPattern", ""))
        list_request = ListRequest.of("FilterLogEvents", request)
        after, log = self._after(request, list_request), self._jobs.log
        low = self._place(log, request.get("startTime"), _second, 0) if after is None else after[0] + 1
        high = self._place(log, request.get("endTime"), _second, len(log))

        def wanted(place: int) -> bool:
            name, event = log[place]
            return (not chosen or name in chosen) and name.startswith(prefix) and matches(event.message)

        keys = ((place,) for place in range(low, high))
        places, last = page(keys, request.get("limit", MAX_EVENTS), wanted)
        events = [
            {"logStreamName": log[place][0], **self._event(log[place][1]), "eventId": f"{place:056d}"}
            for place in places
        ]
        return {"events": events, "searchedLogStreams": [], **self._next(list_request, last)}


def _itself(event: LogEvent) -> LogEvent:
    return event


def _second(pair: tuple[str, LogEvent]) -> LogEvent:
    return pair[1]


def pattern(text: str) -> Callable[[str], bool]:
    """A filter pattern of words and quoted phrases: all must occur, `?` marks alternatives, `-` excludes.

    Raises ServiceError (InvalidParameterException) for the JSON, column and regular expression patterns.

    >>> pattern('"validation:auc" -error')("validation:auc=0.9")
    True
    """
    stripped = text.strip()
    if stripped[:1] in ("{", "[", "%"):
        kinds = "words and quoted phrases; hptsim does not model JSON, column and regular expression patterns"
        raise ServiceError("InvalidParameterException", f"filterPattern: got {text!r}, expected {kinds}")
    terms = _terms(stripped)
    wanted = [term for sign, term in terms if not sign]
    either = [term for sign, term in terms if sign == "?"]
    without = [term for sign, term in terms if sign == "-"]

    def matches(message: str) -> bool:
        if any(term in message for term in without) or not all(term in message for term in wanted):
            return False
        return not either or any(term in message for term in either)

    return matches


def _terms(text: str) -> list[tuple[str, str]]:
    """The terms of a pattern, each with its sign."""
    terms = []
    while text := text.strip():
        sign, text = (text[0], text[1:]) if text[0] in "?-" else ("", text)
        if text.startswith('"'):
            term, _, text = text[1:].partition('"')
        else:
            term, _, text = text.partition(" ")
        terms.append((sign, term))
    return terms


_OPERATIONS: Mapping[str, Callable[[Logs, Request, str], Answer]] = {
    "DescribeLogGroups": Logs._describe_groups,
    "DescribeLogStreams": Logs._describe_streams,
    "GetLogEvents": Logs._get_events,
    "FilterLogEvents": Logs._filter_events,
}
OPERATIONS = tuple(_OPERATIONS)
"""The operations that are modelled."""
