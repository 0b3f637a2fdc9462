"""A counterexample step by step."""

import attrs
import pytest

from explorer.test_endings import BUGS, scenario, tuning_job
from explorer.test_scope import NO_STOP
from explorer.test_search import scope
from hptsim import LAWS, explore
from hptsim.errors import InvalidInput
from hptsim.explorer.scope import Scope
from hptsim.explorer.story import Change, changes, told, visible
from hptsim.model.account import TUNING_JOBS
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.model.machine import TABLES

PLAIN = Scope(scenario(tuning_job("a"), capacity=1), {}, {}, True, False, 0, TABLES, LAWS)
CREATE, LAUNCH = "sim.create_tuning_job(scenario.tuning_jobs[0].spec)", "sim.fire('a', 'launch')"


def test_each_step_says_what_fired_and_what_changed():
    steps = explore(scope(total=2), tables=NO_STOP).counterexample.steps
    assert [step.call for step in steps] == [CREATE, LAUNCH, "sim.stop_tuning_job('a')"]
    assert [step.number for step in steps] == [1, 2, 3]
    child = next(record.name for record in steps[1].records if record.thing == "training")
    assert steps[1].rows[-1] == f"training {child} create: [*] → Starting"
    assert set(steps[1].changes) == {
        Change("quota ml.g5.xlarge", "0 reserved, 0 occupied", "1 reserved, 1 occupied"),
        Change(f"training job {child}", "–", "InProgress (Starting)"),
    }
    assert steps[2].rows == ("tuning a stop: InProgress → Stopping",)
    assert str(steps[2]).splitlines() == [
        "  3. the caller stops tuning job a",
        "       sim.stop_tuning_job('a')",
        "     row     tuning a stop: InProgress → Stopping",
        "     now     tuning job a: InProgress → Stopping",
    ]


def test_artifacts_logs_and_the_queue_are_among_what_changes():
    two = attrs.evolve(PLAIN, scenario=scenario(tuning_job("a"), tuning_job("b"), capacity=1))
    child = two.simulation()
    child.create_tuning_job(two.scenario.tuning_jobs[0].spec)
    name = next(one.name for one in child.fire("a", "launch") if one.thing == "training")
    ends = [f"sim.fire({name!r}, {trigger!r})" for trigger in ("ready", "downloaded", "exited", "uploaded")]
    calls = [CREATE, LAUNCH, CREATE.replace("0", "1"), "sim.fire('b', 'launch')", *ends, "sim.fire('a', 'finish')"]
    changed = [{change.subject: change.after for change in step.changes} for step in told(two, calls)]
    assert changed[3]["queue for quota"] == "b" and changed[8]["queue for quota"] == "empty"
    assert changed[5] == {f"training job {name}": "InProgress (Training)", f"log of {name}": "1 events"}
    assert [value for subject, value in changed[7].items() if subject.startswith("artifact s3://")] == ["stored"]
    assert changed[8]["tuning job a"] == "Completed" and changed[8]["places of tuning jobs"] == "1 taken"


def test_warm_pools_are_seen():
    sim = PLAIN.simulation()
    sim.create_training_job("mine", TrainingJobDefinition(keep_alive_s=60.0))
    assert visible(sim)["warm pool of mine"] == "InUse"


def test_what_is_refused_says_so_and_changes_nothing():
    (step,) = told(PLAIN, ["sim.stop_tuning_job('a')"])
    assert step.refusals and step.refusals[0].startswith("ResourceNotFound")
    assert step.records == step.changes == () and "refused ResourceNotFound" in str(step)


def test_a_loop_is_told_once_around(monkeypatch):
    scope, faults, tables = BUGS["an end that is put off for ever"](monkeypatch)
    found = explore(scope, faults=faults, tables=tables).counterexample
    assert [step.call for step in found.steps if step.repeated] == list(found.loop) and len(found.loop) == 2
    assert "and then again and again:\n  7. tuning job a " in found.story()


def test_what_cannot_be_repeated_is_an_error_that_says_so():
    with pytest.raises(InvalidInput, match="an armed event"):
        told(PLAIN, [CREATE, "sim.fire('a', 'finish')"])


def test_what_differs_is_told_in_the_order_of_what_was_there():
    assert changes({"a": "1", "b": "2"}, {"b": "3", "a": "1", "c": "4"}) == (
        Change("b", "2", "3"),
        Change("c", "–", "4"),
    )
    assert TUNING_JOBS not in "".join(visible(PLAIN.simulation()))
