"""Random search: what has not been tried, as long as there is something."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import attrs

from hptsim.model.ranges import ParameterRange, combinations
from hptsim.model.search import Trial
from hptsim.model.specs import TuningJobSpec

Draw = Callable[[int], float]
"""The uniform number at a place of this proposal's own stream."""
Known = Callable[[], Sequence[Trial]]
"""The trials that are known, the parents' first; gathered only when a strategy looks at them."""
_SMALL = 10_000
"""Spaces up to this size are searched without repetition."""


@attrs.frozen
class Random:
    """A random configuration, one that was not tried before as long as there are any (L2).

    >>> rate = (ParameterRange("rate", "Continuous", 0, 1),)
    >>> Random(TuningJobSpec("demo")).propose(rate, 1, list, lambda place: 0.25)
    {'rate': '0.25'}
    """

    spec: TuningJobSpec

    def propose(self, ranges: tuple[ParameterRange, ...], ordinal: int, known: Known, draw: Draw) -> dict[str, str]:
        """The next configuration."""
        chosen = {span.name: span.at(draw(place)) for place, span in enumerate(ranges)}
        count = combinations(ranges)
        if count is None or count > _SMALL:
            return chosen
        tried = [dict(trial.configuration) for trial in known()]
        if chosen not in tried or len(tried) >= count:
            return chosen
        values = [
            span.choices or [str(n) for n in range(math.ceil(span.low), math.floor(span.high) + 1)] for span in ranges
        ]
        names = [span.name for span in ranges]
        every = (dict(zip(names, point, strict=True)) for point in itertools.product(*values))
        left = [one for one in every if one not in tried]
        return left[int(draw(len(ranges)) * len(left))] if left else chosen
