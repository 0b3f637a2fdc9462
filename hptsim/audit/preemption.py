"""The laws of preemption: what a team has lent comes back, nobody else is preempted, and who is waits to go on.

Written from what `preemption` promises, not from how the world finds whom to preempt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hptsim.audit.disciplines import bars, owners, team_of
from hptsim.audit.state import KnownTrainingJob, KnownTuningJob, State
from hptsim.model.account import TUNING_JOBS
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, STEP, TRAINING_JOB, TUNING_JOB, Law

Amounts = Mapping[str, int]
PREEMPTIVE = ("quota-shares-reclaim",)
"""The disciplines that preempt."""
_RUNS = ("Starting", "Pending", "Downloading", "Training", "Interrupted")
"""The states in which a training job may be preempted; in the others it gives its instances back anyway, or has none."""


class _Forecast:
    """What each team will use of each pool, and what will be reserved, when all that goes has given back its instances."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.used: dict[tuple[str, str], int] = {}
        self.reserved = dict(state.reserved)
        for name in state.due_s:
            for pool, count in _held_by(state, name).items():
                key = team_of(state, name), pool
                self.used[key] = self.used.get(key, 0) + count
        for job in _children(state):
            if job.state not in (*_RUNS, "Interrupted:queued"):
                self.changed(job.holder, _held_by(state, job.reservation), -1)

    def changed(self, holder: str, amounts: Amounts, sign: int) -> None:
        """A tuning job gets instances, or with -1 gives them back."""
        team = self.state.tuning[holder].team
        for pool, count in amounts.items():
            self.used[team, pool] = self.used.get((team, pool), 0) + sign * count
            self.reserved[pool] = self.reserved.get(pool, 0) + sign * count

    def beyond(self, team: str, pool: str, more: int = 0) -> bool:
        """Whether a team with *more* of a pool uses more than its quota of it."""
        return self.used.get((team, pool), 0) + more > self.state.account.teams.share(team).quota.get(pool, 0)

    def room(self, team: str, amounts: Amounts) -> bool:
        """Whether a team within its quota can have *amounts*, and every other team what it lends to nobody."""
        for pool, count in amounts.items():
            limit = self.state.limit_of(pool)
            if limit is None:
                continue
            kept = 0
            for other in owners(self.state, pool):
                used = self.used.get((other, pool), 0) + (count if other == team else 0)
                kept += max(0, self.state.account.teams.share(other).kept(pool) - used)
            if self.reserved.get(pool, 0) + count + kept > limit:
                return False
        return True


def _held_by(state: State, reservation: str) -> Amounts:
    return state.tuning[reservation.rpartition("/")[0]].asked[reservation]


def _children(state: State) -> Iterator[KnownTrainingJob]:
    """The live training jobs of tuning jobs: each of these holds its place at least."""
    holders = [state.tuning[holder] for holder in dict.fromkeys(name.rpartition("/")[0] for name in state.due_s)]
    return (child for job in holders if job.spec is not None for child in state.live(job))


def _unmet(state: State, forecast: _Forecast) -> Iterator[tuple[str, Amounts]]:
    """The requests within their team's quota that what goes leaves no room for; the others are counted in *forecast*."""
    ahead: dict[str, set[str]] = {}
    for name, amounts in state.queue.items():
        team = team_of(state, name)
        mine = ahead.setdefault(team, set())
        owned = [pool for pool in amounts if state.limit_of(pool) is not None and owners(state, pool)]
        if owned and mine.isdisjoint(amounts) and not any(forecast.beyond(team, pool, amounts[pool]) for pool in owned):
            if forecast.room(team, amounts):
                forecast.changed(name.rpartition("/")[0], amounts, 1)
                continue
            yield name, amounts
        mine.update(bars(state, amounts))


def _lent_to(state: State, forecast: _Forecast, job: KnownTrainingJob, wanted: Amounts) -> list[str]:
    """The pools of *wanted* that a training job holds and of which its team uses more than its quota."""
    team, held = state.tuning[job.holder].team, _held_by(state, job.reservation)
    return [pool for pool in wanted if pool in held and owners(state, pool) and forecast.beyond(team, pool)]


def lent_quota_comes_back(state: State, nothing: None) -> str | None:
    """Nobody waits for his team's own quota while training jobs run on that could make room for him."""
    if not state.queue or not state.moved:
        return None
    latest = list(state.due_s)
    forecast = _Forecast(state)
    for name, amounts in _unmet(state, forecast):
        running = [job for job in _children(state) if job.state in _RUNS]
        taken = []
        for job in sorted(running, key=lambda one: -latest.index(one.reservation)):
            if _lent_to(state, forecast, job, amounts):
                forecast.changed(job.holder, _held_by(state, job.reservation), -1)
                taken.append(job)
        if forecast.room(team_of(state, name), amounts):
            return f"{name} waits for {dict(amounts)} of its team's own, on which {taken[0].name} runs"
        for job in taken:
            forecast.changed(job.holder, _held_by(state, job.reservation), 1)
    return None


def takes_back_what_is_lent(state: State, entry: Entry) -> str | None:
    """Who is preempted runs on what its team has borrowed, somebody wants that back, and nobody alike was granted later."""
    name, discipline = entry[2], state.account.assumptions.discipline
    job = state.training[name]
    parent = state.tuning[job.holder]
    if discipline not in PREEMPTIVE or parent.spec is None or job.state not in _RUNS:
        return f"{name} is preempted in {job.state} under {discipline}"
    before = _Forecast(state)
    if not any(_lent_to(state, before, job, amounts) for _, amounts in _unmet(state, _Forecast(state))):
        return f"{name} is preempted, and nobody wants back what {parent.team!r} has borrowed"
    granted, held = list(state.due_s), _held_by(state, job.reservation)
    for other in _children(state):
        if other.state not in _RUNS or state.tuning[other.holder].team != parent.team:
            continue
        later = granted.index(other.reservation) > granted.index(job.reservation)
        if later and _held_by(state, other.reservation) == held:
            return f"{name} is preempted before {other.name}, which was granted the same later"
    return None


def waits_to_go_on(state: State, subject: Entry | KnownTuningJob | KnownTrainingJob) -> str | None:
    """Every preempted training job without instances has a request in the queue, and goes on with what that is granted."""
    if isinstance(subject, KnownTrainingJob):
        shown = state.world.training.get(subject.name) if state.world is not None and subject.resumed else None
        if shown is not None and f"{subject.holder}/{shown.reservation}" != subject.reservation:
            return f"{subject.name} goes on with {subject.reservation}, the world says {shown.reservation}"
        return None
    if isinstance(subject, KnownTuningJob):
        if subject.spec is None:
            return None
        waits = [name for name in subject.requests if name in state.queue and TUNING_JOBS not in subject.asked[name]]
        preempted = [child.name for child in state.live(subject) if child.state == "Interrupted:queued"]
        if len(waits) < len(preempted):
            return f"{subject.name} has {len(waits)} requests in the queue, and {preempted} were preempted"
        return None
    job = state.training[subject[2]]
    reservation = f"{job.holder}/{subject[6].number}"
    if state.tuning[job.holder].requests.get(reservation) != "Held":
        return f"{job.name} goes on with {reservation}, which is not granted"
    users = [child.name for child in state.live(state.tuning[job.holder]) if child.reservation == reservation]
    return f"{job.name} goes on with {reservation}, which {users[0]} has" if users else None


LAWS = (
    Law(
        "lent quota comes back",
        ALWAYS,
        "under quota-shares-reclaim nobody waits for its team's own quota while preemptions would make room for it",
        "preemption",
        lent_quota_comes_back,
        (STEP,),
        disciplines=PREEMPTIVE,
    ),
    Law(
        "only lent quota is taken back",
        ALWAYS,
        "only training jobs of a team beyond its quota are preempted, for a team that waits for its own, the last granted first",
        "preemption",
        takes_back_what_is_lent,
        ("training preempt",),
    ),
    Law(
        "a preempted job waits to go on",
        ALWAYS,
        "a preempted training job that has given its instances back has a request in the queue, and goes on when it is granted",
        "preemption",
        waits_to_go_on,
        (TRAINING_JOB, TUNING_JOB, "training resume"),
        disciplines=PREEMPTIVE,  # elsewhere nobody is preempted, which "only lent quota is taken back" sees to
    ),
)
"""The laws of preemption."""
