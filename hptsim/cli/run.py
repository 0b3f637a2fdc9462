"""`hptsim run`: a scenario is simulated, and its stops, tuning jobs, costs and laws are printed."""

from __future__ import annotations

import math
import shlex
from importlib import resources
from json import dumps
from pathlib import Path

from attrs import asdict

from hptsim import __version__
from hptsim.audit.laws import LAWS
from hptsim.cli import terminal
from hptsim.cli.exit_codes import INTERRUPTED, SUCCESS
from hptsim.cli.law_options import when_checked
from hptsim.cli.progress import advance
from hptsim.cli.timeline import stop_timelines
from hptsim.errors import LawBroken
from hptsim.model.journal import Journal
from hptsim.model.laws import SOMETIMES
from hptsim.optional import require
from hptsim.planning.metrics import Metrics
from hptsim.planning.usage import USAGE, TuningJobFigures
from hptsim.scenario.price_sources import PriceSources
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation
from hptsim.views.player import to_html

RESULTS_FORMAT = 1
"""The format of the results for machines."""
_ROWS = 50
"""At most this many tuning jobs are printed one by one."""


def demo() -> Scenario:
    """The embedded scenario: eight tuning jobs on scarce quota, two of them stopped, one failing, one on spot.

    >>> [entry.spec.name for entry in demo().tuning_jobs][:4]
    ['churn-xgboost', 'vision-resnet', 'broken-script', 'nightly-spot']
    """
    with resources.as_file(resources.files("hptsim.cli") / "demo.json") as path:
        return Scenario.load(path)


def run(
    file: Path | None = None,
    *,
    seed: int = 0,
    until: float | None = None,
    journal: Path | None = None,
    html: Path | None = None,
    json: bool = False,
    laws: str = "on",
    yes: bool = False,
) -> int:
    """Run a scenario (TOML or JSON), a bare CreateHyperParameterTuningJob request (JSON), or the embedded example.

    Prints a timeline of each stop, a table of the tuning jobs and the laws checked.

    Parameters
    ----------
    file
        the scenario; without it the embedded example
    seed
        the seed of every random stream
    until
        end the run at this many simulated seconds
    journal
        write the journal to this file (JSON Lines)
    html
        write a page that plays the journal to this file
    json
        print machine-readable results instead of tables
    laws
        when to check the laws: on (at every step), off, or end
    yes
        run it however many journal entries it is expected to write
    """
    checked = when_checked(laws)
    terminal.check_seconds({"--until": until})
    terminal.check_files({"--journal": journal, "--html": html}, terminal.read_with("FILE", file))
    scenario = terminal.accepted(demo() if file is None else Scenario.load(file), yes)
    log = Journal(journal, keep=True)
    sim = Simulation(scenario, seed=seed, laws=checked, journal=log)
    try:
        advance(sim, until if until is not None else scenario.until_s, quiet=json)
    except KeyboardInterrupt:
        terminal.report_interrupt(sim)
        return INTERRUPTED
    except LawBroken as error:
        if html is not None:
            to_html(sim, html, broken=error)
        raise _with_file(error, file) from None
    finally:
        log.close()
    if html is not None:
        sim.to_html(html)
    if json:
        print(_results(sim, sim.metrics()))
    else:
        _print(sim, sim.metrics())
        terminal.warn_of_prices(sim.scenario)
    return SUCCESS


def _with_file(error: LawBroken, file: Path | None) -> LawBroken:
    """A broken law whose command to reproduce it names the scenario's file."""
    reproduce = error.reproduce.replace("SCENARIO", "" if file is None else shlex.quote(str(file)))
    return LawBroken(error.law, error.reason, error.rests_on, error.story, reproduce)


def _results(sim: Simulation, metrics: Metrics) -> str:
    """The results for machines, as JSON; the format's number grows when a key is taken away or means something else."""
    results = {
        "hptsim_results": RESULTS_FORMAT,
        "version": __version__,
        "scenario": sim.scenario.name,
        "seed": sim.seed,
        "end_s": sim.now,
        "tuning_jobs": [row.to_dict() for row in metrics.tuning_jobs],
        "warm_pools": [asdict(pool) for pool in metrics.warm_pools],
        "cost_usd": metrics.cost_usd,
        "prices": PriceSources.of(sim.scenario).data(),
        "refused": dict(metrics.refused),
        "laws": {"kept": [law.name for law in LAWS if law.kind != SOMETIMES], "entries_judged": sim.checked},
        "witnessed": list(sim.witnessed),
    }
    return dumps(results, indent=2)


def _print(sim: Simulation, metrics: Metrics) -> None:
    """The results for people."""
    console = terminal.console()
    for line in stop_timelines(sim):
        console.print(line, highlight=False, soft_wrap=True)
    console.print(_table(sim, metrics))
    if (more := len(metrics.tuning_jobs) - _ROWS) > 0:
        console.print(f"and {more:,} more; --json has them all", highlight=False)
    console.print(_instance_hours(sim, metrics), highlight=False, soft_wrap=True)
    for code, count in metrics.refused.items():
        console.print(f"refused: {count} × {code}")
    if sim.checked:
        kept = sum(law.kind != SOMETIMES for law in LAWS)
        witnessed = ", ".join(sim.witnessed) or "none"
        console.print(f"{kept} laws kept over {sim.checked} journal entries; witnessed: {witnessed}", highlight=False)


def _table(sim: Simulation, metrics: Metrics) -> object:
    """The first tuning jobs, one a row, as a table of rich."""
    title = f"{sim.scenario.name}, seed {sim.seed}"
    table = require("rich.table", "cli", "the command line").Table(title=title, box=None)
    for heading in ("tuning job", "status"):
        table.add_column(heading, no_wrap=True)
    table.add_column("children", min_width=13)
    for heading in ("waited", "stop took", "stored", "billable inst-h", "cost"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in metrics.tuning_jobs[:_ROWS]:
        table.add_row(*_cells(row))
    return table


def _cells(row: TuningJobFigures) -> list[str]:
    children = ", ".join(f"{count} {end}" for end, count in row.children.items())
    cost = "no price" if row.cost_usd is None else f"${row.cost_usd:.2f}"
    hours = f"{row.billed_instance_s / 3600:.2f}"
    times = [_seconds(row.waiting_s), _seconds(row.stop_to_stopped_s)]
    return [row.name, row.status, children, *times, str(row.artifacts), hours, cost]


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} s"


def _instance_hours(sim: Simulation, metrics: Metrics) -> str:
    """How the reserved instance-hours were used, and which prices the costs come from."""
    rows = [*metrics.tuning_jobs, metrics.alone]
    hours = {name: math.fsum(getattr(row, name) for row in rows) / 3600 for name in USAGE if name != "cost_usd"}
    retained = math.fsum(pool.retained_instance_s for pool in metrics.warm_pools) / 3600
    return (
        f"{hours['reserved_instance_s']:.2f} instance-hours reserved: {hours['billable_instance_s']:.2f} billable, "
        f"{hours['unbilled_instance_s']:.2f} occupied and not billed, {hours['idle_instance_s'] - retained:.2f} idle"
        f"{f', {retained:.2f} retained in warm pools' if metrics.warm_pools else ''}; "
        f"{PriceSources.of(sim.scenario).words()}"
    )
