"""The service's face: its operations and answers, as SageMaker, CloudWatch Logs, S3, EventBridge and CloudTrail give them.

Validation needs the extra `boto` (botocore's own model of the service).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hptsim.service.cloudtrail import trail as trail
    from hptsim.service.eventbridge import Event as Event
    from hptsim.service.eventbridge import state_changes as state_changes
    from hptsim.service.eventbridge import subscribe as subscribe
    from hptsim.service.service import Service as Service

_HOME = {
    "cloudtrail": "trail",
    "eventbridge": "Event state_changes subscribe",
    "service": "Service",
}
_MODULES = {name: module for module, names in _HOME.items() for name in names.split()}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    """A public name of this room, resolved when it is first used: some need optional libraries."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    return value
