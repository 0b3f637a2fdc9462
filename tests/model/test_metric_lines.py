import re

import pytest

from hptsim import TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.metric_lines import check_expression, expressions, implied, read, write

FOUND = [
    r"loss=(.*)",
    r"validation loss: ([0-9.]+);",
    r".*\[[0-9]+\].*#011validation-auc:([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*",  # XGBoost's own
    r"Average Loss = ([0-9\.]+)$",
    r"(?:loss|acc)\s*[=:]\s*([-+]?\d*\.?\d+)",
    r"(?<=loss: )([0-9.]+)",
    r"^loss ([^;]+);$",
    r"[^\d\sx]loss (\S+)",
    r"epoch \d+|loss (?P<value>\d+\.\d+)",
    r"\w+ [A-F]{2}: ([0-9.]+)",
    r"(?>loss: )(\d++\.\d++)",
    r"x{2,3} .(\d\.\d+)\b",
]


@pytest.mark.parametrize("regex", FOUND)
def test_what_a_script_prints_is_found(regex):
    assert read(regex, write("loss", regex, 0.25)) == 0.25
    assert read(regex, write("loss", regex, 0.125)) == 0.125


@pytest.mark.parametrize("regex", ["F1=(.*?)", "no group", "no([a-z]+)x", "acc(uracy)?=([0-9.]+)"])
def test_an_expression_that_captures_no_number_finds_nothing(regex):
    assert read(regex, write("F1", regex, 0.25)) is None


def test_what_is_read_is_what_the_group_captures():
    assert read("loss: ([0-9.]+)", "loss: -3.5") is None
    assert read("([0-9.]+)", write("loss", "([0-9.]+)", 1e-5)) == 1.0  # 1e-05
    assert read("(.*)", "inf") is None and read("(.*)", "nan") is None


def test_a_metric_without_a_definition_has_an_implied_one():
    assert read(implied("a:b"), write("a:b", "", 0.5)) == 0.5
    assert read(implied("loss"), "val_loss=0.5") is None
    assert expressions({}, "loss") == {"loss": implied("loss")}
    assert expressions({"acc": "x"}, "loss") == {"acc": "x"}


def test_an_expression_that_cannot_be_read_is_refused():
    for regex in ("loss=(", "[", "*"):
        with pytest.raises(InvalidInput, match="expected a regular expression"):
            TrainingJobDefinition(metrics={"loss": regex})
        with pytest.raises(re.error):
            re.compile(regex)
    check_expression("loss", "loss=(.*)")


def test_the_same_parent_twice_is_refused():
    with pytest.raises(InvalidInput, match="every parent once"):
        TuningJobSpec("b", parents=("a", "a"), warm_start="TransferLearning")
