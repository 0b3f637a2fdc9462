"""The lines of a server's log of calls, and reading them again.

A log holds data only, and reading one runs no code of it: the scenario and its seed, the calls that may have changed something,
each with its simulated time, and the times at which the twin was seen. Every line ends with a checksum (CRC-32) of all lines
up to there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import attrs

from hptsim import __version__
from hptsim.errors import InvalidInput
from hptsim.scenario.scenario import Scenario
from hptsim.service.http import Call

FORMAT = 1
_BEGIN = b'{"hptsim_server": '
_CHECK_LENGTH = len(" 00000000\n")
_SECRET = frozenset({"authorization", "cookie", "x-amz-security-token"})


@attrs.frozen
class Logged:
    """A line of the log: when it was (simulated seconds), and the call that was carried out, if any.

    *status* is that of its answer, 0 where it got none; *entries* is how long its region's journal was then.
    """

    at_s: float
    call: Call | None = None
    status: int = 0
    entries: int = 0


@attrs.frozen
class Begun:
    """What a log's first line says of its run."""

    scenario: Scenario
    seed: int
    version: str = __version__

    def as_json(self) -> dict[str, Any]:
        """The first line."""
        scenario = json.loads(json.dumps(self.scenario.to_dict(), default=dict))
        return {"hptsim_server": FORMAT, "version": self.version, "scenario": scenario, "seed": self.seed}


@attrs.frozen
class Kept:
    """What a log says: its whole lines, *size* bytes with the checksum *crc*, and what was *torn* off behind them.

    *begun* is None for a log without a whole first line: its server was killed as it began.
    """

    begun: Begun | None
    lines: tuple[Logged, ...]
    size: int
    crc: int
    torn: bytes


def read(name: str, content: bytes) -> Kept:
    """What the log *name* says.

    A last line that does not end is torn: its server was killed as it wrote, before it had answered. Raises InvalidInput for
    any other line that is not as it was written.

    >>> line = written({"at_s": 60.0}, 0)[0]
    >>> read("calls.jsonl", written(Begun(Scenario(), 0).as_json(), 0)[0] + line[:5]).torn
    b'{"at_'
    """
    begun: Begun | None = None
    kept: list[Logged] = []
    size = crc = 0
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        whole = line.endswith(b"\n")
        if not whole and (begun or line.startswith(_BEGIN) or _BEGIN.startswith(line)):
            return Kept(begun, tuple(kept), size, crc, line)
        try:
            body, crc = _checked(line, crc)
            if begun is None:
                begun = _begun(body)
            else:
                kept.append(_logged(body))
        except (AttributeError, InvalidInput, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
            text = (
                f"{name}:{number}: this is no line of a server's log of calls ({error!s:.200}); expected the file as "
            )
            raise InvalidInput(text + "hptsim serve wrote it; --state with another folder begins anew") from error
        size += len(line)
    return Kept(begun, tuple(kept), size, crc, b"")


def written(line: Mapping[str, Any], crc: int) -> tuple[bytes, int]:
    """A line as bytes, and its checksum, given that of the line before it."""
    body = json.dumps(line).encode("ascii")
    crc = crc32(body, crc)
    return body + b" %08x\n" % crc, crc


def as_json(logged: Logged) -> dict[str, Any]:
    """A line: the body of a call is text where it is ASCII, otherwise in base64; headers without what is secret.

    >>> as_json(Logged(60.0))
    {'at_s': 60.0}
    """
    call = logged.call
    if call is None:
        return {"at_s": logged.at_s}
    body = (
        {"body": call.body.decode("ascii")} if call.body.isascii() else {"base64": base64.b64encode(call.body).decode()}
    )
    headers = {name: value for name, value in call.headers.items() if name.lower() not in _SECRET}
    more = attrs.asdict(call, filter=lambda field, value: field.name not in ("body", "headers"))
    return {"at_s": logged.at_s, "status": logged.status, "entries": logged.entries, **more, "headers": headers, **body}


def _checked(line: bytes, crc: int) -> tuple[Any, int]:
    body, check = line[:-_CHECK_LENGTH], line[-_CHECK_LENGTH:]
    crc = crc32(body, crc)
    if check != b" %08x\n" % crc:
        raise ValueError("its checksum is wrong")
    return json.loads(body), crc


def _begun(line: Mapping[str, Any]) -> Begun:
    if line["hptsim_server"] != FORMAT:
        raise ValueError(f"its format is {line['hptsim_server']!r}, this version of hptsim reads {FORMAT}")
    return Begun(Scenario.from_dict(line["scenario"]), int(line["seed"]), str(line["version"]))


def _logged(line: Mapping[str, Any]) -> Logged:
    given = dict(line)
    at_s = float(given.pop("at_s"))
    if not given:
        return Logged(at_s)
    status, entries = int(given.pop("status")), int(given.pop("entries"))
    body = base64.b64decode(given.pop("base64")) if "base64" in given else given.pop("body").encode()
    return Logged(at_s, Call(**given, body=body), status, entries)
