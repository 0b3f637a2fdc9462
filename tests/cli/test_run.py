"""`hptsim run`: what it prints and writes, and how Ctrl-C ends it."""

import functools
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hptsim
from cli.broken_tables import BROKEN
from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.cli.run import demo
from hptsim.model.definitions import ResourceLimits, ServiceLimits
from hptsim.model.journal import read
from hptsim.scenario.cloud import Timings
from hptsim.scenario.workload import Arrivals, ScheduledTuningJob


def test_a_scenario_with_many_arrivals_prints_some_and_counts_the_rest(tmp_path, capsys):
    path = tmp_path / "many.toml"
    arrivals = [Arrivals(TuningJobSpec("a"), 90, 53)]
    Scenario("many", capacity={"ml.m5.xlarge": 1}, timings="instant", arrivals=arrivals).dump(path)
    assert main(["run", str(path)]) == 0
    out = capsys.readouterr().out
    assert "a-50 " in out and "a-51" not in out and "and 3 more; --json has them all" in out
    assert main(["run", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["tuning_jobs"]) == 53 and found["refused"] == {}
    assert found["cost_usd"] == pytest.approx(53 * 100 / 3600 * 0.23)
    assert (found["prices"]["date"], found["prices"]["own"]) == ("2023-06", [])


def test_a_price_of_ones_own_is_not_attributed_to_the_list(tmp_path, capsys):
    path = tmp_path / "x.toml"
    jobs, own = (ScheduledTuningJob(TuningJobSpec("a")),), {"ml.m5.xlarge": 2.0}
    Scenario("x", timings="instant", tuning_jobs=jobs, prices_usd_per_hour=own).dump(path)
    assert main(["run", str(path)]) == 0
    out = capsys.readouterr().out
    assert "; the price of ml.m5.xlarge is your own\n" in out and "2023-06" not in out
    assert main(["run", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["prices"]
    assert found["own"] == ["ml.m5.xlarge"] and found["source"] is None


def test_where_the_reserved_hours_went_is_said(tmp_path, capsys):
    path = tmp_path / "x.toml"
    timings = Timings(starting_s=36, training_s=360, finish_s=72)
    Scenario("x", timings=timings, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),)).dump(path)
    assert main(["run", str(path)]) == 0
    out = capsys.readouterr().out
    assert "0.13 instance-hours reserved: 0.10 billable, 0.01 occupied and not billed, 0.02 idle; prices of " in out


def test_run_json_is_json_and_nothing_else(tiny, capsys):
    assert main(["run", str(tiny), "--json", "--seed", "5"]) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert (result["scenario"], result["seed"], result["end_s"]) == ("tiny", 5, 20.0)
    assert [row["status"] for row in result["tuning_jobs"]] == ["Stopped"]
    assert result["laws"]["entries_judged"] > 10 and captured.err == ""


def test_the_results_for_machines_have_the_keys_of_their_page(tiny, capsys):
    page = (Path(__file__).parent.parent.parent / "docs" / "command-line.md").read_text()
    table = page.partition("## Results for machines")[2].partition("\n## ")[0]
    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
    main(["run", str(tiny), "--json"])
    result = json.loads(capsys.readouterr().out)
    assert [key for row in rows for key in re.findall(r"`(\w+)`", row)] == list(result)
    assert f"has the number {result['hptsim_results']}," in page and result["version"] == hptsim.__version__


def test_until_stops_the_clock(tiny, capsys):
    assert main(["run", str(tiny), "--json", "--until", "7"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["end_s"], result["tuning_jobs"][0]["status"]) == (7.0, "InProgress")


@pytest.mark.parametrize(("laws", "judged"), [("on", True), ("off", False), ("end", True)])
def test_the_laws_switch(tiny, capsys, laws, judged):
    assert main(["run", str(tiny), "--json", "--laws", laws]) == 0
    assert bool(json.loads(capsys.readouterr().out)["laws"]["entries_judged"]) is judged


def test_a_broken_law_is_exit_code_3_with_its_reproduction_first(tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("hptsim.cli.run.Simulation", functools.partial(Simulation, tables=BROKEN))
    path = tmp_path / "out.jsonl"
    assert main(["run", str(tiny), "--journal", str(path)]) == 3
    error = capsys.readouterr().err
    assert error.lstrip().startswith(f"reproduce with: hptsim run {tiny} --seed 0 --until 0")
    assert "law broken: logs persist" in error and "Traceback" not in error
    assert main(["check", str(path)]) == 3
    assert re.search(r"law broken: logs persist: .*out\.jsonl:\d+: ", capsys.readouterr().err)
    assert main(["run", str(tiny), "--json", "--laws", "off"]) == 0


LONG = Scenario(
    "long",
    limits=ServiceLimits(None, None, None),
    tuning_jobs=tuple(
        ScheduledTuningJob(TuningJobSpec(f"job-{i}", limits=ResourceLimits(10**6, 10))) for i in range(3)
    ),
)


def test_ctrl_c_ends_with_130_and_a_complete_journal(tmp_path, capsys, ctrl_c):
    scenario, path = tmp_path / "long.json", tmp_path / "out.jsonl"
    LONG.dump(scenario)
    code = "import sys; from hptsim.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "run", str(scenario), "--journal", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and (not path.exists() or path.stat().st_size < 500_000):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate()
    assert process.returncode == 130, error
    assert re.search(r"interrupted at \d+ s; the journal is complete up to there", error)
    assert "Traceback" not in out + error
    saved = read(path)
    assert saved.damage == "" and len(saved.records) > 1000
    capsys.readouterr()
    assert main(["check", str(path)]) == 0
    assert re.search(
        r"not ended when the journal was closed at [\d,.]+ s: job-0, job-1, job-2", capsys.readouterr().out
    )


def test_the_embedded_scenario_shows_what_it_promises():
    sim = Simulation(demo())
    sim.run()
    statuses = {name: sim.tuning_job(name).status for name in sim.tuning_jobs}
    assert statuses == {
        "churn-xgboost": "Completed",
        "vision-resnet": "Stopped",
        "broken-script": "Failed",
        "nightly-spot": "Completed",
        "text-hyperband": "Completed",
        "forecast-early": "Completed",
        "two-families": "Completed",
        "impatient": "Stopped",
    }
    assert any(record.trigger == "interrupt" for record in sim.journal)
    assert any(
        record.trigger == "ask" and record.time_s < later.time_s
        for record in sim.journal
        for later in sim.journal
        if later.trigger == "grant" and later.name == record.name
    ), "no request ever waited: quota is not scarce"
