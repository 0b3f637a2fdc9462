"""The one style sheet of all pages: colors from the palette, sizes and rules from style.css.

A page of one file puts `style_sheet()` into its <style>, before rules of its own: a template of jinja2 gets it as `style`
and writes `{{ style | safe }}`. The documentation site has a theme's rules already and takes `tokens()` only; the twin's page
links to a file that docs/build.py writes. A page writes no color: it says `var(--work)`, by the names of the palette, and
`var(--gap)`, `var(--text-s)` for sizes. The shapes of statuses are in `hptsim.views.marks`.

Classes that every page has: .controls (a row of buttons), .strong (the button that stops), .table (round a wide table),
.said with .asked, .met or .missed (a verdict), .bar and .swatch (filled with `--fill`), .mark (a status's shape), .keys (a
legend), .small, .quiet, .plain (a list without bullets), .unseen (for screen readers only).
"""

from __future__ import annotations

from importlib import resources

from hptsim.views.palette import css


def style_sheet(*, switch: bool = False) -> str:
    """All of it; with *switch*, an element's attribute data-theme overrules what the reader's system wants.

    >>> "--work: " in style_sheet(), "prefers-color-scheme: dark" in style_sheet()
    (True, True)
    """
    return f"{css(switch=switch)}\n{_rules()}"


def tokens() -> str:
    """The colors, with the site's switch, and the sizes, without any rule that styles an element.

    >>> "--gap:" in tokens(), "button" in tokens()
    (True, False)
    """
    rules = _rules()
    sizes = rules[rules.index(":root {") : rules.index("}") + 1]
    return f"{css(switch=True)}\n{sizes}\n"


def _rules() -> str:
    return resources.files("hptsim.views").joinpath("style.css").read_text(encoding="utf-8")
