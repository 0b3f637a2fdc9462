"""`hptsim diagram`: a lifecycle drawn from its table, or all of the model in TLA+."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from hptsim.cli import terminal
from hptsim.cli.exit_codes import SUCCESS
from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.explorer.tla import configuration, module
from hptsim.model.specs import TuningJobSpec
from hptsim.model.tables import ALL
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.views import state_diagrams
from hptsim.views.state_diagrams import StateDiagram, state_diagram

_TABLES = {table.name: table for table in ALL}


def diagram(
    lifecycle: str | None = None,
    *,
    svg: Path | None = None,
    journal: Path | None = None,
    job: str | None = None,
    mermaid: bool = False,
    tla: Path | None = None,
    scenario: Path | None = None,
    fault: list[str] | None = None,
    delayed_stop: bool = False,
) -> int:
    """Draw the lifecycle of a tuning job, a training job, a reservation or a warm pool from its table, or write all in TLA+.

    Parameters
    ----------
    lifecycle
        tuning, training, reservation or warm_pool; without it tuning, or the lifecycle of --job
    svg
        write an SVG drawing to this file (extra plots)
    journal
        with --svg, a file that hptsim run --journal wrote: the drawing says how often each row fired
    job
        with --journal, a tuning job or a training job: the drawing shows its path
    mermaid
        print Mermaid as well; without --svg it is printed anyway
    tla
        write the model as a TLA+ module to this file, and beside it, as .cfg, what the model checker TLC is to check
    scenario
        with --tla, the scope; without it one tuning job with one training job on one instance
    fault
        with --tla, a fault that may happen once; repeat it for more (default: none)
    delayed_stop
        with --tla, deliver a stop to each training job separately
    """
    if lifecycle is not None and lifecycle not in _TABLES:
        raise invalid("diagram", lifecycle, "a lifecycle", nearest(lifecycle, _TABLES))
    if journal is not None and svg is None:
        raise InvalidInput("--journal is shown in the drawing of --svg FILE, which is not given")
    if job is not None and journal is None:
        raise InvalidInput("--job is looked for in --journal FILE, which is not given")
    if tla is not None and lifecycle is not None and svg is None and not mermaid:
        raise InvalidInput(
            f"{lifecycle}: --tla has all lifecycles; leave it out, or add --svg FILE or --mermaid to draw it"
        )
    beside = None if tla is None else tla.with_suffix(".cfg")
    terminal.check_files(
        {"--svg": svg, "--tla": tla, "the .cfg beside --tla": beside},
        {"--journal": journal, **terminal.read_with("--scenario", scenario)},
    )
    if tla is not None:
        _write(tla, smallest() if scenario is None else Scenario.load(scenario), fault or [], delayed_stop)
    elif scenario is not None or fault or delayed_stop:
        raise InvalidInput("--scenario, --fault and --delayed-stop are the scope of --tla FILE, which is not given")
    if svg is not None:
        drawn = state_diagram(lifecycle or "tuning") if journal is None else _fired(lifecycle, journal, job)
        svg.write_text(drawn.svg(), encoding="utf-8")
    if mermaid or (svg is None and tla is None):
        print(state_diagrams.mermaid(_TABLES[lifecycle or "tuning"]))
    return SUCCESS


def _fired(lifecycle: str | None, journal: Path, job: str | None) -> StateDiagram:
    """The diagram of what fired in a saved journal."""
    saved = terminal.saved_journal(journal)
    if lifecycle is None and job is not None:
        kinds = {record.name: record.thing for record in saved.records if record.thing in ("tuning", "training")}
        if job not in kinds:
            raise invalid("--job", job, f"a tuning job or a training job of {journal}", nearest(job, kinds))
        lifecycle = kinds[job]
    return state_diagram(lifecycle or "tuning", saved, job)


def _write(file: Path, scenario: Scenario, faults: list[str], delayed_stop: bool) -> None:
    if file.suffix != ".tla" or not re.fullmatch(r"[A-Za-z]\w*", file.stem, re.ASCII):
        raise invalid("--tla", file.name, "a name of letters, digits and _ with the ending .tla: it names the module")
    text = module(scenario, faults=Counter(faults), delayed_stop=delayed_stop, name=file.stem)
    file.write_text(text, encoding="utf-8")
    file.with_suffix(".cfg").write_text(configuration(), encoding="utf-8")


def smallest() -> Scenario:
    """The scope of `--tla` where none is given.

    >>> smallest().capacity
    {'ml.m5.xlarge': 1}
    """
    return Scenario("smallest", {"ml.m5.xlarge": 1}, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
