"""Connections as clients of all kinds use them, byte by byte."""

import contextlib
import gzip
import json
import re
import socket
import time
from urllib.parse import urlsplit

import pytest
from examples import request, simulation, training_request
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import served

from hptsim.errors import InvalidInput
from hptsim.server import calls, connections, listen

HEAD = (
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n"
    "X-Amz-Target: SageMaker.{operation}\r\n{more}\r\n"
)


@contextlib.contextmanager
def connected(url):
    """A connection to the server."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        yield connection


def head(operation, *more):
    return HEAD.format(operation=operation, more="".join(f"{line}\r\n" for line in more)).encode()


def plain(operation, body, *more):
    """A request with its length."""
    return head(operation, f"Content-Length: {len(body)}", *more) + body


def chunked(body, size=7):
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    return b"".join(b"%x;note=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def answer(connection):
    """One answer: status and body."""
    read = b""
    while b"\r\n\r\n" not in read:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {read!r}")
        read += piece
    front, _, body = read.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", front)[1])
    while len(body) < length:
        body += connection.recv(65536)
    assert len(body) == length
    return int(front.split()[1]), body


@pytest.fixture
def sim():
    return simulation()


@pytest.fixture
def url(sim):
    with served(sim) as url:
        yield url


def test_answers_leave_at_once(sim, monkeypatch):
    """With Nagle's algorithm, the body of an answer waits for the client's delayed acknowledgement of its head."""
    seen = []
    real = connections.Connection.connection_made

    def made(self, transport):
        real(self, transport)
        seen.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(connections.Connection, "connection_made", made)
    with served(sim) as url, connected(url) as connection:
        for _ in range(3):
            connection.sendall(plain("ListTrainingJobs", b"{}"))
            assert answer(connection) == (200, b'{"TrainingJobSummaries": []}')
    assert seen == [1]


def test_names_of_headers_in_any_case_and_bodies_in_any_form(url):
    """botocore and the JavaScript SDK send the length, others chunks; header names are lower case in some (Go: Canonical)."""
    body = b'{"NameContains": "x", "MaxResults": 3}'
    forms = [
        plain("ListTrainingJobs", body),
        plain("ListTrainingJobs", body).replace(b"X-Amz-Target", b"x-amz-target").replace(b"Host", b"HOST"),
        plain("ListTrainingJobs", body, "Content-Encoding: identity"),
        head("ListTrainingJobs", "Transfer-Encoding: chunked") + chunked(body),
        plain("ListTrainingJobs", gzip.compress(body), "Content-Encoding: gzip"),
        head("ListTrainingJobs", "transfer-encoding: Chunked", "content-encoding: GZIP") + chunked(gzip.compress(body)),
        head("ListTrainingJobs"),  # neither length nor chunks: there is no body, which is an empty request
        plain("ListTrainingJobs", b""),
    ]
    with connected(url) as connection:
        for form in forms:  # all on one connection
            connection.sendall(form)
            assert answer(connection) == (200, b'{"TrainingJobSummaries": []}'), form
        connection.sendall(b"".join(forms))  # and without waiting for the answers
        seen = b""
        while seen.count(b'{"TrainingJobSummaries": []}') < len(forms):
            seen += connection.recv(65536)


def test_a_body_that_waits_for_100_continue(url):
    body = json.dumps(training_request()).encode()
    with connected(url) as connection:
        connection.sendall(head("CreateTrainingJob", f"Content-Length: {len(body)}", "Expect: 100-continue"))
        assert re.fullmatch(rb"HTTP/1.1 100 [A-Za-z]*\r\n\r\n", connection.recv(65536))
        connection.sendall(body)
        status, created = answer(connection)
        assert status == 200 and json.loads(created)["TrainingJobArn"].endswith("/alone")


def test_a_refusal_does_not_ask_for_the_body_first(url):
    with connected(url) as connection:
        connection.sendall(
            head("X", "Content-Length: 9", "Expect: 100-continue").replace(b"localhost", b"evil.example")
        )
        assert answer(connection)[0] == 403


def test_times_as_the_sdks_write_them(sim, url):
    """JSON 1.1 has seconds since 1970 as numbers: integers, fractions, and the exponent of C++'s and Java's doubles."""
    sim.create_training_job("alone")
    epoch = 1704067200
    for written, shown in ((str(epoch), 0), ("1.7040671E9", 1), (f"{epoch - 1}.999", 1), ("1.704067200001E+9", 0)):
        body = f'{{"CreationTimeAfter": {written}}}'.encode()
        with connected(url) as connection:
            connection.sendall(plain("ListTrainingJobs", body))
            status, answered = answer(connection)
        assert (status, len(json.loads(answered)["TrainingJobSummaries"])) == (200, shown), written
    for written in ('"2024-01-01T00:00:00Z"', "NaN", "1e400", "[]"):
        with connected(url) as connection:
            connection.sendall(plain("ListTrainingJobs", f'{{"CreationTimeAfter": {written}}}'.encode()))
            status, answered = answer(connection)
        assert status == 400 and json.loads(answered)["__type"] in ("SerializationException", "ValidationException")


def test_a_retry_is_a_call_like_any_other(sim, url):
    """An SDK repeats a call under the same amz-sdk-invocation-id. Creations have no client token, and the service
    names no operation here that would take the id for one: the second creation finds the name in use."""
    body = json.dumps(request("once")).encode()
    attempt = ["amz-sdk-invocation-id: 9c1f5d1e-0000-4000-8000-000000000000", "amz-sdk-request: attempt={}; max=3"]
    with connected(url) as connection:
        for number, expected in ((1, 200), (2, 400), (3, 400)):
            more = [line.format(number) for line in attempt]
            connection.sendall(plain("CreateHyperParameterTuningJob", body, *more))
            status, answered = answer(connection)
            assert status == expected
            assert number == 1 or json.loads(answered)["__type"] == "ResourceInUse"
        for _ in range(2):
            named = b'{"HyperParameterTuningJobName": "once"}'
            connection.sendall(plain("StopHyperParameterTuningJob", named, *attempt))
            assert answer(connection) == (200, b"")
    assert list(sim.tuning_jobs) == ["once"]


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTT",
        b"",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-",
        plain("ListTrainingJobs", b"{}") + b"POST / HTTP/1.1\r\nHost: loc",
        b"GET /_hptsim/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nnever read",
    ],
)
def test_a_client_that_dribbles_is_cut_off(sim, monkeypatch, sent):
    monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", 0.15)
    with served(sim) as url, connected(url) as connection:
        begun = time.monotonic()
        connection.sendall(sent)
        received = b""
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < begun + 15:
                connection.settimeout(0.04)
                try:
                    piece = connection.recv(65536)
                except TimeoutError:
                    connection.sendall(b"a" if sent else b"")  # byte by byte
                    continue
                if not piece:
                    break
                received += piece
        assert 0.14 <= time.monotonic() - begun < 10
        assert (b"HTTP/1.1 408 " in received) == bool(sent)
        with connected(url) as other:
            other.sendall(plain("ListTrainingJobs", b"{}"))
            assert answer(other)[0] == 200


def test_a_connection_that_waits_between_two_requests_is_kept(sim, monkeypatch):
    monkeypatch.setattr(connections, "HEAD_TIMEOUT_S", 0.05)
    with served(sim) as url, connected(url) as connection:
        for _ in range(3):
            connection.sendall(plain("ListTrainingJobs", b"{}"))
            assert answer(connection)[0] == 200
            time.sleep(0.1)


# ---------------------------------------------------------------------- whatever is sent

LINES = st.sampled_from(
    [
        "X-Amz-Target: SageMaker.ListTrainingJobs",
        "x-amz-target: SageMaker.CreateTrainingJob",
        "X-Amz-Target: Nothing",
        "Content-Type: application/json",
        "Content-Encoding: gzip",
        "Content-Encoding: br",
        "Content-Length: 5",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked",
        "Expect: 100-continue",
        "Origin: null",
        "Range: bytes=" + "9" * 5000 + "-",
        "Upgrade: websocket\r\nConnection: upgrade",
        "Authorization: AWS4-HMAC-SHA256 Credential=a/20240101/eu-west-1/sagemaker/aws4_request",
        "no header",
    ]
)
PLACES = [
    "/",
    "/_hptsim/advance",
    "/_hptsim/journal?after=1&region=%00",
    "/bucket?list-type=2&max-keys=" + "9" * 5000,
    "/bucket/%ff%00",
    "//",
    "*",
    "http://localhost/",
]


@settings(max_examples=40)
@given(
    method=st.sampled_from(["POST", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "CONNECT", "BREW", "post"]),
    place=st.sampled_from(PLACES),
    host=st.sampled_from(["localhost", "localhost:x", "[::1", "evil", ""]),
    lines=st.lists(LINES, max_size=5, unique=True),
    body=st.sampled_from([b"", b"{}", b"5\r\n{   }\r\n0\r\n\r\n", b"\xff\xfe", gzip.compress(b"{}")]),
    noise=st.none() | st.tuples(st.integers(0, 60), st.integers(0, 255)),
)
def test_whatever_is_sent_the_answer_is_the_services_own(hard_pressed, method, place, host, lines, body, noise):
    sent = bytearray(
        "\r\n".join([f"{method} {place} HTTP/1.1", f"Host: {host}", *lines, "Connection: close", "", ""]).encode()
        + body
    )
    if noise is not None:
        sent[noise[0] % len(sent)] = noise[1]
    with connected(hard_pressed) as connection:
        connection.sendall(sent)
        received = b""
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                received += piece
    answers = re.split(rb"(?=HTTP/1\.1 [2-5]\d\d )", received.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b""))[1:]
    for one in answers:
        front, _, text = one.partition(b"\r\n\r\n")
        status = int(front.split()[1])
        assert status < 500
        if status >= 400 and text:
            assert b'"__type": "' in text or text.startswith(b"<Error><Code>"), one
    assert answers or noise is not None


@pytest.fixture(scope="module")
def hard_pressed():
    """A server with little patience."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "HEAD_TIMEOUT_S", 0.3)
        patch.setattr(connections, "KEEP_ALIVE_S", 1)
        patch.setattr(calls, "BODY_TIMEOUT_S", 0.2)
        with served(simulation()) as url:
            yield url


def test_an_address_that_is_not_to_be_had():
    with pytest.raises(InvalidInput, match=r"--host, --port: got '203\.0\.113\.9:1'"):
        listen("203.0.113.9", 1)
