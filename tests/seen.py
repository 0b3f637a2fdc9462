"""What the reader of a page can see, reach and hear, as a browser tells it."""

import re

from hptsim.views.palette import PALETTE, contrast

WIDTHS, SCHEMES = (380, 800, 1200), ("light", "dark")

TEXTS = """() => {
  const clear = color => color === "transparent" || color.startsWith("rgba") && color.endsWith(", 0)");
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), node = walker.currentNode.parentElement;
    const seen = node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    if (!text || !seen || node.closest("noscript, title")) continue;
    const style = getComputedStyle(node), inSvg = node.closest("svg");
    let behind = node;
    while (behind.parentElement && clear(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    found.push([text.slice(0, 60), inSvg ? style.fill : style.color, getComputedStyle(behind).backgroundColor]);
  }
  return found;
}"""
CONTROLS = "a[href], button, input, select, textarea, summary, [tabindex='0']"
REACHED = """() => {
  const node = document.activeElement;
  if (!node || node === document.body) return null;
  const style = getComputedStyle(node);
  if (!node.dataset.reached) node.dataset.reached = "yes"; else return null;
  return { outline: parseFloat(style.outlineWidth) * (style.outlineStyle === "none" ? 0 : 1), color: style.outlineColor };
}"""


def hexadecimal(color):
    """A computed color as the palette writes it."""
    numbers = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", color)
    assert numbers, f"not an opaque color: {color}"
    return "#{:02X}{:02X}{:02X}".format(*map(int, numbers.groups()))


def check_width(tab, width):
    """The page does not scroll sideways, and nothing of it is cut off at the right."""
    assert tab.evaluate("document.documentElement.scrollWidth") == width


def check_contrast(tab):
    """Every word can be read on what is behind it; gives the colors that were seen."""
    seen = set()
    for text, *colors in tab.evaluate(TEXTS):
        color, behind = map(hexadecimal, colors)
        assert contrast(color, behind) >= 4.5, (text, color, behind)
        seen |= {color, behind}
    assert seen
    return seen


def check_words(tab, scheme):
    """Every word can be read, and all colors of words and of what is behind them are the palette's."""
    assert check_contrast(tab) <= {getattr(one, scheme) for one in PALETTE.values()}


NAMELESS = """nodes => nodes.filter(node => !(node.ariaLabel || node.ariaLabelledByElements?.length ||
  node.role !== "region" && node.textContent.trim() || [...node.labels ?? []].some(label => label.textContent.trim())))
  .map(node => node.outerHTML.slice(0, 200))"""
SILENT = """nodes => nodes.filter(node => node.checkVisibility() && !node.closest("[aria-hidden=true], [role=img]:not(svg)") &&
  !(node.ariaLabel || node.title)).map(node => node.outerHTML.slice(0, 200))"""


def check_names(tab):
    """Every control has a name that a screen reader says, every picture has one or is hidden from it; one main part, one h1."""
    assert tab.locator(CONTROLS).count() > 0
    assert tab.eval_on_selector_all(CONTROLS, NAMELESS) == []
    assert tab.eval_on_selector_all("svg, canvas, iframe", SILENT) == []
    assert tab.locator("main").count() == 1 and tab.locator("h1").count() == 1
    assert tab.evaluate("document.documentElement.lang") == "en"


def check_keyboard(tab, scheme):
    """Tab reaches every control that can be used, and it is seen where the focus is."""
    wanted = tab.eval_on_selector_all(
        CONTROLS,
        """nodes => nodes.filter(node => node.checkVisibility({ visibilityProperty: true }) && !node.disabled).length""",
    )
    tab.evaluate("document.activeElement.blur()")
    tab.eval_on_selector_all("[data-reached]", "nodes => nodes.forEach(node => delete node.dataset.reached)")
    reached = []
    for _ in range(wanted + 5):
        tab.keyboard.press("Tab")
        if found := tab.evaluate(REACHED):
            reached.append(found)
    assert len(reached) == wanted
    for one in reached:
        assert one["outline"] >= 2
        for ground in ("paper", "panel"):
            assert contrast(hexadecimal(one["color"]), getattr(PALETTE[ground], scheme)) >= 3


def check_paper(tab, scheme):
    """Printed, a page is dark on light, and shows no row of buttons."""
    tab.emulate_media(media="print", color_scheme="dark")
    shown = [tab.evaluate(f"getComputedStyle(document.body).{name}") for name in ("color", "backgroundColor")]
    assert [hexadecimal(one) for one in shown] == [PALETTE["ink"].light, PALETTE["paper"].light]
    assert tab.locator(".controls:visible").count() == 0
    tab.emulate_media(media="screen", color_scheme=scheme)


def check_page(tab, width, scheme):
    """All of it; what a script and a style do alike in every window is checked in the narrowest."""
    check_width(tab, width)
    check_words(tab, scheme)
    if width == min(WIDTHS):
        check_names(tab)
        check_keyboard(tab, scheme)
        check_paper(tab, scheme)
