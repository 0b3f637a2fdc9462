"""What is printed for people: names as they were given, whatever markup they look like, and wide enough in files."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from hptsim.model.validators import LARGEST_WHOLE
from hptsim.optional import require
from hptsim.scenario.scenario import Scenario

_WIDTH_IN_FILES = 120


def console(**settings: Any) -> Any:
    """A console of rich that shows text as it is: `[/x]` in a name is no markup, `:x:` no picture."""
    shown = require("rich.console", "cli", "the command line").Console(markup=False, emoji=False, **settings)
    if not shown.is_terminal:
        shown.width = _WIDTH_IN_FILES
    return shown


def accepted(scenario: Scenario, yes: bool) -> Scenario:
    """The scenario; with `--yes` one that runs however much work it is expected to be."""
    return evolve(scenario, max_entries=LARGEST_WHOLE) if yes else scenario
