"""What can become of a caller's request besides the ordinary answer: it is refused, never arrives, or its response is lost."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

THROTTLED = "ThrottlingException"
TIMEOUT = "timeout"
LOST_RESPONSE = "lost_response"
REFUSALS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        THROTTLED: ("Rate exceeded", 400),
        "AccessDeniedException": ("User is not authorized to perform this operation.", 400),
        "InternalFailure": (
            "The request processing has failed because of an unknown error, exception or failure.",
            500,
        ),
    }
)
"""The codes with which a request is refused before it is read, each with its message and HTTP status (W7, O14)."""
ANSWERS = (*REFUSALS, TIMEOUT, LOST_RESPONSE)
"""What can become of a request. After a timeout nothing has happened; a lost response is one to a request that was carried
out. Its caller cannot tell the two apart."""
OPERATIONS = (
    "CreateHyperParameterTuningJob",
    "DescribeHyperParameterTuningJob",
    "StopHyperParameterTuningJob",
    "ListHyperParameterTuningJobs",
    "DeleteHyperParameterTuningJob",
    "ListTrainingJobsForHyperParameterTuningJob",
    "CreateTrainingJob",
    "DescribeTrainingJob",
    "StopTrainingJob",
    "DeleteTrainingJob",
    "UpdateTrainingJob",
    "ListTrainingJobs",
    "Search",
    "AddTags",
    "ListTags",
    "DeleteTags",
)
"""SageMaker's operations that are modelled."""
ANY = "*"
"""Stands for every operation that is not named beside it."""
