"""The search of one tuning job: its strategy, its stopping rules and its completion criteria, as the world asks for them.

A strategy either proposes from what is known, as the service's own do, or is asked and told. What it was asked and told
stands in the tuning job's strategy log, so that a copy or a snapshot needs nothing more to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import attrs

from hptsim.errors import invalid
from hptsim.model.copying import duplicate
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.search import Asked, Strategy, StrategyLog, Told, Trial, check_methods, is_own, maker, takes_seed
from hptsim.model.specs import TuningJobSpec
from hptsim.strategies.completion import met
from hptsim.strategies.optuna_search import Optuna
from hptsim.strategies.random_search import Draw
from hptsim.strategies.stopping_rules import rules_of

Uniforms = Callable[[int, str, int], tuple[float, ...]]
"""Sixteen uniform numbers, a pure function of a seed, a stream's name and a block: see `scenario.random_streams`."""
OWN_RULE = "strategy"
"""The journal's name for the stopping rule of a strategy of the user's own."""


@attrs.frozen
class Searches:
    """Makes the search of each tuning job, with the simulation's *seed*.

    *sampler* is the assumption `bayesian`: "parzen", or one of optuna's for the strategy Bayesian.
    """

    uniforms: Uniforms
    seed: int = 0
    sampler: str = "parzen"

    def __call__(self, spec: TuningJobSpec) -> KnownSearch | AskedSearch:
        """The search of a tuning job; raises InvalidInput for a strategy that can neither be asked nor propose."""
        if spec.strategy != "Bayesian" and not is_own(spec.strategy):
            return KnownSearch(self, spec)
        strategy = self.strategy(spec)
        return AskedSearch(self, spec, strategy) if hasattr(strategy, "ask") else KnownSearch(self, spec, strategy)

    def strategy(self, spec: TuningJobSpec) -> Any:
        """A strategy that knows nothing yet."""
        if spec.strategy == "Bayesian" and self.sampler != "parzen":
            return Optuna(spec, self.sampler, self.seed)
        make = maker(spec.strategy)
        if not is_own(spec.strategy):
            return make(spec)
        strategy = make(spec, seed=self.seed) if takes_seed(make) else make(spec)
        check_methods(spec.strategy, strategy)
        return strategy


class _Search:
    """What both kinds of search share: stopping rules and completion criteria."""

    asks = False

    def __init__(self, searches: Searches, spec: TuningJobSpec, strategy: Any) -> None:
        self.searches, self.spec = searches, spec
        self.rules = rules_of(spec)
        self.own_rule = strategy is not None and hasattr(strategy, "should_stop")
        self.watches = bool(self.rules) or self.own_rule

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled without the strategy, which is made again."""
        return self.searches, (self.spec,)

    def strategy_after(self, log: StrategyLog | None) -> Any:
        """The strategy as it is after what it was asked and told."""
        raise NotImplementedError

    def stopped_by(self, trial: Trial, others: Callable[[], Sequence[Trial]], log: StrategyLog | None) -> str:
        """Which rule stops a training job after its new epoch: the service's, then the strategy's own; or nothing."""
        known = others()
        for name, rule in self.rules.items():
            if rule.should_stop(trial, known):
                return name
        return OWN_RULE if self.own_rule and self.strategy_after(log).should_stop(trial, known) else ""

    def criterion_met(self, results: Sequence[float]) -> str:
        """The completion criterion that is met, or nothing."""
        return met(self.spec, results)

    def _check(self, definition: TrainingJobDefinition, proposal: Any) -> None:
        """Refuse a proposal of the user's strategy that is no configuration, or lies outside the ranges."""
        where = f"the strategy of {self.spec.name}"
        if not isinstance(proposal, Mapping):
            raise invalid(where, proposal, "hyperparameters by name, or None to wait")
        for name, value in proposal.items():
            if not isinstance(value, str):
                raise invalid(f"{where}: {name}", value, "a string", f"write {str(value)!r}")
        for span in self.spec.ranges_of(definition):
            if span.name in proposal and not span.holds(proposal[span.name]):
                raise invalid(f"{where}: {span.name}", proposal[span.name], f"a value of {span}")


class KnownSearch(_Search):
    """A search whose strategy proposes from what is known when a training job is created, and keeps no state.

    >>> from hptsim.model import ParameterRange
    >>> rate = ParameterRange("rate", "Continuous", 0, 1)
    >>> search = Searches(lambda *name: (0.25,) * 16)(TuningJobSpec("demo", ranges=(rate,)))
    >>> search.propose(search.spec.definitions[0], 1, list)
    {'rate': '0.25'}
    """

    def __init__(self, searches: Searches, spec: TuningJobSpec, strategy: Any = None) -> None:
        super().__init__(searches, spec, strategy)
        self._strategy = strategy

    @property
    def strategy(self) -> Any:
        """The strategy, made when it is first needed: most tuning jobs of a large workload have no ranges to search."""
        if self._strategy is None:
            self._strategy = self.searches.strategy(self.spec)
        return self._strategy

    def propose(
        self, definition: TrainingJobDefinition, ordinal: int, trials: Callable[[], Sequence[Trial]]
    ) -> Mapping[str, str]:
        """The configuration of a training job that is created now."""
        ranges = self.spec.ranges_of(definition)
        if not ranges:
            return {}
        proposal: Mapping[str, str] = self.strategy.propose(ranges, ordinal, trials, self._stream(ordinal))
        if is_own(self.spec.strategy):
            self._check(definition, proposal)
        return proposal

    def _stream(self, ordinal: int) -> Draw:
        """The uniform numbers of one proposal; RandomSeed makes them the same for every tuning job that has it (L16)."""
        spec, uniforms = self.spec, self.searches.uniforms
        own = f"{self.searches.seed}/{spec.name}" if spec.random_seed is None else f"random-seed/{spec.random_seed}"
        name = f"{own}/proposal/{ordinal}"

        def draw(place: int) -> float:
            return uniforms(0, name, place // 16)[place % 16]

        return draw

    def strategy_after(self, log: StrategyLog | None) -> Any:
        """The strategy, which keeps no state."""
        return self.strategy

    def ask(self, ordinal: int, log: StrategyLog) -> Mapping[str, str] | None:
        """Never called: `asks` is False."""
        raise NotImplementedError

    def copy(self) -> Self:
        """The same one: it keeps no state."""
        return self


class AskedSearch(_Search):
    """A search whose strategy is asked before each launch and told each result.

    >>> class Count:
    ...     def __init__(self, spec): self.told = 0
    ...     def tell(self, trial): self.told += 1
    ...     def ask(self, ordinal): return {"told": str(self.told)}
    >>> search = Searches(lambda *name: (0.25,) * 16)(TuningJobSpec("demo", strategy=Count))
    >>> log = [Told(Trial(0, {}))]
    >>> search.ask(1, log), log[1:]
    ({'told': '1'}, [Asked(ordinal=1)])
    >>> search.copy().ask(2, log)  # a copy goes on from the log
    {'told': '1'}
    """

    asks = True

    def __init__(self, searches: Searches, spec: TuningJobSpec, strategy: Strategy) -> None:
        super().__init__(searches, spec, strategy)
        self._strategy: Strategy | None = strategy
        self._replayed = 0

    def strategy_after(self, log: StrategyLog | None) -> Any:
        """The strategy after all that is in the *log*; made again where this search is a copy."""
        log = log or []
        strategy = self._strategy
        if strategy is None:
            strategy = self._strategy = self.searches.strategy(self.spec)
        for event in log[self._replayed :]:
            match event:
                case Asked(ordinal):
                    strategy.ask(ordinal)
                case Told(trial):
                    strategy.tell(trial)
        self._replayed = len(log)
        return strategy

    def ask(self, ordinal: int, log: StrategyLog) -> Mapping[str, str] | None:
        """The strategy's next configuration, or None where it wants to wait; the *log* grows by the question."""
        proposal: Mapping[str, str] | None = self.strategy_after(log).ask(ordinal)
        log.append(Asked(ordinal))
        self._replayed = len(log)
        if proposal is not None:
            self._check(self.spec.definition(ordinal), proposal)
        return proposal

    def propose(
        self, definition: TrainingJobDefinition, ordinal: int, trials: Callable[[], Sequence[Trial]]
    ) -> Mapping[str, str]:
        """Never called: `asks` is True, and what was proposed is kept for the launch."""
        raise NotImplementedError

    def copy(self) -> Self:
        """One that asks a strategy of its own again from the log."""
        twin = duplicate(self)
        twin._strategy, twin._replayed = None, 0
        return twin
