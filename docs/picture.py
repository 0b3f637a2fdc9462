"""The picture in the README: `python docs/picture.py` draws it anew, from the twin, to docs/_static/stop.svg."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

from hptsim import Scenario, Simulation, TuningJobSpec, views
from hptsim.model import ResourceLimits
from hptsim.scenario import Script, Timings, Uniform
from hptsim.views import band_rows

FILE = Path(__file__).parent / "_static" / "stop.svg"
POOL = "ml.m5.xlarge"
STOP_S = 420.0


def stopped() -> Simulation:
    """Four training jobs at a time, stopped half-way: some train, some start, and each takes its time to end."""
    timings = Timings(
        starting_s=Uniform(90, 240),
        downloading_s=50,
        training_s=Uniform(60, 400),
        uploading_s=Uniform(10, 90),
        teardown_s=75,
    )
    scenario = Scenario(capacity={POOL: 5}, timings=timings, script=Script("save", save_s=Uniform(20, 110)))
    sim = Simulation(scenario, seed=10)
    sim.create_tuning_job(TuningJobSpec("tuning", limits=ResourceLimits(8, 4)))
    sim.run(until=STOP_S)
    sim.stop_tuning_job("tuning")
    sim.run()
    return sim


def picture() -> Any:
    """What is reserved and occupied around a stop, as a matplotlib figure."""
    sim = stopped()
    ended_s = sim.tuning_job("tuning").ended_s
    figure = views.bands(band_rows(sim.journal, sim.scenario.capacity))
    figure.set_size_inches(12, 4.2)
    axes = figure.axes[0]
    axes.set_title("")
    axes.set_xlim(STOP_S - 160, ended_s + 40)
    axes.set_ylim(0, 6.6)
    for time_s, words in ((STOP_S, "the stop: Stopping,\nnothing is free"), (ended_s, "Stopped,\nall is released")):
        axes.axvline(time_s, color=views.BLACK, linewidth=2)
        look = {"ha": "right", "va": "top", "fontsize": 14, "color": views.BLACK}
        axes.annotate(words, (time_s, 6.5), (-6, 0), textcoords="offset points", **look)
    return figure


def main() -> None:
    matplotlib.rcParams["svg.hashsalt"] = "hptsim"
    picture().savefig(FILE, metadata={"Date": None})
    print(f"wrote {FILE.name}")


if __name__ == "__main__":
    main()
