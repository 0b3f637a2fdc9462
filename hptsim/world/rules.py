"""The rules of the world: the tables, with the functions that perform, book, report and decide what they name."""

from __future__ import annotations

from hptsim.model.machine import TABLES, Tables
from hptsim.world.bookings import BOOK
from hptsim.world.controller import DECISIONS
from hptsim.world.dispatch import Rules
from hptsim.world.effects import PERFORM
from hptsim.world.reports import REPORTS


def rules(tables: Tables = TABLES) -> Rules:
    """The rules for *tables*, the true ones or a mutant's; compiled once for the true ones."""
    return RULES if tables is TABLES else _compiled(tables)


def _compiled(tables: Tables) -> Rules:
    return Rules.compile(tables, PERFORM, BOOK, REPORTS, DECISIONS)


RULES = _compiled(TABLES)
"""The rules of the true tables."""
