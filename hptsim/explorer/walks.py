"""Random walks through the states of a scope that is too large to be visited as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from hptsim import html
from hptsim.audit.laws import LAWS
from hptsim.errors import LawBroken
from hptsim.explorer.coverage import Coverage, coverage
from hptsim.explorer.expansion import Broken, Expander
from hptsim.explorer.exploration import Counterexample
from hptsim.explorer.scope import Scope, check_whole
from hptsim.explorer.seen import Compacted
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.laws import Law, witnesses
from hptsim.model.machine import TABLES, Tables
from hptsim.scenario.random_streams import uniforms
from hptsim.scenario.scenario import Scenario


@attrs.frozen
class Walks:
    """What random walks have found; they never show that no law can be broken."""

    walks: int
    steps: int
    longest: int
    """The steps of the longest walk."""
    states: int
    """How many different states were met, as far as digests of 64 bits tell them apart."""
    resting: int
    """How many times a state at rest was met: nothing more happens in it by itself."""
    witnessed: tuple[str, ...]
    counterexample: Counterexample | None
    coverage: Coverage = attrs.field(repr=False)
    interrupted: bool = False
    laws: tuple[Law, ...] = attrs.field(default=LAWS, repr=False)

    @property
    def missed(self) -> tuple[str, ...]:
        """The `sometimes` laws that no walk has seen."""
        return tuple(law for law in witnesses(self.laws) if law not in self.witnessed)

    def sentence(self) -> str:
        """What was found, in words."""
        went = (
            f"{self.walks:,} random walks took {self.steps:,} steps, the longest {self.longest:,}, and met {self.states:,} "
            "different states"
        )
        if self.counterexample is not None:
            said = f"A law is broken; until then {went}. There may be a shorter way.\n{self.counterexample}"
        else:
            said = f"{went}; no law was found broken."
        stopped = ["The walks were interrupted."] if self.interrupted else []
        return "\n".join([*stopped, said, self.coverage.sentence()])

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return html.lines(self.sentence())


@attrs.frozen
class WalksSoFar:
    """How far random walks are: how many have ended, their steps, and how many different states they met."""

    walks: int
    steps: int
    states: int


def random_walks(
    scenario: Scenario,
    *,
    walks: int,
    depth: int,
    training_jobs: Mapping[str, TrainingJobDefinition] | None = None,
    faults: Mapping[str, int] | None = None,
    stops: bool = True,
    commands: Mapping[str, int] | None = None,
    any_order: bool = False,
    delayed_stop: bool = False,
    seed: int = 0,
    tables: Tables = TABLES,
    laws: Iterable[Law] = LAWS,
    progress: Callable[[WalksSoFar], object] | None = None,
) -> Walks:
    """Take random walks from the first state, each of at most *depth* steps, with the laws on, until one is broken.

    Each walk has an inclination of its own, uniform between 0 and 1: so likely it is, at each step, that the next move is drawn
    from all that is allowed, faults and commands too, instead of from what has to happen. At rest it is drawn from the faults
    and commands that are left. The draws are a pure function of *seed*, which draws the arrivals too. The other
    arguments are those of `explore`. *progress* is called after each walk; when it returns something true, no more are taken.

    Raises InvalidInput for an argument that makes no sense.

    >>> from hptsim.model import TuningJobSpec
    >>> from hptsim.scenario import ScheduledTuningJob
    >>> tiny = Scenario(tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a")),))
    >>> random_walks(tiny, walks=100, depth=50).counterexample is None
    True
    """
    check_whole("walks", walks, 1)
    check_whole("depth", depth, 1)
    walker = _Walker(
        Scope(
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
    )
    interrupted = False
    while walker.walks < walks and walker.found is None and not interrupted:
        walker.walk(depth)
        if progress is not None:
            interrupted = bool(progress(WalksSoFar(walker.walks, walker.steps, len(walker.seen))))
    return walker.answer(interrupted and walker.walks < walks)


class _Walker:
    """Takes one walk after another."""

    def __init__(self, scope: Scope) -> None:
        self.scope, self.system = scope, scope.system()
        self.expander = Expander(self.system, coverage=True)
        self.seen = Compacted()
        self.walks = self.steps = self.longest = self.resting = 0
        self.found: Counterexample | None = None

    def walk(self, depth: int) -> None:
        """One walk of at most so many steps."""
        system = self.system
        draws = _draws(self.scope.seed, self.walks)
        inclination = next(draws)
        state, calls = system.root, [system.opening()]
        self.walks += 1
        self.seen.number(system.key(state))
        while state is not None and self.found is None and len(calls) <= depth:
            state = self.step(state, calls, inclination, draws)
        self.steps += len(calls) - 1
        self.longest = max(self.longest, len(calls) - 1)

    def step(self, state: Any, calls: list[str], inclination: float, draws: Iterator[float]) -> Any:
        """The next state; None where the walk ends, because nothing is allowed, all is refused, or a law is broken."""
        moves = self.system.moves(state)
        if not any(move.due for move in moves):
            self.resting += 1
            if (broken := self.expander.judge_rest(state)) is not None:
                self.broken(calls, broken)
                return None
        while moves:
            due = [move for move in moves if move.due]
            among = moves if not due or next(draws) < inclination else due
            move = among[int(next(draws) * len(among))]
            try:
                following = self.expander.take(state, move)
            except LawBroken as error:
                self.broken(calls, Broken(move.call, error.law, error.reason))
                return None
            if following is not None:
                calls.append(move.call)
                self.seen.number(self.system.key(following))
                return following
            moves.remove(move)
        return None

    def broken(self, calls: list[str], what: Broken) -> None:
        self.found = Counterexample(what.law, what.reason, (*calls, what.call), scope=self.scope)

    def answer(self, interrupted: bool) -> Walks:
        system = self.system
        witnessed = tuple(law for law in witnesses(system.laws) if law in system.witnessed)
        reached = coverage(self.expander.reached(), self.scope.tables)
        return Walks(
            self.walks,
            self.steps,
            self.longest,
            len(self.seen),
            self.resting,
            witnessed,
            self.found,
            reached,
            interrupted,
            system.laws,
        )


def _draws(seed: int, walk: int) -> Iterator[float]:
    """The uniform numbers of one walk, as many as it takes."""
    block = 0
    while True:
        yield from uniforms(seed, f"walk {walk}", block)
        block += 1
