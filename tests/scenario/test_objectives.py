"""Tabular benchmarks as the objective and the duration of a scenario."""

import json

import pytest
from extras import needs

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.scenario import Faults, Objective, ScheduledTuningJob, Script, Timings

ROWS = [
    {"depth": depth, "epoch": epoch, "loss": loss, "seconds": seconds}
    for depth, curve in {2: [(0.9, 10), (0.5, 40), (0.4, 45)], 3: [(0.8, 100), (0.3, 130), (0.2, 300)]}.items()
    for epoch, (loss, seconds) in enumerate(curve, 1)
]
NAMES = {"metric": "loss", "elapsed_s": "seconds"}
TABLE = Objective.from_table(ROWS, **NAMES)
PLANNING = needs("planning", "pandas")


def written(folder):
    text = "\n".join(["depth,epoch,loss,seconds", *(",".join(map(str, row.values())) for row in ROWS)])
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def trained(definition, objective=TABLE, seed=0, faults=None, timings=None, **script):
    """The training job of this definition, run to its end, and the seconds in Training at which its epochs ended."""
    timings = timings or Timings(training_s=7)
    scenario = Scenario(
        timings=timings, script=Script(curve=objective, log_epochs=True, **script), faults=faults or Faults()
    )
    sim = Simulation(scenario, seed=seed)
    sim.create_tuning_job(TuningJobSpec("demo", (definition,), ResourceLimits()))
    sim.run()
    [name] = sim.training_jobs
    return sim, sim.training_job(name)


def static(**hyperparameters):
    return TrainingJobDefinition(static={name: str(value) for name, value in hyperparameters.items()})


# ---------------------------------------------------------------------- reading


def test_a_file_and_records_are_the_same(tmp_path):
    found = Objective.from_table(written(tmp_path), **NAMES)
    assert found.names == ("depth",) and found.table == TABLE.table
    lines = tmp_path / "table.jsonl"
    lines.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    assert Objective.from_table(lines, **NAMES).table == TABLE.table


def test_named_hyperparameters_are_the_only_ones():
    rows = [{**row, "host": "a7"} for row in ROWS]
    assert Objective.from_table(rows, hyperparameters=["depth"], **NAMES).names == ("depth",)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"loss": "much"}, "row 1: loss: got 'much', expected a number"),
        ({"seconds": None}, "row 1: seconds: got None, expected a number"),
        ({"epoch": 2}, "row 2: epoch: got 2.0, expected each epoch of a configuration once"),
        ({"epoch": 7}, r"epochs of \{'depth': '2'\}: got \[2, 3, 7\], expected 1, 2, 3 and so on"),
        ({"seconds": 41}, "seconds of .*: got .*, expected seconds since the start, above 0, growing"),
        ({"seconds": 0}, "seconds of .*: got .*, expected seconds since the start, above 0, growing"),
        ({"epoch": 1.5}, "row 1: epoch: got 1.5, expected a whole number of 1 or more"),
    ],
)
def test_a_bad_row_is_named(change, says):
    with pytest.raises(InvalidInput, match=says):
        Objective.from_table([{**ROWS[0], **change}, *ROWS[1:]], **NAMES)


def test_a_column_that_is_not_there():
    with pytest.raises(InvalidInput, match=r"'los', expected a column of the table; did you mean 'loss'\?"):
        Objective.from_table(ROWS, metric="los", elapsed_s="seconds")
    with pytest.raises(InvalidInput, match="no rows"):
        Objective.from_table([], **NAMES)


@PLANNING
def test_a_frame(tmp_path):
    import pandas

    assert Objective.from_table(pandas.DataFrame(ROWS), **NAMES).table == TABLE.table


def blackbox(folder, fidelities=(1, 2, 3)):
    """The files that Syne Tune's `serialize` writes: two tasks, two configurations, two repetitions."""
    import numpy
    import pandas

    pandas.DataFrame({"depth": [2, 3], "eta": [0.1, 0.25]}).to_parquet(folder / "hyperparameters.parquet")
    (folder / "metadata.json").write_text(json.dumps({"objectives_names": ["loss", "t"], "task_names": ["a", "b"]}))
    numpy.save(folder / "fidelities_values.npy", numpy.array(fidelities))
    numbers = numpy.zeros((2, 2, 2, 3, 2), dtype=numpy.float32)
    numbers[1, 1, 1, :, 0], numbers[..., 1] = [0.5, 0.25, 0.125], [10, 20, 30]
    numpy.save(folder / "objectives_evaluations.npy", numbers)
    return folder


@PLANNING
def test_a_blackbox_of_syne_tunes_repository(tmp_path):
    names = {"metric": "loss", "elapsed_s": "t"}
    found = Objective.from_blackbox(blackbox(tmp_path), task="b", seed=1, **names)
    run = found.run({"depth": "3", "eta": "0.25", "epochs": "3"})
    assert (run.values, run.elapsed_s) == ((0.5, 0.25, 0.125), (10.0, 20.0, 30.0))
    assert Objective.from_blackbox(tmp_path, task="b", **names).run({"depth": "3", "eta": "0.25"}).values == (0, 0, 0)
    rounded = Objective.from_blackbox(tmp_path, task="b", decimals=1, **names)
    assert rounded.covers({"depth": "2", "eta": "0.1"}) and rounded.covers({"depth": "3", "eta": "0.2"})
    for wrong, says in (
        ({"task": "c"}, "one of a, b"),
        ({"task": "a", "metric": "accuracy"}, "one of loss, t"),
        ({"task": "a", "seed": 2}, "expected 0 to 1"),
    ):
        with pytest.raises(InvalidInput, match=says):
            Objective.from_blackbox(tmp_path, **{**names, **wrong})
    with pytest.raises(InvalidInput, match="expected epochs 1, 2, 3"):
        Objective.from_blackbox(blackbox(tmp_path, (1, 3, 9)), task="a", **names)
    with pytest.raises(InvalidInput, match="the files of a blackbox"):
        Objective.from_blackbox(tmp_path / "nowhere", task="a", **names)


# ---------------------------------------------------------------------- in a simulation


def epoch_ends(sim):
    """The seconds since the job's Training began at which the journal has an epoch."""
    began = next(record.time_s for record in sim.journal if record.trigger == "downloaded")
    return [record.time_s - began for record in sim.journal if record.trigger == "epoch"]


def test_every_epoch_ends_when_the_table_says():
    sim, job = trained(static(depth=3))
    assert epoch_ends(sim) == pytest.approx([100, 130, 300])
    assert job.ended_s == pytest.approx(300) and job.objective == 0.2


def test_a_hyperparameter_ends_it_early():
    sim, job = trained(static(depth=3, epochs=2))
    assert epoch_ends(sim) == pytest.approx([100, 130])
    assert job.objective == 0.3


def test_a_job_that_goes_on_from_a_checkpoint_does_not_pay_twice():
    """Interrupted near its end, with a checkpoint every five seconds: at most five seconds are lost each time."""
    definition = TrainingJobDefinition(
        static={"depth": "3"}, spot=True, checkpoint_uri="s3://bucket/c", max_wait_s=90_000
    )
    timings = Timings(training_s=7, checkpoint_s=5, spot_wait_s=60)
    faults = Faults(spot_interruptions_per_hour=60)
    sim, job = trained(definition, seed=2, faults=faults, timings=timings)
    interruptions = sum(record.trigger == "interrupt" for record in sim.journal)
    assert interruptions >= 1 and job.status == "Completed"
    in_training = epoch_ends(sim)[-1] - 60 * interruptions
    assert 300 <= in_training <= 300 + 5 * interruptions


def test_a_configuration_that_the_table_does_not_have():
    with pytest.raises(
        InvalidInput, match=r"script.curve: got \{'depth': '4'\}, expected a configuration among its runs"
    ):
        Scenario(
            tuning_jobs=(ScheduledTuningJob(TuningJobSpec("demo", (static(depth=4),))),),
            script=Script(curve=TABLE),
        )
    with pytest.raises(InvalidInput, match="one of the table's configurations; it has 2"):
        TABLE.run({"depth": "4"})


def test_the_script_reports_no_epoch_that_it_did_not_train():
    """With any curve: what it says at its end is what it said after its last epoch."""
    _, job = trained(static(epochs=4), objective=lambda configuration, epoch: 1 / epoch)
    assert job.objective == 1 / 4
