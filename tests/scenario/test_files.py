"""Scenarios as data: what is below a key, keys that nobody knows; files are in test_scenario.py."""

import pytest

from hptsim.errors import InvalidInput, below, invalid
from hptsim.scenario.files import named_files
from hptsim.scenario.reading import each, known


def test_what_is_wrong_inside_is_wrong_below():
    with pytest.raises(InvalidInput, match=r"a\.b\.c: got 1"), below("a.b"):
        raise invalid("c", 1, "2")
    with pytest.raises(InvalidInput) as caught, below("a"):
        raise invalid("a.c", 1, "2")
    assert caught.value.message.startswith("a.c: got 1")


def test_unknown_keys_and_what_is_no_table_are_named():
    with pytest.raises(InvalidInput, match=r"x\.nmae: got 'nmae', expected a key of a thing; did you mean 'name'"):
        known("x", {"nmae": 1}, ["name"], "a thing")
    with pytest.raises(InvalidInput, match="x: got 3, expected a table of keys"):
        known("x", 3, ["name"], "a thing")


def test_each_of_a_list_is_read_with_its_place():
    assert each("x", [5, 6], lambda where, data, folder: (where, data), None) == (("x[0]", 5), ("x[1]", 6))
    with pytest.raises(InvalidInput, match=r"x: got \{\}, expected a list"):
        each("x", {}, None, None)


def test_the_files_that_a_scenario_names_are_found(tmp_path):
    path = tmp_path / "s.json"
    path.write_text('{"prices": "p.toml", "tuning_jobs": [{"request": {}}, {"request": "a"}, {"request": "a"}, 3]}')
    assert named_files(path) == {"prices": tmp_path / "p.toml", "tuning_jobs[1].request": tmp_path / "a"}
    path.write_text('{"arrivals": [{"request": ["b", {}, "c"]}]}')
    assert named_files(path) == {"arrivals[0].request[0]": tmp_path / "b", "arrivals[0].request[2]": tmp_path / "c"}
    for text in ('{"arrivals": 3, "tuning_jobs": {}}', "[]", "{", "3"):
        path.write_text(text)
        assert named_files(path) == {}
    assert named_files(tmp_path / "none.toml") == named_files(tmp_path) == {}
