"""What a figure is wanted to be, and whether replications show that it is."""

from __future__ import annotations

import math
import re

import attrs

from hptsim.errors import invalid
from hptsim.model.validators import share
from hptsim.optional import require
from hptsim.planning.results import Results, check_confidence, half_width

np = require("numpy", "planning", "hptsim.planning")
_TARGET = re.compile(r"\s*(\S+?)\s*(<=|>=)\s*(\S+)\s*")


@attrs.frozen
class Target:
    """What a figure's mean is wanted to be: at most, or at least, *limit*, while enough tuning jobs are served.

    At most the share *unserved* of the tuning jobs that were asked for may be refused or never train: a design that turns
    work away does not meet a target by that.

    >>> Target.parse("waiting_time_s.p95 <= 600")
    Target(column='waiting_time_s.p95', sign='<=', limit=600.0, unserved=0.0)
    """

    column: str
    sign: str
    limit: float
    unserved: float = attrs.field(default=0.0, validator=share())

    @classmethod
    def parse(cls, text: str, unserved: float = 0.0) -> Target:
        """Read "COLUMN <= NUMBER" or "COLUMN >= NUMBER"."""
        parsed = _TARGET.fullmatch(text)
        try:
            limit = float(parsed[3]) if parsed is not None else math.nan
        except ValueError:
            limit = math.nan
        if parsed is None or not math.isfinite(limit):
            expected = "COLUMN <= NUMBER or COLUMN >= NUMBER"
            raise invalid("target", text, expected, "for example 'waiting_time_s.p95 <= 600'")
        return cls(parsed[1], parsed[2], limit, unserved)

    def verdict(self, results: Results, confidence: float = 0.95) -> str:
        """ "met" or "missed" when the replications show it with *confidence*, "open" when they do not.

        Each of the two is a one-sided test at 1 - *confidence*. A replication without the figure, in which no tuning job started,
        leaves it open. It is missed, whatever the figure, where too many are not served (`served`).
        """
        check_confidence(confidence, 0.5)
        served = self.served(results, confidence)
        found = self._figure(results, confidence)
        return found if served == "met" else "missed" if "missed" in (served, found) else "open"

    def served(self, results: Results, confidence: float = 0.95) -> str:
        """Whether at most the share *unserved* is refused or never trains; without any allowed, a single one misses it."""
        if "unserved_share" not in results.table or self.column == "unserved_share":
            return "met"
        if not self.unserved:
            return "missed" if results.values("unserved_share").any() else "met"
        return Target("unserved_share", "<=", self.unserved)._figure(results, confidence)

    def _figure(self, results: Results, confidence: float) -> str:
        values = results.values(self.column)
        if len(values) < max(2, len(results.table)):
            return "open"
        mean, half = float(np.mean(values)), half_width(values, 2 * confidence - 1)
        worst, best = (mean + half, mean - half) if self.sign == "<=" else (mean - half, mean + half)
        if self._holds(worst):
            return "met"
        return "open" if self._holds(best) else "missed"

    def _holds(self, value: float) -> bool:
        return value <= self.limit if self.sign == "<=" else value >= self.limit

    def why(self, results: Results, confidence: float = 0.95) -> str:
        """Of a target that is missed or open: the share that is not served, if that is why; otherwise nothing."""
        if self.served(results, confidence) == "met":
            return ""
        left = float(results.table["unserved_share"].mean())
        return (
            f": {left:.2%} of the tuning jobs are refused or have not trained when it ends, "
            f"and at most {self.unserved:.2%} may (unserved says)"
        )

    def __str__(self) -> str:
        return f"{self.column} {self.sign} {self.limit:.12g}"
