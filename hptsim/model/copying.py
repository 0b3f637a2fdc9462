"""Records made and copied fast: there are millions of them."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class _Make(Protocol):
    def __call__(self, kind: type[T], values: tuple[Any, ...], /) -> T: ...


make: _Make = tuple.__new__  # type: ignore[assignment]
"""A named tuple of all its values, in order and without defaults, made without the detour through its own Python code."""


def duplicate(record: T) -> T:
    """A shallow copy of a record that keeps its attributes in a dictionary; faster than copy.copy.

    >>> import attrs
    >>> job = attrs.make_class("Job", ["epochs"], slots=False)(3)
    >>> duplicate(job), duplicate(job) is job
    (Job(epochs=3), False)
    """
    twin = object.__new__(type(record))
    twin.__dict__.update(record.__dict__)
    return twin
