"""`hptsim explore`: every order of the events of a small scenario."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hptsim.cli import terminal
from hptsim.cli.exit_codes import LAW_BROKEN, SUCCESS
from hptsim.cli.explore_page import write_page
from hptsim.explorer.search import explore as search
from hptsim.model.definitions import ResourceLimits, TrainingJobDefinition
from hptsim.model.specs import TuningJobSpec
from hptsim.scenario.scenario import Scenario
from hptsim.scenario.workload import ScheduledTuningJob


def explore(
    file: Path | None = None,
    *,
    fault: list[str] | None = None,
    delayed_stop: bool = False,
    max_states: int = 1_000_000,
    html: Path | None = None,
) -> int:
    """Visit every state of a small scenario: all orders of all events, commands and faults.

    Parameters
    ----------
    file
        the scenario; without it two tuning jobs with two training jobs each on two instances
    fault
        a fault that may happen once, at any point; repeat it for more (default: internal_error and interrupt)
    delayed_stop
        deliver a stop to each training job separately
    max_states
        end after this many states
    html
        write a page in which the reader chooses what happens next; it holds the nearest 2,000 states at most
    """
    console = terminal.console(stderr=True)
    scenario = small() if file is None else Scenario.load(file)
    faults = Counter(fault if fault is not None else ["internal_error", "interrupt"])
    if html is not None:
        with console.status("exploring"):
            return write_page(html, scenario, faults, delayed_stop=delayed_stop, max_states=max_states)
    with console.status("exploring") as status:
        found = search(
            scenario,
            faults=faults,
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
    return SUCCESS


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
