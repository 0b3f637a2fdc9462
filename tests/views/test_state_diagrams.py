"""Diagrams: every state and every row of the tables is in them, with its source; words have room; a path is marked."""

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from itertools import combinations
from pathlib import Path

import attrs
import pytest
from browser import chromium
from explorer.test_scope import NO_STOP
from explorer.test_search import scope

from hptsim import Scenario, Simulation, TuningJobSpec, explore
from hptsim.errors import InvalidInput
from hptsim.model.statuses import NEW, STOPPING
from hptsim.model.tables import ALL, RESERVATION, TRAINING, TUNING, WARM_POOL, Row
from hptsim.scenario.cloud import Script
from hptsim.views.firings import Firing
from hptsim.views.marks import MARKS
from hptsim.views.palette import BLACK, PALETTE, contrast
from hptsim.views.state_diagrams import COLORS, StateDiagram, kind, mermaid, state_diagram, svg, tooltip

pytest.importorskip("pygraphviz", reason="needs the extra 'plots'")
TABLES = (TUNING, TRAINING, RESERVATION)
SVG = "{http://www.w3.org/2000/svg}"


def parsed(table, **more):
    return ElementTree.fromstring(StateDiagram(table, **more).svg())


def boxes(root):
    return {
        group.find(f"{SVG}title").text.split(" (")[0]: group
        for group in root.findall(f"{SVG}g[@class='drawing']/{SVG}g")
    }


def labels(root):
    """The words of every row, in the order of the drawing, and its tooltip."""
    rows = [text for text in root.iter(f"{SVG}text") if text.get("class", "").startswith("row")]
    return [(" ".join(one.text for one in row.iter(f"{SVG}tspan")), row.find(f"{SVG}title").text) for row in rows]


def words(row):
    again = "↻ " if row.source == row.destination else ""
    return again + row.trigger + (f" [{row.guard}]" if row.guard else "")


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_every_state_is_drawn_once_and_its_kind_is_told_by_its_shape(table):
    drawn = boxes(parsed(table))
    assert list(drawn) == list(table.states)
    for state, box in drawn.items():
        which = kind(table, state)
        assert box.get("class") == f"state {which}" and which in box.find(f"{SVG}title").text
        rectangles = box.findall(f"{SVG}rect")
        assert len(rectangles) == {"initial": 0, "final": 2}.get(which, 1), "a final state has a double line"
        assert (box.find(f"{SVG}circle") is not None) == (which == "initial")
        if rectangles:
            assert box.find(f"{SVG}text").text == state
            assert rectangles[0].get("rx") == ("0" if which == "final" else "8")


def test_the_ends_of_a_training_job_have_marks_of_different_shapes():
    drawn = boxes(parsed(TRAINING))
    signs = {state: [path.get("d") for path in box.findall(f"{SVG}path")] for state, box in drawn.items()}
    assert all(signs[state] for state in TRAINING.final) and not any(
        signs[state] for state in set(signs) - TRAINING.final
    )
    assert signs == {state: [MARKS[state].path] if state in TRAINING.final else [] for state in TRAINING.states}
    assert len({MARKS[state].path for state in ("Completed", "Failed", "Stopped")}) == 3


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_every_row_is_drawn_once_and_its_tooltip_names_its_source(table):
    assert sorted(labels(parsed(table))) == sorted((words(row), tooltip(row)) for row in table.rows)
    for row in table.rows:
        assert f"rests on: {row.rests_on}" in tooltip(row).splitlines()


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_there_is_an_arrow_for_each_two_states_that_rows_tie(table):
    arrows = [path.find(f"{SVG}title").text for path in parsed(table).iter(f"{SVG}path") if path.get("marker-end")]
    pairs = dict.fromkeys((row.source, row.destination) for row in table.rows if row.source != row.destination)
    assert [arrow.split(": ")[0].split(" → ")[1].split(":")[0] for arrow in arrows] == [
        one.split(":")[0] for _, one in pairs
    ]
    assert len(arrows) == len(pairs)


def fonts():
    """The width of words in the widest of the usual fonts, in pixels: DejaVu Sans, plain and bold."""
    image_font = pytest.importorskip("PIL.ImageFont", reason="needs the extra 'plots'")
    folder = Path(pytest.importorskip("matplotlib").get_data_path()) / "fonts" / "ttf"

    def width(text, size, bold):
        return image_font.truetype(folder / f"DejaVuSans{'-Bold' if bold else ''}.ttf", size).getlength(text)

    return width


def measured(root):
    """The area of every line of words of every arrow, and of every box, as (what, left, top, right, bottom)."""
    width = fonts()
    for line in root.iter(f"{SVG}text"):
        if line.get("class", "").startswith("row") and "inside" not in line.get("class"):
            y = float(line.get("y"))
            for part in line.iter(f"{SVG}tspan"):
                y += float(part.get("dy", 0))
                x, wide = float(part.get("x")), width(part.text, 13, "fired" in line.get("class"))
                yield part.text, x, y - 11, x + wide, y + 2.5
    for name, box in boxes(root).items():
        x, y = map(float, re.findall(r"[\d.]+", box.get("transform")))
        shape = box.find(f"{SVG}rect")
        if shape is not None:
            wide, tall = float(shape.get("width")), float(shape.get("height"))
            assert width(name, 15, False) + 8 < wide, f"{name} has room in its box"
            yield name, x, y, x + wide, y + tall


def overlaps(areas):
    return [
        (one[0], other[0])
        for one, other in combinations(areas, 2)
        if one[1] < other[3] and other[1] < one[3] and one[2] < other[4] and other[2] < one[4]
    ]


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_neither_boxes_nor_labels_lie_on_each_other_or_off_the_paper(table):
    often = [Firing(row, "a", "0 s") for row in table.rows for _ in range(12)]
    path = [Firing(row, "a-001", "0 s") for row in table.rows[::2] for _ in range(2)]
    for more in ({}, {"fired": often}, {"fired": path, "job": "a-001"}):
        root = parsed(table, **more)
        areas = list(measured(root))
        assert overlaps(areas) == [] and len(areas) >= len(table.states) - 1
        wide, tall = float(root.get("width")), float(root.get("height"))
        shift = [float(number) for number in re.findall(r"[\d.]+", root.find(f"{SVG}g").get("transform"))]
        for what, left, top, right, bottom in areas:
            assert left + shift[0] >= 0 and top + shift[1] >= 0, what
            assert right + shift[0] <= wide and bottom + shift[1] <= tall, what


def test_two_labels_on_one_spot_would_be_noticed():
    assert overlaps([("a", 0, 0, 20, 10), ("b", 19, 9, 30, 20), ("c", 20, 0, 30, 9)]) == [("a", "b")]


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_it_is_legible_on_a_slide(table):
    """At most 1,280 pixels wide with letters of 13 pixels or more, and shown whole on 16:9 they have more than 11."""
    root = parsed(table)
    wide, tall = float(root.get("width")), float(root.get("height"))
    assert wide <= 1280 and root.get("viewBox") == f"0 0 {wide:.0f} {tall:.0f}"
    sizes = [int(size) for size in re.findall(r"font(?:-size)?: (\d+)px", root.find(f"{SVG}style").text)]
    assert min(sizes) == 13 and min(sizes) * min(1280 / wide, 720 / tall) > 11


def test_light_and_dark_come_from_the_palette_and_the_drawing_has_words_for_a_screen_reader():
    root = parsed(TRAINING)
    style = root.find(f"{SVG}style").text
    assert "prefers-color-scheme: dark" in style and PALETTE["paper"].dark in style and ":root" not in style
    used = set(re.findall(r"var\(--([\w-]+)\)", style))
    assert used <= {*PALETTE, "fill"} and "end" in used
    for one, other in (
        ("ink", "work-soft"),
        ("ink", "end-soft"),
        ("ink", "done-soft"),
        ("muted", "paper"),
        ("ink", "paper"),
    ):
        for mode in ("light", "dark"):
            assert contrast(getattr(PALETTE[one], mode), getattr(PALETTE[other], mode)) >= 4.5, (one, other, mode)
    assert root.get("role") == "img" and root[0].tag == f"{SVG}title" and root[1].tag == f"{SVG}desc"
    assert root[1].text.startswith("18 states, 61 rows") and "Training to Stopping by stop" in root[1].text


def test_a_label_leads_to_what_its_row_rests_on_and_says_it_in_words():
    drawing = ElementTree.fromstring(svg(RESERVATION, docs="../"))
    links = {link.find(f"{SVG}text/{SVG}tspan").text: link.get("href") for link in drawing.iter(f"{SVG}a")}
    assert links["release"] == "../specification.html#s8"
    assert links["withdraw"] == "../semantics.html#quota-wait"
    assert len(links) == len(RESERVATION.rows) and "<a " not in svg(RESERVATION)
    assert drawing.get("role") == "group", "the links are there for a screen reader"
    stop = next(row for row in TUNING.rows if row.trigger == "stop")
    assert "H2: StopHyperParameterTuningJob turns InProgress into Stopping. (OBS)" in tooltip(stop).splitlines()


def test_the_drawing_says_whose_lifecycle_it_is():
    titles = [parsed(table).find(f"{SVG}title").text for table in ALL]
    assert titles == [
        f"The lifecycle of a {name}" for name in ("tuning job", "training job", "reservation", "warm pool")
    ]


def run():
    scenario = Scenario(timings="instant", script=Script("save", 20))
    sim = Simulation(scenario)
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run(until=10)
    sim.stop_tuning_job("demo")
    sim.run()
    return sim


def looks(root):
    """How each state and each row is drawn: "fired" or "pale"."""
    rows = {}
    for text in root.iter(f"{SVG}text"):
        if text.get("class", "").startswith("row"):
            rows[" ".join(one.text for one in text.iter(f"{SVG}tspan"))] = text.get("class").split()[-1]
    return {name for name, box in boxes(root).items() if "pale" not in box.get("class")}, rows


def test_the_path_of_a_job_is_marked_and_numbered_and_the_rest_is_pale():
    sim = run()
    [child] = sim.training_jobs
    diagram = state_diagram("training", sim, child)
    root = ElementTree.fromstring(diagram.svg())
    visited, rows = looks(root)
    assert visited == {NEW, "Starting", "Downloading", "Training", "Stopping", "Stopping:uploading", "Stopped"}
    marked = [words for words, look in rows.items() if look == "fired"]
    assert sorted(marked) == [
        "1. create",
        "2. ready [downloads]",
        "3. downloaded",
        "4. stop",
        "5. ↻ saved",
        "6. exited",
        "7. uploaded [by_request]",
    ]
    arrows = [path for path in root.iter(f"{SVG}path") if path.get("marker-end")]
    assert sum("fired" in path.get("class") for path in arrows) == 6
    assert all(("fired" in path.get("class")) != ("pale" in path.get("class")) for path in arrows)
    assert root[0].text == f"The path of training job {child}" and "at last Stopped" in diagram.said
    assert "10 s: stop leads to Stopping" in root[1].text
    told = dict(labels(root))
    assert told["4. stop"].splitlines()[-1] == "fired: 10 s" and told["max_runtime"].splitlines()[-1] == "never fired"


def test_without_a_job_every_row_says_how_often_it_fired():
    sim = run()
    counted = Counter((one.trigger, one.source, one.destination) for one in sim.journal if one.thing == "training")
    _, rows = looks(ElementTree.fromstring(state_diagram(TRAINING, sim).svg()))
    for row in TRAINING.rows:
        times = counted[row.trigger, row.source, row.destination]
        assert (
            times == 0
            or rows[f"{words(row).split(' [')[0]} ×{times}" + (f" [{row.guard}]" if row.guard else "")] == "fired"
        )
    assert sum(look == "fired" for look in rows.values()) == len(counted)
    assert state_diagram(WARM_POOL, sim).said == "none of its 8 rows has fired"


def test_the_path_of_a_counterexample_ends_where_it_broke():
    found = explore(scope(total=2), tables=NO_STOP).counterexample
    diagram = state_diagram("tuning", found, "a")
    assert [one.row.trigger for one in diagram.fired][:2] == [
        "create",
        "launch",
    ] and "from step 1 to step " in diagram.said
    assert "step 1: create leads to InProgress" in diagram.description


def test_a_notebook_shows_it():
    assert state_diagram("tuning")._repr_svg_() == svg(TUNING)


def test_what_is_not_known_is_refused():
    with pytest.raises(InvalidInput, match=r"lifecycle: got 'trainin', .* did you mean 'training'"):
        state_diagram("trainin")
    with pytest.raises(InvalidInput, match="job: got 'demo', expected no job without a journal"):
        state_diagram("tuning", job="demo")


@pytest.mark.long
@pytest.mark.parametrize("scheme", ("light", "dark"))
def test_a_browser_draws_every_word_where_the_layout_has_room_for_it(scheme, tmp_path):
    sim = run()
    drawings = [svg(table) for table in ALL] + [state_diagram("training", sim, next(iter(sim.training_jobs))).svg()]
    page = tmp_path / "page.html"
    page.write_text(f"<meta charset='utf-8'>{''.join(drawings)}", encoding="utf-8")
    with chromium() as browser:
        tab = browser.new_page(color_scheme=scheme)
        tab.goto(page.as_uri())
        areas = tab.evaluate(
            """() => [...document.querySelectorAll("svg.states")].map((svg) =>
                [...svg.querySelectorAll(".row:not(.inside) tspan, .drawing .state")].map((one) => {
                    const box = one.getBoundingClientRect();
                    return [one.textContent, box.x, box.y + 2, box.right, box.bottom - 2];
                }))"""
        )
        colors = tab.evaluate("() => getComputedStyle(document.querySelector('svg.states .paper')).fill")
    assert len(areas) == 5 and min(map(len, areas)) >= 9
    assert [overlaps(one) for one in areas] == [[]] * 5
    paper = getattr(PALETTE["paper"], scheme)
    assert colors == f"rgb({', '.join(str(int(paper[place : place + 2], 16)) for place in (1, 3, 5))})"


def test_the_kinds():
    assert kind(TUNING, NEW) == "initial" and kind(TUNING, "Stopping") == "stopping"
    assert {state for state in TRAINING.states if kind(TRAINING, state) == "stopping"} == STOPPING
    for table in TABLES:
        assert {state for state in table.states if kind(table, state) == "final"} == table.final


def test_names_cannot_break_the_drawing():
    row = Row('a<b>&"c', NEW, "x<y", (), "</title>")
    drawing = parsed(attrs.evolve(RESERVATION, rows=(row,), final=frozenset({"x<y"})))
    [(label, said)] = labels(drawing)
    assert label == 'a<b>&"c' and "</title>" in said


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
