"""What commands print for people: names stay as they were given, and lines in files are wide."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from hptsim.errors import invalid
from hptsim.model.journal import Saved, read
from hptsim.model.validators import LARGEST_WHOLE
from hptsim.optional import require
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.simulation import Simulation

_WIDTH_IN_FILES = 120


def console(**settings: Any) -> Any:
    """A console of rich that prints text as it is: `[/x]` in a name is not markup, `:x:` not an emoji."""
    shown = require("rich.console", "cli", "the command line").Console(markup=False, emoji=False, **settings)
    if not shown.is_terminal:
        shown.width = _WIDTH_IN_FILES
    return shown


def accepted(scenario: Scenario, yes: bool) -> Scenario:
    """The scenario; with `--yes` without its limit on how many journal entries a run may be expected to write."""
    return evolve(scenario, max_entries=LARGEST_WHOLE) if yes else scenario


def records(table: Any) -> list[dict[str, Any]]:
    """The rows of a DataFrame for machines; a figure that was not observed is null, for JSON has no NaN."""
    return [
        {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def warn(words: str) -> None:
    """Say something on standard error that is no reason to end."""
    print(f"hptsim: {words}", file=sys.stderr)


def check_folders(files: Mapping[str, Path | None]) -> None:
    """Refuse options whose file would be in a folder that does not exist, before anything is run or written (InvalidInput)."""
    for option, path in files.items():
        if path is not None and not path.parent.is_dir():
            raise invalid(option, str(path), "a file in a folder that exists")


def saved_journal(file: Path) -> Saved:
    """The journal in a file, for a drawing; says on standard error where the file is damaged."""
    saved = read(file)
    if saved.damage:
        warn(f"{saved.damage}; what stands before is drawn")
    return saved


def warn_of_prices(scenario: Scenario) -> None:
    """Say on standard error that the costs just shown rest on old prices, if they do."""
    if warning := scenario.price_warning(time.time()):
        warn(warning)


def report_interrupt(sim: Simulation) -> None:
    """Say on standard error how far a run came before Ctrl-C."""
    print(f"interrupted at {sim.now:.0f} s; the journal is complete up to there", file=sys.stderr)
