"""`hptsim explore`: every order of the events of a small scenario."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import attrs

from hptsim.cli import terminal
from hptsim.cli.exit_codes import LAW_BROKEN, SUCCESS
from hptsim.errors import invalid
from hptsim.explorer.search import explore as search
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob


def explore(
    file: Path | None = None,
    *,
    fault: list[str] | None = None,
    command: list[str] | None = None,
    any_order: bool = False,
    delayed_stop: bool = False,
    warm_pools: int = 0,
    max_states: int = 1_000_000,
) -> int:
    """Visit every state of a small scenario: all orders of all events, commands and faults.

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
    max_states
        end after this many states
    """
    console = terminal.console(stderr=True)
    scenario = Scenario.load(file) if file is not None else one_instance() if warm_pools else small()
    faults = Counter(fault if fault is not None else ["internal_error", "interrupt"])
    with console.status("exploring") as status:
        found = search(
            scenario,
            training_jobs=keeping_warm_pools(scenario, warm_pools),
            faults=faults,
            commands=Counter(command or []),
            any_order=any_order,
            delayed_stop=delayed_stop,
            max_states=max_states,
            progress=lambda count: status.update(f"exploring: {count} states"),
        )
    print(f"{found.states} states, {found.transitions} transitions, depth {found.depth}, {found.resting} at rest")
    if found.counterexample is not None:
        print(found.counterexample)
        return LAW_BROKEN
    print("every state visited, all laws kept" if found.complete else f"stopped after {max_states} states")
    if found.missed:
        print(f"never seen in this scope: {', '.join(found.missed)}")
    print(*found.left_out(), sep="\n")
    return SUCCESS


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
