"""The append-only log: one writer, and everything that can be observed is a view of it.

An entry says when (seconds since the epoch), which kind of thing, its name, the trigger, from which state to which,
and the data that came with it. On disk an entry is one line of JSON; the first line is a header, the last one a count.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

from hptsim.errors import InvalidInput, invalid
from hptsim.model.account import Account
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ServiceLimits
from hptsim.model.request_writer import to_request
from hptsim.model.specs import TuningJobSpec
from hptsim.model.tables import TUNING

FORMAT = 1
THINGS = ("tuning", "training", "reservation", "occupancy", "artifact", "log", "signal", "refused", "warm_pool")
Entry = tuple[float, str, str, str, str, str, Any]
"""A journal entry as the world writes it: time, thing, name, trigger, source, destination, data."""


class Record(NamedTuple):
    """One journal entry."""

    time_s: float
    thing: str
    name: str
    trigger: str
    source: str
    destination: str
    data: Any

    def __str__(self) -> str:
        arrow = f": {self.source} → {self.destination}" if self.source else ""
        detail = f" {self.data}" if isinstance(self.data, (str, float)) else ""
        return f"{self.time_s:10.1f} s  {self.thing} {self.name} {self.trigger}{arrow}{detail}"


_made: Any = tuple.__new__
"""Makes a record of an entry without the detour of Record._make through Python: journals have millions."""


class Journal:
    """A log in memory, in a file, or as counts only.

    With *path* every entry goes to that file. Without *keep* none stays in memory, only the `counts` by thing and trigger,
    and a simulation forgets the jobs that have ended: for runs of millions of training jobs.

    >>> journal = Journal()
    >>> journal.entries.append((0.0, "log", "a", "", "", "", "hello"))
    >>> [record.data for record in journal]
    ['hello']
    """

    def __init__(self, path: str | Path | None = None, *, keep: bool = True) -> None:
        self.path = Path(path) if path is not None else None
        self.keep = keep
        self.entries: list[Entry] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self.written = 0
        self._file: TextIOWrapper | None = None
        self._header = ""
        self._seen = self._spilled = 0

    def open(self, header: Mapping[str, Any]) -> None:
        """Begin: write the header, if there is a file."""
        if self.path is not None and self._file is None:
            self._header = json.dumps({"hptsim": FORMAT, **header}) + "\n"
            self._file = self.path.open("w", encoding="utf-8")
            self._file.write(self._header)

    def fresh(self) -> Sequence[Entry]:
        """The entries since the last call."""
        new = self.entries[self._seen :]
        self._seen = len(self.entries)
        return new

    def spill(self) -> None:
        """Bring what is new to the file and the counts; where nothing is kept it then leaves the memory."""
        new = self.entries[self._spilled :]
        if self._file is not None:
            self._file.writelines(map(encode, new))
        self._counts.update([(entry[1], entry[3]) for entry in new])
        if self.keep:
            self._spilled = len(self.entries)
        else:
            self.written += len(new)
            self.entries.clear()
            self._seen = self._spilled = 0

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """How many entries there are by thing and trigger."""
        self.spill()
        return self._counts

    def close(self) -> None:
        """Write what is left and the closing line."""
        self.spill()
        if self._file is not None:
            self._file.write(json.dumps({"end": len(self)}) + "\n")
            self._file.close()
            self._file = None

    def flush(self) -> None:
        """See that everything up to now is on disk."""
        self.spill()
        if self._file is not None:
            self._file.flush()

    def rewind(self, length: int) -> None:
        """Forget everything after the first *length* entries (an earlier snapshot was restored)."""
        del self.entries[length:]
        self._seen, self._spilled = length, 0
        self._counts.clear()
        if self._file is not None:  # what follows is another story: the file begins anew
            self._file.seek(0)
            self._file.truncate()
            self._file.write(self._header)

    def __len__(self) -> int:
        return self.written + len(self.entries)

    def __iter__(self) -> Iterator[Record]:
        if self.keep:
            yield from map(_made, repeat(Record), self.entries)
        elif self.path is not None:
            self.flush()
            yield from read(self.path).records
        else:
            raise invalid("journal", "counts only", "a journal that is kept in memory or in a file")

    def __getitem__(self, place: slice) -> list[Record]:
        return list(map(_made, repeat(Record), self.entries[place]))


_SIGNS = {
    ("reservation", "grant"): 1,
    ("reservation", "release"): -1,
    ("occupancy", "occupy"): 1,
    ("occupancy", "vacate"): -1,
}


def change(record: Record) -> Mapping[str, int]:
    """By how much of each pool a record changes what is reserved or, when it is about an occupancy, what is in use.

    >>> change(Record(0.0, "occupancy", "a-001", "vacate", "", "", {"ml.m5.xlarge": 2}))
    {'ml.m5.xlarge': -2}
    """
    sign = _SIGNS.get((record.thing, record.trigger))
    if sign is None:
        moves: Mapping[str, int] = record.data["change"] if record.trigger == "move" else {}
        return moves
    amounts = record.data["amounts"] if record.thing == "reservation" else record.data
    return {pool: sign * count for pool, count in amounts.items()}


def encode(entry: Entry) -> str:
    """An entry as a line of JSON."""
    time_s, thing, name, trigger, source, destination, data = entry
    if isinstance(data, dict) and "spec" in data:
        data = {"request": to_request(data["spec"]), "priority": data["spec"].priority}
    line = {"t": time_s, "thing": thing, "name": name, "trigger": trigger, "from": source, "to": destination}
    return _to_json({**line, "data": data}) + "\n"


_to_json = json.JSONEncoder(default=dict).encode


def decode(line: Any) -> Record:
    """A line of JSON, parsed, as a record; raises ValueError when it is none."""
    if not isinstance(line, dict) or line.keys() != {"t", "thing", "name", "trigger", "from", "to", "data"}:
        raise ValueError("not a journal entry")
    if line["thing"] not in THINGS or not isinstance(line["t"], (int, float)) or not math.isfinite(line["t"]):
        raise ValueError(f"no thing is called {line['thing']!r}")
    data = line["data"]
    if line["thing"] == "tuning" and line["trigger"] == "create":
        data = {"spec": TuningJobSpec.from_request(data["request"], priority=data["priority"])}
    return Record(line["t"], line["thing"], line["name"], line["trigger"], line["from"], line["to"], data)


class Saved(NamedTuple):
    """A journal read from a file: its header, its records, and what is wrong with the file, if anything."""

    header: dict[str, Any]
    records: list[Record]
    damage: str

    @property
    def account(self) -> Account:
        """The account that the journal was written for."""
        plain = self.header["account"]
        limits, assumptions = ServiceLimits(**plain["limits"]), Assumptions(**plain["assumptions"])
        return Account(plain["capacity"], limits, assumptions, plain.get("warm_pool_capacity", {}))


def read(path: str | Path) -> Saved:
    """Read a journal; a damaged one up to the damage, which `Saved.damage` describes.

    Raises InvalidInput when the file is missing or no journal at all.
    """
    where = Path(path)
    try:
        lines = where.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise invalid(str(path), error.strerror, "a readable journal file") from error
    try:
        header = json.loads(lines[0])
        if header["hptsim"] != FORMAT or "account" not in header:
            raise ValueError
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"{path}:1: this is no journal of hptsim; expected its header line (hptsim run --journal)",
        ) from error
    records: list[Record] = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            parsed = json.loads(line)
            if isinstance(parsed, dict) and parsed.keys() == {"end"}:
                if parsed["end"] != len(records):
                    raise ValueError(f"it should close {parsed['end']} entries, there are {len(records)}")
                if number < len(lines):
                    raise ValueError("there is more after its closing line")
                return Saved(header, records, "")
            record = decode(parsed)
            if records and record.time_s < records[-1].time_s:
                raise ValueError("time runs back")
            records.append(record)
        except (KeyError, TypeError, ValueError) as error:
            damage = f"{path}:{number}: damaged ({error}); read up to there: {len(records)} entries"
            return Saved(header, records, damage)
    return Saved(header, records, f"{path}: it has no closing line, the tail is missing; read {len(records)} entries")


_CAUSED = {("tuning", "child_ended"), ("tuning", "give_up"), ("tuning", "criterion"), ("training", "create")} | {
    (thing, trigger)
    for thing, triggers in {
        "reservation": ("grant", "withdraw", "move", "release"),
        "occupancy": ("occupy", "vacate"),
        "signal": ("SIGTERM", "stop"),
        "artifact": ("store",),
        "log": ("",),
        "warm_pool": ("open", "job_ended", "reuse"),
    }.items()
    for trigger in triggers
}
"""What never happens by itself: the effects of rows, and what they lead to within the same step."""
_STOPPING_CHILDREN = {("tuning", row.trigger, row.source) for row in TUNING.rows if "STOP_CHILDREN" in row.effects}


def steps(records: Iterable[Record]) -> Iterator[list[Record]]:
    """A journal in steps: each begins with a command or an event, and goes on with what that led to.

    Where a step ends is not on disk; it follows from which entries can begin one.
    """
    step: list[Record] = []
    for record in records:
        root = step[0] if step else record
        caused = (record.thing, record.trigger) in _CAUSED
        if record.trigger == "launch":  # by itself on idle instances, or granted in somebody else's step
            caused = record.data is not None
        elif record.trigger == "ask":  # at creation, or by a launch that finds nothing idle
            caused = (root.thing, root.trigger) == ("tuning", "create") and len(step) == 1
        elif (record.thing, record.trigger) == ("training", "stop"):  # with its tuning job, or by a step of its own
            stopping = {one.name for one in step if (one.thing, one.trigger, one.source) in _STOPPING_CHILDREN}
            told = any((one.thing, one.name) == ("signal", record.name) for one in step)
            caused = record.name.rsplit("-", 2)[0] in stopping and not told
        if step and not caused:
            yield step
            step = []
        step.append(record)
    if step:
        yield step
