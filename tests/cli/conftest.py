"""A small scenario that the tests of the command line share."""

import pytest

from hptsim import Scenario, TuningJobSpec
from hptsim.scenario.cloud import Timings
from hptsim.scenario.workload import ScheduledTuningJob


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text('name = "tiny"\n')
    scenario = Scenario(
        "tiny", timings=Timings(training_s=50), tuning_jobs=(ScheduledTuningJob(TuningJobSpec("a"), 0.0, 20.0),)
    )
    scenario.dump(path)
    return path
