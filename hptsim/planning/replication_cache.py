"""Finished replications on disk, by all that they depend on: after a crash or Ctrl-C only what is missing is done again.

A file of JSON Lines, one replication each. Its key spells out every input by its value, never by a memory address, so that it
is the same in the next process, and another as soon as anything differs.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Mapping
from enum import Enum
from functools import partial
from pathlib import Path
from types import BuiltinFunctionType, FunctionType
from typing import Any

import attrs

import hptsim
from hptsim.errors import invalid

Figures = dict[str, float]


def digest(*values: object) -> str:
    """A short key for *values*: equal in every process for equal ones, and bound to this version of hptsim.

    Raises InvalidInput for an object whose value cannot be read off: it would match wrongly, or never.

    >>> from hptsim.scenario import Exponential
    >>> digest(Exponential(300)) == digest(Exponential(300)) != digest(Exponential(301))
    True
    """
    text = "\n".join([hptsim.__version__, *(_spell(f"argument {place}", value) for place, value in enumerate(values))])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _spell(where: str, value: Any) -> str:
    """*value* as a string that says all that matters of it."""
    if isinstance(value, Enum):
        return f"{_home(where, type(value))}.{value.name}"
    if value is None or type(value) in (bool, int, float, str, bytes):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = (f"{_spell(where, key)}: {_spell(f'{where}.{key}', one)}" for key, one in value.items())
        return "{" + ", ".join(sorted(pairs)) + "}"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(_spell(f'{where}[{place}]', one) for place, one in enumerate(value))}]"
    if isinstance(value, (set, frozenset)):
        return f"set({sorted(_spell(where, one) for one in value)})"
    if isinstance(value, partial):
        return f"partial({_spell(where, [value.func, value.args, value.keywords])})"
    if attrs.has(type(value)):
        fields = [field.name for field in attrs.fields(type(value)) if field.eq]
    elif hasattr(value, "dist") and hasattr(value, "kwds"):  # a frozen distribution of scipy.stats
        return f"{_home(where, type(value.dist))}({_spell(where, [value.dist.name, value.args, value.kwds])})"
    elif hasattr(value, "dtype") and hasattr(value, "tolist"):  # numpy's numbers and arrays
        return f"numpy({value.dtype}, {_spell(where, value.tolist())})"
    elif hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        fields = list(value.__dataclass_fields__)
    elif isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        return _home(where, value)
    else:
        raise _unreadable(where, value)
    inner = ", ".join(f"{name}={_spell(f'{where}.{name}', getattr(value, name))}" for name in fields)
    return f"{_home(where, type(value))}({inner})"


def _home(where: str, named: Any) -> str:
    """A class or function by its name and source text; what it calls, and what it reads besides its arguments, is not seen."""
    found: Any = sys.modules.get(getattr(named, "__module__", None) or "")
    for name in named.__qualname__.split("."):
        found = getattr(found, name, None)
    if found is not named:  # a lambda or a local function, whose name may mean another one next time
        raise _unreadable(where, named)
    try:
        source = "" if named.__module__.startswith("hptsim.") else inspect.getsource(named)
    except (OSError, TypeError):  # compiled, or typed into a prompt
        source = ""
    if named.__module__ == "__main__" and not source:
        raise _unreadable(where, named)
    return (
        f"{named.__module__}:{named.__qualname__}:{source!r}" if source else f"{named.__module__}:{named.__qualname__}"
    )


def _unreadable(where: str, value: object) -> Exception:
    hint = "write an attrs or dataclasses class, or a function of a module, or leave out checkpoint"
    return invalid(f"checkpoint: {where}", value, "something that can be recognized in the next process", hint)


class Checkpoint:
    """The file; without a *path* it keeps nothing. Use it in a `with` block.

    Raises InvalidInput for a file that holds something else. A last line that a crash has cut is taken off.
    """

    def __init__(self, path: str | Path | None) -> None:
        self.known: dict[str, Figures] = {}
        self._file: Any = None
        if path is None:
            return
        where = Path(path)
        whole = _whole_lines(where) if where.exists() else b""
        for number, line in enumerate(whole.decode("utf-8", "replace").splitlines(), start=1):
            try:
                entry = json.loads(line)
                self.known[entry["key"]] = dict(entry["figures"])
            except (ValueError, TypeError, KeyError):
                raise invalid(f"{path}:{number}", line[:40], "a replication that hptsim has kept") from None
        self._file = where.open("ab")
        self._file.truncate(len(whole))

    def key(self, *values: object) -> str:
        """`digest`, or nothing when nothing is kept."""
        return "" if self._file is None else digest(*values)

    def keep(self, key: str, figures: Figures) -> None:
        """Write one replication to the disk at once."""
        if self._file is not None:
            self._file.write(json.dumps({"key": key, "figures": figures}).encode() + b"\n")
            self._file.flush()

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            self._file.close()


def _whole_lines(path: Path) -> bytes:
    """What the file holds up to its last line end."""
    data = path.read_bytes()
    return data[: data.rfind(b"\n") + 1]
