"""Grid search: every combination once, in order."""

from __future__ import annotations

import attrs

from hptsim.model.ranges import ParameterRange, nth
from hptsim.model.specs import TuningJobSpec
from hptsim.strategies.random_search import Draw, Known


@attrs.frozen
class Grid:
    """The configurations of categorical ranges, one after the other (C5); *ordinal* counts those of one definition.

    >>> kind = (ParameterRange("kind", "Categorical", values=("a", "b")),)
    >>> [Grid(TuningJobSpec("demo")).propose(kind, ordinal, list, lambda place: 0.5) for ordinal in (1, 2)]
    [{'kind': 'a'}, {'kind': 'b'}]
    """

    spec: TuningJobSpec

    def propose(self, ranges: tuple[ParameterRange, ...], ordinal: int, known: Known, draw: Draw) -> dict[str, str]:
        """The next configuration."""
        return nth(ranges, ordinal - 1)
