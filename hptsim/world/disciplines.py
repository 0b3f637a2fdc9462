"""Who is granted quota next: each discipline is a function, and `DISCIPLINES` is the list of them.

A discipline gets the ledger, the account and the time, and names the request that is granted now, or None. It is asked again
after each grant. "fifo", "priority" and "backfill" look at requests and quota alone and stand in the ledger
(`Ledger.grantable`); those here also look at what was granted, and for how long or to whom (`Ledger.granted`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from operator import attrgetter

from hptsim.model.account import TUNING_JOBS, Account
from hptsim.model.assumptions import QUOTA_SHARES
from hptsim.model.definitions import Amounts
from hptsim.model.teams import Teams
from hptsim.world.ledger import Ledger, Reservation

Discipline = Callable[[Ledger, Account, float], Reservation | None]


def plain(ledger: Ledger, account: Account, now: float) -> Reservation | None:
    """The disciplines of the ledger itself: fifo, priority, backfill (`first-come-first-served`, `plain-backfill`)."""
    return ledger.grantable(account.assumptions.discipline)


def easy_backfill(ledger: Ledger, account: Account, now: float) -> Reservation | None:
    """First come, first served; who comes later may pass if the head starts no later for it, by the estimates (`easy-backfill`).

    A head is a request that waits behind nobody for what it wants. Source: D. Lifka, The ANL/IBM SP scheduling system, 1995.
    """
    heads: list[tuple[float, Amounts]] = []
    barred: set[str] = set()
    for reservation in ledger.first("fifo"):
        if ledger.fits(reservation.amounts) and not any(_delays(reservation, *head, now) for head in heads):
            return reservation
        wanted = waits_for(ledger, reservation)
        if barred.isdisjoint(wanted):
            heads.append(_reserved_for(ledger, wanted, now))
        barred.update(wanted)
    return None


def _reserved_for(ledger: Ledger, wanted: Amounts, now: float) -> tuple[float, Amounts]:
    """When a request that cannot be granted now is expected to be, and what of its pools is then left beside it."""
    spare = {pool: (ledger.free(pool) or 0) - count for pool, count in wanted.items()}
    start_s = now
    for one in sorted((ledger.granted or {}).values(), key=attrgetter("due_s")):
        if one.due_s > start_s:
            if min(spare.values()) >= 0:
                break
            start_s = one.due_s
        for pool in spare:
            spare[pool] += one.amounts.get(pool, 0)
    return start_s, spare


def _delays(reservation: Reservation, start_s: float, spare: Amounts, now: float) -> bool:
    """Whether a request that is granted now would hold what the head needs when it is expected to start."""
    if now + reservation.lasts_s <= start_s:
        return False
    return any(count > spare[pool] for pool, count in reservation.amounts.items() if pool in spare)


def fair_share(ledger: Ledger, account: Account, now: float) -> Reservation | None:
    """The team with the smallest share of what is limited, by its weight, goes first (`fair-share`)."""
    barred: set[str] = set()
    for reservation in _by_share(ledger, account.teams, ledger.first("fifo")):
        if barred.isdisjoint(reservation.amounts) and ledger.fits(reservation.amounts):
            return reservation
        barred.update(waits_for(ledger, reservation))
    return None


def _by_share(ledger: Ledger, teams: Teams, waiting: list[Reservation]) -> list[Reservation]:
    """Requests in the order of their teams' largest shares, and as they came where these are equal."""
    used = _used_by_team(ledger)
    shares = {
        team: max(
            (
                Fraction(used[team].get(pool, 0), limit * teams.share(team).weight)
                for pool in used[team]
                if (limit := ledger.limit_of(pool)) and pool != TUNING_JOBS
            ),
            default=Fraction(0),
        )
        for team in used
    }
    nothing = Fraction(0)
    return sorted(waiting, key=lambda one: shares.get(one.team, nothing))


def quota_shares(ledger: Ledger, account: Account, now: float) -> Reservation | None:
    """Requests within their team's own quota go first, then those that borrow what others lend (`quota-shares`)."""
    quotas = Quotas(ledger, account.teams)
    taken: set[str] = set()
    """What nobody may have who borrows, or whose pool is no team's."""
    for reservation in _by_quota(ledger, quotas, ledger.first("fifo")):
        pools = (
            set(reservation.amounts) if quotas.borrows(reservation) else set(reservation.amounts) - set(quotas.limit)
        )
        if taken.isdisjoint(pools) and ledger.fits(reservation.amounts) and quotas.allow(reservation):
            return reservation
        if quotas.within_limit(reservation):  # what its own limit forbids keeps nobody else waiting
            taken.update(waits_for(ledger, reservation))
    return None


def _by_quota(ledger: Ledger, quotas: Quotas, waiting: list[Reservation]) -> list[Reservation]:
    """The first requests of each team for what they want: those within its quota, then those that borrow."""
    ahead: dict[str, set[str]] = {}
    first = []
    for reservation in waiting:
        before = ahead.setdefault(reservation.team, set())
        if before.isdisjoint(reservation.amounts):
            first.append(reservation)
        before.update(waits_for(ledger, reservation))
    return sorted(first, key=quotas.borrows)


class Quotas:
    """What the teams use now, and what that leaves for each."""

    def __init__(self, ledger: Ledger, teams: Teams) -> None:
        self.shares = teams
        self.used = _used_by_team(ledger)
        owned = {pool for share in teams.shares.values() for pool in share.quota}
        self.limit = {pool: limit for pool in owned if (limit := ledger.limit_of(pool)) is not None}
        """Of the pools that teams own."""

    def wants(self, reservation: Reservation) -> dict[str, int]:
        """What its team would use of each pool that teams own, with the request granted."""
        used = self.used.get(reservation.team, {})
        return {pool: used.get(pool, 0) + n for pool, n in reservation.amounts.items() if pool in self.limit}

    def borrows(self, reservation: Reservation) -> bool:
        """Whether the request goes beyond its team's own quota."""
        quota = self.shares.share(reservation.team).quota
        return any(count > quota.get(pool, 0) for pool, count in self.wants(reservation).items())

    def within_limit(self, reservation: Reservation) -> bool:
        """Whether its team may borrow as much."""
        share = self.shares.share(reservation.team)
        return all(
            count <= share.quota.get(pool, 0) + share.borrow.get(pool, math.inf)
            for pool, count in self.wants(reservation).items()
        )

    def allow(self, reservation: Reservation) -> bool:
        """Whether the request leaves every other team what it lends to nobody."""
        if not self.within_limit(reservation):
            return False
        for pool, count in self.wants(reservation).items():
            used = {team: amounts.get(pool, 0) for team, amounts in self.used.items()} | {reservation.team: count}
            teams = {*used, *self.shares.shares}
            if sum(max(used.get(team, 0), self.shares.share(team).kept(pool)) for team in teams) > self.limit[pool]:
                return False
        return True


def never(ledger: Ledger, account: Account, team: str, amounts: Amounts) -> str | None:
    """The first pool of which *team* can never have what *amounts* wants under quota shares, or None."""
    if account.assumptions.discipline not in QUOTA_SHARES:
        return None
    alone = Ledger(ledger.limit)
    alone.granted = {}
    quotas = Quotas(alone, account.teams)
    return next((p for p in amounts if not quotas.allow(Reservation("", 0, {p: amounts[p]}, team=team))), None)


def _used_by_team(ledger: Ledger) -> dict[str, dict[str, int]]:
    """What the tuning jobs of each team hold, by pool."""
    used: dict[str, dict[str, int]] = {}
    for one in (ledger.granted or {}).values():
        mine = used.setdefault(one.team, {})
        for pool, count in one.amounts.items():
            mine[pool] = mine.get(pool, 0) + count
    return used


def waits_for(ledger: Ledger, reservation: Reservation) -> dict[str, int]:
    """What a request that cannot be granted waits for, of what is limited: its place alone, while it has none."""
    amounts = reservation.amounts
    if TUNING_JOBS in amounts and not ledger.fits({TUNING_JOBS: amounts[TUNING_JOBS]}):
        return {TUNING_JOBS: amounts[TUNING_JOBS]}
    return {pool: count for pool, count in amounts.items() if ledger.limit_of(pool) is not None}


DISCIPLINES: Mapping[str, Discipline] = {
    "fifo": plain,
    "priority": plain,
    "backfill": plain,
    "easy-backfill": easy_backfill,
    "fair-share": fair_share,
    "quota-shares": quota_shares,
    "quota-shares-reclaim": quota_shares,
}
"""Every discipline, by the name that `Assumptions.discipline` has."""
REMEMBER_GRANTS = frozenset({"easy-backfill", "fair-share", *QUOTA_SHARES})
"""The disciplines that look at what was granted."""


def in_order(ledger: Ledger, account: Account) -> list[Reservation]:
    """All requests that wait, in the order in which the account's discipline looks at them now."""
    discipline, waiting = account.assumptions.discipline, list(ledger.queue.values())
    if discipline == "priority":
        return sorted(waiting, key=attrgetter("priority"))
    if discipline == "fair-share":
        return _by_share(ledger, account.teams, waiting)
    if discipline in QUOTA_SHARES:
        return sorted(waiting, key=Quotas(ledger, account.teams).borrows)
    return waiting
