"""Whose a tuning job is: teams share an account, and say so with a tag."""

from __future__ import annotations

from hptsim.model.specs import TuningJobSpec

TEAM = "team"
"""The key of the tag that names a team, in any case of letters."""


def team_of(spec: TuningJobSpec) -> str:
    """The value of the tag `team` of a tuning job's request; nothing where it has none.

    >>> team_of(TuningJobSpec("demo", request={"Tags": [{"Key": "Team", "Value": "vision"}]}))
    'vision'
    """
    tags = (spec.request or {}).get("Tags") or ()
    return next((tag["Value"] for tag in tags if tag["Key"].lower() == TEAM), "")
