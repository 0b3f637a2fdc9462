"""The ink of a state diagram: boxes have room for their words, looks say what fired, and the key has what is drawn."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from hptsim.views.state_drawing import Label, Picture, State, drawn

pytest.importorskip("pygraphviz", reason="needs the extra 'plots'")
SVG = "{http://www.w3.org/2000/svg}"
WAITING, RUNNING = State("Waiting", "running", "waits"), State("Running", "running", "runs")
STOPPED = State("Stopped", "final", "has ended")


def parsed(states, rows, said="said"):
    return ElementTree.fromstring(drawn(Picture("small", "A <heading>", said, "What it shows", states, rows)))


def test_a_box_is_as_wide_as_its_name_and_the_rows_inside():
    short = parsed([WAITING, RUNNING], {("Waiting", "Running"): [Label("go", "", "")]})
    inside = {("Waiting", "Waiting"): [Label("a row with many words that stays", "its guard", "")]}
    long = parsed([WAITING, RUNNING], inside | {("Waiting", "Running"): [Label("go", "", "")]})
    (one, other), (wide, same) = (
        [float(box.get("width")) for box in root.findall(f"{SVG}g[@class='drawing']/{SVG}g/{SVG}rect")]
        for root in (short, long)
    )
    assert wide > 2 * one and same == other
    assert [part.text for part in long.iter(f"{SVG}tspan")][-2:] == ["a row with many words that stays", "[its guard]"]


def test_what_did_not_fire_is_pale_and_what_fired_is_marked():
    rows = {
        ("Waiting", "Running"): [Label("go", "", "", fired=True), Label("run", "", "", fired=False)],
        ("Running", "Stopped"): [Label("end", "", "", fired=False)],
    }
    seen, unseen = State("Waiting", "running", "", True), State("Stopped", "final", "", False)
    root = parsed([seen, RUNNING, unseen], rows)
    arrows = [path.get("class") for path in root.iter(f"{SVG}path") if path.get("marker-end")]
    assert arrows == ["arrow fired", "arrow pale"]
    words = {
        text.find(f"{SVG}tspan").text: text.get("class")
        for text in root.iter(f"{SVG}text")
        if "row" in text.get("class", "")
    }
    assert words == {"go": "row fired", "run": "row pale", "end": "row pale"}
    boxes = [group.get("class") for group in root.findall(f"{SVG}g[@class='drawing']/{SVG}g")]
    assert boxes == ["state running", "state running", "state final pale"]


def test_the_key_names_the_kinds_that_are_drawn_and_the_paper_is_wide_enough_for_it_and_the_words_above():
    few, all_kinds = parsed([RUNNING], {}), parsed([State("", "initial", ""), RUNNING, STOPPED], {})
    texts = [[text.text for text in root.findall(f"{SVG}g[@class='key']/{SVG}text")] for root in (few, all_kinds)]
    assert texts == [["in progress"], ["does not exist yet", "in progress", "final"]]
    wide = parsed([RUNNING], {}, "many words " * 20)
    assert float(wide.get("width")) > 220 * 13 * 0.6 > float(few.get("width"))


def test_names_are_text_and_a_drawing_with_links_is_no_image_to_a_screen_reader():
    rows = {("Waiting", "Running"): [Label("<go>", "", "a & b", "#there")]}
    root = parsed([WAITING, RUNNING], rows)
    assert (root.get("role"), root.find(f"{SVG}title").text) == ("group", "A <heading>")
    assert root.find(f".//{SVG}a").get("href") == "#there" and re.search(
        "<go>", root.find(f".//{SVG}a//{SVG}tspan").text
    )
    assert parsed([WAITING], {}).get("role") == "img"
