"""Uniform random numbers on named streams.

A stream is a pure function of the seed, the job's name and the attempt, so adding a job disturbs no other job's draws and
there is no generator state to save.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from zlib import crc32

PURPOSES = ("starting", "training", "fault", "half_way", "save", "spot", "download", "upload", "quality", "crash")
PLACES = {purpose: 4 * place for place, purpose in enumerate(PURPOSES)}
"""Where the number for each purpose begins in a stream."""
_hashed = hashlib.blake2b
_unpack = struct.Struct("<16I").unpack
number_at = struct.Struct("<I").unpack_from
"""The whole number that begins at a place of a stream."""


class Mirrored(int):
    """A seed whose streams have 1 - 2**-32 - u wherever those of the same number have u: long times where they have short ones.

    >>> both = uniforms(7, "demo", 1)[0], uniforms(Mirrored(7), "demo", 1)[0]
    >>> sum(both) == 1 - 2**-32
    True
    """


_COMPLEMENT = bytes(range(256))[::-1]


def uniforms(seed: int, name: str, attempt: int) -> tuple[float, ...]:
    """Sixteen uniform numbers between 0 and 1, a pure function of the stream's name: one for each purpose.

    >>> uniforms(0, "demo", 1) == uniforms(0, "demo", 1) != uniforms(0, "demo", 2)
    True
    """
    return tuple([number * 2.0**-32 for number in _unpack(stream(seed, name, attempt))])


def stream(seed: int, name: str, attempt: int) -> bytes:
    """The same as sixteen whole numbers of four bytes."""
    drawn = _hashed(f"{seed}/{name}/{attempt}".encode()).digest()
    return drawn.translate(_COMPLEMENT) if type(seed) is Mirrored else drawn


def sequence(seed: int, name: str) -> Iterator[float]:
    """Uniform numbers without end, a pure function of the stream's name.

    >>> numbers = sequence(0, "demo")
    >>> tuple(next(numbers) for _ in range(16)) == uniforms(0, "demo", 0)
    True
    """
    block = 0
    while True:
        yield from uniforms(seed, name, block)
        block += 1


def suffix(seed: int, tuning_job: str, ordinal: int, incarnation: int = 0) -> str:
    """The eight hexadecimal digits that end the name of a tuning job's training job.

    >>> suffix(0, "demo", 1) == suffix(0, "demo", 1) != suffix(0, "demo", 2)
    True
    """
    return f"{crc32(f'{seed}/{tuning_job}/{ordinal}/{incarnation}'.encode()):08x}"
