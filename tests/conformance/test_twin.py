"""What the twin answers is explained, whatever happens to it; what a mutant of its tables answers often is not."""

import itertools
import json

import attrs
import examples
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watching import watch, watched

from hptsim import Scenario, Simulation, TuningJobSpec, boto
from hptsim.conformance import conform
from hptsim.errors import InvalidInput
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.machine import TABLES
from hptsim.model.tables import TRAINING, TUNING
from hptsim.scenario import Timings
from hptsim.scenario.cloud import Faults, Script
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.simulation.mutation import mutants
from hptsim.testing import scenarios

PASSES = Timings(
    starting_s=50,
    warm_starting_s=20,
    downloading_s=20,
    training_s=100,
    uploading_s=10,
    teardown_s=30,
    first_launch_s=9,
    controller_first_pass_s=3,
    controller_period_s=10,
)


@given(
    scenario=scenarios(),
    every_s=st.sampled_from([5.0, 7.0, 20.0, 61.0]),
    times=st.integers(1, 20),
    children=st.booleans(),
    passes=st.booleans(),
)
def test_what_the_twin_answers_is_explained(tmp_path_factory, scenario, every_s, times, children, passes):
    if passes:
        scenario = attrs.evolve(scenario, timings=PASSES)
    path = tmp_path_factory.mktemp("twin") / "run.jsonl"
    instants = [number * every_s for number in range(times)]
    watch(Simulation(scenario, laws=False), path, [*instants, 20_000.0], children=children)
    found = conform(path)
    assert found.explained and not found.damage, "\n".join(map(str, found.refusals))


SCOPE = Scenario(
    capacity={"ml.m5.xlarge": 3},
    timings=PASSES,
    script=Script("save", save_s=30),
    faults=Faults(algorithm_error=0.3, internal_error=0.2),
    tuning_jobs=(
        ScheduledTuningJob(TuningJobSpec("stopped", (TrainingJobDefinition(max_retries=1),), ResourceLimits(6, 2)), 0.0, 205.0),
        ScheduledTuningJob(TuningJobSpec("ends", (TrainingJobDefinition(max_retries=1),), ResourceLimits(3, 1)), 0.0),
    ),
)


def refused(tables, path, seed):
    """Whether a run of a mutant, watched every ten seconds, is refused."""
    sim = Simulation(SCOPE, laws=False, seed=seed, tables=tables)
    broken = watched(sim, path, [10.0 * number for number in range(90)])
    if broken is not None and not path.exists():
        return None  # the twin itself fell over: no recording
    try:
        return not conform(path).explained
    except InvalidInput:
        return None


def shares(table, tmp_path, every):
    found = {}
    for number, mutant in enumerate(itertools.islice(mutants(table), 0, None, every)):
        verdicts = [refused(mutant.tables, tmp_path / f"{table.name}-{number}-{seed}.jsonl", seed) for seed in (1, 2)]
        name = f"{mutant.row.trigger} {mutant.row.source} → {mutant.row.destination}: {mutant.edit}"
        found[name] = True if True in verdicts else False if False in verdicts else None
    return found


@pytest.mark.parametrize(("table", "share"), [(TUNING, 0.25), (TRAINING, 0.1)], ids=["tuning", "training"])
def test_mutants_of_the_tables_are_refused(table, share, tmp_path, capsys):
    """Not all: some rows are not reached in this scope, and some edits do not show in what the service answers."""
    assert refused(TABLES, tmp_path / "true.jsonl", 1) is False
    verdicts = shares(table, tmp_path, every=9)
    recorded = [one for one in verdicts.values() if one is not None]
    with capsys.disabled():
        print(f"\n{table.name}: {sum(recorded)} of {len(recorded)} mutants refused that could be recorded, of {len(verdicts)}")
    assert sum(recorded) >= share * len(recorded)


def test_a_recording_of_a_client_is_explained(tmp_path):
    sim = examples.simulation(timings=PASSES)
    sagemaker = boto.client(sim)
    name = {"HyperParameterTuningJobName": "demo"}
    path = tmp_path / "run.jsonl"
    with boto.virtual_time(sim), boto.record(sagemaker, path, changes=True) as recording:
        sagemaker.create_hyper_parameter_tuning_job(**examples.request("demo"))
        for _ in range(20):
            sim.run(until=sim.now + 15)
            sagemaker.describe_hyper_parameter_tuning_job(**name)
            listed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(**name)["TrainingJobSummaries"]
            for one in listed:
                sagemaker.describe_training_job(TrainingJobName=one["TrainingJobName"])
            if sim.now == 150:
                sagemaker.stop_hyper_parameter_tuning_job(**name)
    assert len(path.read_text().splitlines()) == recording.calls > 60
    found = conform(path)
    assert found.explained and not found.damage and not found.notes
    text = path.read_text().replace('"Stopped"', '"Completed"', 1)
    path.write_text(text)
    assert not conform(path).explained
    assert "111122223333" not in text
    assert json.loads(text.splitlines()[0])["operation"] == "CreateHyperParameterTuningJob"
