"""The suite itself: what a plain `pytest` runs looks at every module, and what takes long is asked for by name."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "hptsim"
RUN_AS_A_PROGRAM = {"__main__"}
"""`python -m hptsim` is run by tests/cli/test_plan.py."""

TYPES_ONLY = {"ports"}
"""Nothing in them runs: mypy checks them."""

CONTRACT_TESTS = PACKAGE / "conformance" / "contract_tests"
"""Tests themselves: tests/conformance/test_contract_tests.py runs them against the twin, and against planted bugs."""


def imported(path):
    """The modules that a test file imports, and the packages that they are in."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names | {name.rpartition(".")[0] for name in names}


def untested(items):
    """The modules of hptsim with neither an example of their own, nor a test file of their name, nor one that imports them."""
    files = {item.path for item in items if item.get_closest_marker("long") is None}
    named = set().union(*(imported(path) for path in files if path.is_relative_to(TESTS)))
    named |= imported(PACKAGE / "audit" / "laws.py")  # tests/audit/test_planted.py has a bug for each law there
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE)
        own = TESTS / module.parent / f"test_{module.name}"
        name = ".".join(("hptsim", *module.with_suffix("").parts)).removesuffix(".__init__")
        if (
            path.parent != CONTRACT_TESTS
            and not {path, own} & files
            and name not in named
            and module.stem not in RUN_AS_A_PROGRAM | TYPES_ONLY
        ):
            yield name


def test_every_module_has_a_quick_test(request):
    if request.config.args_source is not pytest.Config.ArgsSource.TESTPATHS or request.config.option.keyword:
        pytest.skip("a part of the suite is run")
    assert list(untested(request.session.items)) == []


def test_a_module_without_one_is_noticed(request):
    """This file alone looks at none."""
    alone = [item for item in request.session.items if item.path == Path(__file__)]
    assert {"hptsim.world.world", "hptsim.planning.metrics", "hptsim.audit.reader"} <= {*untested(alone)}


def test_the_long_ones_are_all_in_ci():
    commands = (TESTS.parent / ".ci" / "run").read_text(encoding="utf-8")
    assert 'pytest -q -m "" -o hptsim_sometimes=all' in commands
