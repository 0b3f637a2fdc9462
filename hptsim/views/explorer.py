"""The interactive explorer: one HTML file in which a reader walks through the states of a small scenario, without a network.

The states come from `hptsim.explorer.graph`. How the page looks is in explorer.html, a template of jinja2, and what it
does in explorer.js. Names and texts travel as JSON data and reach the page as text, as in the player.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import attrs

from hptsim.explorer.graph import FAULT, StateGraph, StateNode, Step
from hptsim.explorer.wording import words
from hptsim.model.journal import Record
from hptsim.model.laws import SOMETIMES, Law
from hptsim.model.specification import words as sources
from hptsim.model.statuses import TuningJobStatus
from hptsim.model.tables import ALL
from hptsim.views.graph_layout import TALL, WIDE, layout
from hptsim.views.law_checks import subject
from hptsim.views.marks import mark_data, mark_svg
from hptsim.views.player import escaped
from hptsim.views.templates import rendered

DRAWN_WHOLE = 600
"""A graph of more states is not drawn whole: the page draws what is around the reader's state."""
STATUSES = tuple(one.value for one in TuningJobStatus)
"""What a tuning job, or a training job without one, shows; the graph draws the mark of each in its color."""
_RESTS_ON = {
    (table.name, row.trigger, row.source, row.destination): row.rests_on for table in ALL for row in table.rows
}


def explorer_page(graph: StateGraph, path: str | Path | None = None) -> str:
    """A graph of states as one HTML page in which its reader chooses what happens next; written to *path* if there is one.

    It needs the extra `plots`. The address of the page says which way was chosen, so that it can be shared with the file.

    >>> from hptsim import Scenario, TuningJobSpec
    >>> from hptsim.explorer import state_graph
    >>> graph = state_graph(Scenario(), stops=False)  # nothing can happen
    >>> page = explorer_page(graph)
    >>> page.startswith("<!DOCTYPE html>"), "https://" in page
    (True, False)
    """
    script = (resources.files("hptsim.views") / "explorer.js").read_text(encoding="utf-8")
    page = rendered(
        "explorer.html",
        title=graph.scope.scenario.name,
        summary=_summary(graph),
        marks={status: mark_svg(status) for status in STATUSES},
        data=escaped(page_data(graph)),
        script=script,
    )
    if path is not None:
        Path(path).write_text(page, encoding="utf-8")
    return page


def page_data(graph: StateGraph) -> dict[str, Any]:
    """What the page knows, as data for JSON: equal texts are stored once, and named by their place."""
    texts, faces, laws = _Once(), _Once(), {law.name: place for place, law in enumerate(graph.scope.laws)}
    short = _short_names(graph)
    states = [_State(graph, node, texts, faces, laws, short).data() for node in graph.nodes]
    return {
        "states": states,
        "faces": faces.kept,
        "texts": texts.kept,
        "laws": [_law(law) for law in graph.scope.laws],
        "marks": {status: mark for status, mark in mark_data().items() if status in STATUSES},
        "size": [WIDE, TALL],
        "drawing": _drawing(graph),
    }


class _Once:
    """Values, each kept once."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self._places: dict[Any, int] = {}

    def place(self, key: Any, value: Any = None) -> int:
        """Where the value of *key* is kept."""
        if key not in self._places:
            self._places[key] = len(self.kept)
            self.kept.append(key if value is None else value)
        return self._places[key]


@attrs.frozen
class _State:
    """One state on its way into the page."""

    graph: StateGraph
    node: StateNode
    texts: _Once
    faces: _Once
    laws: Mapping[str, int]
    short: Mapping[str, str]

    def data(self) -> dict[str, Any]:
        node = self.node
        said: dict[str, Any] = {"face": self.faces.place(node.description, self._face())}
        said["steps"] = [self._step(step) for step in node.steps]
        if node.way is not None:
            said["way"] = node.way
        if node.at_rest:
            said["rest"] = self._laws(node.tested)
        if node.broken is not None:
            said["broken"] = [node.broken.law, node.broken.reason]
        return said

    def _step(self, step: Step) -> dict[str, Any]:
        existing = [job.name for job in self.node.description.tuning_jobs]
        text = self._shortened(words(step.call, self.graph.scope, existing))
        said = {"text": self.texts.place(f"fault: {text}" if step.kind == FAULT else text), "kind": step.kind}
        said |= {"call": self.texts.place(step.call), "to": step.target, "tested": self._laws(step.tested)}
        said |= {
            "said": [self._record(record) for record in step.records],
            "seen": [self.laws[one] for one in step.seen],
        }
        return said

    def _laws(self, names: Iterable[str]) -> int:
        """Where the list of these laws is kept."""
        return self.texts.place(tuple(self.laws[name] for name in names))

    def _record(self, record: Record) -> int:
        arrow = f": {record.source} → {record.destination}" if record.source else ""
        thing = record.thing.replace("_", " ")
        text = f"{thing} {self._shortened(record.name)} {record.trigger.replace('_', ' ')}{arrow}"
        rests_on = _RESTS_ON.get((record.thing, record.trigger, record.source, record.destination), "")
        return self.texts.place((text, rests_on, tuple(sources(rests_on).items())))

    def _shortened(self, text: str) -> str:
        for name, short in self.short.items():
            text = text.replace(name, short)
        return text

    def _face(self) -> dict[str, Any]:
        seen = self.node.description
        alone = [job for job in seen.training_jobs if not job.tuning_job]
        return {
            "shown": [job.status for job in (*seen.tuning_jobs, *alone)],
            "tuning": [[job.name, job.status, job.note] for job in seen.tuning_jobs],
            "training": [
                [self._shortened(job.name), job.status, job.secondary_status, job.note] for job in seen.training_jobs
            ],
            "quota": [attrs.astuple(line) for line in seen.quota],
            "artifacts": list(seen.artifacts),
        }


def _short_names(graph: StateGraph) -> dict[str, str]:
    """The names of tuning jobs' training jobs without their last part, where that leaves different names."""
    names = {job.name for node in graph.nodes for job in node.description.training_jobs if job.tuning_job}
    short = {name: re.sub(r"-[0-9a-f]{8}$", "", name) for name in sorted(names)}
    return short if len(set(short.values())) == len(short) else {}


def _law(law: Law) -> dict[str, Any]:
    said = {name: getattr(law, name) for name in ("name", "says", "rests_on")}
    return {
        **said,
        "group": subject(law),
        "sometimes": law.kind == SOMETIMES,
        "sources": list(sources(law.rests_on).items()),
    }


def _drawing(graph: StateGraph) -> dict[str, Any] | None:
    """Where every state of a small graph is drawn, and how its arrows lead."""
    if len(graph.nodes) > DRAWN_WHOLE:
        return None
    arrows = {(number, step.target) for number, node in enumerate(graph.nodes) for step in node.steps}
    found = layout(len(graph.nodes), [(one, other) for one, other in arrows if other is not None])
    bends = [[one, other, points] for (one, other), points in found.bends.items() if points]
    return {"places": [found.places[number] for number in range(len(graph.nodes))], "bends": bends, "size": found.size}


def _summary(graph: StateGraph) -> str:
    """How much the page holds."""
    steps = sum(len(node.steps) for node in graph.nodes)
    resting = sum(node.at_rest for node in graph.nodes)
    held = f"{len(graph.nodes):,} states, {steps:,} steps between them, {resting:,} states at rest"
    if graph.complete:
        return f"Every state of this scenario is here: {held}."
    return (
        f"Only the nearest states of this scenario are here: {held}. There are more; steps that lead there are marked."
    )
