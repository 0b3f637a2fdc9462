"""The stop at chosen instants, time, ledger, and users' own processes beside the twin."""

import html
import re
import subprocess
import sys

import attrs
import pytest
from extras import CLI

from hptsim import Journal, Scenario, Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.cli.check import audit_saved
from hptsim.cli.run import demo
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, TrainingJobDefinition
from hptsim.model.journal import read
from hptsim.model.journal_file import JournalWriter
from hptsim.scenario.cloud import Script, Timings
from hptsim.scenario.workload import ScheduledTuningJob

TIMINGS = Timings(starting_s=10, warm_starting_s=10, downloading_s=10, training_s=100, uploading_s=5, teardown_s=30)


def simulation(total=2, parallel=2, **changes):
    script = changes.pop("script", Script())
    assumptions = changes.pop("assumptions", Assumptions())
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 4}, timings=TIMINGS, script=script, assumptions=assumptions))
    definition = TrainingJobDefinition(**changes)
    sim.create_tuning_job(TuningJobSpec("a", (definition,), ResourceLimits(total, parallel)))
    return sim


@pytest.mark.parametrize(
    ("stop_at_s", "secondary", "stopped_at_s", "models"),
    [(5, "Starting", 35, 0), (15, "Stopping", 45, 0), (60, "Stopping", 65, 2), (122, "Stopping", 125, 2)],
    ids=["starting", "downloading", "training", "uploading"],
)
def test_a_stop_in_each_phase(stop_at_s, secondary, stopped_at_s, models):
    sim = simulation()
    sim.run(until=stop_at_s)
    sim.stop_tuning_job("a")
    assert sim.tuning_job("a").status == "Stopping"
    child = sim.training_job(sim.tuning_job("a").live[0])
    assert (child.status, child.secondary_status) == ("Stopping", secondary)
    assert sim.capacity.reserved["ml.m5.xlarge"] == 2
    sim.run()
    job = sim.tuning_job("a")
    assert (job.status, job.ended_s, len(sim.artifacts)) == ("Stopped", stopped_at_s, models)
    assert sim.capacity.reserved == {} and job.counters["Stopped"] == 2


@pytest.mark.parametrize(
    ("script", "stopped_at_s", "models"),
    [
        (Script("save", 0), 65, 2),
        (Script("save", 40), 105, 2),
        (Script("save", 120), 185, 2),
        (Script("save", 121), 180, 0),
        (Script("exit"), 60, 0),
        (Script("ignore"), 180, 0),
    ],
)
def test_the_scripts_choice_in_the_grace_window(script, stopped_at_s, models):
    sim = simulation(script=script)
    sim.run(until=60)
    sim.stop_tuning_job("a")
    sim.run()
    assert (sim.tuning_job("a").ended_s, len(sim.artifacts)) == (stopped_at_s, models)


def test_a_completion_at_the_same_instant_goes_before_the_stop():
    spec = TuningJobSpec("a")
    scenario = Scenario(timings=TIMINGS, tuning_jobs=(ScheduledTuningJob(spec, 0, 125.0),))
    sim = Simulation(scenario)
    sim.run()
    assert sim.tuning_job("a").status == "Completed"
    assert sim.metrics().refused == {"ValidationException": 1}


def test_late_repeated_and_unknown_stops():
    sim = simulation()
    sim.run(until=60)
    sim.stop_tuning_job("a")
    before = len(sim.journal)
    sim.stop_tuning_job("a")
    assert len(sim.journal) == before
    sim.run()
    with pytest.raises(ServiceError, match="already in status Stopped") as late:
        sim.stop_tuning_job("a")
    assert late.value.code == "ValidationException"
    with pytest.raises(ServiceError, match="can't find a tuning job") as unknown:
        sim.stop_tuning_job("b")
    assert (unknown.value.code, unknown.value.http_status) == ("ResourceNotFound", 400)
    rejecting = simulation(assumptions=Assumptions(repeated_stop="reject"))
    rejecting.stop_tuning_job("a")
    with pytest.raises(ServiceError, match="Stopping"):
        rejecting.stop_tuning_job("a")


def test_a_stop_of_one_child_leaves_the_tuning_job_going():
    sim = simulation(total=3)
    sim.run(until=60)
    child = sim.tuning_job("a").live[0]
    sim.stop_training_job(child)
    sim.run()
    job = sim.tuning_job("a")
    assert (job.status, job.counters["Completed"], job.counters["Stopped"]) == ("Completed", 2, 1)
    with pytest.raises(ServiceError, match="is in status Stopped"):
        sim.stop_training_job(child)


@pytest.mark.parametrize("policy", ["reuse", "upfront", "as-observed"])
def test_the_reservation_policies_while_one_of_two_children_is_done(policy):
    sim = simulation(total=2, parallel=1, assumptions=Assumptions(reservation=policy))
    sim.run(until=125)
    assert sim.capacity.reserved["ml.m5.xlarge"] == 1
    both = simulation(total=3, parallel=2, assumptions=Assumptions(reservation=policy))
    both.run(until=249)
    assert both.tuning_job("a").counters["Completed"] == 2
    expected = {"reuse": 2, "upfront": 2, "as-observed": 1}[policy]
    assert both.capacity.reserved["ml.m5.xlarge"] == expected
    assert both.capacity.occupied["ml.m5.xlarge"] == 1


@pytest.mark.parametrize(
    ("discipline", "order"),
    [
        ("fifo", ["big", "small", "urgent"]),
        ("priority", ["urgent", "big", "small"]),
        ("backfill", ["small", "urgent", "big"]),
    ],
)
def test_the_three_disciplines(discipline, order):
    assumptions = Assumptions(admission="queue", discipline=discipline)
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 4}, timings=TIMINGS, assumptions=assumptions))
    for name, count, priority in (("first", 3, 0), ("big", 4, 2), ("small", 1, 3), ("urgent", 1, 1)):
        definition = TrainingJobDefinition(instances=InstanceRequest(count=count))
        sim.create_tuning_job(TuningJobSpec(name, (definition,), priority=priority))
        sim.run(until=sim.now + 1)
    sim.run()
    starts = [record.name for record in sim.journal if record.trigger == "launch" and record.name != "first"]
    assert starts == order


def test_run_is_inclusive_and_stale_timers_do_not_drag_the_clock():
    sim = simulation()
    sim.run(until=120)
    assert sim.training_job(sim.tuning_job("a").live[0]).secondary_status == "Uploading"
    sim.stop_training_job(sim.tuning_job("a").live[0])
    early = simulation()
    early.run(until=5)
    early.stop_tuning_job("a")
    early.run()
    assert early.now == 35
    for until in (3, float("nan"), float("inf")):
        with pytest.raises(InvalidInput, match=f"until: got {until}, expected a finite time that is not before now"):
            early.run(until=until)


def test_a_users_own_process_creates_watches_and_stops():
    sim = Simulation(Scenario(timings=TIMINGS))
    seen = []

    def user():
        sim.create_tuning_job(TuningJobSpec("mine", limits=ResourceLimits(2, 2)))
        yield sim.env.timeout(1)
        child = sim.tuning_job("mine").live[0]
        yield sim.when(child, "Training")
        seen.append(("training", sim.now))
        sim.stop_tuning_job("mine")
        yield sim.when("mine", "Stopped")
        seen.append(("stopped", sim.now, dict(sim.capacity.reserved)))

    sim.env.process(user())
    sim.run()
    assert seen == [("training", 20), ("stopped", 25, {})]


def test_nobody_waits_for_a_status_that_no_job_ever_shows():
    with pytest.raises(InvalidInput, match="did you mean 'Stopped'"):
        Simulation().when("mine", "Stoped")


def test_interruption_resumes_from_the_last_checkpoint_and_keeps_its_clock():
    timings = attrs.evolve(TIMINGS, spot_wait_s=50, checkpoint_s=30)
    plan = {("a", 1): (("ready", 10.0), ("downloaded", 10.0), ("checkpoint", 30.0), ("interrupt", 20.0))}
    sim = Simulation(Scenario(timings=timings), cloud=ScriptedCloud(timings=timings, plan=plan))
    definition = TrainingJobDefinition(spot=True, checkpoint_uri="s3://b/c")
    sim.create_tuning_job(TuningJobSpec("a", (definition,)))
    sim.run()
    # 70 interrupted, 120 capacity, 130 ready, 140 training again with 70 s of 100 left, 210 uploading, 215 done
    child = sim.training_job(sim.tuning_job("a").training_jobs[0])
    assert (child.ended_s, child.attempt, child.status) == (215, 2, "Completed")
    assert child.billable_s == 60 + 85


def test_max_runtime_of_a_child_and_of_the_tuning_job():
    sim = simulation(max_runtime_s=50.0)
    sim.run()
    assert {sim.training_job(name).secondary_status for name in sim.tuning_job("a").training_jobs} == {
        "MaxRuntimeExceeded"
    }
    limited = Simulation(Scenario(timings=TIMINGS))
    limited.create_tuning_job(TuningJobSpec("a", limits=ResourceLimits(10, 1, 150.0)))
    limited.run()
    job = limited.tuning_job("a")
    assert (job.status, job.counters["Completed"], job.counters["Stopped"]) == ("Completed", 1, 1)


@CLI
def test_the_journal_on_disk_is_judged_and_damage_is_named(tmp_path, capsys):
    path = tmp_path / "out.jsonl"
    assert main(["run", "--journal", str(path), "--json"]) == 0
    saved = read(path)
    assert saved.damage == "" and audit_saved(saved).checked == len(saved.records) > 100
    assert main(["check", str(path)]) == 0
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:50]) + "\n" + lines[50][:20])
    assert main(["check", str(path)]) == 2
    assert "out.jsonl:51: damaged" in capsys.readouterr().out
    early = [one for one in saved.records if (one.thing, one.destination) != ("training", "Stopped")]
    JournalWriter(path, saved.header, early).close()
    assert main(["check", str(path)]) == 3
    path.write_text("hello\n")
    assert main(["check", str(path)]) == 2


def test_counts_only_keeps_only_what_is_alive():
    jobs = tuple(ScheduledTuningJob(TuningJobSpec(f"job-{i}"), at_s=200.0 * i) for i in range(50))
    sim = Simulation(Scenario(timings=TIMINGS, tuning_jobs=jobs), journal=Journal(keep=False))
    sim.run()
    assert sim.journal.counts["training", "uploaded"] == 50
    assert sim.tuning_jobs == [] and sim.artifacts == {} and sim.journal.entries == []


@pytest.mark.long
def test_the_same_seed_gives_the_same_journal_in_two_processes():
    code = (
        "import hashlib; from hptsim.cli import demo; from hptsim import Simulation; sim = Simulation(demo(), seed=3); "
        "sim.run(); print(hashlib.sha256(repr(list(sim.journal)).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_adding_a_tuning_job_does_not_disturb_the_draws_of_another():
    scenario = attrs.evolve(demo(), capacity={})
    fewer = attrs.evolve(scenario, tuning_jobs=scenario.tuning_jobs[:1])
    journals = []
    for one in (scenario, fewer):
        sim = Simulation(one)
        sim.run()
        journals.append([record[:7] for record in sim.journal if record.name.startswith("churn-xgboost")])
    assert journals[0] == journals[1]


def test_a_journal_file_follows_its_simulation_back_to_a_snapshot(tmp_path):
    path = tmp_path / "journal.jsonl"
    scenario = Scenario(timings=TIMINGS, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("demo")),))
    sim = Simulation(scenario, journal=Journal(path, keep=True))
    sim.run(until=20)
    early = sim.snapshot()
    sim.run()
    sim.journal.flush()
    sim.restore(early)
    sim.stop_tuning_job("demo")
    sim.run()
    sim.journal.close()
    saved = read(path)
    assert saved.damage == "" and len(saved.records) == len(sim.journal)
    assert sum(sim.journal.counts.values()) == len(sim.journal)
    assert [record.trigger for record in saved.records if record.thing == "tuning"][-1] == "finish"
    assert "stop" in {record.trigger for record in saved.records}


def test_a_journal_file_goes_until_the_snapshot_to_which_its_simulation_went_back(tmp_path):
    scenario = Scenario(timings=TIMINGS, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("demo")),))
    sim = Simulation(scenario, journal=Journal(tmp_path / "journal.jsonl"))
    sim.run(until=19.5)
    early = sim.snapshot()
    sim.run(until=500)
    sim.restore(early)
    sim.journal.close()
    saved = read(tmp_path / "journal.jsonl")
    assert saved.until_s == 19.5 > saved.records[-1].time_s


def test_definitions_of_different_sizes_do_not_block_their_tuning_job():
    definitions = tuple(
        TrainingJobDefinition(name, InstanceRequest("ml.m5.xlarge", count)) for name, count in (("one", 1), ("two", 2))
    )
    for parallel in (1, 2):
        scenario = Scenario(capacity={"ml.m5.xlarge": 2}, timings=TIMINGS, assumptions=Assumptions(admission="queue"))
        sim = Simulation(scenario)
        sim.create_tuning_job(TuningJobSpec("a", definitions, ResourceLimits(4, parallel)))
        sim.run()
        assert sim.tuning_job("a").status == "Completed"


def test_a_notebook_shows_the_film_as_long_as_it_is_short(monkeypatch):
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    shown = sim._repr_html_()
    assert shown.startswith('<iframe title="what has happened in the simulation" sandbox="allow-scripts"')
    [page] = re.findall('srcdoc="([^"]*)"', shown)
    assert html.unescape(page) == sim.to_html()
    monkeypatch.setattr("hptsim.simulation.simulation._FILMED", len(sim.journal) - 1)
    assert sim._repr_html_() is None, "a notebook of many megabytes helps nobody"
    counting = Simulation(journal=Journal(keep=False))
    assert counting._repr_html_() is None


def test_a_run_ends_well_after_the_record_of_a_tuning_job_was_deleted():
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("a"))
    sim.run()
    sim.delete_tuning_job("a")
    sim.run()
    assert sim.tuning_jobs == [] and sim.checked == len(sim.journal)
