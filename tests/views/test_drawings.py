"""Drawings are parts of a page: its colors, its words, ids of their own, a key of HTML."""

import re
from xml.etree import ElementTree

import pytest

from hptsim.views.chart_data import BandRow, GanttRow, QueueRow, share_rows
from hptsim.views.charts import bands, curves, gantt, queue, waiting
from hptsim.views.decisions import DesignRow, decision
from hptsim.views.drawings import drawing
from hptsim.views.palette import PALETTE

pytest.importorskip("matplotlib", reason="pictures: pip install 'hptsim[plots]'")
DESIGNS = [DesignRow("2", "", 2, 9.0, 8.0, 10.0, "missed"), DesignRow("4", "", 4, 3.0, 2.0, 4.0, "met", True)]
DRAWN = {
    "bands": lambda: bands([BandRow(0.0, "<gpu>", 3, 2, 1), BandRow(9.0, "<gpu>", 3, 0, 0)]),
    "queue": lambda: queue([QueueRow(0.0, 2), QueueRow(9.0, 0)]),
    "waiting": lambda: waiting(share_rows([0.0, 60.0]), 600.0),
    "decision": lambda: decision(DESIGNS, "quota", "waiting_time_s.p95", 5.0),
    "gantt": lambda: gantt(
        [GanttRow("a", "", "InProgress", 0.0, 9.0, "Completed"), GanttRow("b", "", "Stopping", 0.0, 9.0)]
    ),
    "curves": lambda: curves([]),
}


@pytest.fixture(scope="module")
def drawings():
    """Each drawn once."""
    return {name: drawing(f"{name} of <b>", draw, name) for name, draw in DRAWN.items()}


@pytest.mark.parametrize("name", DRAWN)
def test_every_color_is_a_variable_of_the_page(drawings, name):
    one = drawings[name]
    for text in (one.wide, one.narrow):
        assert re.findall("#[0-9a-fA-F]{6}", text) == [], "it would not follow the theme"
        used = set(re.findall(r"var\(--([a-z0-9-]+)\)", text))
        assert "ink" in used and used <= set(PALETTE)
        ElementTree.fromstring(text)  # nothing in it is left open


def test_no_two_drawings_share_an_id_and_each_finds_its_own(drawings):
    texts = [text for one in drawings.values() for text in (one.wide, one.narrow)]
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in texts]
    assert sum(map(len, ids)) == len(set().union(*ids)) > 0
    for mine, text in zip(ids, texts, strict=True):
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', text)) <= mine


def test_words_stay_words_and_the_key_is_beside_the_drawing():
    one = drawing('Bands of "a" <b>', DRAWN["bands"], "x")
    assert 'aria-label="Bands of &quot;a&quot; &lt;b>"' in one.wide and "&lt;gpu&gt;</text>" in one.wide
    assert {(key.words, key.color, key.shape) for key in one.keys} == {
        ("reserved, idle", "var(--idle)", "hatched"),
        ("occupied", "var(--work)", "area"),
        ("reserved", "var(--idle)", "solid"),
        ("quota", "var(--ink)", "dashed"),
    }
    assert "reserved, idle" not in one.wide, "no second legend in the drawing"


def test_the_key_of_a_decision_tells_shapes_apart(drawings):
    keys = {key.words: (key.color, key.shape) for key in drawings["decision"].keys}
    assert keys == {
        "✗ missed": ("var(--end)", "point"),
        "✓ met": ("var(--done)", "point"),
        "chosen: 4": ("var(--ink)", "ring"),
        "target: 5": ("var(--ink)", "dashed"),
    }


def test_the_key_of_a_status_is_its_mark(drawings):
    keys = {key.words: (key.color, key.shape) for key in drawings["gantt"].keys}
    assert keys == {
        "Completed": ("var(--done)", "mark"),
        "InProgress": ("var(--there)", "area"),
        "Stopping": ("var(--end)", "area"),
    }


def test_the_narrow_shape_has_larger_letters_for_its_width(drawings):
    one = drawings["queue"]
    wide, narrow = (float(re.search(r'viewBox="0 0 ([\d.]+)', text)[1]) for text in (one.wide, one.narrow))
    assert wide / narrow > 2 and one.wide.count("font-size: 16px") == one.narrow.count("font-size: 16px") > 0


def test_the_same_rows_give_the_same_text(drawings):
    assert drawing("queue of <b>", DRAWN["queue"], "queue") == drawings["queue"]


def test_its_letters_are_the_pages(drawings):
    one = drawings["decision"]
    assert set(re.findall(r'font-family: ([^;"]*)', one.wide + one.narrow)) == {"system-ui, sans-serif"}
