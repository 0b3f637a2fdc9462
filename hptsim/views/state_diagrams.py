"""State diagrams drawn from the tables: Mermaid for Markdown, and SVG for slides, pages and notebooks.

The Mermaid text is written by `transitions`. The SVG is laid out by graphviz (`hptsim.views.dot_layout`), has tooltips in which
rows name their sources, and shows the path of one job, or how often each row fired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from transitions import State as MachineState
from transitions.extensions import GraphMachine

from hptsim.errors import invalid, nearest
from hptsim.model import specification
from hptsim.model.statuses import NEW, STOPPING
from hptsim.model.tables import ALL, BOOKINGS, EFFECTS, Row, Table
from hptsim.views.firings import Firing, Source, by_row, firings, spoken
from hptsim.views.palette import BLACK, PALETTE
from hptsim.views.state_drawing import Label, Picture, State, drawn

COLORS: Mapping[str, str] = {
    kind: PALETTE[name].light
    for kind, name in {"initial": "paper", "running": "work-soft", "stopping": "end-soft", "final": "done-soft"}.items()
}
_TABLES = {table.name: table for table in ALL}
_USUAL = frozenset(
    {"create", "ready", "downloaded", "exited", "uploaded", "ask", "grant", "release", "open", "job_ended"}
)
"""What happens in an undisturbed life: it leads straight down the picture."""
_SHOWN = 40
"""So many times are listed in words."""


def kind(table: Table, state: str) -> str:
    """What kind of state this is: initial, running, stopping or final.

    >>> from hptsim.model import TRAINING
    >>> kind(TRAINING, "Starting"), kind(TRAINING, "Starting:stopping"), kind(TRAINING, "Failed")
    ('running', 'stopping', 'final')
    """
    if state == NEW:
        return "initial"
    if state in table.final:
        return "final"
    return "stopping" if state in STOPPING else "running"


class _Named(MachineState):
    """A state under a name that Mermaid can read, which is drawn with its *label*."""

    def __init__(self, name: str, label: str) -> None:
        super().__init__(name)
        self.label = label


def mermaid(table: Table) -> str:
    """A table as a Mermaid state diagram, its states colored by kind; what does not exist yet is called "none".

    >>> from hptsim.model import RESERVATION
    >>> mermaid(RESERVATION).splitlines()[-2].strip()
    'Held --> Released: release'
    """
    names = {state: "none" if state == NEW else state.replace(":", "_") for state in table.states}
    states = [_Named(name, name if state == NEW else state) for state, name in names.items()]
    machine: Any = GraphMachine(
        None, states, names[NEW], auto_transitions=False, show_conditions=True, graph_engine="mermaid"
    )
    machine.machine_attributes = {"direction": "LR"}
    machine.style_attributes = {"node": {name: {"fill": fill, "color": BLACK} for name, fill in COLORS.items()}}
    for row in table.rows:
        machine.add_transition(row.trigger, names[row.source], names[row.destination], row.guard or None)
    graph = machine.graph_cls(machine)
    for state, name in names.items():
        graph.set_node_style(name, kind(table, state))
    written = str(graph.get_graph().source)
    return written[written.index("stateDiagram") :]  # without the title: where it is embedded there is one above it


def tooltip(row: Row) -> str:
    """What a row says and rests on, in words: the tooltip of its arrow.

    >>> from hptsim.model import RESERVATION
    >>> print(tooltip(RESERVATION.rows[2]))
    withdraw: Requested → Withdrawn
    rests on: quota-wait
    takes the request out of the queue
    quota-wait: a training job that finds no quota at its launch waits and is never failed for it (A-22)
    """
    guard = [f"if: {row.guard}"] if row.guard else []
    does = [*[BOOKINGS[name] for name in row.books], *[EFFECTS[name] for name in row.effects]]
    sources = [f"{code}: {said}" for code, said in specification.words(row.rests_on).items()]
    return "\n".join(
        [f"{row.trigger}: {row.source} → {row.destination}", f"rests on: {row.rests_on}", *guard, *does, *sources]
    )


@attrs.frozen
class StateDiagram:
    """A lifecycle as a picture. With *fired* it shows which rows fired: in the order of one *job*'s path, or how often.

    A notebook shows it as the last value of a cell.
    """

    table: Table
    fired: Sequence[Firing] | None = attrs.field(default=None, repr=False)
    job: str | None = None

    def svg(self, docs: str | None = None, *, colors: bool = True) -> str:
        """The picture as SVG; pointing at a label or a state shows what it rests on.

        *docs* is the path from the drawing to the site of the documentation ("../"): with it, a label links to the first
        source of its row. Without *colors* it takes those of the page that it becomes a part of (`views.style`). Raises
        MissingExtra without the extra `plots`.
        """
        return drawn(self._picture(docs), colors=colors)

    def _repr_svg_(self) -> str:
        return self.svg()

    def _picture(self, docs: str | None) -> Picture:
        table, places = self.table, None if self.fired is None else by_row(self.fired)
        arrows: dict[tuple[str, str], list[Label]] = {}
        for row in table.rows:
            arrows.setdefault((row.source, row.destination), []).append(self._label(row, places, docs))
        visited = {state for one in self.fired or () for state in (one.row.source, one.row.destination)}
        states = [
            State(state, kind(table, state), _reached(table, state), None if places is None else state in visited)
            for state in table.states
        ]
        straight = frozenset((row.source, row.destination) for row in table.rows if row.trigger in _USUAL)
        return Picture(table.name, self.heading, self.said, self.description, states, arrows, straight)

    def _label(self, row: Row, places: Mapping[Row, list[int]] | None, docs: str | None) -> Label:
        sources = list(specification.words(row.rests_on))
        link = docs + specification.place(sources[0], ".html") if sources and docs is not None else ""
        trigger = f"↻ {row.trigger}" if row.source == row.destination else row.trigger
        if places is None:
            return Label(trigger, row.guard, tooltip(row), link)
        fired = places.get(row, [])
        words = f"{fired[0]}. {trigger}" if fired and self.job is not None else trigger
        words += f" ×{len(fired):,}" if len(fired) > 1 or (fired and self.job is None) else ""
        when = [one.when for one in self.fired or () if one.row == row]
        said = f"\nfired: {', '.join(when[:_SHOWN])}{' …' if len(when) > _SHOWN else ''}" if when else "\nnever fired"
        return Label(words, row.guard, tooltip(row) + said, link, bool(fired))

    @property
    def heading(self) -> str:
        """What the picture shows."""
        what = spoken(self.table)
        return f"The lifecycle of a {what}" if self.job is None else f"The path of {what} {self.job}"

    @property
    def said(self) -> str:
        """How much of the table it shows."""
        rows, states = len(self.table.rows), len(self.table.states) - (NEW in self.table.states)
        if self.fired is None:
            return f"{states} states, {rows} rows; a guard stands in brackets"
        if not self.fired:
            return f"none of its {rows} rows has fired"
        apart, last = len(by_row(self.fired)), self.fired[-1]
        if self.job is None:
            return f"{apart} of {rows} rows have fired, {len(self.fired):,} times in all"
        return (
            f"{_times(len(self.fired), 'transition')} by {apart} of {rows} rows, from {self.fired[0].when} to {last.when}: "
            f"at last {last.row.destination}"
        )

    @property
    def description(self) -> str:
        """The same in words, for a screen reader."""
        if self.fired is None:
            told = [f"{row.source} to {row.destination} by {' '.join(_words(row))}" for row in self.table.rows]
        elif self.job is None:
            told = [
                f"{row.trigger} in {row.source}: {_times(len(fired), 'time')}"
                for row, fired in by_row(self.fired).items()
            ]
        else:
            told = [f"{one.when}: {one.row.trigger} leads to {one.row.destination}" for one in self.fired[:_SHOWN]]
        return f"{self.said}. {'; '.join(told)}."


def state_diagram(lifecycle: str | Table, source: Source | None = None, job: str | None = None) -> StateDiagram:
    """The diagram of a *lifecycle*: tuning, training, reservation or warm_pool, or a table of your own.

    *source* is a simulation, a saved journal (`hptsim.model.journal.read`), records, or a counterexample: with it, the diagram
    shows how often each row has fired, and with *job* the path of that job. Raises InvalidInput for a name that is not known.

    >>> from hptsim import Scenario, Simulation, TuningJobSpec
    >>> sim = Simulation(Scenario(timings="instant")); demo = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> state_diagram("tuning", sim, "demo").said
    '4 transitions by 4 of 17 rows, from 0 s to 100 s: at last Completed'
    """
    if isinstance(lifecycle, str):
        if lifecycle not in _TABLES:
            raise invalid("lifecycle", lifecycle, "a lifecycle", nearest(lifecycle, _TABLES))
        lifecycle = _TABLES[lifecycle]
    if source is None:
        if job is not None:
            raise invalid(
                "job", job, "no job without a journal", "give the simulation, journal or counterexample as well"
            )
        return StateDiagram(lifecycle)
    return StateDiagram(lifecycle, firings(lifecycle, source, job), job)


def svg(table: Table, docs: str | None = None, *, colors: bool = True) -> str:
    """A table as an SVG drawing; see `StateDiagram.svg`.

    >>> from hptsim.model import RESERVATION
    >>> svg(RESERVATION).count('class="state final')
    3
    """
    return StateDiagram(table).svg(docs, colors=colors)


def _times(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _words(row: Row) -> tuple[str, ...]:
    return (row.trigger, f"[{row.guard}]") if row.guard else (row.trigger,)


def _reached(table: Table, state: str) -> str:
    """What a state's tooltip says: its kind, and what the rows that lead to it rest on."""
    sources = ", ".join(dict.fromkeys(row.rests_on for row in table.rows if row.destination == state))
    return f"{state} ({kind(table, state)})" + (f"\nreached by: {sources}" if sources else "")
