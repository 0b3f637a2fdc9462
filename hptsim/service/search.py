"""SageMaker's Search over the twin's tuning jobs and training jobs: filters by property, sorted, page by page (`search`).

A property is a path into what Describe shows, with dots (`HyperParameters.eta`), `Metrics.` and a metric's name for its last
value, or `Tags.` and a key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.instants import read_instant

Record = Mapping[str, Any]
KINDS = ("TrainingJob", "HyperParameterTuningJob")
"""The resources that are the twin's; others are not searched."""
MOST = 100
_ORDERED: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThan": lambda found, wanted: found > wanted,
    "GreaterThanOrEqualTo": lambda found, wanted: found >= wanted,
    "LessThan": lambda found, wanted: found < wanted,
    "LessThanOrEqualTo": lambda found, wanted: found <= wanted,
}


def value(record: Record, path: str) -> Any:
    """What a record has at a path; None where it has nothing.

    >>> value({"HyperParameters": {"eta": "0.1"}, "Tags": [{"Key": "a", "Value": "b"}]}, "HyperParameters.eta")
    '0.1'
    """
    head, _, rest = path.partition(".")
    if head == "Metrics":
        metrics = {one["MetricName"]: one["Value"] for one in record.get("FinalMetricDataList", ())}
        return metrics.get(rest.removesuffix(":Last"))
    if head == "Tags":
        return {one["Key"]: one["Value"] for one in record.get("Tags", ())}.get(rest)
    found: Any = record
    while head:
        if not isinstance(found, Mapping) or (path not in found and head not in found):
            return None
        if path in found:  # a name with dots in it
            return found[path]
        found, path = found[head], rest
        head, _, rest = path.partition(".")
    return found


def wanted(expression: Mapping[str, Any], record: Record) -> bool:
    """Whether a record satisfies a SearchExpression; raises ServiceError (ValidationException)."""
    parts = [_satisfied(one, record) for one in expression.get("Filters", ())]
    parts += [_nested(one, record) for one in expression.get("NestedFilters", ())]
    parts += [wanted(one, record) for one in expression.get("SubExpressions", ())]
    if not parts:
        return True
    return any(parts) if expression.get("Operator") == "Or" else all(parts)


def _nested(given: Mapping[str, Any], record: Record) -> bool:
    """Whether one element of a list satisfies all filters, whose names begin with the list's."""
    name = given["NestedPropertyName"]
    elements = value(record, name)
    if not isinstance(elements, list):
        return False
    filters = [{**one, "Name": one["Name"].removeprefix(f"{name}.")} for one in given["Filters"]]
    return any(all(_satisfied(one, element) for one in filters) for element in elements)


def _satisfied(given: Mapping[str, Any], record: Record) -> bool:
    operator, sought = str(given.get("Operator", "Equals")), given.get("Value")
    found = value(record, given["Name"])
    if operator in ("Exists", "NotExists"):
        return bool((found is not None) == (operator == "Exists"))
    if sought is None:
        raise ServiceError("ValidationException", f"Filter {given['Name']}: {operator} needs a Value.")
    if operator == "NotEquals":
        return found is None or not _equal(found, sought)
    if found is None:
        return False
    if operator == "Contains":
        return str(sought) in found if isinstance(found, str) else any(_equal(one, sought) for one in _listed(found))
    if operator == "In":
        return any(_equal(found, one) for one in sought.split(","))
    if operator == "Equals":
        return _equal(found, sought)
    low, high = _number(found), _number(sought)
    if low is None or high is None:
        text = f"Filter {given['Name']}: {operator} compares numbers and times, got {found!r:.80} and {sought!r:.80}."
        raise ServiceError("ValidationException", text)
    return _ORDERED[operator](low, high)


def _listed(found: Any) -> list[Any]:
    return list(found) if isinstance(found, (list, Mapping)) else [found]


def _equal(found: Any, sought: str) -> bool:
    """Whether a property is what a filter's text says: numbers and times by their value, truth values in any case."""
    if isinstance(found, bool):
        return sought.lower() == str(found).lower()
    if isinstance(found, str):
        return found == sought
    number = _number(sought)
    return number is not None and _number(found) == number


def _number(given: Any) -> float | None:
    """A number or a time as a number; None for what is neither."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return float(given)
    if not isinstance(given, str):
        return None
    try:
        number = float(given)
    except ValueError:
        return _time(given)
    return number if math.isfinite(number) else None


def _time(given: str) -> float | None:
    try:
        return read_instant(given, "Value")
    except InvalidInput:
        return None


def ordered(records: list[Record], sort_by: str, descending: bool) -> list[Record]:
    """Records in the order of a property; those that do not have it come last."""
    having = [one for one in records if value(one, sort_by) is not None]
    without = [one for one in records if value(one, sort_by) is None]
    numbers = all(_number(value(one, sort_by)) is not None for one in having)

    def key(record: Record) -> Any:
        found = value(record, sort_by)
        return _number(found) if numbers else str(found)

    return [*sorted(having, key=key, reverse=descending), *without]
