"""Snapshots in files: data that any process can go on from, and that runs no code when it is read."""

import contextlib
import json
import subprocess
import sys

import attrs
import pytest
from golden import evidence

from hptsim import Journal, Scenario, Simulation, TuningJobSpec
from hptsim.cli.run import demo
from hptsim.cloud.sampled import SampledCloud
from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.journal import read
from hptsim.model.machine import Tables
from hptsim.model.request_writer import to_request
from hptsim.model.tables import TUNING
from hptsim.simulation.snapshots import journal_hash

GO_ON = """
import sys
from hptsim import Simulation
from hptsim.simulation.snapshots import journal_hash
for path in sys.argv[1:]:
    sim = Simulation.load(path)
    sim.run()
    print(journal_hash(sim.journal))
"""


def elsewhere(*paths):
    """The hashes of the journals of the runs that another process has taken on from files to their ends."""
    done = subprocess.run([sys.executable, "-c", GO_ON, *map(str, paths)], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def meddle(sim, until):
    """Whatever a caller can do, between the scenario's own events, and something that is refused."""
    pooled = TrainingJobDefinition(keep_alive_s=600.0, request={"RoleArn": "arn"})
    for act in (
        lambda: sim.run(until=until / 4),
        lambda: sim.create_tuning_job(TuningJobSpec("mine", limits=ResourceLimits(4, 2, 150.0))),
        lambda: sim.run(until=until / 2),
        lambda: sim.create_training_job("alone-0", pooled),
        lambda: sim.run(until=until * 5 / 8),
        lambda: sim.create_training_job("alone-1", pooled),
        sim.step,
        lambda: sim.update_training_job("alone-0", 30.0),
        lambda: sim.stop_training_job("alone-0"),
        lambda: sim.stop_tuning_job("mine"),
        lambda: sim.stop_tuning_job("mine"),
        lambda: sim.fire(*sim.armed[-1]),
        lambda: sim.create_tuning_job(TuningJobSpec("mine")),
        lambda: sim.delete_tuning_job(sim.tuning_jobs[0]),
    ):
        with contextlib.suppress(ServiceError, IndexError):
            act()


@pytest.mark.long
def test_another_process_goes_on_identically_from_a_file(tmp_path):
    expected, files = [], []
    for seed in range(0, 200, 5):
        sim = Simulation(evidence.scenario(seed), seed=seed)
        meddle(sim, 400.0)
        files.append(tmp_path / f"{seed}.json")
        sim.snapshot().save(files[-1])
        sim.run()
        expected.append(journal_hash(sim.journal))
    assert elsewhere(*files) == expected and len(set(expected)) == 40


@pytest.mark.parametrize("steps", [0, 1, 7, 60])
def test_the_embedded_scenario_goes_on_identically_after_any_number_of_steps(tmp_path, steps):
    sim = Simulation(demo(), seed=3)
    for _ in range(steps):
        sim.step()
    sim.snapshot().save(tmp_path / "x.json")
    again = Simulation.load(tmp_path / "x.json", laws=False, journal=Journal(tmp_path / "again.jsonl"))
    assert again.now == sim.now and again.armed == sim.armed and list(again.journal) == list(sim.journal)
    again.run()
    sim.run()
    assert read(tmp_path / "again.jsonl").records == list(sim.journal) == list(again.journal)


def test_what_a_process_of_ones_own_did_is_in_the_file_though_the_process_is_not(tmp_path):
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 4}))

    def user(env):
        yield env.timeout(10)
        sim.create_tuning_job(TuningJobSpec("a", limits=ResourceLimits(3, 1)))
        yield env.timeout(110)
        sim.stop_tuning_job("a")

    sim.env.process(user(sim.env))
    sim.run(until=121)
    sim.snapshot().save(tmp_path / "x.json")
    again = Simulation.load(tmp_path / "x.json")
    sim.run()
    again.run()
    assert list(again.journal) == list(sim.journal)
    assert sim.tuning_job("a").status == "Stopped"


def test_what_was_undone_by_going_back_is_not_in_the_file(tmp_path):
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 4}))
    sim.create_tuning_job(TuningJobSpec("a"))
    early = sim.snapshot()
    sim.create_tuning_job(TuningJobSpec("b"))
    sim.restore(early)
    sim.create_tuning_job(TuningJobSpec("c"))
    sim.snapshot().save(tmp_path / "x.json")
    assert Simulation.load(tmp_path / "x.json").tuning_jobs == ["a", "c"]


@pytest.mark.parametrize(
    ("sim", "named"),
    [
        (lambda: Simulation(demo(), cloud=SampledCloud()), "a cloud of its own"),
        (lambda: Simulation(demo(), tables=Tables.of(tuning=attrs.evolve(TUNING))), "tables of its own"),
    ],
)
def test_what_a_file_cannot_hold_is_named_and_nothing_is_written(tmp_path, sim, named):
    with pytest.raises(InvalidInput, match=named):
        sim().snapshot().save(tmp_path / "x.json")
    assert not (tmp_path / "x.json").exists()


def test_a_spec_that_no_request_describes_exactly_is_not_saved_as_another(tmp_path):
    spec = TuningJobSpec.from_request(to_request(TuningJobSpec("a")))
    sim = Simulation()
    sim.create_tuning_job(attrs.evolve(spec, limits=ResourceLimits(2, 2)))  # its request still says something else
    with pytest.raises(InvalidInput, match="a spec that files cannot hold exactly"):
        sim.snapshot().save(tmp_path / "x.json")


@pytest.fixture
def file(tmp_path):
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("a"))
    sim.run(until=50)
    sim.stop_tuning_job("a")
    sim.snapshot().save(tmp_path / "x.json")
    return tmp_path / "x.json"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hptsim_snapshot": 2}, "its format is 2, this version of hptsim reads format 1"),
        ({"more": 1}, "its keys are"),
        ({"calls": [[0, 0.0, "__init__", []]]}, "__init__"),
        ({"calls": [[0, 0.0, "stop_tuning_job", [["a"]]]]}, "stop_tuning_job got"),
        ({"step": "x"}, "not a whole number"),
        ({"scenario": {"capcity": {}}}, "did you mean 'capacity'"),
        ({"scenario": {"capacity": {"ml.m5.xlarge": 7}}, "journal": "0"}, "comes to another journal than hptsim"),
        ({"step": 10**9}, "comes to another journal than hptsim"),
        ({"now_s": 1e9}, "comes to another journal than hptsim"),
        ({"now_s": float("nan")}, "comes to another journal than hptsim"),
        ({"calls": [], "step": 0, "now_s": 0.0}, "comes to another journal than hptsim"),
    ],
)
def test_a_file_that_was_changed_is_refused(file, change, says):
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(InvalidInput, match=says) as refused:
        Simulation.load(file)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("text", ["", "hello", "[]", "{}", "[" * 100_000, "\x80\x04."])
def test_what_is_no_snapshot_is_named(tmp_path, text):
    (tmp_path / "x").write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidInput, match="this is no snapshot of hptsim"):
        Simulation.load(tmp_path / "x")
    with pytest.raises(InvalidInput, match="this is no snapshot of hptsim"):
        Simulation.load(tmp_path / "nowhere")


def test_what_an_observer_commanded_is_in_the_file(tmp_path):
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 4}), laws=False, journal=Journal(tmp_path / "out.jsonl"))

    def follow(step):
        for one in step:
            if (one.thing, one.trigger) == ("training", "downloaded"):
                sim.stop_tuning_job(one.name.rpartition("-00")[0])
            elif one.trigger == "finish" and len(sim.tuning_jobs) < 4:
                sim.create_tuning_job(TuningJobSpec(f"next-{len(sim.tuning_jobs)}"))

    sim.observe(follow)
    sim.create_tuning_job(TuningJobSpec("first"))
    sim.run()
    assert len(sim.tuning_jobs) == 4
    sim.snapshot().save(tmp_path / "x.json")
    again = Simulation.load(tmp_path / "x.json")
    assert list(again.journal) == list(sim.journal) == read(tmp_path / "out.jsonl").records
    assert [sim.tuning_job(name).status for name in sim.tuning_jobs] == ["Stopped"] * 4
