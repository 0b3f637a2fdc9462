"""A failing machine says where the simulation was, whatever failed; its client is made once."""

import attrs
import pytest
from examples import request
from extras import BOTO
from hypothesis import Phase, find, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from hptsim import Scenario
from hptsim.cloud.every_outcome import FAULTS
from hptsim.testing import TuningMachine
from hptsim.testing.strategies import accounts, budgets

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


def test_the_test_of_a_machine_does_not_look_for_lines_that_only_failing_runs_execute():
    assert Phase.shrink in Wrong.TestCase.settings.phases
    assert Phase.explain not in {*Wrong.TestCase.settings.phases, *TuningMachine.TestCase.settings.phases}


SHRINKING = settings(FINDING, phases=[Phase.generate, Phase.shrink])


def test_the_simplest_account_has_no_teams_and_those_that_need_them_do():
    assert not find(accounts(), lambda one: True, settings=SHRINKING).teams.shares
    shared = find(accounts(), lambda one: one.assumptions.discipline == "quota-shares", settings=SHRINKING)
    assert shared.teams.shares


def test_the_tuning_jobs_that_a_run_creates_are_drawn_when_it_begins_and_have_free_names():
    seen = []

    class Creates(TuningMachine):
        scenario = Scenario(capacity={"ml.m5.xlarge": 100, "ml.c5.xlarge": 100})

        def teardown(self):
            made = [self.sim.tuning_job(name).spec for name in self.sim.tuning_jobs]
            seen.extend(made)
            drawn = self.tuning_job_specs
            assert all(any(attrs.evolve(one, name=spec.name) == spec for one in drawn) for spec in made)

    run_state_machine_as_test(Creates, settings=settings(FINDING, max_examples=20, stateful_step_count=10))
    assert {spec.name for spec in seen} >= {"tuning-0", "tuning-1"}


def test_a_machine_in_which_nobody_creates_tuning_jobs_draws_none():
    seen = []

    class Creates(Wrong):
        create_tuning_job = claims = None

        def teardown(self):
            seen.append(self.tuning_job_specs)

    run_state_machine_as_test(Creates, settings=settings(FINDING, max_examples=3, stateful_step_count=3))
    assert seen and not any(seen)


def test_a_budget_names_the_faults_that_there_are():
    assert find(budgets(), lambda budget: len(budget) == 1, settings=FINDING).keys() <= set(FAULTS)
    assert find(budgets(), lambda budget: True, settings=settings(FINDING, phases=[Phase.generate, Phase.shrink])) == {}
