"""Teams that share an account: whose a tuning job is, and what each team may have of the quota.

The disciplines "fair-share" and "quota-shares" look at it (`hptsim.world.disciplines`). The service itself knows no teams.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.errors import below, invalid, nearest
from hptsim.model.assumptions import QUOTA_SHARES
from hptsim.model.validators import string, table, whole

_COUNTS = table(whole(0), "instances by instance type")
DISCIPLINES_OF_TEAMS = ("fair-share", *QUOTA_SHARES)
"""The disciplines that tell teams apart."""


@attrs.frozen
class Share:
    """What one team may have.

    *weight* is for "fair-share": a team of weight 2 may use twice as much as one of weight 1 before it has to wait for it.
    The others are for "quota-shares", instances by instance type: *quota* is the team's own; of what it does not use of that,
    others may have *lend* (a type that is not named: all); beyond its quota it may have *borrow* (not named: no bound).

    >>> Share(quota={"ml.m5.xlarge": 3}, lend={"ml.m5.xlarge": 1}).kept("ml.m5.xlarge")
    2
    """

    weight: int = attrs.field(default=1, validator=whole(1))
    quota: Mapping[str, int] = attrs.field(factory=dict, validator=_COUNTS)
    lend: Mapping[str, int] = attrs.field(factory=dict, validator=_COUNTS)
    borrow: Mapping[str, int] = attrs.field(factory=dict, validator=_COUNTS)

    def __attrs_post_init__(self) -> None:
        for pool, count in self.lend.items():
            if count > self.quota.get(pool, 0):
                raise invalid(f"lend.{pool}", count, f"at most the team's quota ({self.quota.get(pool, 0)})")

    def kept(self, pool: str) -> int:
        """How many instances of its quota of *pool* the team lends to nobody."""
        quota = self.quota.get(pool, 0)
        return quota - self.lend.get(pool, quota)


def _share(name: str, given: Any) -> Share:
    if isinstance(given, Share):
        return given
    valid = [field.name for field in attrs.fields(Share)]
    if not isinstance(given, Mapping):
        raise invalid(f"shares.{name}", given, "a table with weight, quota, lend and borrow")
    for key in given:
        if key not in valid:
            raise invalid(f"shares.{name}.{key}", key, "a key of a share", nearest(str(key), valid))
    with below(f"shares.{name}"):
        return Share(**given)


def _shares(given: Any) -> Any:
    if not isinstance(given, Mapping):
        raise invalid("shares", given, "a table of shares by team")
    return {name: _share(name, one) for name, one in given.items()}


@attrs.frozen
class Teams:
    """The teams of an account: *tag* is the key of the tag that names a tuning job's team, *shares* is what each may have.

    >>> Teams(shares={"vision": {"weight": 2}}).share("vision").weight
    2
    """

    tag: str = attrs.field(default="team", validator=string())
    shares: Mapping[str, Share] = attrs.field(factory=dict, converter=_shares)

    def of(self, team: str, request: Mapping[str, Any] | None) -> str:
        """The team of a job: *team* where it is said, otherwise the value of the tag in its *request*, or nothing.

        >>> Teams().of("", {"Tags": [{"Key": "team", "Value": "vision"}]}), Teams().of("", None)
        ('vision', '')
        """
        if team or not request:
            return team
        tags = request.get("Tags") or ()
        return next((str(one["Value"]) for one in tags if one["Key"] == self.tag), "")

    def share(self, team: str) -> Share:
        """What *team* may have: one that has no share of its own has a weight of 1, and no quota."""
        return self.shares.get(team, _NOTHING)

    def unknown(self, team: str) -> str:
        """What is wrong with *team*; nothing where it has a share, or where no shares are given.

        >>> Teams(shares={"vision": Share()}).unknown("visoin")
        "the team is 'visoin', and the teams with a share are vision; did you mean 'vision'?"
        """
        if not self.shares or team in self.shares:
            return ""
        known = f"and the teams with a share are {', '.join(self.shares)}"
        given = f"the team is {team!r}" if team else f"there is no team (a tag {self.tag!r}, or team)"
        hint = nearest(team, list(self.shares)) if team else ""
        return f"{given}, {known}" + (f"; {hint}" if hint else "")

    def check(self, discipline: str, capacity: Mapping[str, int]) -> None:
        """Refuse shares that cannot be kept (InvalidInput): of what is not limited, or more than there is; or none at all."""
        if discipline not in QUOTA_SHARES:
            return
        if not any(one.quota for one in self.shares.values()):
            raise invalid(
                "teams.shares", dict(self.shares), f'a quota of at least one team with discipline "{discipline}"'
            )
        for name, share in self.shares.items():
            for key in ("quota", "borrow"):
                for pool in getattr(share, key):
                    if pool not in capacity and "*" not in capacity:
                        where = f"teams.shares.{name}.{key}.{pool}"
                        raise invalid(where, pool, "an instance type of capacity", nearest(pool, list(capacity)))
        for pool in dict.fromkeys(pool for share in self.shares.values() for pool in share.quota):
            given = sum(share.quota.get(pool, 0) for share in self.shares.values())
            limit = capacity.get(pool, capacity.get("*", given))
            if given > limit:
                raise invalid(f"teams.shares: the quota of {pool}", given, f"at most capacity ({limit}) over all teams")


_NOTHING = Share()
