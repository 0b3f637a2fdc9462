"""Who is preempted: training jobs that run on what other teams have lent, once these want it back (`preemption`).

It looks at the line when nothing more can be granted. What is on its way back already counts as free.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from hptsim.model.statuses import STOPPING
from hptsim.model.teams import Teams
from hptsim.world.disciplines import Quotas, waits_for
from hptsim.world.jobs import TrainingJob, TuningJob
from hptsim.world.ledger import Ledger, Reservation

_LEAVING = STOPPING | {"Uploading", "Interrupted:grace", "Interrupted:teardown"}
"""The states of a training job that is about to give its instances back."""


def to_preempt(
    ledger: Ledger, teams: Teams, tuning: Mapping[str, TuningJob], training: Mapping[str, TrainingJob]
) -> list[TrainingJob]:
    """The training jobs of borrowers that make room for the requests within their teams' own quota, in order of request."""
    line = Line(ledger, teams)
    waiting = line.waiting()
    if not line.anybody_borrows() or not any(line.claims(one) for one in waiting):
        return []
    held = _held(ledger, tuning, training)
    for reservation, job in held:
        if job.state in _LEAVING:
            line.count(reservation, -1)
    borrowers = {one.name: (one, job) for one, job in reversed(held) if job.state not in _LEAVING}
    found: list[TrainingJob] = []
    ahead: dict[str, set[str]] = {}
    for claim in waiting:
        before = ahead.setdefault(claim.team, set())
        if before.isdisjoint(claim.amounts) and line.claims(claim):
            chosen = line.make_room(claim, [one for one, _ in borrowers.values()])
            found += [borrowers.pop(one.name)[1] for one in chosen]
            if line.has_room(claim):
                line.count(claim, 1)
                continue
        before.update(waits_for(ledger, claim))
    return found


def _held(
    ledger: Ledger, tuning: Mapping[str, TuningJob], training: Mapping[str, TrainingJob]
) -> list[tuple[Reservation, TrainingJob]]:
    """What is granted to the training jobs of tuning jobs, in the order in which it was granted."""
    granted = (ledger.granted or {}).values()
    holders = {one.holder for one in granted} & tuning.keys()
    children = (training[name] for holder in holders for name in tuning[holder].live)
    on = {(child.holder, child.reservation): child for child in children if child.state != "Interrupted:queued"}
    return [(one, child) for one in granted if (child := on.get((one.holder, one.number))) is not None]


class Line:
    """What will be reserved, and by which team, as reservations are taken back and requests granted."""

    def __init__(self, ledger: Ledger, teams: Teams) -> None:
        self.quotas = Quotas(ledger, teams)
        self.queue = ledger
        self.ledger = Ledger(ledger.limit)
        self.ledger.reserved = ledger.reserved.copy()

    def waiting(self) -> list[Reservation]:
        """The requests in the queue, in order; of equal ones no more than their team's quota can serve, and the next."""
        found: list[tuple[int, str]] = []
        for names in self.queue.same_demand.values():
            head = self.queue.queue[next(iter(names))]
            quota = self.quotas.shares.share(head.team).quota
            most = [quota.get(pool, 0) // count for pool, count in head.amounts.items() if pool in self.quotas.limit]
            found += [(place, name) for name, place in islice(names.items(), 1 + min(most, default=0))]
        return [self.queue.queue[name] for _, name in sorted(found)]

    def count(self, one: Reservation, sign: int) -> None:
        """Count a reservation in, or out with -1."""
        used = self.quotas.used.setdefault(one.team, {})
        for pool, count in one.amounts.items():
            used[pool] = used.get(pool, 0) + sign * count
            self.ledger.reserved[pool] = self.ledger.reserved.get(pool, 0) + sign * count

    def anybody_borrows(self) -> bool:
        """Whether a team uses more than its quota."""
        return any(self._beyond(team, pool) for team, used in self.quotas.used.items() for pool in used)

    def _beyond(self, team: str, pool: str) -> bool:
        quota = self.quotas.shares.share(team).quota.get(pool, 0)
        return pool in self.quotas.limit and self.quotas.used.get(team, {}).get(pool, 0) > quota

    def claims(self, request: Reservation) -> bool:
        """Whether a request is for its team's own quota."""
        return bool(self.quotas.wants(request)) and not self.quotas.borrows(request)

    def has_room(self, request: Reservation) -> bool:
        """Whether a request can be granted."""
        return self.ledger.fits(request.amounts) and self.quotas.allow(request)

    def make_room(self, claim: Reservation, borrowers: list[Reservation]) -> list[Reservation]:
        """Take back what *claim* needs, of *borrowers* in their order, and no more; nothing where all is not enough."""
        chosen: list[Reservation] = []
        for one in borrowers:
            if self.has_room(claim):
                break
            if any(pool in one.amounts and self._beyond(one.team, pool) for pool in claim.amounts):
                self.count(one, -1)
                chosen.append(one)
        enough = self.has_room(claim)
        for one in reversed(chosen):  # who was granted first is spared first
            self.count(one, 1)
            if enough and not self.has_room(claim):
                self.count(one, -1)
            else:
                chosen.remove(one)
        return chosen
