"""A server that is killed at any moment goes on: nothing that it has answered is lost."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from examples import request, simulation, training_request
from serving import client

from hptsim import Scenario, Simulation
from hptsim.cli import exit_codes
from hptsim.cli.app import main
from hptsim.errors import InvalidInput
from hptsim.model.journal import encode, read
from hptsim.server import Regions, application
from hptsim.server.call_log import CallLog, take_again

from .asking import ask, call

TUNING = "HyperParameterTuningJobName"


def begun(path, scenario=None):
    """A log at *path*, and the application and regions whose calls it keeps, gone on from what it has kept."""
    log = CallLog(path)
    scenario = scenario or simulation().scenario
    log.begin(scenario, 0)
    regions = Regions(Simulation(scenario))
    take_again(log.kept, regions, path)
    return log, regions, application(regions, log=log)


def told(regions):
    """All that there is to know: the journals of all regions."""
    return {name: "".join(map(encode, one.sim.journal.entries)) for name, one in regions.made.items()}


def test_what_was_asked_is_there_again(tmp_path):
    path = tmp_path / "calls.jsonl"
    log, regions, app = begun(path)
    call(app, "CreateHyperParameterTuningJob", request(total=4))
    ask(app, "POST", "/_hptsim/advance", b'{"seconds": 50}')
    call(app, "CreateTrainingJob", training_request(), region="eu-west-1")
    call(app, "StopHyperParameterTuningJob", {TUNING: "demo"})
    arn = "arn:aws:sagemaker:us-east-1:111122223333:hyper-parameter-tuning-job/demo"
    tags = {"ResourceArn": arn, "Tags": [{"Key": "team", "Value": "né"}]}
    assert call(app, "AddTags", tags).status_code == 200  # not in the twin's journal
    ask(app, "POST", "/_hptsim/advance", b'{"seconds": 7.25}')
    log.close()
    log, again, app = begun(path)
    assert told(again) == told(regions) and again.now == 57.25
    assert call(app, "ListTags", {"ResourceArn": tags["ResourceArn"]}).json()["Tags"] == tags["Tags"]
    call(app, "StopTrainingJob", {"TrainingJobName": "alone"}, region="eu-west-1")
    log.close()
    _, third, _ = begun(path)
    assert told(third) == told(again)


def test_what_only_reads_is_kept_as_a_time(tmp_path):
    path = tmp_path / "calls.jsonl"
    log, regions, _ = begun(path)
    real = [0.0]
    app = application(regions, log=log, speed=60, clock=lambda: real[0])
    call(app, "CreateHyperParameterTuningJob", request(total=1, parallel=1))
    real[0] = 3.0
    shown = call(app, "DescribeHyperParameterTuningJob", {TUNING: "demo"}).json()
    assert shown["HyperParameterTuningJobStatus"] == "Completed"
    call(app, "DescribeHyperParameterTuningJob", {TUNING: "demo"})
    log.close()
    assert len(path.read_bytes().splitlines()) == 3  # the header, the creation, the time
    log, again, app = begun(path)
    assert again.now == 180.0 and told(again) == told(regions)
    log.close()


def test_what_reads_is_kept_where_requests_are_counted(tmp_path):
    path = tmp_path / "calls.jsonl"
    scenario = Scenario(request_rates={"DescribeTrainingJob": {"per_s": 0.01, "burst": 2}})
    log, regions, app = begun(path, scenario)
    asked = {"TrainingJobName": "alone"}
    call(app, "CreateTrainingJob", training_request())
    assert [call(app, "DescribeTrainingJob", asked).status_code for _ in range(3)] == [200, 200, 400]
    log.close()
    _, again, app = begun(path, scenario)
    assert told(again) == told(regions)
    assert call(app, "DescribeTrainingJob", asked).json()["__type"] == "ThrottlingException"


def test_a_call_that_got_no_answer_is_kept(tmp_path):
    path = tmp_path / "calls.jsonl"
    answers = [{"operation": "CreateTrainingJob", "answer": "lost_response", "chance": 1}]
    scenario = Scenario(answers=answers)
    log, regions, app = begun(path, scenario)
    with pytest.raises(AssertionError):  # httpx says so of an answer that never ends
        call(app, "CreateTrainingJob", training_request())
    assert regions.of("us-east-1").sim.training_jobs
    log.close()
    _, again, _ = begun(path, scenario)
    assert told(again) == told(regions) and told(again)["us-east-1"]


def test_nothing_secret_is_kept(tmp_path):
    log, _, app = begun(tmp_path / "calls.jsonl")
    call(app, "CreateTrainingJob", training_request(), X_Amz_Security_Token="do not write this", Cookie="nor this")
    log.close()
    text = (tmp_path / "calls.jsonl").read_text()
    assert "write this" not in text and "nor this" not in text and "Credential" not in text and "alone" in text


def test_a_torn_last_line_is_dropped_and_any_other_damage_refused(tmp_path):
    path = tmp_path / "calls.jsonl"
    log, regions, app = begun(path)
    call(app, "CreateTrainingJob", training_request("one"))
    before, known = path.read_bytes(), told(regions)
    call(app, "CreateTrainingJob", training_request("two"))
    log.close()
    whole = path.read_bytes()
    for length in (len(before) + 1, (len(before) + len(whole)) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        log, again, app = begun(path)
        assert log.kept.torn == whole[len(before) : length] and told(again) == known
        assert path.read_bytes() == before
        call(app, "CreateTrainingJob", training_request("two"))  # the log goes on behind what is whole
        log.close()
        assert path.read_bytes() == whole
    for place in (5, len(before) - 30, len(before) + 30):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(InvalidInput, match="this is no line of a server's log of calls"):
            CallLog(path)
    lines = whole.splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(InvalidInput, match=r"calls.jsonl:2: .*checksum"):
        CallLog(path)


@pytest.mark.parametrize("content", [b"", b"{", b'{"hptsim_server": 1, "vers'])
def test_a_server_that_was_killed_as_it_began_begins_again(tmp_path, content):
    path = tmp_path / "calls.jsonl"
    path.write_bytes(content)
    log, _, app = begun(path)
    assert call(app, "CreateTrainingJob", training_request()).status_code == 200
    log.close()
    assert len(begun(path)[1].of("us-east-1").sim.training_jobs) == 1


def test_a_file_of_somebody_else_is_not_touched(tmp_path):
    path = tmp_path / "calls.jsonl"
    for content in (b"dear diary", b"dear diary\n", b'{"hptsim": 2}\n'):
        path.write_bytes(content)
        with pytest.raises(InvalidInput):
            CallLog(path)
        assert path.read_bytes() == content


def test_two_servers_do_not_share_a_folder(tmp_path):
    log = CallLog(tmp_path / "calls.jsonl")
    with pytest.raises(InvalidInput, match="a folder that no other server uses now"):
        CallLog(tmp_path / "calls.jsonl")
    log.close()
    CallLog(tmp_path / "calls.jsonl").close()


def test_a_twin_that_answers_otherwise_is_refused(tmp_path):
    path = tmp_path / "calls.jsonl"
    log, _, app = begun(path)
    call(app, "CreateTrainingJob", training_request())
    log.close()
    with pytest.raises(InvalidInput, match=r"calls.jsonl:2: hptsim .* answers CreateTrainingJob otherwise"):
        begun(path, Scenario(capacity={"*": 0}))


def test_a_full_disk_is_an_internal_failure_and_nothing_is_written_behind_it(tmp_path):
    log, _, app = begun(tmp_path / "calls.jsonl")
    real = log._file
    log._file = open("/dev/full", "wb", buffering=0)  # noqa: SIM115
    for name in ("one", "two"):
        answer = call(app, "CreateTrainingJob", training_request(name))
        assert answer.status_code == 500 and answer.json()["__type"] == "InternalFailure"
        log._file.close()
        log._file = real
    assert len((tmp_path / "calls.jsonl").read_bytes().splitlines()) == 1


# ---------------------------------------------------------------------- the command


def started(folder, *arguments):
    """A server process with its state in *folder*, and its URL."""
    program = [sys.executable, "-c", "import sys; from hptsim.cli import main; sys.exit(main())", "serve"]
    program += ["--port", "0", "--state", str(folder), *arguments]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = ""
    while found := process.stdout.readline():
        said += found
        if url := re.search(r"http://127\.0\.0\.1:\d+", found):
            return process, url[0], said
    raise AssertionError(process.communicate())


@pytest.mark.long
@pytest.mark.parametrize("speed", ["manual", "50000"])
def test_a_server_that_is_killed_at_any_moment_loses_nothing_that_it_has_answered(tmp_path, speed):
    """Four clients create and stop jobs; the process is killed again and again as they do. What was answered is there."""
    scenario = tmp_path / "scenario.json"
    scenario.write_text(json.dumps({"limits": "none", "epoch": Scenario().epoch}))
    rng, acknowledged, seen = random.Random(14), {}, {}
    for turn in range(6):
        process, url, said = started(tmp_path / "state", str(scenario), "--speed", speed)
        assert ("goes on from" in said) == bool(turn)
        now = httpx.get(f"{url}/_hptsim/health", trust_env=False).json()["now"]
        assert now >= seen.get("now", 0.0)
        check_all(url, acknowledged)
        end = threading.Event()

        def work(number, url=url, turn=turn, end=end):
            sagemaker = client(url, region=("us-east-1", "eu-west-1")[number % 2])
            for count in range(1000):
                name = f"job-{turn}-{number}-{count}"
                try:
                    sagemaker.create_hyper_parameter_tuning_job(**request(name))
                    acknowledged[name, number % 2] = "created"
                    if count % 2:
                        sagemaker.stop_hyper_parameter_tuning_job(**{TUNING: name})
                        acknowledged[name, number % 2] = "stopped"
                    health = httpx.get(f"{url}/_hptsim/health", trust_env=False).json()
                    seen["now"] = max(seen.get("now", 0.0), health["now"])
                    if speed == "manual" and count % 5 == number:
                        httpx.post(f"{url}/_hptsim/advance", json={"seconds": 1}, trust_env=False)
                except (BotoCoreError, httpx.HTTPError):
                    return
                except ClientError as error:  # at 50,000 times real time a job may have ended before its stop
                    assert error.response["Error"]["Code"] == "ValidationException", error
                if end.is_set():
                    return

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(rng.uniform(0.2, 1.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        end.set()
        for thread in threads:
            thread.join()
        process.communicate()
    process, url, _ = started(tmp_path / "state", "--speed", speed)
    check_all(url, acknowledged)
    process.kill()
    process.communicate()
    assert len(acknowledged) > 40
    for region in ("us-east-1", "eu-west-1"):
        names = {record.name for record in read(tmp_path / "state" / f"journal-{region}.jsonl").records}
        assert names >= {name for name, of in acknowledged if ("us-east-1", "eu-west-1")[of] == region}


def check_all(url, acknowledged):
    """What was answered is so."""
    for region in (0, 1):
        sagemaker = client(url, region=("us-east-1", "eu-west-1")[region])
        pages = sagemaker.get_paginator("list_hyper_parameter_tuning_jobs").paginate(PaginationConfig={"PageSize": 100})
        listed = pages.build_full_result()["HyperParameterTuningJobSummaries"]
        status = {one[TUNING]: one["HyperParameterTuningJobStatus"] for one in listed}
        for (name, of), known in acknowledged.items():
            if of == region:
                assert name in status
                assert known == "created" or status[name] in ("Stopping", "Stopped")
            else:
                assert name not in status


def test_the_command_goes_on_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("uvicorn.Server.run", lambda self, sockets: None)
    (tmp_path / "twin.json").write_text(json.dumps({"name": "twin"}))
    serve = ["serve", "--port", "0", "--state", str(tmp_path / "deep" / "state")]
    assert main([*serve, str(tmp_path / "twin.json"), "--seed", "3"]) == exit_codes.SUCCESS
    assert "goes on" not in capsys.readouterr().out
    assert sorted(os.listdir(tmp_path / "deep" / "state")) == ["calls.jsonl", "journal-us-east-1.jsonl"]
    for more in ([], ["--seed", "3"], [str(tmp_path / "twin.json")]):  # the epoch was the present then: it is kept
        assert main([*serve, *more]) == exit_codes.SUCCESS
        assert "goes on from" in capsys.readouterr().out
    (tmp_path / "other.json").write_text(json.dumps({"name": "other"}))
    for more in (["--seed", "4"], ["--epoch", "2020-01-01T00:00:00Z"], [str(tmp_path / "other.json")]):
        assert main([*serve, *more]) == exit_codes.BAD_INPUT
        assert "expected that of the run in" in capsys.readouterr().err
    with (tmp_path / "deep" / "state" / "calls.jsonl").open("ab") as file:
        file.write(b'{"at_s": 3')
    assert main(serve) == exit_codes.SUCCESS
    assert "the last line, 10 bytes, was torn and is dropped" in capsys.readouterr().err
    assert main(serve) == exit_codes.SUCCESS
    assert "torn" not in capsys.readouterr().err


def test_a_folder_that_cannot_be(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["serve", "--port", "0", "--state", str(tmp_path / "file")]) == exit_codes.BAD_INPUT
    assert "--state" in capsys.readouterr().err
