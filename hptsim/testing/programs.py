"""A program of the user's own, with every order of events at each of its calls: `explore_program`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hptsim.audit.laws import LAWS
from hptsim.explorer.scope import check_faults, check_whole
from hptsim.model.instants import read_instant
from hptsim.model.laws import Law
from hptsim.scenario.scenario import SMALL_QUOTA, Scenario
from hptsim.testing.program_runs import Program
from hptsim.testing.program_search import Check, Search
from hptsim.testing.program_story import ProgramExploration
from hptsim.testing.program_twin import Twin


def explore_program(
    function: Callable[..., Any],
    scenario: Scenario | None = None,
    *,
    clients: Iterable[str] = ("sagemaker",),
    check: Check | None = None,
    allowed: tuple[type[BaseException], ...] = (),
    faults: Mapping[str, int] | None = None,
    stops: int = 0,
    delayed_stop: bool = False,
    preemptions: int | None = None,
    polls: int = 1,
    max_states: int = 20_000,
    max_calls: int = 200,
    laws: Iterable[Law] = LAWS,
    seed: int = 0,
) -> ProgramExploration:
    """Run *function* with every order of events at each of its calls; raises ProgramFailed with a shortest story.

    *function* gets a boto3 client for each of *clients*, and is run many times: what it does may depend on the answers and on
    the clock alone, and it makes all its calls in one thread. A call is answered at once; what happens between two calls
    happens while the program sleeps between them, at the end of its sleep. Sleeping takes no time. What it prints is not
    shown. The clients do not repeat a call by themselves.

    The *scenario* is the account, with four instances of each type where none is given; its times are ignored. Its tuning
    jobs are somebody else's: those at 0 s are there when the program begins, the others come at any point, and those with a
    stop are stopped at any point. *stops* is how many more tuning jobs somebody else may stop. *faults* says how often each
    fault may happen (`cloud.every_outcome.FAULTS`), and how often a call is answered otherwise (`model.calls.ANSWERS`).
    Request rates are not applied: `faults={"ThrottlingException": 1}` is for that.

    A run fails when *function* raises anything but *allowed*, when *check* of the simulation, called when the program
    returns, raises or returns False, when a law is broken, or when the program asks on although nothing is left to happen.

    Two answers that differ in times alone, or in what the program never reads of them, count as the same, and so do the ways
    that lead to equal states of account and program; what the laws remember of a way is not told apart. A call that gets the
    same answer again gets it *polls* times; then something happens that has to, or nothing for so long that the program does
    something else, if it does within *max_calls* calls. So of a program that counts its calls not every number is tried.
    *preemptions* is the most of a run. After *max_states* states of program and account the search ends, and the result says
    so.

    Raises InvalidInput for a number that is none of the kind, for a program that does not repeat itself or calls in another
    thread, whether or not anybody looks at what becomes of the thread, and for calls that the twin does not answer.

    >>> def program(sagemaker):
    ...     return sagemaker.list_training_jobs()["TrainingJobSummaries"]
    >>> explore_program(program).complete
    True
    """
    budget = check_faults(faults)
    for where, given, least in (
        ("stops", stops, 0),
        ("preemptions", 0 if preemptions is None else preemptions, 0),
        ("polls", polls, 1),
        ("max_states", max_states, 1),
        ("max_calls", max_calls, 1),
    ):
        check_whole(where, given, least)
    if scenario is None:
        scenario = Scenario(capacity=SMALL_QUOTA)
    twin = Twin(scenario, budget, stops=stops, delayed_stop=delayed_stop, laws=laws, seed=seed)
    program = Program(function, tuple(clients), read_instant(scenario.epoch, "epoch"))
    search = Search(program, twin, check, allowed, preemptions, polls, max_states, max_calls)
    with program.followed():
        return search.run()
