"""The runs that the lessons ask about, and pictures of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model import Assumptions
from hptsim.scenario import ScheduledTuningJob, Script, Timings
from hptsim.views import VERMILION, band_rows, bands, gantt, gantt_rows
from hptsim.views.drawings import Drawing, drawing

POOL = "ml.m5.xlarge"
STARTING_S, DOWNLOADING_S, TRAINING_S, UPLOADING_S, TEARDOWN_S = 180, 50, 600, 7, 75
TIMINGS = Timings(
    starting_s=STARTING_S,
    downloading_s=DOWNLOADING_S,
    training_s=TRAINING_S,
    uploading_s=UPLOADING_S,
    teardown_s=TEARDOWN_S,
)
STOP_S, SAVE_S, WINDOW_S = 400, 20, 120
SAVES = Script("save", save_s=SAVE_S)
AT_FIRST = {"parallel": 3, "total": 8, "on_sigterm": "save", "save_s": 40, "reservation": "reuse", "seed": 0}
"""How the page of the twin is set up at first."""


def demo(stop_s: float | None = STOP_S, script: Script = SAVES, next_at_s: float | None = None) -> Simulation:
    """One training job on the only instance, and if *next_at_s* is given another tuning job that waits for it; run to the end."""
    jobs = [ScheduledTuningJob(TuningJobSpec("demo"), 0, stop_s)]
    if next_at_s is not None:
        jobs.append(ScheduledTuningJob(TuningJobSpec("next"), next_at_s))
    scenario = Scenario(
        name="One tuning job, one training job, one stop",
        capacity={POOL: 1},
        tuning_jobs=tuple(jobs),
        timings=TIMINGS,
        script=script,
        assumptions=Assumptions(admission="queue"),
    )
    sim = Simulation(scenario)
    sim.run()
    return sim


def child(sim: Simulation, name: str = "demo") -> Any:
    """The first training job of a tuning job."""
    return sim.training_job(sim.tuning_job(name).training_jobs[0])


def stop_took_s(sim: Simulation, name: str = "demo") -> float:
    """How long a tuning job was Stopping."""
    job = sim.tuning_job(name)
    if job.ended_s is None or job.stop_s is None:
        raise ValueError(f"{name} has not been stopped")
    return job.ended_s - job.stop_s


def phase_at(sim: Simulation, name: str, time_s: float) -> str:
    """The phase in which a job is at a time, by the journal: the one that has just begun where two meet; empty outside."""
    phases = [row for row in gantt_rows(sim.journal) if (row.training_job or row.tuning_job) == name]
    return next((row.phase for row in phases if row.begin_s <= time_s < row.end_s), "")


def timeline(
    sim: Simulation, caption: str, name: str, marks_s: tuple[float, ...], span_s: tuple[float, float]
) -> Drawing:
    """The phases of every job, with a line at each of the times."""
    return drawing(caption, partial(_marked, partial(gantt, gantt_rows(sim.journal)), marks_s, span_s), name)


def holdings(sim: Simulation, job: str, name: str, marks_s: tuple[float, ...], span_s: tuple[float, float]) -> Drawing:
    """What a tuning job has reserved and what it occupies, with a line at each of the times."""
    its = [record for record in sim.journal if record.name.startswith((f"{job}/", f"{job}-"))]
    rows = [row for row in band_rows(its, sim.scenario.capacity) if row.time_s <= span_s[1]]
    rows.append(rows[-1]._replace(time_s=span_s[1]))  # nothing changes until then
    caption = f"Instances reserved for {job}, and occupied by it"
    return drawing(caption, partial(_marked, partial(bands, rows), marks_s, span_s), name)


def _marked(draw: Callable[[], Any], marks_s: tuple[float, ...], span_s: tuple[float, float]) -> Any:
    figure = draw()
    for axes in figure.axes:
        axes.set_xlim(*span_s)
        for mark_s in marks_s:
            axes.axvline(mark_s, color=VERMILION, linewidth=3, linestyle="--")
    return figure


def page_of_the_twin(**setup: object) -> Any:
    """The twin of the site's page as its sliders are at first, but for this setup."""
    spec = importlib.util.spec_from_file_location("docs_twin", Path(__file__).parent.parent / "twin" / "twin.py")
    if spec is None or spec.loader is None:
        raise ImportError("docs/twin/twin.py is not there")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Twin(**{**AT_FIRST, **setup})


def laboratory(setup: Mapping[str, object], events: int) -> Any:
    """The twin of the site's page with this setup, after *Next event* was pressed so often, and then *Stop*; run to its end."""
    twin = page_of_the_twin(**setup)
    for _ in range(events):
        twin.next_event()
    twin.stop()
    twin.sim.run()
    return twin
