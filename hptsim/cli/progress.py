"""Running with progress shown, and a Ctrl-C that is heard between two steps, so that a journal ends with a whole one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hptsim.cli import terminal
from hptsim.model.statuses import FINAL_TUNING
from hptsim.optional import require
from hptsim.simulation.simulation import Simulation

_STEPS = 1000
"""At most this many between two looks at the bar."""


def advance(sim: Simulation, until: float | None, *, quiet: bool) -> None:
    """Run to *until* with a bar of the tuning jobs that have ended; raises KeyboardInterrupt after a whole step."""
    progress = require("rich.progress", "cli", "the command line")
    console = terminal.console(stderr=True, quiet=quiet)
    last = min(1e300, float("inf") if until is None else until)
    entries, seen = sim.journal.entries, 0
    with progress.Progress(console=console, transient=True) as bar, between_steps() as interrupted:
        task = bar.add_task("simulating", total=len(sim.scenario.tuning_jobs))
        while not interrupted and sim.env.peek() <= last:
            for _ in range(_STEPS):
                if interrupted or not sim.env.peek() <= last:
                    break
                sim.env.step()
            ended = sum(one[1] == "tuning" and one[5] in FINAL_TUNING and one[3] != "delete" for one in entries[seen:])
            bar.update(task, advance=ended, description=f"simulating, {sim.now:.0f} s")
            sim.journal.flush(sim.now)
            if not sim.journal.keep:
                sim.journal.spill()
            seen = len(entries)
    if interrupted:
        raise KeyboardInterrupt
    sim.run(until)


@contextmanager
def between_steps(*, once: bool = False) -> Iterator[list[int]]:
    """A list that fills when Ctrl-C is pressed, in place of an exception in the middle of a step.

    With *once* only the first is heard so; the next raises KeyboardInterrupt.
    A background job, whose shell had it ignore Ctrl-C, goes on ignoring it.
    """
    interrupted: list[int] = []
    heard = threading.current_thread() is threading.main_thread()  # only there can signals be heard
    if not heard or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield interrupted
        return

    def hear(number: int, frame: object) -> None:
        if once and interrupted:
            raise KeyboardInterrupt
        interrupted.append(number)

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
