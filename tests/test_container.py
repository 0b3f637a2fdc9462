"""The container recipe and the example for GitHub Actions: their commands, run as a machine there would run them."""

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import httpx
import pytest

from hptsim.model.journal import read

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "how-to" / "container"
PORT = "8765"


def instructions():
    """The lines of the Containerfile: what to do, and with what."""
    for line in (FOLDER / "Containerfile").read_text().splitlines():
        if line and not line.startswith("#"):
            yield line.split(maxsplit=1)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


@pytest.fixture
def environment(tmp_path):
    """A PATH on which `hptsim`, `python` and `pytest` are these ones."""
    for name, module in (("hptsim", "hptsim"), ("pytest", "pytest")):
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        script.chmod(0o755)
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return {**kept, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": path}


def test_what_the_recipe_copies_and_installs_is_there():
    given = list(instructions())
    assert {word for word, _ in given} == set(
        "FROM WORKDIR COPY RUN USER VOLUME EXPOSE HEALTHCHECK ENTRYPOINT CMD".split()
    )
    for word, rest in given:
        if word == "COPY":
            assert all((ROOT / source).exists() for source in rest.split()[:-1])
    [extras] = re.findall(r"'\.\[(.*)\]'", "".join(rest for _, rest in given))
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras.split(",")) <= known.keys()


@pytest.mark.long
def test_the_containers_command_serves_and_is_healthy(tmp_path, environment):
    words = {word: rest for word, rest in instructions() if word in ("ENTRYPOINT", "CMD", "HEALTHCHECK")}
    port, command = free_port(), [*json.loads(words["ENTRYPOINT"]), *json.loads(words["CMD"])]
    command = [str(tmp_path / "state") if word == "/state" else word for word in command]
    healthy = [word.replace(PORT, port) for word in json.loads(words["HEALTHCHECK"].removeprefix("CMD"))]
    process = subprocess.Popen(
        [*command, "--port", port], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        process.stdout.readline()
        subprocess.run(healthy, env=environment, check=True)
        health = httpx.get(
            f"http://127.0.0.1:{port}/_hptsim/health", headers={"Host": f"hptsim:{PORT}"}, trust_env=False
        )
        assert health.json()["speed"] == "manual"
        process.terminate()  # as `podman stop` does
        assert process.wait(20) == 0
        assert not read(tmp_path / "state" / "journal-us-east-1.jsonl").damage
        assert subprocess.run(healthy, env=environment, capture_output=True).returncode
        assert (tmp_path / "state" / "calls.jsonl").exists()
    finally:
        process.kill()
        process.communicate()


def steps():
    """The steps of the example: name and what is run. Its form is simple enough to be read without a library."""
    text = (FOLDER / "github-actions.yml").read_text()
    for name, command in re.findall(r"- name: (.*)\n(?: +if: .*\n)? +run: (\|\n(?: {10}.*\n)+|.*)", text):
        yield name, re.sub(r"^ {10}", "", command.removeprefix("|\n"), flags=re.M)


@pytest.mark.long
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_steps_of_the_workflow(tmp_path, environment):
    port, work = free_port(), tmp_path / "work"
    (work / "tests").mkdir(parents=True)
    (work / "tests" / "test_mine.py").write_text(
        "import boto3\n\n\ndef test_nothing_is_there():\n"
        "    assert boto3.client('sagemaker').list_training_jobs()['TrainingJobSummaries'] == []\n"
    )
    text = (FOLDER / "github-actions.yml").read_text()
    settings = dict(re.findall(r"^      (AWS_\w+): (.*)$", text, re.M))
    assert len(settings) == 6
    environment |= {name: value.replace(PORT, port) for name, value in settings.items()}
    given = dict(steps())
    assert list(given) == ["Install", "Start the twin", "Test", "Check what happened"]
    assert given.pop("Install") == "pip install './hptsim[boto,cli,server]' pytest"
    given["Start the twin"] = given["Start the twin"].replace("--speed", f"--port {port} --speed")
    try:
        for name, command in given.items():
            file = work / "step.sh"
            file.write_text(command.replace(f":{PORT}", f":{port}"))
            shell = ["bash", "-e", str(file)]
            log = (tmp_path / f"{name}.log").open("w")
            code = subprocess.run(
                shell, cwd=work, env=environment, stdout=log, stderr=log, start_new_session=True, timeout=120
            )
            assert code.returncode == 0, (name, (tmp_path / f"{name}.log").read_text())
        assert "no law broken" in (tmp_path / "Check what happened.log").read_text()
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended in the last step
            os.kill(int((work / "twin.pid").read_text()), 9)
