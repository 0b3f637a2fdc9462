"""Bugs planted in the world, one at a time: what the laws have to notice.

Each bug is a small slip in one rule, effect, booking or row; the rest of the world is the true one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest

from hptsim.cloud.sampled import SampledCloud
from hptsim.model.machine import Tables
from hptsim.model.tables import TRAINING, TUNING, Table
from hptsim.strategies.search import KnownSearch
from hptsim.world import disciplines
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Ledger
from hptsim.world.preemption import Line
from hptsim.world.world import World


@attrs.frozen
class Bug:
    """A slip: either it changes the tables, or it patches something while it is planted."""

    name: str
    tables: Tables | None = None
    patch: Callable[[pytest.MonkeyPatch], None] | None = None

    @contextmanager
    def planted(self) -> Iterator[dict[str, Any]]:
        """What a simulation of the wrong world is made with."""
        with pytest.MonkeyPatch.context() as patch:
            if self.patch is not None:
                self.patch(patch)
            yield {} if self.tables is None else {"tables": self.tables}


def replaced(target: str, value: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """*target*, a dotted name, is *value*."""
    return lambda patch: patch.setattr(target, value)


def around(owner: type, name: str, wrong: Callable[..., Any]) -> Callable[[pytest.MonkeyPatch], None]:
    """The method *name* of *owner* is *wrong*, which gets the true one first."""
    true = getattr(owner, name)
    return lambda patch: patch.setattr(owner, name, lambda *args, **more: wrong(true, *args, **more))


def rows(table: Table, trigger: str, source: str = "", **changes: Any) -> Tables:
    """The true tables, but for the rows of a trigger (and a source)."""

    def changed(row: Any) -> Any:
        return attrs.evolve(row, **changes) if row.trigger == trigger and source in ("", row.source) else row

    return Tables.of(**{table.name: Table(table.name, tuple(changed(row) for row in table.rows), table.final)})


def without(table: Table, trigger: str, effect: str, source: str = "") -> Tables:
    """The true tables, but that a trigger lacks one of its effects."""

    def changed(row: Any) -> Any:
        here = row.trigger == trigger and source in ("", row.source)
        return attrs.evolve(row, effects=tuple(one for one in row.effects if one != effect)) if here else row

    assert any(row.trigger == trigger and effect in row.effects for row in table.rows)
    return Tables.of(**{table.name: Table(table.name, tuple(map(changed, table.rows)), table.final)})


def after_row(trigger: str, slip: Callable[[World, TrainingJob, str], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """Once a training job's row is written, *slip* spoils its record; it gets the state that the job was in."""

    def wrong(true: Any, world: World, job: TrainingJob, what: str, *more: Any) -> None:
        source = job.state
        true(world, job, what, *more)
        if what == trigger:
            slip(world, job, source)

    return around(World, "fire_training", wrong)


def before_row(trigger: str, slip: Callable[[World, TrainingJob], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """Before a training job's row is written, *slip* spoils its record."""

    def wrong(true: Any, world: World, job: TrainingJob, what: str, *more: Any) -> None:
        if what == trigger:
            slip(world, job)
        true(world, job, what, *more)

    return around(World, "fire_training", wrong)


def on_child_end(slip: Callable[[World, TuningJob, TrainingJob], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """Before a training job is counted, *slip* spoils a record."""

    def wrong(true: Any, world: World, job: TuningJob, trigger: str, detail: Any) -> None:
        if trigger == "child_ended":
            slip(world, job, detail)
        true(world, job, trigger, detail)

    return around(World, "fire_tuning", wrong)


def _grants_the_last(true: Any, ledger: Ledger, discipline: str) -> Any:
    return next((one for one in reversed(ledger.queue.values()) if ledger.fits(one.amounts)), None)


def _first_come(true: Any, ledger: Ledger, discipline: str) -> Any:
    return true(ledger, "fifo")


def _barred_by_nobody(true: Any, ledger: Ledger, discipline: str) -> Any:
    return true(ledger, "backfill")


def _not_ascending(world: World, job: TuningJob, child: TrainingJob) -> None:
    if child.definition.objective is not None:  # it is compared as if small values were good
        child.definition = attrs.evolve(
            child.definition, objective=attrs.evolve(child.definition.objective, maximize=False)
        )


def _nothing_ascends(world: World, job: TuningJob, child: TrainingJob) -> None:
    objective = attrs.evolve(child.definition.objective or job.spec.objective, maximize=False)
    child.definition = attrs.evolve(child.definition, objective=objective)


def _never_deliver(true: Any, world: World, entity: str, name: str, trigger: str, delay: float) -> int:
    return true(world, entity, name, trigger, delay + 300.0 if (entity, trigger) == ("training", "stop") else delay)


def _setter(**values: Any) -> Callable[..., None]:
    def slip(world: World, job: Any, *more: Any) -> None:
        for name, value in values.items():
            setattr(job, name, value)

    return slip


def _count(name: str, by: float) -> Callable[..., None]:
    def slip(world: World, job: Any, *more: Any) -> None:
        setattr(job, name, getattr(job, name) + by)

    return slip


def _restarted(world: World, job: TrainingJob, source: str) -> None:
    job.started_s = world.now


def _free_retry(world: World, job: TrainingJob, source: str) -> None:
    if source != "Starting":  # it is used up only where the error struck as the job started
        job.retries_left += job.state == "Starting"


def _clock_begins_again(world: World, job: TrainingJob, source: str) -> None:
    job.trained_s = job.trained_before_s = 0.0


def _user_stop_counts(world: World, job: TuningJob, child: TrainingJob) -> None:
    job.attempts += child.objective is None and child.stopped_by == "stop"


def _wrong_bucket(state: str, reason: str) -> str:
    return (
        "Completed"
        if state == "Stopped"
        else "Stopped"
        if state != "Failed" and state != "Completed"
        else _true(state, reason)
    )


def _true(state: str, reason: str) -> str:
    from hptsim.model.statuses import bucket

    return bucket(state, reason)


def _give_up_early(job: TuningJob) -> None:
    if job.attempts == 3 and not job.evaluated:
        job.attempts += 1


def _give_up_late(job: TuningJob) -> None:
    if job.attempts == 4 and job.ended == 4:
        job.attempts -= 1


def _bill(world: World, job: TrainingJob, sign: float = 1.0) -> None:
    job.billable_s += sign * (world.now - job.since_s)


def _twice(events: Any) -> Any:
    return tuple([(trigger, 2 * delay if trigger == "max_runtime" else delay) for trigger, delay in events])


def _one_less(job: TrainingJob) -> None:
    job.retries_left = max(0, job.retries_left - 1)


def _redo(job: TrainingJob) -> None:
    if job.watched and len(job.curve) < job.epochs:
        job.curve += (0.5,)


def _fits_twice(ledger: Ledger, amounts: Any) -> bool:
    return all(
        ledger.reserved.get(pool, 0) + count <= 2 * ledger.limit[pool]
        for pool, count in amounts.items()
        if pool in ledger.limit
    )


def _everybody(ledger: Ledger, teams: Any, tuning: Any, training: Any) -> list[TrainingJob]:
    """Whoever has instances is preempted as soon as anybody waits."""
    return [job for job in training.values() if job.state in ("Starting", "Downloading", "Training")]


def _outside(configuration: dict[str, str]) -> dict[str, str]:
    return dict.fromkeys(configuration, "1e9")


def _waits_for_the_next_event(patch: pytest.MonkeyPatch) -> None:
    """Who can be granted is not looked for in the step of a stop."""

    def noting(true: Any, world: World, job: TuningJob, trigger: str, detail: Any) -> None:
        world.ledger.latest = trigger  # type: ignore[attr-defined]
        true(world, job, trigger, detail)

    def grantable(true: Any, ledger: Any, discipline: str) -> Any:
        return None if vars(ledger).get("latest") == "stop" else true(ledger, discipline)

    around(World, "fire_tuning", noting)(patch)
    around(Ledger, "grantable", grantable)(patch)


def _an_hour_later(patch: pytest.MonkeyPatch) -> None:
    """When the head of the queue can start is thought to be later than it is."""
    true = disciplines._reserved_for

    def wrong(*known: Any) -> Any:
        start_s, spare = true(*known)
        return start_s + 3600.0, spare

    patch.setattr(disciplines, "_reserved_for", wrong)


def _as_they_came(ledger: Ledger, teams: Any, waiting: Any) -> Any:
    return waiting


BUGS = (
    # ---- what is counted, and what is the best
    Bug("a stopped job counts as Completed", patch=replaced("hptsim.world.effects.bucket", _wrong_bucket)),
    Bug(
        "every failure counts as retryable",
        patch=replaced(
            "hptsim.world.effects.bucket",
            lambda state, reason: "RetryableError" if state == "Failed" else _true(state, reason),
        ),
    ),
    Bug("the objective's direction is forgotten", patch=on_child_end(_nothing_ascends)),
    Bug("a definition's own direction is forgotten", patch=on_child_end(_not_ascending)),
    Bug("the last result is the best", patch=on_child_end(lambda world, job, child: setattr(job, "best", None))),
    Bug("a user's stop is an attempt", patch=on_child_end(_user_stop_counts)),
    Bug("a tuning job gives up after four", patch=on_child_end(lambda world, job, child: _give_up_early(job))),
    Bug("a tuning job gives up after six", patch=on_child_end(lambda world, job, child: _give_up_late(job))),
    # ---- times
    Bug("the start time is that of the last attempt", patch=after_row("ready", _restarted)),
    Bug("starting is billed", patch=before_row("ready", lambda world, job: _bill(world, job))),
    Bug(
        "downloading is free", patch=after_row("downloaded", lambda world, job, source: setattr(job, "billable_s", 0.0))
    ),
    Bug("uploading is free", patch=before_row("uploaded", lambda world, job: _bill(world, job, -1.0))),
    Bug("the training clock begins again with each attempt", patch=after_row("interrupt", _clock_begins_again)),
    Bug(
        "the script may run for twice its time",
        patch=around(SampledCloud, "next", lambda true, *args: _twice(true(*args))),
    ),
    Bug("a stop takes 300 s longer to arrive", patch=around(World, "arm", _never_deliver)),
    Bug("the grace window lasts 300 s", patch=replaced("hptsim.cloud.sampled.GRACE_S", 300.0)),
    # ---- retries and checkpoints
    Bug("a retry is used up only in Starting", patch=after_row("internal_error", _free_retry)),
    Bug("one retry too few", patch=after_row("create", lambda world, job, source: _one_less(job))),
    Bug("checkpoints share one place", patch=after_row("checkpoint", _setter(checkpoints=0))),
    Bug("an interruption undoes no epochs", patch=after_row("interrupt", lambda world, job, source: _redo(job))),
    # ---- tables
    Bug("a stop stores no model", tables=without(TRAINING, "uploaded", "PERSIST", "Stopping:uploading")),
    Bug("a completed job stores no model", tables=without(TRAINING, "uploaded", "PERSIST", "Uploading")),
    Bug("a checkpoint is not stored", tables=without(TRAINING, "checkpoint", "SYNC")),
    Bug("no SIGTERM", tables=without(TRAINING, "stop", "SIGTERM", "Training")),
    Bug("no log at the start", tables=without(TRAINING, "downloaded", "LOG")),
    Bug("no log at the end", tables=without(TRAINING, "exited", "LOG", "Training")),
    Bug("a failed job keeps its instances", tables=without(TRAINING, "algorithm_error", "VACATE")),
    Bug("a stop forgets the queue", tables=without(TUNING, "stop", "WITHDRAW", "InProgress")),
    Bug("a stop forgets the training jobs", tables=without(TUNING, "stop", "STOP_CHILDREN", "InProgress")),
    Bug("a failed tuning job keeps its quota", tables=without(TUNING, "finish", "RELEASE", "InProgress:failing")),
    Bug(
        "a tuning job that gives up is Completed",
        tables=rows(TUNING, "finish", "InProgress:failing", destination="Completed"),
    ),
    Bug("a shortage is not followed by a fallback", tables=without(TRAINING, "shortage", "FALL_BACK")),
    Bug("an interrupted job trains on at once", tables=rows(TRAINING, "interrupt", destination="Starting")),
    # ---- quota
    Bug("the last in the queue is served first", patch=around(Ledger, "grantable", _grants_the_last)),
    Bug("the urgent wait for their turn", patch=around(Ledger, "grantable", _first_come)),
    Bug("anybody may pass", patch=around(Ledger, "grantable", _barred_by_nobody)),
    Bug("a stop does not look at the queue", patch=_waits_for_the_next_event),
    Bug("nobody is served", patch=around(Ledger, "grantable", lambda true, *args: None)),
    Bug("backfill keeps nothing for the head", patch=replaced("hptsim.world.disciplines._delays", lambda *what: False)),
    Bug("everything is expected to end at once", patch=replaced("hptsim.world.requests.expected_s", lambda *what: 0.0)),
    Bug("the head is expected an hour too late", patch=_an_hour_later),
    Bug("all teams are served as they came", patch=replaced("hptsim.world.disciplines._by_share", _as_they_came)),
    Bug("what a team keeps is lent", patch=replaced("hptsim.world.disciplines.Quotas.allow", lambda *what: True)),
    Bug(
        "a team borrows without end",
        patch=replaced("hptsim.world.disciplines.Quotas.within_limit", lambda *what: True),
    ),
    Bug(
        "who borrows does not wait for his turn",
        patch=replaced("hptsim.world.disciplines.Quotas.borrows", lambda *what: False),
    ),
    Bug("what is lent never comes back", patch=replaced("hptsim.world.world.to_preempt", lambda *what: [])),
    Bug("everybody is preempted", patch=replaced("hptsim.world.world.to_preempt", _everybody)),
    Bug(
        "who was granted first is preempted first",
        patch=around(Line, "make_room", lambda true, line, claim, borrowers: true(line, claim, borrowers[::-1])),
    ),
    Bug("a preempted job is forgotten", tables=without(TRAINING, "torn_down", "ASK_AGAIN")),
    Bug("twice the quota", patch=around(Ledger, "fits", lambda true, ledger, amounts: _fits_twice(ledger, amounts))),
    # ---- the search
    Bug("nobody falls behind", patch=replaced("hptsim.strategies.stopping_rules.falls_behind", lambda *known: False)),
    Bug("the median of two is enough", patch=replaced("hptsim.strategies.stopping_rules.MIN_SAMPLES", 2)),
    Bug(
        "every rung lets everybody on", patch=replaced("hptsim.strategies.stopping_rules.goes_on", lambda *known: True)
    ),
    Bug("Hyperband keeps one in two", patch=replaced("hptsim.strategies.stopping_rules.ETA", 2)),
    Bug("no criterion is ever met", patch=replaced("hptsim.strategies.search.met", lambda *known: "")),
    Bug("an improvement of a tenth is needed", patch=replaced("hptsim.strategies.completion.IMPROVEMENT", 0.1)),
    Bug(
        "a configuration outside its ranges",
        patch=around(KnownSearch, "propose", lambda true, *args: _outside(true(*args))),
    ),
)
"""More than forty slips."""
BUG = {bug.name: bug for bug in BUGS}
