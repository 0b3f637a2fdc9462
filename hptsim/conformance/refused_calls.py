"""Which refusals of the service have an explanation, and what they say of the job that was named."""

from __future__ import annotations

from collections.abc import Mapping

from hptsim.conformance.answers import Answer, Refusal

ANY_CALL = frozenset(
    "ThrottlingException Throttling RequestLimitExceeded AccessDeniedException AccessDenied InternalFailure "
    "InternalServerError InternalServerException ServiceUnavailable ServiceUnavailableException ExpiredTokenException "
    "ExpiredToken UnrecognizedClientException InvalidClientTokenId RequestExpired InvalidSignatureException "
    "IncompleteSignature MissingAuthenticationToken NotAuthorized OptInRequired SerializationException "
    "UnknownOperationException RequestTimeout RequestTimeoutException".split()
)
"""Codes with which any call may be answered, whatever the jobs do: rates, credentials, the service's own failures."""
_MODELLED: Mapping[str, tuple[str, ...]] = {
    "CreateHyperParameterTuningJob": (
        "ResourceInUse",
        "ResourceLimitExceeded",
        "ValidationException",
        "ResourceNotFound",
    ),
    "DescribeHyperParameterTuningJob": ("ResourceNotFound", "ValidationException"),
    "StopHyperParameterTuningJob": ("ResourceNotFound", "ValidationException"),
    "ListHyperParameterTuningJobs": ("ValidationException",),
    "DeleteHyperParameterTuningJob": ("ResourceNotFound", "ValidationException"),
    "ListTrainingJobsForHyperParameterTuningJob": ("ResourceNotFound", "ValidationException"),
    "CreateTrainingJob": ("ResourceInUse", "ResourceLimitExceeded", "ValidationException", "ResourceNotFound"),
    "DescribeTrainingJob": ("ValidationException",),
    "StopTrainingJob": ("ValidationException",),
    "ListTrainingJobs": ("ValidationException",),
    "DeleteTrainingJob": ("ResourceInUse", "ValidationException"),
    "UpdateTrainingJob": ("ResourceLimitExceeded", "ValidationException"),
    "AddTags": ("ValidationException", "ResourceLimitExceeded"),
    "ListTags": ("ValidationException",),
    "DeleteTags": ("ValidationException",),
    "Search": ("ValidationException",),
}
"""The codes that the twin answers to each operation, for what the jobs do or what the request says (§2)."""
OPERATIONS = tuple(_MODELLED)
"""The operations that can be judged."""
_MALFORMED = ("validation error", "Requested resource not found", "can't find a tuning job")


def judge(answer: Answer) -> Refusal | None:
    """A refusal of an error whose code nothing explains for its operation."""
    code, _ = answer.error or ("", "")
    if code in ANY_CALL or code in _MODELLED[answer.operation]:
        return None
    possible = " or ".join(_MODELLED[answer.operation])
    return Refusal(
        answer, "Error.Code", code, f"{possible}, or what any call may be answered", "§2: errors of the operation"
    )


def speaks_of_the_state(answer: Answer) -> bool:
    """Whether an error was answered because of what the job that it names was doing."""
    code, message = answer.error or ("", "")
    return code in ("ValidationException", "ResourceInUse") and not any(text in message for text in _MALFORMED)


def says_unknown(answer: Answer) -> bool:
    """Whether an error says that there is no job of the name that was given."""
    code, message = answer.error or ("", "")
    return (
        code == "ResourceNotFound" or "Requested resource not found" in message or "can't find a tuning job" in message
    )
