"""Calls a second of `hptsim serve` over loopback with one client and with 32, beside moto's server, in one run.

Every client is a thread with one kept connection of http.client, which costs less than an SDK. The servers are processes of
their own. `python benchmarks/server.py [MOTO_SERVER]`: the path of a `moto_server` (pip install 'moto[server]'), if it is not
on the PATH; without one its column is left out.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from calls import definition
from measured import WALL, LeftOut, Row, Rows, lines, missing

SECONDS = 4.0
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "Authorization": "AWS4-HMAC-SHA256 Credential=a/20240101/us-east-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0",
    "X-Amz-Date": "20240101T000000Z",
}


@contextmanager
def running(command: list[str]) -> Iterator[int]:
    """A server process and its port, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                http.client.HTTPConnection("127.0.0.1", port).connect()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.kill()
        process.wait()


def call(connection: http.client.HTTPConnection, operation: str, request: dict[str, object]) -> None:
    """One call; raises RuntimeError when it fails."""
    headers = {**HEADERS, "X-Amz-Target": f"SageMaker.{operation}"}
    connection.request("POST", "/", json.dumps(request), headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{operation}: {answer.status} {body!r}")


def rate(port: int, clients: int, operation: str, seconds: float) -> float:
    """Calls a second of that many clients together."""
    counts, failed = [0] * clients, []
    start = threading.Barrier(clients + 1)

    def work(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        start.wait()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            name = f"job-{clients}-{number}-{counts[number]}" if operation == "CreateTrainingJob" else "alone"
            asked = {"TrainingJobName": name, **(definition() if operation == "CreateTrainingJob" else {})}
            try:
                call(connection, operation, asked)
            except Exception as error:
                failed.append(error)
                return
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return sum(counts) / (time.perf_counter() - begun)


def measured(command: list[str], seconds: float) -> dict[str, float]:
    """The rates of one server."""
    found = {}
    with running(command) as port:
        first = http.client.HTTPConnection("127.0.0.1", port)
        call(first, "CreateTrainingJob", {"TrainingJobName": "alone", **definition()})
        for clients in (1, 32):
            for operation in ("DescribeTrainingJob", "CreateTrainingJob"):
                found[f"{operation}, clients: {clients}"] = rate(port, clients, operation, seconds)
    return found


def rows(quick: bool, moto: str | None = None) -> Rows:
    """hptsim beside moto where that is there, and with its state on disk beside without."""
    if reason := missing("uvicorn", "'hptsim[server]'"):
        return [LeftOut("calls over HTTP", reason)]
    moto = moto or shutil.which("moto_server")
    serve = [sys.executable, "-m", "hptsim", "serve"]
    with tempfile.TemporaryDirectory() as folder:
        scenario = f"{folder}/unlimited.toml"
        with open(scenario, "w", encoding="utf-8") as file:
            file.write('limits = "none"\n')
        servers = {
            "hptsim": [*serve, scenario, "--port"],
            "hptsim --state": [*serve, scenario, "--state", f"{folder}/state", "--port"],
        }
        if moto:
            servers["moto"] = [moto, "-p"]
        rates = {name: measured(command, SECONDS / 4 if quick else SECONDS) for name, command in servers.items()}
    found: Rows = []
    for case, value in rates["hptsim"].items():
        kept = rates["hptsim --state"][case]
        found.append(Row(f"{case}, --state", kept, "calls/s", "the same without --state", value, WALL))
        if moto:
            found.append(Row(case, value, "calls/s", "moto's server", rates["moto"][case], WALL))
    return found if moto else [*found, LeftOut("hptsim serve beside moto's server", "needs pip install 'moto[server]'")]


if __name__ == "__main__":
    print(*lines(rows(quick=False, moto=sys.argv[1] if len(sys.argv) > 1 else None)), sep="\n")
