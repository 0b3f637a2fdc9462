"""Whatever stands in a scenario file, it is an equal scenario for the file and the constructor, or a mistake with its key."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hptsim import Scenario, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.definitions import CompletionCriteria, ResourceLimits, TrainingJobDefinition
from hptsim.model.ranges import ParameterRange
from hptsim.model.request_writer import to_request

DEFINITION = TrainingJobDefinition(static={"epochs": "3"}, checkpoint_uri="s3://bucket/c", spot=True, max_wait_s=90_000)
SPEC = TuningJobSpec(
    "a",
    [DEFINITION],
    ResourceLimits(3, 2, 600),
    ranges=[
        ParameterRange("depth", "Integer", 2, 9, scaling="Logarithmic"),
        ParameterRange("rate", "Continuous", 0.1, 0.5, scaling="ReverseLogarithmic"),
        ParameterRange("kind", "Categorical", values=["x", "y"]),
    ],
    criteria=CompletionCriteria(0.1, 5, True),
)
DATA = {
    "name": "hostile",
    "capacity": {"ml.m5.xlarge": 4},
    "total_instances": 6,
    "until_s": 9000,
    "epoch": "2024-01-01T00:00:00Z",
    "limits": {"parallel": 20},
    "timings": {
        "preset": "typical",
        "training_s": {"table": {"hyperparameter": "kind", "values_s": {"x": 9, "y": {"exponential": {"mean_s": 9}}}}},
        "starting_s": {"lognormal": {"mean_s": 60, "cv": 0.5}},
        "uploading_s": {"empirical": {"values_s": [1, 2]}},
        "downloading_s": {"scipy": {"name": "gamma", "args": [2.0], "kwds": {"scale": 3.0}}},
    },
    "faults": {"internal_error": 0.1, "shortage_by_type": {"ml.m5.xlarge": 0.2}, "shortage_limit": 3},
    "script": {"on_sigterm": "save", "save_s": 5, "epochs": 4, "curve": {"tabulated": {"runs": [[{}, [0.5, 0.4]]]}}},
    "assumptions": {"admission": "queue", "discipline": "backfill"},
    "prices_usd_per_hour": {"ml.m5.xlarge": 0.2},
    "prices": {"date": "2026-11", "region": "r", "source": "s", "on_demand_usd_per_hour": {"x": 1.0}},
    "max_entries": 100_000,
    "tuning_jobs": [
        {
            "request": to_request(SPEC),
            "at_s": 1,
            "stop_at_s": 90,
            "priority": 1,
            "faults": {"algorithm_error": 0.1},
            "recorded": [{"training_s": 3.0}],
        }
    ],
    "arrivals": [
        {
            "request": [{**to_request(SPEC), "HyperParameterTuningJobName": "b"}],
            "interarrival_s": {"profile": {"per_hour": [1] * 24}},
            "count": 3,
            "until_s": 50_000,
            "batch": 2,
            "batch_gap_s": {"uniform": {"low_s": 1, "high_s": 2}},
            "weights": [1.0],
        }
    ],
}
NAN, INFINITY = float("nan"), float("inf")
HOSTILE = [
    None, True, False, 0, -1, 1, 2, 10**9, 2**63, 10**400, 0.5, 1e-300, 1e300, -0.0, NAN, INFINITY, -INFINITY,
    "", "x", "3", "inf", "nan", "none", "²", "9" * 5000, "\ud800", "[/x]", "\x1b[2J", "a\0b", "..", "../x.json", "/dev/zero",
    "gamma", "Logarithmic", "2024-13-01T00:00:00Z", [], [[]], [None], [NAN], ["x"], [1] * 24, {}, {"": 1}, {"x": None},
    {"\ud800": 1}, {"exponential": {"mean_s": INFINITY}}, {"scipy": {"name": "norm"}}, {"scipy": {"name": "gamma", "args": "x"}},
]  # fmt: skip


def places(data, path=()):
    """The path of every value in nested data."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


PLACES = list(places(DATA))


def changed(path, value, rename):
    """`DATA` with another value, or another key, at *path*."""
    data = copy.deepcopy(DATA)
    *above, last = path
    inner = data
    for key in above:
        inner = inner[key]
    if rename and isinstance(inner, dict):
        inner[rename] = inner.pop(last)
    else:
        inner[last] = value
    return data


def outcome(build):
    """The scenario, or the message of the mistake."""
    try:
        scenario = build()
        scenario.drawn()
        return scenario
    except InvalidInput as error:
        return error.message


def test_the_file_is_valid():
    pytest.importorskip("scipy.stats")
    assert isinstance(outcome(lambda: Scenario.from_dict(DATA)), Scenario)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(PLACES),
    value=st.sampled_from(HOSTILE),
    rename=st.sampled_from(["", "", "", "x", "\ud800", "at_s", "Name", "9" * 300]),
)
def test_a_hostile_value_is_a_scenario_or_a_mistake_with_its_key(tmp_path, path, value, rename):
    pytest.importorskip("scipy.stats")
    data = changed(path, value, rename if len(path) > 1 else "")  # an unknown keyword is a TypeError, as everywhere
    file = tmp_path / "x.json"
    file.write_text(json.dumps(data))
    loaded, made = outcome(lambda: Scenario.load(file)), outcome(lambda: Scenario(**data))
    assert isinstance(loaded, Scenario) == isinstance(made, Scenario), (loaded, made)
    if isinstance(made, Scenario):
        written = made.to_dict()
        assert loaded.to_dict() == written  # frozen distributions of scipy equal nothing but themselves
        assert Scenario.from_dict(json.loads(json.dumps(written))).to_dict() == written
    else:
        keys = {str(key) for key in path if isinstance(key, str)} | {
            "tuning job '",
            "max_entries",
            rename.encode(errors="replace").decode(),
        }
        assert any(key and key.split("_s")[0] in loaded for key in keys), (path, loaded)
