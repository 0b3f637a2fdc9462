"""States as digests that processes which were forked from one another have in common: equal for equal states."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from math import isfinite
from typing import Any

import attrs

from hptsim.explorer.parts import Part as Part
from hptsim.explorer.parts import Parts as Parts
from hptsim.explorer.parts import Slot


class Fingerprints:
    """Digests of 128 bits of states, made of those of their parts: each content of a part is written out once.

    The digests of the parts are added, in whatever order. Two different states have the same one with a probability of 2**-128.

    >>> parts = Parts()
    >>> slot = parts.slot("order", "quota")
    >>> one, other = slot.number(Part({"order": ("a",)})), slot.number(Part({"order": ("a", "b")}))
    >>> Fingerprints().of([(slot, one)]) == Fingerprints().of([(slot, one)]) != Fingerprints().of([(slot, other)])
    True
    """

    def __init__(self) -> None:
        self._marks: dict[tuple[Slot, int], int] = {}

    def of(self, parts: Iterable[tuple[Slot, int]]) -> bytes:
        """The digest of a state that is given as the contents of its parts, by number."""
        marks = self._marks
        total = 0
        for part in parts:
            total += marks.get(part) or self._mark(part)
        return (total % 2**128).to_bytes(16, "little")

    def _mark(self, part: tuple[Slot, int]) -> int:
        slot, number = part
        text = written((slot.kind, slot.key, slot.values[number]))
        mark = self._marks[part] = int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "little")
        return mark


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
