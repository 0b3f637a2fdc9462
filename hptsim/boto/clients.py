"""Real clients of a simulation, of botocore and of aiobotocore: made, or taken as they are.

Nothing is patched: a handler at `before-send` of one client answers it (`hptsim.boto.answering`). Requests are not signed and
need no credentials; nothing ever reaches the network.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import AsyncIterator
from typing import Any

from hptsim.boto.answering import register
from hptsim.errors import invalid, nearest
from hptsim.optional import require
from hptsim.service.http import SERVICES
from hptsim.service.validation import known_services
from hptsim.simulation.simulation import Simulation

DEFAULT_REGION = "us-east-1"
_opening = threading.Lock()


def client(sim: Simulation, service: str = "sagemaker", *, session: Any = None, **settings: Any) -> Any:
    """A real botocore client of a simulation, of any service: what is no matter of the twin, moto answers (`hptsim[aws]`).

    *session* is a session of your own, of boto3, botocore, aiobotocore or aioboto3; *settings* go to its client factory
    (region_name, config, ...). From an asynchronous session comes what it gives itself, for `async with`.
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
            settings["region_name"] = region_of(session) or DEFAULT_REGION
        make = session.create_client if hasattr(session, "create_client") else session.client
        made = make(service, **settings)
    return _opened(made, sim) if hasattr(made, "__aenter__") else attach(made, sim)


def attach(client: Any, sim: Simulation) -> Any:
    """Let *sim* answer a client that you already have, from now on; returns it.

    A client that was attached to another simulation changes over. Source: W12.

    >>> import boto3
    >>> from hptsim import Simulation
    >>> settings = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
    >>> attach(boto3.client("sagemaker", **settings), Simulation()).list_training_jobs()["TrainingJobSummaries"]
    []
    """
    _check(client.meta.service_model.service_name)
    register(client, lambda: sim)
    return client


def region_of(session: Any) -> str | None:
    """The region that a session has set.

    >>> import botocore.session
    >>> session = botocore.session.Session(); session.set_config_variable("region", "eu-west-1")
    >>> region_of(session)
    'eu-west-1'
    """
    found = session.get_config_variable("region") if hasattr(session, "get_config_variable") else session.region_name
    return found or None


@contextlib.asynccontextmanager
async def _opened(made: Any, sim: Simulation) -> AsyncIterator[Any]:
    """An asynchronous client, attached when it is there."""
    async with made as client:
        yield attach(client, sim)


def _check(service: str) -> None:
    if service not in SERVICES and service not in known_services():
        raise invalid("service", service, "a service that botocore knows", nearest(service, known_services()))


@functools.cache
def _session() -> Any:
    """The session that makes clients for callers that give none; it keeps the loaded service models."""
    return require("boto3", "boto", "hptsim.boto").Session()
