"""`hptsim film`: a moment of a run as SVG and PNG for a slide, and a stop as a short GIF."""

from __future__ import annotations

from pathlib import Path

from hptsim.cli import terminal
from hptsim.cli.exit_codes import SUCCESS
from hptsim.cli.progress import advance
from hptsim.cli.run import demo
from hptsim.errors import InvalidInput
from hptsim.model.journal import Saved
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation
from hptsim.views.exports import write_gif, write_png, write_svg
from hptsim.views.scenes import scene

_JOURNAL = b'{"hptsim":'
"""How a journal begins, whatever its file is called."""


def film(
    file: Path | None = None,
    *,
    at: float | None = None,
    job: str | None = None,
    begin: float | None = None,
    end: float | None = None,
    svg: Path | None = None,
    png: Path | None = None,
    gif: Path | None = None,
    dark: bool = False,
    seed: int | None = None,
    yes: bool = False,
) -> int:
    """Draw a moment of a run (SVG, PNG), or a stop as a short film (GIF).

    Shown are the lanes of the jobs, what is reserved and occupied of the quota, the stops and the releases, and in words what
    happens. Without --job and --at it is the stop that finds most training jobs at work. The laws are not checked: hptsim check
    does that. A page that plays all of a run: hptsim run --html.

    Parameters
    ----------
    file
        a journal (hptsim run --journal), or a scenario to run; without it the embedded example
    at
        the moment that is shown, in simulated seconds (default: that of the stop)
    job
        a tuning job, or a training job, that it is about
    begin
        where the scene begins, in simulated seconds (default: shortly before the stop)
    end
        where it ends (default: shortly after the stopped job has ended)
    svg
        write the moment to this file; its colors follow the light or dark scheme of who looks at it
    png
        write the moment to this file, 1,280 by 720 pixels
    gif
        write the scene to this file, from its begin to its end, 960 by 540 pixels
    dark
        PNG and GIF in dark colors
    seed
        the seed of every random stream, for a scenario (default: 0)
    yes
        run a scenario however many journal entries it is expected to write
    """
    if svg is None and png is None and gif is None:
        raise InvalidInput("what is to be written? --svg FILE, --png FILE or --gif FILE, or several of them")
    if dark and png is None and gif is None:
        raise InvalidInput("--dark: --png FILE or --gif FILE; the colors of --svg follow who looks at it")
    terminal.check_seconds({"--at": at, "--begin": begin, "--end": end})
    terminal.check_files({"--svg": svg, "--png": png, "--gif": gif}, terminal.read_with("FILE", file))
    shown = scene(_source(file, seed, yes), job, at_s=at, begin_s=begin, end_s=end)
    if svg is not None:
        write_svg(shown, svg, at)
    if png is not None:
        write_png(shown, png, at, dark=dark)
    if gif is not None:
        frames = write_gif(shown, gif, dark=dark)
        lasting_s = sum(long_ms for _, long_ms in frames) / 1000
        print(f"{gif}: {len(frames)} frames, {lasting_s:.0f} s")
    return SUCCESS


def _source(file: Path | None, seed: int | None, yes: bool) -> Saved | Simulation:
    """A saved journal, or a simulation that has run."""
    if file is not None and _is_journal(file):
        if seed is not None:
            raise InvalidInput(
                f"--seed: {file} is a journal, of a run that had its seed; leave it out, or give the scenario"
            )
        return terminal.saved_journal(file)
    scenario = terminal.accepted(demo() if file is None else Scenario.load(file), yes)
    sim = Simulation(scenario, seed=seed or 0, laws=False)
    advance(sim, scenario.until_s, quiet=False)
    return sim


def _is_journal(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(_JOURNAL)) == _JOURNAL
    except OSError:
        return False  # Scenario.load says in words what is the matter with it
