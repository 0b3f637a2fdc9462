"""Values as digests that processes which were forked from one another have in common: equal for equal values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from hashlib import blake2b
from math import isfinite
from typing import Any

import attrs


class Fingerprints:
    """Digests of 128 bits of values that are made of few different parts: each part is written out once.

    Two different values have the same digest with a probability of 2**-128.

    >>> fingerprints = Fingerprints()
    >>> fingerprints.of(["a", frozenset({1, 2})]) == fingerprints.of(["a", frozenset({2, 1.0})])
    True
    >>> fingerprints.of(["ab", ""]) == fingerprints.of(["a", "b"])
    False
    """

    def __init__(self) -> None:
        self._marks: dict[Hashable, bytes] = {}

    def of(self, parts: Iterable[Hashable]) -> bytes:
        """The digest of a value that is given as its parts, in order."""
        return _digest(b"".join([self._marks.get(part) or self._mark(part) for part in parts]))

    def _mark(self, part: Hashable) -> bytes:
        mark = self._marks[part] = _digest(written(part).encode())
        return mark


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()


def written(value: Any) -> str:
    """A value as a text that is the same for equal ones, in whatever order their sets are.

    >>> written((True, "a", None, frozenset({"b", "a"}))), written(1.5)
    ("(1,'a',None,{'a','b'})", '1.5')
    """
    if isinstance(value, str):
        return str.__repr__(value)
    if isinstance(value, (int, float)):
        return repr(int(value) if isfinite(value) and value == int(value) else value)
    if value is None:
        return "None"
    if isinstance(value, (tuple, list)):
        return f"({','.join(map(written, value))})"
    if isinstance(value, (set, frozenset)):
        return f"{{{','.join(sorted(map(written, value)))}}}"
    if attrs.has(type(value)):
        return type(value).__name__ + written([getattr(value, field.name) for field in attrs.fields(type(value))])
    raise TypeError(f"a part of a state is a {type(value).__name__}, which has no fingerprint")
