"""A failing machine says where the simulation was, whatever failed; its client is made once."""

import pytest
from examples import request
from extras import BOTO
from hypothesis import Phase, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from hptsim import Scenario
from hptsim.testing import TuningMachine

FINDING = settings(phases=[Phase.generate], derandomize=True, database=None, deadline=None, max_examples=50)


class Wrong(TuningMachine):
    scenario = Scenario(capacity={"ml.m5.xlarge": 4})

    @rule()
    def claims(self):
        assert len(self.sim.journal) < 6, "a claim of the user's own"


@pytest.mark.long
def test_any_failure_shows_the_story_once_and_no_defaults():
    with pytest.raises(AssertionError, match="a claim of the user's own") as failed:
        run_state_machine_as_test(Wrong, settings=FINDING)
    told = "\n".join(failed.value.__notes__)
    assert told.count("the last events in the simulation:") == 1
    assert "create: [*] →" in told and "reserved: " in told and "in line: nobody" in told
    assert "account=None" in told and "=None" not in told.replace("account=None", "")


@BOTO
def test_the_client_is_one_for_all_runs_and_belongs_to_the_last():
    clients = []
    for number in range(2):
        machine = Wrong()
        machine.begin(account=None, script=None, budget={}, delayed_stop=False)
        clients.append(machine.client())
        machine.client().create_hyper_parameter_tuning_job(**request(f"job-{number}"))
        assert machine.sim.tuning_jobs == [f"job-{number}"]
    assert clients[0] is clients[1]


def test_an_account_of_ones_own_is_not_drawn():
    machine = Wrong()
    machine.begin(account=None, script=None, budget={}, delayed_stop=False)
    assert machine.sim.scenario.capacity == {"ml.m5.xlarge": 4}
