"""The result of reading records of real jobs: a workload, and the records that were left out.

What cannot be read is named and counted. It is an error, or with *skip* it is left out; it is never dropped in silence.
"""

from __future__ import annotations

from collections import Counter

import attrs

from hptsim.errors import InvalidInput
from hptsim.scenario.scenario import Scenario

_SHOWN = 5
"""An error names at most this many of the records that cannot be read."""


@attrs.frozen
class LeftOut:
    """A record that could not be taken: *where* it stands (a line or a name), and the *reason*."""

    where: str
    reason: str


@attrs.frozen
class Trace:
    """A workload from records: a *scenario* that replays it, and what was *left_out*.

    The scenario waits for quota as the recorded jobs did; it has no quota yet, `attrs.evolve` sets its `capacity`.
    """

    scenario: Scenario
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    """How the records were read: the mapping of the columns, and what times and units they have."""
    cost_usd: float | None = None
    """What the jobs cost by the records' own account, together; None where they do not say."""

    @property
    def reasons(self) -> dict[str, int]:
        """How many records were left out for each reason, the most frequent first."""
        return dict(Counter(one.reason for one in self.left_out).most_common())

    def sentence(self) -> str:
        """What was taken and what was not, in words."""
        taken = f"{len(self.scenario.tuning_jobs):,} taken, {len(self.left_out):,} left out"
        why = [f"{count:,} × {reason}" for reason, count in self.reasons.items()]
        more = [f"{len(why) - _SHOWN} other reasons"] if len(why) > _SHOWN else []
        return f"{taken}: {'; '.join(why[:_SHOWN] + more)}." if why else f"{taken}."


def finished(
    kind: str,
    scenario: Scenario,
    left_out: list[LeftOut],
    skip: bool,
    notes: tuple[str, ...] = (),
    cost_usd: float | None = None,
) -> Trace:
    """The trace; raises InvalidInput if something was left out and may not be."""
    trace = Trace(scenario, tuple(left_out), notes, cost_usd)
    if left_out and not skip:
        lines = "".join(f"\n  {one.where}: {one.reason}" for one in left_out[:_SHOWN])
        more = f"\n  and {len(left_out) - _SHOWN:,} more" if len(left_out) > _SHOWN else ""
        text = f"{kind}: {len(left_out):,} records cannot be taken (skip=True leaves them out):{lines}{more}"
        raise InvalidInput(text)
    return trace


def because(error: Exception) -> str:
    """Why a record was left out, in the words of the error that it led to."""
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return getattr(error, "message", None) or str(error)
