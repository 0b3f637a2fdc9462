"""Real botocore clients of a simulation: answered in process, before anything is sent.

A handler at `before-send` of one client answers it, so botocore's validation, serialization, parsing, waiters,
paginators and modelled exceptions all run (W12), and nothing is patched. Requests are not signed and need no
credentials; nothing ever reaches the network.
"""

from __future__ import annotations

import contextlib
import functools
import io
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from hptsim.errors import NoAnswer, invalid, nearest
from hptsim.optional import require
from hptsim.recorder import Recorder as Recorder
from hptsim.recorder import record as record
from hptsim.service.http import SERVICES, Call, Wire
from hptsim.service.service import Service
from hptsim.simulation.simulation import Simulation

DEFAULT_REGION = "us-east-1"
_opening = threading.Lock()


def client(sim: Simulation, service: str = "sagemaker", *, session: Any = None, **settings: Any) -> Any:
    """A real botocore client of a simulation: "sagemaker", "s3" or "logs".

    *session* is a boto3 or botocore session of your own; *settings* go to its client factory (region_name, config, ...).
    Without a region the client's is us-east-1. Clients are safe among threads; a thread that calls `sim.run` beside them
    holds `Service.of(sim).lock` (virtual time does). A request that gets no
    answer raises botocore's ReadTimeoutError, in virtual time after the client's `read_timeout`, otherwise at once.
    Source: W12, W13.

    >>> from hptsim import Simulation
    >>> sagemaker = client(Simulation())
    >>> sagemaker.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
    []
    """
    _check(service)
    with _opening:  # sessions make clients one at a time
        if session is None:
            session = _session()
        settings.setdefault("aws_access_key_id", "hptsim")
        settings.setdefault("aws_secret_access_key", "hptsim")
        if settings.get("region_name") is None:
            settings["region_name"] = _region(session)
        make = session.create_client if hasattr(session, "create_client") else session.client
        return attach(make(service, **settings), sim)


def attach(client: Any, sim: Simulation) -> Any:
    """Let *sim* answer a client that you already have, from now on; returns it.

    A client that was attached to another simulation changes over. Source: W12.

    >>> import boto3
    >>> from hptsim import Simulation
    >>> settings = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
    >>> attach(boto3.client("sagemaker", **settings), Simulation()).list_training_jobs()["TrainingJobSummaries"]
    []
    """
    service = client.meta.service_model.service_name
    _check(service)
    wire, response = Wire(sim), require("botocore.awsrequest", "boto", "hptsim.boto").AWSResponse
    endpoint = urlsplit(client.meta.endpoint_url).netloc
    unsigned = require("botocore", "boto", "hptsim.boto").UNSIGNED
    timed_out = require("botocore.exceptions", "boto", "hptsim.boto").ReadTimeoutError

    def answer(request: Any, event_name: str, **more: Any) -> Any:
        operation = event_name.rpartition(".")[2]
        given = request.body.encode() if isinstance(request.body, str) else request.body
        body = bytes(given) if isinstance(given, (bytes, bytearray)) else b""  # a stream: only for refused operations
        headers = {name: _text(value) for name, value in request.headers.items()}
        region = client.meta.region_name
        try:
            answered = wire.answer(Call(service, operation, request.url, headers, body, region, endpoint))
        except NoAnswer as error:
            _wait(client.meta.config.read_timeout)
            raise timed_out(endpoint_url=request.url, error=error) from error
        return response(request.url, answered.status, answered.headers, _Raw(answered.body))

    def sign(**more: Any) -> Any:
        return unsigned

    events = client.meta.events
    for event, handler in (("before-send", answer), ("choose-signer", sign)):
        events.unregister(event, unique_id=f"hptsim {event}")
        events.register_first(event, handler, unique_id=f"hptsim {event}")
    return client


def _check(service: str) -> None:
    if service not in SERVICES:
        raise invalid("service", service, " or ".join(SERVICES), nearest(service, SERVICES))


@functools.cache
def _session() -> Any:
    """The session that makes clients for callers that give none; it keeps the loaded service models."""
    return require("boto3", "boto", "hptsim.boto").Session()


def _region(session: Any) -> str:
    """The region that the session has set, or ours."""
    if hasattr(session, "get_config_variable"):
        return session.get_config_variable("region") or DEFAULT_REGION
    return session.region_name or DEFAULT_REGION


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class _Raw(io.BytesIO):
    """A body as urllib3 hands it over: readable at once or in pieces."""

    def stream(self, *arguments: Any, **more: Any) -> Iterator[bytes]:
        while piece := self.read(65536):
            yield piece


# ---------------------------------------------------------------------- virtual time

_clocks: dict[int, list[Simulation]] = {}
"""The simulations whose time each thread sees, innermost last; while there is one, time is patched."""
_patching = threading.Lock()
_patched: list[Any] = []
"""While time is patched: what undoes it, and the sleep that was there before."""


@contextlib.contextmanager
def virtual_time(sim: Simulation) -> Iterator[None]:
    """While it is on, this thread sees the time of *sim*: sleeping advances it, and clocks read it.

    `time.sleep` runs the simulation for that long instead of waiting, so botocore's waiters, retries and polling loops take no
    time; `time.time`, `datetime.now` and related clocks show the scenario's epoch plus simulated time. Other threads sleep
    and read clocks as ever; once the last thread has left, nothing is patched. A module that has done
    `from time import sleep` keeps the real one: call `time.sleep`.

    >>> from hptsim import Simulation
    >>> sim = Simulation()
    >>> with virtual_time(sim):
    ...     time.sleep(3600)
    ...     sim.now, time.time()
    (3600.0, 1704070800.0)
    """
    thread = threading.get_ident()
    with _patching:
        if not _clocks:
            _patch()
        _clocks.setdefault(thread, []).append(sim)
    try:
        yield
    finally:
        with _patching:
            _clocks[thread].pop()
            if not _clocks[thread]:
                del _clocks[thread]
            if not _clocks:
                _unpatch()


def _patch() -> None:
    """Put our clock and our sleep in place, for as long as any thread is in virtual time."""
    machine = require("time_machine", "boto", "hptsim.boto.virtual_time")
    travel = machine.travel(0.0, tick=False)
    travel.start().time_ns = functools.partial(_time_ns, machine.escape_hatch.time.time_ns)
    _patched[:] = travel, time.sleep
    time.sleep = _sleep
    bucket = require("botocore.retries.bucket", "boto", "hptsim.boto.virtual_time")
    _patched.extend((bucket.TokenBucket, bucket.TokenBucket.acquire))
    bucket.TokenBucket.acquire = functools.partialmethod(
        _acquire, bucket.TokenBucket.acquire, bucket.CapacityNotAvailableError
    )


def _unpatch() -> None:
    travel, time.sleep, bucket, bucket.acquire = _patched
    _patched.clear()
    travel.stop()


def _time_ns(real: Any) -> int:
    simulations = _clocks.get(threading.get_ident())
    if not simulations:
        return int(real())
    service = Service.of(simulations[-1])
    return round((service.epoch_s + service.sim.now) * 1e9)


def _acquire(bucket: Any, acquire: Any, not_yet: type[Exception], amount: int = 1, block: bool = True) -> Any:
    """Take from the bucket of a client with adaptive retries: it waits on a lock in real time, here it sleeps."""
    if not block or not _clocks.get(threading.get_ident()):
        return acquire(bucket, amount, block)
    while True:
        try:
            return acquire(bucket, amount, block=False)
        except not_yet:
            _sleep(max((amount - bucket.available_capacity) / bucket.max_rate, 0.001))


def _wait(seconds: float) -> None:
    """Let a client's timeout pass for a thread that is in virtual time; elsewhere it takes no time."""
    if _clocks.get(threading.get_ident()):
        _sleep(seconds)


def _sleep(seconds: Any, /) -> None:
    simulations = _clocks.get(threading.get_ident())
    if not simulations:
        return _patched[1](seconds)  # type: ignore[no-any-return]
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    sim = simulations[-1]
    with Service.of(sim).lock:
        sim.run(until=sim.now + seconds)
