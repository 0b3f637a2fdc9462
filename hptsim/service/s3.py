"""S3: what training jobs store there, and what callers put beside it.

A bucket exists as soon as a job names it as its output or checkpoint location, or a caller makes it; objects of training jobs
appear when they are stored and stay for good (S7, B12), unless a caller deletes them. A model is a real `model.tar.gz` whose
one file names its training job; the same bytes always. There are no versions, no permissions and no tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import attrs

from hptsim.errors import ServiceError
from hptsim.model.instants import write_instant
from hptsim.service.buckets import Buckets, Stored
from hptsim.service.call import Response
from hptsim.service.pagination import Key, ListRequest
from hptsim.service.service import Service, not_modelled
from hptsim.service.uploads import etag as etag

MAX_KEYS = 1000
_XML = {"Content-Type": "application/xml"}
_KEPT = ("content-type", "content-encoding", "content-disposition", "content-language", "cache-control")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def _lowered(given: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in given.items()}


@attrs.frozen
class Asked:
    """A request: where, with what query and headers, and the body."""

    bucket: str
    key: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = attrs.field(converter=_lowered)
    body: bytes = b""
    region: str = "us-east-1"


class S3:
    """The object store of one simulation.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> store = S3(Service.of(sim)); [key] = store.keys("bucket"); key
    'output/demo-001-1d2bae29/output/model.tar.gz'
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._buckets = Buckets(service)
        self._uploads = self._buckets.uploads

    def keys(self, bucket: str) -> list[str]:
        """The keys of a bucket, in order; raises ServiceError (NoSuchBucket, 404)."""
        with self._service.lock:
            self._service.jobs.catch_up()
            self._uploads.catch_up()
            return self._buckets.keys(bucket)

    def answer(self, operation: str, asked: Asked) -> Response:
        """Answer one request as HTTP; errors too, as S3's XML."""
        with self._service.lock:
            self._service.jobs.catch_up()
            self._uploads.catch_up()
            try:
                if operation not in _OPERATIONS:
                    raise attrs.evolve(not_modelled("s3", operation, list(_OPERATIONS)), code="NotImplemented")
                return _OPERATIONS[operation](self, asked)
            except ServiceError as error:
                return _refusal(operation, error, asked)

    # ------------------------------------------------------------------ buckets

    def _create_bucket(self, asked: Asked) -> Response:
        if not _BUCKET.fullmatch(asked.bucket):
            raise ServiceError("InvalidBucketName", f"The specified bucket is not valid: {asked.bucket!r:.80}.")
        if asked.bucket in self._buckets.names() and asked.region != "us-east-1":
            text = "Your previous request to create the named bucket succeeded and you already own it."
            raise ServiceError("BucketAlreadyOwnedByYou", text, 409)
        self._uploads.create(asked.bucket)
        return Response(200, {"Location": f"/{asked.bucket}"}, b"")

    def _head_bucket(self, asked: Asked) -> Response:
        self._buckets.check(asked.bucket)
        return Response(200, {"x-amz-bucket-region": asked.region}, b"")

    def _delete_bucket(self, asked: Asked) -> Response:
        if self._buckets.keys(asked.bucket):
            raise ServiceError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
        if asked.bucket in self._service.jobs.buckets:
            raise ServiceError("OperationAborted", "A job has named this bucket, and may write there.", 409)
        self._uploads.drop(asked.bucket)
        return Response(204, {}, b"")

    def _list_buckets(self, asked: Asked) -> Response:
        shown = "".join(
            f"<Bucket><Name>{escape(name)}</Name><CreationDate>{self._written(made_s)}</CreationDate></Bucket>"
            for name, made_s in self._buckets.names().items()
        )
        return _xml("ListAllMyBucketsResult", f"<Owner><ID>{'0' * 64}</ID></Owner><Buckets>{shown}</Buckets>")

    def _location(self, asked: Asked) -> Response:
        self._buckets.check(asked.bucket)
        return _xml("LocationConstraint", "" if asked.region == "us-east-1" else escape(asked.region))

    # ------------------------------------------------------------------ one object

    def _get(self, asked: Asked) -> Response:
        stored = self._buckets.get(asked.bucket, asked.key)
        body, status = stored.body, 200
        shown = {
            "Content-Type": "binary/octet-stream",
            **stored.headers,
            "ETag": stored.etag,
            "Last-Modified": formatdate(self._instant(stored.stored_s), usegmt=True),
            "Accept-Ranges": "bytes",
        }
        if wanted := asked.headers.get("range", ""):
            first, last = _range(wanted, len(body))
            shown["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            status, body = 206, body[first : last + 1]
        return Response(status, {**shown, "Content-Length": str(len(body))}, body)

    def _head(self, asked: Asked) -> Response:
        return attrs.evolve(self._get(asked), body=b"")

    def _put(self, asked: Asked) -> Response:
        self._buckets.check(asked.bucket)
        stored = self._uploads.put(asked.bucket, asked.key, _plain(asked), _kept(asked))
        return Response(200, {"ETag": stored.etag}, b"")

    def _copy(self, asked: Asked) -> Response:
        self._buckets.check(asked.bucket)
        given = unquote(asked.headers.get("x-amz-copy-source", "")).removeprefix("/").partition("?")[0]
        bucket, _, key = given.partition("/")
        source = self._buckets.get(bucket, key)
        replaced = asked.headers.get("x-amz-metadata-directive", "").upper() == "REPLACE"
        headers = _kept(asked) if replaced else source.headers
        stored = self._uploads.put(asked.bucket, asked.key, source.body, headers)
        when = self._written(stored.stored_s)
        return _xml("CopyObjectResult", f"<ETag>{escape(stored.etag)}</ETag><LastModified>{when}</LastModified>")

    def _delete(self, asked: Asked) -> Response:
        self._buckets.check(asked.bucket)
        self._remove(asked.bucket, asked.key)
        return Response(204, {}, b"")

    def _delete_several(self, asked: Asked) -> Response:
        self._buckets.check(asked.bucket)
        given = _read(asked)
        keys = [one.findtext("{*}Key") or "" for one in given.findall("{*}Object")]
        if not 1 <= len(keys) <= MAX_KEYS or not all(keys):
            raise ServiceError("MalformedXML", f"Delete: got {len(keys)} keys, expected 1 to {MAX_KEYS}")
        for key in keys:
            self._remove(asked.bucket, key)
        quiet = (given.findtext("{*}Quiet") or "").lower() == "true"
        shown = "" if quiet else "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return _xml("DeleteResult", shown)

    def _remove(self, bucket: str, key: str) -> None:
        try:
            self._buckets.get(bucket, key)
        except ServiceError:
            return  # deleting what is not there is no error
        self._uploads.put(bucket, key, None)

    # ------------------------------------------------------------------ uploads in several parts

    def _begin(self, asked: Asked) -> Response:
        self._buckets.check(asked.bucket)
        name = self._uploads.begin(asked.bucket, asked.key, _kept(asked))
        return _xml("InitiateMultipartUploadResult", f"{_where(asked)}<UploadId>{name}</UploadId>")

    def _part(self, asked: Asked) -> Response:
        given = asked.query.get("partNumber", "")
        if not (given.isdecimal() and len(given) < 6 and 1 <= int(given) <= 10_000):
            text = "Part number must be an integer between 1 and 10000, inclusive"
            raise ServiceError("InvalidArgument", text)
        body = _plain(asked)
        self._uploads.parts(asked.query.get("uploadId", ""), asked.bucket, asked.key).parts[int(given)] = body
        return Response(200, {"ETag": etag(body)}, b"")

    def _complete(self, asked: Asked) -> Response:
        wanted = []
        for part in _read(asked).findall("{*}Part"):
            number = part.findtext("{*}PartNumber") or ""
            if not (number.isdecimal() and len(number) < 6):
                raise ServiceError("MalformedXML", f"PartNumber: got {number!r:.80}, expected a whole number")
            wanted.append((int(number), part.findtext("{*}ETag") or ""))
        stored = self._uploads.complete(asked.query.get("uploadId", ""), asked.bucket, asked.key, wanted)
        return _xml("CompleteMultipartUploadResult", f"{_where(asked)}<ETag>{escape(stored.etag)}</ETag>")

    def _abort(self, asked: Asked) -> Response:
        self._uploads.abort(asked.query.get("uploadId", ""), asked.bucket, asked.key)
        return Response(204, {}, b"")

    # ------------------------------------------------------------------ lists

    def _list(self, asked: Asked) -> Response:
        return self._page(asked, "ListObjectsV2")

    def _list_first(self, asked: Asked) -> Response:
        return self._page(asked, "ListObjects")

    def _page(self, asked: Asked, operation: str) -> Response:
        """One page of a bucket: keys, and prefixes up to the delimiter, together at most MaxKeys."""
        self._buckets.check(asked.bucket)
        query, bucket = asked.query, asked.bucket
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        list_request = ListRequest("ListObjectsV2", {"bucket": bucket, "prefix": prefix, "delimiter": delimiter})
        given = query.get("max-keys", str(MAX_KEYS))
        if not (given.isascii() and given.isdecimal() and len(given) <= 10 and int(given) < 2**31):
            expected = f"expected a whole number from 0 to {2**31 - 1}"
            raise ServiceError("InvalidArgument", f"max-keys: got {given!r:.80}, {expected}")
        size = min(int(given), MAX_KEYS)
        second = operation == "ListObjectsV2"
        start = self._start(query, list_request) if second else ((query["marker"],) if query.get("marker") else None)
        keys, prefixes, last = self._buckets.take(bucket, start, prefix, delimiter, size)
        encode = quote if query.get("encoding-type") == "url" else escape
        shown = {"Name": escape(bucket), "Prefix": encode(prefix), "Delimiter": encode(delimiter)}
        shown["EncodingType"] = escape(query.get("encoding-type", ""))
        if second:
            shown["StartAfter"] = encode(query.get("start-after", ""))
            shown["ContinuationToken"] = escape(query.get("continuation-token", ""))
            shown["NextContinuationToken"] = (
                "" if last is None else self._service.tokens.make(list_request, last, self._service.sim.now)
            )
            shown["KeyCount"] = str(len(keys) + len(prefixes))
        else:
            shown["Marker"] = encode(query.get("marker", ""))
            shown["NextMarker"] = encode(last[0]) if last is not None and delimiter else ""
        parts = [f"<{name}>{value}</{name}>" for name, value in shown.items() if value or name in ("Prefix", "Marker")]
        parts += [f"<MaxKeys>{size}</MaxKeys>"]
        parts += [f"<IsTruncated>{'false' if last is None else 'true'}</IsTruncated>"]
        parts += [self._entry(encode(key), self._buckets.get(bucket, key)) for key in keys]
        parts += [f"<CommonPrefixes><Prefix>{encode(one)}</Prefix></CommonPrefixes>" for one in prefixes]
        return _xml("ListBucketResult", "".join(parts))

    def _start(self, query: Mapping[str, str], list_request: ListRequest) -> Key | None:
        if token := query.get("continuation-token"):
            try:
                return self._service.tokens.read(token, list_request, self._service.sim.now)
            except ServiceError:
                text = "The continuation token provided is incorrect"
                raise ServiceError("InvalidArgument", text) from None
        return (query["start-after"],) if query.get("start-after") else None

    def _entry(self, shown: str, stored: Stored) -> str:
        return (
            f"<Contents><Key>{shown}</Key><LastModified>{self._written(stored.stored_s)}</LastModified>"
            f"<ETag>{escape(stored.etag)}</ETag><Size>{len(stored.body)}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
        )

    def _instant(self, seconds: float) -> float:
        return self._service.epoch_s + seconds

    def _written(self, seconds: float) -> str:
        return write_instant(self._instant(seconds), "milliseconds")


_OPERATIONS: Mapping[str, Callable[[S3, Asked], Response]] = {
    "ListObjectsV2": S3._list,
    "ListObjects": S3._list_first,
    "HeadObject": S3._head,
    "GetObject": S3._get,
    "PutObject": S3._put,
    "CopyObject": S3._copy,
    "DeleteObject": S3._delete,
    "DeleteObjects": S3._delete_several,
    "CreateMultipartUpload": S3._begin,
    "UploadPart": S3._part,
    "CompleteMultipartUpload": S3._complete,
    "AbortMultipartUpload": S3._abort,
    "CreateBucket": S3._create_bucket,
    "HeadBucket": S3._head_bucket,
    "DeleteBucket": S3._delete_bucket,
    "ListBuckets": S3._list_buckets,
    "GetBucketLocation": S3._location,
}
OPERATIONS = tuple(_OPERATIONS)
"""The operations that are modelled."""


def _refusal(operation: str, error: ServiceError, asked: Asked) -> Response:
    """An error; the answer to a HEAD request has no body, as HTTP requires."""
    where = f"<BucketName>{escape(asked.bucket)}</BucketName>" if error.code == "NoSuchBucket" else ""
    where += f"<Key>{escape(asked.key)}</Key>" if error.code == "NoSuchKey" else ""
    text = f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message>{where}</Error>"
    silent = operation.startswith("Head") and error.http_status == 404
    return Response(error.http_status, _XML, b"" if silent else text.encode())


def _xml(name: str, inside: str) -> Response:
    space = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    return Response(200, _XML, f"<?xml version='1.0' encoding='UTF-8'?><{name}{space}>{inside}</{name}>".encode())


def _where(asked: Asked) -> str:
    return f"<Bucket>{escape(asked.bucket)}</Bucket><Key>{escape(asked.key)}</Key>"


def _read(asked: Asked) -> Any:
    """The XML of a body; raises ServiceError (MalformedXML)."""
    try:
        return ElementTree.fromstring(asked.body)
    except ElementTree.ParseError as error:
        raise ServiceError("MalformedXML", f"The XML you provided was not well-formed: {error}") from None


def _kept(asked: Asked) -> dict[str, str]:
    """The headers that belong to an object."""
    kept = {"Content-Type": "binary/octet-stream"}
    for name, value in asked.headers.items():
        if name == "content-encoding":
            value = ",".join(one.strip() for one in value.split(",") if one.strip() != "aws-chunked")
        if value and (name in _KEPT or name.startswith("x-amz-meta-")):
            kept["Content-Type" if name == "content-type" else name] = value
    return kept


def _plain(asked: Asked) -> bytes:
    """A body without the chunks in which clients send what they sign piece by piece; raises ServiceError (IncompleteBody)."""
    chunked = "aws-chunked" in asked.headers.get("content-encoding", "")
    if not chunked and not asked.headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        return asked.body
    pieces: list[bytes] = []
    rest = asked.body
    while True:
        line, found, rest = rest.partition(b"\r\n")
        size = line.partition(b";")[0].strip()
        if not found or not re.fullmatch(rb"[0-9a-fA-F]{1,8}", size) or len(rest) < int(size, 16):
            raise ServiceError("IncompleteBody", "The body does not come in the chunks that its headers promise.")
        if int(size, 16) == 0:
            return b"".join(pieces)
        pieces.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) :].removeprefix(b"\r\n")


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
