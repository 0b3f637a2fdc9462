"""Optional libraries: imported when they are needed, with an error that names the extra when they are missing."""

from __future__ import annotations

import importlib
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
