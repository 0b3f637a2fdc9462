"""The interfaces of a search: trials, strategies that are asked and told, and how a strategy is named.

A strategy decides which configuration comes next; it sees the trials of its tuning job and nothing else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib import import_module
from typing import Any, NamedTuple, Protocol, Self

import attrs

from hptsim.errors import invalid, nearest
from hptsim.model.definitions import TrainingJobDefinition

STRATEGIES: Mapping[str, str] = {
    "Bayesian": "hptsim.strategies.parzen:Parzen",
    "Random": "hptsim.strategies.random_search:Random",
    "Hyperband": "hptsim.strategies.random_search:Random",  # its rungs are a stopping rule
    "Grid": "hptsim.strategies.grid:Grid",
}
"""The service's strategies (L2), each with the import path of its class."""


class Trial(NamedTuple):
    """What is known of one training job: its configuration, the objective after each epoch, and in the end.

    *objective* is None while it runs, and when it ended without one; *live* tells the two apart. A parent's training job
    (warm start) has the *ordinal* 0.
    """

    ordinal: int
    configuration: Mapping[str, str]
    curve: tuple[float, ...] = ()
    objective: float | None = None
    live: bool = False
    passed: tuple[int, ...] = ()
    """The epochs after which Hyperband let it go on."""
    completed: bool = False
    """Whether it ended as Completed."""
    definition: int = 0
    """Which of the tuning job's definitions it has."""


@attrs.frozen
class Asked:
    """A strategy was asked for the configuration of the training job *ordinal*."""

    ordinal: int


@attrs.frozen
class Told:
    """A strategy was told how a training job ended."""

    trial: Trial


StrategyLog = list[Asked | Told]
"""All that a strategy was asked and told, in order: asking and telling again rebuilds its state."""


def frozen(log: StrategyLog) -> tuple[Any, ...]:
    """A strategy log as a value that can be compared and hashed.

    >>> frozen([Asked(1), Told(Trial(1, {"rate": "0.5"}, objective=0.2))])
    (1, (1, (('rate', '0.5'),), 0.2))
    """
    return tuple(
        [
            one.ordinal
            if isinstance(one, Asked)
            else (one.trial.ordinal, tuple(one.trial.configuration.items()), one.trial.objective)
            for one in log
        ]
    )


class Strategy(Protocol):
    """A strategy of your own: asked for each training job, told each when it has ended, in the order of events.

    It is made from the TuningJobSpec; if its constructor takes a `seed`, it gets the simulation's. It may have a stopping
    rule besides: `should_stop(trial, others)`, see `StoppingRule`.

    >>> class Halves:
    ...     def __init__(self, spec): self.best = 1.0
    ...     def tell(self, trial): self.best = min(self.best, trial.objective or 1.0)
    ...     def ask(self, ordinal): return {"rate": str(self.best / 2)}
    >>> mine: Strategy = Halves(None)
    >>> mine.ask(1)
    {'rate': '0.5'}
    """

    def tell(self, trial: Trial) -> None:
        """Learn how a training job ended."""

    def ask(self, ordinal: int) -> Mapping[str, str] | None:
        """The configuration of the training job *ordinal*; None when it must wait for results (or is done)."""


class StoppingRule(Protocol):
    """Whether a training job is stopped after an epoch, decided from what is known and nothing else."""

    def should_stop(self, trial: Trial, others: Sequence[Trial]) -> bool:
        """Whether *trial* is to be stopped after its last epoch, given the *others* of the same definition."""


class Search(Protocol):
    """The port for what the search of one tuning job decides: what is tried, what is stopped early, when it is enough."""

    asks: bool
    """Whether its strategy is asked before each launch, and may want to wait."""
    watches: bool
    """Whether a stopping rule looks at every epoch."""

    def ask(self, ordinal: int, log: StrategyLog) -> Mapping[str, str] | None:
        """The configuration of the next training job, or None to wait; the *log* grows by the question."""

    def propose(
        self, definition: TrainingJobDefinition, ordinal: int, trials: Callable[[], Sequence[Trial]]
    ) -> Mapping[str, str]:
        """The configuration of a training job that is created now, from what is known."""

    def stopped_by(self, trial: Trial, others: Callable[[], Sequence[Trial]], log: StrategyLog | None) -> str:
        """Which rule stops a training job after its new epoch: a name such as early_stopping, or nothing."""

    def criterion_met(self, results: Sequence[float]) -> str:
        """Which completion criterion the objectives of the ended training jobs meet, or nothing."""

    def copy(self) -> Self:
        """A search that goes on from the same log and shares nothing mutable."""


# ---------------------------------------------------------------------- how a strategy is named

_EXPECTED = f"{', '.join(STRATEGIES)}, an import path like 'package.module:Class', or a class"


def maker(strategy: Any) -> Callable[..., Any]:
    """What makes a strategy from a spec: the class or function that *strategy* is or names.

    Raises InvalidInput for an unknown name, with the nearest, and for what cannot be imported or called.

    >>> maker("Grid").__name__
    'Grid'
    >>> maker("Baysian")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    hptsim.errors.InvalidInput: strategy: got 'Baysian', expected Bayesian, ... or a class; did you mean 'Bayesian'?
    """
    if isinstance(strategy, str):
        return _of_service(strategy) if strategy in STRATEGIES else _imported(strategy)
    if not callable(strategy):
        raise invalid("strategy", strategy, _EXPECTED, "a strategy is made from the spec: write its class")
    return _checked(strategy, strategy)


@cache
def _of_service(name: str) -> Callable[..., Any]:
    return _imported(STRATEGIES[name])


def _imported(name: str) -> Callable[..., Any]:
    module_name, colon, path = name.partition(":")
    if not colon:
        raise invalid("strategy", name, _EXPECTED, nearest(name, STRATEGIES))
    try:
        module = import_module(module_name)
    except Exception as error:  # anything that a user's module raises
        hint = "; is its folder on PYTHONPATH?" if isinstance(error, ModuleNotFoundError) else ""
        raise invalid("strategy", name, "a module that can be imported", f"{error!r}{hint}") from error
    found: Any = module
    for part in path.split("."):
        if not hasattr(found, part):
            names = [one for one in vars(module) if not one.startswith("_")]
            raise invalid("strategy", name, f"a name of {module_name}", nearest(part, names))
        found = getattr(found, part)
    return _checked(name, found)


def _checked(given: Any, found: Any) -> Callable[..., Any]:
    """*found*, if it can make a strategy: what a class lacks is seen before anything runs."""
    if not callable(found):
        raise invalid("strategy", given, "a class, or a function that makes a strategy from the spec")
    if isinstance(found, type):
        check_methods(given, found)
    return found  # type: ignore[no-any-return]


def check_methods(given: Any, strategy: Any) -> None:
    """Refuse a strategy, or its class, that can neither be asked nor propose; raises InvalidInput."""
    if hasattr(strategy, "propose") and not hasattr(strategy, "ask"):
        return
    missing = [name for name in ("ask", "tell") if not callable(getattr(strategy, name, None))]
    if missing:
        raise invalid("strategy", given, "methods ask and tell", f"missing: {' and '.join(missing)}")


def is_own(strategy: Any) -> bool:
    """Whether a spec's strategy is one of the user's own, and none of the service's names."""
    return not isinstance(strategy, str) or strategy not in STRATEGIES


def service_name(strategy: Any) -> str:
    """The strategy that a request can name: the service has no word for a user's own, and then it is Random."""
    return "Random" if is_own(strategy) else str(strategy)


def import_path(strategy: Any) -> str:
    """The name under which files know a strategy; raises InvalidInput for one that cannot be imported.

    >>> from collections import Counter
    >>> import_path("Grid"), import_path(Counter)
    ('Grid', 'collections:Counter')
    """
    if isinstance(strategy, str):
        return strategy
    module, name = getattr(strategy, "__module__", None), getattr(strategy, "__qualname__", "<nothing>")
    path = f"{module}:{name}"
    if module is not None and module != "__main__" and "<" not in name:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is strategy:
            return path
    hint = "give it a name at the top of a module of your own and write 'package.module:name'"
    raise invalid("strategy", strategy, "a strategy that can be imported by its name", hint)


def same_strategy(strategy: Any) -> Any:
    """What two equal strategies have in common: a path and the class that it names are equal, partials by their parts."""
    if isinstance(strategy, str):
        if strategy in STRATEGIES:
            return strategy
        strategy = maker(strategy)
    if isinstance(strategy, partial):
        return strategy.func, strategy.args, tuple(sorted(strategy.keywords.items()))
    return strategy


def takes_seed(make: Callable[..., Any]) -> bool:
    """Whether what makes a strategy wants the simulation's seed.

    >>> takes_seed(lambda spec: spec), takes_seed(lambda spec, seed=0: spec)
    (False, True)
    """
    try:
        return "seed" in inspect.signature(make).parameters
    except (TypeError, ValueError):  # compiled, without a signature
        return False
