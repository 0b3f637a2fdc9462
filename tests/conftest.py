"""Hypothesis profiles: "quick" by default and "gate" for CI, the same examples every time; "long" looks further, by name."""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("quick", max_examples=25, stateful_step_count=60, derandomize=True, **COMMON)
settings.register_profile("gate", max_examples=40, stateful_step_count=60, derandomize=True, **COMMON)
settings.register_profile("long", max_examples=3000, stateful_step_count=150, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

pytest_plugins = ["pytester"]


@pytest.fixture
def ctrl_c():
    """Ctrl-C is heard, here and in processes that are started, even where the tests were begun with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def ctrl_c_ignored():
    """SIGINT is ignored, as in a job that a shell script has sent to the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def browser():
    """A headless browser, one for all tests of a module."""
    from browser import chromium

    with chromium() as one:
        yield one


@pytest.fixture
def without_moto(monkeypatch):
    """moto is not installed, whether it is or not."""
    from hptsim.service import elsewhere

    monkeypatch.setattr(elsewhere, "stubber", lambda **more: None)
