"""`hptsim doctor`: what is installed, what is missing, and whether a small simulation works."""

import re
import tomllib
from pathlib import Path

import pytest

from hptsim.cli import doctor, main

pytest.importorskip("cyclopts", reason="needs the extra cli")
PROJECT = tomllib.loads((Path(__file__).parent.parent.parent / "pyproject.toml").read_text())["project"]


def test_it_says_that_all_is_well(capsys):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "a small simulation: works" and re.match(r"core +attrs [\d.]+, simpy ", lines[1])


def test_what_is_missing_is_named_with_what_to_type(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "version", lambda name: None if name == "cyclopts" else "1.0")
    main(["doctor"])
    assert "cli                missing cyclopts: pip install 'hptsim[cli]'" in capsys.readouterr().out


def test_every_extra_is_known_with_those_that_it_includes():
    found = doctor.extras()
    assert {"core", *PROJECT["optional-dependencies"]} == set(found)
    assert {"moto", "boto3"} <= set(found["aws"]) and not any("hptsim" in names for names in found.values())


def test_a_simulation_that_releases_nothing_is_seen(monkeypatch, capsys):
    monkeypatch.setattr(doctor.Simulation, "stop_tuning_job", lambda self, name: None)
    assert main(["doctor"]) == 2
    assert "a small simulation: is wrong: Completed" in capsys.readouterr().out
