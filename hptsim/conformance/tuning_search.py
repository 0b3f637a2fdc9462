"""What a tuning job may do between two answers: the runs of the tuning table, with latencies left free.

A state here is what matters of a tuning job for its answers: the state of the table, and how many of its training jobs
are live, have ended in each bucket, and were evaluated. Its training jobs are counted, not named. Which rows there are
says the compiled table; what the controller arms in a state is asked of the twin's own controller. Nothing says when.

From a state to an answer's counters there are many orders. All that matters are tried, and no more: a launch comes before
anything else (it would only be hindered by what follows), and of the ends those with an objective come first, unless five
without one are to make the tuning job give up. So the work grows with the number of training jobs, not with its orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import attrs

from hptsim.model.machine import TABLES, Tables
from hptsim.model.statuses import COUNTERS, FINAL_TRAINING, NEW, bucket, status
from hptsim.model.tables import GUARDS
from hptsim.world.controller import proceed
from hptsim.world.jobs import ATTEMPTS_WITHOUT_SUCCESS

UNBOUNDED = 1_000_000


@attrs.frozen
class Terms:
    """What a tuning job's request allows; without a limit or a criterion on record it is taken as free."""

    max_training_jobs: int | None = None
    max_parallel: int | None = None
    max_runtime: bool = True
    criteria: bool = True


class TuningState(NamedTuple):
    """What of a tuning job shows in its answers; *attempts* are the training jobs that count towards giving up."""

    state: str = NEW
    live: int = 0
    completed: int = 0
    retryable: int = 0
    non_retryable: int = 0
    stopped: int = 0
    succeeded: int = 0
    attempts: int = 0

    @property
    def evaluated(self) -> int:
        """How many training jobs have an objective: what guards read."""
        return self.succeeded

    @property
    def ended(self) -> int:
        """How many training jobs have ended."""
        return self.completed + self.retryable + self.non_retryable + self.stopped

    @property
    def launched(self) -> int:
        """How many training jobs were created."""
        return self.live + self.ended

    @property
    def shows(self) -> Shown:
        """The status and the counters that an answer has in this state."""
        return Shown(status(self.state), *self[1:7], self.ended - self.succeeded, self.live)


class Shown(NamedTuple):
    """What an answer says of a tuning job; the last three are ObjectiveStatusCounters' Succeeded, Failed and Pending."""

    status: str
    live: int
    completed: int
    retryable: int
    non_retryable: int
    stopped: int
    succeeded: int
    failed: int
    pending: int

    @property
    def launched(self) -> int:
        """How many training jobs were created."""
        return self.live + self.completed + self.retryable + self.non_retryable + self.stopped


MEMBERS = (
    "HyperParameterTuningJobStatus",
    *(
        f"TrainingJobStatusCounters.{name}"
        for name in ("InProgress", "Completed", "RetryableError", "NonRetryableError")
    ),
    "TrainingJobStatusCounters.Stopped",
    *(f"ObjectiveStatusCounters.{name}" for name in ("Succeeded", "Failed", "Pending")),
)
"""The service's names for the fields of `Shown`, in order."""
_FIELD = dict(zip(COUNTERS, ("completed", "live", "retryable", "non_retryable", "stopped"), strict=True))
_BUCKETS = sorted(
    {_FIELD[bucket(state, reason)] for state in FINAL_TRAINING for reason in ("", "InternalServerError: ")},
    key=("stopped", "retryable", "non_retryable", "completed").index,
)
"""The counters in which a training job may end, those first that a caller's own stop may explain."""
_WITH_OBJECTIVE = ("completed", "stopped")


def created(tables: Tables = TABLES) -> frozenset[TuningState]:
    """The states of a tuning job that has just been created."""
    return frozenset(TuningState(row.destination) for row in tables.tuning.get((NEW, "create"), ()))


@lru_cache(maxsize=100_000)
def armed(state: TuningState, terms: Terms) -> frozenset[str]:
    """What may happen next: what the twin's controller arms in this state, the end of a live training job, and a stop."""
    triggers = {"stop"}
    if state.live:
        triggers.add("child_ended")
    if state.state == "InProgress" and terms.max_runtime:
        triggers.add("max_runtime")
    for exhausted in (False, True) if terms.max_training_jobs is None else (False,):
        for met in (False, True) if terms.criteria and state.succeeded else (False,):
            _ask_controller(state, terms, exhausted, met, triggers)
    return frozenset(triggers)


def _ask_controller(state: TuningState, terms: Terms, exhausted: bool, met: bool, triggers: set[str]) -> None:
    """Let the controller see a tuning job in *state*, and note what it arms or does."""
    limits = SimpleNamespace(
        max_runtime_s=None,
        max_training_jobs=UNBOUNDED if terms.max_training_jobs is None else terms.max_training_jobs,
        max_parallel=UNBOUNDED if terms.max_parallel is None else terms.max_parallel,
    )
    if terms.max_training_jobs is None or terms.max_parallel is None:  # one launch shows that more may follow
        limits.max_parallel = min(limits.max_parallel, state.live + 1)
    job: Any = SimpleNamespace(
        state=state.state,
        name="",
        admitted=True,
        results=[0.0] if met else [],
        ended_by="",
        search=SimpleNamespace(criterion_met=lambda results: "a criterion"),
        attempts=state.attempts,
        evaluated=state.succeeded,
        failure_reason="",
        spec=SimpleNamespace(limits=limits),
        waiting=0,
        launched=state.launched,
        timers={},
        asked=state.launched,
        launching=0,
        live=range(state.live),
        exhausted=exhausted,
        ended=state.ended,
        finishing=False,
    )
    world: Any = SimpleNamespace(
        cloud=SimpleNamespace(delay=lambda *_: 0.0),
        arm_tuning=lambda job, trigger, delay: triggers.add(trigger),
        fire_tuning=lambda job, trigger, detail: triggers.add(trigger),
    )
    proceed(world, job)


def fired(
    state: TuningState, trigger: str, tables: Tables = TABLES, toward: Shown | None = None, attempts: int = 0
) -> Iterator[TuningState]:
    """The states to which *trigger* leads: its rows' destinations, after what their effects do to the counters.

    With *toward* only those that may lead to an answer's counters, from a state that had as many *attempts*.
    """
    for row in tables.tuning.get((state.state, trigger), ()):
        if row.guard and not GUARDS[row.guard](state):
            continue
        reached = [state._replace(state=row.destination)]
        if "SPAWN" in row.effects:
            reached = [one._replace(live=one.live + 1) for one in reached]
        if "TALLY" in row.effects:
            reached = [after for one in reached for after in _tallied(one, toward, tables, attempts)]
        yield from reached


def _tallied(state: TuningState, toward: Shown | None, tables: Tables, attempts: int) -> Iterator[TuningState]:
    """The states after one of the live training jobs has ended, as far as they lead *toward* an answer's counters.

    One with an objective comes before those without, unless these make the tuning job give up first.
    """
    due = [name for name in _BUCKETS if toward is None or getattr(state, name) < getattr(toward, name)]
    with_objective = [name for name in reversed(due) if name in _WITH_OBJECTIVE]
    if toward is None:
        for name in with_objective:
            yield _with_objective(state, name)
        for name in due:
            yield from _without_objective(state, name)
    elif with_objective and state.succeeded < toward.succeeded:
        giving_up = (state.state, "give_up") in tables.tuning
        if (
            state.succeeded
            or state.attempts == attempts
            or (state.attempts == ATTEMPTS_WITHOUT_SUCCESS and not giving_up)
        ):
            yield _with_objective(state, with_objective[0])
        if giving_up and _may_give_up_before(state, toward):
            for name in due:
                after = _ended(state, name)._replace(attempts=state.attempts + 1)
                if _room(after, toward) >= toward.succeeded - after.succeeded:
                    yield after
    elif due:
        yield from _without_objective(state, due[0])


def _with_objective(state: TuningState, name: str) -> TuningState:
    return _ended(state, name)._replace(succeeded=state.succeeded + 1, attempts=0)


def _without_objective(state: TuningState, name: str) -> Iterator[TuningState]:
    """A training job ends without an objective: an attempt, unless a caller has stopped it (A-27) or another has succeeded."""
    after = _ended(state, name)
    if name == "stopped" or state.succeeded:
        yield after
    if not state.succeeded:
        yield after._replace(attempts=min(state.attempts + 1, ATTEMPTS_WITHOUT_SUCCESS))


def _room(state: TuningState, toward: Shown) -> int:
    """How many of the training jobs that are still to end may do so with an objective."""
    return sum(getattr(toward, name) - getattr(state, name) for name in _WITH_OBJECTIVE)


def _may_give_up_before(state: TuningState, toward: Shown) -> bool:
    """Whether enough training jobs without an objective are due for the tuning job to give up before one has one."""
    missing = ATTEMPTS_WITHOUT_SUCCESS - state.attempts
    due = toward.failed - (state.ended - state.succeeded)
    return not state.succeeded and 0 < missing <= due and toward.launched - state.launched <= missing


def _ended(state: TuningState, name: str) -> TuningState:
    return state._replace(live=state.live - 1, **{name: getattr(state, name) + 1})


def reached(
    starts: Iterable[TuningState], terms: Terms, toward: Shown, tables: Tables = TABLES
) -> frozenset[TuningState]:
    """Every state on the way from *starts* to an answer with the counters *toward*."""
    found: set[TuningState] = set()
    for attempts in {state.attempts for state in starts}:
        found |= _reached([state for state in starts if state.attempts == attempts], terms, toward, tables, attempts)
    return frozenset(found)


def _reached(starts: list[TuningState], terms: Terms, toward: Shown, tables: Tables, attempts: int) -> set[TuningState]:
    """The same from states with as many *attempts*."""
    seen = set(starts)
    ahead = list(seen)
    launching = {source for source, trigger in tables.tuning if trigger == "launch"}
    while ahead:
        state = ahead.pop()
        triggers = armed(state, terms)
        if "launch" in triggers and state.launched < toward.launched:
            triggers = frozenset({"launch"})
        for trigger in triggers:
            for after in fired(state, trigger, tables, toward, attempts):
                if after in seen or not _on_the_way(after, toward):
                    continue
                if after.state in launching or after.launched == toward.launched:  # none of the others leads back there
                    seen.add(after)
                    ahead.append(after)
    return seen


def _on_the_way(state: TuningState, toward: Shown) -> bool:
    return state.launched <= toward.launched and all(
        mine <= due for mine, due in zip(state[2:7], toward[2:7], strict=True)
    )


def any_later(starts: Iterable[TuningState], tables: Tables = TABLES) -> frozenset[TuningState]:
    """Every state of the table that can follow, where no later answer says what the counters are: they stay as they were."""
    seen = set(starts)
    ahead = list(seen)
    while ahead:
        state = ahead.pop()
        for (source, _), rows in tables.tuning.items():
            if source == state.state:
                for row in rows:
                    after = state._replace(state=row.destination)
                    if after not in seen:
                        seen.add(after)
                        ahead.append(after)
    return frozenset(seen)
