"""The timeline of a stop."""

import re

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.cli.timeline import stop_timelines
from hptsim.model.definitions import ResourceLimits
from hptsim.scenario.cloud import Timings


def test_run_prints_the_timeline_of_a_stop_and_the_laws(capsys):
    assert main(["run"]) == 0
    out = capsys.readouterr().out
    timeline = out[out.index("The stop of vision-resnet") :]
    sentences = ["the stop is accepted: Stopping", "receives a stop", "gets SIGTERM", "reports its model saved"]
    sentences += [
        "has uploaded what it saved: Stopped",
        "no training job is left: Stopped",
        "released: 1 place among the account's tuning jobs",
        "released: 1 ml.g4dn.xlarge",
    ]
    places = [timeline.index(words) for words in sentences]
    assert places == sorted(places)
    assert re.search(r"1800 s  the stop is accepted", timeline)
    assert re.search(r"\d+ laws kept over \d+ journal entries; witnessed: a stop", out)
    for name in ("churn-xgboost", "vision-resnet", "broken-script", "nightly-spot"):
        assert name in out


def test_a_timeline_begins_with_its_stop_and_has_no_entry_of_another_tuning_job():
    """The training jobs of "a-b" are not in the timeline of "a"; what ended at the same instant came before the stop."""
    sim = Simulation(Scenario(timings=Timings(training_s=50, uploading_s=5)))
    for name in ("a", "a-b"):
        sim.create_tuning_job(TuningJobSpec(name, limits=ResourceLimits(2, 1)))
    sim.run(until=55)
    sim.stop_tuning_job("a")
    sim.run(until=60)
    sim.stop_tuning_job("a-b")
    sim.run()
    first, second = "\n".join(stop_timelines(sim)).split("The stop of ")[1:]
    assert first.splitlines()[0] == "a" and "the stop is accepted" in first.splitlines()[1]
    assert second.splitlines()[0] == "a-b" and "a-b-002" in second and "released" in second
    assert "a-002" in first and "a-b" not in first and "a-001" not in first
