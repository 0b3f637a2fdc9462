"""Imports point down; no wall clock and no global randomness below the adapters; files stay small."""

import ast
from pathlib import Path

import pytest

ORDER = (
    "hypertext errors extras collector ranges model search halving assumptions durations configured curves cloud lifecycle "
    "ledger jobs warm_pools effects moves admission world journal laws "
    "books audit_search audit_pools audit_quota audit_training audit_tuning auditor bayesian "
    "uniforms base_nature enumerated nature autotune request prices "
    "workload plain scenario clock job_views simulation explore records descriptions traces steady usage meter "
    "metrics checkpoint executors results planning rows views live report progress replay player diagram docs "
    "shapes paging history describe combinations service "
    "events logs s3 wire boto testing pytest_plugin server cli __main__"
).split()
FOLDER = Path(__file__).parent.parent / "hptsim"
LATE = {
    ("effects", "world"),
    ("warm_pools", "world"),
    ("moves", "world"),
    ("admission", "world"),
    ("model", "request"),
    ("journal", "request"),
    ("simulation", "metrics"),
    ("simulation", "player"),
    ("explore", "scenario"),
}
"""Imports inside functions that point up, each for a reason given there."""
DATES = ("service", "events", "s3", "workload", "records")
"""They read and write dates that they are given, and no clock."""


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("name", ORDER)
def test_imports_point_down(name):
    below = ORDER[: ORDER.index(name)]
    for module in imported(FOLDER / f"{name}.py"):
        room = module.removeprefix("hptsim.")
        if module.startswith("hptsim.") and (name, room) not in LATE:
            assert room in below, f"{name} imports {room}"
        if module == "simpy":
            assert name in ("clock", "simulation")
        if module.partition(".")[0] == "transitions":
            assert name in ("lifecycle", "diagram")
        if name not in ("cli", "boto", "server"):
            assert module.partition(".")[0] not in ("time", "random", "secrets", "uuid")
        if name not in ("cli", "boto", *DATES):
            assert module != "datetime"


def test_every_file_has_its_room():
    assert {path.stem for path in FOLDER.glob("*.py")} == {*ORDER, "__init__"}
