"""What a scenario says about requests that get no ordinary answer: rates beyond which they are refused, and injected answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs

from hptsim.errors import below, invalid, nearest
from hptsim.model.calls import ANSWERS, ANY, OPERATIONS
from hptsim.model.validators import at_least, is_number, one_of, share
from hptsim.scenario.reading import built, each


def _check_operation(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value not in (*OPERATIONS, ANY):
        expected = "a modelled operation of SageMaker, or '*' for all"
        raise invalid(attribute.name, value, expected, nearest(str(value), (*OPERATIONS, ANY)))


def _check_rate(instance: object, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not is_number(value) or value <= 0:
        raise invalid(attribute.name, value, "a number of requests a second, more than 0")


@attrs.frozen
class Rate:
    """How many requests for one operation an account may make: *per_s* a second in the long run, *burst* of them at once.

    A token bucket: it holds *burst* tokens, gains *per_s* of them a second, and every request takes one. *source* says
    where the figures are from. Raises InvalidInput for a rate of 0 or less and a burst of less than 1.

    >>> Rate(2, 5).burst
    5
    """

    per_s: float = attrs.field(validator=_check_rate)
    burst: float = attrs.field(default=1.0, validator=at_least(1))
    source: str = attrs.field(default="", eq=False)


_OBSERVED = "deepracer-on-aws#87 (O14)"
_CREATE = "16 at once were throttled, and a pool of five processes (O14); the figures are assumed (`request-rates`)"
_ASSUMED = "assumed (`request-rates`)"
SERVICE_RATES: Mapping[str, Rate] = MappingProxyType(
    {
        "ListTrainingJobs": Rate(2.0, 2.0, _OBSERVED),
        "CreateTrainingJob": Rate(1.0, 5.0, _CREATE),
        "CreateHyperParameterTuningJob": Rate(1.0, 5.0, _CREATE),
        ANY: Rate(5.0, 10.0, _ASSUMED),
    }
)
"""The rates under `request_rates = "service"`, each with its source; "*" is for every operation that is not named."""
_PRESETS: Mapping[str, Mapping[str, Rate]] = {"none": {}, "service": SERVICE_RATES}


def request_rates(given: Any) -> Mapping[str, Rate]:
    """Rates by operation: "none", "service", or a table of rates, each a number a second or a table.

    Raises InvalidInput with the key.

    >>> request_rates({"ListTrainingJobs": 2})
    {'ListTrainingJobs': Rate(per_s=2, burst=2, source='')}
    """
    if isinstance(given, str) and given in _PRESETS:
        return _PRESETS[given]
    if not isinstance(given, Mapping):
        hint = nearest(given, _PRESETS) if isinstance(given, str) else ""
        raise invalid("request_rates", given, "none, service, or a table of requests a second by operation", hint)
    return {_operation(name): _rate(f"request_rates.{name}", rate) for name, rate in given.items()}


def _operation(name: Any) -> str:
    if name not in (*OPERATIONS, ANY):
        known = (*OPERATIONS, ANY)
        raise invalid(
            f"request_rates.{name}", name, "a modelled operation of SageMaker, or '*'", nearest(str(name), known)
        )
    return str(name)


def _rate(where: str, given: Any) -> Rate:
    if is_number(given):
        with below(where):
            return Rate(given, max(1, given))
    return built(Rate, where, given)


def rates_to_data(rates: Mapping[str, Rate]) -> Any:
    """Rates as files hold them.

    >>> rates_to_data(SERVICE_RATES), rates_to_data({"ListTrainingJobs": Rate(2, 2)})
    ('service', {'ListTrainingJobs': {'per_s': 2, 'burst': 2}})
    """
    if rates == SERVICE_RATES:
        return "service"
    return {name: {"per_s": rate.per_s, "burst": rate.burst} for name, rate in rates.items()}


@attrs.frozen
class InjectedAnswer:
    """What becomes of a share of the requests for an operation, in place of the ordinary answer.

    *answer* is a code with which they are refused (ThrottlingException, AccessDeniedException, InternalFailure), "timeout"
    for requests that never arrive, or "lost_response" for those that are carried out and whose response never arrives.
    *chance* is the probability for each request; *operation* is one of SageMaker's, or "*" for all.

    >>> InjectedAnswer("StopHyperParameterTuningJob", "lost_response", 0.5).chance
    0.5
    """

    operation: str = attrs.field(validator=_check_operation)
    answer: str = attrs.field(validator=one_of(*ANSWERS))
    chance: float = attrs.field(default=1.0, validator=share())


def injected_answers(given: Any, folder: Path | None = None) -> tuple[InjectedAnswer, ...]:
    """Injected answers, each itself or a table; raises InvalidInput where the chances of an operation exceed 1."""
    answers: tuple[InjectedAnswer, ...] = each("answers", given, lambda where, one, _: _injected(where, one), folder)
    for operation in OPERATIONS:
        total = math.fsum(one.chance for one in answers if one.operation in (operation, ANY))
        if total > 1:
            raise invalid("answers", total, f"chances that add up to at most 1 for {operation}")
    return answers


def _injected(where: str, given: Any) -> InjectedAnswer:
    if isinstance(given, Mapping):
        for needed in ("operation", "answer"):
            if needed not in given:
                raise invalid(f"{where}.{needed}", None, "a value for it")
    return built(InjectedAnswer, where, given)


def drawn(answers: tuple[InjectedAnswer, ...], operation: str, uniform: float) -> str:
    """What becomes of a request for *operation* by a uniform number; nothing for the ordinary answer.

    >>> drawn((InjectedAnswer("*", "timeout", 0.5),), "AddTags", 0.4), drawn((), "AddTags", 0.4)
    ('timeout', '')
    """
    for one in answers:
        if one.operation in (operation, ANY):
            uniform -= one.chance
            if uniform < 0:
                return one.answer
    return ""
