"""Records what a real SageMaker client asks and is answered, for `hptsim conform`: `hptsim.boto.record` is the way in."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from hptsim.errors import InvalidInput, invalid

READS = ("Describe", "List", "Search", "Get", "BatchGet", "BatchDescribe")
"""An operation whose name begins so changes nothing."""
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")


@attrs.define(eq=False)
class Masks:
    """Takes account numbers out of what is written, each for the same number in its place, and the service's tokens.

    Every run of exactly twelve digits in a text is taken for an account number: in ARNs, roles, images and bucket names.

    >>> Masks().text("arn:aws:iam::123456789012:role/a, s3://logs-123456789012/")
    'arn:aws:iam::000000000001:role/a, s3://logs-000000000001/'
    """

    numbers: dict[str, str] = attrs.field(factory=dict)
    tokens: dict[str, str] = attrs.field(factory=dict)

    def text(self, text: str) -> str:
        """A text without account numbers."""
        return _ACCOUNT.sub(lambda found: self.numbers.setdefault(found[0], f"{len(self.numbers) + 1:012}"), text)

    def value(self, value: Any, name: str = "") -> Any:
        """A value as JSON has it, without account numbers; times are in ISO 8601, in UTC and to the microsecond."""
        if isinstance(value, str):
            if name == "NextToken":  # it may hold anything
                return self.tokens.setdefault(value, f"token-{len(self.tokens) + 1}")
            return self.text(value)
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(inner) for inner in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))


class Recorder:
    """A recording that is being made; `close` ends it, as leaving its `with` does. *calls* counts what was written."""

    def __init__(self, client: Any, path: str | Path, changes: bool) -> None:
        service = getattr(getattr(getattr(client, "meta", None), "service_model", None), "service_name", None)
        if service != "sagemaker":
            raise invalid("client", service or client, "a client of SageMaker", 'boto3.client("sagemaker")')
        self.path, self.calls = Path(path), 0
        try:
            self._file = self.path.open("x", encoding="utf-8")
        except FileExistsError:
            raise invalid("path", str(path), "a file that is not there yet", "what it holds would be lost") from None
        self._changes, self._masks, self._lock = changes, Masks(), threading.Lock()
        self._events = client.meta.events
        self._key = f"hptsim recording {id(self)}"
        self._handlers = {"before-parameter-build.sagemaker": self._asked, "after-call.sagemaker": self._answered}
        for event, handler in self._handlers.items():
            self._events.register(event, handler, unique_id=f"{self._key} {event}")

    def _asked(self, params: Any, model: Any, context: Any, **more: Any) -> None:
        """Refuse a call that changes something, before it is sent; keep the request of any other until it is answered."""
        if not self._changes and not model.name.startswith(READS):
            raise InvalidInput(
                f"{model.name}: not sent, for it may change something and only calls that read are recorded; "
                "say record(client, path, changes=True) to send and record it"
            )
        context[self._key] = dict(params)

    def _answered(self, http_response: Any, parsed: Any, model: Any, context: Any, **more: Any) -> None:
        """Write one line: the time, the operation, the request and the answer."""
        response = {name: value for name, value in parsed.items() if name not in ("ResponseMetadata", "Error")}
        line = {
            "time": datetime.fromtimestamp(time.time(), UTC),
            "operation": model.name,
            "request": context.pop(self._key, {}),
            "status_code": http_response.status_code,
            "response": response,
        }
        if "Error" in parsed:
            line["error"] = {name: parsed["Error"].get(name, "") for name in ("Code", "Message")}
        with self._lock:
            if not self._file.closed:
                self._file.write(json.dumps(self._masks.value(line)) + "\n")
                self._file.flush()
                self.calls += 1

    def close(self) -> None:
        """End the recording; the client answers as before."""
        for event, handler in self._handlers.items():
            self._events.unregister(event, handler, unique_id=f"{self._key} {event}")
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def record(client: Any, path: str | Path, *, changes: bool = False) -> Recorder:
    """Record what *client*, a SageMaker client of boto3, asks from now on and is answered, for `hptsim conform`.

    *path* becomes a file of JSON Lines, one line for each answer, written as it comes. Account numbers are masked in all of it.
    Only calls that read are sent: another one raises InvalidInput before it is sent, unless *changes* is True.
    The recording ends with `close()`, or with the `with` block of which it is the context manager. A client of the twin can
    be recorded, too. Raises InvalidInput for a client of another service, and for a file that is there already.

    >>> import tempfile
    >>> from hptsim import Simulation, boto
    >>> sagemaker = boto.client(Simulation())
    >>> path = Path(tempfile.mkdtemp()) / "run.jsonl"
    >>> with record(sagemaker, path) as recording:
    ...     answer = sagemaker.list_training_jobs()
    >>> recording.calls, json.loads(path.read_text())["response"]
    (1, {'TrainingJobSummaries': []})
    """
    return Recorder(client, path, changes)
