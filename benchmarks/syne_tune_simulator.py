"""The same table and the same schedule in Syne Tune's simulator backend and in hptsim: are the times the same, and who is faster?

    python -m venv syne && syne/bin/pip install "syne-tune[blackbox-repository]==0.16.0" -e .
    syne/bin/python benchmarks/syne_tune_simulator.py

A table of 200 configurations of 27 epochs, made with a seed; 25 workers; first come, first served. hptsim runs it as one tuning
job with the strategy Grid and instant timings, and the order of its training jobs is given to Syne Tune. Syne Tune's own
delays are set to zero. What remains there is the time until its tuner looks again, which it is given as a parameter, and
its own computing time, which it adds to the simulated one.
"""

import argparse
import logging
import time

import numpy as np
import pandas as pd
from measured import WALL, Row
from syne_tune import StoppingCriterion, Tuner
from syne_tune.backend.simulator_backend.simulator_backend import SimulatorConfig
from syne_tune.backend.simulator_backend.simulator_callback import SimulatorCallback
from syne_tune.blackbox_repository.blackbox_tabular import BlackboxTabular
from syne_tune.blackbox_repository.simulated_tabular_backend import UserBlackboxBackend
from syne_tune.config_space import choice, randint
from syne_tune.optimizer.baselines import RandomSearch

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import ResourceLimits
from hptsim.model.ranges import ParameterRange
from hptsim.scenario import Objective, Script, Timings

DEPTHS, WIDTHS, EPOCHS, WORKERS = 10, 20, 27, 25
DEPTH, WIDTH = [str(n) for n in range(1, DEPTHS + 1)], [str(n) for n in range(1, WIDTHS + 1)]


def table():
    """A row for each epoch of each configuration."""
    rng = np.random.default_rng(1)
    for depth in DEPTH:
        for width in WIDTH:
            seconds = np.cumsum(rng.uniform(2, 20, EPOCHS)).round(3)
            losses = (rng.uniform(0.1, 0.5) + 1 / np.arange(1, EPOCHS + 1)).round(4)
            for epoch, (loss, elapsed) in enumerate(zip(losses, seconds, strict=True), 1):
                yield {"depth": depth, "width": width, "epoch": epoch, "loss": loss, "seconds": elapsed}


def in_hptsim(rows, laws):
    """The time of each result by configuration and epoch, the configurations in order of launch, and the real seconds."""
    objective = Objective.from_table(rows, metric="loss", elapsed_s="seconds")
    ranges = (
        ParameterRange("depth", "Categorical", values=tuple(DEPTH)),
        ParameterRange("width", "Categorical", values=tuple(WIDTH)),
    )
    count = DEPTHS * WIDTHS
    spec = TuningJobSpec("table", limits=ResourceLimits(count, WORKERS), strategy="Grid", ranges=ranges)
    scenario = Scenario(timings=Timings(training_s=0), script=Script(curve=objective, log_epochs=True), limits="none")
    sim = Simulation(scenario, laws=laws)
    begin = time.perf_counter()
    sim.create_tuning_job(spec)
    sim.run()
    took_s = time.perf_counter() - begin
    names = {name: sim.training_job(name).hyperparameters for name in sim.training_jobs}
    times = {
        (names[record.name]["depth"], names[record.name]["width"], record.data.number): record.time_s
        for record in sim.journal
        if record.trigger == "epoch"
    }
    return times, list(names.values()), took_s


def in_syne_tune(rows, order, look_s):
    """The time of each result, and the real seconds, where the tuner looks every *look_s* simulated seconds."""
    frame = pd.DataFrame(rows)
    known = frame[["depth", "width"]].drop_duplicates().reset_index(drop=True)
    values = frame[["loss", "seconds"]].to_numpy().reshape(len(known), 1, EPOCHS, 2)
    space = {"depth": choice(DEPTH), "width": choice(WIDTH)}
    blackbox = BlackboxTabular(
        known, space, {"epoch": randint(1, EPOCHS)}, values, objectives_names=["loss", "seconds"]
    )
    blackbox.objectives_names = ["loss", "seconds"]
    none = SimulatorConfig(0.0, 0.0, 0.0, 0.0, 0.0)
    backend = UserBlackboxBackend(
        blackbox, elapsed_time_attr="seconds", seed=0, simulator_config=none, tuner_sleep_time=look_s
    )
    given = [{"depth": one["depth"], "width": one["width"]} for one in order]
    scheduler = RandomSearch(space, metrics=["loss"], points_to_evaluate=given, random_seed=0)
    callback = SimulatorCallback()
    tuner = Tuner(
        trial_backend=backend,
        scheduler=scheduler,
        stop_criterion=StoppingCriterion(max_num_trials_finished=len(given)),
        n_workers=WORKERS,
        sleep_time=0,
        callbacks=[callback],
        results_update_interval=1e9,
        print_update_interval=1e9,
        save_tuner=False,
        suffix_tuner_name=True,
    )
    begin = time.perf_counter()
    tuner.run()
    took_s = time.perf_counter() - begin
    results = callback.results if isinstance(callback.results, list) else callback.results.to_dict("records")
    count = len(given)  # beyond these it starts others, until the last of them has ended
    times = {
        (r["config_depth"], r["config_width"], r["epoch"]): r["st_tuner_time"] for r in results if r["trial_id"] < count
    }
    return times, took_s


def rows(quick):
    """Trials a second beside Syne Tune's, which looks every 5 simulated seconds. *quick* changes nothing: it takes seconds."""
    logging.disable(logging.INFO)
    given, trials = list(table()), DEPTHS * WIDTHS
    runs = {laws: min((in_hptsim(given, laws) for _ in range(5)), key=lambda found: found[2]) for laws in (False, True)}
    _, theirs_s = in_syne_tune(given, runs[False][1], 5.0)
    return [
        Row(
            f"hptsim, laws {'on' if laws else 'off'}", trials / took_s, "trials/s", "Syne Tune", trials / theirs_s, WALL
        )
        for laws, (_, _, took_s) in runs.items()
    ]


def main():
    """Print the largest difference and the speeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--look-s", type=float, nargs="*", default=[0.05, 5.0])
    given = parser.parse_args()
    logging.disable(logging.INFO)
    rows = list(table())
    trials = DEPTHS * WIDTHS
    speeds = []
    for laws in (True, False):
        ours, order, took_s = min((in_hptsim(rows, laws) for _ in range(5)), key=lambda found: found[2])
        speeds.append(trials / took_s)
        print(f"hptsim, laws {'on' if laws else 'off'}: {trials} trials in {took_s:.3f} s, {speeds[-1]:,.0f} a second")
    for look_s in given.look_s:
        theirs, took_s = in_syne_tune(rows, order, look_s)
        missing = ours.keys() - theirs.keys()
        apart = max(abs(ours[key] - theirs[key]) for key in ours.keys() & theirs.keys())
        print(
            f"Syne Tune, a look every {look_s:g} s: {trials} trials in {took_s:.2f} s, {trials / took_s:,.1f} a second;"
        )
        print(f"  {len(ours) - len(missing)} of {len(ours)} results in both, at most {apart:.2f} s apart;", end=" ")
        on, off = (speed * took_s / trials for speed in speeds)
        print(f"hptsim ran {on:,.0f} (laws on) and {off:,.0f} (off) times as many trials a second")


if __name__ == "__main__":
    main()
