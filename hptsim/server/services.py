"""Which service and operation an HTTP request means, beside those that its target header names: by its signature's scope."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from hptsim.boto import DEFAULT_REGION
from hptsim.service.validation import known_services

_SCOPE = re.compile(r"Credential=[^/,]*/\d{8}/(?P<region>[a-z0-9-]{1,32})/(?:(?P<service>[a-z0-9-]{1,64})/)?")
_SIGNED_AS = {"monitoring": "cloudwatch", "servicequotas": "service-quotas"}
"""Services that sign under another name than botocore has for them; the others sign under their own."""
_TARGETS = {
    "GraniteServiceVersion20100801": "cloudwatch",
    "ServiceQuotasV20190624": "service-quotas",
    "AmazonEC2ContainerRegistry_V20150921": "ecr",
}
_OF_LISTS = frozenset(
    "prefix delimiter marker max-keys encoding-type start-after continuation-token fetch-owner".split()
)
_OF_BUCKETS = {
    ("GET", "location"): "GetBucketLocation",
    ("POST", "delete"): "DeleteObjects",
    ("PUT", ""): "CreateBucket",
    ("HEAD", ""): "HeadBucket",
    ("DELETE", ""): "DeleteBucket",
    ("GET", ""): "ListObjects",
}
_OF_OBJECTS = {
    ("POST", "uploads"): "CreateMultipartUpload",
    ("GET", ""): "GetObject",
    ("HEAD", ""): "HeadObject",
    ("PUT", ""): "PutObject",
    ("DELETE", ""): "DeleteObject",
}
_OF_PARTS = {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}


def service_of(headers: Mapping[str, str]) -> str:
    """botocore's name of the service that a request is for, as its signature or its target says; nothing where neither does.

    >>> scope = "AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/monitoring/aws4_request, SignedHeaders=host"
    >>> service_of({"authorization": scope}), service_of({})
    ('cloudwatch', '')
    """
    found = _SCOPE.search(headers.get("authorization", ""))
    if found is not None and found["service"] is not None:
        name = _SIGNED_AS.get(found["service"], found["service"])
        return name if name in known_services() else ""
    return _TARGETS.get(headers.get("x-amz-target", "").partition(".")[0], "")


def region_of(headers: Mapping[str, str]) -> str:
    """The region that a request's signature is for; us-east-1 where it has none.

    >>> region_of({"authorization": "AWS4-HMAC-SHA256 Credential=a/20240101/eu-west-1/sagemaker/aws4_request, ..."})
    'eu-west-1'
    """
    found = _SCOPE.search(headers.get("authorization", ""))
    return DEFAULT_REGION if found is None else found["region"]


def operation_of(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> str:
    """The operation that a request to a service other than S3 names: in its target, its path, its form or its query.

    >>> operation_of("POST", "/", "", {}, b"Action=GetCallerIdentity&Version=2011-06-15")
    'GetCallerIdentity'
    """
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if "/operation/" in path:
        return path.rpartition("/")[2]
    given = dict(parse_qsl(query)) | dict(parse_qsl(body.decode("latin-1")) if method == "POST" else ())
    return given.get("Action", f"{method} {path}")


def object_operation(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None) -> str:
    """S3's name of an operation, as far as the twin models it, and what to call the others; the bucket stands in the path.

    >>> object_operation("GET", "/bucket", {"list-type": "2"}), object_operation("GET", "/bucket/a/b", {})
    ('ListObjectsV2', 'GetObject')
    """
    bucket, _, key = path.lstrip("/").partition("/")
    part = next((name for name, value in query.items() if not value and name not in _OF_LISTS), "")  # such as ?tagging
    unknown = f"{method} {path}{part and '?' + part}"
    if not bucket:
        return "ListBuckets" if method == "GET" and not part else unknown
    if not key:
        named = _OF_BUCKETS.get((method, part), unknown)
        return "ListObjectsV2" if named == "ListObjects" and query.get("list-type") == "2" else named
    copied = headers is not None and "x-amz-copy-source" in headers
    if "uploadId" in query:
        return unknown if copied else _OF_PARTS.get(method, unknown)
    named = _OF_OBJECTS.get((method, part), unknown)
    return "CopyObject" if named == "PutObject" and copied else named
