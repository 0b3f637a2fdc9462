"""The shared style: no color but the palette's, tokens that are defined before they are used, and what the site takes of it."""

import re
from importlib import resources

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
