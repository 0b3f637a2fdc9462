"""The tables: machine and dispatch agree on every (state, trigger), and the proofs notice what is wrong."""

import inspect
import itertools

import attrs
import pytest
from transitions import MachineError

import hptsim
from hptsim.model.machine import TABLES, Tables, compiled, machine, prove
from hptsim.model.statuses import NEW, primary
from hptsim.model.tables import GUARDS, RESERVATION, TRAINING, TUNING, Row


class Probe:
    """A job with settable guards that remembers what was performed."""

    def __init__(self, state, stopped_by, flag):
        self.state = state
        self.stopped_by = stopped_by
        self.evaluated = self.retries_left = int(flag)
        self.streams = flag
        self.performed = []

    def perform(self, row):
        self.performed.append(row)


@pytest.mark.parametrize("table", [TUNING, TRAINING, RESERVATION], ids=lambda table: table.name)
def test_machine_and_dispatch_agree_on_every_pair(table):
    built = machine(table)
    dispatch = compiled(built)
    legal = 0
    for state, trigger in itertools.product(table.states, table.triggers):
        for stopped_by, flag in itertools.product(
            ("stop", "max_runtime", "max_wait", "max_pending", ""), (False, True)
        ):
            probe = Probe(state, stopped_by, flag)
            rows = dispatch.get((state, trigger), ())
            applying = [row for row in rows if not row.guard or GUARDS[row.guard](probe)]
            assert len(applying) <= 1
            try:
                fired = built.events[trigger].trigger(probe)
            except MachineError:
                fired = None
            if applying:
                legal += 1
                assert fired and probe.state == applying[0].destination and probe.performed == applying
            else:
                assert not fired and probe.state == state and probe.performed == []
            assert bool(rows) == any((row.source, row.trigger) == (state, trigger) for row in table.rows)
    assert legal >= len(table.rows)


def test_nobody_can_jump_to_a_state():
    assert not [name for name in machine(TRAINING).events if name.startswith("to_")]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"destination": "Heldd"}, "no status is called"),
        ({"effects": ("FLY",)}, "no effect is called"),
        ({"guard": "maybe"}, "no guard is called"),
        ({"rests_on": "hearsay"}, "neither a row"),
        ({"source": "Released"}, "leaves a final state"),
        ({"destination": NEW}, "nothing returns"),
    ],
)
def test_the_proof_notices(change, complaint):
    rows = (*RESERVATION.rows[:-1], attrs.evolve(RESERVATION.rows[-1], **change))
    with pytest.raises(ValueError, match=complaint):
        prove(attrs.evolve(RESERVATION, rows=rows))


def test_the_proof_notices_traps_and_twins():
    trap = attrs.evolve(RESERVATION, rows=RESERVATION.rows[:-1])
    with pytest.raises(ValueError, match="no way from"):
        prove(trap)
    twin = Row("release", "Held", "Withdrawn", (), "S8")
    with pytest.raises(ValueError, match="need a guard each"):
        prove(attrs.evolve(RESERVATION, rows=(*RESERVATION.rows, twin)))


def test_a_training_job_may_be_stopping_while_it_still_shows_starting():
    assert primary("Starting:stopping") == "Stopping"


def test_tables_say_in_a_few_words_which_of_them_differ():
    short = attrs.evolve(TRAINING, rows=TRAINING.rows[:-1])
    other = attrs.evolve(RESERVATION, rows=RESERVATION.rows[:-1])
    assert repr(TABLES) == repr(Tables.of()) == "TABLES"
    assert repr(Tables.of(training=short)) == "Tables(training=...)"
    assert repr(Tables.of(training=short, reservation=other)) == "Tables(training=..., reservation=...)"
    assert repr(RESERVATION).startswith("Table(name='reservation', final=frozenset({")


@pytest.mark.parametrize("public", [hptsim.Simulation, Tables.of])
def test_a_default_table_does_not_fill_the_help(public):
    assert 20 < len(str(inspect.signature(public))) < 1000
