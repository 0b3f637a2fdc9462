"""The lessons in a real browser, from files: right predictions are accepted, wrong ones get their hint, and keys suffice."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from lesson_shelf import DOCS
from seen import SCHEMES, WIDTHS, check_contrast, check_width

pytest.importorskip("furo", reason="the site is built with the extra docs")
pytest.importorskip("myst_nb", reason="the site is built with the extra docs")

from lessons import directives

pytestmark = pytest.mark.long
ONLY = ["-D", "master_doc=lessons", "-D", "include_patterns=lessons.md,lessons/*"]
LINKS = [
    "-D",
    "suppress_warnings=myst.xref_missing",
]  # they lead to pages that are left out here; tests/test_site.py follows them
FIRST, EXPLORER, MATCHING = "1-what-stop-means", "5-choose-what-happens", "6-how-to-trust-a-simulator"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The lessons' part of the site."""
    if os.environ.get("HPTSIM_SITE_IS_BUILT"):  # CI has just done so
        return DOCS.parent / "site"
    folder = tmp_path_factory.mktemp("lessons")
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-b",
        "html",
        "-d",
        folder / "trees",
        *ONLY,
        *LINKS,
        DOCS,
        folder / "html",
    ]
    subprocess.run(command, check=True)
    return folder / "html"


@pytest.fixture
def opened(browser, site):
    @contextmanager
    def open_page(page, **how):
        context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900}, **how)
        tab = context.new_page()
        errors, asked = [], []
        tab.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(Path(site, "lessons", f"{page}.html").as_uri())
        yield tab
        assert errors == [] and all(url.startswith("file://") for url in asked)
        context.close()

    return open_page


PREDICT = """([id, values]) => {
  const section = document.getElementById(id), form = section.querySelector("form");
  const inputs = [...form.querySelectorAll("input, select")];
  if (inputs[0].type === "text") inputs[0].value = values;
  else if (inputs[0].tagName === "SELECT") inputs.forEach((input, place) => { input.value = values[place]; });
  else inputs.forEach((input, place) => { input.checked = values.includes(place); });
  form.requestSubmit();
  return [section.querySelector(".verdict").textContent, section.querySelector("details.solution").open];
}"""


def predictions(one):
    """Every wrong prediction about a question that has a hint of its own, with the hint; and the right one."""
    data = one.data()
    right = data.get("right")
    if data["kind"] == "choice":
        for place, hint in enumerate(data["hints"]):
            changed = sorted({*right} ^ {place}) if one.several else [place]
            if changed != right:
                yield changed, hint
        yield right, None
    elif data["kind"] == "number":
        yield from ((f"{number:,}", hint) for number, hint in data["hints"])
        yield str(right - 2 * data["within"] - 0.1), data["low"]
        yield str(right + 1e6), data["high"]
        yield f" {right:,} ", None
    elif data["kind"] == "matching":
        for place, hint in enumerate(data["hints"]):
            yield [(one + (place == row)) % len(right) for row, one in enumerate(right)], hint
        yield right, None
    else:
        way = ".".join(map(str, one.shortest()))
        assert way, "the first state is never the goal"
        yield "#0", next(hint for states, hint in data["wanted"] if data["targets"][0][0] not in states)
        yield "#0.99", "This way leads nowhere on that page"
        yield f"file:///explorer.html#{way}", None


@pytest.mark.parametrize("page", directives.MAKERS)
def test_every_prediction_gets_what_it_deserves(opened, page):
    """The wrong ones their hint, with the answer closed, and the right one the answer."""
    with opened(page) as tab:
        wrong = 0
        for one in directives.lesson_of(page).questions:
            assert tab.locator(f"#{one.name} details.solution").get_attribute("open") is None
            for values, hint in predictions(one):
                verdict, is_open = tab.evaluate(PREDICT, [one.name, values])
                if hint is None:
                    assert verdict.startswith(("✓ Right.", "✓ There, in")) and is_open, (one.name, values, verdict)
                else:
                    assert verdict.startswith("✗ Not so. ") and hint in verdict and not is_open, (
                        one.name,
                        values,
                        verdict,
                    )
                    wrong += 1
        assert wrong >= 2 * len(directives.lesson_of(page).questions) - 2
        count = len(directives.lesson_of(page).questions)
        assert tab.inner_text(".score").startswith(f"{count} of {count} predictions made, 0 right at the first try")


def test_a_longer_way_is_told_so_and_an_empty_form_is_no_prediction(opened):
    with opened(EXPLORER) as tab:
        verdict, is_open = tab.evaluate(PREDICT, ["empty", ""])
        assert verdict.startswith("Take a step") and not is_open and tab.inner_text(".score") == ""
        kept = directives.lesson_of(EXPLORER).questions[1]
        way = longer(kept)
        verdict, is_open = tab.evaluate(PREDICT, ["kept", "#" + ".".join(map(str, way))])
        assert f"in {len(way)} steps. It can be done in {len(kept.shortest())}: try again" in verdict and not is_open
        assert tab.inner_text(".score").startswith("1 of")
    with opened(FIRST) as tab:
        for name, values in (("status", []), ("when", ""), ("when", "soon")):
            verdict, is_open = tab.evaluate(PREDICT, [name, values])
            assert verdict.endswith(" first.") and not is_open
        assert tab.inner_text(".score") == ""
        assert tab.evaluate(PREDICT, ["when", "427"]) == ["✓ Right.", True]
        assert tab.inner_text(".score") == "1 of 6 predictions made, 1 right at the first try."


def longer(one):
    """A way that is longer than it has to be, and leads there all the same."""
    goals, fewest = one.reached(), len(one.shortest())
    ways = [(0, ())]
    for state, way in ways:
        if state in goals and len(way) > fewest:
            return way
        if len(way) <= fewest + 2:
            ways += [(to, (*way, place)) for place, to in enumerate(one.targets[state]) if to is not None]
    raise AssertionError("there is none")


def test_what_is_chosen_on_the_explorers_page_is_checked_on_the_lessons(opened):
    with opened(EXPLORER) as tab:
        section = tab.locator("#empty")
        section.locator("details.explorer summary").click()
        frame = section.frame_locator("iframe")
        for call in ("create_tuning_job", "stop_tuning_job", "'finish'"):
            frame.locator(f'#choices button[title*="{call}"]').click(timeout=5000)
        assert section.locator("form input").input_value() == "#" + ".".join(
            map(str, directives.lesson_of(EXPLORER).questions[0].shortest())
        )
        assert tab.locator("#kept form input").input_value() == "", "each question has its own way"
        section.get_by_role("button", name="Check").click()
        assert section.locator(".verdict").inner_text() == "✓ There, in 3 steps. Nobody needs fewer."


def test_the_keyboard_suffices(opened):
    """A choice, a number, a set, a list: by tab, arrows, space and enter; and the answer opens by enter."""
    with opened(FIRST) as tab:
        tab.focus("#status input >> nth=0")
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("Enter")
        assert tab.inner_text("#status .verdict") == "✓ Right."
        tab.focus("#when input")
        tab.keyboard.type("400")
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.textContent") == "Check"
        tab.keyboard.press("Space")
        assert "That is when you asked." in tab.inner_text("#when .verdict")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        assert tab.is_visible("#when .right") and tab.inner_text("#when .right") == "427 s"
        tab.focus("#kept input >> nth=2")
        tab.keyboard.press("Space")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Space")
        tab.keyboard.press("Enter")
        assert tab.inner_text("#kept .verdict") == "✓ Right."
    with opened(MATCHING) as tab:
        question = next(one for one in directives.lesson_of(MATCHING).questions if one.name == "laws")
        for place, right in enumerate(question.data()["right"]):
            tab.focus(f"#laws select >> nth={place}")
            for _ in range(right + 1):
                tab.keyboard.press("ArrowDown")
        tab.keyboard.press("Tab")
        tab.keyboard.press("Enter")
        assert tab.inner_text("#laws .verdict") == "✓ Right."


def test_a_screen_reader_hears_what_is_asked_and_what_came_of_it(opened):
    with opened(FIRST) as tab:
        assert tab.get_by_role("region", name="Prediction 1 of 6").count() == 1
        assert tab.get_by_role("group", name="Your prediction", exact=True).first.get_by_role("radio").count() == 3
        assert tab.get_by_role("textbox", name="It is").count() == 3
        assert tab.locator("#when [role=status]").count() == 1
        assert tab.get_by_role("img", name="The stop, and who waits for it").count() == 0, "it is in the closed answer"
        tab.evaluate(PREDICT, ["when", "427"])
        assert tab.get_by_role("img", name="The stop, and who waits for it").count() == 1


def test_without_a_script_the_answer_opens_all_the_same(opened):
    with opened(FIRST, java_script_enabled=False) as tab:
        assert tab.locator(".act button:visible").count() == 0
        assert "write your prediction down" in tab.locator("#when noscript").inner_text()
        assert not tab.is_visible("#when .right")
        tab.locator("#when summary").click()
        assert tab.inner_text("#when .right") == "427 s"


@pytest.mark.parametrize(("page", "scheme"), [(FIRST, SCHEMES[0]), (MATCHING, SCHEMES[1]), ("instructor", SCHEMES[1])])
def test_it_can_be_read_in_every_window(opened, page, scheme):
    with opened(page, color_scheme=scheme) as tab:
        for width in WIDTHS:
            tab.set_viewport_size({"width": width, "height": 900})
            tab.evaluate("document.querySelectorAll('details.solution').forEach(one => { one.open = true; })")
            check_width(tab, width)
        if page == FIRST:
            tab.evaluate(PREDICT, ["when", "400"])
            tab.evaluate(PREDICT, ["status", [1]])
        check_contrast(tab)
        shown = [tab.locator(f".drawn .{one}:visible").count() for one in ("wide", "narrow")]
        assert shown[1] == 0 and (shown[0] > 0) == (page != "instructor")


def test_printed_it_is_a_sheet_of_questions(opened):
    with opened(FIRST) as tab:
        tab.emulate_media(media="print")
        assert tab.locator(".prediction:visible").count() == 6
        assert tab.locator(".act:visible, .right:visible, .score:visible").count() == 0


def test_the_instructors_page_has_every_solution(opened):
    with opened("instructor") as tab:
        text = " ".join(tab.inner_text("article").replace("’", "'").split())
        for page in directives.MAKERS:
            for one in directives.lesson_of(page).questions:
                assert " ".join(f"Solution: {one.solution()}".split()) in text
                assert all(hint in text for _, hint in one.wrong())
