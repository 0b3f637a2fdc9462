"""What callers put into S3 themselves: objects and buckets beside those of training jobs, and uploads in several parts.

Nothing of it is in the journal: it changes nothing of what the twin does. When the simulation is restored to a snapshot, what
came after that instant is gone.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from hptsim.errors import ServiceError
from hptsim.service.pagination import SortedIndex
from hptsim.simulation.simulation import Simulation

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@attrs.frozen
class Upload:
    """A version of an object that a caller has put there at *stored_s*; without a body it was deleted then."""

    body: bytes | None
    stored_s: float
    etag: str = ""
    headers: Mapping[str, str] = _NO_HEADERS
    """What was said of it and is given back: Content-Type, Content-Encoding, x-amz-meta-…"""


@attrs.define
class Parts:
    """An upload in several parts, which is not there until it is completed."""

    bucket: str
    key: str
    headers: Mapping[str, str]
    began_s: float
    parts: dict[int, bytes] = attrs.field(factory=dict)


def etag(body: bytes) -> str:
    """The ETag of an object that was stored in one piece: its MD5, quoted."""
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


class Uploads:
    """The buckets and objects that callers have made in one simulation.

    >>> uploads = Uploads(Simulation())
    >>> uploads.create("mine")
    >>> uploads.put("mine", "a", b"text").body == uploads.object("mine", "a").body == b"text"
    True
    """

    def __init__(self, sim: Simulation) -> None:
        self._sim, self._clock = sim, sim.env
        self.buckets: dict[str, float] = {}
        """When each bucket was made."""
        self._versions: dict[str, SortedIndex[list[Upload]]] = {}
        self._parts: dict[str, Parts] = {}
        self._serial = 0

    def catch_up(self) -> None:
        """Forget what came after the instant of the snapshot that was restored, if one was."""
        if self._sim.env is self._clock:
            return
        self._clock, until_s = self._sim.env, self._sim.clock_began_s
        self.buckets = {name: made_s for name, made_s in self.buckets.items() if made_s <= until_s}
        self._parts = {name: one for name, one in self._parts.items() if one.began_s <= until_s}
        for objects in self._versions.values():
            for key, versions in list(objects.members.items()):
                versions[:] = [one for one in versions if one.stored_s <= until_s]
                if not versions:
                    objects.drop(key)

    def create(self, bucket: str) -> None:
        """Make a bucket; one that is there stays as it is."""
        self.buckets.setdefault(bucket, self._sim.now)

    def drop(self, bucket: str) -> None:
        """Remove a bucket and the memory of what was in it."""
        self.buckets.pop(bucket, None)
        self._versions.pop(bucket, None)

    def keys(self, bucket: str) -> SortedIndex[list[Upload]]:
        """The versions of each object of a bucket, deleted ones too, by key."""
        return self._versions.setdefault(bucket, SortedIndex({"Key": lambda key, stored: (key,)}))

    def object(self, bucket: str, key: str) -> Upload | None:
        """The last version of an object that a caller has put or deleted; None where no caller has."""
        versions = self.keys(bucket).members.get(key)
        return versions[-1] if versions else None

    def put(
        self, bucket: str, key: str, body: bytes | None, headers: Mapping[str, str] = _NO_HEADERS, tag: str = ""
    ) -> Upload:
        """Store an object, or delete it where there is no *body*."""
        upload = Upload(body, self._sim.now, tag or ("" if body is None else etag(body)), headers)
        objects = self.keys(bucket)
        objects.put(key, [*objects.members.get(key, ()), upload])
        return upload

    # ------------------------------------------------------------------ uploads in several parts

    def begin(self, bucket: str, key: str, headers: Mapping[str, str]) -> str:
        """Begin an upload in parts; returns its name."""
        self._serial += 1
        name = base64.urlsafe_b64encode(f"upload {self._serial}".encode()).decode()
        self._parts[name] = Parts(bucket, key, headers, self._sim.now)
        return name

    def parts(self, name: str, bucket: str, key: str) -> Parts:
        """An upload that has begun; raises ServiceError (NoSuchUpload, 404)."""
        found = self._parts.get(name)
        if found is None or (found.bucket, found.key) != (bucket, key):
            text = "The specified multipart upload does not exist. The upload ID may be invalid, or it was ended."
            raise ServiceError("NoSuchUpload", text, 404)
        return found

    def complete(self, name: str, bucket: str, key: str, wanted: list[tuple[int, str]]) -> Upload:
        """Store the *wanted* parts (number and ETag) as one object; raises ServiceError (InvalidPart, InvalidPartOrder)."""
        upload = self.parts(name, bucket, key)
        numbers = [number for number, _ in wanted]
        if numbers != sorted(set(numbers)):
            text = "The list of parts was not in ascending order. Parts must be ordered by part number."
            raise ServiceError("InvalidPartOrder", text)
        for number, tag in wanted:
            if number not in upload.parts or tag.strip('"') != etag(upload.parts[number]).strip('"'):
                raise ServiceError("InvalidPart", f"Part {number} was not uploaded, or its ETag is another.")
        if not wanted:
            raise ServiceError("MalformedXML", "The request names no parts.")
        bodies = [upload.parts[number] for number in numbers]
        digests = b"".join(hashlib.md5(one, usedforsecurity=False).digest() for one in bodies)
        tag = f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(bodies)}"'
        del self._parts[name]
        return self.put(bucket, key, b"".join(bodies), upload.headers, tag)

    def abort(self, name: str, bucket: str, key: str) -> None:
        """End an upload in parts without an object."""
        self.parts(name, bucket, key)
        del self._parts[name]
