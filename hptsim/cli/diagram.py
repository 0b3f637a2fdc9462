"""`hptsim diagram`: a lifecycle drawn from its table, or all of the model in TLA+."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from hptsim.cli.exit_codes import SUCCESS
from hptsim.errors import InvalidInput, invalid, nearest
from hptsim.explorer.tla import configuration, module
from hptsim.model.specs import TuningJobSpec
from hptsim.model.tables import ALL
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.views import state_diagrams

_TABLES = {table.name: table for table in ALL}


def diagram(
    lifecycle: str = "tuning",
    *,
    svg: Path | None = None,
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
        tuning, training, reservation or warm_pool
    svg
        write an SVG drawing to this file
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
    if lifecycle not in _TABLES:
        raise invalid("diagram", lifecycle, "a lifecycle", nearest(lifecycle, _TABLES))
    if tla is not None:
        _write(tla, smallest() if scenario is None else Scenario.load(scenario), fault or [], delayed_stop)
    elif scenario is not None or fault or delayed_stop:
        raise InvalidInput("--scenario, --fault and --delayed-stop are the scope of --tla FILE, which is not given")
    table = _TABLES[lifecycle]
    if svg is not None:
        svg.write_text(state_diagrams.svg(table), encoding="utf-8")
    if mermaid or (svg is None and tla is None):
        print(state_diagrams.mermaid(table))
    return SUCCESS


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
