"""Successive halving: synchronous, rung by rung, and asynchronous (ASHA).

Both give a candidate 1/`eta`-th of all resources first and ever more of them to the best. A training job trains one
candidate up to the resource of one rung; the hyperparameter `epochs` carries that resource, `candidate` its number.
Source: Li et al., A System for Massively Parallel Hyperparameter Tuning (2020), algorithms 1 and 2, section 3.2.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from heapq import heappop, heappush

import attrs

from hptsim.errors import invalid
from hptsim.model.search import Trial
from hptsim.model.specs import TuningJobSpec

Job = tuple[int, int]
"""A candidate and the rung for which it trains."""


class Rungs:
    """The resources of the rungs, from *least* to *most* by factors of *eta*.

    >>> Rungs(4, 1, 256).resources
    [1, 4, 16, 64, 256]
    """

    def __init__(self, eta: int, least: int, most: int) -> None:
        if eta < 2 or not 1 <= least <= most:
            raise invalid("eta, least, most", (eta, least, most), "eta of at least 2, and 1 <= least <= most")
        self.eta = eta
        self.resources = [least]
        while self.resources[-1] * eta <= most:
            self.resources.append(self.resources[-1] * eta)

    def configuration(self, job: Job) -> dict[str, str]:
        """The hyperparameters of a training job."""
        candidate, rung = job
        return {"candidate": str(candidate), "epochs": str(self.resources[rung])}


class AsynchronousHalving:
    """A candidate goes up as soon as it is among the best 1/eta of its rung; with none to promote, a new one starts.

    Other settings than these are a `functools.partial`: `TuningJobSpec("mine", strategy=partial(AsynchronousHalving, eta=2))`.

    >>> strategy = AsynchronousHalving(TuningJobSpec("demo"), eta=2, least=1, most=4)
    >>> strategy.ask(1), strategy.ask(2)
    ({'candidate': '1', 'epochs': '1'}, {'candidate': '2', 'epochs': '1'})
    >>> strategy.tell(Trial(1, {}, objective=0.3)); strategy.tell(Trial(2, {}, objective=0.2)); strategy.ask(3)
    {'candidate': '2', 'epochs': '2'}
    """

    def __init__(self, spec: TuningJobSpec, eta: int = 4, least: int = 1, most: int = 256) -> None:
        self.cost = spec.objective.cost
        self.rungs = Rungs(eta, least, most)
        self.jobs: dict[int, Job] = {}
        self.results: list[list[tuple[float, int]]] = [[] for _ in self.rungs.resources]
        self.unpromoted: list[list[tuple[float, int]]] = [[] for _ in self.rungs.resources]
        self.candidates = 0

    def tell(self, trial: Trial) -> None:
        """A result; a training job that was lost gives none, and its candidate goes nowhere."""
        candidate, rung = self.jobs.pop(trial.ordinal)
        if trial.objective is not None:
            result = self.cost(trial.objective), candidate
            insort(self.results[rung], result)
            heappush(self.unpromoted[rung], result)

    def ask(self, ordinal: int) -> Mapping[str, str] | None:
        """The next training job; there is always one."""
        self.jobs[ordinal] = job = self._promotion() or self._new()
        return self.rungs.configuration(job)

    def _promotion(self) -> Job | None:
        for rung in range(len(self.rungs.resources) - 2, -1, -1):
            results, left = self.results[rung], self.unpromoted[rung]
            if left and bisect_left(results, left[0]) < len(results) // self.rungs.eta:
                return heappop(left)[1], rung + 1
        return None

    def _new(self) -> Job:
        self.candidates += 1
        return self.candidates, 0


@attrs.define
class _Bracket:
    """One run of successive halving over its own candidates: which wait for the rung, which train for it, and its results."""

    waiting: list[int]
    rung: int = 0
    running: int = 0
    results: list[tuple[float, int]] = attrs.field(factory=list)


class SynchronousHalving:
    """A rung begins when all of the one below has ended: workers wait, and a new bracket of *count* begins when one is over.

    With *more_brackets* a worker that no bracket has a job for begins a new one instead, so that none is ever idle.

    >>> strategy = SynchronousHalving(TuningJobSpec("demo"), eta=2, least=1, most=2, count=2)
    >>> [strategy.ask(n) for n in (1, 2, 3)][2] is None  # two run, and the next rung needs both
    True
    >>> strategy.tell(Trial(1, {}, objective=0.3)); strategy.tell(Trial(2, {}, objective=0.2)); strategy.ask(3)
    {'candidate': '2', 'epochs': '2'}
    """

    def __init__(
        self,
        spec: TuningJobSpec,
        eta: int = 4,
        least: int = 1,
        most: int = 256,
        count: int = 256,
        more_brackets: bool = False,
    ) -> None:
        self.cost = spec.objective.cost
        self.rungs = Rungs(eta, least, most)
        self.count, self.more_brackets = count, more_brackets
        self.candidates = 0
        self.brackets: list[_Bracket] = []
        """Those that are not over, the oldest first."""
        self.jobs: dict[int, tuple[_Bracket, int]] = {}

    def tell(self, trial: Trial) -> None:
        """A result; when it is the last of its rung, the best of the rung go on. A lost training job has none."""
        bracket, candidate = self.jobs.pop(trial.ordinal)
        bracket.running -= 1
        if trial.objective is not None:
            bracket.results.append((self.cost(trial.objective), candidate))
        if bracket.waiting or bracket.running:
            return
        bracket.rung += 1
        best = sorted(bracket.results)[: self.count // self.rungs.eta**bracket.rung]
        bracket.results, bracket.waiting = [], [candidate for _, candidate in best]
        if not best or bracket.rung == len(self.rungs.resources):
            self.brackets.remove(bracket)

    def ask(self, ordinal: int) -> Mapping[str, str] | None:
        """The next training job, of the oldest bracket that has one; None where the worker has to wait."""
        bracket = next((one for one in self.brackets if one.waiting), None)
        if bracket is None:
            if self.brackets and not self.more_brackets:
                return None
            bracket = self._new()
        candidate = bracket.waiting.pop(0)
        bracket.running += 1
        self.jobs[ordinal] = bracket, candidate
        return self.rungs.configuration((candidate, bracket.rung))

    def _new(self) -> _Bracket:
        bracket = _Bracket(list(range(self.candidates + 1, self.candidates + self.count + 1)))
        self.candidates += self.count
        self.brackets.append(bracket)
        return bracket
