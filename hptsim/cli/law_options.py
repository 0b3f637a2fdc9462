"""The options that choose laws: when they are checked, and laws of the user's own (`--laws module:NAME`)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path

from hptsim.audit.laws import LAWS
from hptsim.errors import InvalidInput, invalid
from hptsim.model.laws import Law, check_laws

_WHEN: dict[str, bool | str] = {"on": True, "off": False, "end": "end"}


def when_checked(given: str) -> bool | str:
    """What a simulation takes as its `laws`. Raises InvalidInput for anything but on, off or end.

    >>> when_checked("on"), when_checked("off"), when_checked("end")
    (True, False, 'end')
    """
    if given not in _WHEN:
        raise invalid("--laws", given, "on, off or end")
    return _WHEN[given]


def with_own(where: str | None) -> tuple[Law, ...]:
    """All laws, with those that stand at *where*, "module:NAME": one law, or several.

    The module is looked for as Python does, and in the current folder. Raises InvalidInput where there is none.

    >>> with_own(None) == LAWS
    True
    """
    if where is None:
        return LAWS
    module, _, name = where.partition(":")
    if (folder := str(Path.cwd())) not in sys.path:
        sys.path.append(folder)
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise invalid("--laws", where, "module:NAME of a law, or of several", str(error)) from error
    own: Iterable[Law] = (found,) if isinstance(found, Law) else found
    try:
        return check_laws((*LAWS, *(law for law in own if law not in LAWS)))
    except TypeError as error:
        raise InvalidInput(f"--laws: {where} is {found!r}, expected a law, or several") from error
