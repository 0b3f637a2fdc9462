"""What was asked of a server, on disk as it runs: from it another process goes on where this one was killed.

Nothing in a twin is left to chance, so taking the calls of a log again, each at its simulated time, gives the same twin.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from hptsim import __version__
from hptsim.errors import InvalidInput, NoAnswer, invalid
from hptsim.scenario.scenario import Scenario
from hptsim.server.kept_calls import Begun, Kept, Logged, as_json, read, written
from hptsim.server.regions import Regions

_READING = ("Describe", "Filter", "Get", "Head", "List", "Search")


class CallLog:
    """The log of a server, in a file that it alone uses.

    Every line is handed to the operating system before the answer leaves, so that it outlives the process; after `sync` all
    that may have changed something is on the disk, so that it outlives the machine. Of calls that only read, the time is kept,
    unless the scenario counts, loses or refuses requests, or lets answers lag. Raises InvalidInput where another server has the
    file, and for a file that is no log.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)  # noqa: SIM115
        try:
            _lock(self._file, path)
            self.kept: Kept = read(str(path), self._file.readall())
        except BaseException:
            self._file.close()
            raise
        self._file.truncate(self.kept.size)
        self._file.seek(self.kept.size)
        self._crc, self._at_s, self._reads_count = self.kept.crc, 0.0, True
        self._count = self._changing = self._synced = 0
        self._syncing = threading.Lock()
        self._broken = ""

    def begin(self, scenario: Scenario, seed: int) -> None:
        """Write the first line, if there is none yet."""
        self._reads_count = (
            bool(scenario.request_rates or scenario.answers) or scenario.assumptions.read_lag_s is not None
        )
        if self.kept.begun is None:
            self._add(Begun(scenario, seed).as_json(), changing=True)
        elif self.kept.lines:
            self._at_s = self.kept.lines[-1].at_s
        self.sync()
        _sync_folder(self.path.parent)

    def note_time(self, at_s: float, *, moved: bool = False) -> None:
        """Note that the twin was seen at *at_s*, or that it was *moved* there."""
        if at_s > self._at_s:
            self._add({"at_s": at_s}, changing=moved)
            self._at_s = at_s

    def note(self, logged: Logged) -> None:
        """Note a call, after it was carried out and before it is answered; raises OSError where the disk takes no more."""
        call = logged.call
        if call is None or (call.operation.startswith(_READING) and not self._reads_count):
            return self.note_time(logged.at_s)
        self._add(as_json(logged), changing=True)
        self._at_s = logged.at_s

    def sync(self) -> None:
        """Have everything on the disk that may have changed something; threads that come together share one wait."""
        wanted = self._changing
        if self._synced < wanted:
            with self._syncing:
                if self._synced < wanted:
                    count = self._count
                    os.fsync(self._file.fileno())
                    self._synced = count

    def close(self) -> None:
        """Close the file; another server may take it then."""
        self.sync()
        self._file.close()

    def _add(self, line: Mapping[str, Any], changing: bool) -> None:
        if self._broken:  # nothing that comes after a line that is not whole could be read again
            raise OSError(f"the log of calls is not written any more: {self._broken}")
        given, crc = written(line, self._crc)
        try:
            if self._file.write(given) != len(given):
                raise OSError(f"{self.path}: the disk is full")
        except OSError as error:
            self._broken = str(error)
            raise
        self._crc = crc
        self._count += 1
        if changing:
            self._changing = self._count


def take_again(kept: Kept, regions: Regions, path: Path) -> None:
    """Bring new *regions* to where those of a log were: its calls again, at their times.

    Raises InvalidInput where one is answered otherwise than it was: by another version of hptsim.
    """
    for number, logged in enumerate(kept.lines, start=2):
        regions.move_to(logged.at_s)
        if logged.call is not None:
            region = regions.of(logged.call.region)
            try:
                status = region.wire.answer(logged.call).status
            except NoAnswer:
                status = 0
            except Exception:  # it was answered with InternalFailure
                status = 500
            if (status, len(region.sim.journal)) != (logged.status, logged.entries):
                by = kept.begun.version if kept.begun else ""
                text = f"{path}:{number}: hptsim {__version__} answers {logged.call.operation} otherwise than hptsim {by} did"
                raise InvalidInput(f"{text}; expected the version that wrote it, or --state with another folder")


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep other servers from the file while it is open (where the system has such locks: not on Windows)."""
    with contextlib.suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise invalid("--state", str(path), "a folder that no other server uses now", str(error)) from None


def _sync_folder(folder: Path) -> None:
    """Have the name of a new file on the disk (where the system can: not on Windows)."""
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
