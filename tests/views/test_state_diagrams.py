"""Diagrams: every state and every row of the tables is in them, with its source."""

import re
import xml.etree.ElementTree as ElementTree

import attrs
import pytest

from hptsim.model.statuses import NEW, STOPPING
from hptsim.model.tables import ALL, RESERVATION, TRAINING, TUNING, Row, Table
from hptsim.views.palette import BLACK
from hptsim.views.state_diagrams import COLORS, kind, mermaid, svg, tooltip

TABLES = (TUNING, TRAINING, RESERVATION)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(table):
    return ElementTree.fromstring(svg(table))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_state_is_drawn_once_in_the_color_of_its_kind(table):
    boxes = parsed(table).findall(f"{SVG}g")
    assert [box.find(f"{SVG}text").text for box in boxes] == list(table.states)
    for box, state in zip(boxes, table.states, strict=True):
        assert box.find(f"{SVG}rect").get("fill") == COLORS[kind(table, state)]
        assert 9 * len(state) < float(box.find(f"{SVG}rect").get("width")), "its name fits into its box"
        assert kind(table, state) in box.find(f"{SVG}title").text


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_row_is_drawn_once_and_its_tooltip_names_its_source(table):
    labels = [text for text in parsed(table).iter(f"{SVG}text") if text.get("class") == "row"]
    shown = [(label.text, label.find(f"{SVG}title").text) for label in labels]
    expected = [(row.trigger + (f" [{row.guard}]" if row.guard else ""), tooltip(row)) for row in table.rows]
    assert sorted(shown) == sorted(expected)
    for row in table.rows:
        assert f"rests on: {row.rests_on}" in tooltip(row).splitlines()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_there_is_an_arrow_for_each_pair_of_states_and_it_starts_and_ends_at_their_boxes(table):
    root = parsed(table)
    arrows = [path.get("d") for path in root.iter(f"{SVG}path") if path.get("class") == "arrow"]
    pairs = list(dict.fromkeys((row.source, row.destination) for row in table.rows))
    assert len(arrows) == len(pairs)
    where = {box.find(f"{SVG}text").text: box.find(f"{SVG}rect") for box in root.findall(f"{SVG}g")}
    for arrow, (source, destination) in zip(arrows, pairs, strict=True):
        numbers = [float(number) for number in re.findall(r"-?\d+", arrow)]
        for state, (x, y) in ((source, numbers[:2]), (destination, numbers[-2:])):
            left, top = float(where[state].get("x")), float(where[state].get("y"))
            assert left - 1 <= x <= left + 191 and top - 1 <= y <= top + 37, (source, destination)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_neither_boxes_nor_labels_lie_on_each_other_or_off_the_paper(table):
    root = parsed(table)
    areas = []
    for box in root.findall(f"{SVG}g/{SVG}rect"):
        x, y = float(box.get("x")), float(box.get("y"))
        areas.append((x, y, x + 190, y + 36))
    for label in root.iter(f"{SVG}text"):
        if label.get("class") == "row":
            x, y, half = float(label.get("x")), float(label.get("y")), 3.5 * len(label.text)
            areas.append((x - half, y - 10, x + half, y + 3))
    for place, one in enumerate(areas):
        for other in areas[place + 1 :]:
            apart = one[2] <= other[0] + 2 or other[2] <= one[0] + 2 or one[3] <= other[1] + 2 or other[3] <= one[1] + 2
            assert apart, (one, other)
    left, top, wide, tall = map(float, root.get("viewBox").split())
    for path in root.iter(f"{SVG}path"):
        if path.get("class") == "arrow":
            areas += [
                (float(x), float(y), float(x), float(y)) for x, y in re.findall(r"(-?\d+),(-?\d+)", path.get("d"))
            ]
    for one in areas:
        assert left <= one[0] and top <= one[1] and one[2] <= left + wide and one[3] <= top + tall


def test_a_label_leads_to_what_its_row_rests_on_and_says_it_in_words():
    drawing = ElementTree.fromstring(svg(RESERVATION, docs="../"))
    links = {link.find(f"{SVG}text").text: link.get("href") for link in drawing.iter(f"{SVG}a")}
    assert links["release"] == "../specification.html#s8"
    assert links["withdraw"] == "../semantics.html#quota-wait"
    assert len(links) == len(RESERVATION.rows) and "<a " not in svg(RESERVATION)
    stop = next(row for row in TUNING.rows if row.trigger == "stop")
    assert "H2: StopHyperParameterTuningJob turns InProgress into Stopping. (OBS)" in tooltip(stop).splitlines()


def test_the_drawing_says_whose_lifecycle_it_is():
    titles = [parsed(table).find(f"{SVG}title").text for table in ALL]
    assert titles == [
        f"The lifecycle of a {name}" for name in ("tuning job", "training job", "reservation", "warm pool")
    ]


def test_the_kinds():
    assert kind(TUNING, NEW) == "initial" and kind(TUNING, "Stopping") == "stopping"
    assert {state for state in TRAINING.states if kind(TRAINING, state) == "stopping"} == STOPPING
    for table in TABLES:
        assert {state for state in table.states if kind(table, state) == "final"} == table.final


def test_names_cannot_break_the_drawing():
    row = Row('a<b>&"c', NEW, "x<y", (), "</title>")
    drawing = ElementTree.fromstring(svg(attrs.evolve(RESERVATION, rows=(row,), final=frozenset({"x<y"}))))
    [label] = [text for text in drawing.iter(f"{SVG}text") if text.get("class") == "row"]
    assert label.text == 'a<b>&"c' and "</title>" in label.find(f"{SVG}title").text


def test_states_that_return_and_states_side_by_side():
    """The true tables have no arrow within a column; a user's own table may."""
    rows = (Row("go", NEW, "a", (), ""), Row("go", NEW, "z", (), ""), Row("end", "a", "f", (), ""))
    side = (Row("over", "a", "g", (), ""), Row("back", "a", NEW, (), ""))
    drawing = svg(Table("reservation", (*rows, *side), frozenset({"z", "f", "g"})))
    assert drawing.count('class="arrow"') == 5
    assert drawing.count('class="row"') == 5


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_mermaid_has_every_row_and_colors_every_state(table):
    lines = [line.strip() for line in mermaid(table).splitlines()]
    names = {state: state.replace(":", "_") for state in table.states} | {NEW: "none"}
    rows = set()
    for line in lines:
        if "-->" in line and not line.startswith("[*]"):
            arrow, _, triggers = line.partition(": ")
            rows |= {(*arrow.split(" --> "), trigger) for trigger in triggers.split(" | ")}
    assert rows == {
        (names[row.source], names[row.destination], row.trigger + (f" [{row.guard}]" if row.guard else ""))
        for row in table.rows
    }
    assert all(f'state "{state}" as {names[state]}' in lines for state in table.states if state != NEW)
    assert [line for line in lines if line.startswith("Class ")] == [
        f"Class {names[state]} s_{kind(table, state)}" for state in table.states
    ]
    assert {f"classDef s_{name} fill:{color},color:{BLACK}" for name, color in COLORS.items()} <= set(lines)
    assert lines[0] == "stateDiagram-v2" and lines[-1] == "[*] --> none"
