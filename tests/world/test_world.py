"""The world: what is refused changes nothing, copies go their own way, and every effect is performed."""

import pickle

import pytest

from hptsim.cloud.every_outcome import EveryOutcome
from hptsim.errors import LawBroken, ServiceError
from hptsim.model.account import TOTAL, Account
from hptsim.model.assumptions import Assumptions
from hptsim.model.definitions import InstanceRequest, ResourceLimits, ServiceLimits, TrainingJobDefinition
from hptsim.model.machine import TABLES, Tables
from hptsim.model.specs import TuningJobSpec
from hptsim.model.statuses import bucket
from hptsim.model.tables import ALL, BOOKINGS, EFFECTS, TRAINING, Table
from hptsim.scenario.random_streams import uniforms
from hptsim.strategies.search import Searches
from hptsim.world import commands
from hptsim.world.rules import RULES, rules
from hptsim.world.world import World

M5, C5 = "ml.m5.xlarge", "ml.c5.xlarge"


def spec(name="a", count=1, total=1, parallel=1, kind=M5, **changes):
    definition = TrainingJobDefinition(instances=InstanceRequest(kind, count), **changes)
    return TuningJobSpec(name, (definition,), ResourceLimits(total, parallel))


def world(*, cloud=None, limits=None, tables=None, capacity=None, **assumptions):
    account = Account({M5: 4} if capacity is None else capacity, limits or ServiceLimits(), Assumptions(**assumptions))
    made = World(account, cloud or EveryOutcome(), Searches(uniforms), rules(tables or TABLES))
    made.journal = []
    made.write = made.journal.append
    return made


def fire(world, trigger, name=""):
    """Let the first armed event of that trigger, on a job whose name begins so, happen."""
    for serial, (_, job, armed) in world.armed.items():
        if armed == trigger and job.startswith(name):
            return world.fire_armed(serial)
    raise AssertionError(f"{trigger} is not armed, only {list(world.armed.values())}")


def until(world, *triggers):
    for trigger in triggers:
        fire(world, trigger)
    return world


def rest(world):
    while world.armed:
        world.fire_armed(next(iter(world.armed)))
    return world


def running(**changes):
    made = world(**changes)
    commands.create_tuning_job(made, spec())
    return until(made, "launch", "ready", "downloaded")


def stopping(**changes):
    made = running(**changes)
    commands.stop_tuning_job(made, "a")
    return made


def ended():
    return until(running(), "exited", "uploaded", "finish")


def child(made):
    return next(iter(made.training))


REFUSED = {
    "a name that is taken": (running, lambda w: commands.create_tuning_job(w, spec("a")), "ResourceInUse"),
    "a name that differs in case": (running, lambda w: commands.create_tuning_job(w, spec("A")), "ResourceInUse"),
    "the name of a job that has ended": (ended, lambda w: commands.create_tuning_job(w, spec("a")), "ResourceInUse"),
    "too many in parallel": (
        world,
        lambda w: commands.create_tuning_job(w, spec(parallel=11)),
        "ResourceLimitExceeded",
    ),
    "too many in total": (world, lambda w: commands.create_tuning_job(w, spec(total=751)), "ResourceLimitExceeded"),
    "too many tuning jobs": (
        lambda: running(limits=ServiceLimits(tuning_jobs=1)),
        lambda w: commands.create_tuning_job(w, spec("b")),
        "ResourceLimitExceeded",
    ),
    "more than is free": (
        running,
        lambda w: commands.create_tuning_job(w, spec("b", count=4)),
        "ResourceLimitExceeded",
    ),
    "more than is free of all types": (
        lambda: running(capacity={TOTAL: 2}),
        lambda w: commands.create_tuning_job(w, spec("b", count=2, kind=C5)),
        "ResourceLimitExceeded",
    ),
    "what can never be granted": (
        lambda: running(admission="queue"),
        lambda w: commands.create_tuning_job(w, spec("b", count=5)),
        "ResourceLimitExceeded",
    ),
    "what can never be granted at once": (
        lambda: running(admission="queue", reservation="upfront"),
        lambda w: commands.create_tuning_job(w, spec("b", count=1, total=9, parallel=5)),
        "ResourceLimitExceeded",
    ),
    "what can never be granted of all types": (
        lambda: running(admission="queue", capacity={TOTAL: 2}),
        lambda w: commands.create_tuning_job(w, spec("b", count=3, kind=C5)),
        "ResourceLimitExceeded",
    ),
    "a stop of nobody": (running, lambda w: commands.stop_tuning_job(w, "b"), "ResourceNotFound"),
    "a stop in another spelling": (running, lambda w: commands.stop_tuning_job(w, "A"), "ResourceNotFound"),
    "a stop after the end": (ended, lambda w: commands.stop_tuning_job(w, "a"), "ValidationException"),
    "a second stop, rejected": (
        lambda: stopping(repeated_stop="reject"),
        lambda w: commands.stop_tuning_job(w, "a"),
        "ValidationException",
    ),
    "a stop of no training job": (running, lambda w: commands.stop_training_job(w, "a"), "ValidationException"),
    "a stop of a training job after its end": (
        ended,
        lambda w: commands.stop_training_job(w, child(w)),
        "ValidationException",
    ),
    "a second stop of a training job, rejected": (
        lambda: stopping(repeated_stop="reject"),
        lambda w: commands.stop_training_job(w, child(w)),
        "ValidationException",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_command_changes_nothing(case):
    prepare, command, code = REFUSED[case]
    made = prepare()
    before = made.freeze(), dict(made.armed), list(made.journal), set(made.names)
    with pytest.raises(ServiceError) as refused:
        command(made)
    assert refused.value.code == code and refused.value.http_status == 400
    assert (made.freeze(), dict(made.armed), list(made.journal), set(made.names)) == before
    rest(made)


@pytest.mark.parametrize(
    "command", [lambda w: commands.stop_tuning_job(w, "a"), lambda w: commands.stop_training_job(w, child(w))]
)
def test_a_repeated_stop_answers_and_changes_nothing(command):
    made = stopping()
    before = made.freeze(), dict(made.armed), list(made.journal)
    command(made)
    assert (made.freeze(), dict(made.armed), list(made.journal)) == before


def test_a_stale_event_changes_nothing():
    made = running()
    stale = next(iter(made.armed))
    commands.stop_tuning_job(made, "a")
    before = made.freeze(), list(made.journal)
    assert made.fire_armed(stale) is False and made.fire_armed(10**9) is False
    assert (made.freeze(), list(made.journal)) == before


def connected(made):
    made.rules = RULES
    return made


def test_a_clone_and_a_pickled_copy_go_their_own_way_to_the_same_end():
    for copy in (lambda w: w.clone(), lambda w: connected(pickle.loads(pickle.dumps(w)))):
        made = running()
        before = made.freeze()
        twin = copy(made)
        entries = []
        twin.write = entries.append
        assert twin.freeze() == before
        commands.stop_tuning_job(twin, "a")
        rest(twin)
        assert made.freeze() == before and twin.freeze() != before
        assert commands.create_tuning_job(twin.clone(), spec("b")).name == "b" and "b" not in made.names | twin.names
        made.journal.clear()
        commands.stop_tuning_job(made, "a")
        rest(made)
        assert made.journal == entries and made.freeze() == twin.freeze()


def test_forgetting_a_job_that_has_ended_leaves_only_its_name():
    made = ended()
    assert made.artifacts and made.logs
    made.forget("a")
    assert not (made.tuning or made.training or made.artifacts or made.logs or made.armed)
    with pytest.raises(ServiceError, match="already exists"):
        commands.create_tuning_job(made, spec("a"))


def test_a_trigger_without_a_row_is_our_own_mistake():
    rows = tuple(row for row in TRAINING.rows if row.trigger != "downloaded")
    made = world(tables=Tables.of(training=Table("training", rows, TRAINING.final)))
    commands.create_tuning_job(made, spec())
    with pytest.raises(LawBroken, match="0 rows apply to 'downloaded'"):
        until(made, "launch", "ready", "downloaded")


def test_the_controllers_of_two_jobs_take_turns_at_what_is_free():
    made = world(admission="queue")
    commands.create_tuning_job(made, spec("a", count=3, total=2))
    commands.create_tuning_job(made, spec("b", count=3, total=1))
    until(made, "launch", "launch")
    assert list(made.ledger.queue) == ["b/1"] and made.tuning["b"].waiting == 1
    commands.stop_tuning_job(made, "a")
    until(made, "torn_down")
    assert made.ledger.reserved[M5] == 3, "a Stopping job holds on to what it has"
    until(made, "finish")
    assert not made.ledger.queue and list(made.ledger.held) == ["b"]


def test_a_job_that_gave_its_name_keeps_its_own_instances_warm():
    made = world()
    commands.create_tuning_job(made, spec(total=2))
    until(made, "launch", "ready", "downloaded", "exited", "uploaded", "launch")
    first, second = made.training.values()
    assert (first.warm, second.warm) == (False, True)
    assert [entry[3] for entry in made.journal if entry[1] == "reservation"] == ["ask", "grant", "ask", "grant"]


@pytest.mark.parametrize("effect", EFFECTS)
def test_every_effect_is_some_rows(effect):
    assert any(effect in row.effects for table in ALL for row in table.rows)


@pytest.mark.parametrize("booking", BOOKINGS)
def test_every_booking_is_some_rows(booking):
    assert any(booking in row.books for table in ALL for row in table.rows)


@pytest.mark.parametrize(
    ("state", "reason", "counter"),
    [
        ("Completed", "", "Completed"),
        ("Stopped", "", "Stopped"),
        ("MaxRuntimeExceeded", "", "Stopped"),
        ("MaxWaitTimeExceeded", "", "Stopped"),
        ("Failed", "InternalServerError: x", "RetryableError"),
        ("Failed", "CapacityError: x", "RetryableError"),
        ("Failed", "AlgorithmError: x", "NonRetryableError"),
        ("Failed", "ClientError: x", "NonRetryableError"),
    ],
)
def test_the_counters_bucket(state, reason, counter):
    assert bucket(state, reason) == counter


MIXED = TuningJobSpec(
    "a",
    tuple(TrainingJobDefinition(instances=InstanceRequest(M5, count)) for count in (1, 2)),
    ResourceLimits(2, 1),
)


def test_definitions_of_one_type_and_different_counts_do_not_block_their_own_job():
    made = world(capacity={M5: 2})
    commands.create_tuning_job(made, MIXED)
    rest(made)
    assert made.tuning["a"].status == "Completed"


@pytest.mark.parametrize("reservation", ["upfront", "as-observed"])
def test_the_other_policies_do_not_block_it_either(reservation):
    made = world(capacity={M5: 2}, reservation=reservation)
    commands.create_tuning_job(made, MIXED)
    rest(made)
    assert made.tuning["a"].status == "Completed"


def test_two_jobs_over_two_types_do_not_block_each_other():
    definitions = tuple(TrainingJobDefinition(instances=InstanceRequest(kind)) for kind in (M5, C5))
    made = world(capacity={M5: 1, C5: 1}, admission="queue")
    commands.create_tuning_job(made, TuningJobSpec("a", definitions, ResourceLimits(2, 2)))
    commands.create_tuning_job(made, TuningJobSpec("b", definitions[::-1], ResourceLimits(2, 2)))
    rest(made)
    assert {job.status for job in made.tuning.values()} == {"Completed"}


def test_who_waits_for_a_place_does_not_block_the_job_that_has_it():
    made = world(admission="queue", limits=ServiceLimits(tuning_jobs=1))
    mixed = tuple(TrainingJobDefinition(instances=InstanceRequest(kind)) for kind in (M5, C5))
    commands.create_tuning_job(made, spec("a"))
    commands.create_tuning_job(made, TuningJobSpec("b", mixed))
    rest(made)
    assert {job.status for job in made.tuning.values()} == {"Completed"}


def test_a_cloud_is_copied_with_what_is_left_of_its_budget():
    made = running(cloud=EveryOutcome(budget={"internal_error": 1}))
    twin = made.clone()
    made.cloud.spend("internal_error")
    assert made.freeze() != twin.freeze()
    assert twin.cloud.budget == {"internal_error": 1}
