"""One validation: what a file has for a key the constructor takes, and what one refuses so does the other."""

import json
import os
from pathlib import Path

import pytest
from extras import CLI

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.errors import InvalidInput
from hptsim.model.definitions import ServiceLimits
from hptsim.model.request_writer import to_request
from hptsim.scenario import (
    Arrivals,
    Decay,
    Empirical,
    Exponential,
    Faults,
    Linear,
    LogNormal,
    Prices,
    Profile,
    Recorded,
    ScheduledTuningJob,
    Script,
    Table,
    Tabulated,
    Times,
    Timings,
    reading,
)

REQUEST = to_request(TuningJobSpec("a"))


def test_no_limits_are_no_limits():
    for given in ("none", ServiceLimits(None, None, None)):
        assert Simulation(Scenario(limits=given)).scenario.limits == ServiceLimits(None, None, None)
    assert Scenario(limits="service") == Scenario() and Scenario(limits={"parallel": 20}).limits.parallel == 20


@pytest.mark.parametrize(
    ("key", "data", "value"),
    [
        ("limits", {"parallel": 20}, ServiceLimits(None, 20, None)),
        ("timings", "instant", Timings.instant()),
        ("timings", "typical", Timings.typical()),
        ("timings", {"preset": "typical"}, Timings.typical()),
        ("timings", {"starting_s": {"exponential": {"mean_s": 60}}}, Timings(starting_s=Exponential(60))),
        (
            "timings",
            {"training_s": {"linear": {"hyperparameter": "epochs", "each_s": {"lognormal": {"mean_s": 60, "cv": 1}}}}},
            Timings(training_s=Linear("epochs", LogNormal(60, 1))),
        ),
        (
            "faults",
            {"internal_error": 0.5, "shortage_by_type": {"x": 1}},
            Faults(internal_error=0.5, shortage_by_type={"x": 1}),
        ),
        ("script", {"curve": {"decay": {"limit": 0.1}}, "epoch_s": 3}, Script(curve=Decay(limit=0.1), epoch_s=3)),
        ("assumptions", {"admission": "queue"}, None),
        ("tuning_jobs", [{"request": REQUEST, "at_s": 3, "recorded": [{"training_s": 3}], "faults": {}}], None),
        ("arrivals", [{"request": REQUEST, "interarrival_s": {"profile": {"per_hour": [1] * 24}}, "count": 3}], None),
        ("prices_usd_per_hour", {"ml.m5.xlarge": 0.5}, {"ml.m5.xlarge": 0.5}),
        ("max_entries", 3, 3),
    ],
)
def test_a_constructor_takes_what_a_file_has(tmp_path, key, data, value):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({key: data}))
    assert Scenario.load(path) == Scenario(**{key: data})
    assert value is None or getattr(Scenario(**{key: data}), key) == value


def test_parts_take_tables_too():
    assert Timings(starting_s={"empirical": {"values_s": [3, 1]}}).starting_s == Empirical((1, 3))
    assert Arrivals(REQUEST, {"times": {"times_s": [3, 1]}}).interarrival_s == Times([1, 3])
    job = ScheduledTuningJob(REQUEST, faults={"internal_error": 1}, recorded=[{"training_s": 3}])
    assert (job.spec.name, job.faults, job.recorded) == ("a", Faults(internal_error=1), (Recorded(3),))


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Scenario(name=3), "name: got 3"),
        (lambda: Scenario(name="\ud800"), "name: got '.ud800'"),
        (lambda: Scenario(name="\x1b[2J"), "name: got .* without control characters"),
        (lambda: Scenario(limits="nnoe"), "limits: got 'nnoe'.*did you mean 'none'"),
        (lambda: Scenario(limits=3), "limits: got 3, expected a table"),
        (lambda: Scenario(timings=3), "timings: got 3, expected a table"),
        (lambda: Scenario(timings="instnat"), "timings: got 'instnat', expected .*did you mean 'instant'"),
        (lambda: Scenario(timings={"starting": 3}), "timings.starting: .*did you mean 'starting_s'"),
        (lambda: Scenario(faults={"internal_error": NAN}), "faults.internal_error: got nan"),
        (lambda: Scenario(script={"epochs": 0}), "script.epochs: got 0"),
        (lambda: Scenario(assumptions=None), "assumptions: got None"),
        (lambda: Scenario(tuning_jobs=3), "tuning_jobs: got 3, expected a list"),
        (lambda: Scenario(tuning_jobs=[TuningJobSpec("a")]), r"tuning_jobs\[0\]: got TuningJobSpec"),
        (lambda: Scenario(arrivals=ScheduledTuningJob(TuningJobSpec("a"))), "arrivals: got .*expected a list"),
        (lambda: Scenario(prices=3), "prices: got 3"),
        (lambda: Scenario(capacity={3: 1}), "capacity: got 3, .*strings as keys"),
        (lambda: Scenario(capacity={"x": INFINITY}), "capacity.x: got inf"),
        (lambda: Scenario(capacity={"x": 10**30}), "capacity.x: got 1000"),
        (lambda: Scenario(until_s=INFINITY), "until_s: got inf"),
        (lambda: Scenario(prices_usd_per_hour={"x": NAN}), "prices_usd_per_hour.x: got nan"),
        (lambda: ScheduledTuningJob(TuningJobSpec("a"), INFINITY), "at_s: got inf"),
        (lambda: ScheduledTuningJob(TuningJobSpec("a"), None), "at_s: got None"),
        (lambda: ScheduledTuningJob("a"), "request: got 'a', expected a structure"),
        (lambda: ScheduledTuningJob(TuningJobSpec("a"), recorded=[3]), r"recorded\[0\]: got 3"),
        (lambda: Recorded(training_s=NAN), "training_s: got nan"),
        (lambda: Timings(starting_s=NAN), "starting_s: got nan"),
        (lambda: Timings(starting_s=INFINITY), "starting_s: got inf"),
        (lambda: Timings(starting_s="60"), "starting_s: got '60'"),
        (lambda: Timings(starting_s={3: 4}), "starting_s: got {3: 4}"),
        (lambda: Exponential(INFINITY), "mean_s: got inf"),
        (lambda: Empirical((1, NAN, 0)), "values_s: got "),
        (lambda: Empirical(("x", 1)), "values_s: got "),
        (lambda: Empirical(3), "values_s: got 3"),
        (lambda: Timings(starting_s=LogNormal(1e308, 1e300)), "starting_s: got LogNormal.*it raised OverflowError"),
        (lambda: Linear("epochs", 1, INFINITY), "fixed_s: got inf"),
        (lambda: Linear(3, 1), "hyperparameter: got 3"),
        (lambda: Table("depth", {"4": INFINITY}), "values_s.4: got inf"),
        (lambda: Profile(3), "per_hour: got 3"),
        (lambda: Profile([NAN] * 24), "per_hour: got "),
        (lambda: Times(["x"]), "times_s: got "),
        (lambda: Arrivals(TuningJobSpec("a"), 60, 3, weights=[INFINITY]), "weights: got "),
        (lambda: Arrivals(TuningJobSpec("a"), 60, 3, weights="x"), "weights: got 'x'"),
        (lambda: Arrivals(TuningJobSpec("a"), None, 3), "interarrival_s: got None"),
        (lambda: Decay(start=INFINITY), "start: got inf"),
        (lambda: Tabulated(3), "runs: got 3"),
        (lambda: Tabulated([({"depth": 3}, [1])]), "runs: got "),
        (lambda: Tabulated([({"depth": "3"}, [NAN])]), "runs: got "),
        (lambda: Script(curve=3), "curve: got 3"),
        (lambda: Script(log_epochs="yes"), "log_epochs: got 'yes'"),
        (lambda: Prices("", "r", "s", {}), "date: got ''"),
        (lambda: Simulation().run(until=NAN), "until: got nan"),
        (lambda: Simulation().run(until=INFINITY), "until: got inf"),
    ],
)
def test_constructors_refuse_what_files_refuse(build, message):
    with pytest.raises(InvalidInput, match=message):
        build()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("until_s = inf\n", "x.toml:1: until_s: got inf, expected a finite number"),
        ("[timings]\ntraining_s = nan\n", "x.toml:2: timings.training_s: got nan, expected a finite number"),
        ("[capacity]\nx = 1e400\n", "x.toml:2: capacity.x: got inf"),
    ],
)
def test_toml_has_numbers_that_no_scenario_has(tmp_path, text, message):
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message):
        Scenario.load(path)


@pytest.mark.parametrize(
    "text", ['{"until_s": Infinity}', '{"until_s": NaN}', '{"until_s": 1e999}', '{"name": "\\ud800"}']
)
def test_json_has_them_too(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"x.json:1: (until_s|name): got "):
        Scenario.load(path)
    assert main(["run", str(path)]) == 2


def test_nesting_without_end_is_refused(tmp_path):
    for name, text in (("x.json", '{"a":' * 100_000), ("x.toml", "a = " + "[" * 100_000), ("y.json", "[" * 100_000)):
        (tmp_path / name).write_text(text)
        with pytest.raises(InvalidInput, match=r"\d: nested too deeply"):
            Scenario.load(tmp_path / name)


frozen = pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("norm", {"loc": 10, "scale": 3}),
        ("gamma", {"a": -1}),
        ("expon", {"scale": float("nan")}),
        ("uniform", {"loc": -1, "scale": 3}),
        ("pareto", {"b": 1e-9}),
        ("gamma", {"a": [1, 2]}),
        ("gamma", {"a": "x"}),
    ],
)


@frozen
def test_frozen_distributions_that_give_no_times_are_refused(name, arguments):
    stats = pytest.importorskip("scipy.stats")
    with pytest.raises(InvalidInput, match=r"timings.starting_s.scipy"):
        Scenario(timings={"starting_s": {"scipy": {"name": name, "kwds": arguments}}})
    try:
        given = getattr(stats, name)(**arguments)
    except TypeError:  # scipy itself refuses it
        return
    with pytest.raises(InvalidInput, match=r"starting_s: got .*a distribution of them"):
        Timings(starting_s=given)


# ---------------------------------------------------------------------- files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "outside.json").write_text(json.dumps(REQUEST))
    (tmp_path / "inside" / "deeper").mkdir(parents=True)
    (tmp_path / "inside" / "deeper" / "request.json").write_text(json.dumps(REQUEST))
    return tmp_path / "inside"


def loaded(folder, request):
    path = folder / "x.json"
    path.write_text(json.dumps({"tuning_jobs": [{"request": request}]}))
    return Scenario.load(path)


def test_a_request_in_the_folder_is_read(folder):
    assert loaded(folder, "deeper/request.json").tuning_jobs[0].spec.name == "a"
    (folder / "link.json").symlink_to(folder / "deeper" / "request.json")
    assert loaded(folder, "link.json").tuning_jobs[0].spec.name == "a"


def test_a_request_outside_the_folder_is_not(folder):
    (folder / "link.json").symlink_to(folder.parent / "outside.json")
    (folder / "circle.json").symlink_to(folder / "circle.json")
    outside = ["../outside.json", "deeper/../../outside.json", str(folder.parent / "outside.json"), "link.json"]
    for given in [*outside, "/dev/zero", "a\0b", "circle.json"]:
        with pytest.raises(
            InvalidInput, match=r"x.json:1: tuning_jobs\[0\].request: got .*(in the scenario's folder|JSON)"
        ):
            loaded(folder, given)
    with pytest.raises(InvalidInput, match=r"prices: got '../prices.toml'"):
        Scenario.from_dict({"prices": "../prices.toml"}, folder)


def test_devices_pipes_and_folders_are_not_opened(folder):
    pipe = folder / "pipe.json"
    os.mkfifo(pipe)
    for path in (Path("/dev/zero"), pipe, folder):
        with pytest.raises(InvalidInput, match=r"a folder, device or pipe.*a readable scenario file"):
            Scenario.load(path)
    with pytest.raises(InvalidInput, match=r"request: got .*pipe.json.*a folder, device or pipe"):
        loaded(folder, "pipe.json")
    assert main(["run", str(pipe)]) == 2


def test_a_file_that_is_too_large_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    (folder / "large.json").write_text(" " * 101)
    with pytest.raises(InvalidInput, match="got '101 bytes', expected a readable scenario file of at most 100 bytes"):
        Scenario.load(folder / "large.json")


@CLI
@pytest.mark.parametrize("name", ["[/x]", "[bold]", ":smile:", "[link=x]y"])
def test_markup_in_a_name_is_shown_as_it_is(tmp_path, capsys, name):
    path = tmp_path / "x.json"
    path.write_text(
        json.dumps({"name": name, "timings": "instant", "tuning_jobs": [{"request": REQUEST, "stop_at_s": 3}]})
    )
    assert main(["run", str(path)]) == 0
    assert name in capsys.readouterr().out
    assert main(["plan", str(path), "--replications", "2"]) == 0
    assert name in capsys.readouterr().out


def test_a_file_that_is_not_there_is_named_once(tmp_path):
    with pytest.raises(InvalidInput) as caught:
        reading.read_text(tmp_path / "nofile.toml", "a readable scenario file")
    assert str(caught.value).count("nofile.toml") == 1 and "No such file" in str(caught.value)
