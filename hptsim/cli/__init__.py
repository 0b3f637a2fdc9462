"""The command line: `hptsim run`, `explore`, `check`, `plan`, `replay`, `serve` and `diagram`, one module each.

`app` is the entry point, `exit_codes` says what a command's exit code means.
"""

from hptsim.cli.app import main
from hptsim.cli.run import demo
from hptsim.cli.timeline import stop_timelines

__all__ = ["demo", "main", "stop_timelines"]
