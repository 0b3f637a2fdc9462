"""`hptsim plan`: tables, sentences, files and a page; what it refuses, and how it ends when somebody is impatient."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import attrs
import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.cli.app import main
from hptsim.model.definitions import ServiceLimits
from hptsim.planning.experiments import sweep
from hptsim.planning.precise import until_precise
from hptsim.planning.results import Results
from hptsim.planning.smallest_value import smallest
from hptsim.scenario.cloud import Timings
from hptsim.scenario.durations import Exponential
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob

QUOTA = "capacity.ml.m5.xlarge"
SCENARIO = Scenario(
    name="two <teams>",
    capacity={"ml.m5.xlarge": 2},
    timings=Timings(training_s=Exponential(100.0)),
    limits=ServiceLimits(None, None, None),
    arrivals=[Arrivals(TuningJobSpec("c"), Exponential(80.0), 60)],
)
TARGET = "waiting_time_s.p95 <= 60"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "teams.json"
    SCENARIO.dump(path)
    return str(path)


def test_a_sweep_is_a_table_and_a_sentence_for_each_design(file, capsys):
    assert main(["plan", file, "--over", f"{QUOTA}=2,4", "--replications", "4", "--seed", "3"]) == 0
    captured = capsys.readouterr()
    results = sweep(SCENARIO, {QUOTA: [2, 4]}, 4, 3)
    assert results.sentence() in captured.out
    assert captured.err == "hptsim: prices are of 2023-06 (us-east-1), more than a year old: see docs/prices.md\n"
    for value in (2, 4):
        row = results.at({QUOTA: value}).summary("cost_usd").iloc[0]
        cell = f"{row['mean']:.4g} ({row['low']:.3g} to {row['high']:.3g})"
        assert re.search(rf"^ *{value} .*{re.escape(cell)}", captured.out, re.MULTILINE), cell
    assert "4 replications, mean (and the 95% interval)" in captured.out


@pytest.mark.long
def test_a_precision_is_reached_with_less_variance_and_says_so(file, capsys, tmp_path):
    command = ["plan", file, "--precision", "0.3", "--figure", "waiting_time_s.p95"]
    assert main([*command, "--json", "--parquet", str(tmp_path / "kept.parquet")]) == 0
    data = json.loads(capsys.readouterr().out)
    with ThreadPoolExecutor(1) as one:
        found = until_precise(SCENARIO, "waiting_time_s.p95", 0.3, variance_reduction="auto", executor=one)
    assert data["sentence"] == found.sentence("waiting_time_s.p95") and "times fewer" in data["sentence"]
    assert data["variance_reduction"]["technique"] == "plain-queue"
    assert Results.from_parquet(tmp_path / "kept.parquet").reduction == found.reduction
    low, high = (data["points"][0]["figures"]["waiting_time_s.p95"][key] for key in ("low", "high"))
    assert (high - low) / 2 <= 0.3 * found.mean("waiting_time_s.p95")
    assert main([*command, "--variance-reduction", "controls"]) == 0
    assert "arrivals and training times as controls" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--replications", "5"], "--replications: got 5, expected none with --precision"),
        (["--over", f"{QUOTA}=2,4"], "--over"),
        (["--target", TARGET], "--target"),
        (["--by", "template"], "--by: got ['template'], expected none with --precision"),
        (["--figure", "a", "--figure", "b"], "--figure: got"),
        (["--variance-reduction", "some"], "variance_reduction: got 'some'"),
        (["--precision", "5"], "--precision: got 5.0, expected a share of the mean above 0 and below 1"),
    ],
    ids=str,
)
def test_what_does_not_go_with_a_precision_is_refused(file, capsys, more, message):
    precision = [] if "--precision" in more else ["--precision", "0.1"]
    assert main(["plan", file, *precision, *more]) != 0
    assert message in capsys.readouterr().err


def test_a_precision_that_the_most_replications_do_not_reach_is_told(file, capsys, monkeypatch):
    """As if 12 replications were the most that there may be."""
    few = partial(until_precise, most=12, first=4)
    monkeypatch.setattr("hptsim.planning.until_precise", few)
    assert main(["plan", file, "--precision", "0.001", "--variance-reduction", "none"]) == 0
    assert "of the mean to each side, is not reached." in " ".join(capsys.readouterr().out.split())


def test_a_way_to_a_precision_without_one_is_refused(file, capsys):
    assert main(["plan", file, "--variance-reduction", "controls"]) != 0
    assert "--variance-reduction: got 'controls', expected --precision" in capsys.readouterr().err


def test_a_grid_a_range_and_other_figures(file, capsys):
    command = ["plan", file, "--over", f"{QUOTA}=2:3", "--over", "assumptions.reservation=reuse,upfront"]
    assert main([*command, "--replications", "2", "--figure", "time_in_system_s.p50"]) == 0
    out = capsys.readouterr().out
    assert re.findall(r"^ *([23]) +(reuse|upfront) .* to ", out, re.MULTILINE) == [
        ("2", "reuse"),
        ("2", "upfront"),
        ("3", "reuse"),
        ("3", "upfront"),
    ]
    assert "time_in_system_s" in out and "cost_usd" not in out


def test_a_single_design_shows_every_figure_that_somebody_has_shown(file, capsys):
    assert main(["plan", file, "--replications", "2", "--target", TARGET]) == 0
    out = capsys.readouterr().out
    assert "throughput_per_hour" in out and "stop_to_stopped_s" not in out
    assert re.search(r"waiting_time_s.p95 <= 60 is (missed|neither shown to be met nor to be missed) \(95% conf", out)


@pytest.mark.parametrize("more", [[], ["--over", f"{QUOTA}=1,8"]], ids=["one design", "a grid"])
def test_the_figures_that_are_asked_for_are_those_that_are_told(file, capsys, more):
    figures = ("cost_usd", "time_in_system_s.p50", "stop_to_stopped_s.mean")
    asked = [word for name in figures for word in ("--figure", name)]
    assert main(["plan", file, "--replications", "2", *more, *asked]) == 0
    out = capsys.readouterr().out
    assert "throughput_per_hour" not in out and "waiting_time_s" not in out.replace(" waiting_time_s means", "")
    designs = sweep(SCENARIO, {QUOTA: [1, 8]} if more else {}, 2)
    for name in figures:
        assert designs.sentence(name) in out
    if not more:
        assert [line.split()[0] for line in out.splitlines()[2:5]] == list(figures)


def test_a_target_is_shown_beside_the_figures_that_are_asked_for(file, capsys):
    assert (
        main(["plan", file, "--replications", "4", "--figure", "cost_usd", "--target", "throughput_per_hour >= 1e6"])
        == 0
    )
    shown = {line.split()[0]: line.split()[-1] for line in capsys.readouterr().out.splitlines()[2:4]}
    assert shown["throughput_per_hour"] == "missed" and shown.keys() == {"cost_usd", "throughput_per_hour"}


def test_designs_are_judged_by_the_target(file, capsys):
    assert main(["plan", file, "--over", f"{QUOTA}=1,8", "--replications", "4", "--target", TARGET]) == 0
    out = capsys.readouterr().out
    assert f"{TARGET} is missed with {QUOTA} = 1 (95% confidence)." in out
    assert f"{TARGET} is met with {QUOTA} = 8 in each of 4 replications: they show no spread" in out
    assert re.search(r"^ *1 .* missed *$", out, re.MULTILINE) and re.search(r"^ *8 .* met *$", out, re.MULTILINE)


@pytest.mark.long
def test_the_smallest_is_searched(file, capsys):
    command = ["plan", file, "--what", QUOTA, "--target", TARGET, "--replications", "8", "--confidence", "0.9"]
    assert main([*command, "--json"]) == 0
    found = smallest(SCENARIO, QUOTA, TARGET, replications=8, confidence=0.9)
    plain = json.loads(capsys.readouterr().out)
    assert (plain["what"], plain["smallest"], plain["sentence"]) == (QUOTA, found.value, found.sentence())
    tried = found.tried
    assert [one["point"][QUOTA] for one in plain["points"]] == list(tried[QUOTA])
    assert [one["target"] for one in plain["points"]] == list(tried["verdict"])
    assert main(command) == 0
    assert found.sentence() in capsys.readouterr().out


def test_a_threshold_is_a_figure_and_a_target(file, capsys):
    command = ["plan", file, "--replications", "3", "--over", f"{QUOTA}=1,8", "--figure", "waiting_time_s.above_30"]
    assert main([*command, "--target", "waiting_time_s.above_60 <= 0.05"]) == 0
    out = capsys.readouterr().out
    assert ".above_30" in out and f"waiting_time_s.above_60 <= 0.05 is missed with {QUOTA} = 1" in out


def test_a_recorded_history_is_one_until_it_is_resampled(tmp_path, capsys):
    recorded = [ScheduledTuningJob(TuningJobSpec(f"j{day}"), day * 86400.0) for day in range(4)]
    path = tmp_path / "recorded.json"
    timings = Timings(training_s=200.0)
    Scenario(tuning_jobs=recorded, timings=timings, capacity={"ml.m5.xlarge": 1}).dump(path)
    assert main(["plan", str(path), "--replications", "2", "--target", "cost_usd <= 9"]) == 0
    out = capsys.readouterr().out
    assert (
        "cost_usd <= 9 is met in each of 2 replications: all are the same in every figure" in out and " to " not in out
    )
    again = [*recorded, ScheduledTuningJob(TuningJobSpec("k"), 60.0)]
    queueing = {"admission": "queue"}  # otherwise those that meet on one day are refused, which misses any target
    Scenario(tuning_jobs=again, timings=timings, capacity={"ml.m5.xlarge": 1}, assumptions=queueing).dump(path)
    assert main(["plan", str(path), "--replications", "9", "--target", "cost_usd <= 9", "--resample", "days"]) == 0
    out = capsys.readouterr().out
    assert "cost_usd <= 9 is met (95% confidence)" in out and " to " in out
    assert main(["plan", str(path), "--resample", "dayz"]) == 2
    assert "did you mean 'days'" in capsys.readouterr().err


def test_json_has_every_figure_and_null_for_what_nobody_has_shown(file, capsys):
    assert main(["plan", file, "--replications", "3", "--json"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["prices"]["date"] == "2023-06"
    (point,) = found["points"]
    results = sweep(SCENARIO, {}, 3)
    assert point["figures"].keys() == set(results.columns)
    low, high = results.interval("cost_usd")
    assert point["figures"]["cost_usd"] == {
        "mean": results.mean("cost_usd"),
        "low": low,
        "high": high,
        "replications": 3,
    }
    assert point["figures"]["stop_to_stopped_s.mean"] == {"mean": None, "low": None, "high": None, "replications": 0}
    assert "NaN" not in captured.out and captured.err == ""


def test_parquet_holds_every_replication(file, tmp_path, capsys):
    path = tmp_path / "all.parquet"
    assert main(["plan", file, "--over", f"{QUOTA}=2,4", "--replications", "3", "--parquet", str(path)]) == 0
    saved = Results.from_parquet(path)
    assert saved.table.equals(sweep(SCENARIO, {QUOTA: [2, 4]}, 3).table) and saved.varied == (QUOTA,)


class Page(HTMLParser):
    """The tags of a page, what it would fetch, and its texts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.fetched, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.fetched += [
            value for name, value in attributes if name in ("src", "href", "xlink:href") and value[0] != "#"
        ]

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize(
    ("options", "pictures"),
    [
        pytest.param(["--over", f"{QUOTA}=2,4"], 7, id="sweep", marks=pytest.mark.long),
        pytest.param(["--what", QUOTA, "--target", TARGET], 8, id="search", marks=pytest.mark.long),
        pytest.param([], 3, id="single"),
    ],
)
def test_the_page_needs_nothing_else(file, tmp_path, options, pictures):
    path = tmp_path / "report.html"
    assert main(["plan", file, "--replications", "3", "--html", str(path), *options]) == 0
    text = path.read_text()
    page = Page(text)
    assert page.fetched == [] and "@import" not in text and "url(http" not in text
    assert page.tags.count("figure") == pictures and page.tags.count("table") == 1 + bool(options)
    assert page.texts.count("two <teams>") == 2, "the name is a text, no tag"
    assert "waiting_time_s.mean" in page.texts and any("3 replications" in one for one in page.texts)
    assert any("prices are of 2023-06" in one.lower() for one in page.texts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--over", "capcity.x=1"], "path: got 'capcity.x', expected a key of a scenario; did you mean 'capacity'?"),
        (["--over", "account=1"], "path: got 'account', expected a key of a scenario"),
        (["--over", "fast"], "--over: got 'fast', expected PATH=VALUES; for example"),
        (["--over", f"{QUOTA}=1,,2"], "expected PATH=VALUES"),
        (["--over", f"{QUOTA}=3:1"], "expected PATH=VALUES"),
        (["--over", f"{QUOTA}=1:3:0"], "expected PATH=VALUES"),
        (["--over", f"{QUOTA}=many"], "capacity.ml.m5.xlarge: got 'many', expected a whole number"),
        (["--target", "fast"], "target: got 'fast', expected COLUMN <= NUMBER"),
        (["--what", QUOTA], "--what: got 'no --target'"),
        (["--what", QUOTA, "--target", TARGET, "--over", f"{QUOTA}=1"], "--what: got '--over'"),
        (["--unserved", "0"], "--unserved: got 0.0, expected --target"),
        (["--unserved", "-1", "--target", TARGET], "unserved: got -1.0, expected a probability between 0 and 1"),
        (["--figure", "waiting"], "column: got 'waiting', expected one of the table's"),
        (["--replications", "0"], "replications: got 0, expected a whole number of at least 1"),
        (["--confidence", "95"], "confidence: got 95.0, expected a share between 0 and 1; for example 0.95"),
        (["--until", "-1"], "until_s: got -1.0"),
        (["--warm-up", "-1"], "warm_up_s: got -1.0"),
        (
            ["--html", "nowhere/report.html"],
            "--html: got 'nowhere/report.html', expected a file in a folder that exists",
        ),
        (["--replicatons", "3"], "replicatons"),
    ],
    ids=" ".join,
)
def test_bad_input_is_exit_code_2_without_a_traceback(file, options, message, capsys):
    few = [] if "--replications" in options else ["--replications", "2"]
    assert main(["plan", file, *few, *options]) == 2
    captured = capsys.readouterr()
    assert message in captured.err + captured.out and "Traceback" not in captured.err + captured.out


def test_a_foreign_checkpoint_is_left_alone(file, tmp_path, capsys):
    foreign = tmp_path / "foreign.json"
    foreign.write_text(before := Path(file).read_text())
    assert main(["plan", file, "--replications", "2", "--checkpoint", str(foreign)]) == 2
    assert "expected a replication that hptsim has kept" in capsys.readouterr().err
    assert foreign.read_text() == before


@pytest.mark.long
def test_ctrl_c_ends_with_130_and_the_same_command_does_only_what_is_missing(tmp_path, capsys, ctrl_c):
    file, kept = tmp_path / "long.json", tmp_path / "kept.jsonl"
    attrs.evolve(SCENARIO, arrivals=[Arrivals(TuningJobSpec("c"), Exponential(80.0), 600)]).dump(file)
    options = ["plan", str(file), "--checkpoint", str(kept), "--json", "--replications"]
    process = subprocess.Popen(
        [sys.executable, "-m", "hptsim", *options, "400"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and (not kept.exists() or kept.read_bytes().count(b"\n") < 10):
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert f"interrupted; what has ended is in {kept}" in error and "Traceback" not in out + error
    before = kept.read_text()
    count = len(before.splitlines())
    assert 10 <= count < 400
    assert main([*options, str(count + 2)]) == 0
    assert json.loads(capsys.readouterr().out)["points"][0]["figures"]["cost_usd"]["replications"] == count + 2
    assert kept.read_text().startswith(before)
