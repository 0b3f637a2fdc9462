"""States a second of `hptsim explore`, beside a bare search through tuples and beside steps that are not remembered, in one run.

The bare search visits as many tuples of integers, of the same length, with about as many steps between them: what any
breadth-first search in Python costs. `--quick` explores without the interruption of spot.

`python benchmarks/explore.py --scopes` prints how many states larger scopes have with reduction and without; it takes some
ten minutes and 3 GB of memory.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from measured import MEMORY, Row, Rows, lines, peak_mib

from hptsim import Scenario, TuningJobSpec, explore
from hptsim.audit.auditor import Auditor
from hptsim.audit.laws import LAWS
from hptsim.cli.explore import small
from hptsim.explorer import system as explorer
from hptsim.explorer.system import State, System
from hptsim.model.definitions import ResourceLimits
from hptsim.model.machine import TABLES
from hptsim.scenario.workload import ScheduledTuningJob

FEW = 2000
"""So many states are visited without remembering."""


def faults(quick: bool) -> dict[str, int]:
    """What may go wrong once."""
    return {"internal_error": 1} if quick else {"internal_error": 1, "interrupt": 1}


SCOPES = ((2, 2, 2), (3, 2, 1), (3, 3, 1), (3, 3, 2))
"""Tuning jobs, the training jobs of each, and how many of these may run at the same time."""
MOST = 3_000_000
"""Without reduction a search ends at so many states."""


def larger(jobs: int, each: int, parallel: int) -> Scenario:
    """As many instances as tuning jobs, otherwise as the scope of `hptsim explore`."""
    definition = small().tuning_jobs[0].spec.definitions[0]
    specs = [TuningJobSpec(f"job-{number}", (definition,), ResourceLimits(each, parallel)) for number in range(jobs)]
    scheduled = tuple(map(ScheduledTuningJob, specs))
    return Scenario(name="larger", capacity={"ml.m5.xlarge": jobs}, tuning_jobs=scheduled)


def print_scopes() -> None:
    """Search each scope with reduction, and without it as far as is bearable; with the processor time of the first."""
    for jobs, each, parallel in SCOPES:
        scope, begun = larger(jobs, each, parallel), time.process_time()
        found = explore(scope, faults=faults(False), reduction=True, max_states=MOST)
        spent_s = time.process_time() - begun
        assert found.complete and found.counterexample is None and found.reduced, found.sentence()
        whole = explore(scope, faults=faults(False), hash_compaction=True, max_states=MOST)
        states = f"{whole.states:,}" if whole.ended == "" else f"more than {whole.states:,}"
        print(f"| {jobs} × {each} | {parallel} | {found.states:,} | {states} | {spent_s:.0f} s |", flush=True)


def system(quick: bool) -> System:
    """The system of the scope."""
    options = {"stops": True, "delayed_stop": False, "seed": 0, "tables": TABLES, "laws": LAWS}
    return System(small(), {}, faults(quick), **options)  # type: ignore[arg-type]


def visit(visited: System, most: int | None = None, *, forget: bool = False) -> dict[State, None]:
    """The states that a breadth-first search finds, and no more is done with them than to judge them."""
    seen = {visited.root: None}
    line = deque(seen)
    while line and (most is None or len(seen) < most):
        state = line.popleft()
        moves = visited.moves(state)
        if not any(move.due for move in moves):
            visited.check_at_rest(state)
        for move in moves:
            if forget:
                visited.memory.clear()
            following = visited.take(state, move)
            if following is not None and following not in seen:
                seen[following] = None
                line.append(following)
    return seen


def bare(states: int, steps: int, length: int) -> float:
    """States per second of processor time of a search through tuples: each step adds 1 to one of their numbers."""
    each, begun = round(steps / states), time.process_time()
    start = (0,) * length
    seen, line = {start: None}, deque([start])
    while line and len(seen) < states:
        state = line.popleft()
        for place in range(each):
            following = list(state)
            following[place] += 1
            one = tuple(following)
            if one not in seen:
                seen[one] = None
                line.append(one)
    return len(seen) / (time.process_time() - begun)


class Clock:
    """How long some functions take, in seconds of processor time."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.calls: dict[str, int] = {}

    def watch(self, owner: Any, name: str, what: str) -> None:
        """Count the time of a function under *what*."""
        function: Callable[..., Any] = getattr(owner, name)

        def watched(*args: Any, **options: Any) -> Any:
            begun = time.process_time()
            try:
                return function(*args, **options)
            finally:
                self.spent[what] = self.spent.get(what, 0.0) + time.process_time() - begun
                self.calls[what] = self.calls.get(what, 0) + 1

        setattr(owner, name, watched)


def rows(quick: bool) -> Rows:
    """Explore, then visit the first states without remembering steps, then search through tuples."""
    before_mib, begun = peak_mib(), time.process_time()
    found = explore(small(), faults=faults(quick))
    rate = found.states / (time.process_time() - begun)
    grown_mib = peak_mib() - before_mib
    begun = time.process_time()
    few = visit(system(quick), FEW, forget=True)
    again = len(few) / (time.process_time() - begun)
    length = round(sum(map(len, few)) / len(few))
    floor = bare(found.states, found.transitions, length)
    what = f"explore, {found.states:,} states, {found.transitions:,} steps"
    return [
        Row(what, rate, "states/s", "a search through tuples", floor),
        Row(what, rate, "states/s", f"steps that are not remembered (first {len(few):,})", again),
        Row("memory of explore", grown_mib, "MiB", "before it", before_mib, MEMORY),
    ]


def main() -> None:
    """Print them, and where the time goes."""
    if "--scopes" in sys.argv:
        print_scopes()
        return
    quick = "--quick" in sys.argv
    print(*lines(rows(quick)), sep="\n")
    clock, timed = Clock(), system(quick)
    clock.watch(timed, "_done", "steps done, judged and numbered")
    clock.watch(timed, "open", "opening states, a part of steps done and of judging at rest")
    clock.watch(explorer, "close", "numbering what a step has left, a part of steps done")
    clock.watch(Auditor, "see", "judging entries, a part of steps done")
    clock.watch(Auditor, "check_step", "judging steps, a part of steps done")
    clock.watch(timed, "check_at_rest", "judging states at rest")
    begun = time.process_time()
    states = visit(timed)
    whole_s = time.process_time() - begun
    begun = time.process_time()
    again_seen = dict.fromkeys(states)
    clock.spent["hashing each state once more"] = time.process_time() - begun
    assert len(again_seen) == len(states)
    for what, one_s in clock.spent.items():
        often = f", {clock.calls[what]:,} times" if what in clock.calls else ""
        print(f"  {one_s / whole_s:6.1%} of {whole_s:.1f} s for {what}{often}")


if __name__ == "__main__":
    main()
