"""`hptsim diagram`: a lifecycle drawn from its table."""

from __future__ import annotations

from pathlib import Path

from hptsim.cli.exit_codes import SUCCESS
from hptsim.errors import invalid, nearest
from hptsim.model.tables import ALL
from hptsim.views import state_diagrams

_TABLES = {table.name: table for table in ALL}


def diagram(lifecycle: str = "tuning", *, svg: Path | None = None, mermaid: bool = False) -> int:
    """Draw the lifecycle of a tuning job, a training job, a reservation or a warm pool from its table.

    Parameters
    ----------
    lifecycle
        tuning, training, reservation or warm_pool
    svg
        write an SVG drawing to this file
    mermaid
        print Mermaid as well; without --svg it is printed anyway
    """
    if lifecycle not in _TABLES:
        raise invalid("diagram", lifecycle, "a lifecycle", nearest(lifecycle, _TABLES))
    table = _TABLES[lifecycle]
    if svg is not None:
        svg.write_text(state_diagrams.svg(table), encoding="utf-8")
    if mermaid or svg is None:
        print(state_diagrams.mermaid(table))
    return SUCCESS
