"""A tuning job as its caller asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from math import prod
from types import MappingProxyType
from typing import Any

import attrs

from hptsim.errors import InvalidInput, invalid
from hptsim.model.definitions import (
    WARM_STARTS,
    CompletionCriteria,
    Hyperband,
    Objective,
    ResourceLimits,
    TrainingJobDefinition,
)
from hptsim.model.ranges import ParameterRange, combinations
from hptsim.model.request_reader import parse
from hptsim.model.search import is_own, maker, same_strategy
from hptsim.model.validators import LARGEST_WHOLE, an, at_least, each, flag, in_order, one_of, optional, string, whole

TUNING_JOB_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")
"""A tuning job's name: a full match is meant, and at most 32 characters (`HyperParameterTuningJobName`)."""
TUNING_JOB_NAME_LENGTH = 32


@attrs.frozen
class TuningJobSpec:
    """A tuning job as its caller asks for it.

    *strategy* is one of the service's (`model.search.STRATEGIES`), an import path "package.module:Class", or a class or function
    that makes a `Strategy` from the spec.
    *priority* orders waiting requests under the discipline "priority": the smaller number goes first.
    *team* is whose it is, for "fair-share" and "quota-shares"; without it a tag of the request says so (`Teams`).
    *estimate_s* is how long one of its training jobs is expected to hold its instances, for "easy-backfill"; None is
    MaxRuntimeInSeconds (`easy-estimates`).
    *request* is the service request that it came from, if any, for echoing back.

    >>> TuningJobSpec("demo").limits.max_parallel
    1
    """

    name: str
    definitions: tuple[TrainingJobDefinition, ...] = attrs.field(
        factory=lambda: (TrainingJobDefinition(),), converter=in_order, validator=each(TrainingJobDefinition)
    )
    limits: ResourceLimits = attrs.field(factory=ResourceLimits, validator=an(ResourceLimits))
    strategy: str | Callable[..., Any] = attrs.field(default="Random", eq=same_strategy)
    objective: Objective = attrs.field(factory=Objective, validator=an(Objective))
    ranges: tuple[ParameterRange, ...] = attrs.field(default=(), converter=in_order, validator=each(ParameterRange))
    priority: int = attrs.field(default=0, validator=whole(-LARGEST_WHOLE))
    request: Mapping[str, Any] | None = attrs.field(default=None, eq=False, repr=False)
    early_stopping: bool = attrs.field(default=False, validator=flag())
    criteria: CompletionCriteria = attrs.field(factory=CompletionCriteria, validator=an(CompletionCriteria))
    hyperband: Hyperband | None = attrs.field(default=None, validator=optional(an(Hyperband)))
    random_seed: int | None = attrs.field(default=None, validator=whole(0))
    parents: tuple[str, ...] = attrs.field(default=(), converter=in_order, validator=each(str))
    """The tuning jobs whose results a warm start begins with."""
    warm_start: str = attrs.field(default="", validator=one_of("", *WARM_STARTS))
    """IdenticalDataAndAlgorithm or TransferLearning, with *parents*."""
    team: str = attrs.field(default="", validator=string(empty=True))
    estimate_s: float | None = attrs.field(default=None, validator=optional(at_least(0)))

    @strategy.validator
    def _known_strategy(self, attribute: attrs.Attribute[Any], value: Any) -> None:
        if is_own(value):
            maker(value)

    def __attrs_post_init__(self) -> None:
        check_name("HyperParameterTuningJobName", self.name)
        if not self.definitions:
            raise invalid("definitions", self.definitions, "at least one TrainingJobDefinition")
        for definition in self.definitions:
            if definition.keep_alive_s:
                expected = "0 in tuning jobs, where it has no effect: they reuse their own clusters (R14, O12)"
                raise invalid("keep_alive_s", definition.keep_alive_s, expected)
            if self.ranges or definition.ranges:
                self._check_names(definition)
        self._check_strategy()

    def _check_names(self, definition: TrainingJobDefinition) -> None:
        """Refuse a hyperparameter that has two ranges, or a range and a static value."""
        names = set(definition.static)
        for span in self.ranges_of(definition):
            if span.name in names:
                raise invalid("ParameterRanges", span.name, "a hyperparameter that is not given twice")
            names.add(span.name)

    def _check_strategy(self) -> None:
        """Refuse what the service refuses: C3, C5, C6, C7, more than five parents or one twice (C8, `parents-once`)."""
        several = len(self.definitions) > 1
        if self.strategy == "Hyperband" and self.early_stopping:
            raise invalid("TrainingJobEarlyStoppingType", "Auto", "Off with the strategy Hyperband")
        if several and (self.early_stopping or self.parents):
            what = "TrainingJobEarlyStoppingType Auto" if self.early_stopping else "WarmStartConfig"
            raise invalid("TrainingJobDefinitions", len(self.definitions), f"one definition with {what}")
        if len(self.parents) > 5:
            raise invalid("ParentHyperParameterTuningJobs", len(self.parents), "1 to 5 parents")
        if len(set(self.parents)) < len(self.parents):
            raise invalid("ParentHyperParameterTuningJobs", list(self.parents), "every parent once")
        total = 0
        for definition in self.definitions:
            ranges = self.ranges_of(definition)
            count = combinations(ranges)
            if self.strategy == "Grid" and any(span.kind in ("Integer", "Continuous") for span in ranges):
                raise invalid("ParameterRanges", [span.name for span in ranges], "categorical ranges with Grid")
            if count is None or not ranges:
                return
            total += count
        wanted = self.limits.max_training_jobs
        if self.strategy == "Grid" and wanted != total:
            raise invalid(
                "MaxNumberOfTrainingJobs", wanted, f"the number of combinations ({total}) with Grid, or nothing"
            )
        if total < wanted:
            raise InvalidInput(
                "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter "
                f"combinations for the provided ranges [{float(total)}] must be equal or greater than the value of "
                f"MaxNumberOfJobs, [{wanted}]. Provide additional ranges.",
            )

    def ranges_of(self, definition: TrainingJobDefinition) -> tuple[ParameterRange, ...]:
        """The hyperparameter ranges of a training job with *definition*."""
        return (*self.ranges, *definition.ranges)

    def objective_of(self, definition: TrainingJobDefinition) -> Objective:
        """The objective of a training job with *definition*: its own, or the tuning job's."""
        return definition.objective or self.objective

    @classmethod
    def from_request(
        cls,
        request: Mapping[str, Any],
        *,
        priority: int = 0,
        strategy: Any = None,
        team: str = "",
        estimate_s: float | None = None,
    ) -> TuningJobSpec:
        """The spec in a CreateHyperParameterTuningJob request, in the service's own words.

        A *strategy* of your own takes the place of the request's.
        Raises InvalidInput with the member's path and the nearest valid spelling.

        >>> TuningJobSpec.from_request({"HyperParameterTuningJobName": "demo"})
        Traceback (most recent call last):
        ...
        hptsim.errors.InvalidInput: HyperParameterTuningJobConfig: got nothing, expected a required member
        """
        parsed = parse(request)
        if strategy is not None:
            parsed["strategy"] = strategy
        return cls(**parsed, priority=priority, team=team, estimate_s=estimate_s)

    def renamed(self, name: str) -> TuningJobSpec:
        """The same tuning job under another name, which alone is checked: thousands may be copies of one template.

        >>> TuningJobSpec("nightly").renamed("nightly-1").name
        'nightly-1'
        """
        check_name("HyperParameterTuningJobName", name)
        twin = object.__new__(type(self))
        for field in _FIELDS:
            object.__setattr__(twin, field, getattr(self, field))
        object.__setattr__(twin, "name", name)
        if self.request is not None and "HyperParameterTuningJobName" in self.request:
            object.__setattr__(twin, "request", {**self.request, "HyperParameterTuningJobName": name})
        return twin

    def definition(self, ordinal: int) -> TrainingJobDefinition:
        """The definition of the *ordinal*-th training job (from 1): round-robin (assumption `round-robin`)."""
        return self.definitions[self.turn(ordinal - 1)]

    def turn(self, place: int) -> int:
        """Which definition the training job *place* (from 0) has: they take turns (assumption `round-robin`).

        >>> two, three = (
        ...     TrainingJobDefinition(values, ranges=(ParameterRange("x", "Categorical", values=tuple(values)),))
        ...     for values in ("ab", "abc")
        ... )
        >>> spec = TuningJobSpec("demo", (two, three), ResourceLimits(5, 1), "Grid")
        >>> [spec.turn(place) for place in range(5)]
        [0, 1, 0, 1, 1]
        """
        if self.strategy != "Grid" or len(self.definitions) == 1:
            return place % len(self.definitions)
        return self._turns_of_grids[place % len(self._turns_of_grids)]

    @cached_property
    def _turns_of_grids(self) -> tuple[int, ...]:
        """The definition of each training job of a Grid: one whose grid is tried is passed over."""
        sizes = [prod(len(span.choices) for span in self.ranges_of(one)) for one in self.definitions]
        return tuple(place for lap in range(max(sizes)) for place, size in enumerate(sizes) if lap < size)


BESIDE = MappingProxyType({"priority": 0, "team": "", "estimate_s": None})
"""What of a spec stands beside its request, in files and in journals, each with its default."""
_FIELDS = tuple(field.name for field in attrs.fields(TuningJobSpec))


def check_name(where: str, name: object) -> None:
    """Refuse a tuning job name that the service would refuse (M:HyperParameterTuningJobName)."""
    if not isinstance(name, str) or not 1 <= len(name) <= TUNING_JOB_NAME_LENGTH or not TUNING_JOB_NAME.fullmatch(name):
        raise invalid(where, name, "1 to 32 letters, digits and inner hyphens", "for example 'my-tuning-job-1'")
