"""The protocols in which clients ask CloudWatch: JSON, query (forms and XML) and CBOR; which one, a request itself says.

botocore's clients have gone from query to JSON, other languages' to CBOR; each gets its answer, and its error, as it has asked.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from hptsim.errors import InvalidInput, ServiceError
from hptsim.model.instants import read_instant, write_instant
from hptsim.optional import require
from hptsim.service import cbor
from hptsim.service.call import Call, Response
from hptsim.service.validation import model


def protocol_of(call: Call) -> str:
    """How a request speaks: "json", "query" or "cbor".

    >>> protocol_of(Call("cloudwatch", "ListMetrics", headers={"Content-Type": "application/x-www-form-urlencoded"}))
    'query'
    """
    headers = {name.lower(): value for name, value in call.headers.items()}
    if "cbor" in headers.get("smithy-protocol", "") or "cbor" in headers.get("content-type", ""):
        return "cbor"
    return "query" if "form" in headers.get("content-type", "") else "json"


def read(call: Call) -> dict[str, Any]:
    """The request in a body; raises ServiceError (SerializationException)."""
    shape = model(call.service).operation_model(call.operation).input_shape
    try:
        kind = protocol_of(call)
        if kind == "query":
            return dict(_from_form(shape, dict(parse_qsl(call.body.decode(), keep_blank_values=True)), "") or {})
        parsers: Any = require("botocore.parsers", "boto", "the service")
        given = (
            parsers.RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(call.body)))
            if kind == "cbor" and call.body
            else json.loads(call.body or b"{}")
        )
    except Exception as error:  # whatever a parser says of bytes from outside
        raise ServiceError("SerializationException", f"The body cannot be read: {error}") from None
    if not isinstance(given, dict):
        raise ServiceError("SerializationException", "The body is no structure.")
    return given


def write(call: Call, answer: Mapping[str, Any]) -> Response:
    """An answer as its request speaks; times in it are seconds since 1970."""
    kind = protocol_of(call)
    operation = model(call.service).operation_model(call.operation)
    if kind == "cbor":
        return Response(200, cbor.HEADERS, cbor.written(_timed(operation.output_shape, answer)))
    if kind == "json":
        return Response(200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(answer).encode())
    space = model(call.service).metadata["xmlNamespace"]
    name = call.operation
    text = f'<{name}Response xmlns="{space}"><{name}Result>{_xml(operation.output_shape, answer)}</{name}Result>'
    return Response(200, {"Content-Type": "text/xml"}, f"{text}</{name}Response>".encode())


def refuse(call: Call, error: ServiceError) -> Response:
    """An error as its request speaks, with the service's name of it in each protocol."""
    kind = protocol_of(call)
    if kind == "query":
        text = f"<Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
        body = f"<ErrorResponse><Error>{text}</Error></ErrorResponse>".encode()
        return Response(error.http_status, {"Content-Type": "text/xml"}, body)
    headers = {"x-amzn-query-error": f"{error.code};Sender"}
    said = {"__type": _shape_of(call.service, error.code), "message": error.message}
    if kind == "cbor":
        return Response(error.http_status, {**cbor.HEADERS, **headers}, cbor.written(said))
    headers["Content-Type"] = "application/x-amz-json-1.0"
    return Response(error.http_status, headers, json.dumps(said).encode())


def _shape_of(service: str, code: str) -> str:
    """The shape of an error that is called *code* in the query protocol."""
    for shape in model(service).error_shapes:
        if shape.metadata.get("error", {}).get("code") == code:
            return str(shape.name)
    return code


# ---------------------------------------------------------------------- query


def _from_form(shape: Any, form: Mapping[str, str], prefix: str) -> Any:
    """What a form says of a shape below *prefix*; None for nothing."""
    kind = shape.type_name
    if kind == "structure":
        found = {
            name: _from_form(member, form, f"{prefix}.{name}" if prefix else name)
            for name, member in shape.members.items()
        }
        return {name: value for name, value in found.items() if value is not None} or None
    if kind == "list":
        elements: list[Any] = []
        while any(name.startswith(f"{prefix}.member.{len(elements) + 1}") for name in form):
            value = _from_form(shape.member, form, f"{prefix}.member.{len(elements) + 1}")
            if value is None:
                break
            elements.append(value)
        return elements or None
    text = form.get(prefix)
    return None if text is None else _scalar(kind, text, prefix)


def _scalar(kind: str, text: str, where: str) -> Any:
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("double", "float"):
            return float(text)
        if kind == "timestamp":
            return read_instant(text, where)
    except (ValueError, InvalidInput):
        raise ServiceError("MalformedInput", f"{where}: got {text!r:.80}, expected a {kind}") from None
    return text == "true" if kind == "boolean" else text


def _xml(shape: Any, value: Any) -> str:
    kind = shape.type_name
    if kind == "structure":
        return "".join(f"<{name}>{_xml(shape.members[name], inner)}</{name}>" for name, inner in value.items())
    if kind == "list":
        return "".join(f"<member>{_xml(shape.member, inner)}</member>" for inner in value)
    if kind == "timestamp":
        return write_instant(value, "milliseconds")
    return escape(str(value))


# ---------------------------------------------------------------------- CBOR


def _timed(shape: Any, value: Any) -> Any:
    """A copy in which times are datetimes, which CBOR tells from numbers."""
    if shape.type_name == "structure":
        return {name: _timed(shape.members[name], inner) for name, inner in value.items()}
    if shape.type_name == "list":
        return [_timed(shape.member, inner) for inner in value]
    return cbor.Time(value) if shape.type_name == "timestamp" else value


def seconds(given: Any) -> float:
    """A time of a request as seconds since 1970."""
    return float(given.timestamp() if hasattr(given, "timestamp") else given)
