"""The append-only log: one writer, and everything that can be observed is a view of it.

An entry says when (seconds since the epoch), which kind of thing, its name, the trigger, from which state to which,
the data that came with it, and the step that it belongs to. `model.payloads` says what comes with which entry.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import Any

from hptsim.errors import invalid
from hptsim.model.copying import make
from hptsim.model.entries import QUEUED as QUEUED
from hptsim.model.entries import THINGS as THINGS
from hptsim.model.entries import Entry as Entry
from hptsim.model.entries import Record as Record
from hptsim.model.entries import change as change
from hptsim.model.entries import steps as steps
from hptsim.model.journal_file import JournalWriter
from hptsim.model.journal_file import Saved as Saved
from hptsim.model.journal_file import read as read
from hptsim.model.journal_lines import encode as encode

_BATCH = 1000
"""At most this many entries wait until they are written to a file."""


class Journal:
    """A log in memory, in a file, or as counts only.

    With *path* every entry goes to that file: at most 1,000 later, and at the latest when a command, a step or a run of the
    simulation returns. The file is closed by `close`, or when the journal is no longer in use, or when the process
    ends, also by an exception; a killed process leaves a file without its closing line. Without *keep* none stays in memory, only
    the `counts` by thing and trigger, and a simulation forgets the jobs that have ended: for runs of millions of training jobs.
    *readers* are called with each record once, in order, before it leaves the memory; `spill` brings them up to date.

    >>> journal = Journal()
    >>> journal.entries.append((0.0, "log", "a", "", "", "", "hello", 1))
    >>> [record.data for record in journal]
    ['hello']
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        keep: bool = True,
        readers: Sequence[Callable[[Record], None]] = (),
    ) -> None:
        self.path = Path(path) if path is not None else None
        self.keep = keep
        self.readers = tuple(readers)
        self.entries: list[Entry] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self.written = 0
        self._writer: JournalWriter | None = None
        self._closing: weakref.finalize[[], Journal] | None = None
        self._seen = self._spilled = 0

    def open(self, header: Mapping[str, Any]) -> None:
        """Begin: write the header, if there is a file."""
        if self.path is not None and self._writer is None:
            self._writer = JournalWriter(self.path, header, self.entries)
            self._closing = weakref.finalize(self, self._writer.close)

    @property
    def write(self) -> Callable[[Entry], None]:
        """What takes the next entry."""
        return self._add if self._writer is not None and self.keep else self.entries.append

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if len(self.entries) - self._spilled >= _BATCH:
            self.flush()

    def fresh(self) -> Sequence[Entry]:
        """The entries since the last call."""
        new = self.entries[self._seen :]
        self._seen = len(self.entries)
        return new

    def spill(self) -> None:
        """Bring what is new to the file and the counts; where nothing is kept it then leaves the memory."""
        new = self.entries[self._spilled :]
        for reader in self.readers:
            for record in map(make, repeat(Record), new):
                reader(record)
        if self._writer is not None:
            self._writer.write()
        self._counts.update([(entry[1], entry[3]) for entry in new])
        if self.keep:
            self._spilled = len(self.entries)
        else:
            self.written += len(new)
            self.entries.clear()
            self._seen = self._spilled = 0
            if self._writer is not None:
                self._writer.emptied()

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many entries there are by thing and trigger."""
        self.spill()
        return self._counts

    def close(self) -> None:
        """Write what is left and the closing line; what is written later stays in memory."""
        self.spill()
        if self._closing is not None:
            self._closing()
            self._writer = self._closing = None

    def flush(self, until_s: float | None = None) -> None:
        """Write everything up to now to the file; *until_s* is now, which may be later than the last entry."""
        if self._writer is not None:
            self.spill()
            if until_s is not None:
                self._writer.went_until(until_s)
            self._writer.flush()

    def rewind(self, length: int) -> None:
        """Forget everything after the first *length* entries (an earlier snapshot was restored).

        Raises InvalidInput where there are readers: they cannot forget.
        """
        if self.readers:
            raise invalid("journal", "one with readers", "one without, to go back to a snapshot")
        del self.entries[length:]
        self._seen, self._spilled = length, 0
        self._counts.clear()
        if self._writer is not None:  # the file is written again from its header
            self._writer.begin_again()

    def __len__(self) -> int:
        return self.written + len(self.entries)

    def __iter__(self) -> Iterator[Record]:
        if self.keep:
            yield from map(make, repeat(Record), self.entries)
        elif self.path is not None:
            self.flush()
            yield from read(self.path).records
        else:
            raise invalid("journal", "counts only", "a journal that is kept in memory or in a file")

    def __getitem__(self, place: slice) -> list[Record]:
        return list(map(make, repeat(Record), self.entries[place]))
