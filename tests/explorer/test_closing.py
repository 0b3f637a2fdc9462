"""A state closed again: only what changed is written, under serial numbers that do not tell by which way it came."""

from explorer import test_search as scopes
from explorer.plain import remembering
from hptsim.explorer.closing import added, close, kept
from hptsim.explorer.parts import STRIDE, Parts
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.world.jobs import TrainingJob


def test_what_was_only_looked_at_is_not_written():
    system = remembering(scopes.scope(TrainingJobDefinition()))
    state = system.take(system.root, next(iter(system.moves(system.root))))
    opened = system.open(state)
    assert opened.world.tuning["a"].state == "InProgress" and opened.world.ledger.queue is not None
    assert close(opened) == ((), ())


def test_what_was_changed_is_written_and_a_part_that_is_gone_is_0():
    system = remembering(scopes.scope(TrainingJobDefinition()))
    state = system.take(system.root, next(iter(system.moves(system.root))))
    slot = system.parts.slot("holder", "a")
    opened = system.open(state)
    opened.world.tuning["a"].state = "Stopping"
    ((place, number),), adds = close(opened)
    assert place == slot.index and number != state[place] and adds == ()
    gone = system.open(state)
    for table in (gone.world.tuning, gone.auditor.state.tuning, gone.world.ledger.held):
        del table["a"]
    for serial in list(gone.world.armed):
        del gone.world.armed[serial]
    writes = dict(close(gone)[0])
    order = system.parts.slot("order", "holder")
    assert writes[slot.index] == 0 and writes[order.index] == 0


def test_serial_numbers_are_made_anew_by_place():
    slot = Parts().slot("training", "a-001")
    armed = [(71, ("training", "a-001", "ready")), (93, ("training", "a-001", "stop"))]
    job = TrainingJob.of("a-001", "a", 1, TrainingJobDefinition(), {}, 0.0)
    job.timers, job.stop_coming = (71,), 93
    number = kept(slot, {"training": job}, armed)
    first = slot.index * STRIDE + 1
    assert job.timers == (first,) and job.stop_coming == first + 1
    assert slot.parts[number].armed == tuple(one for _, one in armed)


def test_jobs_are_ordered_as_they_came_and_objects_by_name():
    parts = Parts()
    jobs, objects = parts.slot("order", "holder"), parts.slot("order", "artifact")
    for slot, order in ((jobs, ("b", "a")), (objects, ("a", "b"))):
        assert slot.parts[added(slot, added(slot, 0, "b"), "a")].content["order"] == order
