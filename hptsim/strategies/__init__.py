"""What is tried next, which training jobs are stopped early, and when it is enough: one class for each way to search.

A strategy sees its tuning job's trials and uniform numbers, and nothing of the world. The service's names stand in
`model.search.STRATEGIES`, stopping rules in `stopping_rules.RULES`, completion criteria in `completion.CRITERIA`.
"""

from hptsim.model.search import STRATEGIES, StoppingRule, Strategy, Trial
from hptsim.strategies.grid import Grid
from hptsim.strategies.optuna_search import Optuna
from hptsim.strategies.parzen import Parzen
from hptsim.strategies.random_search import Random
from hptsim.strategies.stopping_rules import HyperbandRungs, MaxResource, MedianRule
from hptsim.strategies.successive_halving import AsynchronousHalving, SynchronousHalving

__all__ = [
    "STRATEGIES",
    "AsynchronousHalving",
    "Grid",
    "HyperbandRungs",
    "MaxResource",
    "MedianRule",
    "Optuna",
    "Parzen",
    "Random",
    "StoppingRule",
    "Strategy",
    "SynchronousHalving",
    "Trial",
]
