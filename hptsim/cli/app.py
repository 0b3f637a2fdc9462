"""The command `hptsim`: its subcommands, and how errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Any

from hptsim.cli.check import check
from hptsim.cli.diagram import diagram
from hptsim.cli.exit_codes import BAD_INPUT, INTERRUPTED, LAW_BROKEN, PIPE_CLOSED, SUCCESS
from hptsim.cli.explore import explore
from hptsim.cli.run import run
from hptsim.errors import HptsimError, LawBroken, MissingExtra
from hptsim.optional import require

_IMPORTED_WHEN_CALLED = {
    "choose": (
        "hptsim.cli.choose:choose",
        "Choose among the designs of a grid: the best in one figure, or the frontier of several.",
    ),
    "conform": (
        "hptsim.cli.conform:conform",
        "Judge a recording of the live service: could the twin have answered so?",
    ),
    "doctor": ("hptsim.cli.doctor:doctor", "What is installed, and whether a small simulation works."),
    "film": ("hptsim.cli.film:film", "Draw a moment of a run (SVG, PNG), or a stop as a short film (GIF)."),
    "new": ("hptsim.cli.new:new", "Write a commented scenario to start from, and its JSON Schema for editors."),
    "plan": (
        "hptsim.cli.plan:plan",
        "Replicate a scenario and answer with confidence intervals; find the smallest quota.",
    ),
    "replay": ("hptsim.cli.replay:replay", "Replay a table of jobs (CSV) under a quota."),
    "sensitivity": ("hptsim.cli.sensitivity:sensitivity", "Which inputs move a figure most."),
    "serve": ("hptsim.server:serve", "Answer SageMaker and the services near it over HTTP on loopback."),
}
"""Subcommands that are imported when they are called, most of which need extras of their own: where each stands, and its
line in `hptsim --help`."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command `hptsim` and return its exit code; errors go to standard error, without a traceback."""
    try:
        code = _application()(arguments, exit_on_error=False, result_action="return_value")
        sys.stdout.flush()
    except LawBroken as error:
        print(error, file=sys.stderr)
        return LAW_BROKEN
    except BrokenPipeError:
        _discard_output()
        return PIPE_CLOSED
    except SystemExit as ending:
        if not isinstance(ending.__context__, BrokenPipeError):
            raise
        return PIPE_CLOSED  # rich has met the closed pipe and exits
    except (HptsimError, MissingExtra, OSError) as error:
        print(f"hptsim: {error}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if isinstance(error.__cause__, MissingExtra):  # cyclopts wraps what the import of a subcommand raises
            print(f"hptsim: {error.__cause__}", file=sys.stderr)
        elif type(error).__module__.partition(".")[0] != "cyclopts":
            raise
        return BAD_INPUT  # cyclopts has printed its own message
    return code if isinstance(code, int) else SUCCESS


def _application() -> Any:
    """The subcommands, as an application of cyclopts."""
    cyclopts = require("cyclopts", "cli", "the command line")
    app = cyclopts.App(
        name="hptsim",
        help="A digital twin of SageMaker's hyperparameter tuning jobs, and of what happens when you stop one.",
        default_parameter=cyclopts.Parameter(negative=""),
    )
    app.command(run, name="run")
    app.command(check, name="check")
    app.command(explore, name="explore")
    for name, (place, words) in _IMPORTED_WHEN_CALLED.items():
        app.command(place, name=name, help=words)
    app.command(diagram, name="diagram")
    app.register_install_completion_command()
    return app


def _discard_output() -> None:
    """Send what is still buffered nowhere: the pipe is closed, and writing to it at the exit would print an error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
