"""`hptsim new`: a scenario to start from that runs, and its schema."""

import json

import pytest

from hptsim.cli import main
from hptsim.scenario.json_schema import schema
from hptsim.scenario.scenario import Scenario

pytest.importorskip("cyclopts", reason="needs the extra cli")


@pytest.mark.long
def test_what_it_writes_is_read_and_passes_its_schema(tmp_path, capsys):
    path = tmp_path / "night.toml"
    assert main(["new", str(path)]) == 0
    assert f"next: hptsim run {path}" in capsys.readouterr().out
    scenario = Scenario.load(path)
    assert [job.spec.name for job in scenario.tuning_jobs] == ["first"] and scenario.tuning_jobs[0].stop_at_s == 900
    assert json.loads((tmp_path / "hptsim.schema.json").read_text()) == schema()
    assert path.read_text().startswith("#:schema ./hptsim.schema.json\n")
    jsonschema = pytest.importorskip("jsonschema", reason="needs the extra test")
    jsonschema.Draft202012Validator(schema()).validate(scenario.to_dict())


def test_nothing_is_overwritten(tmp_path, capsys):
    path = tmp_path / "mine.toml"
    path.write_text("name = 'mine'")
    assert main(["new", str(path)]) == 2 and path.read_text() == "name = 'mine'"
    assert "a file that does not exist yet" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [path]


def test_a_scenario_is_toml_and_the_schema_alone_has_the_name_that_is_given(tmp_path, capsys):
    assert main(["new", str(tmp_path / "mine.json")]) == 2 and not list(tmp_path.iterdir())
    assert main(["new", str(tmp_path / "mine.json"), "--schema-only"]) == 0
    assert json.loads((tmp_path / "mine.json").read_text()) == schema()
