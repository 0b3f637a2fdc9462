"""hptsim: a digital twin of hyperparameter tuning as Amazon SageMaker does it, and of what *stop* means there.

>>> import hptsim
>>> sorted(hptsim.__all__)[:3]
['Journal', 'LAWS', 'Scenario']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hptsim import boto, planning, testing, traces, views
    from hptsim.audit import LAWS
    from hptsim.explorer import explore
    from hptsim.model import Journal, TuningJobSpec
    from hptsim.scenario import Scenario
    from hptsim.simulation import Simulation

__version__ = "0.1.0"
__all__ = [
    "LAWS",
    "Journal",
    "Scenario",
    "Simulation",
    "TuningJobSpec",
    "boto",
    "explore",
    "planning",
    "testing",
    "traces",
    "views",
]
_ROOMS = {
    "LAWS": "audit",
    "Journal": "model",
    "TuningJobSpec": "model",
    "Scenario": "scenario",
    "Simulation": "simulation",
    "explore": "explorer",
}


def __getattr__(name: str) -> Any:
    """Resolve a public name when it is first used, so that importing the package costs nothing."""
    if name in ("boto", "planning", "testing", "traces", "views"):  # rooms of their own, some with optional libraries
        return importlib.import_module(f"hptsim.{name}")
    if name not in _ROOMS:
        raise AttributeError(f"module 'hptsim' has no attribute {name!r}")
    room = importlib.import_module(f"hptsim.{_ROOMS[name]}")
    value = globals()[name] = getattr(room, name)
    return value
