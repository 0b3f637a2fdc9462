"""Rows made ready: the hot path does what the rows say, whatever they say."""

import attrs
import pytest

from hptsim import Simulation, TuningJobSpec
from hptsim.errors import LawBroken
from hptsim.model.billing import BILLED
from hptsim.model.machine import TABLES, Tables
from hptsim.model.tables import ALL, BOOKINGS, EFFECTS, TRAINING, Table
from hptsim.world.bookings import BOOK
from hptsim.world.effects import PERFORM
from hptsim.world.reports import REPORTS
from hptsim.world.rules import RULES, rules


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_there_is_one_ready_row_for_every_row_and_no_other(table):
    made = getattr(RULES, table.name)
    ready = [*made.values(), *(row for several in made.guarded.values() for row in several)]
    said = [
        (
            one.source,
            one.trigger,
            one.destination,
            [BOOK[name] for name in one.books],
            [PERFORM[name] for name in one.effects],
        )
        for one in table.rows
    ]
    assert sorted(map(str, said)) == sorted(
        str((one.source, one.trigger, one.destination, list(one.books), list(one.effects))) for one in ready
    )
    assert all(one.ends == (one.destination in table.final) for one in ready)
    assert made.keys() | made.guarded.keys() == {(row.source, row.trigger) for row in table.rows}
    assert not made.keys() & made.guarded.keys()


def test_every_effect_and_booking_has_its_function_and_no_other():
    assert (PERFORM.keys(), BOOK.keys()) == (EFFECTS.keys(), BOOKINGS.keys())


def test_the_true_tables_are_compiled_once():
    assert rules() is rules(TABLES) is RULES and rules(Tables.of()) is not RULES


def test_billed_states_are_states_of_the_table():
    assert set(TRAINING.states) > BILLED and not BILLED & TRAINING.final


def test_what_is_reported_is_reported_with_a_trigger_of_the_table():
    assert set(REPORTS) <= {(table.name, trigger) for table in ALL for trigger in table.triggers}


def test_what_is_decided_is_a_trigger_of_the_table():
    assert set(RULES.decisions) <= {(table.name, trigger) for table in ALL for trigger in table.triggers}


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


def test_a_row_without_its_bookings_notes_nothing():
    name = run(TABLES).tuning_job("demo").training_jobs[0]
    assert run(TABLES).training_job(name).started_s is not None
    assert run(edited("ready", books=())).training_job(name).started_s is None


def test_a_row_that_leads_elsewhere_leads_there():
    sim = run(edited("downloaded", destination="Uploading"))
    story = [record.destination for record in sim.journal if record.thing == "training"]
    assert story == ["Starting", "Downloading", "Uploading", "Completed"]


@pytest.mark.parametrize("guard", ["streams", ""])
def test_two_rows_that_apply_or_none_are_our_own_mistake(guard):
    with pytest.raises(LawBroken, match="rows apply to 'ready'"):
        run(edited("ready", guard=guard))
