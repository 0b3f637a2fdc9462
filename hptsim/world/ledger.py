"""The account's quota: what is limited, what tuning jobs have reserved, what training jobs occupy, which requests wait.

A pool is an instance type, or one of two pools over all types: `TOTAL` instances and `TUNING_JOBS` at a time. A type that
the limits do not name has the limit of `OTHERS`.
A *reservation* is what a tuning job holds of the quota; an *occupancy* is the part of it in use by a training job.
The ledger only counts. Other modules decide who requests quota and what a grant leads to.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import attrs

from hptsim.errors import LawBroken
from hptsim.model.account import OTHERS, TOTAL, TUNING_JOBS
from hptsim.model.copying import make
from hptsim.model.definitions import Amounts
from hptsim.model.payloads import ReservationChange
from hptsim.model.statuses import NEW

_QUOTA = "§5.5"
"""What the laws rest on that the ledger keeps by refusing."""


@attrs.define(slots=False, eq=False)
class Reservation:
    """One request for quota, and what it holds once it is granted.

    *holder* is a tuning job's name, or `standalone_holder(name)` for a training job without one. *definition* is the training job
    definition it is meant for, or -1 when it is for the holder as a whole. *since_s* is when it entered its *state*.
    *team* is whose it is, *lasts_s* for how long it is expected to be held, and *due_s* until when, once it is granted: only
    the disciplines that need them say so (`hptsim.world.disciplines`). *resumes* is the preempted training job that it is for.

    >>> Reservation("demo", 2, {"ml.m5.xlarge": 1}).name
    'demo/2'
    """

    holder: str
    number: int
    amounts: Amounts
    priority: int = 0
    definition: int = -1
    state: str = NEW
    since_s: float = 0.0
    team: str = ""
    lasts_s: float = 0.0
    due_s: float = 0.0
    resumes: str = ""
    name: str = attrs.field(init=False)
    told: ReservationChange = attrs.field(init=False, repr=False)
    """What the journal says of it at every change of its state: one record for all of them, as long as its amounts stay."""
    demand: tuple[Any, ...] = attrs.field(init=False, default=(), repr=False)
    """While it waits: equal for requests of which none can be granted before the first."""

    @name.default
    def _name(self) -> str:
        return f"{self.holder}/{self.number}"

    @told.default
    def _told(self) -> ReservationChange:
        return make(ReservationChange, (self.holder, self.amounts, None))

    def change(self, amounts: Amounts) -> None:
        """Be for other amounts from now on."""
        self.amounts = amounts
        self.told = self._told()


class Ledger:
    """Limits, reservations, occupancies and the queue of requests.

    >>> ledger = Ledger({"ml.m5.xlarge": 4})
    >>> ledger.reserve("demo", {"ml.m5.xlarge": 3})
    >>> ledger.fits({"ml.m5.xlarge": 2}), ledger.free("ml.m5.xlarge")
    (False, 1)
    >>> Ledger({"ml.m5.xlarge": 4, "*": 2}).fits({"ml.g5.xlarge": 3})
    False
    """

    def __init__(self, limit: Mapping[str, int | None]) -> None:
        self.limit: dict[str, int | None] = {TUNING_JOBS: None, **limit}
        """The limits by pool; None where there is none. `TUNING_JOBS` has an entry always: it is no type that is not named."""
        self.others = self.limit.get(OTHERS)
        self.reserved: dict[str, int] = {}
        self.held: dict[str, dict[str, int]] = {}
        """What each holder has reserved, by pool."""
        self.used: dict[str, dict[str, int]] = {}
        """The part of it that its training jobs occupy."""
        self.queue: dict[str, Reservation] = {}
        """The requests that wait, by name, in the order in which they came."""
        self.asked = 0
        """How many have ever joined the queue."""
        self.same_demand: dict[tuple[Any, ...], OrderedDict[str, int]] = {}
        """The same requests in groups of equal demand and priority: names, each with its place in the queue."""
        self.granted: dict[str, Reservation] | None = None
        """What was granted and not given back, for the disciplines that look at it; None under the others."""

    def copy(self) -> Ledger:
        """An independent copy; reservations, queued or granted, are shared and must be replaced by the world's copies."""
        twin = Ledger(self.limit)
        twin.reserved = self.reserved.copy()
        twin.held = {name: held.copy() for name, held in self.held.items()}
        twin.used = {name: used.copy() for name, used in self.used.items()}
        twin.queue, twin.asked = self.queue.copy(), self.asked
        twin.same_demand = {demand: names.copy() for demand, names in self.same_demand.items()}
        twin.granted = None if self.granted is None else self.granted.copy()
        return twin

    @property
    def occupied(self) -> dict[str, int]:
        """What all training jobs occupy, by pool."""
        total: dict[str, int] = {}
        for used in self.used.values():
            _add(total, used)
        return total

    def counted(self, amounts: Amounts) -> Amounts:
        """*amounts* with the pool of all instances added where that pool is limited."""
        if TOTAL not in self.limit:
            return amounts
        instances = sum(count for pool, count in amounts.items() if pool != TUNING_JOBS)
        return {**amounts, TOTAL: instances} if instances else amounts

    def limit_of(self, pool: str) -> int | None:
        """The limit of *pool*, by its own name or as one that is not named; None when it has no limit."""
        return self.limit.get(pool, self.others)

    def free(self, pool: str) -> int | None:
        """What is left of *pool*; None when it has no limit."""
        limit = self.limit_of(pool)
        return None if limit is None else limit - self.reserved.get(pool, 0)

    def fits(self, amounts: Amounts) -> bool:
        """Whether all of *amounts* is free now."""
        limit, others, reserved = self.limit, self.others, self.reserved
        for pool, count in amounts.items():  # `limit_of` and all(...) are slower, and every grant comes here
            most = limit.get(pool, others)
            if most is not None and reserved.get(pool, 0) + count > most:
                return False
        return True

    def never_fits(self, amounts: Amounts) -> str | None:
        """The first pool whose limit is below what *amounts* wants of it, or None."""
        for pool, count in amounts.items():
            most = self.limit_of(pool)
            if most is not None and count > most:
                return pool
        return None

    def reserve(self, holder: str, amounts: Amounts) -> None:
        """Move *amounts* from the free quota to *holder*."""
        if not self.fits(amounts):
            raise LawBroken("quota never exceeded", f"{holder} is granted {dict(amounts)}, which is not free", _QUOTA)
        _add(self.reserved, amounts)
        held = self.held.get(holder)
        if held is None:
            self.held[holder] = dict(amounts)
        else:
            _add(held, amounts)

    def release(self, holder: str, amounts: Amounts) -> None:
        """Give *amounts* of *holder* back; an error unless it holds them and no training job is using them."""
        held, used = self.held.get(holder, {}), self.used.get(holder)
        for pool, count in amounts.items():
            mine = held.get(pool, 0)
            if count > mine:
                raise LawBroken("released at the end, exactly once", f"{holder} does not hold {count} {pool}", _QUOTA)
            if used is not None and count > mine - used.get(pool, 0):
                raise LawBroken(
                    "occupancy within reservation", f"{holder} still uses {pool} that it gives back", _QUOTA
                )
        _subtract(held, amounts)
        _subtract(self.reserved, amounts)
        if not held:
            self.held.pop(holder, None)

    def exchange(self, holder: str, change: Amounts) -> None:
        """Take of the free quota what *change* adds to what *holder* has, and give back what it takes away."""
        self.release(holder, {pool: -count for pool, count in change.items() if count < 0})
        self.reserve(holder, {pool: count for pool, count in change.items() if count > 0})

    def occupy(self, holder: str, amounts: Amounts) -> None:
        """Put *amounts* of what *holder* holds into use."""
        held, used = self.held.get(holder, {}), self.used.setdefault(holder, {})
        for pool, count in amounts.items():
            if count > held.get(pool, 0) - used.get(pool, 0):
                raise LawBroken("occupancy within reservation", f"{holder} has no idle {dict(amounts)} to use", _QUOTA)
        for pool, count in amounts.items():
            used[pool] = used.get(pool, 0) + count

    def vacate(self, holder: str, amounts: Amounts) -> None:
        """Take *amounts* of *holder* out of use; an error unless they are in use."""
        used = self.used.get(holder, {})
        for pool, count in amounts.items():
            if count > used.get(pool, 0):
                raise LawBroken("occupancy within reservation", f"{holder} does not use {count} {pool}", _QUOTA)
        _subtract(used, amounts)
        if not used:
            self.used.pop(holder, None)

    def idle(self, holder: str, amounts: Amounts) -> bool:
        """Whether *holder* holds *amounts* beyond what its training jobs use."""
        held = self.held.get(holder)
        if held is None:
            return False
        used = self.used.get(holder, {})
        for pool, count in amounts.items():  # noqa: SIM110 - all(...) is slower, and every training job comes here
            if count > held.get(pool, 0) - used.get(pool, 0):
                return False
        return True

    def join(self, reservation: Reservation) -> None:
        """Put *reservation* at the end of the queue."""
        name = reservation.name
        self.asked = place = self.asked + 1
        self.queue[name] = reservation
        demand = (reservation.priority, reservation.team, reservation.lasts_s, *reservation.amounts.items())
        reservation.demand = demand
        same = self.same_demand.get(demand)
        if same is None:
            same = self.same_demand[demand] = OrderedDict()
        same[name] = place

    def leave(self, reservation: Reservation) -> bool:
        """Take *reservation* out of the queue; False when it is not in it."""
        if self.queue.pop(reservation.name, None) is None:
            return False
        same = self.same_demand[reservation.demand]
        del same[reservation.name]
        if not same:
            del self.same_demand[reservation.demand]
        return True

    def grantable(self, discipline: str) -> Reservation | None:
        """The first request in the queue, under *discipline*, that can be granted now.

        "fifo" and "priority" let no request overtake an earlier one that waits for the same pool; "backfill" does. A request
        for a tuning job's place does not block requests for instances: tuning jobs that have a place need them to end.
        """
        if len(self.same_demand) == 1:  # all requests are alike
            (names,) = self.same_demand.values()
            head = self.queue[next(iter(names))]
            return head if self.fits(head.amounts) else None
        blocked: set[str] = set()
        for reservation in self.first(discipline):
            amounts = reservation.amounts
            if (not blocked or blocked.isdisjoint(amounts)) and self.fits(amounts):
                return reservation
            if discipline != "backfill":
                placed = self.fits({TUNING_JOBS: amounts[TUNING_JOBS]}) if TUNING_JOBS in amounts else True
                blocked.update(
                    [pool for pool in amounts if self.limit_of(pool) is not None] if placed else [TUNING_JOBS]
                )
        return None

    def first(self, discipline: str) -> list[Reservation]:
        """The first request of each group of equal demand, in the order in which *discipline* looks at them.

        No request behind one of them can be granted before it, so that thousands in the queue cost no more than a few.
        """
        heads = [next(iter(names.items())) for names in self.same_demand.values()]
        if discipline == "priority":
            heads.sort(key=lambda head: (self.queue[head[0]].priority, head[1]))
        else:
            heads.sort(key=itemgetter(1))
        return [self.queue[name] for name, _ in heads]

    def freeze(self) -> tuple[Any, ...]:
        """The ledger's state as a value, for hashing and comparison."""
        return (
            tuple(sorted(self.reserved.items())),
            tuple(sorted(self.occupied.items())),
            tuple((one.name, one.definition, one.lasts_s, one.resumes) for one in self.queue.values()),
            None if self.granted is None else tuple(sorted((one.name, one.due_s) for one in self.granted.values())),
        )


def _add(counts: dict[str, int], amounts: Amounts) -> None:
    for pool, count in amounts.items():
        counts[pool] = counts.get(pool, 0) + count


def _subtract(counts: dict[str, int], amounts: Amounts) -> None:
    for pool, count in amounts.items():
        left = counts[pool] - count
        if left:
            counts[pool] = left
        else:
            del counts[pool]
