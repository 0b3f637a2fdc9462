"""A fast shallow copy of a record."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


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
