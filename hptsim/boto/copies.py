"""Who has a copy of a function of `time`: modules and default arguments are patched, and a warning tells of others."""

from __future__ import annotations

import contextlib
import gc
import inspect
import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import CellType, FunctionType, ModuleType
from typing import Any

import attrs

_MISSING = object()
_TESTING = frozenset({"_pytest", "pytest", "hypothesis", "hptsim", "time_machine", "time"})
"""Packages that measure real time, and ours."""
_QUIET = frozenset({"", "botocore", *sys.stdlib_module_names})
"""No warning tells of these; botocore's handlers of retries keep a copy for long polls of other services."""


class UnreachedClock(UserWarning):
    """Something sleeps, or reads a clock, in real time although its thread is in virtual time."""


def replace(undo: contextlib.ExitStack, place: Any, name: str, value: Any) -> None:
    """Set an attribute until *undo* is closed."""
    before = vars(place).get(name, _MISSING)
    setattr(place, name, value)
    if before is _MISSING:
        undo.callback(delattr, place, name)
    else:
        undo.callback(setattr, place, name, before)


@attrs.frozen(eq=False)
class _Copy:
    """A copy in the global names of a module, or in the default arguments of a function."""

    holder: Any
    name: str
    real: Any

    def change(self, old: Any, new: Any) -> None:
        """Put *new* where *old* is; nothing where something else is by now."""
        if self.name == "__defaults__":
            self.holder.__defaults__ = (
                tuple(new if one is old else one for one in self.holder.__defaults__ or ()) or None
            )
            return
        names = self.holder.__kwdefaults__ or {} if isinstance(self.holder, FunctionType) else self.holder
        if names.get(self.name) is old:
            names[self.name] = new


class _Found:
    """What the last search has found: it goes through all objects, so it is made when modules have been imported."""

    modules = -1
    """How many modules there were."""
    copies: Sequence[_Copy] = ()
    told: set[str] = set()  # noqa: RUF012 - one for the process
    """Of whom a warning was given."""


def reach(pairs: Mapping[Any, Any], left: Collection[str]) -> Callable[[], None]:
    """Put a function of *pairs*' values wherever a module or a default argument has its key; returns what undoes it.

    Packages of *left* are left alone. Warns, once for each, of classes, objects and closures that have kept a key.
    """
    if _Found.modules != len(sys.modules):
        _Found.modules = len(sys.modules)
        found = list(_found(list(pairs), {*left, *_TESTING}))
        _Found.copies = [one for one in found if isinstance(one, _Copy)]
        for text in sorted({one for one in found if isinstance(one, str)} - _Found.told):
            _Found.told.add(text)
            warnings.warn(f"{text}, and stays in real time; call it by that name", UnreachedClock, stacklevel=6)
    copies = _Found.copies
    for copy in copies:
        copy.change(copy.real, pairs[copy.real])

    def undo() -> None:
        for copy in copies:
            copy.change(pairs[copy.real], copy.real)

    return undo


def _found(reals: Sequence[Any], left: Collection[str]) -> Iterator[_Copy | str]:
    """The copies of *reals* that can be changed, and in words who else keeps one."""
    modules = {id(vars(module)): name for name, module in list(sys.modules.items()) if isinstance(module, ModuleType)}
    elsewhere = []
    for holder in gc.get_referrers(*reals):
        if id(holder) not in modules:
            elsewhere.append(holder)
        elif _root(modules[id(holder)]) not in left:
            yield from (_Copy(holder, name, real) for name, real in _held(list(holder.items()), reals))
    kinds = {id(one): one for one in elsewhere if isinstance(one, (tuple, dict, CellType))}
    for holder in elsewhere:  # an object, whose attributes need no dictionary
        if id(holder) not in kinds:
            yield from _kept(holder, reals, {*left, *_QUIET})
    for owner in gc.get_referrers(*kinds.values()) if kinds else ():
        if isinstance(owner, FunctionType) and _root(owner.__module__) not in left:
            if id(owner.__defaults__) in kinds:
                yield from (
                    _Copy(owner, "__defaults__", real) for _, real in _held(enumerate(owner.__defaults__ or ()), reals)
                )
            yield from (_Copy(owner, name, real) for name, real in _held((owner.__kwdefaults__ or {}).items(), reals))
        yield from _kept(owner, reals, {*left, *_QUIET})


def _kept(owner: Any, reals: Sequence[Any], quiet: Collection[str]) -> Iterator[str]:
    """Who keeps one of *reals* where it is not changed, in words: a class, an object, or a function with a closure."""
    if isinstance(owner, tuple):  # of cells
        for function in gc.get_referrers(owner):
            if (
                isinstance(function, FunctionType)
                and function.__closure__ is owner
                and _root(function.__module__) not in quiet
            ):
                held = _held(inspect.getclosurevars(function).nonlocals.items(), reals)
                yield from (f"{_name(function)} keeps time.{real.__name__} in its closure" for _, real in held)
        return
    names = getattr(owner, "__dict__", None)
    if isinstance(owner, ModuleType | FunctionType) or not isinstance(names, Mapping):
        return
    kind, words = (owner, "") if isinstance(owner, type) else (type(owner), " of an object")
    if _root(kind.__module__) not in quiet:
        for _, real in _held(list(names.items()), reals):
            yield f"{_name(kind)} keeps time.{real.__name__} as an attribute{words}"


def _held(items: Iterable[tuple[Any, Any]], reals: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Those items whose value is one of *reals*."""
    return ((name, value) for name, value in items if any(value is real for real in reals))


def _name(owner: Any) -> str:
    return f"{owner.__module__}.{owner.__qualname__}"


def _root(name: str | None) -> str:
    return (name or "").partition(".")[0]
