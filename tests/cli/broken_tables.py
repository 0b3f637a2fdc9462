"""Tables with a bug, for commands that must find it."""

import attrs

from hptsim.model.machine import Tables
from hptsim.model.tables import TRAINING, Table

BROKEN = Tables.of(
    training=Table(
        "training",
        tuple(attrs.evolve(row, effects=()) if row.trigger == "downloaded" else row for row in TRAINING.rows),
        TRAINING.final,
    )
)
"""Tables in which a container writes no log when it starts."""
