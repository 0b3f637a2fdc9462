"""The base of everything that reads a journal from its first entry to its last, and keeps what it has seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from hptsim.model.entries import THINGS, Entry

_Method = Callable[[Any, Any], None]


class _Methods(dict[tuple[str, str], _Method]):
    """The methods of a reader by thing and trigger; under an empty trigger, what reads all other entries of the thing."""

    def __missing__(self, kind: tuple[str, str]) -> _Method:
        method = self[kind] = self.get((kind[0], ""), _pass_over)
        return method


def _pass_over(reader: JournalReader, entry: Entry) -> None:
    """Read nothing from an entry for which there is no method."""


class JournalReader:
    """Reads a journal entry by entry: each goes to the method for its thing and trigger.

    A subclass has a method `on_<thing>_<trigger>` for entries of that kind, or `on_<thing>` for all others of the thing.

    >>> from hptsim import Scenario, Simulation, TuningJobSpec
    >>> class Starts(JournalReader):
    ...     def on_training_ready(self, record):
    ...         print(f"{record.time_s:.0f} s")
    >>> sim = Simulation(Scenario(timings="instant")); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> for record in sim.journal:
    ...     Starts().read(record)
    0 s
    """

    _methods: ClassVar[_Methods] = _Methods()

    def __init_subclass__(cls) -> None:
        cls._methods = _Methods()
        for thing in THINGS:
            for name in dir(cls):
                if name == f"on_{thing}" or name.startswith(f"on_{thing}_"):
                    cls._methods[thing, name.removeprefix(f"on_{thing}").removeprefix("_")] = getattr(cls, name)

    def read(self, entry: Entry) -> None:
        """Take in the next entry."""
        self._methods[entry[1], entry[3]](self, entry)

    def read_all(self, entries: Iterable[Entry]) -> Entry | None:
        """Take in all *entries* in order; the last of them, None when there are none."""
        methods, entry = self._methods, None
        for entry in entries:
            methods[entry[1], entry[3]](self, entry)
        return entry
