"""The JSON Schema of scenario files says what reading them says: of every key, and of what each may be."""

import copy
import json
import re
from pathlib import Path

import pytest
from golden import evidence

from hptsim.errors import InvalidInput
from hptsim.model.assumptions import DISCIPLINES
from hptsim.scenario.json_schema import schema
from hptsim.scenario.reading import names, parse
from hptsim.scenario.scenario import Scenario

jsonschema = pytest.importorskip("jsonschema", reason="needs the extra test")
SCHEMA = schema()
PAGE = Path(__file__).parent.parent.parent / "docs" / "scenario.md"
EXAMPLE = parse(re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.S)[1], toml=True)
EXAMPLE["arrivals"][0]["request"] = [EXAMPLE["tuning_jobs"][0]["request"]]  # those of the page are files
EXAMPLE["arrivals"][0].pop("weights")


def errors(data):
    return [error.json_path for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(data)]


def is_read(data):
    try:
        Scenario.from_dict(data)
    except InvalidInput:
        return False
    return True


def test_it_is_a_schema_and_has_every_key():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == {*names(Scenario), "$schema"}


def test_the_complete_example_passes():
    assert errors(EXAMPLE) == []
    assert is_read(EXAMPLE | {"arrivals": []})


@pytest.mark.parametrize("number", range(0, 60))
def test_what_hptsim_writes_passes(number):
    assert errors(json.loads(json.dumps(evidence.scenario(number).to_dict()))) == []


def keys(data, path=()):
    """Every key of the tables of a scenario, but those of requests and of tables by name."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        if key != "request":
            yield (*path, key)
            yield from keys(value, (*path, key))


def at(data, path):
    for key in path:
        data = data[key]
    return data


BY_NAME = set("capacity warm_pool_capacity metrics shares quota lend borrow values_s shortage_by_type kwds".split())
BY_NAME |= {name for name in names(Scenario) if name.endswith("_usd_per_hour")}
BY_NAME |= {"on_demand_usd_per_hour", "spot_usd_per_hour"}
MISSPELT = [path for path in keys(EXAMPLE) if isinstance(path[-1], str) and not (len(path) > 1 and path[-2] in BY_NAME)]


@pytest.mark.parametrize("path", MISSPELT, ids=lambda path: ".".join(map(str, path)))
def test_a_misspelt_key_is_refused_by_both(path):
    data = copy.deepcopy(EXAMPLE)
    table = at(data, path[:-1])
    table[f"{path[-1]}x"] = table.pop(path[-1])
    assert not is_read(data) and errors(data)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("capacity", "ml.m5.xlarge"), -1),
        (("capacity", "ml.m5.xlarge"), "two"),
        (("assumptions", "discipline"), "first-come"),
        (("limits",), "all"),
        (("timings", "preset"), "old"),
        (("timings", "uploading_s"), {"normal": {"mean_s": 3}}),
        (("timings", "uploading_s"), -3),
        (("faults", "algorithm_error"), 1.5),
        (("script", "epochs"), 0),
        (("script", "log_epochs"), "no"),
        (("answers", 0, "operation"), "StopEverything"),
        (("answers", 0, "answer"), "nothing"),
        (("request_rates",), "fast"),
        (("tuning_jobs", 0, "at_s"), "soon"),
        (("teams", "shares", "vision", "weight"), 0),
        (("prices", "spot_ratio"), -0.1),
    ],
)
def test_a_wrong_value_is_refused_by_both(path, wrong):
    data = copy.deepcopy(EXAMPLE)
    at(data, path[:-1])[path[-1]] = wrong
    assert not is_read(data) and errors(data)


def test_it_says_what_the_code_says():
    assumptions = SCHEMA["properties"]["assumptions"]["properties"]
    assert assumptions["discipline"]["enum"] == list(DISCIPLINES) and assumptions["discipline"]["default"] == "fifo"
    timings = SCHEMA["properties"]["timings"]["anyOf"][1]["properties"]
    assert timings["uploading_s"] == {"$ref": "#/$defs/duration", "default": 0.0}
    assert timings["finish_s"]["description"].startswith("From the last training job's end")


def test_no_key_may_be_anything_but_those_that_only_reading_knows():
    def open_keys(part):
        if isinstance(part, dict):
            for key, one in part.get("properties", {}).items():
                if isinstance(one, dict) and not set(one) - {"description", "default"}:
                    yield key
            for one in part.values():
                yield from open_keys(one)
        elif isinstance(part, list):
            for one in part:
                yield from open_keys(one)

    assert set(open_keys(SCHEMA)) == {"runs"}  # the values of a tabulated curve
