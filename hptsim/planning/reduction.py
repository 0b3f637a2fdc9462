"""What variance reduction did for an answer, in words: a value that `hptsim.planning.results.Results` carries."""

from __future__ import annotations

import attrs

WORDS = {
    "antithetic": "antithetic pairs",
    "controls": "arrivals and training times as controls",
    "plain-queue": "a plain queue as control",
}
"""Each technique in words."""
UNREDUCED = {
    "none": "none, no technique promised enough",
    "plain": "none, plain replications were expected to be soon enough",
}
"""Why there is none, in words."""


@attrs.frozen
class Reduction:
    """How the mean of one *column* was found; *technique* is a key of `WORDS`, or of `UNREDUCED` where nothing was taken off.

    *pilot* replications chose it and are not part of the answer; *replications* and *queues* (runs of the plain queue) are. So
    many *plain* replications would have given an interval as narrow, by the variance of this run's own replications.
    """

    column: str
    technique: str
    pilot: int
    replications: int
    queues: int
    plain: float

    @property
    def corrects(self) -> bool:
        """Whether the values are other ones than those of plain replications."""
        return self.technique not in UNREDUCED

    @property
    def observations(self) -> str:
        """What each row of the table is.

        >>> Reduction("x", "antithetic", 10, 40, 0, 120.0).observations
        'pairs of replications'
        """
        return "pairs of replications" if self.technique == "antithetic" else "replications"

    @property
    def gain(self) -> float:
        """How many times fewer replications it took than plain ones, the pilot's counted too.

        >>> Reduction("x", "antithetic", 10, 40, 0, 120.0).gain
        2.4
        """
        return self.plain / (self.pilot + self.replications)

    def sentence(self) -> str:
        """What it was and what it gained in this run.

        >>> Reduction("x", "antithetic", 20, 40, 0, 204.0).sentence()[-58:]
        'about 204 plain ones would be as precise: 3.4 times fewer.'
        """
        if not self.corrects:
            tried = f" ({self.pilot} mirrored replications tried one and do not count)" if self.pilot else ""
            return f"Variance reduction: {UNREDUCED[self.technique]}{tried}."
        how, done = WORDS[self.technique], f"{self.pilot + self.replications:,} replications"
        if self.pilot:
            done += f" (a pilot of {self.pilot} chose it)"
        queues = f" and {self.queues:,} runs of that queue" if self.queues else ""
        text = f"Variance reduction by {how}: {done}{queues} where "
        if self.gain < 1.05:
            return f"{text}about {self.plain:,.0f} plain ones would be as precise: nothing gained."
        if self.gain > 1000:
            return f"{text}as precise an answer would take more than 1,000 times as many plain ones."
        return f"{text}about {self.plain:,.0f} plain ones would be as precise: {self.gain:.1f} times fewer."
