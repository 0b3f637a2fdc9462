"""The search through the runs of a program: what it has seen, together with the state of the account.

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
from collections.abc import Callable, Hashable, Iterator

import attrs

from hptsim.errors import InvalidInput, LawBroken
from hptsim.simulation.simulation import Simulation
from hptsim.testing.program_histories import History, Raised, Request
from hptsim.testing.program_reading import agree
from hptsim.testing.program_runs import Program
from hptsim.testing.program_story import ProgramExploration, ProgramFailed, Step, story
from hptsim.testing.program_twin import Move, Twin, TwinState

Check = Callable[[Simulation], object]


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


class Search:
    """One search, by preemptions and steps."""

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
        self.met: dict[tuple[int, Hashable], History] = {}
        self.rested: set[Hashable] = set()
        self.left_out = False

    def run(self) -> ProgramExploration:
        """Visit everything, or as much as is allowed; raises ProgramFailed."""
        root = History()
        self.program.follow(root)
        self.push(_Node(root, self.twin.root))
        visited = reached = 0
        while self.line and visited < self.max_states:
            node = heapq.heappop(self.line)[-1]
            key = id(node.history), node.state.key
            if key in self.met or not node.history.is_current:
                continue
            self.met[key] = node.history
            visited += 1
            reached = node.preemptions
            failed = self.visit(node)
            if failed is not None:
                raise self.failure(node, failed, visited) from failed.cause
        met = [history for history in self.met.values() if history.is_current]
        ends = sum(not isinstance(history.following, Request) for history in met)
        whole = not self.line and not self.left_out
        done = reached if not self.line else reached - 1
        return ProgramExploration(
            len(met), self.twin.states, self.program.runs, ends, whole, None if whole else done, self.polls
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
        """Put a state in line, unless it was visited or has too many preemptions."""
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
        if history.repeats <= self.polls or not history.asks_on:
            for move in node.state.moves:
                yield self.happens(node, move)

    def happens(self, node: _Node, move: Move) -> _Node:
        """The state after something has happened; raises _Failed."""
        try:
            state, records = self.twin.take(node.state, move, node.history.now_s)
        except LawBroken as error:
            raise _Failed(str(error), error, Step(node.history.now_s, str(move))) from None
        step = Step(node.history.now_s, str(move), "", tuple(records))
        return self.after(node, node.history, state, step, 0 if node.history.waited else 1)

    def answers(self, node: _Node, request: Request) -> Iterator[_Node]:
        """The states after each answer to the program's call; raises _Failed."""
        for kind in ("", *(kind for kind, left in node.state.answers if left)):
            call = f"{request.operation}({request.parameters})"
            try:
                response, state, records = self.twin.answer(node.state, request.sent, kind, node.history.now_s)
            except LawBroken as error:
                raise _Failed(str(error), error, Step(node.history.now_s, call)) from None
            step = Step(node.history.now_s, call, request.operation, tuple(records), response, kind)
            yield from self.answered(node, state, step)

    def answered(self, node: _Node, state: TwinState, step: Step) -> Iterator[_Node]:
        """The state after an answer. Where the program now tells answers apart that counted as the same, all begins anew."""
        history = node.history.then(step.response)
        if history.repeats > self.polls and not self.goes_on(node):
            return
        if history.following is None:
            self.program.follow(history)
            node.history.children.append(history)
            history.patient = node.history.patient if history.repeats > self.polls else None
        history.arrivals.append((node, state, step))
        yield self.after(node, history, state, step, 0)
        mixed = next((one for one in history.answered() if self.is_mixed(one)), None)
        if mixed is not None and mixed.parent is not None:
            mixed.dropped = True
            mixed.parent.children.remove(mixed)
            mixed.parent.known_reads |= mixed.reads
            for other in mixed.arrivals:
                yield from self.answered(*other)

    def is_mixed(self, history: History) -> bool:
        """Whether answers led there that the program, which has read more since, can tell apart."""
        if len(history.reads) == history.read_before:
            return False
        history.read_before = len(history.reads)
        return any(not agree(step.response, history.response, history.reads) for _, _, step in history.arrivals)

    def goes_on(self, node: _Node) -> bool:
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
        """What a step leads to."""
        return _Node(history, state, node, step, node.preemptions + preemptions, node.steps + 1)

    def end(self, node: _Node) -> None:
        """Judge the end of a run; raises _Failed."""
        ending, now_s = node.history.following, node.history.now_s
        if isinstance(ending, Raised):
            if isinstance(ending.error, InvalidInput):
                raise ending.error
            if not isinstance(ending.error, self.allowed):
                raise _Failed(_raises(ending.error), ending.error)
        elif self.check is not None:
            self.ask(self.check, self.twin.go(node.state, now_s))
        if node.state.key not in self.rested:
            self.rested.add(node.state.key)
            try:
                self.twin.come_to_rest(node.state, now_s)
            except LawBroken as error:
                raise _Failed(str(error), error, Step(now_s, "everything comes to rest")) from None

    def ask(self, check: Check, sim: Simulation) -> None:
        """Ask the caller's check; raises _Failed."""
        try:
            answer = check(sim)
        except Exception as error:
            reason = f"when the program has returned, the check raises {type(error).__name__}: {error}"
            raise _Failed(reason, error) from None
        if answer is False:
            raise _Failed("when the program has returned, the check is False")

    def failure(self, node: _Node, failed: _Failed, visited: int) -> ProgramFailed:
        """The failure with its story, from a run with the very answers of it; its cause is the program's own exception."""
        path: list[_Node] = []
        one: _Node | None = node
        while one is not None and one.step is not None:
            path.append(one)
            one = one.before
        again = History()
        for one in reversed(path):
            if one.step is not None and one.step.operation:
                again = History(again, one.history.request, one.step.response, again.depth + 1)
        self.program.follow(again)
        was, ending = node.history.following, again.following
        if isinstance(was, Raised):
            if not isinstance(ending, Raised) or str(ending.error) != str(was.error):
                raise InvalidInput(
                    f"explore_program: {failed.reason}; and when the program is run again with the same answers it does not: "
                    "expected a program whose calls depend on the answers and the clock alone"
                )
            failed.cause = ending.error
        steps = [one.step for one in reversed(path) if one.step is not None]
        if failed.step is not None:
            steps.append(failed.step)
        sim = self.twin.go(node.state, node.history.now_s)
        return ProgramFailed(failed.reason, story(steps, sim), node.preemptions, visited, self.program.runs)


def _raises(error: BaseException) -> str:
    return f"the program raises {type(error).__name__}: {error}"
