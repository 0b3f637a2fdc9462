"""Timings: presets, and what is refused."""

import attrs
import pytest

from hptsim import Scenario
from hptsim.errors import InvalidInput
from hptsim.scenario import ByInstanceType, Timings
from hptsim.scenario.cloud import NOW
from hptsim.scenario.durations import mean


def test_typical_timings_are_those_since_2023_and_the_older_service_is_slower():
    now, old = Timings.typical(), Timings.typical(2020)
    assert now == Timings.typical(NOW) != old
    for instance_type in ("ml.m5.large", "ml.c5.xlarge"):
        assert mean(now.starting_s.of(instance_type)) < 0.6 * mean(old.starting_s.of(instance_type))
    assert mean(old.launch_s) > 3 * mean(now.launch_s)


def test_the_older_service_starts_every_training_job_cold():
    old = Timings.typical(2020)
    assert old.warm_starting_s == old.starting_s and old.warm_downloading_s is None
    assert mean(Timings.typical().warm_starting_s) < 10


def test_large_machines_start_later_than_gpus_and_those_later_than_others():
    for timings in (Timings.typical(), Timings.typical(2020)):
        for field in (timings.starting_s, timings.spot_starting_s):
            if field is not None:
                assert isinstance(field, ByInstanceType)
                others, gpu, large = (
                    mean(field.of(name)) for name in ("ml.m5.large", "ml.g5.xlarge", "ml.p4d.24xlarge")
                )
                assert others < gpu < large


def test_a_keyword_changes_one_thing():
    changed = Timings.typical(training_s=600)
    assert changed == attrs.evolve(Timings.typical(), training_s=600) and changed.training_s == 600
    assert Timings.typical(2020, launch_s=1).launch_s == 1 != Timings.typical(2020).launch_s


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((2019,), {}, r"year: got 2019, expected 2023 .* or 2020"),
        (("2020s",), {}, r"year: got '2020s'"),
        (([2020],), {}, r"year: got \[2020\]"),
        ((), {"trainng_s": 5}, r"trainng_s: got 5, expected a field of Timings; did you mean 'training_s'"),
        ((), {"training_s": -5}, r"training_s: got -5"),
    ],
)
def test_what_is_wrong_is_named(arguments, keywords, message):
    with pytest.raises(InvalidInput, match=message):
        Timings.typical(*arguments, **keywords)


@pytest.mark.parametrize("year", [2020, NOW])
def test_typical_timings_survive_a_file(year):
    scenario = Scenario(timings=Timings.typical(year))
    assert Scenario.from_dict(scenario.to_dict()) == scenario
