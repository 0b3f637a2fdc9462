"""Tags as the service has them: a list of keys and values in requests and answers, a dictionary in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptsim.errors import invalid

MAX_TAGS = 50
"""At most this many tags has a job."""


def tags_of(request: Mapping[str, Any]) -> dict[str, str]:
    """The Tags member of a request as a dictionary.

    >>> tags_of({"Tags": [{"Key": "team", "Value": "vision"}]})
    {'team': 'vision'}
    """
    return {tag["Key"]: tag["Value"] for tag in request.get("Tags") or ()}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as an answer has them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def check_tags(tags: Mapping[str, str], given: Any) -> None:
    """Refuse *given* tags (InvalidInput): a key twice, a reserved key, or more than `MAX_TAGS` in all of *tags*."""
    keys = [tag["Key"] for tag in given]
    if len(set(keys)) < len(keys):
        raise invalid("Tags", keys, "no key twice")
    if len(tags) > MAX_TAGS:
        raise invalid("Tags", len(tags), f"at most {MAX_TAGS} tags")
    for key in keys:
        if key.lower().startswith("aws:"):
            raise invalid("Tags", key, "a key that does not begin with 'aws:', which is reserved")
