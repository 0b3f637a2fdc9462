"""Learning curves, and the log lines that show them."""

import math
import re
from statistics import fmean, stdev

import pytest
from extras import TOML

from hptsim.errors import InvalidInput
from hptsim.model.metric_lines import write as line
from hptsim.scenario.cloud import Script
from hptsim.scenario.learning_curves import Decay, PowerLaw, Tabulated, value
from hptsim.scenario.scenario import Scenario


def test_curves_approach_their_limits():
    assert PowerLaw(1.0, 0.2, 1.0).value({}, 1, 0.5) == 1.0
    assert PowerLaw(1.0, 0.2, 1.0).value({}, 80, 0.5) == pytest.approx(0.21)
    assert Decay(1.0, 0.0, 5).value({}, 5, 0.5) == pytest.approx(math.exp(-1))


def test_noise_is_normal_with_the_given_deviation():
    draws = [PowerLaw(0.0, 0.0, 0.0, noise=0.1).value({}, 1, (i + 0.5) / 2000) for i in range(2000)]
    assert fmean(draws) == pytest.approx(0.0, abs=1e-9) and stdev(draws) == pytest.approx(0.1, rel=0.01)


def test_a_table_knows_its_runs_and_refuses_others():
    table = Tabulated([({"depth": "2"}, [0.5, 0.4])])
    assert value(table, {"depth": "2", "other": "x"}, 9, 0.5) == 0.4
    with pytest.raises(InvalidInput, match="configuration"):
        value(table, {"depth": "3"}, 1, 0.5)


@pytest.mark.parametrize(
    "regex", [r"loss: ([0-9\.]+);", r"\[valid\] rmse=(\S+)", r"validation-loss \(mean\): (.*)", "acc (?P<x>.*?) "]
)
def test_the_log_line_is_found_by_the_metric_definition(regex):
    shown = line("loss", regex, 0.125)
    found = re.search(regex, shown)
    assert (found is not None and found.group(1) == "0.125") or shown == "loss=0.125"


@pytest.mark.parametrize("curve", [PowerLaw(1.0, 0.2), Decay(noise=0.1), Tabulated([({"a": "1"}, [0.5, 0.25])])])
@pytest.mark.parametrize("ending", [pytest.param("toml", marks=TOML), "json"])
def test_scenario_files_hold_curves(tmp_path, curve, ending):
    scenario = Scenario(script=Script(curve=curve, epoch_s=30.0, epochs=3))
    path = tmp_path / f"x.{ending}"
    scenario.dump(path)
    assert Scenario.load(path) == scenario


def test_files_hold_no_functions_and_name_misspelt_curves(tmp_path):
    with pytest.raises(InvalidInput, match=r"script\.curve"):
        Scenario(script=Script(curve=lambda configuration, epoch: 0.0)).to_dict()
    path = tmp_path / "x.toml"
    path.write_text("[script]\ncurve = {power_lw = {}}\n")
    with pytest.raises(InvalidInput, match=r"x.toml:2: script.curve.*did you mean 'power_law'"):
        Scenario.load(path)


def test_a_metric_without_a_definition_is_written_plainly():
    assert line("loss", "", 0.125) == "loss=0.125" == line("loss", "no group", 0.125) == line("loss", "([", 0.125)
