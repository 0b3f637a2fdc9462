"""S3 as far as training jobs write there: models and checkpoints, listed and read, never written by a client.

A bucket exists as soon as a job names it as its output or checkpoint location; objects appear when they are stored and
stay for good (S7, B12). A model is a real `model.tar.gz` whose one file names its training job; the same bytes always.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import json
import re
import tarfile
from collections.abc import Mapping
from email.utils import formatdate
from urllib.parse import quote
from xml.sax.saxutils import escape

import attrs

from hptsim.errors import ServiceError
from hptsim.model.instants import write_instant
from hptsim.model.storage import Artifact
from hptsim.service.pagination import Key, ListRequest, SortedIndex
from hptsim.service.service import Service, not_modelled

OPERATIONS = ("ListObjectsV2", "HeadObject", "GetObject")
"""The operations that are modelled."""
MAX_KEYS = 1000
_SIZE, _MOST_SIZE = re.compile("[0-9]{1,10}"), 2**31 - 1
_AFTER_ALL = "\U0010ffff"


@attrs.frozen
class Response:
    """An HTTP response: status, headers and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class S3:
    """The object store of one simulation.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> store = S3(Service.of(sim)); [key] = store.keys("bucket"); key
    'output/demo-001-1d2bae29/output/model.tar.gz'
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def keys(self, bucket: str) -> list[str]:
        """The keys of a bucket, in order; raises ServiceError (NoSuchBucket, 404)."""
        with self._service.lock:
            self._service.jobs.catch_up()
            return [key for (key,) in self._bucket(bucket).after("Key", None)]

    def answer(
        self, operation: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Response:
        """Answer one request as HTTP; errors too, as S3's XML."""
        with self._service.lock:
            self._service.jobs.catch_up()
            try:
                if operation == "ListObjectsV2":
                    body = self._list(bucket, query).encode()
                    return Response(200, {"Content-Type": "application/xml"}, body)
                if operation in OPERATIONS:
                    return self._read(operation, bucket, key, headers)
                raise attrs.evolve(not_modelled("s3", operation, list(OPERATIONS)), code="NotImplemented")
            except ServiceError as error:
                return self._refusal(operation, error, bucket, key)

    def _refusal(self, operation: str, error: ServiceError, bucket: str, key: str) -> Response:
        """An error; the answer to a HEAD request for what is not there has no body, as HTTP requires."""
        where = f"<BucketName>{escape(bucket)}</BucketName>" if error.code == "NoSuchBucket" else ""
        where += f"<Key>{escape(key)}</Key>" if error.code == "NoSuchKey" else ""
        text = f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message>{where}</Error>"
        silent = operation == "HeadObject" and error.http_status == 404
        return Response(error.http_status, {"Content-Type": "application/xml"}, b"" if silent else text.encode())

    def _bucket(self, name: str) -> SortedIndex[Artifact]:
        bucket = self._service.jobs.buckets.get(name)
        if bucket is None:
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)
        return bucket

    def _instant(self, stored: Artifact) -> float:
        return self._service.epoch_s + stored.stored_s

    def content(self, stored: Artifact) -> bytes:
        """The bytes of an object: a gzipped tar archive for a model, JSON for a checkpoint."""
        job = self._service.jobs.training.members.get(stored.training_job)
        tuned = {} if job is None else dict(job.tuned)
        return _content(stored.kind, json.dumps({"TrainingJobName": stored.training_job, "HyperParameters": tuned}))

    # ------------------------------------------------------------------ one object

    def _read(self, operation: str, bucket: str, key: str, headers: Mapping[str, str]) -> Response:
        stored = self._bucket(bucket).members.get(key)
        if stored is None:
            raise ServiceError("NoSuchKey", "The specified key does not exist.", 404)
        body = self.content(stored)
        status, shown = (
            200,
            {
                "Content-Type": "application/x-gzip" if stored.kind == "model" else "application/json",
                "Content-Length": str(len(body)),
                "ETag": etag(body),
                "Last-Modified": formatdate(self._instant(stored), usegmt=True),
                "Accept-Ranges": "bytes",
            },
        )
        if wanted := next((value for name, value in headers.items() if name.lower() == "range"), ""):
            first, last = _range(wanted, len(body))
            shown["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            status, body = 206, body[first : last + 1]
            shown["Content-Length"] = str(len(body))
        return Response(status, shown, body if operation == "GetObject" else b"")

    # ------------------------------------------------------------------ lists

    def _list(self, bucket: str, query: Mapping[str, str]) -> str:
        """One page of a bucket: keys, and prefixes up to the delimiter, together at most MaxKeys."""
        objects = self._bucket(bucket)
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        list_request = ListRequest("ListObjectsV2", {"bucket": bucket, "prefix": prefix, "delimiter": delimiter})
        given = query.get("max-keys", str(MAX_KEYS))
        if not _SIZE.fullmatch(given) or int(given) > _MOST_SIZE:
            expected = f"expected a whole number from 0 to {_MOST_SIZE}"
            raise ServiceError("InvalidArgument", f"max-keys: got {given!r:.80}, {expected}")
        size = min(int(given), MAX_KEYS)
        start = self._start(query, list_request)
        keys, prefixes, last = _take(objects, start, prefix, delimiter, size)
        encode = quote if query.get("encoding-type") == "url" else escape
        shown = {
            "Name": escape(bucket),
            "Prefix": encode(prefix),
            "Delimiter": encode(delimiter),
            "StartAfter": encode(query.get("start-after", "")),
            "EncodingType": query.get("encoding-type", ""),
            "ContinuationToken": escape(query.get("continuation-token", "")),
            "NextContinuationToken": ""
            if last is None
            else self._service.tokens.make(list_request, last, self._service.sim.now),
        }
        parts = [f"<{name}>{value}</{name}>" for name, value in shown.items() if value or name == "Prefix"]
        parts += [f"<MaxKeys>{size}</MaxKeys><KeyCount>{len(keys) + len(prefixes)}</KeyCount>"]
        parts += [f"<IsTruncated>{'false' if last is None else 'true'}</IsTruncated>"]
        parts += [self._entry(encode(key), objects.members[key]) for key in keys]
        parts += [f"<CommonPrefixes><Prefix>{encode(one)}</Prefix></CommonPrefixes>" for one in prefixes]
        return f"<?xml version='1.0' encoding='UTF-8'?><ListBucketResult>{''.join(parts)}</ListBucketResult>"

    def _start(self, query: Mapping[str, str], list_request: ListRequest) -> Key | None:
        if token := query.get("continuation-token"):
            try:
                return self._service.tokens.read(token, list_request, self._service.sim.now)
            except ServiceError:
                text = "The continuation token provided is incorrect"
                raise ServiceError("InvalidArgument", text) from None
        return (query["start-after"],) if query.get("start-after") else None

    def _entry(self, shown: str, stored: Artifact) -> str:
        body = self.content(stored)
        written = write_instant(self._instant(stored), "milliseconds")
        return (
            f"<Contents><Key>{shown}</Key><LastModified>{written}</LastModified>"
            f"<ETag>{escape(etag(body))}</ETag><Size>{len(body)}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
        )


def _take(
    objects: SortedIndex[Artifact], start: Key | None, prefix: str, delimiter: str, size: int
) -> tuple[list[str], list[str], Key | None]:
    """Keys and common prefixes of one page, and the key after which the next page begins, None when there is none.

    Once a common prefix is taken, everything below it is passed over, not walked through.
    """
    keys: list[str] = []
    prefixes: list[str] = []
    place, last, inclusive = start, None, False
    if prefix and (place is None or place < (prefix,)):
        place, inclusive = (prefix,), True
    while (key := next(objects.after("Key", place, inclusive=inclusive), None)) and key[0].startswith(prefix):
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


def _range(given: str, size: int) -> tuple[int, int]:
    """The first and last byte of a Range header; raises ServiceError (InvalidRange, 416)."""
    first, dash, last = given.removeprefix("bytes=").partition("-")
    try:
        low = int(first) if first else max(0, size - int(last))
        high = min(int(last), size - 1) if first and last else size - 1
    except ValueError:
        low, high = 0, -1
    if not dash or not 0 <= low <= high:
        raise ServiceError("InvalidRange", "The requested range is not satisfiable", 416)
    return low, high


def etag(body: bytes) -> str:
    """The ETag of an object that was stored in one piece: its MD5, quoted."""
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


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
