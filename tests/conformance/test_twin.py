"""What the twin answers is explained, whatever happens to it; what a mutant of its tables answers often is not."""

import itertools
import json
import os

import attrs
import examples
import pytest
from extras import long
from hypothesis import assume, given
from hypothesis import strategies as st
from watching import as_placebo, watch, watched

from hptsim import Scenario, Simulation, TuningJobSpec, boto
from hptsim.conformance import conform
from hptsim.errors import LawBroken
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
    timings=st.sampled_from([None, PASSES, Timings.typical()]),
    stops=st.sets(st.integers(1, 20)),
    placebo=st.booleans(),
)
def test_what_the_twin_answers_is_explained(
    tmp_path_factory, scenario, every_s, times, children, timings, stops, placebo
):
    if timings is not None:
        scenario = attrs.evolve(scenario, timings=timings)
    path = tmp_path_factory.mktemp("twin") / "run.jsonl"
    instants = [number * every_s for number in range(times)]
    stops_s = {number * every_s for number in stops}
    sim = Simulation(scenario, laws=False)
    watch(sim, path, [*instants, 20_000.0], children=children, stops=stops_s)
    assume(not any(record.trigger == "preempt" for record in sim.journal))  # the service itself preempts nothing (R26)
    found = conform(as_placebo(path, path.with_suffix("")) if placebo else path)
    assert found.explained and not found.damage, "\n".join(map(str, found.refusals))


SCOPE = Scenario(
    capacity={"ml.m5.xlarge": 3},
    timings=PASSES,
    script=Script("save", save_s=30),
    faults=Faults(algorithm_error=0.3, internal_error=0.2),
    tuning_jobs=(
        ScheduledTuningJob(
            TuningJobSpec("stopped", (TrainingJobDefinition(max_retries=1),), ResourceLimits(6, 2)), 0.0, 205.0
        ),
        ScheduledTuningJob(TuningJobSpec("ends", (TrainingJobDefinition(max_retries=1),), ResourceLimits(3, 1)), 0.0),
    ),
)


SEEDS = (1, 2)
INSTANTS = [25.0 * number for number in range(32)]


def recorded(tables, path, seed):
    """The answers of a run with *tables*, until the twin ends, falls over or goes round for ever, as a recording."""
    sim = Simulation(SCOPE, laws=False, seed=seed, tables=tables)
    steps = itertools.count()

    def enough(step):
        if next(steps) > 10_000:  # a run has some hundreds
            raise LawBroken("every run ends", "the mutant goes round for ever")

    sim.observe(enough)
    watched(sim, path, INSTANTS)
    return path.read_text()


def verdicts(table, folder, every):
    """One in *every* mutants of a table that answers otherwise than the true tables do, and whether it is refused."""
    path = folder / "run.jsonl"
    true = [recorded(TABLES, path, seed) for seed in SEEDS]
    for mutant in itertools.islice(mutants(table), 0, None, every):
        refused = []
        for seed, truth in zip(SEEDS, true, strict=True):
            if recorded(mutant.tables, path, seed) != truth and path.read_text():
                refused.append(not conform(path).explained)
        if refused:
            yield _name(mutant), any(refused)


def _name(mutant):
    return f"{mutant.row.trigger} {mutant.row.source} → {mutant.row.destination}: {mutant.edit}"


SEEN = [
    (TUNING, "finish Stopping → Stopped: to Completed"),
    (TUNING, "finish Stopping → Stopped: to Failed"),
    (TUNING, "stop InProgress → Stopping: to Stopped"),
    (TUNING, "child_ended InProgress → InProgress: to Completed"),
    (TRAINING, "uploaded Uploading → Completed: to Interrupted"),
    (TRAINING, "stop Training → Stopping: to MaxRuntimeExceeded"),
    (TRAINING, "exited Stopping → Stopping:uploading: to Training"),
    (TRAINING, "torn_down Starting:stopping → Stopped: to Stopping:teardown"),
]


@pytest.mark.parametrize(
    ("table", "name"), [SEEN[0], *(long(*one) for one in SEEN[1:])], ids=[name for _, name in SEEN]
)
def test_a_mutant_is_refused(table, name, tmp_path):
    [tables] = [mutant.tables for mutant in mutants(table) if _name(mutant) == name]
    refused = []
    for seed in SEEDS:
        path = tmp_path / f"{seed}.jsonl"
        assert recorded(TABLES, path, seed) and conform(path).explained
        recorded(tables, path, seed)
        refused.append(not conform(path).explained)
    assert any(refused)


@pytest.mark.long
@pytest.mark.parametrize("table", [TUNING, TRAINING], ids=["tuning", "training"])
def test_which_mutants_are_explained(table, tmp_path, capsys):
    """Those may be: what they do is done by other rows, too, or by a caller's stop that nobody recorded."""
    every = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "long" else 12  # all of them take minutes
    found = dict(verdicts(table, tmp_path, every))
    with capsys.disabled():
        print(
            f"\n{table.name}: {sum(found.values())} of {len(found)} mutants that answer otherwise are refused; explained are"
        )
        print("\n".join(f"  {name}" for name, refused in found.items() if not refused))
    assert sum(found.values()) > len(found) / 3


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
    status = '"HyperParameterTuningJobStatus": "{}"'
    text = path.read_text().replace(status.format("Stopped"), status.format("Completed"), 1)
    path.write_text(text)
    assert not conform(path).explained
    assert "111122223333" not in text
    assert json.loads(text.splitlines()[0])["operation"] == "CreateHyperParameterTuningJob"


def test_the_same_without_requests_and_times_is_explained(tmp_path):
    """As placebo writes it: a file for each answer. Many orders are left, and the judgement stays quick."""
    sim = Simulation(attrs.evolve(SCOPE, tuning_jobs=SCOPE.tuning_jobs[:1]), laws=False)
    path = watch(sim, tmp_path / "run.jsonl", [25.0 * number for number in range(1, 16)])
    found = conform(as_placebo(path, tmp_path / "run"))
    assert found.explained and found.judged == len(path.read_text().splitlines()) and not found.damage
