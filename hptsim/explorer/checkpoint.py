"""A breadth-first search in a file, from which another process goes on.

The file has data only, no code and no objects: the choices that lead to each state. Its states are made again by making those
choices. A header says in one line of JSON whose search it is. Blocks follow, each what was found since the one before, with
its length and a digest: a block that was cut off, because the process was killed while it wrote, is dropped.
"""

from __future__ import annotations

import json
import os
import re
import struct
import sys
from array import array
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import hptsim
from hptsim.errors import InvalidInput, LawBroken, invalid
from hptsim.explorer.coverage import Reached
from hptsim.explorer.scope import Scope
from hptsim.explorer.seen import Seen
from hptsim.explorer.system import System
from hptsim.explorer.visited import Visited

_FORMAT = 1
_HEAD = struct.Struct("<Q16s")
"""A block's length and digest."""
_COLUMNS = {"origins": "Q", "places": "H", "through": "I", "due": "H", "due_labels": "I", "due_targets": "Q"}
"""The columns of a block: of each new state its origin, the place of the move and its call; of each expanded state how many
steps have to happen; of each such step its call and where it leads."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+>")


class Checkpoint:
    """The file of one search, open for the time of a with block.

    Raises InvalidInput for the file of another search, and for one that is damaged.
    """

    def __init__(self, path: Path, scope: Scope, options: Mapping[str, Any]) -> None:
        self.path = path
        self._header = _header(path, scope, options)
        self._file: BinaryIO | None = None
        self._states = 1
        self._expanded = self._labels = self._witnessed = self._reached = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def load(self, visited: Visited) -> bool:
        """Put what the file has into *visited*, which is empty; False where there is no file, and one is begun."""
        if not self.path.exists():
            self._begin()
        self._file = self.path.open("r+b")
        self._check(self._file.readline())
        end, size = self._file.tell(), os.fstat(self._file.fileno()).st_size
        for payload in self._blocks(size):
            try:
                _unpack(payload, visited)
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
                raise self._damaged(end) from error
            end = self._file.tell()
        self._file.seek(end)
        self._file.truncate()
        self._note(visited)
        return visited.expanded > 0

    def _begin(self) -> None:
        """A file with a header and nothing else, which is there whole or not at all."""
        beside = self.path.with_name(self.path.name + ".new")
        with beside.open("wb") as file:
            file.write(json.dumps(self._header).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)

    def _check(self, line: bytes) -> None:
        """Refuse the file of another search, and say what is different."""
        try:
            header = json.loads(line)
            format_given = header["hptsim_explorer_checkpoint"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            expected = "a checkpoint that hptsim explore has written, or no file"
            raise InvalidInput(
                f"checkpoint: {self.path} is no checkpoint of an exploration; expected {expected}"
            ) from error
        for name, mine in self._header.items():
            if name == "hptsim_explorer_checkpoint":
                theirs = format_given
            elif (theirs := header.get(name)) == mine:
                continue
            if theirs != mine:
                raise InvalidInput(f"checkpoint: {self.path} is of another search: {_difference(name, theirs, mine)}")

    def _blocks(self, size: int) -> Iterator[bytes]:
        """The blocks up to the end, or to one that was not written to its end."""
        assert self._file is not None
        while True:
            start = self._file.tell()
            head = self._file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return
            length, digest = _HEAD.unpack(head)
            if start + _HEAD.size + length > size:
                return
            payload = self._file.read(length)
            if _digest(payload) != digest:
                if self._file.tell() == size:
                    return
                raise self._damaged(start)
            yield payload

    def _damaged(self, place: int) -> InvalidInput:
        return InvalidInput(
            f"checkpoint: {self.path} is damaged at byte {place}; expected a file as it was written, by one search at a time: "
            "delete it to begin anew"
        )

    def save(self, visited: Visited) -> None:
        """Write what was found since the last time; when this returns, the disk has it."""
        if self._file is None or visited.expanded == self._expanded:
            return
        payload = self._pack(visited)
        self._file.write(_HEAD.pack(len(payload), _digest(payload)) + payload)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._note(visited)

    def _note(self, visited: Visited) -> None:
        """All of it is in the file."""
        self._states, self._expanded = len(visited), visited.expanded
        self._labels, self._witnessed, self._reached = len(visited.labels), len(visited.witnessed), len(visited.reached)

    def _pack(self, visited: Visited) -> bytes:
        first, graph = self._states, visited.graph
        steps = [graph.steps(state) for state in range(self._expanded, visited.expanded)]
        columns = {
            "origins": visited.origins[first:],
            "places": visited.places[first:],
            "through": visited.through[first:],
            "due": array("H", [len(one) for one in steps]),
            "due_labels": array("I", [label for one in steps for label, _ in one]),
            "due_targets": array("Q", [target for one in steps for _, target in one]),
        }
        words = {
            "from": [first, self._expanded],
            "transitions": visited.transitions,
            "resting": visited.resting,
            "labels": list(visited.labels)[self._labels :],
            "witnessed": list(visited.witnessed)[self._witnessed :],
            "reached": list(visited.reached)[self._reached :],
            "columns": {name: len(column) for name, column in columns.items()},
        }
        return json.dumps(words).encode() + b"\n" + b"".join(column.tobytes() for column in columns.values())


def _digest(payload: bytes) -> bytes:
    return blake2b(payload, digest_size=16).digest()


def _header(path: Path, scope: Scope, options: Mapping[str, Any]) -> dict[str, Any]:
    """Whose search it is: the scope, the options that change what is found, and the program."""
    words = scope.words()
    for name, text in words.items():
        if unlike := _ADDRESS.search(text):
            shown = text[max(0, unlike.start() - 60) : unlike.end()]
            hint = "write an attrs class, or leave out checkpoint"
            raise invalid(f"checkpoint: {name}", shown, "something that can be recognized in the next process", hint)
    short = {name: text if len(text) <= 100 else _digest(text.encode()).hex() for name, text in words.items()}
    return {
        "hptsim_explorer_checkpoint": _FORMAT,
        "hptsim": hptsim.__version__,
        "program": _program(),
        "byteorder": sys.byteorder,
        **short,
        **dict(options),
    }


def _program() -> str:
    """A digest of hptsim's source text: another program may find other states."""
    folder = Path(hptsim.__file__).parent
    hasher = blake2b(digest_size=16)
    for file in sorted(folder.rglob("*.py")):
        hasher.update(file.relative_to(folder).as_posix().encode() + b"\n" + file.read_bytes())
    return hasher.hexdigest()


def _difference(name: str, theirs: Any, mine: Any) -> str:
    hint = "give what it was begun with, or name another file"
    if name == "program":
        return f"it was begun with another source text of hptsim; {hint}"
    if name in ("scenario", "training_jobs", "tables", "laws"):
        return f"what it has for {name} is not the same; {hint}"
    return f"it has {name} {theirs}, and {name} {mine} is asked for; {hint}"


def _unpack(payload: bytes, visited: Visited) -> None:
    """Add a block to what was read before it; raises ValueError and its like where the two do not fit."""
    line, _, rest = payload.partition(b"\n")
    words = json.loads(line)
    columns: dict[str, array[int]] = {}
    for name, code in _COLUMNS.items():
        column = columns[name] = array(code)
        size = words["columns"][name] * column.itemsize
        column.frombytes(rest[:size])
        rest = rest[size:]
    if rest or words["from"] != [len(visited), visited.expanded]:
        raise ValueError("the block does not follow the one before it")
    for label in words["labels"]:
        if not isinstance(label, str) or visited.label(label) != len(visited.labels) - 1:
            raise ValueError("a call is no text, or there twice")
    for origin, place, label in zip(columns["origins"], columns["places"], columns["through"], strict=True):
        if not visited.origins[-1] <= origin < len(visited) or label >= len(visited.labels):
            raise ValueError("a state without an origin or a call")
        visited.add(origin, place, label)
    steps = list(zip(columns["due_labels"], columns["due_targets"], strict=True))
    if any(label >= len(visited.labels) or target >= len(visited) for label, target in steps):
        raise ValueError("a step to no state")
    if sum(columns["due"]) != len(steps) or visited.expanded + len(columns["due"]) > len(visited):
        raise ValueError("more was expanded than found")
    place = 0
    for count in columns["due"]:
        visited.graph.add(steps[place : place + count])
        visited.expanded, place = visited.expanded + 1, place + count
    if visited.origins[-1] >= visited.expanded:
        raise ValueError("a state whose origin was not expanded")
    visited.transitions, visited.resting = int(words["transitions"]), int(words["resting"])
    visited.witnessed.update(dict.fromkeys(map(str, words["witnessed"])))
    for (kind, trigger, source, destination), thing, state in words["reached"]:
        visited.reached[Reached((kind, trigger, source, destination), thing, state)] = None


def replay(visited: Visited, system: System, key: Callable[[Any], Hashable], seen: Seen, path: Path) -> Iterator[Any]:
    """The states that were found and not expanded, made again; *seen* gets the keys of all.

    Raises InvalidInput where the choices of the file do not lead to as many states.
    """
    if visited.expanded == len(visited):
        return
    line = deque([system.root])
    known = 1
    seen.number(key(system.root))
    for origin in range(visited.expanded):
        state, moves = line.popleft(), None
        while known < len(visited) and visited.origins[known] == origin:
            moves = moves or system.moves(state)
            following = _again(visited, system, state, moves, known)
            if following is None or seen.number(key(following)) != known:
                raise InvalidInput(f"checkpoint: {path} does not fit: the way to its state {known} leads elsewhere")
            line.append(following)
            known += 1
    yield from line


def _again(visited: Visited, system: System, state: Any, moves: list[Any], number: int) -> Any:
    """The state after the move by which it was reached first; None where there is no such move."""
    place = visited.places[number]
    if place >= len(moves) or visited.labels.get(moves[place].call) != visited.through[number]:
        return None
    try:
        return system.take(state, moves[place])
    except LawBroken:
        return None
