"""The checkpoint: keys that mean the same in every process, and a file that loses at most the line that a crash has cut."""

import json
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum

import attrs
import numpy as np
import pytest
from scipy import stats

from hptsim import Scenario
from hptsim.errors import InvalidInput
from hptsim.planning.replication_cache import Checkpoint, digest
from hptsim.scenario.cloud import Script, Timings
from hptsim.scenario.durations import LogNormal


class Color(Enum):
    RED = 1


@dataclass
class Point:
    x: float


def halve(configuration, epoch):
    return 0.5**epoch


VALUES = [
    None,
    True,
    1,
    2.5,
    "text",
    b"bytes",
    (1, 2),
    {"b": 1, "a": 2},
    {3, 4},
    Color.RED,
    Point(1.0),
    halve,
    len,
    LogNormal,
    LogNormal(100, 0.5),
    stats.gamma(2.0, scale=3.0),
    stats.gamma(2.0, scale=4.0),
    np.arange(3),
    np.float64(2.5),
    Scenario(timings=Timings(training_s=stats.expon(scale=100))),
    Scenario(timings=Timings(training_s=stats.expon(scale=101))),
    Scenario(script=Script(curve=halve)),
]


@pytest.mark.long
def test_different_values_have_different_keys():
    assert len({digest(value) for value in VALUES}) == len(VALUES)


@pytest.mark.long
def test_equal_values_have_the_same_key_in_another_process():
    """Whatever the memory addresses and the order of sets: their hash is seeded anew in each process."""
    code = "from planning import test_replication_cache as t; print(*[t.digest(value) for value in t.VALUES])"
    folder = __file__.rpartition("/")[0]
    environment = {"PYTHONPATH": f"{folder}/..:{folder}/../..", "PYTHONHASHSEED": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.split() == [digest(value) for value in VALUES], done.stderr


def test_the_order_of_a_table_does_not_matter_and_that_of_a_list_does():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest([1, 2]) != digest([2, 1])


@attrs.frozen
class Remembering:
    x: float
    memory: object = attrs.field(default=None, eq=False)


def test_what_does_not_count_for_equality_does_not_count_for_the_key():
    assert digest(Remembering(1.0, object())) == digest(Remembering(1.0))


class Plain:
    """An object whose value cannot be read off."""


@pytest.mark.parametrize("value", [lambda epoch: epoch, Plain(), Plain().__init__, object()], ids=str)
def test_what_has_only_a_memory_address_is_refused(value):
    with pytest.raises(InvalidInput, match="expected something that can be recognized in the next process; write an"):
        digest({"curve": value})


def test_the_error_says_where_the_unreadable_value_stands():
    with pytest.raises(InvalidInput, match=r"checkpoint: argument 0\.script\.curve: got <function"):
        digest(Scenario(script=Script(curve=lambda configuration, epoch: 0.0)))


def test_another_version_of_hptsim_does_not_match(monkeypatch):
    before = digest(1)
    monkeypatch.setattr("hptsim.__version__", "another")
    assert digest(1) != before


def test_what_is_kept_is_known_next_time_and_a_cut_line_does_no_harm(tmp_path):
    path = tmp_path / "kept.jsonl"
    with Checkpoint(path) as kept:
        kept.keep("a", {"x": 1.0, "y": float("nan")})
    with path.open("a") as file:
        file.write('{"key": "cut", "figu')
    with Checkpoint(path) as kept:
        assert kept.known.keys() == {"a"} and kept.known["a"]["x"] == 1.0
        kept.keep("b", {"x": 2.0})
    with Checkpoint(path) as kept:
        assert kept.known.keys() == {"a", "b"}
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == ["a", "b"]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", '{"no": "key"}\n', "[1]\n", '{"key": 1}\n'])
def test_a_foreign_file_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"table\.csv:1: got .*, expected a replication that hptsim has kept"):
        Checkpoint(path)
    assert path.read_text() == text


def test_without_a_path_nothing_is_kept_and_anything_goes():
    with Checkpoint(None) as kept:
        kept.keep(kept.key(lambda: 0), {"x": 1.0})
        assert kept.known == {}
