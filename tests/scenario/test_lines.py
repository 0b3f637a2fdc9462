"""The line of the key that an error is about: in TOML and JSON, where a key occurs in several tables, and where it is missing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptsim import Scenario, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.request_writer import to_request
from hptsim.scenario.lines import line_of, places

TEXT = '''name = "x"                 # prices.gpu = 1
[capacity]
"ml.m5.xlarge" = 4
gpu = 3

[[tuning_jobs]]
at_s = 1

[[tuning_jobs]]
at_s = 2
team = """
gpu = 1
[prices]
gpu = 2"""
[tuning_jobs.request.Config]
Limits = { Most = 2, Names = [
  "a", # one
  { Type = "b", Times = [07:32:00, 1.5] },
] }

[prices]
"ml.m5.xlarge" = 2
gpu = 3
[teams.shares]
a.quota.gpu = 1
b = { quota = { gpu = 2 } }
"c:d" = { quota = { gpu = 3 } }
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("name", 1),
        ("capacity", 2),
        ("capacity.ml.m5.xlarge", 3),
        ("capacity.gpu", 4),
        ("tuning_jobs[0].at_s", 7),
        ("tuning_jobs[1].at_s", 10),
        ("tuning_jobs[1].nothing", 9),
        ("tuning_jobs[1].request.Config.Limits.Names[0]", 17),
        ("tuning_jobs[1].Limits.Names[1].Type", 18),
        ("tuning_jobs[1].Limits.Names[1].Times[1]", 18),
        ("tuning_jobs[1].Limits.Names[1].Nothing", 18),
        ("tuning_jobs[1].Limits.Nothing", 16),
        ("tuning_jobs[0].Limits.Nothing", 6),
        ("prices", 21),
        ("prices.ml.m5.xlarge", 22),
        ("prices.gpu", 23),
        ("prices.cpu", 21),
        ("teams.shares.a.quota.gpu", 25),
        ("teams.shares.b.quota.gpu", 26),
        ("teams.shares.c:d.quota.gpu", 27),
        ("teams.quota", 25),
        ("nothing", 1),
        ("tuning job 'b': prices.gpu", 23),
    ],
)
def test_a_key_is_found_in_the_text(path, line):
    assert line_of(TEXT, f"{path}: got 3, expected 4", toml=True) == line


def test_in_json_each_key_is_found_too():
    data = {"a": {"x": 1, "y.z": [1, {"x": 2}, [3, 4]]}, "b": [{"x": {}}, {}, {"x": '{,"[:'}]}
    text = json.dumps(data, indent=1)
    lines = text.splitlines()
    found = dict(places(text, toml=False))
    assert found.keys() == {
        "a", "a.x", "a.y.z", "a.y.z[0]", "a.y.z[1]", "a.y.z[1].x", "a.y.z[2]", "a.y.z[2][0]", "a.y.z[2][1]",
        "b", "b[0]", "b[0].x", "b[1]", "b[2]", "b[2].x",
    }  # fmt: skip
    assert '"x": 2' in lines[found["a.y.z[1].x"] - 1] and '"x": "{' in lines[found["b[2].x"] - 1]
    assert lines[found["a.y.z[2][1]"] - 1].strip() == "4" and '"b"' in lines[found["b"] - 1]


REQUEST = {
    name: value for name, value in to_request(TuningJobSpec("a")).items() if name != "HyperParameterTuningJobName"
}
NAMES = st.text("ab é\"'#[]{}=:,\\\n", min_size=1, max_size=4)
VALUES = st.recursive(
    st.integers() | st.booleans() | st.text("a\"'#[]{}=:,\\\n", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


def paths(data, where=""):
    """All paths of data, as errors call them."""
    named = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in named:
        path = f"{where}[{name}]" if isinstance(data, list) else f"{where}.{name}" if where else name
        yield path
        yield from paths(value, path)


@given(data=st.dictionaries(NAMES, VALUES, max_size=4), indent=st.sampled_from([None, 1]), many=st.booleans())
def test_all_keys_of_any_file_are_found(data, indent, many):
    tomli_w = pytest.importorskip("tomli_w", reason="needs the extra 'cli'")
    assert {path for path, _ in places(json.dumps(data, indent=indent), toml=False)} == set(paths(data))
    text = tomli_w.dumps(data, multiline_strings=many)
    assert {path for path, _ in places(text, toml=True)} == set(paths(data))


@pytest.mark.parametrize(
    ("wrong", "table"),
    [
        ('"ml.m5.xlarge" = -2', "prices_usd_per_hour"),
        ('"ml.m5.xlarge" = -2', "spot_prices_usd_per_hour"),
        ('"ml.m5.xlarge" = -2', "warm_pool_capacity"),
        ('"ml.m5.xlarge" = -2', "teams.shares.a.quota"),
    ],
)
def test_the_line_named_is_that_of_the_table_with_the_mistake(wrong, table, tmp_path):
    """The same key stands in [capacity] before it, and is right there."""
    path = tmp_path / "x.toml"
    path.write_text(f'[capacity]\n"ml.m5.xlarge" = 4\n\n[{table}]\n{wrong}\n')
    with pytest.raises(InvalidInput, match=r"x\.toml:5: .*ml\.m5\.xlarge: got -2"):
        Scenario.load(path)
    path = tmp_path / "x.json"
    inner = {"ml.m5.xlarge": -2}
    for name in reversed(table.split(".")):
        inner = {name: inner}
    text = json.dumps({"capacity": {"ml.m5.xlarge": 4}, **inner}, indent=1)
    path.write_text(text)
    line = 1 + next(number for number, one in enumerate(text.splitlines()) if "-2" in one)
    with pytest.raises(InvalidInput, match=rf"x\.json:{line}: .*ml\.m5\.xlarge: got -2"):
        Scenario.load(path)


@pytest.mark.parametrize("part", ["tuning_jobs", "arrivals"])
def test_a_job_whose_team_has_no_share_is_named_with_its_line(part, tmp_path):
    names = [{"HyperParameterTuningJobName": name, **REQUEST} for name in ("good", "bad")]
    more = {"interarrival_s": 9, "count": 1} if part == "arrivals" else {}
    jobs = [{"request": one, "team": team, **more} for one, team in zip(names, ("vision", "visoin"), strict=True)]
    data = {"assumptions": {"discipline": "fair-share"}, "teams": {"shares": {"vision": {}}}, part: jobs}
    path = tmp_path / "x.json"
    path.write_text(text := json.dumps(data, indent=1))
    line = 1 + [number for number, one in enumerate(text.splitlines()) if one == "  {"][1]
    with pytest.raises(InvalidInput, match=rf"x\.json:{line}: {part}\[1\]: tuning job bad: the team is 'visoin'"):
        Scenario.load(path)
