"""What is in a bucket: what training jobs have stored and what callers have put there, in one order of keys.

Where both have stored something at a key, the later one is there (a caller's at the same instant). A caller may delete what a
training job has stored; the journal and its laws know nothing of that.
"""

from __future__ import annotations

import functools
import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

import attrs

from hptsim.errors import ServiceError
from hptsim.model.storage import Artifact
from hptsim.service.pagination import Key, SortedIndex
from hptsim.service.service import Service
from hptsim.service.uploads import Upload, etag

_AFTER_ALL = "\U0010ffff"
_NO_ARTIFACTS: SortedIndex[Artifact] = SortedIndex({"Key": lambda key, stored: (key,)})


@attrs.frozen
class Stored:
    """An object as it is read."""

    body: bytes
    stored_s: float
    etag: str
    headers: Mapping[str, str]


class Buckets:
    """The buckets of one simulation.

    >>> from hptsim import Simulation
    >>> buckets = Buckets(Service.of(Simulation()))
    >>> buckets.uploads.create("mine")
    >>> stored = buckets.uploads.put("mine", "a", b"text")
    >>> buckets.keys("mine"), list(buckets.names())
    (['a'], ['mine'])
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.uploads = service.uploads

    def names(self) -> dict[str, float]:
        """Every bucket and when it was made: one that only jobs have named was there before the scenario began."""
        made = dict.fromkeys(self._service.jobs.buckets, 0.0) | self.uploads.buckets
        return {name: made[name] for name in sorted(made)}

    def check(self, bucket: str) -> None:
        """Raises ServiceError (NoSuchBucket, 404) for a bucket that is not there."""
        if bucket not in self._service.jobs.buckets and bucket not in self.uploads.buckets:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)

    def keys(self, bucket: str) -> list[str]:
        """The keys of a bucket, in order; raises ServiceError (NoSuchBucket, 404)."""
        self.check(bucket)
        keys, key = [], self._after(bucket, None)
        while key is not None:
            keys.append(key[0])
            key = self._after(bucket, key)
        return keys

    def get(self, bucket: str, key: str) -> Stored:
        """An object; raises ServiceError (NoSuchBucket, NoSuchKey, 404)."""
        self.check(bucket)
        found = self._find(bucket, key)
        if found is None:
            raise ServiceError("NoSuchKey", "The specified key does not exist.", 404)
        if isinstance(found, Upload):
            return Stored(found.body or b"", found.stored_s, found.etag, found.headers)
        body = self._content(found)
        kind = "application/x-gzip" if found.kind == "model" else "application/json"
        return Stored(body, found.stored_s, etag(body), {"Content-Type": kind})

    def take(
        self, bucket: str, start: Key | None, prefix: str, delimiter: str, size: int
    ) -> tuple[list[str], list[str], Key | None]:
        """Keys and common prefixes of one page, and the key after which the next page begins, None when there is none.

        Once a common prefix is taken, everything below it is passed over, not walked through.
        """
        keys: list[str] = []
        prefixes: list[str] = []
        place, last, inclusive = start, None, False
        if prefix and (place is None or place < (prefix,)):
            place, inclusive = (prefix,), True
        while (key := self._after(bucket, place, inclusive)) and key[0].startswith(prefix):
            if len(keys) + len(prefixes) == size:
                return keys, prefixes, last if size else None
            head, found, _ = key[0][len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            if found:
                prefixes.append(prefix + head + delimiter)
                key = (prefixes[-1] + _AFTER_ALL,)
            else:
                keys.append(key[0])
            place = last = key
            inclusive = False
        return keys, prefixes, None

    def _after(self, bucket: str, place: Key | None, inclusive: bool = False) -> Key | None:
        """The first key after *place* at which there is an object."""
        both: tuple[Any, ...] = (self._service.jobs.buckets.get(bucket, _NO_ARTIFACTS), self.uploads.keys(bucket))
        while True:
            found = [next(one.after("Key", place, inclusive=inclusive), None) for one in both]
            keys = [key for key in found if key is not None]
            if not keys or self._find(bucket, min(keys)[0]) is not None:
                return min(keys, default=None)
            place, inclusive = min(keys), False

    def _find(self, bucket: str, key: str) -> Artifact | Upload | None:
        """What is at a key: the later of what a training job and a caller have put there."""
        artifacts = self._service.jobs.buckets.get(bucket)
        artifact = artifacts.members.get(key) if artifacts is not None else None
        upload = self.uploads.object(bucket, key)
        if upload is None or (artifact is not None and artifact.stored_s > upload.stored_s):
            return artifact
        return upload if upload.body is not None else None

    def _content(self, stored: Artifact) -> bytes:
        """The bytes of what a training job has stored: a gzipped tar archive for a model, JSON for a checkpoint."""
        job = self._service.jobs.training.members.get(stored.training_job)
        tuned = {} if job is None else dict(job.tuned)
        return _content(stored.kind, json.dumps({"TrainingJobName": stored.training_job, "HyperParameters": tuned}))


@functools.lru_cache(maxsize=4096)
def _content(kind: str, text: str) -> bytes:
    if kind != "model":
        return text.encode()
    archive = io.BytesIO()
    with gzip.GzipFile(fileobj=archive, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as tar:
        member = tarfile.TarInfo("model.json")
        member.size = len(text.encode())
        tar.addfile(member, io.BytesIO(text.encode()))
    return archive.getvalue()
