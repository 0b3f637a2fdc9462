"""The command line: `hptsim run`, `explore`, `check`, `plan`, `replay`, `serve` and `diagram`.

Exit codes: 0 all is well, 2 bad input, 3 a law is broken, 130 interrupted, 141 the pipe was closed.
"""

from __future__ import annotations

import math
import os
import shlex
import sys
from collections.abc import Iterable
from importlib import resources
from json import dumps
from pathlib import Path
from typing import Any

from attrs import asdict

from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS
from hptsim.cli import terminal
from hptsim.cli.progress import advance
from hptsim.errors import HptsimError, InvalidInput, LawBroken, MissingExtra, invalid, nearest
from hptsim.model.journal import Journal, Saved, read, steps
from hptsim.model.laws import Law
from hptsim.model.statuses import FINAL_TUNING, status
from hptsim.model.tables import ALL
from hptsim.optional import require
from hptsim.planning.metrics import Metrics
from hptsim.planning.usage import USAGE, TuningJobFigures
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation
from hptsim.views import state_diagrams as draw
from hptsim.views.player import to_html

LIVES = {table.name: table for table in ALL}
FINE, BAD_INPUT, LAW_BROKEN, INTERRUPTED, UNREAD = 0, 2, 3, 130, 141
_ROWS = 50
"""So many tuning jobs are printed one by one."""


def demo() -> Scenario:
    """The embedded scenario: eight tuning jobs on scarce quota, one stopped half-way, one failing, one on spot.

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

    Prints the story of each stop, a table of the tuning jobs and the laws checked; see the README for the files.

    Parameters
    ----------
    file
        the scenario; without it the embedded example
    seed
        the seed of every random stream
    until
        stop the clock at this many seconds
    journal
        write the journal to this file (JSON Lines)
    html
        write a page that plays the journal to this file
    json
        print machine-readable results instead of tables
    laws
        on, off, or end
    yes
        run it however much work it is expected to be
    """
    if laws not in ("on", "off", "end"):
        raise invalid("--laws", laws, "on, off or end")
    scenario = terminal.accepted(demo() if file is None else Scenario.load(file), yes)
    log = Journal(journal, keep=True)
    sim = Simulation(scenario, seed=seed, laws=laws == "on" or (laws == "end" and "end"), journal=log)
    try:
        advance(sim, until if until is not None else scenario.until_s, quiet=json)
    except KeyboardInterrupt:
        print(f"interrupted at {sim.now:.0f} s; the journal is complete up to there", file=sys.stderr)
        return INTERRUPTED
    except LawBroken as error:
        if html is not None:
            to_html(sim, html, broken=error)
        again = error.reproduce.replace("SCENARIO", "" if file is None else shlex.quote(str(file)))
        raise LawBroken(error.law, error.reason, error.rests_on, error.story, again) from None
    finally:
        log.close()
    if html is not None:
        sim.to_html(html)
    metrics = sim.metrics()
    if json:
        print(_results(sim, metrics))
    else:
        _report(sim, metrics)
    return FINE


def _results(sim: Simulation, metrics: Metrics) -> str:
    """The results for machines, as JSON."""
    plain = {
        "scenario": sim.scenario.name,
        "seed": sim.seed,
        "end_s": sim.now,
        "tuning_jobs": [row.to_dict() for row in metrics.tuning_jobs],
        "warm_pools": [asdict(pool) for pool in metrics.warm_pools],
        "cost_usd": metrics.cost_usd,
        "prices": {name: getattr(sim.scenario.price_list, name) for name in ("date", "region", "source")},
        "refused": dict(metrics.refused),
        "laws": {"kept": [law.name for law in LAWS if law.kind != "sometimes"], "entries_judged": sim.checked},
        "witnessed": list(sim.witnessed),
    }
    return dumps(plain, indent=2)


def _report(sim: Simulation, metrics: Metrics) -> None:
    console = terminal.console()
    for line in stories(sim):
        console.print(line, highlight=False, soft_wrap=True)
    table = require("rich.table", "cli", "the command line").Table(
        title=f"{sim.scenario.name}, seed {sim.seed}", box=None
    )
    for heading in ("tuning job", "status", "children", "waited", "stop took", "stored", "inst-h", "cost"):
        left = heading in ("tuning job", "status", "children")
        table.add_column(
            heading,
            justify="left" if left else "right",
            no_wrap=heading != "children",
            min_width=13 if heading == "children" else None,
        )
    for row in metrics.tuning_jobs[:_ROWS]:
        table.add_row(*_cells(row))
    console.print(table)
    if (more := len(metrics.tuning_jobs) - _ROWS) > 0:
        console.print(f"and {more:,} more; --json has them all", highlight=False)
    console.print(_money(sim, metrics), highlight=False)
    for code, count in metrics.refused.items():
        console.print(f"refused: {count} × {code}")
    if sim.checked:
        kept = sum(law.kind != "sometimes" for law in LAWS)
        seen = ", ".join(sim.witnessed) or "none"
        console.print(f"{kept} laws kept over {sim.checked} journal entries; witnessed: {seen}", highlight=False)


def _money(sim: Simulation, metrics: Metrics) -> str:
    """Where the reserved instance-hours went, and by which prices they cost so much."""
    everybody = [*metrics.tuning_jobs, metrics.alone]
    hours = {name: math.fsum(getattr(one, name) for one in everybody) / 3600 for name in USAGE if name != "cost_usd"}
    retained = math.fsum(pool.retained_instance_s for pool in metrics.warm_pools) / 3600
    prices = sim.scenario.price_list
    return (
        f"{hours['reserved_instance_s']:.2f} instance-hours reserved: {hours['billable_instance_s']:.2f} billable, "
        f"{hours['unbilled_instance_s']:.2f} occupied and not billed, {hours['idle_instance_s'] - retained:.2f} idle"
        f"{f', {retained:.2f} retained in warm pools' if metrics.warm_pools else ''}; "
        f"prices of {prices.date}, {prices.region}"
    )


def _cells(row: TuningJobFigures) -> list[str]:
    children = ", ".join(f"{count} {end}" for end, count in row.children.items())
    cost = "no price" if row.cost_usd is None else f"${row.cost_usd:.2f}"
    hours = f"{row.billed_instance_s / 3600:.2f}"
    times = [_seconds(row.waiting_s), _seconds(row.stop_to_stopped_s)]
    return [row.name, row.status, children, *times, str(row.artifacts), hours, cost]


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} s"


def stories(sim: Simulation) -> list[str]:
    """The story of each stop, in plain words with times: from the stop to the release."""
    told: list[list[str]] = []
    going: dict[str, list[str]] = {}
    parents: dict[str, str] = {}
    for record in sim.journal:
        if record.thing == "training" and record.trigger == "create":
            parents[record.name] = record.data.tuning_job
        name = record.data.holder if record.thing == "reservation" else parents.get(record.name, record.name)
        if record.thing == "tuning" and record.trigger in ("create", "stop"):
            going.pop(name, None)
            if record.trigger == "stop":
                told.append(going.setdefault(name, [f"The stop of {name}"]))
        if name in going and (text := _tell(record)):
            going[name].append(f"  {record.time_s:8.0f} s  {text}")
    return [line for story in told for line in (*story, "")]


def _tell(record: Any) -> str:
    """One journal record of a stop in plain words; nothing for what only book-keepers want to know."""
    child = record.name
    words = {
        ("tuning", "stop"): "the stop is accepted: Stopping. Nothing is free yet.",
        (
            "tuning",
            "finish",
        ): f"the last training job has ended: {record.destination}. Now what is reserved is released.",
        ("training", "stop"): f"{child} receives a stop ({record.source} → {record.destination})",
        ("signal", "SIGTERM"): f"{child} gets SIGTERM; it has at most 120 s",
        ("training", "saved"): f"{child} reports its model saved",
        ("training", "exited"): f"{child}: the script has ended ({record.source} → {record.destination})",
        ("training", "killed"): f"{child}: the 120 s are over, the container is killed",
        ("training", "uploaded"): f"{child} has uploaded what it saved: {record.destination}",
        ("training", "torn_down"): f"{child} is torn down, nothing to store: {record.destination}",
        ("artifact", "store"): f"stored: {record.data}",
        ("reservation", "withdraw"): f"{child} leaves the line",
    }
    if record.thing == "reservation" and record.trigger == "release":
        return f"released: {dict(record.data.amounts)}"
    return words.get((record.thing, record.trigger), "")


def check(journal: Path, *, laws: str | None = None) -> int:
    """Judge a saved journal by the laws.

    Parameters
    ----------
    journal
        a file that `hptsim run --journal` wrote
    laws
        laws of your own that are judged besides: module:NAME of a hptsim.model.Law, or of several
    """
    from hptsim.cli.own_laws import with_own

    saved = read(journal)
    auditor = judge(saved, str(journal), with_own(laws))
    if saved.damage:
        print(f"{saved.damage}; the laws hold up to there")
        return BAD_INPUT
    print(
        f"{journal}: {len(saved.records)} entries, no law broken; witnessed: {', '.join(auditor.witnessed) or 'none'}"
    )
    if alive := [job.name for job in auditor.state.tuning.values() if status(job.state) not in FINAL_TUNING]:
        print(f"not ended when the journal was closed: {', '.join(alive)}")
    return FINE


def judge(saved: Saved, where: str = "journal", laws: Iterable[Law] = LAWS) -> Auditor:
    """Let an auditor read a saved journal, step by step; raises LawBroken with the file's line.

    Raises InvalidInput when an entry speaks of what no entry before it has introduced. A journal may end anywhere, by
    `--until` or Ctrl-C, so the `eventually` laws are not judged; of a damaged one neither is the last step.
    """
    line = 1
    try:
        auditor = Auditor(saved.account, laws, stop_propagation_s=saved.stop_propagation_s)
        for step in steps(saved.records):
            for record in step:
                line += 1
                auditor.see(record)
            if not saved.damage or line <= len(saved.records):
                auditor.check_step()
    except LawBroken as error:
        record = saved.records[line - 2]
        raise LawBroken(error.law, f"{where}:{line}: {error.reason}", error.rests_on, (str(record),)) from None
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        if not _raised_in(error).startswith("hptsim."):
            raise  # a law of the user's own is wrong
        text = f"{where}:{line}: not understood ({type(error).__name__}: {error}); expected what hptsim run --journal wrote"
        raise InvalidInput(text) from error
    return auditor


def _raised_in(error: BaseException) -> str:
    """The name of the module in which an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else str(trace.tb_frame.f_globals.get("__name__", ""))


def explore(
    file: Path | None = None,
    *,
    fault: list[str] | None = None,
    delayed_stop: bool = False,
    max_states: int = 1_000_000,
) -> int:
    """Visit every state of a small scenario: all orders of all events, commands and faults.

    Parameters
    ----------
    file
        the scenario; without it two tuning jobs with two training jobs each on two instances
    fault
        a fault that may strike once anywhere; repeat it for more (default: internal_error and interrupt)
    delayed_stop
        let the stop travel to each training job separately
    max_states
        stop after this many states
    """
    from collections import Counter

    from hptsim.simulation.explorer import explore as search

    console = terminal.console(stderr=True)
    scenario = small() if file is None else Scenario.load(file)
    faults = Counter(fault if fault is not None else ["internal_error", "interrupt"])
    with console.status("exploring") as status:
        found = search(
            scenario,
            faults=faults,
            delayed_stop=delayed_stop,
            max_states=max_states,
            progress=lambda count: status.update(f"exploring: {count} states"),
        )
    print(f"{found.states} states, {found.transitions} transitions, depth {found.depth}, {found.resting} at rest")
    if found.counterexample is not None:
        print(found.counterexample)
        return LAW_BROKEN
    print("every state visited, all laws kept" if found.complete else f"gave up after {max_states} states")
    if found.missed:
        print(f"never seen in this scope: {', '.join(found.missed)}")
    return FINE


def small() -> Scenario:
    """The scope that must be exhausted: 2 tuning jobs × 2 training jobs on 2 instances, on spot, one retry each."""
    from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
    from hptsim.model.specs import TuningJobSpec
    from hptsim.scenario.workload import ScheduledTuningJob

    definition = TrainingJobDefinition(spot=True, max_retries=0)
    specs = [TuningJobSpec(name, (definition,), ResourceLimits(2, 2)) for name in ("a", "b")]
    return Scenario(
        name="small", capacity={"ml.m5.xlarge": 2}, tuning_jobs=tuple(ScheduledTuningJob(spec) for spec in specs)
    )


def diagram(life: str = "tuning", *, svg: Path | None = None, mermaid: bool = False) -> int:
    """Draw the life of a tuning job, a training job, a reservation or a warm pool from its table.

    Parameters
    ----------
    life
        tuning, training, reservation or warm_pool
    svg
        write an SVG drawing to this file
    mermaid
        print Mermaid, as it does without --svg
    """
    if life not in LIVES:
        raise invalid("diagram", life, " or ".join(LIVES), nearest(life, LIVES))
    if svg is not None:
        svg.write_text(draw.svg(LIVES[life]), encoding="utf-8")
    if mermaid or svg is None:
        print(draw.mermaid(LIVES[life]))
    return FINE


_LATE = {
    "plan": (
        "hptsim.cli.plan:plan",
        "Replicate a scenario and answer with confidence intervals; find the smallest quota.",
    ),
    "replay": ("hptsim.cli.replay:replay", "Replay a table of jobs (CSV) under a quota."),
    "serve": ("hptsim.server:serve", "Answer SageMaker, CloudWatch Logs and S3 over HTTP on loopback."),
}
"""Commands with libraries of their own, which are imported when they are called: their place, and what a list says of them."""


def main(arguments: list[str] | None = None) -> int:
    """The command `hptsim`."""
    try:
        cyclopts = require("cyclopts", "cli", "the command line")
        app = cyclopts.App(
            name="hptsim",
            help="A digital twin of hyperparameter tuning, and of what stop means.",
            default_parameter=cyclopts.Parameter(negative=""),
        )
        app.command(run, name="run")
        app.command(check, name="check")
        app.command(explore, name="explore")
        for name, (place, words) in _LATE.items():
            app.command(place, name=name, help=words)
        app.command(diagram, name="diagram")
        code = app(arguments, exit_on_error=False, result_action="return_value")
        sys.stdout.flush()
    except LawBroken as error:
        print(error, file=sys.stderr)
        code = LAW_BROKEN
    except (
        BrokenPipeError
    ):  # the reader, `head` for one, has enough; what is still buffered must not complain at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = UNREAD
    except SystemExit as ending:  # rich has met the same
        if not isinstance(ending.__context__, BrokenPipeError):
            raise
        code = UNREAD
    except (HptsimError, MissingExtra, OSError) as error:
        print(f"hptsim: {error}", file=sys.stderr)
        code = BAD_INPUT
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as error:
        if isinstance(error.__cause__, MissingExtra):  # cyclopts wraps what the late import of a command raises
            print(f"hptsim: {error.__cause__}", file=sys.stderr)
        elif type(error).__module__.partition(".")[0] != "cyclopts":
            raise
        code = BAD_INPUT
    return code if isinstance(code, int) else FINE
