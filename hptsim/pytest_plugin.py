"""The pytest plugin: fixtures, the reproducing line under a failure, and suites that must reach the interesting cases.

A suite that sets `hptsim_sometimes = "all"` (or names of `sometimes` laws) is red when none of its runs has seen them.
Importing the plugin imports nothing of hptsim, so that it costs nothing in projects that do not use it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

OPTION = "hptsim_sometimes"
CONTRACT = "hptsim.conformance"
"""What `pytest --pyargs` is given to test an endpoint."""


@pytest.fixture
def simulation() -> Callable[..., Any]:
    """Make simulations: `simulation(scenario, seed=3)` is a `hptsim.Simulation` with the laws on."""
    from hptsim import Simulation

    return Simulation


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that asks for witnesses."""
    words = "laws of kind `sometimes` that the suite must reach, one per line, or all; otherwise the session is red"
    parser.addini(OPTION, words, type="linelist", default=[])


@pytest.hookimpl(trylast=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """The options of the tests of an endpoint, where these are asked for: a suite of yours may have options of such names."""
    if CONTRACT in args:
        parser.addoption("--endpoint", help="URL of what is tested: hptsim serve, moto's server, or another")
        words = "real seconds after which a test of an endpoint waits no longer (60)"
        parser.addoption("--patience", type=float, default=60.0, help=words)


def pytest_cmdline_main(config: pytest.Config) -> None:
    """Refuse to test no endpoint."""
    if CONTRACT in config.invocation_params.args and not config.getoption("--endpoint"):
        raise pytest.UsageError(
            f"{CONTRACT} tests an endpoint, and none was given; start one with `hptsim serve --speed 60`, then write "
            f"pytest --pyargs {CONTRACT} --endpoint http://127.0.0.1:8765"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark of the tests of an endpoint known, and watch the laws' witnesses, where the suite asks for them."""
    config.addinivalue_line("markers", "rests_on(rows): rows of the specification that a test of an endpoint rests on")
    if wanted := config.getini(OPTION):
        config.pluginmanager.register(Witnesses(wanted), "hptsim-witnesses")


class Witnesses:
    """What the session's runs have seen of the `sometimes` laws."""

    def __init__(self, wanted: list[str]) -> None:
        from hptsim.audit.laws import SOMETIMES
        from hptsim.errors import nearest

        for name in wanted:
            if name not in ("all", *SOMETIMES):
                raise pytest.UsageError(
                    f"{OPTION}: no law of kind sometimes is called {name!r}; {nearest(name, SOMETIMES)}"
                )
        self.wanted = SOMETIMES if "all" in wanted else tuple(wanted)
        self.seen: set[str] = set()

    @property
    def missed(self) -> list[str]:
        """The laws that no run has seen."""
        return [law for law in self.wanted if law not in self.seen]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Iterator[None]:
        """Every auditor reports what it has seen, wherever a test makes its simulations."""
        from hptsim.audit.auditor import Auditor

        seen, check_step = self.seen, Auditor.check_step

        def watched(auditor: Auditor, *args: Any) -> None:
            check_step(auditor, *args)
            seen.update(auditor.witnessed)

        Auditor.check_step = watched  # type: ignore[method-assign,assignment]
        try:
            return (yield)
        finally:
            Auditor.check_step = check_step  # type: ignore[method-assign]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """A green suite that never reached a required case is red."""
        if self.missed and exitstatus == pytest.ExitCode.OK and not session.config.option.collectonly:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Name what was missed."""
        if self.missed and not terminalreporter.config.option.collectonly:
            terminalreporter.section("hptsim: this suite never reached a required case", red=True)
            for law in self.missed:
                terminalreporter.line(f"never seen: {law}")
            terminalreporter.line(f"for a part of the suite, pass -o {OPTION}=")


_COMPARED = pytest.StashKey[Any]()
"""The counterexample that the assertion was about that failed last."""


def pytest_assertrepr_compare(config: pytest.Config, left: object, right: object) -> list[str] | None:
    """An assertion about a counterexample says which law broke; its story comes in a section of its own."""
    for side in (left, right):
        if type(side).__name__ == "Counterexample" and hasattr(side, "broken"):
            config.stash[_COMPARED] = side
            return [side.broken, "(its story is below, under hptsim)"]
    return None


def _counterexample(config: pytest.Config, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
    """What the failed assertion compared, or else what a variable holds where it failed; None for any other failure."""
    if type(excinfo.value) is not AssertionError:  # a LawBroken tells its story itself
        return None
    compared = config.stash.get(_COMPARED, None)
    here = excinfo.traceback[-1].frame.f_locals.values()
    for value in (compared, *reversed(here)):
        found = value if type(value).__name__ == "Counterexample" else getattr(value, "counterexample", None)
        if type(found).__name__ == "Counterexample":
            return found
    return None


def _story(found: Any) -> str:
    """A counterexample's story; its calls alone where a broken world fails on the way to another end."""
    try:
        return str(found.story(max_states=_SEARCHED))
    except Exception as error:
        return f"{found}\n(no more can be told: {error!r})"


_SEARCHED = 5_000
"""A failing test waits for the search of so many states at most, twice."""


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    """Under a broken law, say how to reproduce it in a section of its own; under a counterexample, its story."""
    outcome: Any = yield
    error = call.excinfo.value if call.excinfo is not None else None
    again = getattr(error, "reproduce", "") if type(error).__name__ == "LawBroken" else ""
    found = None if call.excinfo is None else _counterexample(item.config, call.excinfo)
    if again:
        outcome.get_result().sections.append(("hptsim", f"reproduce with: {again}"))
    if found is not None:
        outcome.get_result().sections.append(("hptsim", _story(found)))
    item.config.stash[_COMPARED] = None


@pytest.fixture
def sim(request: pytest.FixtureRequest) -> Any:
    """The simulation that `sagemaker`, `s3` and `logs` are clients of; override it, or parametrize it with a scenario.

    Launches and stops take their typical time, and the account has four instances of each type (`SMALL_QUOTA`): code that
    takes what a stopped job holds for free is refused.
    """
    from hptsim import Scenario, Simulation
    from hptsim.scenario.scenario import SMALL_QUOTA

    return Simulation(getattr(request, "param", None) or Scenario(capacity=SMALL_QUOTA))


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
