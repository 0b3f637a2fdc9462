"""Designs that are tried where a grid is too large to sweep: optuna's sampler chooses each by what the last ones showed.

Source: Ozaki et al., Multiobjective tree-structured Parzen estimator, JAIR 73 (2022), as it is in optuna.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

from hptsim.errors import invalid
from hptsim.optional import require
from hptsim.planning.executors import workers
from hptsim.planning.experiments import Settings, entropy, grid_points, run_points, seeds, with_figure
from hptsim.planning.frontiers import bare, objectives
from hptsim.planning.intervals import check_unserved
from hptsim.planning.results import Results
from hptsim.scenario.scenario import Scenario

pd = require("pandas", "planning", "hptsim.planning")
Tried = Callable[[Mapping[str, Any]], tuple[Sequence[float], float]]
"""What a design shows: its figures, of each of which less is better, and the share that it leaves unserved."""
_PATIENCE = 50
"""How often in a row the sampler may propose what was tried already before the search ends."""


def search_designs(
    scenario: Scenario,
    over: Mapping[str, Sequence[Any]],
    figures: Sequence[str],
    *,
    designs: int = 50,
    replications: int = 20,
    unserved: float = 0.0,
    seed: int = 0,
    **settings: Unpack[Settings],
) -> Results:
    """Try at most this many *designs* of a grid, those that may lie on the frontier of *figures*; the replications of all tried.

    *over* is as in `sweep`; less is better, but more in a figure with a plus sign. It is a search, which may miss a design:
    nothing says that what was not tried is worse. Designs that leave more than the share *unserved* refused or untrained
    are avoided. Needs the extra `bayesian` (optuna). Raises InvalidInput, MissingExtra.
    """
    check_unserved(unserved)
    if not figures or isinstance(designs, bool) or not isinstance(designs, int) or designs < 1:
        raise invalid("figures, designs", (list(figures), designs), "at least one figure and one design")
    grid_points(over)  # refuses values that are the same
    settings = with_figure(settings, *map(bare, figures))
    own, found = seeds(seed, replications), []
    with workers(settings.get("executor")) as pool:
        settings["executor"] = pool

        def tried(point: Mapping[str, Any]) -> tuple[Sequence[float], float]:
            results = run_points(scenario, [point], own, 0, tuple(over), settings)
            found.append(results.table)
            return objectives(results, figures), results.unserved

        search(tried, over, len(figures), designs, unserved, seed)
    return Results(pd.concat(found, ignore_index=True), tuple(over))


def search(
    tried: Tried, over: Mapping[str, Sequence[Any]], figures: int, designs: int, unserved: float = 0.0, seed: int = 0
) -> None:
    """Let optuna choose at most this many different points of the grid *over* and try each once."""
    optuna = require("optuna", "bayesian", "hptsim.planning.search_designs")
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=entropy(seed) % 2**32)  # it takes no more than 32 bits
    study = optuna.create_study(directions=["minimize"] * figures, sampler=sampler)
    known: dict[tuple[int, ...], tuple[Sequence[float], float]] = {}
    all_points, repeated = math.prod(map(len, over.values())), 0
    try:
        while len(known) < min(designs, all_points) and repeated < _PATIENCE:
            trial = study.ask()
            place = tuple(_place(trial, path, values) for path, values in over.items())
            repeated = repeated + 1 if place in known else 0
            if place not in known:
                point = {path: values[at] for (path, values), at in zip(over.items(), place, strict=True)}
                known[place] = tried(point)
            values, left = known[place]
            trial.set_constraint("unserved", left - unserved)
            study.tell(trial, [math.inf if math.isnan(value) else value for value in values])
    finally:
        optuna.logging.set_verbosity(verbosity)


def _place(trial: Any, path: str, values: Sequence[Any]) -> int:
    """Which of a path's values is tried: numbers have an order, in which near ones are alike; others have none."""
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
    if numbers and list(values) == sorted(values):
        return int(trial.suggest_int(path, 0, len(values) - 1))
    return int(trial.suggest_categorical(path, range(len(values))))
