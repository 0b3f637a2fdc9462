"""How far an exploration is, on standard error: the states, how many a second, and how long it may take still."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hptsim.cli import terminal
from hptsim.cli.progress import between_steps
from hptsim.explorer.search import Progress
from hptsim.explorer.walks import WalksSoFar


@contextmanager
def showing(bound: int, *, quiet: bool) -> Iterator[Callable[[Progress | WalksSoFar], bool]]:
    """What an exploration is to call: it shows a line, and says whether Ctrl-C was pressed; a second one ends at once.

    *bound* is the number of states, or of walks, at which it ends.
    """
    console = terminal.console(stderr=True, quiet=quiet)
    with console.status("exploring") as status, between_steps(once=True) as interrupted:
        line = Line(bound, time.monotonic)

        def progress(at: Progress | WalksSoFar) -> bool:
            status.update(line.text(at))
            return bool(interrupted)

        yield progress


class Line:
    """The line that is shown; the rate is that since it was first asked for, so that what a checkpoint knew does not count.

    >>> line = Line(10_000, iter([0.0, 2.0]).__next__)
    >>> line.text(Progress(1000, 300, 5))
    'exploring: 1,000 states, 300 waiting, depth 5'
    >>> line.text(Progress(5000, 900, 9))
    'exploring: 5,000 states, 900 waiting, depth 9, 2,000 a second; at most 2 s to 10,000'
    """

    def __init__(self, bound: int, clock: Callable[[], float]) -> None:
        self._bound, self._clock = bound, clock
        self._first: tuple[float, int] | None = None

    def text(self, at: Progress | WalksSoFar) -> str:
        """How far it is now."""
        if isinstance(at, WalksSoFar):
            done, shown = at.walks, f"walking: {at.walks:,} of {self._bound:,} walks, {at.states:,} different states"
        else:
            done = at.states
            shown = f"exploring: {at.states:,} states, {at.waiting:,} waiting, depth {at.depth}"
        now = self._clock()
        if self._first is None:
            self._first = now, done
        seconds, more = now - self._first[0], done - self._first[1]
        if seconds <= 0 or more <= 0:
            return shown
        left = _duration((self._bound - done) * seconds / more)
        if isinstance(at, WalksSoFar):
            return f"{shown}, {more / seconds:,.0f} a second; about {left} left"
        return f"{shown}, {more / seconds:,.0f} a second; at most {left} to {self._bound:,}"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
