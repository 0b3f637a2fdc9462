"""Optional libraries: imported when they are needed, with an error that names the extra when they are missing.

Packages in which some names need one import each name when it is first used (`on_first_use`).
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from hptsim.errors import MissingExtra


def require(module: str, extra: str, feature: str) -> Any:
    """Import *module*, or say which extra brings it.

    >>> require("not_installed_anywhere", "plots", "drawing")
    Traceback (most recent call last):
    ...
    hptsim.errors.MissingExtra: drawing needs the extra 'plots': pip install 'hptsim[plots]'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(feature, extra) from error


def on_first_use(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: it imports the module of a public name when the name is first used.

    *modules* has the module within the package for each name. Raises AttributeError for any other name.

    >>> on_first_use("hptsim.scenario", {"Prices": "prices"})("Prices").__name__
    'Prices'
    """

    def resolve(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{modules[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return resolve
