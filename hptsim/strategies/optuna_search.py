"""Bayesian search by optuna's samplers, as a strategy that asks and tells (extra `bayesian`).

It is chosen explicitly, by the assumption `bayesian` or as a spec's strategy: the same scenario gives the same journal
whether optuna is installed or not. Without it the strategy Bayesian is `strategies.parzen`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zlib import crc32

from hptsim.errors import invalid, nearest
from hptsim.model.ranges import ParameterRange
from hptsim.model.search import Trial
from hptsim.model.specs import TuningJobSpec
from hptsim.optional import require

SAMPLERS = ("tpe", "gp")
_BELOW_ONE = 1 - 1e-12


def check(sampler: str) -> Any:
    """optuna itself, if what *sampler* needs is installed; raises InvalidInput for another name, MissingExtra."""
    if sampler not in SAMPLERS:
        raise invalid("sampler", sampler, " or ".join(SAMPLERS), nearest(str(sampler), SAMPLERS))
    if sampler == "gp":
        require("torch", "gaussian-process", "Bayesian search by a Gaussian process")
    return require("optuna", "bayesian", "Bayesian search by optuna")


class Optuna:
    """A tree-structured Parzen estimator ("tpe") or a Gaussian process ("gp") over the ranges of a tuning job.

    Each definition has a study of its own. What still runs counts as pending, so that parallel training jobs spread out.
    Numbers are searched in the unit interval, which the range's scaling stretches; RandomSeed makes it reproducible.

    >>> from hptsim.model import ParameterRange
    >>> rate = ParameterRange("rate", "Continuous", 0.001, 0.1, scaling="Logarithmic")
    >>> strategy = Optuna(TuningJobSpec("demo", ranges=(rate,)))
    >>> rate.holds(strategy.ask(1)["rate"])
    True
    """

    def __init__(self, spec: TuningJobSpec, sampler: str = "tpe", seed: int = 0) -> None:
        self._optuna = check(sampler)
        self.spec = spec
        own = f"{seed}/{spec.name}" if spec.random_seed is None else f"random-seed/{spec.random_seed}"
        make = {"tpe": self._optuna.samplers.TPESampler, "gp": self._optuna.samplers.GPSampler}[sampler]
        with self._quiet():
            self.studies = [
                self._optuna.create_study(sampler=make(seed=crc32(f"{own}/{place}".encode())))
                for place in range(len(spec.definitions))
            ]
        self.pending: dict[int, tuple[int, int, Mapping[str, str]]] = {}
        """What was asked and not told: by ordinal, the definition, optuna's number and the configuration."""

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """optuna writes a log line for every study; the twin has a journal."""
        logging = self._optuna.logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.ERROR)
        try:
            yield
        finally:
            logging.set_verbosity(before)

    def _ranges(self, definition: int) -> tuple[ParameterRange, ...]:
        return self.spec.ranges_of(self.spec.definitions[definition])

    def _space(self, definition: int) -> dict[str, Any]:
        distributions = self._optuna.distributions
        return {
            span.name: distributions.CategoricalDistribution(span.choices)
            if span.values
            else distributions.FloatDistribution(0.0, 1.0)
            for span in self._ranges(definition)
        }

    def ask(self, ordinal: int) -> Mapping[str, str]:
        """The configuration of a training job; definitions take turns."""
        definition = (ordinal - 1) % len(self.studies)
        with self._quiet():
            trial = self.studies[definition].ask(self._space(definition))
        chosen = {
            span.name: trial.params[span.name] if span.values else span.at(min(trial.params[span.name], _BELOW_ONE))
            for span in self._ranges(definition)
        }
        self.pending[ordinal] = definition, trial.number, chosen
        return chosen

    def tell(self, trial: Trial) -> None:
        """A result, of a training job that was asked for or of a parent's; one without an objective has failed."""
        known = next((n for n, (_, _, chosen) in self.pending.items() if chosen == dict(trial.configuration)), None)
        if trial.ordinal in self.pending and self.pending[trial.ordinal][2] == dict(trial.configuration):
            known = trial.ordinal
        if trial.ordinal == 0 or known is None:
            return self._add(trial)
        definition, number, _ = self.pending.pop(known)
        state = self._optuna.trial.TrialState
        with self._quiet():
            if trial.objective is None:
                self.studies[definition].tell(number, state=state.FAIL)
            else:
                self.studies[definition].tell(number, self._cost(definition, trial.objective))

    def _cost(self, definition: int, objective: float) -> float:
        return self.spec.objective_of(self.spec.definitions[definition]).cost(objective)

    def _add(self, trial: Trial) -> None:
        """A trial that was not asked for here, where its configuration fits the ranges: a warm start has one definition (C7)."""
        ranges, chosen = self._ranges(0), trial.configuration
        if trial.objective is None or not all(span.name in chosen and span.holds(chosen[span.name]) for span in ranges):
            return
        params = {span.name: chosen[span.name] if span.values else span.unit(chosen[span.name]) for span in ranges}
        cost = self._cost(0, trial.objective)
        space = self._space(0)
        with self._quiet():
            self.studies[0].add_trial(self._optuna.trial.create_trial(params=params, distributions=space, value=cost))
