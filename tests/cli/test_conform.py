"""`hptsim conform`: what it prints, and its exit codes."""

import json

import pytest
from placebo import DESCRIBE, STOP, edited, stopped_run, written

from hptsim.cli.app import main


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path / "run", stopped_run())


def test_explained(folder, capsys):
    assert main(["conform", str(folder)]) == 0
    words = "6 answers judged, about 1 tuning job and 3 training jobs; explained: the twin could have answered so\n"
    assert capsys.readouterr().out == f"{folder}: {words}"


def test_not_explained(tmp_path, capsys):
    run = edited(stopped_run(), DESCRIBE, 3, "HyperParameterTuningJobStatus", "Completed")
    assert main(["conform", str(written(tmp_path / "run", run))]) == 3
    out = capsys.readouterr().out
    assert out.startswith(f"api.sagemaker.{DESCRIBE}_3.json: nothing explains this answer to {DESCRIBE}\n")
    assert "not explained: the twin could not have answered so" in out


def test_bad_input(folder, tmp_path, capsys):
    (folder / f"api.sagemaker.{STOP}_1.json").write_text("no JSON")
    assert main(["conform", str(folder)]) == 2
    out = capsys.readouterr().out
    assert f"could not be read: api.sagemaker.{STOP}_1.json: this is no JSON" in out
    assert "what could be read is explained" in out
    (tmp_path / "empty").mkdir()
    assert main(["conform", str(tmp_path / "empty")]) == 2
    assert "no file ends in .json or .jsonl" in capsys.readouterr().err


def test_for_machines(tmp_path, capsys):
    run = edited(stopped_run(), DESCRIBE, 3, "ConsumedResources/RuntimeInSeconds", 0)
    assert main(["conform", str(written(tmp_path / "run", run)), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert (found["explained"], found["answers"], found["tuning_jobs"]) == (False, 6, ["sweep"])
    assert found["refusals"] == [
        {
            "answer": f"api.sagemaker.{DESCRIBE}_3.json",
            "operation": DESCRIBE,
            "member": "ConsumedResources.RuntimeInSeconds",
            "recorded": "0",
            "possible": "59 or more",
            "against": "runtime-clock (O3): it never falls",
        }
    ]
