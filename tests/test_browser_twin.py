"""The twin in the browser says what hptsim says, and the reader's Stop is the service's.

What the page shows is compared with the same calls in this Python. The browser is that of tests/browser.py;
Pyodide is what `python docs/build.py` has fetched.
"""

import importlib.util
import json
import sys
import threading
from itertools import product
from pathlib import Path

import pytest
from seen import SCHEMES, WIDTHS, check_page, check_width, check_words, hexadecimal

from hptsim.views.marks import MARKS
from hptsim.views.palette import PALETTE

pytestmark = pytest.mark.long
DOCS = Path(__file__).parent.parent / "docs"


def loaded(name, path):
    """A script of the documentation, which is no package."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = loaded("docs_build", DOCS / "build.py")
Twin = loaded("docs_twin", DOCS / "twin" / "twin.py").Twin


def seen(twin):
    return json.loads(twin.view())


def stopped_after(events, *setup):
    """A twin that the reader stops after so many events, and what there was to see from then on."""
    twin = Twin(*setup)
    for _ in range(events):
        twin.next_event()
    twin.stop()
    views = [seen(twin)]
    while not views[-1]["over"]:
        twin.next_event()
        views.append(seen(twin))
    return views


@pytest.mark.parametrize("reservation", ["reuse", "upfront"])
@pytest.mark.parametrize("events", [1, 4, 8, 12])
def test_nothing_is_released_while_the_job_is_stopping(reservation, events):
    views = stopped_after(events, 3, 8, "save", 40, reservation)
    stopping = [view for view in views if view["jobs"][0]["status"] == "Stopping"]
    assert stopping and all(view["jobs"][0]["reserved"] == 3 for view in stopping)
    assert all(view["jobs"][1]["reserved"] == 0 and view["jobs"][1]["waiting"] for view in stopping)
    first = next(view for view in views if view["jobs"][0]["status"] == "Stopped")
    assert first["released"] == 3 and first["now_s"] == first["jobs"][0]["ended_s"]
    assert first["jobs"][0]["reserved"] == 0 and first["jobs"][1]["reserved"] == 3
    assert first["held"][-1] == [first["now_s"], 0, 3]


def test_as_observed_everything_has_been_given_back_before_the_end():
    views = stopped_after(8, 3, 8, "save", 40, "as-observed")
    last_before = [view for view in views if view["jobs"][0]["status"] == "Stopping"][-1]
    assert last_before["jobs"][0]["reserved"] < 3 and last_before["jobs"][1]["reserved"] > 0


def test_the_setup_decides_what_a_stop_keeps_and_how_long_it_takes():
    def took(*setup):
        last = stopped_after(7, *setup)[-1]
        return last["jobs"][0]["ended_s"] - last["jobs"][0]["stop_s"]

    assert took(3, 8, "save", 100, "reuse") == pytest.approx(took(3, 8, "save", 40, "reuse") + 60)
    assert took(3, 8, "ignore", 0, "reuse") >= 120
    kept = [stopped_after(7, 3, 8, how, save_s, "reuse") for how, save_s in (("save", 40), ("exit", 0), ("save", 130))]
    stored = [next(view for view in views if view["jobs"][0]["status"] == "Stopped")["models"] for views in kept]
    assert stored == [3, 0, 0], "more than 120 s is too late"


@pytest.fixture(scope="module")
def tab(browser, tmp_path_factory):
    """The page in a headless browser; fails on a complaint of its console and on a request that leaves this machine."""
    if not build.fetched():
        pytest.skip("needs Pyodide: python docs/build.py gets it from npm")
    site = tmp_path_factory.mktemp("site")
    build.twin(site)
    server = build.serve(site, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}/"
    try:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        errors, asked = [], []
        page.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(home + "twin/index.html")
        until(page, lambda: page.is_enabled("#run") or page.inner_text("#message"))
        assert page.is_enabled("#run"), errors
        yield page
        assert errors == []
        assert len(asked) > 8 and all(url.startswith((home, "data:", "about:srcdoc")) for url in asked)
    finally:
        server.shutdown()
        server.server_close()


STAND_IN = """
const views = VIEWS;
export const loadPyodide = async () => ({ FS: { writeFile() {} }, pyimport: () => ({ Twin: () => {
  let at = 0;
  const next = () => { at = Math.min(at + 1, views.length - 1); };
  return { view: () => JSON.stringify(views[at]), next_event: next, stop: next, run() {}, destroy() {}, recording: () => "" };
} }) });
"""


@pytest.fixture(scope="module")
def drawn(browser, tmp_path_factory):
    """The page with views that this Python has made, in place of Pyodide; and those views."""
    twin = Twin(3, 8, "save", 40, "reuse")
    views = [seen(twin)]
    for _ in range(9):
        twin.next_event()
        views.append(seen(twin))
    twin.stop()
    views.append(seen(twin))
    while not views[-1]["over"]:
        twin.next_event()
        views.append(seen(twin))
    site = tmp_path_factory.mktemp("drawn")
    build.page(site / "twin")
    (site / "twin" / "pyodide").mkdir()
    (site / "twin" / "pyodide" / "pyodide.mjs").write_text(
        STAND_IN.replace("VIEWS", json.dumps(views)), encoding="utf-8"
    )
    (site / "twin" / "wheels.json").write_text("[]", encoding="utf-8")
    (site / "index.html").write_text("<title>hptsim</title>", encoding="utf-8")
    with build.serve(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        complaints = []
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://127.0.0.1:{server.server_port}/twin/index.html")
        page.wait_for_selector("#run:enabled")
        yield page, views
        server.shutdown()
    assert complaints == []


def test_the_page_can_be_used_in_every_window_and_theme(drawn):
    page, _ = drawn
    for width, scheme in product(WIDTHS, SCHEMES):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.click("#again")
        check_page(page, width, scheme)
        page.evaluate("for (let event = 0; event < 12; event++) document.getElementById('step').click()")
        check_width(page, width)
        check_words(page, scheme)


def test_ends_are_told_apart_by_shape_and_reserved_from_occupied_by_the_palettes_colors(drawn):
    page, views = drawn
    page.emulate_media(color_scheme="light")
    page.click("#again")
    while page.is_enabled("#step"):
        page.click("#step")
    shown = page.eval_on_selector_all("#lanes .mark path", "all => all.map(one => one.getAttribute('d'))")
    ends = [status for _, _, status, _ in views[-1]["ends"]]
    assert shown == [MARKS[status].path for status in ends] and {"Completed", "Stopped"} <= set(ends)
    words = page.locator("#legend li").all_inner_texts()
    assert {"reserved for yours", "reserved for next", "occupied", "Completed", "Stopped"} <= set(words)
    fills = page.eval_on_selector_all("#bands > rect", "all => all.map(one => getComputedStyle(one).fill)")
    own = [fill for fill in fills if "hatch" not in fill]
    assert {hexadecimal(fill) for fill in own} == {PALETTE["idle"].light}
    assert len(own) == len(views[-1]["held"]) and len(fills) == 2 * len(own)


def test_the_sites_button_decides_about_light_and_dark_here_too(drawn):
    page, _ = drawn
    page.emulate_media(color_scheme="light")
    for theme in ("dark", "auto"):
        page.evaluate(f"localStorage.setItem('theme', '{theme}')")
        page.reload()
        page.wait_for_selector("#run:enabled")
        ground = hexadecimal(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert ground == getattr(PALETTE["paper"], "dark" if theme == "dark" else "light")


SETUP = {"parallel": 3, "total": 8, "on_sigterm": "save", "save_s": 40, "reservation": "reuse", "seed": 0}


def choose(tab, **changes):
    """Put the sliders where they are wanted: the twin starts again."""
    for name, value in (SETUP | changes).items():
        script = "(node, value) => { node.value = value; node.dispatchEvent(new Event('input', { bubbles: true })); }"
        tab.eval_on_selector(f"#{name}", script, str(value))
    assert tab.inner_text("#clock") == "0 s"
    return Twin(*(SETUP | changes).values())


def rows(tab):
    return [row.inner_text().split("\t") for row in tab.locator("#jobs tbody tr").all()]


def same(tab, twin):
    """Whether the page shows what this Python's twin says."""
    view = seen(twin)
    assert tab.inner_text("#clock").partition(",")[0] == f"{view['now_s']:.0f} s"
    shown = rows(tab)
    for row, job in zip(shown, view["jobs"], strict=True):
        assert row[0] == job["name"] and row[1].partition(",")[0] == job["status"]
        assert row[2] == f"{job['reserved']} of {view['limit']} instances"
    assert f"reserved {view['reserved']} of {view['limit']} · occupied {view['occupied']}" in tab.inner_text("#figures")
    assert f"models stored {view['models']} · log events {view['logs']}" in tab.inner_text("#figures")
    if view["timeline"]:
        assert tab.text_content("#timeline") == "\n".join(view["timeline"])
    assert tab.locator("#lanes rect").count() == len(view["lanes"])
    return view


@pytest.mark.parametrize("events", [1, 5, 9])
@pytest.mark.parametrize("reservation", ["reuse", "as-observed"])
def test_the_page_shows_what_hptsim_says_event_by_event(tab, events, reservation):
    twin = choose(tab, reservation=reservation)
    for _ in range(events):
        tab.click("#step")
        twin.next_event()
    same(tab, twin)
    tab.click("#stop")
    twin.stop()
    yours = same(tab, twin)["jobs"][0]
    assert yours["status"] == "Stopping" and yours["reserved"] > 0
    assert f"Nothing of what it still holds is free: {yours['reserved']} of 3" in tab.inner_text("#message")
    assert tab.inner_text("#clock").endswith(" s, 0 s after Stop")
    assert not tab.is_enabled("#stop")
    while seen(twin)["jobs"][0]["status"] == "Stopping":
        tab.click("#step")
        twin.next_event()
        view = same(tab, twin)
    took = view["jobs"][0]["ended_s"] - view["jobs"][0]["stop_s"]
    assert f"Stopped {took:.0f} s after you pressed Stop" in tab.inner_text("#message")
    if reservation == "reuse":
        assert "At that instant, and not before, 3 of its instances were released" in tab.inner_text("#message")


def test_every_setting_reaches_the_twin(tab):
    changes = [{}, {"parallel": 5}, {"total": 3}, {"on_sigterm": "ignore"}, {"save_s": 90}, {"seed": 7}]
    changes += [{"reservation": "upfront"}, {"reservation": "as-observed"}]
    timelines = set()
    for change in changes:
        twin = choose(tab, **change)
        for _ in range(9):
            tab.click("#step")
            twin.next_event()
        tab.click("#stop")
        twin.stop()
        for _ in range(30):
            tab.click("#step", force=True)
            twin.next_event()
        same(tab, twin)
        timelines.add(tab.text_content("#timeline"))
    assert len(timelines) == len(changes), "each of them makes a difference"


def test_the_clock_runs_and_the_keyboard_suffices(tab):
    choose(tab)
    tab.eval_on_selector("#speed", "s => { s.value = 200; s.dispatchEvent(new Event('input')); }")
    tab.focus("#run")
    tab.keyboard.press("Enter")
    assert tab.inner_text("#run") == "Pause"
    clock = "() => parseFloat(document.getElementById('clock').textContent)"
    until(tab, lambda: tab.evaluate(clock) > 250)
    for _ in range(2):
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.id") == "stop"
    tab.keyboard.press("Space")
    assert rows(tab)[0][1] == "Stopping"
    at = float(tab.text_content("#timeline").splitlines()[1].split()[0])
    assert at >= 250
    until(tab, lambda: rows(tab)[0][1] == "Stopped")
    assert "after you pressed Stop" in tab.inner_text("#message")
    assert rows(tab)[1][2] == "3 of 3 instances"


def until(tab, true):
    """Wait for what the page will show; a page that never does is found by the count."""
    for _ in range(2400):
        if true():
            return
        tab.wait_for_timeout(50)
    raise AssertionError("it never came")


def test_the_player_plays_in_the_page(tab):
    twin = choose(tab)
    assert not tab.is_visible("#player")
    tab.click("#step")
    twin.next_event()
    tab.click("#stop")
    twin.stop()
    while seen(twin)["jobs"][0]["status"] == "Stopping":
        tab.click("#step")
        twin.next_event()
    tab.click("#play")
    player = tab.frame_locator("#player")
    assert player.locator("h1").inner_text() == "the twin in the browser, seed 0"
    player.locator("#play").focus()
    tab.keyboard.press("End")
    assert player.locator("#clock").inner_text().startswith(f"{seen(twin)['now_s']:.1f} s")
    happened = list(twin.sim.journal)[-1]
    latest = "\n".join(player.locator("#events li").all_inner_texts())
    assert f"{happened.time_s:.1f} s{happened.name} " in latest
    tab.keyboard.press("Home")
    assert player.locator("#clock").inner_text().startswith("0.0 s")


def test_the_address_sets_the_page_up_and_says_what_it_cannot(tab):
    """Lesson 1's laboratory: three events, a stop, and the answer that its page has."""
    home = tab.url.partition("?")[0]
    tab.goto(f"{home}?parallel=1&total=1&save_s=100&seed=3&reservation=never&speedy=1&parallel=9")
    until(tab, lambda: tab.is_enabled("#run"))
    said = tab.inner_text("#message")
    assert "reservation cannot be “never”: it may be reuse, upfront, as-observed." in said
    assert (
        "speedy is no setting: the settings are parallel, total" in said
        and "parallel cannot be “9”: it may be 1 to 6." in said
    )
    assert [tab.input_value(f"#{name}") for name in SETUP] == ["1", "1", "save", "100", "reuse", "3"]
    for _ in range(3):
        tab.click("#step")
    tab.click("#stop")
    while "after you pressed Stop" not in tab.inner_text("#message"):
        tab.click("#step")
    assert "Stopped 130 s after you pressed Stop." in tab.inner_text("#message")
    choose(tab)
    assert tab.url == f"{home}?parallel=3&total=8&on_sigterm=save&save_s=40&reservation=reuse&seed=0"
