"""The shared style: no color but the palette's, tokens that are defined before they are used, and what the site takes of it."""

import re
from importlib import resources
from itertools import product

import pytest
from browser import chromium
from seen import SCHEMES, WIDTHS, check_page, hexadecimal

from hptsim.views.marks import mark_svg
from hptsim.views.palette import PALETTE, contrast, css
from hptsim.views.style import style_sheet, tokens

RULES = (resources.files("hptsim.views") / "style.css").read_text(encoding="utf-8")
USED, DEFINED = re.compile(r"var\(--([a-z0-9-]+)\)"), re.compile(r"--([a-z0-9-]+):")


def rules():
    """Each selector of the sheet with its declarations; those within @media too."""
    text = re.sub(r"/\*.*?\*/", "", RULES, flags=re.DOTALL)
    return [(head.strip(), dict(DECLARED.findall(body))) for head, body in re.findall(r"([^{}]+)\{([^{}]*)\}", text)]


DECLARED = re.compile(r"([a-z-]+):\s*([^;]+);")


def test_every_variable_that_is_used_is_defined():
    assert set(USED.findall(RULES)) <= set(DEFINED.findall(style_sheet())) | {"fill"}  # --fill: whoever uses the class
    assert {"ink", "paper", "act", "edge"} <= set(USED.findall(RULES))
    assert style_sheet() == f"{css()}\n{RULES}"


def test_words_of_each_rule_can_be_read_on_their_background():
    """A rule that sets a color and no background is for the page and for panels."""
    asked = 0
    for head, said in rules():
        word = USED.fullmatch(said.get("color", ""))
        if not word:
            continue
        ground = USED.findall(said.get("background", ""))
        for name in ground or ["paper", "panel"]:
            for theme in ("light", "dark"):
                one, other = (getattr(PALETTE[part], theme) for part in (word[1], name))
                assert contrast(one, other) >= 4.5, (head, word[1], name, theme)
                asked += 1
    assert asked >= 24


def test_what_is_filled_with_a_meaning_has_an_outline_that_can_be_seen():
    """Some fills are too light to be told from the page, so that the outline has to do it (WCAG 1.4.11: 3:1)."""
    light = [name for name, one in PALETTE.items() if contrast(one.light, PALETTE["paper"].light) < 3]
    assert {"start", "data", "idle", "there"} <= set(light)
    said = dict(rules())
    assert "var(--edge)" in said[".bar"]["border"] and "var(--edge)" in said[".swatch"]["border"]
    assert said[".mark path"]["stroke"] == "var(--edge)"
    for theme in ("light", "dark"):
        for ground in ("paper", "panel", "act-soft"):
            for outline in ("edge", "act", "ink"):
                pair = [getattr(PALETTE[name], theme) for name in (outline, ground)]
                assert contrast(*pair) >= 3, (outline, ground, theme)


def test_the_site_takes_the_tokens_and_no_rule_for_an_element():
    text = tokens()
    selectors = set(re.findall(r"([^{};\n]+)\{", text))
    assert {one.strip() for one in selectors} == {
        ":root",
        "@media screen and (prefers-color-scheme: dark)",
        "@media screen",
        '[data-theme="light"]',
        '[data-theme="dark"]',
    }
    assert "--text-s:" in text and text.count(f"--paper: {PALETTE['paper'].dark}") == 2
    assert text.count("{") == text.count("}")


def test_the_switch_overrules_what_the_system_wants():
    chosen = css(switch=True).splitlines()[-1]
    light, dark = chosen.split('[data-theme="dark"]')
    assert "color-scheme: light;" in light and f"--ink: {PALETTE['ink'].light}" in light
    assert "color-scheme: dark;" in dark and f"--ink: {PALETTE['ink'].dark}" in dark
    assert "data-theme" not in style_sheet()


SPECIMEN = """<!DOCTYPE html><html lang="en"><title>specimen</title><style>{style}</style><body><main><h1>one of each</h1>
<p>words <a href="#a">a link</a> <code>code</code> <kbd>K</kbd></p><p class="quiet">quiet</p><h3>a small head</h3>
<div class="controls"><button>a button</button> <button class="strong">Stop</button> <button disabled>not now</button>
<button aria-pressed="true">pressed</button> <label>a number <input type="number" value="1"></label>
<label>a choice <select><option>one</option></select></label> <label>a range <input type="range"></label></div>
<div class="table" tabindex="0" role="region" aria-label="a table"><table><thead><tr><th>head</th></tr></thead>
<tr><td>{wide}</td></tr></table></div><p class="said">said</p><p class="said asked">asked</p><p class="said met">met</p>
<p class="said missed">missed, <b>loudly</b></p><ul class="keys"><li><i class="swatch" style="--fill: var(--start)"></i>start</li>
<li>{mark}Stopped</li></ul><div class="bar" style="--fill: var(--work)">&nbsp;</div><span class="unseen">for ears only</span>
<p style="transition: opacity 5s" id="moving">moves</p></main><footer>the end</footer></body></html>"""


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    path = tmp_path_factory.mktemp("specimen") / "page.html"
    path.write_text(SPECIMEN.format(style=style_sheet(), wide="wide" * 200, mark=mark_svg("Stopped")), encoding="utf-8")
    with chromium() as browser:
        tab = browser.new_page()
        tab.goto(path.as_uri())
        yield tab


@pytest.mark.long
def test_one_of_each_can_be_read_and_reached_in_every_window_and_theme(specimen):
    for width, scheme in product(WIDTHS, SCHEMES):
        specimen.set_viewport_size({"width": width, "height": 700})
        specimen.emulate_media(color_scheme=scheme)
        check_page(specimen, width, scheme)
        fill = specimen.eval_on_selector(".swatch", "node => getComputedStyle(node).backgroundColor")
        assert hexadecimal(fill) == getattr(PALETTE["start"], scheme)
        outline = specimen.eval_on_selector(".mark path", "node => getComputedStyle(node).stroke")
        assert hexadecimal(outline) == getattr(PALETTE["edge"], scheme)


@pytest.mark.long
def test_a_reader_who_wants_no_motion_sees_none_and_forced_colors_leave_the_meanings(specimen):
    moves = "() => getComputedStyle(document.querySelector('#moving')).transitionDuration"
    assert specimen.evaluate(moves) == "5s"
    specimen.emulate_media(reduced_motion="reduce")
    assert specimen.evaluate(moves) == "0s"
    specimen.emulate_media(forced_colors="active", color_scheme="light")
    fill = specimen.eval_on_selector(".bar", "node => getComputedStyle(node).backgroundColor")
    assert hexadecimal(fill) == PALETTE["work"].light
    specimen.emulate_media(forced_colors="none", reduced_motion="no-preference")
