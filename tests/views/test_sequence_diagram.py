"""The sequence diagram as SVG: every message is there, and nothing in a name acts."""

import xml.etree.ElementTree as xml

import pytest
from explorer.test_endings import BUGS

from hptsim import explore
from hptsim.explorer.sequence import messages, participants
from hptsim.views.palette import PALETTE
from hptsim.views.sequence_diagram import sequence_svg

SVG = "{http://www.w3.org/2000/svg}"


def found(bug, monkeypatch):
    scope, faults, tables = BUGS[bug](monkeypatch)
    return explore(scope, faults=faults, tables=tables).counterexample


@pytest.mark.parametrize("bug", ["a lost wake-up", "an end that is put off for ever"])
def test_every_participant_and_message_is_there_and_fits(bug, monkeypatch):
    one = found(bug, monkeypatch)
    drawing = xml.fromstring(sequence_svg(one.steps, one.broken))
    said = messages(one.steps)
    words = [text.text for text in drawing.iter(f"{SVG}text")]
    assert [*participants(said), *(each.line for each in said)] == words[: len(said) + len(participants(said))]
    assert ("again and again" in words) is bool(one.loop)
    note = [text for text in drawing.iter(f"{SVG}text") if text.get("fill") == "var(--end-text)"]
    assert " ".join(text.text for text in note) == one.broken
    wide, tall = float(drawing.get("width")), float(drawing.get("height"))
    assert all(
        0 < float(text.get("x")) < wide and 0 < float(text.get("y")) < tall for text in drawing.iter(f"{SVG}text")
    )


def test_its_colors_are_the_palettes(monkeypatch):
    one = found("a lost wake-up", monkeypatch)
    text = sequence_svg(one.steps, one.broken)
    used = {part.split(")")[0] for part in text.split("var(--")[1:]}
    assert used and used <= PALETTE.keys() and "#" not in text


def test_a_hostile_reason_stays_text():
    drawing = xml.fromstring(sequence_svg([], 'broken: <script>"&'))
    assert " ".join(text.text for text in drawing.iter(f"{SVG}text")) == 'caller broken: <script>"&'
    assert drawing.get("aria-label") == 'sequence diagram; broken: <script>"&'
