"""What is read of an answer is noted, whatever way it is read, and nothing else is."""

import copy
import json
import pickle

import pytest

from hptsim.service.call import Response
from hptsim.testing.program_reading import agree, normal, noted

ANSWER = {"Status": "Stopped", "Counters": {"Stopped": 2, "Failed": 0}, "Jobs": [{"Name": "a"}, {"Name": "b"}]}


@pytest.mark.parametrize(
    ("read", "reads"),
    [
        (lambda told: told["Status"], {(("Status",), False)}),
        (lambda told: told.get("Missing"), {(("Missing",), False)}),
        (lambda told: "Missing" in told, {(("Missing",), False)}),
        (lambda told: told["Counters"]["Failed"], {(("Counters",), False), (("Counters", "Failed"), False)}),
        (lambda told: len(told["Jobs"]), {(("Jobs",), False)}),
        (
            lambda told: [job["Name"] for job in told["Jobs"][:1]],
            {(("Jobs",), False), (("Jobs",), True)},
        ),
        (
            lambda told: told["Jobs"][-1]["Name"],
            {(("Jobs",), False), (("Jobs", 1), False), (("Jobs", 1, "Name"), False)},
        ),
    ],
)
def test_what_is_read_is_noted_and_nothing_else(read, reads):
    found = set()
    assert read(noted(copy.deepcopy(ANSWER), found)) == read(copy.deepcopy(ANSWER))
    assert found == reads


@pytest.mark.parametrize(
    "read",
    [
        dict,
        list,
        str,
        len,
        lambda told: told == ANSWER,
        lambda told: {**told},
        lambda told: told | {},
        lambda told: list(told.items()),
        lambda told: told.setdefault("Status"),
        lambda told: told.pop("Status"),
    ],
)
def test_these_read_everything(read):
    found = set()
    assert read(noted(copy.deepcopy(ANSWER), found)) == read(copy.deepcopy(ANSWER))
    assert ((), True) in found


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        copy.copy,
        lambda told: json.loads(json.dumps(told)),
        lambda told: pickle.loads(pickle.dumps(told)),
    ],
)
def test_a_copy_is_ordinary_and_reads_everything(copied):
    found = set()
    twin = copied(noted(copy.deepcopy(ANSWER), found))
    assert twin == ANSWER and type(twin) is dict and ((), True) in found


def test_what_changes_an_answer_reads_all_of_it_and_changes_it():
    found = set()
    told = noted(copy.deepcopy(ANSWER), found)
    told["Jobs"].append({"Name": "c"})
    told["Mine"] = 1
    assert [job["Name"] for job in told["Jobs"]] == ["a", "b", "c"] and told["Mine"] == 1
    assert {(("Jobs",), True), ((), True)} <= found


def answer(status=200, **body):
    return Response(status, {}, json.dumps(body).encode())


def test_times_tell_no_answers_apart_and_refusals_are_read_as_a_whole():
    assert normal(answer(CreationTime=1.0)) == normal(answer(CreationTime=2.0)) != normal(answer())
    everything = {((), True)}
    assert agree(answer(CreationTime=1.0), answer(CreationTime=2.0), everything)
    assert not agree(answer(Jobs=[1]), answer(Jobs=[1, 2]), {(("Jobs",), False)})
    assert agree(answer(Jobs=[1]), answer(Jobs=[2]), {(("Jobs",), False)})
    assert not agree(answer(400, message="a"), answer(400, message="b"), set())
    assert not agree(None, answer(), set()) and agree(None, None, set())
