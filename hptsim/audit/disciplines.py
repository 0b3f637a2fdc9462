"""The laws of the disciplines that look at what was granted: the head is not delayed, the poorest team first, shares are kept.

Each is written from what the discipline promises, not from how the world finds the next request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from hptsim.audit.state import QUOTA_SHARES, State, is_standalone
from hptsim.model.account import TUNING_JOBS
from hptsim.model.journal import Entry
from hptsim.model.laws import ALWAYS, Law

Amounts = Mapping[str, int]
Served = Iterator[tuple[str, Amounts, bool]]
"""Those in the queue in the order of a discipline, with their amounts, and whether it bars them now."""


def bars(state: State, amounts: Amounts) -> dict[str, int]:
    """What somebody who waits for *amounts* bars: what is limited, or his place alone while there is none."""
    place = {pool: count for pool, count in amounts.items() if pool == TUNING_JOBS}
    if not state.fits(place):
        return place
    return {pool: count for pool, count in amounts.items() if state.limit_of(pool) is not None}


def _holder(request: str) -> str:
    return request.rpartition("/")[0]


def team_of(state: State, request: str) -> str:
    """Whose a request is."""
    return state.tuning[_holder(request)].team


def _amounts_held(state: State, name: str) -> Amounts:
    return state.tuning[_holder(name)].asked[name]


# ---------------------------------------------------------------------- easy-backfill


def _expected_start(state: State, wanted: Amounts, more: Amounts, more_due_s: float) -> float:
    """The first time at which *wanted* is expected to be free, if *more* than is held now were held until *more_due_s*."""
    held = [(due_s, _amounts_held(state, name)) for name, due_s in state.due_s.items()] + [(more_due_s, more)]
    times = sorted({state.now, *(due_s for due_s, _ in held if due_s > state.now)})
    for time_s in times:
        later = [amounts for due_s, amounts in held if due_s > time_s]
        used = {pool: sum(amounts.get(pool, 0) for amounts in later) for pool in wanted}
        if all(used[pool] + count <= (state.limit_of(pool) or 0) for pool, count in wanted.items()):
            return time_s
    return times[-1]


def _held_up(state: State, name: str, amounts: Amounts, heads: Mapping[str, Amounts]) -> str:
    """Who would start later if *name* had *amounts* from now on, and by how much; nothing where nobody would."""
    ends_s = state.now + state.lasts_s.get(name, 0.0)
    for head, wanted in heads.items():
        if not wanted.keys().isdisjoint(amounts):
            before_s = _expected_start(state, wanted, {}, 0.0)
            after_s = _expected_start(state, wanted, amounts, ends_s)
            if after_s > before_s:
                return f"{head}, expected to start at {before_s:g} s, could then start at {after_s:g} s"
    return ""


def served_by_backfill(state: State) -> Served:
    """In order of request; barred is who would hold up the first to wait for what it wants."""
    heads: dict[str, Amounts] = {}
    taken: set[str] = set()
    for name, amounts in state.queue.items():
        yield name, amounts, state.fits(amounts) and bool(_held_up(state, name, amounts, heads))
        wanted = bars(state, amounts)
        if taken.isdisjoint(wanted):
            heads[name] = wanted
        taken.update(wanted)


def delays_no_head(state: State, entry: Entry) -> str | None:
    """A request that passes others does not hold up the first of them, by the estimates."""
    name = entry[2]
    if is_standalone(entry[6].holder):
        return None
    heads: dict[str, Amounts] = {}
    taken: set[str] = set()
    for other, amounts in state.queue.items():
        if other == name:
            break
        wanted = bars(state, amounts)
        if taken.isdisjoint(wanted):
            heads[other] = wanted
        taken.update(wanted)
    if late := _held_up(state, name, entry[6].amounts, heads):
        return f"{name} passes {late}"
    passed = (one for one, wanted in heads.items() if state.fits(state.queue[one]))
    if (one := next(passed, None)) is not None:
        return f"{name} passes {one}, which waits for {dict(state.queue[one])}, which is free"
    return None


# ---------------------------------------------------------------------- fair-share


def _use(state: State, team: str, pool: str) -> int:
    return sum(_amounts_held(state, name).get(pool, 0) for name in state.due_s if team_of(state, name) == team)


def _largest_share(state: State, team: str) -> Fraction:
    """The largest part that a team has of any limited instance type, by its weight."""
    weight = state.account.teams.share(team).weight
    limits = {pool: state.limit_of(pool) for name in state.due_s for pool in _amounts_held(state, name)}
    shares = [
        Fraction(_use(state, team, pool), limit) / weight
        for pool, limit in limits.items()
        if limit and pool != TUNING_JOBS
    ]
    return max(shares, default=Fraction(0))


def served_fairly(state: State) -> Served:
    """The team with the smallest share first; barred is who wants what somebody before it waits for."""
    shares = {team: _largest_share(state, team) for team in {team_of(state, name) for name in state.queue}}
    taken: set[str] = set()
    for name in sorted(state.queue, key=lambda name: shares[team_of(state, name)]):
        amounts = state.queue[name]
        yield name, amounts, not taken.isdisjoint(amounts)
        taken.update(bars(state, amounts))


def smallest_share_first(state: State, entry: Entry) -> str | None:
    """Nobody is granted what a team with a smaller share waits for, nor what an earlier one with an equal share does."""
    name = entry[2]
    if is_standalone(entry[6].holder):
        return None
    mine = _largest_share(state, team_of(state, name))
    for other, amounts in served_before(state, name):
        wanted = bars(state, amounts)
        if not wanted.keys().isdisjoint(entry[6].amounts):
            team, share = team_of(state, other), float(_largest_share(state, team_of(state, other)))
            return f"{name} has a share of {float(mine):g} and passes {other} of {team!r}, which has {share:g}"
    return None


def served_before(state: State, name: str) -> Iterator[tuple[str, Amounts]]:
    """The requests that "fair-share" looks at before *name*."""
    for other, amounts, _ in served_fairly(state):
        if other == name:
            return
        yield other, amounts


# ---------------------------------------------------------------------- quota-shares


def owners(state: State, pool: str) -> list[str]:
    """The teams that have a quota of their own of a pool."""
    return [team for team, share in state.account.teams.shares.items() if pool in share.quota]


def _beyond_its_share(state: State, team: str, pool: str, count: int) -> str:
    """What *count* more of a pool for a team would break: its limit for borrowing, or what another team keeps for itself."""
    limit = state.limit_of(pool)
    if limit is None or not owners(state, pool):
        return ""
    share = state.account.teams.share(team)
    borrowed = max(0, _use(state, team, pool) + count - share.quota.get(pool, 0))
    if pool in share.borrow and borrowed > share.borrow[pool]:
        return f"{team!r} borrows {borrowed} {pool}, and may borrow {share.borrow[pool]}"
    free = limit - state.reserved.get(pool, 0) - count
    for other in owners(state, pool):
        used = _use(state, other, pool) + (count if other == team else 0)
        free -= max(0, state.account.teams.share(other).kept(pool) - used)
    return f"{team!r} takes {pool} that other teams lend to nobody" if free < 0 else ""


def _borrows(state: State, name: str, amounts: Amounts) -> bool:
    quota = state.account.teams.share(team := team_of(state, name)).quota
    owned = [pool for pool in amounts if state.limit_of(pool) is not None and owners(state, pool)]
    return any(_use(state, team, pool) + amounts[pool] > quota.get(pool, 0) for pool in owned)


def _refused(state: State, name: str, amounts: Amounts) -> str:
    """What a grant to *name* would break of the shares; nothing where they allow it."""
    wrong = (_beyond_its_share(state, team_of(state, name), pool, count) for pool, count in amounts.items())
    return next((one for one in wrong if one), "")


def _first_of_their_teams(state: State) -> list[str]:
    """Those in the queue who wait behind nobody of their own team for what they want: who borrows comes last."""
    ahead: dict[str, set[str]] = {}
    found = []
    for name, amounts in state.queue.items():
        mine = ahead.setdefault(team_of(state, name), set())
        if mine.isdisjoint(amounts):
            found.append(name)
        mine.update(bars(state, amounts))
    return sorted(found, key=lambda name: _borrows(state, name, state.queue[name]))


def served_by_share(state: State) -> Served:
    """Within the own quota first, then who borrows; barred is whom the shares refuse, or who wants what is waited for."""
    waited_for: set[str] = set()
    for name in _first_of_their_teams(state):
        amounts = state.queue[name]
        borrows, refused = _borrows(state, name, amounts), _refused(state, name, amounts)
        contested = {pool for pool in amounts if borrows or not owners(state, pool)}
        yield name, amounts, bool(refused) or not waited_for.isdisjoint(contested)
        if " may borrow " not in refused:  # only its own team waits for what its own limit forbids
            waited_for.update(bars(state, amounts))


def within_its_share(state: State, entry: Entry) -> str | None:
    """A grant leaves every team what it lends to nobody, and lets none borrow more than it may, or out of turn."""
    name, amounts = entry[2], entry[6].amounts
    if is_standalone(entry[6].holder):
        return None
    if wrong := _refused(state, name, amounts):
        return f"{name} is granted {dict(amounts)}: {wrong}"
    for other, wanted, barred in served_by_share(state):
        if other == name:
            return f"{name} takes what another waits for within its quota, or has asked for before" if barred else None
        if not barred and state.fits(wanted):
            return f"{name} is granted before {other}, which waits for {dict(wanted)}"
    return f"{name} passes an earlier request of {team_of(state, name)!r}"


SERVED: Mapping[str, Callable[[State], Served]] = {
    "easy-backfill": served_by_backfill,
    "fair-share": served_fairly,
    **dict.fromkeys(QUOTA_SHARES, served_by_share),
}
"""In which order each discipline serves the queue, and whom it bars."""
LAWS = (
    Law(
        "a backfilled request delays no head",
        ALWAYS,
        "under easy-backfill no request is granted that would, by the estimates, hold up the first to wait for its instances",
        "easy-backfill, easy-estimates",
        delays_no_head,
        ("reservation grant",),
        disciplines=("easy-backfill",),
    ),
    Law(
        "the smallest share goes first",
        ALWAYS,
        "under fair-share no team is granted what a team with a smaller share waits for",
        "fair-share",
        smallest_share_first,
        ("reservation grant",),
        disciplines=("fair-share",),
    ),
    Law(
        "shares are kept",
        ALWAYS,
        "under quota shares nobody borrows more than he may, nor what its team lends to nobody, nor what its team waits for",
        "quota-shares",
        within_its_share,
        ("reservation grant",),
        disciplines=QUOTA_SHARES,
    ),
)
"""The laws of these disciplines."""
