"""A duration that depends on the instance type: which one holds, in files, and in a simulation."""

import pytest

from hptsim import Scenario, Simulation
from hptsim.errors import InvalidInput
from hptsim.model import InstanceRequest, TrainingJobDefinition
from hptsim.scenario import ByInstanceType, Exponential, Timings, Uniform

BY_TYPE = ByInstanceType({"ml.p": 180, "ml.p4d": Uniform(300, 500), "*": 70})


def started_s(timings, instance_type, spot=False):
    sim = Simulation(Scenario(limits="none", timings=timings))
    definition = TrainingJobDefinition(instances=InstanceRequest(instance_type), spot=spot)
    sim.create_training_job("one", definition)
    sim.run()
    return sim.training_job("one").started_s


def test_the_longest_beginning_of_the_name_says_how_long_it_takes():
    timings = Timings(starting_s=BY_TYPE)
    assert started_s(timings, "ml.m5.xlarge") == 70 and started_s(timings, "ml.p3.2xlarge") == 180
    assert 300 <= started_s(timings, "ml.p4d.24xlarge") <= 500


def test_spot_has_its_own_where_it_is_given():
    assert started_s(Timings(starting_s=5, spot_starting_s=BY_TYPE), "ml.p3.2xlarge", spot=True) == 180
    assert started_s(Timings(starting_s=5, spot_starting_s=BY_TYPE), "ml.p3.2xlarge") == 5
    assert started_s(Timings(starting_s=BY_TYPE), "ml.p3.2xlarge", spot=True) == 180


@pytest.mark.parametrize("name", ["spot.toml", "spot.json"])
def test_files_hold_it(tmp_path, name):
    timings = Timings(starting_s=BY_TYPE, spot_starting_s=ByInstanceType({"*": Exponential(84)}))
    scenario = Scenario(timings=timings)
    scenario.dump(tmp_path / name)
    assert Scenario.load(tmp_path / name) == scenario


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"values_s": {"ml.p": 180}}, 'starting_s.by_instance_type.values_s: got .*with "\\*" for all others'),
        ({"values_s": {"*": -1}}, r"starting_s.by_instance_type.values_s.\*: got -1"),
        ({"valeus_s": {"*": 1}}, "did you mean 'values_s'"),
    ],
)
def test_a_bad_table_is_refused_where_it_stands(given, words):
    with pytest.raises(InvalidInput, match=words):
        Scenario(timings={"starting_s": {"by_instance_type": given}})
