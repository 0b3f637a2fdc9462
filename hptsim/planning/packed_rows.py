"""Rows of figures of tuning jobs that have ended, in columns: a fifth of a kilobyte for each, in place of a whole one.

A table of a million jobs has a million rows. Those of jobs that have not ended stay as they are.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from hptsim.planning.usage import TuningJobFigures

_FIELDS = tuple(field.name for field in attrs.fields(TuningJobFigures))
_NUMBERS = tuple(
    field.name
    for field in attrs.fields(TuningJobFigures)
    if str(field.type) in ("float", "float | None", "int") and field.name != "priority"
)
"""Fields that are kept as floats, NaN for None; a priority may have more digits than a float."""
_OTHERS = tuple(name for name in _FIELDS if name not in (*_NUMBERS, "waited_for"))
_NAMES = frozenset(_FIELDS)
_WHOLE = frozenset(field.name for field in attrs.fields(TuningJobFigures) if str(field.type) == "int")


class PackedRows(Sequence[TuningJobFigures]):
    """Rows in order of creation, of which those that have ended are packed; what it gives of them are copies.

    >>> rows, first = PackedRows(), TuningJobFigures(name="a", created_s=0.0)
    >>> rows.append(first); rows.append(TuningJobFigures(name="b", created_s=5.0))
    >>> first.waiting_s = 3.0; rows.pack(first)
    >>> [(row.name, row.waiting_s) for row in rows], rows[0] == first
    ([('a', 3.0), ('b', None)], True)
    """

    def __init__(self) -> None:
        self._numbers = {name: array("d") for name in _NUMBERS}
        self._others: dict[str, list[Any]] = {name: [] for name in _OTHERS}
        self._waited_s, self._first = array("d"), array("q")
        """The times of all rows' `waited_for` in a line, and where those of each row begin."""
        self._waited_for: list[tuple[str, ...]] = []
        """The limits that they are about."""
        self._known: dict[Any, Any] = {}
        """One of each value that many rows share: a status, how many training jobs ended how."""
        self._alive: dict[int, TuningJobFigures] = {}
        self._places: dict[str, int] = {}
        self._count = 0

    def append(self, row: TuningJobFigures) -> None:
        """Add a row, which may still change."""
        self._alive[self._count] = row
        self._places[row.name] = self._count
        self._count += 1
        for numbers in self._numbers.values():
            numbers.append(math.nan)
        for others in self._others.values():
            others.append(None)
        self._first.append(0)
        self._waited_for.append(())

    def pack(self, row: TuningJobFigures) -> None:
        """Put a row that will not change any more into the columns."""
        place = self._places.pop(row.name)
        del self._alive[place]
        for name, numbers in self._numbers.items():
            value = getattr(row, name)
            numbers[place] = math.nan if value is None else value
        for name, others in self._others.items():
            value = getattr(row, name)
            if name == "name" or value == row.name:  # a template of its own, which no other row shares
                others[place] = row.name
                continue
            key = (name, tuple(value.items())) if isinstance(value, dict) else (name, value)
            others[place] = self._known.setdefault(key, value)
        if row.waited_for:
            limits = tuple(row.waited_for)
            self._waited_for[place] = self._known.setdefault(("waited_for", limits), limits)
            self._first[place] = len(self._waited_s)
            self._waited_s.extend(row.waited_for.values())

    @property
    def alive(self) -> list[TuningJobFigures]:
        """The rows that are not packed."""
        return list(self._alive.values())

    def value(self, place: int, name: str) -> Any:
        """A field of a packed row."""
        if name == "waited_for":
            limits, first = self._waited_for[place], self._first[place]
            return dict(zip(limits, self._waited_s[first : first + len(limits)], strict=True))
        if name not in self._numbers:
            return self._others[name][place]
        number = self._numbers[name][place]
        if math.isnan(number):
            return None
        return int(number) if name in _WHOLE else number

    def whole(self, place: int) -> TuningJobFigures:
        """A packed row as it was."""
        return TuningJobFigures(**{name: self.value(place, name) for name in _FIELDS})

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._count))]
        if not -self._count <= place < self._count:
            raise IndexError(place)
        place %= self._count
        return self._alive.get(place) or PackedRow(self, place)

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(self._count))


class PackedRow:
    """A row that stands in columns: it reads like `TuningJobFigures`, and takes almost no memory of its own."""

    __slots__ = ("_place", "_rows")

    def __init__(self, rows: PackedRows, place: int) -> None:
        self._rows, self._place = rows, place

    def __getattr__(self, name: str) -> Any:
        if name in _NAMES:
            return self._rows.value(self._place, name)
        computed = getattr(TuningJobFigures, name)
        if isinstance(computed, property) and computed.fget is not None:
            return computed.fget(self)
        return getattr(self._rows.whole(self._place), name)

    def __eq__(self, other: object) -> bool:
        whole = self._rows.whole(self._place)
        return whole == (other._rows.whole(other._place) if isinstance(other, PackedRow) else other)

    __hash__ = None  # type: ignore[assignment]
