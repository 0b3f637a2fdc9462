"""Snapshots of a simulation: in memory its whole state, in a file what led to it.

A file holds data only, and reading one runs no code of it: the scenario, the seed, and what the caller did, each after how
many steps. Reading it takes those steps again, which takes as long as the run took, and compares the journal's hash: a file
that was edited, or that another version of hptsim would not continue identically, is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import attrs

from hptsim import __version__
from hptsim.errors import InvalidInput, invalid
from hptsim.model.journal import Entry
from hptsim.model.journal_lines import definition, encode, payload, payload_as_json
from hptsim.model.payloads import TuningJobCreated
from hptsim.scenario.scenario import Scenario

FORMAT = 1
_KEYS = ("hptsim_snapshot", "version", "scenario", "seed", "calls", "step", "now_s", "journal")


class Call(NamedTuple):
    """What a caller did at *now_s*, when *step* steps had been taken: an operation of the world, or `fire`."""

    step: int
    now_s: float
    operation: str
    arguments: tuple[Any, ...]


@attrs.frozen
class Origin:
    """How a simulation came to where it is; *own* names what of it a file cannot hold, if anything."""

    scenario: Scenario
    seed: int
    calls: tuple[Call, ...]
    step: int
    own: str = ""


@attrs.frozen
class Snapshot:
    """A simulation at an instant: the twin's own state, without a user's generator processes."""

    state: bytes = attrs.field(repr=False)
    entries: tuple[Entry, ...] = attrs.field(repr=False)
    now: float
    origin: Origin = attrs.field(repr=False)

    def save(self, path: str | Path) -> None:
        """Write a file from which `Simulation.load` goes on identically, also in another process.

        The file holds the scenario, the seed and the caller's commands, not the state: loading simulates again up to here.
        Raises InvalidInput for what a file cannot hold: a cloud or tables of your own, a spec that no request describes.
        """
        origin = self.origin
        if origin.own:
            raise invalid("snapshot", origin.own, "a simulation that its scenario and seed describe")
        file = {
            "hptsim_snapshot": FORMAT,
            "version": __version__,
            "scenario": origin.scenario.to_dict(),
            "seed": origin.seed,
            "calls": [[*call[:3], _arguments_as_json(call)] for call in origin.calls],
            "step": origin.step,
            "now_s": self.now,
            "journal": journal_hash(self.entries),
        }
        text = json.dumps(file, default=dict)
        if _origin(json.loads(text)) != origin:
            raise invalid(
                "snapshot", "a scenario or a spec that files cannot hold exactly", "one that reads back equal"
            )
        Path(path).write_text(text + "\n", encoding="utf-8")


class SavedSnapshot(NamedTuple):
    """A snapshot as read from a file."""

    origin: Origin
    now_s: float
    journal: str
    version: str


def read(path: str | Path) -> SavedSnapshot:
    """Read a snapshot's file; raises InvalidInput when there is none or it is none."""
    try:
        file = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(file, dict) or "hptsim_snapshot" not in file:
            raise ValueError("it has no key hptsim_snapshot")
        if file["hptsim_snapshot"] != FORMAT:
            raise ValueError(
                f"its format is {file['hptsim_snapshot']!r:.40}, this version of hptsim reads format {FORMAT}"
            )
        if file.keys() != set(_KEYS):
            raise ValueError(f"its keys are {sorted(file)}, expected {sorted(_KEYS)}")
        return SavedSnapshot(_origin(file), float(file["now_s"]), file["journal"], file["version"])
    except InvalidInput as error:
        raise error.below(f"{path}: ") from error
    except (AttributeError, KeyError, OSError, OverflowError, RecursionError, TypeError, ValueError) as error:
        text = f"{path}: this is no snapshot of hptsim ({error!s:.200}); expected what Snapshot.save wrote"
        raise InvalidInput(text) from error


def journal_hash(entries: Iterable[Entry]) -> str:
    """The SHA-256 of a journal's lines."""
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(encode(entry).encode())
    return digest.hexdigest()


def _origin(file: Mapping[str, Any]) -> Origin:
    calls = [
        Call(_whole(step), float(now_s), operation, _arguments(operation, given))
        for step, now_s, operation, given in file["calls"]
    ]
    return Origin(Scenario.from_dict(file["scenario"]), _whole(file["seed"]), tuple(calls), _whole(file["step"]))


def _whole(number: Any) -> int:
    if type(number) is not int:
        raise TypeError(f"{number!r} is not a whole number")
    return number


def _arguments_as_json(call: Call) -> list[Any]:
    if call.operation == "create_tuning_job":
        return [payload_as_json(TuningJobCreated(call.arguments[0]))]
    if call.operation == "create_training_job":
        return [call.arguments[0], attrs.asdict(call.arguments[1])]
    return list(call.arguments)


OPERATIONS: Mapping[str, tuple[type, ...]] = {
    "create_tuning_job": (dict,),
    "create_training_job": (str, dict),
    "update_training_job": (str, float),
    **dict.fromkeys(("stop_tuning_job", "stop_training_job", "delete_tuning_job", "delete_training_job"), (str,)),
    "fire": (str, str),
    "note_answer": (str, str, str, bool),
}
"""What a caller can do, and what each needs in a file."""


def _arguments(operation: str, given: list[Any]) -> tuple[Any, ...]:
    kinds = OPERATIONS[operation]
    for kind, one in zip(kinds, given, strict=True):
        if not isinstance(one, (int, float) if kind is float else kind):
            raise TypeError(f"{operation} got {one!r}")
    if operation == "create_tuning_job":
        return (payload(("tuning", "create"), given[0]).spec,)
    if operation == "create_training_job":
        return given[0], definition(given[1])
    return tuple(given)
