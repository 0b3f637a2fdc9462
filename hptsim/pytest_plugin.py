"""The pytest plugin: the fixtures `simulation`, `sim`, `sagemaker`, `s3` and `logs`, and the reproducing line under a failure.

Importing it imports nothing of hptsim, so that it costs nothing in projects that do not use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture
def simulation() -> Callable[..., Any]:
    """Make simulations: `simulation(scenario, seed=3)` is a `hptsim.Simulation` with the laws on."""
    from hptsim import Simulation

    return Simulation


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    """Under a broken law, print the line that reproduces it in a section of its own."""
    outcome: Any = yield
    error = call.excinfo.value if call.excinfo is not None else None
    again = getattr(error, "reproduce", "") if type(error).__name__ == "LawBroken" else ""
    if again:
        outcome.get_result().sections.append(("hptsim", f"reproduce with: {again}"))


@pytest.fixture
def sim(request: pytest.FixtureRequest) -> Any:
    """The simulation that `sagemaker`, `s3` and `logs` are clients of; override it, or parametrize it with a scenario."""
    from hptsim import Simulation

    return Simulation(getattr(request, "param", None))


@pytest.fixture
def sagemaker(sim: Any) -> Any:
    """A real boto3 client for SageMaker, answered by `sim`."""
    from hptsim import boto

    return boto.client(sim)


@pytest.fixture
def s3(sim: Any) -> Any:
    """A real boto3 client for S3, which sees what the training jobs of `sim` store."""
    from hptsim import boto

    return boto.client(sim, "s3")


@pytest.fixture
def logs(sim: Any) -> Any:
    """A real boto3 client for CloudWatch Logs, which sees the log streams of `sim`."""
    from hptsim import boto

    return boto.client(sim, "logs")
