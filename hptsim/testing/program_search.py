"""A program of the user's own, with every order of events at each of its calls: `explore_program`.

A state of the search is what the program has seen together with a state of the account. From it either the program goes on,
and its call is answered, or something happens in the account. The program is run again for each new history of answers
(stateless search by replay, Godefroid 1997); the account goes back to its snapshots.

States are visited in the order of their preemptions (Musuvathi and Qadeer 2007), and of their steps among those with as
many: the first failure is told by a shortest story. A *preemption* is an event between two calls of the program that does
not wait there.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from hptsim.audit.laws import LAWS
from hptsim.cloud.every_outcome import FAULTS
from hptsim.errors import InvalidInput, LawBroken, invalid, nearest
from hptsim.model.calls import ANSWERS
from hptsim.model.instants import read_instant
from hptsim.model.laws import Law
from hptsim.scenario.scenario import SMALL_QUOTA, Scenario
from hptsim.simulation.simulation import Simulation
from hptsim.testing.program_histories import History, Raised, Request
from hptsim.testing.program_runs import Program
from hptsim.testing.program_story import ProgramExploration, ProgramFailed, Step, story
from hptsim.testing.program_twin import Move, Twin, TwinState

Check = Callable[[Simulation], object]


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
    jobs are somebody else's: those at 0 s are there when the program begins, the others come at any point, and those with a stop are
    stopped at any point. *stops* is how many more tuning jobs somebody else may stop. *faults* says how often each fault may
    happen (`cloud.every_outcome.FAULTS`), and how often a call is answered otherwise (`model.calls.ANSWERS`). Request rates
    are not applied: `faults={"ThrottlingException": 1}` is for that.

    A run fails when *function* raises anything but *allowed*, when *check* of the simulation, called when the program
    returns, raises or returns False, when a law is broken, or when the program asks on although nothing is left to happen.

    Two answers that differ in times alone count as the same, and so do the ways that lead to equal states of account and
    program. A call that gets the same answer again gets it *polls* times; then something happens that has to, or nothing for
    so long that the program does something else, if it does within *max_calls* calls. *preemptions* is the most of a run.
    After *max_states* states of program and account the search ends, and the result says so.

    Raises InvalidInput for a program that does not repeat itself, and for calls that the twin does not answer.

    >>> def program(sagemaker):
    ...     return sagemaker.list_training_jobs()["TrainingJobSummaries"]
    >>> explore_program(program).complete
    True
    """
    budget = dict(faults or {})
    for kind in budget:
        if kind not in (*FAULTS, *ANSWERS):
            raise invalid("faults", kind, "a kind of fault", nearest(kind, (*FAULTS, *ANSWERS)))
    if scenario is None:
        scenario = Scenario(capacity=SMALL_QUOTA)
    twin = Twin(scenario, budget, stops=stops, delayed_stop=delayed_stop, laws=laws, seed=seed)
    program = Program(function, tuple(clients), read_instant(scenario.epoch, "epoch"))
    search = _Search(program, twin, check, allowed, preemptions, polls, max_states, max_calls)
    with program.followed():
        return search.run()


@attrs.frozen(eq=False)
class _Node:
    """What the program has seen, the account's state, and the step that led there."""

    history: History
    state: TwinState
    before: _Node | None = None
    step: Step | None = None
    preemptions: int = 0
    steps: int = 0


class _Failed(Exception):
    """Something is wrong: why, the exception behind it, and the last step, where it is one that leads to no state."""

    def __init__(self, reason: str, cause: BaseException | None = None, step: Step | None = None) -> None:
        super().__init__(reason)
        self.reason, self.cause, self.step = reason, cause, step


class _Search:
    def __init__(
        self,
        program: Program,
        twin: Twin,
        check: Check | None,
        allowed: tuple[type[BaseException], ...],
        preemptions: int | None,
        polls: int,
        max_states: int,
        max_calls: int,
    ) -> None:
        self.program, self.twin, self.check, self.allowed = program, twin, check, allowed
        self.preemptions, self.polls, self.max_states, self.max_calls = preemptions, polls, max_states, max_calls
        self.line: list[tuple[int, int, int, _Node]] = []
        self.serial = itertools.count()
        self.met: set[tuple[int, Hashable]] = set()
        self.rested: set[Hashable] = set()
        self.ends = 0
        self.left_out = False

    def run(self) -> ProgramExploration:
        root = History()
        self.program.follow(root)
        self.push(_Node(root, self.twin.root))
        visited = reached = 0
        while self.line and visited < self.max_states:
            node = heapq.heappop(self.line)[-1]
            key = id(node.history), node.state.key
            if key in self.met:
                continue
            self.met.add(key)
            visited += 1
            reached = node.preemptions
            failed = self.visit(node)
            if failed is not None:
                raise self.failure(node, failed, visited) from failed.cause
        whole = not self.line and not self.left_out
        done = reached if not self.line else reached - 1
        return ProgramExploration(
            visited, self.twin.states, self.program.runs, self.ends, whole, None if whole else done, self.polls
        )

    def visit(self, node: _Node) -> _Failed | None:
        """Put what follows a state in line; what is wrong there, if anything is."""
        try:
            for following in self.following(node):
                self.push(following)
        except _Failed as failed:
            return failed
        return None

    def push(self, node: _Node) -> None:
        if self.preemptions is not None and node.preemptions > self.preemptions:
            self.left_out = True
        elif (id(node.history), node.state.key) not in self.met:
            heapq.heappush(self.line, (node.preemptions, node.steps, next(self.serial), node))

    def following(self, node: _Node) -> Iterator[_Node]:
        """The states to which something leads from *node*; raises _Failed."""
        history = node.history
        if isinstance(history.following, Request):
            yield from self.answers(node, history.following)
        else:
            self.end(node)
            if not history.waited:
                return
        if history.repeats <= self.polls:
            for move in node.state.moves:
                yield self.happens(node, move)

    def happens(self, node: _Node, move: Move) -> _Node:
        try:
            state, records = self.twin.take(node.state, move, node.history.now_s)
        except LawBroken as error:
            raise _Failed(str(error), error, Step(node.history.now_s, str(move))) from None
        step = Step(node.history.now_s, str(move), "", tuple(records))
        return self.after(node, node.history, state, step, 0 if node.history.waited else 1)

    def answers(self, node: _Node, request: Request) -> Iterator[_Node]:
        for kind in ("", *(kind for kind, left in node.state.answers if left)):
            call = f"{request.operation}({request.parameters})"
            try:
                response, state, records = self.twin.answer(node.state, request.sent, kind, node.history.now_s)
            except LawBroken as error:
                raise _Failed(str(error), error, Step(node.history.now_s, call)) from None
            history = node.history.then(response)
            if history.repeats > self.polls and not self.goes_on(node, history):
                continue
            if history.following is None:
                self.program.follow(history)
                history.patient = node.history.patient if history.repeats > self.polls else None
            step = Step(node.history.now_s, call, request.operation, tuple(records), response, kind)
            yield self.after(node, history, state, step, 0)

    def goes_on(self, node: _Node, history: History) -> bool:
        """Whether the program does something else if it only asks long enough; raises _Failed where it has to wait for ever."""
        asking = node.history
        if asking.patient is None:
            asking.patient = self.program.is_patient(asking, self.max_calls)
        if asking.patient and not node.state.due:
            raise _Failed(
                f"the program never ends: nothing is left to happen, and it has asked {self.max_calls} times more"
            )
        return not asking.patient

    def after(self, node: _Node, history: History, state: TwinState, step: Step, preemptions: int) -> _Node:
        return _Node(history, state, node, step, node.preemptions + preemptions, node.steps + 1)

    def end(self, node: _Node) -> None:
        """Judge the end of a run; raises _Failed."""
        ending, now_s = node.history.following, node.history.now_s
        if isinstance(ending, Raised):
            if isinstance(ending.error, InvalidInput):
                raise ending.error
            if not isinstance(ending.error, self.allowed):
                raise _Failed(f"the program raises {type(ending.error).__name__}: {ending.error}")
        elif self.check is not None:
            self.ask(self.check, self.twin.go(node.state, now_s))
        self.ends += 1
        if node.state.key not in self.rested:
            self.rested.add(node.state.key)
            try:
                self.twin.come_to_rest(node.state, now_s)
            except LawBroken as error:
                raise _Failed(str(error), error, Step(now_s, "everything comes to rest")) from None

    def ask(self, check: Check, sim: Simulation) -> None:
        try:
            answer = check(sim)
        except Exception as error:
            reason = f"when the program has returned, the check raises {type(error).__name__}: {error}"
            raise _Failed(reason, error) from None
        if answer is False:
            raise _Failed("when the program has returned, the check is False")

    def failure(self, node: _Node, failed: _Failed, visited: int) -> ProgramFailed:
        """The failure with its story, and with the program's own exception as its cause."""
        steps: list[Step] = [] if failed.step is None else [failed.step]
        one: _Node | None = node
        while one is not None and one.step is not None:
            steps.append(one.step)
            one = one.before
        if isinstance(node.history.following, Raised):
            self.program.follow(node.history)  # once more, for its traceback
            assert isinstance(node.history.following, Raised)
            failed.cause = node.history.following.error
        sim = self.twin.go(node.state, node.history.now_s)
        return ProgramFailed(failed.reason, story(steps[::-1], sim), node.preemptions, visited, self.program.runs)
