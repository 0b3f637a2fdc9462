"""What a figure is wanted to be, and whether replications show that it is."""

from __future__ import annotations

import math
import re

import attrs

from hptsim.errors import invalid
from hptsim.model.validators import share
from hptsim.optional import require
from hptsim.planning.intervals import bounds, check_confidence, least_replications, limits_of
from hptsim.planning.results import Results

np = require("numpy", "planning", "hptsim.planning")
pd = require("pandas", "planning", "hptsim.planning")
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
        leaves it open. Where no replication differs from another, what they all show is the verdict. It is missed, whatever the
        figure, where too many are not served (`served`).
        """
        check_confidence(confidence, 0.5)
        return self._figure(results, confidence) if self.served(results) else "missed"

    def served(self, results: Results) -> bool:
        """Whether at most the share *unserved* is refused or never trains, in these replications together; no test, a count."""
        return self.column == "unserved_share" or results.unserved <= self.unserved

    def _figure(self, results: Results, confidence: float) -> str:
        values = results.values(self.column)
        if len(values) < max(2, len(results.table)):
            return "open"
        low, high = bounds(values, confidence, results.limits(self.column))
        if results.one_history or math.isnan(low):
            low = high = float(np.mean(values))
        worst, best = (high, low) if self.sign == "<=" else (low, high)
        if self._holds(worst):
            return "met"
        return "open" if self._holds(best) else "missed"

    @property
    def share(self) -> float:
        """The share that may be late, or whatever it is, when the target is about a share; NaN otherwise."""
        if limits_of(self.column) != (0, 1):
            return math.nan
        return self.limit if self.sign == "<=" else 1 - self.limit

    def replications(self, confidence: float) -> int:
        """How many replications to run when nobody says: 20, or as many as can show a share, up to 100.

        >>> Target.parse("waiting_time_s.p95 <= 600").replications(0.95), Target.parse("waited_share <= 0.05").replications(0.95)
        (20, 59)
        """
        least = least_replications(self.share, confidence)
        return int(least) if 20 < least <= 100 else 20

    def _holds(self, value: float) -> bool:
        return value <= self.limit if self.sign == "<=" else value >= self.limit

    def why(self, results: Results) -> str:
        """Of a target that is missed: the share that is not served, if too many are not; otherwise nothing."""
        if self.served(results):
            return ""
        return (
            f": {results.unserved:.2%} of the tuning jobs are refused or have not trained when it ends, "
            f"and at most {self.unserved:.2%} may be (that is what unserved allows)"
        )

    def unseen(self, results: Results) -> str:
        """Of a target that is open for that: in how many replications the figure was not observed; otherwise nothing.

        >>> table = pd.DataFrame({"replication": [0, 1], "waiting_time_s.p95": [math.nan, 5.0]})
        >>> Target.parse("waiting_time_s.p95 <= 600").unseen(Results(table))
        ': waiting_time_s.p95 was not observed in 1 of 2 replications'
        """
        missing, count = len(results.table) - len(results.values(self.column)), len(results.table)
        return f": {self.column} was not observed in {missing} of {count} replications" if missing else ""

    def __str__(self) -> str:
        return f"{self.column} {self.sign} {self.limit:.12g}"
