"""What the tests of an endpoint are given, and what they print when they fail: the rows that they rest on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hptsim.conformance.contract_tests.endpoint import Endpoint
from hptsim.model.specification import words


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without an endpoint there is nothing to test."""
    return None if config.getoption("--endpoint", default=None) else True


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """The service that is tested; what the test has made there is stopped at its end."""
    patience_s: float = request.config.getoption("--patience")
    endpoint = Endpoint(request.config.getoption("--endpoint").rstrip("/"), patience_s)
    yield endpoint
    endpoint.clean_up()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    """Under a failure, the rows that the test rests on, with their words and grades."""
    outcome: Any = yield
    report = outcome.get_result()
    mark = item.get_closest_marker("rests_on")
    if report.failed and mark is not None:
        said = words(mark.args[0])
        text = "\n".join(f"{row}: {what}" for row, what in said.items())
        report.sections.append(("this rests on the specification (docs/specification.md)", text))
