"""A journal as a file: a header, a line of JSON for each entry, and a closing line.

The closing line has the number of entries and the second until which the run went: it may have gone on after the last entry.
Every line ends with a checksum (CRC-32) of all lines up to there, itself included, so that a file that was damaged is told
apart from a run that broke a law.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from hptsim import __version__
from hptsim.errors import InvalidInput, invalid
from hptsim.model import journal_format_1
from hptsim.model.account import Account
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import ServiceLimits
from hptsim.model.entries import Entry, Record
from hptsim.model.journal_lines import decode, encode
from hptsim.model.teams import Teams

FORMAT = 3
_WITHOUT_CHECKSUMS, _WITHOUT_END = 1, 2
"""Older formats: one has no checksums either, the other's closing line does not say until when the run went."""
_KNOWN = (_WITHOUT_CHECKSUMS, _WITHOUT_END, FORMAT)
HEADER = ("hptsim", "version", "scenario", "seed", "epoch", "account", "stop_propagation_s")
_CHECK = ', "crc": "%08x"}\n'
_CHECK_LENGTH = len(_CHECK % 0)


class JournalWriter:
    """Writes the entries of a list to a file, in batches. *header* names the scenario, its seed and epoch, and the account."""

    def __init__(self, path: Path, header: Mapping[str, Any], entries: list[Entry]) -> None:
        self._entries = entries
        self._file = path.open("w", encoding="ascii", newline="\n")
        self._header = json.dumps({"hptsim": FORMAT, "version": __version__, **header}) + "\n"
        self.begin_again()

    def begin_again(self) -> None:
        """Empty the file down to its header."""
        self._file.seek(0)
        self._file.truncate()
        self._crc = self._count = self._written = 0
        self._until_s = 0.0
        self._file.write(self._checked(self._header))
        self._file.flush()

    def write(self) -> None:
        """Add what has come to the list since the last time."""
        if new := self._entries[self._written :]:
            checked = self._checked
            self._file.writelines([checked(encode(entry)) for entry in new])
            self._written += len(new)
            self._count += len(new)
            self.went_until(new[-1][0])

    def went_until(self, time_s: float) -> None:
        """Note for the closing line that the run went until *time_s*, if not longer."""
        self._until_s = max(self._until_s, time_s)

    def emptied(self) -> None:
        """The list was emptied: what comes to it from now on is new."""
        self._written = 0

    def flush(self) -> None:
        """Write everything up to now to the file."""
        self.write()
        self._file.flush()

    def close(self) -> None:
        """Write what is left and the closing line, which says how many entries there are and until when the run went."""
        self.write()
        self._file.write(self._checked(json.dumps({"end": self._count, "until_s": self._until_s}) + "\n"))
        self._file.close()

    def _checked(self, line: str) -> str:
        body = line[:-2]
        self._crc = crc = crc32(body.encode("ascii"), self._crc)
        return body + _CHECK % crc


class Saved(NamedTuple):
    """A journal read from a file: its header, its records, and what is wrong with the file, if anything.

    *until_s* is the second until which the run went; None where the file does not say: it has no closing line, or is in an
    older format.
    """

    header: dict[str, Any]
    records: list[Record]
    damage: str
    until_s: float | None = None

    @property
    def account(self) -> Account:
        """The account that the journal was written for."""
        given = self.header["account"]
        limits, assumptions = ServiceLimits(**given["limits"]), Assumptions(**given["assumptions"])
        teams = Teams(**given.get("teams", {}))
        return Account(given["capacity"], limits, assumptions, given.get("warm_pool_capacity", {}), teams)

    @property
    def stop_propagation_s(self) -> float | None:
        """How long a stop may travel from a tuning job to its training jobs, in seconds; None where that has no bound.

        Journals of earlier versions do not say.
        """
        bound_s: float | None = self.header.get("stop_propagation_s")
        return bound_s


class _Damaged(Exception):
    """A line is not what was written."""


def read(path: str | Path) -> Saved:
    """Read a journal; a damaged one up to the damage, which `Saved.damage` describes.

    Raises InvalidInput when the file is missing, is no journal, or was written in a format that this version does not know.
    """
    try:
        lines = Path(path).read_bytes().split(b"\n")
    except OSError as error:
        raise invalid(str(path), error.strerror, "a readable journal file") from error
    if lines[-1] == b"":
        lines.pop()
    return _Reader(str(path), lines).read()


class _Reader:
    """Reads the lines of one file."""

    def __init__(self, path: str, lines: list[bytes]) -> None:
        self.path, self.lines = path, lines
        self.crc = 0
        self.records: list[Record] = []
        self.until_s: float | None = None

    def read(self) -> Saved:
        header = self._header()
        damage = self._entries(header["hptsim"])
        if header["hptsim"] == _WITHOUT_CHECKSUMS:
            self.records = list(journal_format_1.numbered(self.records))
        return Saved(header, self.records, damage, self.until_s)

    def _header(self) -> dict[str, Any]:
        header, form = self._first_line()
        if form not in _KNOWN:
            by = f", of hptsim {header['version']!s:.40}" if "version" in header else ""
            known = f"this version of hptsim reads formats {', '.join(map(str, _KNOWN))}"
            raise _refused(f"{self.path}:1: the journal is in format {form!s:.40}{by}; {known}")
        if form != _WITHOUT_CHECKSUMS:
            try:
                header = self._parsed(self.lines[0])
            except (_Damaged, ValueError) as error:
                raise _refused(f"{self.path}:1: the header is damaged ({error})") from error
        for key in header:
            if key not in HEADER:
                raise _refused(f"{self.path}:1: unknown key {key!r:.80} in the header; known are {', '.join(HEADER)}")
        return header

    def _first_line(self) -> tuple[dict[str, Any], int]:
        """The header, its checksum not yet looked at, and the number of its format."""
        try:
            header = json.loads(self.lines[0].decode("utf-8"))
            if isinstance(header, dict) and type(header["hptsim"]) is int and "account" in header:
                return header, header["hptsim"]
            raise ValueError("not a header")
        except (IndexError, KeyError, RecursionError, ValueError) as error:
            expected = "expected its header line (hptsim run --journal)"
            raise _refused(f"{self.path}:1: this is no journal of hptsim; {expected}") from error

    def _entries(self, form: int) -> str:
        """Read all entries; what is wrong with the file, if anything."""
        checked = form != _WITHOUT_CHECKSUMS
        understood, closing = decode if checked else journal_format_1.decode, _closing_keys(form)
        for number, line in enumerate(self.lines[1:], start=2):
            try:
                parsed = self._parsed(line) if checked else json.loads(line.decode("utf-8"))
                if isinstance(parsed, dict) and parsed.keys() == closing:
                    self._closed(number, parsed)
                    return ""
                record = understood(parsed)
                if self.records and record.time_s < self.records[-1].time_s:
                    raise ValueError("time runs back")
                self.records.append(record)
            except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError, _Damaged) as error:
                count = len(self.records)
                return f"{self.path}:{number}: damaged ({_shortly(error)}); read up to there: {count} entries"
        missing = "it has no closing line: the run did not end, or the tail is missing"
        return f"{self.path}: {missing}; read {len(self.records)} entries"

    def _closed(self, number: int, line: dict[str, Any]) -> None:
        """Take over what the closing line, line *number* of the file, says."""
        if line["end"] != len(self.records):
            raise ValueError(f"it should close {line['end']} entries, there are {len(self.records)}")
        if number < len(self.lines):
            raise ValueError("there is more after its closing line")
        if "until_s" in line:
            until_s, last_s = line["until_s"], self.records[-1].time_s if self.records else 0.0
            if not isinstance(until_s, (int, float)) or not last_s <= until_s < math.inf:
                raise ValueError(f"the run went until {until_s!r:.40}; its last entry is at {last_s:,.6g} s")
            self.until_s = until_s

    def _parsed(self, line: bytes) -> Any:
        """A line without its checksum, which must be right."""
        body, check = line[: 1 - _CHECK_LENGTH], line[1 - _CHECK_LENGTH :]
        crc = crc32(body, self.crc)
        if check != (_CHECK % crc).encode("ascii")[:-1]:
            raise _Damaged("its checksum is wrong")
        self.crc = crc
        return json.loads(body + b"}")


def _closing_keys(form: int) -> set[str]:
    """What the closing line of a format says."""
    return {"end", "until_s"} if form == FORMAT else {"end"}


def _shortly(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return f"{error}"[:200]


def _refused(text: str) -> InvalidInput:
    return InvalidInput(text)
