"""Options of the form NAME=VALUE: what they say, and that a name which comes twice is refused."""

import pytest

from hptsim.cli.app import main
from hptsim.cli.assignments import varied
from hptsim.errors import InvalidInput
from hptsim.scenario.scenario import Scenario


def test_paths_and_values_are_read():
    given = ["a.early_stopping=true,false", " b = x , 1.5", "c=1:7:3"]
    assert varied("--over", given) == {"a.early_stopping": [True, False], "b": ["x", 1.5], "c": [1, 4, 7]}
    assert varied("--over", None) == {}


@pytest.mark.parametrize("text", ["a", "=1", "a=", "a=1,,2", "a=3:1", "a=1:3:0"])
def test_what_is_no_path_with_values_is_refused_by_its_option(text):
    with pytest.raises(InvalidInput, match=r"^--between: got .*, expected PATH=VALUES"):
        varied("--between", [text])


@pytest.mark.parametrize(
    "command",
    [
        "plan FILE --over capacity.gpu=2 --over capacity.gpu=3",
        "plan FILE --over capacity.gpu=2 --over c=1 --over capacity.gpu=3",
        "choose FILE --figure cost_usd --budget 60 --over capacity.gpu=2,3 --over capacity.gpu=3",
        "sensitivity FILE --between capacity.gpu=2,3 --between capacity.gpu=3",
        "replay TABLE --capacity gpu=2 --capacity gpu=3",
        "replay TABLE --price gpu=2 --price gpu=3",
        "plan --trace TABLE --capacity gpu=2 --capacity gpu=3",
        "plan --trace TABLE --price gpu=2 --price gpu=3",
    ],
)
def test_a_name_that_comes_twice_is_refused_by_its_option(command, tmp_path, capsys):
    Scenario().dump(tmp_path / "s.json")
    (tmp_path / "t.csv").write_text("submit,duration\n0,1\n")
    words = command.replace("FILE", str(tmp_path / "s.json")).replace("TABLE", str(tmp_path / "t.csv")).split()
    assert main(words) == 2
    option, again = words[-2:]
    name = again.partition("=")[0]
    said = f"{option}: got '{again}', expected each name once; {name} stands in another {option} already\n"
    assert capsys.readouterr().err.endswith(said)


@pytest.mark.parametrize("more", ["--over capacity.gpu=2,3", "--what capacity.gpu --target waited_share<=0.1"])
def test_a_kind_that_is_varied_has_no_capacity_of_its_own(more, tmp_path, capsys):
    (tmp_path / "t.csv").write_text("submit,duration\n0,1\n")
    command = ["plan", "--trace", str(tmp_path / "t.csv"), "--capacity", "gpu=1", *more.split()]
    assert main(command) == 2
    assert "--capacity: got 'gpu=1', expected kinds that are not varied: capacity.gpu is" in capsys.readouterr().err
