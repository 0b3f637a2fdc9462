"""`hptsim explore`: every order of the events of a small scenario."""

from __future__ import annotations

from collections import Counter
from json import dumps
from pathlib import Path
from typing import Any

import attrs

from hptsim.cli import terminal
from hptsim.cli.exit_codes import INTERRUPTED, LAW_BROKEN, SUCCESS
from hptsim.cli.explore_page import write_page
from hptsim.cli.explore_progress import showing
from hptsim.errors import InvalidInput, invalid
from hptsim.explorer import exploration
from hptsim.explorer.exploration import Counterexample, Exploration
from hptsim.explorer.scope import check_whole
from hptsim.explorer.search import explore as search
from hptsim.explorer.walks import Walks, random_walks
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob

_MAX_STATES = 1_000_000
_WALK_DEPTH = 200


def explore(
    file: Path | None = None,
    *,
    fault: list[str] | None = None,
    command: list[str] | None = None,
    any_order: bool = False,
    delayed_stop: bool = False,
    warm_pools: int = 0,
    no_reduction: bool = False,
    seed: int = 0,
    max_states: int | None = None,
    max_depth: int | None = None,
    workers: int | None = None,
    checkpoint: Path | None = None,
    hash_compaction: bool = False,
    coverage: bool = False,
    walks: int | None = None,
    depth: int | None = None,
    film: Path | None = None,
    html: Path | None = None,
    json: bool = False,
) -> int:
    """Visit every state of a small scenario: all orders of all events, commands and faults.

    Where that is too much, bound it (--max-depth), or take random walks (--walks). Ctrl-C reports what was found so far.

    Parameters
    ----------
    file
        the scenario; without it two tuning jobs with two training jobs each on two instances
    fault
        a fault that may happen once, at any point; repeat it for more (default: internal_error and interrupt)
    command
        a command that may be given once besides creation and stops, at any point: stop_child, delete (and create again), update
        (a warm pool's period) or repeat; repeat it for more
    any_order
        create the jobs in any order, not only in the one in which they are listed
    delayed_stop
        deliver a stop to each training job separately
    warm_pools
        so many training jobs without a tuning job, each of which keeps a warm pool; without a file, nothing else
    no_reduction
        visit every state; without this, one is visited for all that differ only in which interchangeable job is which or in what
        came before their ends, and orders of independent steps are left out
    seed
        the seed of the arrivals, the objectives and the random walks
    max_states
        end at this many states (default: 1,000,000)
    max_depth
        make no move from a state that is this many steps from the first
    workers
        search in this many processes (default: 1), without reduction; the answer is the same
    checkpoint
        keep the search in this file, and go on from it if it was ended
    hash_compaction
        tell states apart by digests of 64 bits, which takes less memory; how likely it is that one was left out is printed
    coverage
        say which rows of the tables were fired; it is always said of a bounded search and of random walks
    walks
        take this many random walks instead
    depth
        the most steps of a walk (default: 200)
    film
        write a page that plays the counterexample, if there is one
    html
        write a page in which the reader chooses what happens next, and nothing else; it holds every state, without reduction, but
        the nearest 2,000 at most, or those of --max-states
    json
        print machine-readable results
    """
    searching = {"max_states": max_states, "max_depth": max_depth, "workers": workers, "checkpoint": checkpoint}
    _check(searching, {"hash_compaction": hash_compaction, "no_reduction": no_reduction}, walks, depth)
    if html is not None:
        _check_page({**searching, "max_states": None, "hash_compaction": hash_compaction, "coverage": coverage,
            "walks": walks, "depth": depth, "film": film, "json": json})  # fmt: skip
    terminal.check_files({"--checkpoint": checkpoint, "--film": film, "--html": html}, terminal.read_with("FILE", file))
    scenario = Scenario.load(file) if file is not None else one_instance() if warm_pools else small()
    faults = Counter(fault if fault is not None else ["internal_error", "interrupt"])
    scope: dict[str, Any] = {
        "training_jobs": keeping_warm_pools(scenario, warm_pools),
        "faults": faults,
        "commands": Counter(command or []),
        "any_order": any_order,
        "delayed_stop": delayed_stop,
        "seed": seed,
    }
    if html is not None:
        return write_page(html, scenario, max_states, **scope)
    found: Exploration | Walks
    if walks is not None:
        with showing(walks, quiet=json) as progress:
            found = random_walks(scenario, walks=walks, depth=depth or _WALK_DEPTH, progress=progress, **scope)
    else:
        bounds: dict[str, Any] = {name: value for name, value in searching.items() if value is not None}
        bounds = {"max_states": _MAX_STATES, **bounds}
        with showing(max_states or _MAX_STATES, quiet=json) as progress:
            found = search(
                scenario,
                hash_compaction=hash_compaction,
                coverage=coverage or max_depth is not None,
                reduction=not no_reduction,
                progress=progress,
                **bounds,
                **scope,
            )
    if json:
        print(dumps({"scenario": scenario.name, **_data(found)}, indent=2))
    else:
        _print(found)
    if film is not None and found.counterexample is not None:
        found.counterexample.to_html(film)
    return _code(found)


def _check(searching: dict[str, Any], ways: dict[str, bool], walks: int | None, depth: int | None) -> None:
    """Refuse numbers that make no sense, and options that do not go together."""
    for name, given in (*searching.items(), ("walks", walks), ("depth", depth)):
        if given is not None and not isinstance(given, Path):
            check_whole(_option(name), given, 1)
    given = [_option(name) for name, value in searching.items() if value is not None]
    given += [_option(name) for name, chosen in ways.items() if chosen]
    if walks is not None and given:
        raise InvalidInput(f"{given[0]}: random walks have none; leave it out, or --walks")
    if walks is None and depth is not None:
        raise InvalidInput("--depth: only random walks have one; write --max-depth for a search, or add --walks")


def _check_page(others: dict[str, Any]) -> None:
    """Refuse what does not go with --html, which writes a page and nothing else."""
    for name, value in others.items():
        if value is not None and value is not False:
            words = "the page has every state, bounded by --max-states alone, and nothing else is found or written"
            raise InvalidInput(f"{_option(name)}: leave it out, or --html: {words}")


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _code(found: Exploration | Walks) -> int:
    if found.counterexample is not None:
        return LAW_BROKEN
    interrupted = found.interrupted if isinstance(found, Walks) else found.ended == exploration.INTERRUPTED
    return INTERRUPTED if interrupted else SUCCESS


def _print(found: Exploration | Walks) -> None:
    """What was found, for people."""
    if isinstance(found, Walks):
        print(found.sentence())
    else:
        print(f"{found.states} states, {found.transitions} transitions, depth {found.depth}, {found.resting} at rest")
        print(found.counterexample or _END[found.ended].format(found.states, found.depth, _kept(found)))
        for note in found.notes():
            print(note)
    if found.counterexample is not None:
        print(f"\nstep by step:\n{found.counterexample.story()}")
    if found.coverage is not None and found.coverage.never:
        print("rows never fired:", *found.coverage.never, sep="\n  ")
    if found.missed and found.counterexample is None:
        print(f"never seen in this scope: {', '.join(found.missed)}")
    if isinstance(found, Exploration) and found.counterexample is None:
        print(*found.left_out(), sep="\n")


def _kept(found: Exploration) -> str:
    whole = not found.omission_probability and not found.reduced
    return "every state visited, all laws kept" if whole else "no state is left to visit, no law is broken"


_END = {
    "": "{2}",
    exploration.MAX_STATES: "stopped after {0} states: no law was found broken in them, and there may be more",
    exploration.MAX_DEPTH: "stopped at depth {1}: no law was found broken up to there, and there may be more",
    exploration.INTERRUPTED: "interrupted after {0} states: no law was found broken in them, and there may be more",
}


def _data(found: Exploration | Walks) -> dict[str, Any]:
    """What was found, for machines."""
    names: tuple[str, ...]
    if isinstance(found, Walks):
        names = ("walks", "steps", "longest", "states", "resting", "interrupted")
    else:
        names = ("states", "transitions", "depth", "resting", "complete", "ended", "omission_probability")
    data: dict[str, Any] = {name: getattr(found, name) for name in names}
    data |= {"witnessed": list(found.witnessed), "missed": list(found.missed)}
    if isinstance(found, Exploration):
        data |= {"reduced": found.reduced, "judged_in_part": list(found.judged_in_part), "untried": list(found.untried)}
    data["counterexample"] = None if found.counterexample is None else _counterexample(found.counterexample)
    data["coverage"] = None if found.coverage is None else found.coverage.to_dict()
    return data


def _counterexample(broken: Counterexample) -> dict[str, Any]:
    return {"law": broken.law, "reason": broken.reason, "calls": list(broken.calls), "loop": list(broken.loop)}


def keeping_warm_pools(scenario: Scenario, count: int) -> dict[str, TrainingJobDefinition]:
    """*count* training jobs without a tuning job that keep warm pools, on the instances of the scenario's first definition.

    >>> list(keeping_warm_pools(one_instance(), 2))
    ['alone-1', 'alone-2']
    """
    if count < 0:
        raise invalid("--warm-pools", count, "how many training jobs there are, a whole number of at least 0")
    definition = TrainingJobDefinition(keep_alive_s=600)
    if scenario.tuning_jobs:
        definition = attrs.evolve(definition, instances=scenario.tuning_jobs[0].spec.definitions[0].instances)
    return {f"alone-{number}": definition for number in range(1, count + 1)}


def one_instance() -> Scenario:
    """The scope of warm pools alone: one instance, for which training jobs without a tuning job compete."""
    return Scenario(name="one instance", capacity={"ml.m5.xlarge": 1})


def small() -> Scenario:
    """The default scope: two tuning jobs with two training jobs each on two instances, on spot, without retries.

    >>> small().capacity
    {'ml.m5.xlarge': 2}
    """
    definition = TrainingJobDefinition(spot=True, max_retries=0)
    specs = [TuningJobSpec(name, (definition,), ResourceLimits(2, 2)) for name in ("a", "b")]
    return Scenario(
        name="small", capacity={"ml.m5.xlarge": 2}, tuning_jobs=tuple(ScheduledTuningJob(spec) for spec in specs)
    )
