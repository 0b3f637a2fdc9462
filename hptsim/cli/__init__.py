"""The command line: `hptsim run`, `explore`, `check`, `plan`, `replay`, `serve` and `diagram`."""

from hptsim.cli.commands import demo, main, stories

__all__ = ["demo", "main", "stories"]
