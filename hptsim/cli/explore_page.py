"""`hptsim explore --html`: the states of a small scenario as a page in which the reader chooses what happens next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hptsim.cli.exit_codes import LAW_BROKEN, SUCCESS
from hptsim.explorer.graph import state_graph
from hptsim.scenario.scenario import Scenario
from hptsim.views.explorer import explorer_page

HELD = 2_000
"""A page holds at most this many states: about two megabytes."""


def write_page(path: Path, scenario: Scenario, max_states: int | None, **scope: Any) -> int:
    """Write the page of a *scope*, as `state_graph` takes it, to *path*, and say what it holds; returns the exit code."""
    most = HELD if max_states is None else min(max_states, HELD)
    graph = state_graph(scenario, max_states=most, **scope)
    explorer_page(graph, path)
    count = len(graph.nodes)
    print(f"{path}: every state, {count} of them" if graph.complete else f"{path}: only the nearest {count} states")
    broken = [node.broken for node in graph.nodes if node.broken is not None]
    if broken:
        print(f"law broken in {len(broken)} of them; first: {broken[0].law}: {broken[0].reason}")
    return LAW_BROKEN if broken else SUCCESS
