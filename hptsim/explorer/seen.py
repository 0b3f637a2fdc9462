"""Which states a search has seen, by number: told apart by their keys, or by digests of 64 bits in a compact table.

Hash compaction (Wolper and Leroy 1993; Stern and Dill 1995): a state whose digest another one has is taken for it, and what only
it leads to is left out.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from hashlib import blake2b
from math import expm1
from typing import Protocol

BITS = 64
"""The length of a digest."""
_EMPTY_SLOTS = 1 << 16


class Seen(Protocol):
    """The states that were found, numbered from 0 in the order in which they were."""

    def number(self, key: Hashable) -> int:
        """The number of the state with this key; one that was not seen before has the next."""

    def __len__(self) -> int:
        """How many there are."""


class Exact:
    """States told apart by their keys.

    >>> seen = Exact()
    >>> seen.number("a"), seen.number("b"), seen.number("a"), len(seen)
    (0, 1, 0, 2)
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def number(self, key: Hashable) -> int:
        """The number of the state with this key; one that was not seen before has the next."""
        return self._numbers.setdefault(key, len(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)


class Compacted:
    """States told apart by digests of 64 bits: 12 bytes for each place in a table that is one to two thirds empty.

    >>> seen = Compacted()
    >>> seen.number((1, 2)), seen.number((2, 1)), seen.number((1, 2)), len(seen)
    (0, 1, 0, 2)
    """

    def __init__(self) -> None:
        self._count = 0
        self._make(_EMPTY_SLOTS)

    def _make(self, slots: int) -> None:
        self._slots = slots
        self._digests = array("Q", bytes(8 * slots))
        self._numbers = array("I", bytes(4 * slots))
        """The number of a state and one more; 0 where there is none."""

    def number(self, key: Hashable) -> int:
        """The number of the state with this key; one whose digest was not seen before has the next."""
        wanted = digest(key)
        place = self._place(wanted)
        if not self._numbers[place]:
            if 3 * self._count >= 2 * self._slots:
                self._grow()
                place = self._place(wanted)
            self._count += 1
            self._digests[place], self._numbers[place] = wanted, self._count
        return self._numbers[place] - 1

    def _place(self, wanted: int) -> int:
        """Where a digest stands, or the empty place where it would."""
        digests, numbers, last = self._digests, self._numbers, self._slots - 1
        place = wanted & last
        while numbers[place] and digests[place] != wanted:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        """The same in a table of twice the size."""
        digests, numbers = self._digests, self._numbers
        self._make(2 * self._slots)
        for wanted, number in zip(digests, numbers, strict=True):
            if number:
                place = self._place(wanted)
                self._digests[place], self._numbers[place] = wanted, number

    def __len__(self) -> int:
        return self._count


def digest(key: Hashable) -> int:
    """64 bits of a key that is bytes, or whose repr() is the same for equal keys.

    >>> digest((1, 2)) == digest((1, 2)) != digest((12,))
    True
    """
    text = key if isinstance(key, bytes) else repr(key).encode()
    return int.from_bytes(blake2b(text, digest_size=BITS // 8).digest(), "little")


def omission_probability(states: int) -> float:
    """How likely it is that a search which found so many states by their digests has left out any: the birthday estimate.

    The digests are taken for independent and uniform. The first state that is left out has the digest of one of the *k* that
    were found before it, each with a probability of 2**-64; over all of them this is about states**2 / 2**65.

    >>> f"{omission_probability(1_000_000):.1e}", omission_probability(1)
    ('2.7e-08', 0.0)
    """
    return 0.0 - expm1(-states * (states - 1) / 2 / 2.0**BITS)
