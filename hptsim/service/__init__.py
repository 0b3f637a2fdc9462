"""The service's face: its operations and answers, as SageMaker, CloudWatch Logs, S3, EventBridge and CloudTrail give them.

Validation needs the extra `boto` (botocore's own model of the service).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hptsim.optional import on_first_use

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
__getattr__ = on_first_use(__name__, _MODULES)
