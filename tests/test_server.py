"""The twin over HTTP: the same answers as in process, whatever is sent, to however many at once."""

import gzip
import io
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from urllib.parse import urlsplit

import attrs
import httpx
import pytest
from botocore.exceptions import ClientError
from browser import chromium
from examples import request, simulation, training_request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seen import SCHEMES, WIDTHS, check_page
from server.asking import ask, call, code
from serving import client, served

from hptsim import Scenario, server
from hptsim.cli import exit_codes
from hptsim.cli.app import main
from hptsim.errors import InvalidInput
from hptsim.model.definitions import ServiceLimits
from hptsim.model.instants import read_instant
from hptsim.model.journal import encode
from hptsim.scenario.cloud import Timings
from hptsim.server import Pace, Regions, application, page
from hptsim.server.command import serve
from hptsim.service.http import Wire
from hptsim.service.service import OPERATIONS, Service
from hptsim.views.marks import MARKS

TUNING = "HyperParameterTuningJobName"


@pytest.fixture
def sim():
    return simulation()


@pytest.fixture
def app(sim):
    return application(sim)


# ---------------------------------------------------------------------- the wire


def test_the_answers_are_those_of_the_service_itself(sim, app):
    assert call(app, "CreateHyperParameterTuningJob", request()).status_code == 200
    sim.run(until=50)
    answer = call(app, "DescribeHyperParameterTuningJob", {TUNING: "demo"})
    assert answer.json() == Service.of(sim).call("DescribeHyperParameterTuningJob", {TUNING: "demo"})
    assert answer.headers["content-type"] == "application/x-amz-json-1.1" and answer.headers["x-amzn-requestid"]
    stopped = call(app, "StopHyperParameterTuningJob", {TUNING: "demo"})
    assert (stopped.status_code, stopped.content) == (200, b"")
    assert sim.tuning_job("demo").status == "Stopping"


def test_the_region_of_the_signature_shows_in_arns(app):
    answer = call(app, "CreateTrainingJob", training_request(), region="eu-west-1")
    assert answer.json()["TrainingJobArn"] == "arn:aws:sagemaker:eu-west-1:111122223333:training-job/alone"


def test_logs_and_objects_of_the_same_simulation(sim, app):
    sim.create_tuning_job(request(total=1, parallel=1))
    sim.run()
    groups = ask(app, "POST", "/", b"{}", X_Amz_Target="Logs_20140328.DescribeLogGroups")
    assert groups.json()["logGroups"][0]["logGroupName"] == "/aws/sagemaker/TrainingJobs"
    listed = ask(app, "GET", "/bucket?list-type=2&prefix=output%2F")
    [key] = re.findall("<Key>(.*)</Key>", listed.text)
    read, head = ask(app, "GET", f"/bucket/{key}"), ask(app, "HEAD", f"/bucket/{key}")
    assert tarfile.TarFile(fileobj=io.BytesIO(gzip.decompress(read.content))).getnames() == ["model.json"]
    assert int(head.headers["content-length"]) == len(read.content) and head.content == b""
    part = ask(app, "GET", f"/bucket/{key}", Range="bytes=0-1")
    assert (part.status_code, part.content) == (206, b"\x1f\x8b")
    inside = ask(app, "GET", "/?list-type=2", Host="bucket.localhost:80")
    assert f"<Key>{key}</Key>" in inside.text


@pytest.mark.parametrize(
    ("method", "path", "named"),
    [
        ("PUT", "/bucket?versioning", "PUT /bucket?versioning"),
        ("PATCH", "/bucket/key", "PATCH /bucket/key"),
        ("GET", "/bucket/key?tagging", "GET /bucket/key?tagging"),
        ("POST", "/bucket?policy", "POST /bucket?policy"),
    ],
)
def test_what_is_not_modelled_of_the_object_store_is_named(sim, app, method, path, named):
    answer = ask(app, method, path, b"x")
    assert answer.status_code == 400 and "NotImplemented" in answer.text
    assert f"does not model s3 {named};" in answer.text


@pytest.mark.parametrize("host", ["[", "a]b", "[::1]:80", "", "a b", "x@y:z"])
def test_whatever_the_host_is_called_it_is_no_mistake_of_ours(app, host):
    assert ask(app, "GET", "/bucket/key", Host=host).status_code == (404 if host == "[::1]:80" else 403)


@pytest.mark.parametrize("target", ["SageMaker.Nothing", "SageMaker", "Dynamo.ListTables", "", ".", "Logs_20140328.X"])
def test_a_wrong_target_is_an_unknown_operation(app, target):
    assert code(ask(app, "POST", "/", b"{}", X_Amz_Target=target)) == (400, "UnknownOperationException")


def test_no_target_and_a_target_that_is_not_posted(app):
    assert code(ask(app, "POST", "/", b"{}")) == (400, "UnknownOperationException")
    answer = ask(app, "GET", "/", X_Amz_Target="SageMaker.ListTrainingJobs")
    assert code(answer) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'"text"',
        b"[" * 100_000,
        b'{"TrainingJobName": ' * 400 + b"1" + b"}" * 400,
        b'{"a": ' * 700 + b"1" + b"}" * 700,
        b'{"NameContains": "\\ud800"}',
        b"9" * 5000,
    ],
)
def test_a_body_that_is_no_request_is_refused(sim, app, body):
    status, kind = code(call(app, "ListTrainingJobs", body))
    assert status == 400 and kind in ("SerializationException", "ValidationException")
    assert len(sim.journal) == 0


def test_a_body_above_the_limit_is_refused(sim, app):
    filler = b" " * (server.MAX_BODY - 2)
    assert call(app, "ListTrainingJobs", b"{" + filler + b"}").status_code == 200
    refused = (413, "RequestEntityTooLargeException")
    assert code(call(app, "ListTrainingJobs", b"{ " + filler + b"}")) == refused
    assert code(ask(app, "POST", "/_hptsim/advance", b" " * (server.MAX_BODY + 1))) == refused


def test_our_own_mistakes_are_internal_failures_and_the_server_lives(app, monkeypatch):
    def broken(self, call):
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(Wire, "answer", broken)
        assert code(call(app, "ListTrainingJobs", {})) == (500, "InternalFailure")
    assert call(app, "ListTrainingJobs", {}).status_code == 200


# ---------------------------------------------------------------------- the twin's own paths


def test_manual_time_stands_still_until_it_is_advanced(sim, app):
    call(app, "CreateHyperParameterTuningJob", request(total=1, parallel=1))
    assert ask(app, "GET", "/_hptsim/health").json() == {
        "status": "ok",
        "now": 0,
        "speed": "manual",
        "journal": len(sim.journal),
        "tuning_jobs": 1,
        "regions": {"us-east-1": len(sim.journal)},
    }
    assert ask(app, "POST", "/_hptsim/advance", b'{"seconds": 50}').json() == {"now": 50.0}
    assert ask(app, "POST", "/_hptsim/advance", b'{"seconds": 70.5}').json() == {"now": 120.5}
    assert sim.tuning_job("demo").status == "InProgress"
    assert ask(app, "POST", "/_hptsim/advance", b'{"until": 125}').json() == {"now": 125.0}
    assert sim.tuning_job("demo").status == "Completed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"seconds": -1}',
        b'{"until": 9}',
        b'{"seconds": "1"}',
        b'{"seconds": true}',
        b'{"seconds": NaN}',
        b'{"seconds": Infinity}',
        b'{"seconds": 1e300}',
        b'{"until": 1e12}',
        b'{"seconds": 1, "until": 20}',
        b'{"minutes": 1}',
        b"[" * 100_000,
    ],
)
def test_a_bad_advance_moves_nothing(sim, app, body):
    sim.run(until=10)
    answer = ask(app, "POST", "/_hptsim/advance", body)
    assert answer.status_code == 400 and answer.json()["message"]
    assert sim.now == 10


def test_the_last_second_that_can_be_shown(app):
    last = 253402300799 - 1704067200  # the end of 9999 less the epoch
    assert ask(app, "POST", "/_hptsim/advance", json.dumps({"until": last}).encode()).status_code == 200
    assert ask(app, "POST", "/_hptsim/advance", b'{"seconds": 1}').status_code == 400
    created = call(app, "CreateTrainingJob", training_request())
    assert created.status_code == 200
    shown = call(app, "DescribeTrainingJob", {"TrainingJobName": "alone"})
    assert shown.json()["CreationTime"] == 253402300799


def test_time_runs_at_a_multiple_of_real_time_and_may_be_put_forward(sim):
    real = [100.0]
    app = application(sim, speed=60, clock=lambda: real[0])
    sim.create_tuning_job(request(total=1, parallel=1))
    real[0] += 2.0
    assert ask(app, "GET", "/_hptsim/health").json()["now"] == 120.0
    real[0] += 0.1
    shown = call(app, "DescribeHyperParameterTuningJob", {TUNING: "demo"}).json()
    assert shown["HyperParameterTuningJobStatus"] == "Completed"  # at 125 s: every answer is of its own instant
    ask(app, "POST", "/_hptsim/advance", b'{"until": 1000}')
    real[0] += 1.0
    assert ask(app, "GET", "/_hptsim/health").json()["now"] == 1060.0


def test_running_time_ends_with_the_year_9999(sim):
    real = [0.0]
    pace = Pace(Regions(sim), 1e300, lambda: real[0])
    real[0] = 1e9
    pace.catch_up()
    assert sim.now == 253402300799 - 1704067200


def test_the_journal_is_read_in_pieces_without_loss(sim, app, monkeypatch):
    monkeypatch.setattr("hptsim.server.routes.PAGE_OF_JOURNAL", 7)
    sim.create_tuning_job(request())
    sim.run()
    lines = []
    while piece := ask(app, "GET", f"/_hptsim/journal?after={len(lines)}").text.splitlines():
        assert len(piece) <= 7
        lines += piece
    assert lines == [encode(entry).rstrip() for entry in sim.journal.entries]


@pytest.mark.parametrize("after", ["-1", "x", "", "1e3", "9" * 40])
def test_a_bad_place_in_the_journal(app, after):
    assert code(ask(app, "GET", f"/_hptsim/journal?after={after}")) == (400, "ValidationException")


def test_other_paths_of_the_twins_own(app):
    for method, path in (("GET", "nothing"), ("POST", "health"), ("GET", "advance"), ("DELETE", "journal")):
        assert code(ask(app, method, f"/_hptsim/{path}")) == (404, "NotFound")


def test_the_page_loads_nothing_from_elsewhere(app):
    answer = ask(app, "GET", "/_hptsim/")
    assert answer.headers["content-type"].startswith("text/html") and answer.text == page()
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    elsewhere = page().replace('link.href = "?region="', "")  # another region of the same page
    assert not re.search(r"https?:|//\w|\b(src|href|import)\b", elsewhere)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_page_tells_the_story_that_the_service_tells(sim):
    sim.create_tuning_job(request())
    sim.run(until=130)
    sim.stop_tuning_job("demo")
    sim.run(until=150)
    reader = page().partition("<script>")[2].partition("function draw")[0]
    driver = (
        'const jobs = new Map(); for (const line of require("fs").readFileSync(0, "utf8").split("\\n").filter(Boolean))'
        "read(jobs, JSON.parse(line)); console.log(JSON.stringify([...jobs.values()]));"
    )
    lines = "".join(map(encode, sim.journal.entries))
    ran = subprocess.run(["node", "-e", reader + driver], input=lines, capture_output=True, text=True, check=True)
    told = {job["name"]: job for job in json.loads(ran.stdout)}
    service = Service.of(sim)
    assert told["demo"]["segments"] == [["InProgress", 0, 130], ["Stopping", 130, None]]
    children = sim.tuning_job("demo").training_jobs
    assert told.keys() == {"demo", *children}
    for name in children:
        shown = service.call("DescribeTrainingJob", {"TrainingJobName": name})
        alive = [one for one in shown["SecondaryStatusTransitions"] if one["Status"] not in ("Completed", "Stopped")]
        spans = [[one["Status"], one["StartTime"], one.get("EndTime")] for one in alive]
        epoch = service.epoch_s
        assert [
            [status, epoch + start, None if end is None else epoch + end]
            for status, start, end in told[name]["segments"]
        ] == spans


DOCUMENT = """
const element = (dataset = {}) => ({ children: [], dataset, setAttribute(name, value) { this[name] = value; },
  style: { setProperty(name, value) { this[name] = value; } },
  append(...more) { this.children.push(...more); }, prepend(...more) { this.children.unshift(...more); },
  replaceChildren(...more) { this.children = more; } });
const named = {}, button = element({ seconds: "60" }), real = fetch;
globalThis.document = { createElement: () => element(), getElementById: (id) => (named[id] ??= element()),
  querySelectorAll: () => [button] };
globalThis.fetch = (path, more) => real(process.argv[1] + "/_hptsim/" + path, more);
const shown = () => ({ now: named.now.textContent, trouble: named.trouble.textContent,
  rows: named.jobs.children.map(({ className, children: [name, status, bars] }) => [className, name.textContent,
    status.textContent, bars.children.map((bar) => [bar.title, bar.style.left, bar.style.width])]) });
const wait = setTimeout;
globalThis.setTimeout = (run, ...more) => (run.name === "forever" ? report() : wait(run, ...more));
const report = async () => {
  const before = shown();
  await button.onclick();
  console.log(JSON.stringify([before, shown()]));
  process.exit();
};
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_page_draws_the_timeline_and_its_button_advances_time(sim):
    """The page's own script, with a stand-in for the browser's document, against a real server."""
    sim.create_tuning_job(request(total=1, parallel=1))
    sim.run(until=40)
    script = page().partition("<script>")[2].partition("</script>")[0]
    with served(sim) as url:
        ran = subprocess.run(["node", "-e", DOCUMENT + script, url], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    before, after = json.loads(ran.stdout)
    assert (before["now"], after["now"]) == ("40.0 s, time stands still", "100.0 s, time stands still")
    assert before["trouble"] == after["trouble"] == ""
    tuning, training = after["rows"]
    assert tuning == ["row tuning", "demo", "InProgress", [["InProgress: 0 s to 100 s", "0%", "100%"]]]
    assert training[:3] == ["row training", *sim.tuning_job("demo").training_jobs, "Training"]
    assert training[3] == [
        ["Starting: 0 s to 10 s", "0%", "10%"],
        ["Downloading: 10 s to 20 s", "10%", "10%"],
        ["Training: 20 s to 100 s", "20%", "80%"],
    ]


@pytest.mark.long
def test_the_page_can_be_used_in_every_window_and_theme_and_tells_jobs_and_their_ends_apart(sim):
    long = "h" * 16
    sim.create_tuning_job({**request(total=2, parallel=2), "HyperParameterTuningJobName": long})
    sim.run(until=40)
    sim.stop_training_job(sim.tuning_job(long).training_jobs[0])
    with served(sim) as url, chromium() as browser:
        tab = browser.new_page()
        tab.goto(f"{url}/_hptsim/")
        for width, scheme in product(WIDTHS, SCHEMES):
            tab.set_viewport_size({"width": width, "height": 700})
            tab.emulate_media(color_scheme=scheme)
            tab.wait_for_selector(".row.training .name")
            cut = "names => names.filter(name => name.scrollWidth > name.clientWidth).map(name => name.textContent)"
            assert tab.locator(".row.training").count() == 2
            assert tab.eval_on_selector_all(".name, .status", cut) == []
            check_page(tab, width, scheme)
        tab.get_by_role("button", name="+10 min").click()
        tab.wait_for_selector(".row.tuning .bars .mark")
        statuses = ("Completed", "Stopped", "Completed")
        for row, status in zip(tab.locator(".row[role=listitem]").all(), statuses, strict=True):
            assert row.locator(".status").inner_text() == status
            assert (
                row.locator("path").evaluate_all("all => all.map(one => one.getAttribute('d'))")
                == [MARKS[status].path] * 2
            )
            assert f", {status} at " in row.get_by_role("img").get_attribute("aria-label")


# ---------------------------------------------------------------------- a real server


def test_a_real_client_with_waiters_and_paginators_under_manual_time(sim, monkeypatch, without_moto):
    with served(sim) as url:
        sagemaker, objects, logs = client(url), client(url, "s3"), client(url, "logs")
        sagemaker.create_hyper_parameter_tuning_job(**request(total=3, parallel=3))

        def sleep(seconds):
            httpx.post(f"{url}/_hptsim/advance", json={"seconds": seconds}, trust_env=False).raise_for_status()

        sleep(50)
        pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        shown = pages.paginate(**{TUNING: "demo"}, PaginationConfig={"PageSize": 2}).build_full_result()
        first, second, third = [one["TrainingJobName"] for one in shown["TrainingJobSummaries"]]
        real = time.sleep
        monkeypatch.setattr(time, "sleep", sleep)
        sagemaker.stop_training_job(TrainingJobName=first)
        waiter = sagemaker.get_waiter("training_job_completed_or_stopped")
        for name in (first, second, third):
            waiter.wait(TrainingJobName=name)
        assert sim.now == 170  # the first poll was too early, the second came 120 s later
        monkeypatch.setattr(time, "sleep", real)
        assert sagemaker.describe_training_job(TrainingJobName=first)["TrainingJobStatus"] == "Stopped"
        keys = [one["Key"] for one in objects.list_objects_v2(Bucket="bucket")["Contents"]]
        assert any(second in key for key in keys)
        body = objects.get_object(Bucket="bucket", Key=keys[0])["Body"].read()
        assert objects.head_object(Bucket="bucket", Key=keys[0])["ContentLength"] == len(body)
        [group] = logs.describe_log_groups()["logGroups"]
        events = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        assert events.build_full_result()["events"]
        with pytest.raises(sagemaker.exceptions.ResourceNotFound):
            sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: "nobody"})
        with pytest.raises(ClientError, match="hptsim does not model sagemaker ListModels"):
            sagemaker.list_models()


@pytest.fixture
def nervous():
    """Threads change as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.long
def test_thirty_two_clients_lose_nothing_and_see_no_torn_state(nervous):
    unlimited = ServiceLimits(**dict.fromkeys((field.name for field in attrs.fields(ServiceLimits)), None))
    sim, threads, rounds = simulation(limits=unlimited), 32, 6
    start = threading.Barrier(threads)

    def hammer(number):
        won = 0
        start.wait()
        for turn in range(rounds):
            mine = f"job-{number}-{turn}"
            sagemaker.create_hyper_parameter_tuning_job(**request(mine))
            try:
                sagemaker.create_hyper_parameter_tuning_job(**request(f"shared-{turn}"))
                won += 1
            except sagemaker.exceptions.ResourceInUse:
                pass
            whole(sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: mine}))
            sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: mine})
            stopping = whole(sagemaker.describe_hyper_parameter_tuning_job(**{TUNING: mine}))
            assert stopping["HyperParameterTuningJobStatus"] in ("Stopping", "Stopped")
            httpx.post(f"{url}/_hptsim/advance", json={"seconds": 1}, trust_env=False).raise_for_status()
        return won

    def whole(shown):
        """Counters and status of one instant: what is stopped or counted adds up."""
        counters = shown["TrainingJobStatusCounters"]
        assert sum(counters.values()) == sum(shown["ObjectiveStatusCounters"].values()) <= 2
        assert counters["InProgress"] == shown["ObjectiveStatusCounters"]["Pending"]
        if shown["HyperParameterTuningJobStatus"] == "Stopped":
            assert counters["InProgress"] == 0 and "HyperParameterTuningEndTime" in shown
        return shown

    with served(sim) as url:
        sagemaker = client(url)
        with ThreadPoolExecutor(threads) as pool:
            won = list(pool.map(hammer, range(threads)))
        assert sum(won) == rounds  # of each shared name exactly one creation came through
        assert httpx.get(f"{url}/_hptsim/health", trust_env=False).json()["now"] == threads * rounds
        pages = sagemaker.get_paginator("list_hyper_parameter_tuning_jobs").paginate(PaginationConfig={"PageSize": 100})
        names = [one[TUNING] for one in pages.build_full_result()["HyperParameterTuningJobSummaries"]]
    mine = {f"job-{number}-{turn}" for number in range(threads) for turn in range(rounds)}
    assert sorted(names) == sorted(mine | {f"shared-{turn}" for turn in range(rounds)})
    sim.run()
    assert {sim.tuning_job(name).status for name in mine} == {"Stopped"} and not any(sim.capacity.reserved.values())


def test_slow_and_broken_clients_do_not_disturb_others(sim, monkeypatch):
    monkeypatch.setattr("hptsim.server.calls.BODY_TIMEOUT_S", 0.2)
    head = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: SageMaker.ListTrainingJobs\r\nContent-Length: 100\r\n\r\n"
    )
    with served(sim) as url:
        place = urlsplit(url)
        address = (place.hostname, place.port)
        idle = [socket.create_connection(address) for _ in range(50)]
        for connection in idle[:25]:
            connection.sendall(b"POST / HTT")
        with socket.create_connection(address) as slow:
            slow.sendall(head + b"{")
            assert client(url).list_training_jobs()["TrainingJobSummaries"] == []
            assert slow.recv(65536).startswith(b"HTTP/1.1 408 ")
        with socket.create_connection(address) as gone:
            gone.sendall(head + b'{"TrainingJobName"')
        with socket.create_connection(address) as noise:
            noise.sendall(b"\x16\x03\x01\x00\xff not HTTP at all\r\n\r\n")
            assert noise.recv(65536).startswith(b"HTTP/1.1 400 ")
        long = httpx.post(
            f"{url}/", content=b" " * (4 * server.MAX_BODY), headers={"X-Amz-Target": "x"}, trust_env=False
        )
        assert long.status_code in (400, 413)
        assert client(url).list_training_jobs()["TrainingJobSummaries"] == []
        for connection in idle:
            connection.close()


# ---------------------------------------------------------------------- whatever is sent

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def bodies(draw):
    """Bytes of any kind: noise, any JSON, or a good request that was damaged or has a member replaced."""
    good = draw(st.sampled_from([request(), training_request(), {TUNING: "demo"}, {"TrainingJobName": "alone"}, {}]))
    kind = draw(st.sampled_from(["noise", "json", "damaged", "replaced"]))
    if kind == "noise":
        return draw(st.binary(max_size=200))
    if kind == "json":
        return json.dumps(draw(_json)).encode()
    if kind == "replaced":
        names = st.sampled_from(sorted(good) or ["MaxResults"])
        good = {**good, draw(names): draw(_json), draw(st.sampled_from(["MaxResults", "NextToken"])): draw(_json)}
        return json.dumps(good).encode()
    body = bytearray(json.dumps(good).encode())
    for place in draw(st.lists(st.integers(0, len(body) - 1), max_size=3)):
        body[place] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.integers(0, len(body)))])


@pytest.mark.long
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.sampled_from(OPERATIONS) | st.text(st.characters(codec="ascii", exclude_categories=["C"])), body=bodies()
)
def test_whatever_body_is_sent_the_answer_is_a_success_or_a_clear_refusal(target, body):
    app = _fuzzed()
    answer = call(app, target, body)
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert answer.json()["__type"] and (answer.json().get("message") or answer.json()["Message"])
        assert answer.json()["__type"] == answer.headers["x-amzn-errortype"]
    assert ask(app, "GET", "/_hptsim/health").json()["status"] == "ok"


def _fuzzed(kept=[]):  # noqa: B006 - one simulation for all examples: what one left behind, the next one meets
    if not kept:
        kept.append(application(simulation()))
    return kept[0]


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]),
    path=st.text(max_size=20),
    query=st.dictionaries(
        st.sampled_from(["list-type", "prefix", "delimiter", "max-keys", "start-after", "continuation-token", "acl"]),
        st.sampled_from(["", "2", "/", "-1"]) | st.text(max_size=5),
    ),
    byte_range=st.none() | st.from_regex(r"bytes=-?[0-9]{0,3}-?[0-9]{0,3}", fullmatch=True),
)
def test_whatever_path_is_asked_for_the_answer_is_a_success_or_a_clear_refusal(method, path, query, byte_range):
    app = _fuzzed()
    try:
        url = str(httpx.URL("http://localhost", path=f"/{path}", params=query))
    except (httpx.InvalidURL, UnicodeEncodeError):
        return
    answer = ask(app, method, url, **({"Range": byte_range} if byte_range else {}))
    assert answer.status_code in (200, 206, 400, 404, 405, 416)


# ---------------------------------------------------------------------- the command


@pytest.mark.long
def test_the_command_serves_and_ends_cleanly(tmp_path, ctrl_c):
    program = [sys.executable, "-c", "import sys; from hptsim.cli import main; sys.exit(main())", "serve"]
    scenario = tmp_path / "request.json"
    scenario.write_text(json.dumps(request()))
    started = subprocess.Popen(
        [*program, str(scenario), "--port", "0", "--speed", "manual"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        url = re.search(rb"http://127\.0\.0\.1:\d+", started.stdout.readline())[0].decode()
        httpx.post(f"{url}/_hptsim/advance", json={"seconds": 1}, trust_env=False).raise_for_status()
        kept_open = socket.create_connection((urlsplit(url).hostname, urlsplit(url).port))
        shown = client(url).describe_hyper_parameter_tuning_job(**{TUNING: "demo"})
        assert shown["HyperParameterTuningJobStatus"] == "InProgress"
        started.send_signal(signal.SIGINT)
        assert started.wait(30) == exit_codes.INTERRUPTED
        assert started.stderr.read() == b""
        kept_open.close()
    finally:
        started.kill()
        started.communicate()


def test_another_host_than_loopback_is_warned_of(monkeypatch, capsys):
    ran = []
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: ran.append(sockets[0].getsockname()))
    assert main(["serve", "--host", "0.0.0.0", "--port", "0"]) == exit_codes.SUCCESS
    assert "warning: 0.0.0.0 is not loopback" in capsys.readouterr().err
    assert main(["serve", "--port", "0"]) == exit_codes.SUCCESS
    assert capsys.readouterr().err == ""
    assert [place[0] for place in ran] == ["0.0.0.0", "127.0.0.1"]


@pytest.mark.parametrize("speed", ["fast", "0", "-1", "nan", "inf", ""])
def test_a_bad_speed(speed):
    with pytest.raises(InvalidInput, match="--speed"):
        serve(speed=speed)


def test_a_port_that_is_taken(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", "--port", str(taken.getsockname()[1])]) == exit_codes.BAD_INPUT
    assert "--host, --port" in capsys.readouterr().err
    assert main(["serve", "--port", "70000"]) == exit_codes.BAD_INPUT


def what_is_served(monkeypatch, *arguments):
    """The scenario that `hptsim serve` serves, and when in seconds since 1970 it was told to."""
    sims = []
    monkeypatch.setattr(
        "hptsim.server.command.application", lambda regions, **settings: sims.append(regions.of("us-east-1").sim)
    )
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: None)
    begun = int(time.time())
    assert main(["serve", "--port", "0", *map(str, arguments)]) == exit_codes.SUCCESS
    return sims[0].scenario, begun


def test_without_a_file_a_small_account_is_served_whose_clock_shows_the_present(monkeypatch):
    scenario, begun = what_is_served(monkeypatch)
    assert begun <= read_instant(scenario.epoch) <= time.time()
    assert scenario == Scenario(capacity={"*": 4}, timings=Timings.typical(), epoch=scenario.epoch)
    scenario, _ = what_is_served(monkeypatch, "--epoch", "2026-03-04T05:06:07+01:00")
    assert scenario.epoch == "2026-03-04T05:06:07+01:00"


def test_a_file_says_when_its_clock_starts_or_it_starts_now(monkeypatch, tmp_path):
    for name, text in (("told.toml", f'epoch = "{Scenario().epoch}"\n'), ("silent.toml", 'name = "silent"\n')):
        (tmp_path / name).write_text(text)
    told, _ = what_is_served(monkeypatch, tmp_path / "told.toml")
    silent, begun = what_is_served(monkeypatch, tmp_path / "silent.toml")
    assert told.epoch == Scenario().epoch and begun <= read_instant(silent.epoch) <= time.time()
    assert (silent.name, silent.capacity) == ("silent", {})
    (tmp_path / "bare.json").write_text(json.dumps(request("bare")))
    bare, begun = what_is_served(monkeypatch, tmp_path / "bare.json")
    assert bare.name == "bare" and begun <= read_instant(bare.epoch) <= time.time()
    overruled, _ = what_is_served(monkeypatch, tmp_path / "told.toml", "--epoch", "2026-03-04T05:06:07Z")
    assert overruled.epoch == "2026-03-04T05:06:07Z"


def test_a_bad_epoch(capsys):
    assert main(["serve", "--port", "0", "--epoch", "tomorrow"]) == exit_codes.BAD_INPUT
    assert "--epoch: got 'tomorrow', expected an instant with its time zone" in capsys.readouterr().err
