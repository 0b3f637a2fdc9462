"""Every order of everything: all interleavings of events, commands and faults of a small scenario, with the laws on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from math import inf
from pathlib import Path
from typing import Any

import attrs

from hptsim.audit.ends import NOTHING_FOR_EVER
from hptsim.audit.laws import LAWS
from hptsim.errors import invalid
from hptsim.explorer.checkpoint import Checkpoint, replay
from hptsim.explorer.coverage import coverage as covered
from hptsim.explorer.expansion import Broken, Expander, Expansion
from hptsim.explorer.exploration import INTERRUPTED, MAX_DEPTH, MAX_STATES, Counterexample, Exploration
from hptsim.explorer.line import Key, Line
from hptsim.explorer.reduction import Reduction
from hptsim.explorer.scope import Scope, check_whole
from hptsim.explorer.seen import Compacted, Exact, Seen, omission_probability
from hptsim.explorer.symmetry import why_not
from hptsim.explorer.visited import Visited
from hptsim.explorer.workers import Workers, check_workers
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.laws import Law, witnesses
from hptsim.model.machine import TABLES, Tables
from hptsim.scenario.scenario import Scenario
from hptsim.simulation.gc_pause import collector_paused

_LOOK = 200
"""Progress is told after so many states."""
_SAVE = 5000
"""A checkpoint is written after so many states."""


@attrs.frozen
class Progress:
    """How far a search is: the states found, how many of them are still to be expanded, and the depth."""

    states: int
    waiting: int
    depth: int


def explore(
    scenario: Scenario,
    *,
    training_jobs: Mapping[str, TrainingJobDefinition] | None = None,
    faults: Mapping[str, int] | None = None,
    stops: bool = True,
    commands: Mapping[str, int] | None = None,
    any_order: bool = False,
    delayed_stop: bool = False,
    seed: int = 0,
    tables: Tables = TABLES,
    laws: Iterable[Law] = LAWS,
    reduction: bool = False,
    max_states: int = 1_000_000,
    max_depth: int | None = None,
    workers: int = 1,
    checkpoint: str | Path | None = None,
    hash_compaction: bool = False,
    coverage: bool = False,
    progress: Callable[[Progress], object] | None = None,
) -> Exploration:
    """Visit every state that the scenario can reach, or stop at the first broken law.

    *faults* says how often each may happen (see `cloud.every_outcome.FAULTS`; those of `model.calls.ANSWERS` happen to requests,
    and their callers repeat them, or do not); *stops* lets each tuning job be stopped once, at any point; *delayed_stop* lets
    the stop travel to each training job separately. *commands* says how often, in all, further ones may be given, at any point
    (`explorer.callers.COMMANDS`): "stop_child" (one training job of a tuning job), "delete" (each name once; it may be created
    again then), "update" (the period of a warm pool) and "repeat" (what was given before). *any_order* creates the jobs in any
    order, not only in the one in which they are listed. The answer says what was not tried (`Exploration.untried`).

    Times in the scenario are ignored; arrivals stand for the tuning jobs that `scenario.with_arrivals(seed)` has in their place.
    *training_jobs* are created besides, by name and in order, without a tuning job; each may be stopped once, and once more
    while its warm pool is kept. *laws* are those that must hold in every state: `(*hptsim.LAWS, mine)`.

    The search ends early at *max_states* states, and makes no move from a state that is *max_depth* steps from the first. It
    runs in so many *workers* (processes); the answer is the same for any number of them. *checkpoint* is a file in which the
    search is kept, and from which it goes on if it was ended before, however that was. *hash_compaction* tells states apart by
    digests of 64 bits, which takes less memory; the answer then says how likely it is that a state was left out. With
    *coverage* the answer says which rows of the tables were fired. *progress* is called now and then; when it returns
    something true, the search ends and reports what it has found.

    Raises InvalidInput for an option that makes no sense, and for a checkpoint of another search.

    With *reduction* one state is visited for all that differ only in which interchangeable job is which, or in what came before
    their ends (`explorer.symmetry`), and orders of independent steps are left out (`explorer.independence`). The verdict is the
    same, but for the laws that the answer names in `judged_in_part`; a counterexample is a real one, but there may be shorter
    ones. Where the scope is outside of what the reductions are proved for, the search is not reduced, and the answer says why
    (`not_reduced`).

    >>> from hptsim.model import TuningJobSpec
    >>> from hptsim.scenario import ScheduledTuningJob
    >>> tiny = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
    >>> explore(tiny).counterexample is None
    True
    """
    check_whole("max_states", max_states, 1)
    if max_depth is not None:
        check_whole("max_depth", max_depth, 1)
    check_whole("workers", workers, 1)
    check_workers(workers)
    scope = Scope(
        scenario.with_arrivals(seed),
        training_jobs,
        faults,
        stops,
        delayed_stop,
        seed,
        tables,
        laws,
        commands,
        any_order,
    )
    reason = why_not(scope.scenario, scope.laws) if reduction else ""
    if reduction and workers > 1:
        reason = "it runs in several processes"
    elif reduction and (scope.commands or scope.any_order):
        reason = "that is not known to hold for further commands and orders of creation"
    options = {"hash_compaction": hash_compaction, "coverage": coverage}

    def searched(reduced: bool) -> tuple[Exploration, bool]:
        """What a search finds, and whether it is a reduced one that has met a loop; its states are given back."""
        with collector_paused(stays=False):
            return one_search(reduced)

    def one_search(reduced: bool) -> tuple[Exploration, bool]:
        with ExitStack() as closing:
            search = _Search(scope, max_states, max_depth, workers, hash_compaction, coverage, progress, reduced)
            closing.callback(search.close)
            kept = None
            if checkpoint is not None:
                kept = closing.enter_context(Checkpoint(Path(checkpoint), scope, options | {"reduction": reduced}))
            return search.run(kept).about(scope), search.loops

    if reduction and not reason:
        found, loops = searched(True)
        if not loops:
            return found
        if checkpoint is not None:
            Path(checkpoint).unlink()  # it is of the reduced search
        reason = "there are loops, and only the states themselves tell whether a run can stay in them"
    found, _ = searched(False)
    return attrs.evolve(found, not_reduced=reason)


class _Search:
    """One breadth-first search."""

    def __init__(
        self,
        scope: Scope,
        max_states: int,
        max_depth: int | None,
        workers: int,
        compact: bool,
        coverage: bool,
        progress: Callable[[Progress], object] | None,
        reduced: bool,
    ) -> None:
        self.scope, self.max_states, self.max_depth, self.workers = scope, max_states, max_depth, workers
        self.compact, self.coverage, self.progress = compact, coverage, progress
        self.system = scope.system()
        self.reduction = Reduction(self.system) if reduced else None
        self.key: Key = self.system.key if workers == 1 else self.system.fingerprint
        if self.reduction is not None:
            self.key = self.reduction.key
        self.seen: Seen = Compacted() if compact else Exact()
        self.visited = Visited()
        self.line: Line | Workers | None = None
        self.last = -1
        """The state that was expanded or judged last."""
        self.resting_at_the_rim = 0
        self.cut = False
        """Whether a state that is as deep as may be allows moves, which are not made."""
        self.loops = False
        """Whether a reduced search has found loops: it does not say whether they are endless."""
        self.ended = ""
        """Why the search has ended before every state was known to be visited."""

    def run(self, kept: Checkpoint | None) -> Exploration:
        line = self.line = self.begin(kept)
        found: Counterexample | None = None
        while line and found is None and not self.ended:
            if len(self.visited) >= self.max_states:
                self.ended = MAX_STATES
                break
            rim = self.rim()
            found = self.merge(line) if self.last + 1 < rim else self.judge(line.next())
            if kept is not None and found is None and self.visited.expanded % _SAVE == 0:
                kept.save(self.visited)
            if self.last % _LOOK == 0:
                self.look()
        if kept is not None and found is None:
            kept.save(self.visited)
        if found is None and not self.ended and self.cut:
            self.ended = MAX_DEPTH
        if found is None and self.reduction is not None:
            self.loops = not self.visited.graph.always_ends()
        elif found is None and NOTHING_FOR_EVER in self.system.laws:
            found = self.endless()
        return self.answer(found)

    def begin(self, kept: Checkpoint | None) -> Line | Workers:
        """The line, with the first state in it, or those that an earlier search has left there."""
        visited = self.visited
        if kept is not None and kept.load(visited):
            waiting = self.resume(kept)
        else:
            waiting = [self.system.root]
            self.seen.number(self.key(self.system.root))
        expander = Expander(self.system, coverage=self.coverage, reduction=self.reduction)
        first = len(visited) - len(waiting)
        if self.workers == 1:
            return Line(expander, self.key, self.rim, first, waiting)
        return Workers(expander, self.key, self.rim, first, waiting, self.workers)

    def resume(self, kept: Checkpoint) -> list[Any]:
        """The states that an earlier search has found and not expanded."""
        visited = self.visited
        self.last = visited.expanded - 1
        deepest = visited.depth(self.last)
        if self.max_depth is not None and deepest >= self.max_depth:
            expected = f"at least {deepest + 1}, for {kept.path} has moves from states at depth {deepest}"
            raise invalid("max_depth", self.max_depth, expected)
        return list(replay(visited, self.system, self.key, self.seen, kept.path))

    def rim(self) -> float:
        """The number of the first state that no move is made from, because it is as deep as may be."""
        levels = self.visited.levels
        return inf if self.max_depth is None or self.max_depth >= len(levels) else levels[self.max_depth]

    def merge(self, line: Line | Workers) -> Counterexample | None:
        """Number what the next state leads to: the one place where the order of the answer is made."""
        visited, origin, expansion = self.visited, self.visited.expanded, line.next()
        self.last = origin
        visited.resting += expansion.resting
        visited.transitions += expansion.moves
        visited.witnessed.update(dict.fromkeys(expansion.witnessed))
        visited.reached.update(dict.fromkeys(expansion.reached))
        due_steps: list[tuple[int, int]] = []
        for step in expansion.steps:
            number, label = self.seen.number(step.key), visited.label(step.call)
            if number == len(visited):
                visited.add(origin, step.place, label)
            line.found(number, step)
            if step.due:
                due_steps.append((label, number))
        if expansion.broken is not None:
            return self.explain(origin, expansion.broken)
        visited.graph.add(due_steps)
        visited.expanded += 1
        return None

    def judge(self, expansion: Expansion) -> Counterexample | None:
        """Note how a state at the rim is judged."""
        self.last += 1
        self.visited.witnessed.update(dict.fromkeys(expansion.witnessed))
        self.resting_at_the_rim += expansion.resting
        self.cut = self.cut or expansion.moves > 0
        return None if expansion.broken is None else self.explain(self.last, expansion.broken)

    def close(self) -> None:
        """End the processes that it has started."""
        if self.line is not None:
            self.line.close()

    def look(self) -> None:
        """Tell the progress, and hear whether to end."""
        visited = self.visited
        at = Progress(len(visited), len(visited) - visited.expanded, visited.depth(max(self.last, 0)))
        if self.progress is not None and self.progress(at):
            self.ended = INTERRUPTED

    def endless(self) -> Counterexample | None:
        """The shortest way into a loop that never comes to rest, if there is one."""
        loop = self.visited.graph.endless()
        if loop is None:
            return None
        calls = list(self.visited.labels)
        way = "could be reached, but nothing leads there that has to happen" if loop.escapable else "cannot be reached"
        reason = f"{loop.states} states follow each other for ever: a state at rest {way}"
        return Counterexample(
            NOTHING_FOR_EVER.name, reason, self.calls(loop.start), tuple(calls[label] for label in loop.labels)
        )

    def explain(self, number: int, broken: Broken) -> Counterexample:
        return Counterexample(broken.law, broken.reason, (*self.calls(number), broken.call))

    def calls(self, number: int) -> tuple[str, ...]:
        """A shortest way to the state *number*, as public calls."""
        return (self.system.opening(), *self.visited.calls(number))

    def answer(self, found: Counterexample | None) -> Exploration:
        visited = self.visited
        return Exploration(
            len(visited),
            visited.transitions,
            visited.depth(max(self.last, 0)),
            visited.resting + self.resting_at_the_rim,
            tuple(law for law in witnesses(self.system.laws) if law in visited.witnessed),
            found,
            found is None and not self.ended,
            self.system.laws,
            self.ended,
            omission_probability(len(visited)) if self.compact else 0.0,
            covered(visited.reached, self.scope.tables) if self.coverage else None,
            reduced=self.reduction is not None,
            judged_in_part=() if self.reduction is None else self.reduction.judged_in_part,
            untried=self.system.untried(),
        )
