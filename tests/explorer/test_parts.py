"""Parts: equal contents have one number, and what may do something else has another."""

import attrs

from hptsim.explorer.parts import BY_RESERVATION, TABLES, Part, Parts
from hptsim.model.definitions import TrainingJobDefinition
from hptsim.world.jobs import TrainingJob


def job(**changes):
    made = TrainingJob.of("a-001", "a", 1, TrainingJobDefinition(), {"ml.m5.xlarge": 1}, 0.0)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_a_slot_is_made_once_and_nothing_is_content_0():
    parts = Parts()
    slot = parts.slot("training", "a-001")
    assert parts.slot("training", "a-001") is slot and parts.slot("holder", "a-001") is not slot
    assert slot.number(Part({})) == 0 and slot.parts[0].content == {}


def test_equal_contents_have_the_number_of_the_first():
    slot = Parts().slot("training", "a-001")
    first = Part({"training": job()})
    assert slot.number(first) == slot.number(Part({"training": job(since_s=7.0)})) == 1  # times do not count
    assert slot.parts[1] is first
    assert slot.number(Part({"training": job(state="Training")})) == 2


def test_what_is_armed_counts_but_not_in_which_order():
    slot = Parts().slot("training", "a-001")
    ready, error = ("training", "a-001", "ready"), ("training", "a-001", "internal_error")
    numbers = [slot.number(Part({"training": job()}, armed)) for armed in ((ready, error), (error, ready), (ready,))]
    assert numbers == [1, 1, 2]


def test_which_reservation_a_training_job_runs_on_counts_where_it_gives_that_back():
    for tables, differ in ((TABLES, False), (BY_RESERVATION, True)):
        slot = Parts(tables).slot("training", "a-001")
        numbers = {slot.number(Part({"training": job(reservation=number)})) for number in (1, 2)}
        assert (len(numbers) == 2) is differ


def test_a_shape_is_the_tables_that_a_part_has():
    part = Part({"training": job()})
    assert part.shape == Part({"training": job(state="Failed")}).shape
    assert part.shape != attrs.evolve(part, content={**part.content, "logs": [1]}).shape
