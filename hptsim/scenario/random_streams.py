"""Uniform random numbers on named streams.

A stream is a pure function of the seed, the job's name and the attempt, so adding a job disturbs no other job's draws and
there is no generator state to save.
"""

from __future__ import annotations

import hashlib
import struct

PURPOSES = ("starting", "training", "fault", "half_way", "save", "spot", "download", "upload", "quality", "crash")
PLACES = {purpose: 4 * place for place, purpose in enumerate(PURPOSES)}
"""Where the number for each purpose begins in a stream."""
_hashed = hashlib.blake2b
_unpack = struct.Struct("<16I").unpack
number_at = struct.Struct("<I").unpack_from
"""The whole number that begins at a place of a stream."""


def uniforms(seed: int, name: str, attempt: int) -> tuple[float, ...]:
    """Sixteen uniform numbers between 0 and 1, a pure function of the stream's name: one for each purpose.

    >>> uniforms(0, "demo", 1) == uniforms(0, "demo", 1) != uniforms(0, "demo", 2)
    True
    """
    return tuple([number * 2.0**-32 for number in _unpack(stream(seed, name, attempt))])


def stream(seed: int, name: str, attempt: int) -> bytes:
    """The same as sixteen whole numbers of four bytes."""
    return _hashed(f"{seed}/{name}/{attempt}".encode()).digest()
