"""What stratified draws would gain: groups of replications between which the draws of each named stream are spread evenly.

`python benchmarks/stratified.py [GROUPS]` prints, for each question, how many times fewer replications than plain ones would do
with groups of 2, 5 and 11, beside antithetic pairs and controls, by the variance of a group's mean. hptsim does not offer it;
docs/validation/precision.md says why. A group is a Latin hypercube: of each number of each stream its k replications have one in
each k-th of the range (McKay, Beckman and Conover, Technometrics 21, 1979); "first" spreads only the first gap of arrivals, and
what is drawn once for each training job. The streams are changed from outside, by the hash that they are made with.
"""

from __future__ import annotations

import math
import re
import struct
import sys
from collections.abc import Iterator
from hashlib import blake2b
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import attrs
import numpy as np
from precision import MOST, QUESTIONS, team

from hptsim import Scenario
from hptsim.planning import plain_queue
from hptsim.planning.executors import Design
from hptsim.planning.plain_queue import PlainQueue
from hptsim.scenario import random_streams
from hptsim.scenario.random_streams import Mirrored

_NUMBERS = struct.Struct("<16I")
_SUFFIX = re.compile(rb"-[0-9a-f]{8}(?=/)")
"""What ends the name of a training job; it depends on the seed, and members of a group have different ones."""


class Member(int):
    """The seed of one of *size* replications of a group, a prime number of them: the group's number, and the *place* in it."""

    place: int
    size: int
    first: bool
    """Whether only the first gap of arrivals is spread, and what training jobs draw."""

    @classmethod
    def of(cls, group: int, place: int, size: int, first: bool) -> Member:
        """The seed of this member."""
        seed = cls(group)
        seed.place, seed.size, seed.first = place, size, first
        return seed

    def __format__(self, spec: str) -> str:
        return f"{int(self)}@{self.place}@{self.size}@{self.first:d}"


def spread(text: bytes) -> Any:
    """In place of the hash of a stream: that of a member of a group has each number in its own part of the range."""
    seed, _, name = text.partition(b"/")
    drawn = blake2b(text)
    if b"@" not in seed:
        return drawn
    group, place, size, first = (int(part) for part in seed.split(b"@"))
    # of a prime number of places each line modulo that number is a permutation
    lines = _NUMBERS.unpack(blake2b(b"%d/lines/%b" % (group, _SUFFIX.sub(b"", name))).digest())
    numbers = list(_NUMBERS.unpack(drawn.digest()))
    gaps = name.startswith(b"arrivals/")
    for which in range(16):
        if first and gaps and (which > 0 or not name.endswith(b"/0")):
            continue
        slope, offset = 1 + lines[which] % (size - 1 or 1), lines[which] // 65536 % size
        numbers[which] = ((slope * place + offset) % size * 2**32 + numbers[which]) // size
    return SimpleNamespace(digest=lambda: _NUMBERS.pack(*numbers))


@attrs.frozen
class Asked:
    """Figures of a scenario; where the plain queue is the same as the simulation, it stands in for it."""

    name: str
    scenario: Scenario
    columns: tuple[str, ...]
    same: bool
    warm_up_s: float = 0.0

    def figures(self, seed: int) -> list[float]:
        """The figures of one replication."""
        if not self.same:
            found = Design(self.scenario).run(seed)
            return [found[column] for column in self.columns]
        queue = PlainQueue(self.scenario)
        coming = queue.courses(seed)
        queue.serve(coming)
        return [plain_queue.figure(coming, column, self.warm_up_s) for column in self.columns]

    def controls(self, seed: int) -> list[float]:
        """The controls of one replication."""
        queue = PlainQueue(self.scenario)
        return queue.controls(queue.courses(seed))


ASKED = [
    *(Asked(one.name, one.scenario, (one.column,), True, one.warm_up * one.gap_s) for one in QUESTIONS),
    Asked("office hours", team(), ("waiting_time_s.mean", "waiting_time_s.p95"), False),
]


def gained(asked: Asked, groups: int) -> Iterator[tuple[str, Any, Any]]:
    """For each technique and each figure, the variance of single replications over that of a mean for as many, and an error.

    Each member of a group is by itself a plain replication, so that all of them together tell the variance of one. The error is
    the standard error for normal figures; of skewed ones it is larger.
    """

    def against(seeds: list[list[int]]) -> tuple[Any, Any]:
        found = np.array([[asked.figures(seed) for seed in group] for group in seeds])
        single, means = found.reshape(-1, found.shape[2]).var(0, ddof=1), found.mean(1).var(0, ddof=1)
        gain = single / (len(seeds[0]) * means)
        return gain, gain * np.sqrt(2 / len(seeds))

    count = 5 * groups
    plain, known = (np.array([tell(seed) for seed in range(count)]) for tell in (asked.figures, asked.controls))
    away = np.column_stack([np.ones(count), known])
    left = plain - away @ np.linalg.lstsq(away, plain, rcond=None)[0]
    gain = plain.var(0) / left.var(0)
    yield "controls", gain, gain * math.sqrt(2 / count)
    yield "antithetic pairs", *against([[seed, Mirrored(seed)] for seed in range(MOST, MOST + 2 * groups)])
    for size, first in ((5, True), (2, False), (5, False), (11, False)):
        members = [
            [Member.of(MOST * (2 + size + first) + group, place, size, first) for place in range(size)]
            for group in range(groups)
        ]
        yield f"groups of {size}{', first draws' if first else ''}", *against(members)


def tried(groups: int) -> Iterator[dict[str, Any]]:
    """What each technique gains for each figure of each question."""
    with patch.object(random_streams, "_hashed", spread):
        for asked in ASKED:
            for technique, gains, errors in gained(asked, groups):
                for column, gain, error in zip(asked.columns, gains, errors, strict=True):
                    yield {
                        "question": asked.name,
                        "column": column,
                        "technique": technique,
                        "gain": gain,
                        "error": error,
                    }


if __name__ == "__main__":
    for row in tried(int(sys.argv[1]) if sys.argv[1:] else 250):
        print(
            f"{row['question']:17} {row['column']:20} {row['technique']:26} {row['gain']:5.2f} ± {row['error']:.2f}",
            flush=True,
        )
