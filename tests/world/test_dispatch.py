"""Rows made ready: the hot path does what the rows say, whatever they say."""

import attrs
import pytest

from hptsim import Simulation, TuningJobSpec
from hptsim.errors import LawBroken
from hptsim.model.billing import BILLED
from hptsim.model.machine import TABLES, Tables
from hptsim.model.tables import RESERVATION, TRAINING, TUNING, WARM_POOL, Table
from hptsim.world.dispatch import BOOKED, TOLD, Moves
from hptsim.world.effects import PERFORM

CASES = [(TUNING, TOLD), (TRAINING, BOOKED), (RESERVATION, {}), (WARM_POOL, {})]


@pytest.mark.parametrize(("table", "bookings"), CASES, ids=lambda one: getattr(one, "name", ""))
def test_there_is_one_move_for_every_row_and_no_other(table, bookings):
    moves = Moves(getattr(TABLES, table.name), bookings)
    ready = [*moves.values(), *(move for several in moves.guarded.values() for move in several)]
    said = [(row.source, row.trigger, row.destination, [PERFORM[name] for name in row.effects]) for row in table.rows]
    assert sorted(map(str, said)) == sorted(
        str((move.source, move.trigger, move.destination, list(move.effects))) for move in ready
    )
    assert moves.keys() | moves.guarded.keys() == {(row.source, row.trigger) for row in table.rows}
    assert not moves.keys() & moves.guarded.keys()


def test_billed_states_are_states_of_the_table():
    assert set(TRAINING.states) > BILLED and not BILLED & TRAINING.final


@pytest.mark.parametrize(("table", "bookings"), CASES[:2], ids=lambda one: getattr(one, "name", ""))
def test_what_is_booked_is_booked_with_a_trigger_of_the_table(table, bookings):
    assert set(bookings) <= set(table.triggers)


def edited(trigger, **changes):
    """The tables with the rows of *trigger* in the training table edited."""
    rows = tuple(attrs.evolve(row, **changes) if row.trigger == trigger else row for row in TRAINING.rows)
    return Tables.of(training=Table("training", rows, TRAINING.final))


def run(tables):
    sim = Simulation(tables=tables, laws=False)
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    return sim


def test_a_row_without_its_effects_has_none_of_them():
    assert run(TABLES).artifacts and run(TABLES).logs(run(TABLES).tuning_job("demo").training_jobs[0])
    mute = run(edited("exited", effects=()))
    assert len(mute.logs(mute.tuning_job("demo").training_jobs[0])) == 1
    assert not run(edited("uploaded", effects=("VACATE", "TELL"))).artifacts


def test_a_row_that_leads_elsewhere_leads_there():
    sim = run(edited("downloaded", destination="Uploading"))
    story = [record.destination for record in sim.journal if record.thing == "training"]
    assert story == ["Starting", "Downloading", "Uploading", "Completed"]


@pytest.mark.parametrize("guard", ["streams", ""])
def test_two_rows_that_apply_or_none_are_our_own_mistake(guard):
    with pytest.raises(LawBroken, match="rows apply to 'ready'"):
        run(edited("ready", guard=guard))
