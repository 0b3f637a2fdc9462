"""The tools for test suites are tested: they reach what matters, find planted bugs, and speak the tables' words."""

import attrs
import pytest
from examples import request
from extras import long
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, run_state_machine_as_test

from hptsim import Scenario, Simulation, TuningJobSpec, testing
from hptsim.audit.laws import SOMETIMES
from hptsim.cloud.every_outcome import FAULTS, EveryOutcome
from hptsim.cloud.scripted import ScriptedCloud
from hptsim.errors import LawBroken, NoAnswer, ServiceError
from hptsim.model.calls import ANSWERS, REFUSALS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.machine import Tables
from hptsim.model.statuses import NEW
from hptsim.model.tables import ALL, TRAINING, WARM_POOL, Table
from hptsim.scenario.cloud import Script
from hptsim.service.service import Service
from hptsim.testing import machine, strategies
from hptsim.testing.machine import RULES, TuningMachine
from hptsim.testing.strategies import accounts, answers, budgets, clouds, faults, plans, scenarios, specs

NO_SHRINKING = settings(max_examples=2000, phases=[Phase.generate], deadline=None, derandomize=True, database=None)


def reached(strategy, condition):
    """The strategy draws something for which *condition* holds, within the examples allowed."""
    return find(strategy, condition, settings=NO_SHRINKING)


def test_the_package_hands_on_what_its_modules_have():
    for module in (machine, strategies):
        own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        public = [name for name in own if not name.startswith("_")]
        assert len(public) > 0 and all(getattr(testing, name) is getattr(module, name) for name in public)


@pytest.mark.parametrize(
    "condition",
    [
        lambda s: len(s.tuning_jobs) == 4,
        lambda s: s.total_instances is not None and s.total_instances < sum(s.capacity.values()),
        lambda s: len({one.instances.instance_type for one in s.tuning_jobs[0].spec.definitions}) == 2,
        lambda s: len({entry.spec.priority for entry in s.tuning_jobs}) > 1 and s.assumptions.discipline == "priority",
        lambda s: any(entry.stop_at_s is not None for entry in s.tuning_jobs),
        lambda s: any(entry.faults is not None for entry in s.tuning_jobs),
        lambda s: s.arrivals and s.drawn().tuning_jobs[-1].spec.name == "arrival-3",
        lambda s: any(one.alternatives for one in s.tuning_jobs[0].spec.definitions) and s.faults.shortage_by_type,
        lambda s: s.warm_pool_capacity,
        lambda s: s.timings.stop_propagation_s > 0,
        lambda s: s.limits.tuning_jobs == 1,
        long(lambda s: (s.assumptions.reservation, s.assumptions.discipline) == ("as-observed", "easy-backfill")),
    ],
)
def test_scenarios_reach(condition):
    assert condition(reached(scenarios(), condition))


@pytest.mark.long
def test_faults_and_budgets_are_swarms():
    kinds = [field.name for field in attrs.fields(type(reached(faults(), lambda one: True)))]
    for kind in kinds:
        if kind != "shortage_limit":
            assert reached(faults(), lambda one, kind=kind: getattr(one, kind))
            assert reached(faults(), lambda one, kind=kind: not getattr(one, kind))
    for kind in FAULTS:
        only = reached(budgets(), lambda one, kind=kind: list(one) == [kind])
        assert only[kind] > 0


def test_answers_are_a_swarm_and_clouds_have_them():
    for kind in ANSWERS:
        assert reached(answers(), lambda one, kind=kind: [each.answer for each in one] == [kind])
    assert reached(answers(), lambda one: one == ()) == ()
    assert reached(clouds(Scenario()), lambda cloud: len(cloud.answers) == 2)


@given(injected=answers(), seed_of_it=st.integers(0, 100))
def test_a_caller_who_repeats_comes_through_whatever_becomes_of_the_requests(injected, seed_of_it):
    scenario = Scenario(limits="none", answers=injected)
    sim = Simulation(scenario, seed=seed_of_it)
    service = Service.of(sim)

    def until_answered(operation, given):
        for _ in range(100):
            try:
                service.call(operation, given)
                return ""
            except NoAnswer:
                continue
            except ServiceError as error:
                if error.code not in REFUSALS:
                    return error.code
        raise AssertionError(f"{operation} was never answered")

    calls = {"CreateHyperParameterTuningJob": request("drawn"), "StopHyperParameterTuningJob": NAMED}
    codes = {operation: until_answered(operation, given) for operation, given in calls.items()}
    lost = {one.data.operation for one in sim.journal if one.trigger == "lost_response"}
    create, stop = codes.values()
    assert create == ("ResourceInUse" if "CreateHyperParameterTuningJob" in lost else "")
    assert stop == "" and sim.tuning_job("drawn").status == "Stopping"
    sim.run()
    assert [(one.thing, one.trigger) for one in sim.journal].count(("tuning", "create")) == 1
    assert sim.tuning_job("drawn").status == "Stopped"


NAMED = {"HyperParameterTuningJobName": "drawn"}


def test_specs_are_called_as_asked():
    assert reached(specs("mine"), lambda one: True).name == "mine"


@given(
    walk=st.builds(
        TrainingJobDefinition, spot=st.booleans(), checkpoint_uri=st.sampled_from([None, "s3://b/c"])
    ).flatmap(lambda definition: st.tuples(st.just(definition), plans(definition)))
)
def test_a_plan_is_a_walk_through_the_table(walk):
    definition, plan = walk
    states = {"Starting"}
    for trigger, delay in plan:
        states = {row.destination for row in TRAINING.rows if row.source in states and row.trigger == trigger}
        assert states and 0 <= delay <= 30
        assert definition.spot or trigger not in ("interrupt", "max_wait")
        assert definition.checkpoint_uri or trigger != "checkpoint"


@pytest.mark.long
def test_clouds_draw_every_fault_and_every_witness():
    """What simulated runs of drawn clouds meet, all together: every trigger of the training table, every `sometimes`.

    Which examples come first depends on which modules are imported, so that rounds go on until everything was met.
    """
    triggers, witnessed, kinds = set(), set(), set()
    possible = set(SOMETIMES) - {"a warm pool is reused", "a stop meets a warm pool"}  # no scenario has any

    @settings(max_examples=600, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(pair=scenarios().flatmap(lambda one: st.tuples(st.just(one), clouds(one))))
    def simulate(pair):
        scenario, cloud = pair
        sim = Simulation(scenario, cloud=cloud)
        sim.run()
        kinds.add(type(cloud))
        triggers.update(record.trigger for record in sim.journal if record.thing == "training")
        witnessed.update(sim.witnessed)

    for number in range(10):
        seed(number)(simulate)()
        if witnessed >= possible and triggers >= set(TRAINING.triggers):
            break
    assert triggers == set(TRAINING.triggers)
    assert witnessed == possible
    assert ScriptedCloud in kinds and len(kinds) == 2


@pytest.mark.long
def test_clouds_script_the_jobs_that_arrive_too():
    def arrived(cloud):
        return type(cloud) is ScriptedCloud and any(name.startswith("arrival-") for name, _ in cloud.plan)

    assert arrived(reached(scenarios().flatmap(clouds), arrived))


def test_there_is_a_rule_for_each_trigger_of_the_tables_and_no_other():
    caused = {
        "create",
        "child_ended",
        "give_up",
        "preempt",
        "resume",
    }  # then those of reservations, then those of warm pools
    caused |= {"ask", "grant", "withdraw", "move", "release"} | {"open", "update", "job_ended", "reuse", "terminate"}
    assert RULES.keys() == {trigger for table in ALL for trigger in table.triggers} - caused
    for trigger, words in RULES.items():
        rule = getattr(TuningMachine, trigger)
        assert rule.__doc__ == words or trigger in words
    assert all(row.source != NEW for table in ALL for row in table.rows if row.trigger in RULES)


SEARCH = settings(
    max_examples=6000, stateful_step_count=60, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
)
"""A search that ends with what it seeks: it takes some hundred examples, which ones depends on which modules are imported."""


def broken(trigger, source, table=TRAINING, **changes):
    rows = tuple(
        attrs.evolve(row, **changes) if (row.trigger, row.source) == (trigger, source) else row for row in table.rows
    )
    return Tables.of(**{table.name: Table(table.name, rows, table.final)})


@pytest.mark.parametrize(
    "law", [long("a warm pool is reused"), long("a stop meets a warm pool"), long("a launch falls back")]
)
def test_the_machine_meets(law):
    class Never(TuningMachine):
        @invariant()
        def it_is_not_met(self):
            assert law not in self.sim.witnessed

    with pytest.raises(AssertionError, match=law):
        run_state_machine_as_test(Never, settings=SEARCH)


NOT_GIVEN_BACK = {"released at the end, exactly once", "a warm pool holds its instances", "exactly one row applies"}
"""What an order shows of it: instances that stay reserved, or a pool that is there and cannot go on."""


@pytest.mark.long
def test_the_machine_finds_a_warm_pool_that_is_not_given_back():
    class Planted(TuningMachine):
        def simulation(self, scenario):
            return Simulation(scenario, cloud=self.cloud, tables=tables)

    tables = broken("expire", "Available", WARM_POOL, effects=())
    with pytest.raises(LawBroken) as found:
        run_state_machine_as_test(Planted, settings=SEARCH)
    assert found.value.law in NOT_GIVEN_BACK
    assert "state.create_training_job" in "\n".join(getattr(found.value, "__notes__", ()))


@pytest.mark.long
@pytest.mark.parametrize(
    ("tables", "law", "needed"),
    [
        (broken("downloaded", "Downloading", effects=()), "logs persist", ["downloaded"]),
        long(
            broken("uploaded", "Stopping:uploading", effects=("VACATE", "TELL")), "what was saved is stored", ["stop"]
        ),
        long(broken("stop", "Uploading", destination="Stopping"), "phases in order", ["exited", "stop"]),
    ],
    ids=["no log", "artifact dropped", "stop while uploading"],
)
def test_the_machine_finds_planted_bugs_and_tells_them_in_the_tables_words(tables, law, needed):
    class Planted(TuningMachine):
        create_training_job = work_goes_on = None  # everything that happens has a trigger's own rule

        def teardown(self):
            """Without the calm, which would find it too and not tell how."""

        def simulation(self, scenario):
            return Simulation(scenario, cloud=self.cloud, tables=tables)

    with pytest.raises(LawBroken) as found:
        run_state_machine_as_test(Planted, settings=SEARCH)
    told = "\n".join(getattr(found.value, "__notes__", ()))
    assert found.value.law == law, told
    assert "state.launch(job='tuning-" in told
    for trigger in needed:
        assert f"state.{trigger}" in told


def test_the_machine_takes_a_users_own_account():
    seen = []

    class Mine(TuningMachine):
        scenario = Scenario(name="mine", capacity={"ml.m5.xlarge": 7})

        def teardown(self):
            seen.append((self.sim.scenario.name, self.sim.capacity.limit["ml.m5.xlarge"]))
            super().teardown()

    run_state_machine_as_test(Mine, settings=settings(SEARCH, max_examples=3))
    assert set(seen) == {("mine", 7)}


class Stuck(EveryOutcome):
    """A cloud whose downloads never end, though they may fail while faults are allowed."""

    def possible(self, job, trigger):
        return trigger != "downloaded" and super().possible(job, trigger)


def test_a_run_that_does_not_come_to_rest_is_red():
    class Endless(TuningMachine):
        def simulation(self, scenario):
            self.cloud = Stuck(budget=dict.fromkeys(FAULTS, 1))
            return Simulation(scenario, cloud=self.cloud)

    with pytest.raises(LawBroken) as found:
        run_state_machine_as_test(Endless, settings=SEARCH)
    assert found.value.law == "every job ends"
    machine = Endless()
    machine.begin(account=Scenario(), script=Script(), budget={}, delayed_stop=False)
    machine.sim.create_tuning_job(TuningJobSpec("a"))
    for trigger in ("launch", "ready"):
        machine.sim.fire(machine.armed(trigger)[0], trigger)
    with pytest.raises(LawBroken, match="every job ends: a is InProgress and nothing is left to do"):
        machine.teardown()


def test_an_account_has_no_tuning_jobs():
    assert reached(accounts(), lambda one: True).tuning_jobs == ()
