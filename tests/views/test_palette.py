"""The palette: one meaning for each color, words that can be read in both themes, and no view with a color of its own."""

import re
from pathlib import Path

import pytest

import hptsim
from hptsim.views.palette import LINES, PALETTE, PHASE_COLORS, contrast, css, themed
from hptsim.views.player import to_html
from hptsim.views.style import style_sheet

WORDS = ("ink", "muted", "done-text", "end-text")
GROUNDS = ("paper", "panel")
OWN = {"done-text": "done-soft", "end-text": "end-soft", "ink": "mark"}
FOLDER = Path(hptsim.__file__).parent


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_two_meanings_share_a_color_and_words_can_be_read(theme):
    colors = {name: getattr(one, theme) for name, one in PALETTE.items()}
    assert len(set(colors.values())) == len(colors) and all(
        re.fullmatch("#[0-9A-F]{6}", one) for one in colors.values()
    )
    pairs = [(word, ground) for word in WORDS for ground in GROUNDS] + list(OWN.items())
    pairs += [("ink", name) for name in PALETTE if name.endswith("-soft")]
    for word, ground in pairs:
        assert contrast(colors[word], colors[ground]) >= 4.5, (word, ground)
    for name, one in PALETTE.items():
        if one.light in LINES:
            assert contrast(colors[name], colors["paper"]) >= 3, f"{name}: a line on the page"


def test_meanings_are_said_once_each():
    said = [one.means for one in PALETTE.values() if not one.means.startswith("the same")]
    assert len(set(said)) == len(said)
    assert not {PALETTE[name].light for name in ("done", "end")} & set(LINES), "a line is no verdict"


def test_contrast_is_that_of_the_guideline():
    """Values that the guideline's own examples and common checkers give."""
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.478, abs=1e-3)
    assert contrast("#FF0000", "#FFFFFF") == pytest.approx(3.998, abs=1e-3)


def test_a_style_sheet_has_the_dark_colors_for_a_screen_only():
    text = css()
    light, _, dark = text.partition("@media screen and (prefers-color-scheme: dark)")
    assert "color-scheme: light dark" in light and "color-scheme: dark" in dark
    for name, one in PALETTE.items():
        assert f"--{name}: {one.light}" in light and f"--{name}: {one.dark}" in dark
    assert "dark" not in css(dark=False)


def test_a_drawing_follows_the_theme():
    assert themed("fill: #0072b2; stroke: #111111") == "fill: var(--work); stroke: var(--ink)"
    assert themed("fill: #123456") == "fill: #123456"


LITERAL = re.compile(r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch)a?\(")
SHOWN = [*(FOLDER / "views").iterdir(), FOLDER / "timeline.html", FOLDER / "html.py"]
SHOWN += [*(FOLDER.parent / "docs" / "twin").iterdir(), *(FOLDER.parent / "docs" / "_static").glob("*.css")]
SHOWN += [FOLDER.parent / "docs" / "conf.py"]


def test_nothing_that_is_shown_has_a_color_of_its_own():
    """Every color is written in the palette and nowhere else."""
    read = {
        path.name: path.read_text(encoding="utf-8") for path in SHOWN if path.suffix in (".py", ".html", ".css", ".js")
    }
    assert {"palette.py", "style.css", "report.html", "twin.css", "site.css", "explorer.js"} <= set(read)
    assert len(LITERAL.findall(read.pop("palette.py"))) >= 2 * len(PALETTE)
    assert {name: found for name, text in read.items() if (found := LITERAL.findall(text))} == {}
    icon = (FOLDER.parent / "docs" / "twin" / "icon.svg").read_text()  # a browser's tab gives it no variables
    assert set(LITERAL.findall(icon)) == {PALETTE["end-text"].light, PALETTE["paper"].light}
    assert LITERAL.findall("color: #abc; fill: rgb(1 2 3); href='#go'") == ["#abc", "rgb("]
    assert PALETTE["end-text"].light in to_html([])


def test_the_live_timeline_takes_its_colors_from_the_palette():
    pytest.importorskip("starlette", reason="pip install 'hptsim[server]'")
    from hptsim.server.routes import page

    text = page()
    assert not re.search("@[A-Z]+@", text) and style_sheet() in text
    statuses = {phase for phase in PHASE_COLORS if ":" not in phase}
    assert all(f'"{status}": "var(--' in text for status in statuses)
