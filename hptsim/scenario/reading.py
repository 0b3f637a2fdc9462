"""Reading what a user wrote: files that end, paths that stay in their folder, and tables of keys.

`built` is how a table becomes a part of a scenario, in files and in constructors alike.
"""

from __future__ import annotations

import json
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs

from hptsim.errors import InvalidInput, below, invalid, nearest
from hptsim.model.validators import is_string

MOST_BYTES = 100_000_000
"""A scenario, a request or a table of prices is at most this large."""
Part = TypeVar("Part")


def names(cls: type[Any]) -> list[str]:
    """The keys of a part of a scenario."""
    return [field.alias for field in attrs.fields(cls) if field.init]


def known(where: str, data: Any, keys: Iterable[str], kind: str) -> None:
    """Refuse what is no table, or has a key that *kind* does not have."""
    if not isinstance(data, Mapping):
        raise invalid(where, data, "a table of keys")
    for name in data:
        if name not in keys:
            raise invalid(f"{where}.{name}" if where else str(name), name, f"a key of {kind}", nearest(str(name), keys))


def built(cls: type[Part], where: str, given: Any) -> Part:
    """A part of a scenario from itself or from a table of its keys; raises InvalidInput with the key below *where*."""
    if isinstance(given, cls):
        return given
    known(where, given, names(cls), where)
    with below(where):
        return cls(**given)


def check_parameters(cls: type[Any], where: str, given: Any) -> None:
    """Refuse a table of parameters from which *cls* cannot be made: unknown or missing names (InvalidInput)."""
    if not isinstance(given, Mapping):
        raise invalid(where, given, "a table of parameters")
    valid = [field.name for field in attrs.fields(cls)]
    for name in given:
        if name not in valid:
            raise invalid(f"{where}.{name}", name, "a parameter", nearest(str(name), valid))
    needed = [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    if missing := [name for name in needed if name not in given]:
        raise invalid(where, dict(given), f"a value for {', '.join(missing)}")


def each(where: str, data: Any, read: Any, folder: Path | None = None) -> tuple[Any, ...]:
    """What *read* makes of every one in a list."""
    if not isinstance(data, Iterable) or isinstance(data, (str, bytes, Mapping)):
        raise invalid(where, data, "a list")
    return tuple(read(f"{where}[{place}]", one, folder) for place, one in enumerate(data))


def read_text(path: Path, what: str) -> str:
    """The text of a file; raises InvalidInput for what is no file of a bearable size, or not in UTF-8.

    A device or a pipe is never opened: it might not end.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise invalid(str(path), "a folder, device or pipe", what)
        if found.st_size > MOST_BYTES:
            raise invalid(str(path), f"{found.st_size:,} bytes", f"{what} of at most {MOST_BYTES:,} bytes")
        return path.read_text(encoding="utf-8")
    except InvalidInput:
        raise
    except (OSError, ValueError) as error:  # not there, not in UTF-8, or a path that cannot be one
        raise invalid(str(path), getattr(error, "strerror", None) or str(error), what) from error


def parse(text: str, *, toml: bool) -> Any:
    """TOML or JSON as data; raises InvalidInput that begins with the line."""
    try:
        return tomllib.loads(text) if toml else json.loads(text)
    except RecursionError:
        raise InvalidInput("1: nested too deeply") from None
    except ValueError as error:
        line = getattr(error, "lineno", None) or _line(str(error))
        raise InvalidInput(f"{line}: {error}") from error


def _line(message: str) -> int:
    found = message.partition("at line ")[2].partition(",")[0]
    return int(found) if found.isdecimal() else 1


def inside(where: str, folder: Path | None, given: str) -> Path:
    """The file that *given* names below *folder*; raises InvalidInput for a path that leads out of it, by links too."""
    root = (folder or Path()).resolve()
    try:
        path = (root / given).resolve() if is_string(given) else None
    except (OSError, ValueError, RuntimeError):  # a null byte, or links in a circle
        path = None
    if path is None or Path(given).is_absolute() or not path.is_relative_to(root):
        raise invalid(where, given, "the path of a file in the scenario's folder", "relative, and without '..'")
    return root / given
