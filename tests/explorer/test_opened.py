"""An opened state: every way to look at a table is a read that is noted, and a copy is handed out."""

import pytest

from explorer import test_search as scopes
from explorer.plain import remembering
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.world.jobs import TrainingJob


@pytest.fixture
def system():
    return remembering(scopes.scope(TrainingJobDefinition(), 2, 2, capacity=2))


@pytest.fixture
def state(system):
    """Two training jobs, both created."""
    state = system.root
    for call in ("create_tuning_job", "'launch'", "'launch'"):
        state = system.take(state, next(move for move in system.moves(state) if call in move.call))
    return state


def reads(opened):
    return [(slot.kind, slot.key, by_shape) for slot, by_shape, _ in opened.reads]


def test_nothing_is_read_until_it_is_asked_for(system, state):
    assert system.open(state).reads == []


def test_a_job_that_is_asked_for_is_read_and_copied(system, state):
    opened = system.open(state)
    name = next(iter(system.open(state).world.training))
    job = opened.world.training[name]
    assert isinstance(job, TrainingJob) and reads(opened) == [("training", name, False)]
    assert opened.world.training[name] is job  # once
    job.state = "Failed"
    assert system.open(state).world.training[name].state == "Starting"


def test_to_ask_whether_a_job_is_there_reads_no_more_than_that(system, state):
    opened = system.open(state)
    assert "a" in opened.world.tuning and "b" not in opened.world.tuning
    assert reads(opened) == [("holder", "a", True), ("holder", "b", True)]


@pytest.mark.parametrize(
    "look",
    [
        list,
        dict,
        len,
        bool,
        lambda table: {**table},
        lambda table: list(table.values()),
        lambda table: list(table.items()),
        lambda table: table.keys() | {"a"},
        lambda table: table == {},
        lambda table: table.copy(),
    ],
)
def test_every_way_to_look_at_all_of_a_table_reads_the_order_and_each_part(system, state, look):
    opened = system.open(state)
    look(opened.world.training)
    names = list(system.open(state).world.training)
    assert len(names) == 2
    assert reads(opened)[0] == ("order", "training", False)
    assert {key for kind, key, _ in reads(opened) if kind == "training"} == set(names)


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        (lambda opened: opened.world.ledger.queue, "queue"),
        (lambda opened: opened.world.ledger.same_demand, "queue"),
        (lambda opened: opened.world.ledger.asked, "queue"),
        (lambda opened: opened.auditor.state.queue, "queue"),
        (lambda opened: opened.world.names, "account"),
        (lambda opened: opened.world.deleted, "account"),
        (lambda opened: opened.auditor.state.asked, "account"),
        (lambda opened: opened.auditor.state.due_s, "granted"),
        (lambda opened: opened.world.ledger.reserved.get("ml.g5.xlarge"), "quota"),
    ],
)
def test_what_all_jobs_share_is_read_as_one_part(system, state, look, kind):
    opened = system.open(state)
    look(opened)
    assert [one for one, _, _ in reads(opened)] == [kind]


def test_an_armed_event_is_read_with_its_job(system, state):
    (move,) = [move for move in system.moves(state) if "-001-" in move.call and "'ready'" in move.call]
    opened = system.open(state)
    assert opened.world.armed[move.act[1]][2] == "ready"
    assert [kind for kind, _, _ in reads(opened)] == ["training"]
    assert len(opened.world.armed) == len([one for one in system.moves(state) if one.act[0] == "fire"])


def test_to_look_at_a_state_copies_nothing_and_shows_the_same(system, state):
    opened, whole = system.open(state), system.open(state, copies=False)
    assert {name: job.freeze() for name, job in opened.world.training.items()} == {
        name: job.freeze() for name, job in whole.world.training.items()
    }
    assert whole.world.freeze() == opened.world.freeze()
    assert whole.world.tuning["a"] is system.open(state, copies=False).world.tuning["a"]


def test_what_a_world_does_not_have_is_an_error(system, state):
    for thing in (system.open(state).world, system.open(state).world.ledger, system.open(state).auditor.state):
        with pytest.raises(AttributeError, match="nonsense"):
            thing.nonsense  # noqa: B018
