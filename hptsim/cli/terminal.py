"""What commands print for people: names stay as they were given, and lines in files are wide."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from hptsim.errors import invalid
from hptsim.model.journal import Saved, read
from hptsim.model.validators import LARGEST_WHOLE, is_number
from hptsim.optional import require
from hptsim.scenario.files import named_files
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


def check_seconds(options: Mapping[str, float | None]) -> None:
    """Refuse options that are no finite time of at least 0 s, before anything is run or written (InvalidInput)."""
    for option, value in options.items():
        if value is not None and not (is_number(value) and value >= 0):
            raise invalid(option, value, "a finite number of seconds, at least 0")


def check_files(written: Mapping[str, Path | None], read: Mapping[str, Path | None] | None = None) -> None:
    """Refuse files that could not be written, or would be lost, before anything is run or written (InvalidInput).

    Each file that is *written* must be in a folder that exists, and be neither one that is *read* nor one that another option
    writes: links and other spellings of a path are followed. Devices such as /dev/null may be named twice.
    """
    others = {name: path for name, path in (read or {}).items() if path is not None}
    for option, path in written.items():
        if path is None:
            continue
        if not path.parent.is_dir():
            raise invalid(option, str(path), "a file in a folder that exists")
        if path.is_dir():
            raise invalid(option, str(path), "a file, not a folder")
        for other, same in others.items():
            if _same_file(path, same):
                raise invalid(option, str(path), f"a file of its own: {other} is the same file")
        others[option] = path


def read_with(option: str, file: Path | None) -> dict[str, Path]:
    """The scenario's file that an *option* names, and the files that are named in it, for `check_files`."""
    if file is None:
        return {}
    return {option: file, **{f"{key} of {file}": path for key, path in named_files(file).items()}}


def _same_file(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.is_file() and one.samefile(other)
    return os.path.realpath(one) == os.path.realpath(other)


def check_extras(html: Path | None, parquet: Path | None) -> None:
    """Refuse a page or a table whose libraries are not installed, before anybody has computed for hours (MissingExtra)."""
    if html is not None:
        require("matplotlib", "plots", "--html")
        require("jinja2", "plots", "--html")
    if parquet is not None:
        require("pyarrow", "planning", "--parquet")


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
