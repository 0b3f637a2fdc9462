"""`hptsim choose`: which of many designs, by one figure or by the frontier of several."""

from __future__ import annotations

from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import Any

from hptsim import planning
from hptsim.cli import terminal
from hptsim.cli.assignments import varied
from hptsim.cli.exit_codes import SUCCESS
from hptsim.errors import invalid
from hptsim.planning.frontiers import bare
from hptsim.planning.intervals import check_confidence, check_unserved
from hptsim.scenario.scenario import Scenario


def choose(
    file: Path,
    *,
    over: list[str],
    figure: list[str],
    indifference: float | None = None,
    budget: int | None = None,
    designs: int | None = None,
    unserved: float = 0.0,
    replications: int | None = None,
    until: float | None = None,
    warm_up: float = 0.0,
    resample: str | None = None,
    seed: int = 0,
    confidence: float = 0.95,
    checkpoint: Path | None = None,
    json: bool = False,
    yes: bool = False,
) -> int:
    """Choose among the designs of a grid: the best in one figure, or the frontier of several.

    Parameters
    ----------
    file
        the scenario (TOML or JSON)
    over
        what to vary, PATH=VALUES, such as assumptions.discipline=fifo,backfill; repeat it for a grid
    figure
        of which less is better, or more with a plus sign: +throughput_per_hour; repeat it for a frontier
    indifference
        with one figure: the smallest difference that matters; the choice is right with the confidence (Kim and Nelson)
    budget
        with one figure: this many replications in all, spent where they tell most (OCBA)
    designs
        with several figures: try at most this many designs, chosen by optuna, in place of the whole grid
    unserved
        the share of tuning jobs that may be refused or never train; designs beyond it are left out
    replications
        with several figures: of each design (default: 20)
    until
        end each replication at this many seconds
    warm_up
        tuning jobs that were created before this many seconds do not count
    resample
        how recorded tuning jobs become other days in each replication: days, weekdays or shift, and growth=FACTOR
    seed
        the seed of all random streams
    confidence
        of the choice, or of each design that is struck out
    checkpoint
        a file that keeps finished replications; after Ctrl-C the same command does only what is missing
    json
        print machine-readable results instead of sentences
    yes
        replicate it however much work a replication is expected to be
    """
    check_confidence(confidence, 0.5)
    check_unserved(unserved)
    terminal.check_files({"--checkpoint": checkpoint}, terminal.read_with("FILE", file))
    _check_way(figure, indifference, budget, designs, replications)
    grid = varied("--over", over)
    scenario = terminal.accepted(Scenario.load(file), yes)
    settings: planning.Settings = {
        "until_s": until,
        "warm_up_s": warm_up,
        "checkpoint": checkpoint,
        "resample": resample,
    }
    if len(figure) == 1:
        found: Any = planning.best_of(
            scenario,
            planning.grid_points(grid),
            bare(figure[0]),
            largest=figure[0].startswith("+"),
            indifference=indifference,
            budget=budget,
            confidence=confidence,
            unserved=unserved,
            seed=seed,
            **settings,
        )
        data = {"best": dict(found.designs[found.best]), "mean": found.means[found.best]}
    else:
        results = _tried(
            scenario, grid, figure, designs, 20 if replications is None else replications, unserved, seed, settings
        )
        found = planning.frontier(results, figure, confidence, unserved)
        data = {"frontier": terminal.records(found.best), "designs": terminal.records(found.table)}
    few = "" if designs is None else _of_how_many(len(found.table), grid)
    if json:
        print(dumps({"scenario": scenario.name, "seed": seed, "sentence": found.sentence() + few, **data}, indent=2))
    else:
        terminal.console().print(found.sentence() + few, highlight=False, soft_wrap=True)
        if any("usd" in name for name in figure):
            terminal.warn_of_prices(scenario)
    return SUCCESS


def _check_way(
    figure: Sequence[str],
    indifference: float | None,
    budget: int | None,
    designs: int | None,
    replications: int | None,
) -> None:
    """Refuse options of the other way to choose, before anybody has computed for hours."""
    one = {"--indifference": indifference, "--budget": budget}
    if len(figure) > 1:
        for name, value in one.items():
            if value is not None:
                raise invalid(name, value, f"one --figure, not {len(figure)}: several have no best, but a frontier")
        return
    if designs is not None:
        raise invalid("--designs", designs, "at least two --figure: of one, --budget says how much is tried")
    if replications is not None:
        raise invalid(
            "--replications",
            replications,
            "at least two --figure: of one, --indifference or --budget says how many there are",
        )
    if len([value for value in one.values() if value is not None]) != 1:
        raise invalid(
            "choose",
            "one --figure",
            "either --indifference (a choice with a guarantee) or --budget (a fast one) with it",
        )


def _tried(
    scenario: Scenario,
    grid: dict[str, list[Any]],
    figures: Sequence[str],
    designs: int | None,
    replications: int,
    unserved: float,
    seed: int,
    settings: planning.Settings,
) -> planning.Results:
    """The replications of the whole grid, or of the designs that a search has chosen."""
    if designs is not None:
        how: Any = {"designs": designs, "replications": replications, "unserved": unserved, "seed": seed, **settings}
        return planning.search_designs(scenario, grid, figures, **how)
    settings = planning.with_figure(settings, *map(bare, figures))
    return planning.sweep(scenario, grid, replications, seed, **settings)


def _of_how_many(tried: int, grid: dict[str, list[Any]]) -> str:
    """What a search has not looked at."""
    all_of_them = len(planning.grid_points(grid))
    if tried == all_of_them:
        return f"\nAll {all_of_them:,} designs of the grid were tried."
    return f"\n{tried:,} of the grid's {all_of_them:,} designs were tried; of the others nothing is known."
