"""The interactive explorer: its data, and what a reader sees, chooses and goes back to, in a real browser where there is one."""

import json
import re
from contextlib import contextmanager
from functools import partial
from importlib import resources
from itertools import combinations

import attrs
import pytest
from browser import expect
from explorer.test_search import planted
from seen import SCHEMES, WIDTHS, check_page

from hptsim import LAWS, Scenario, TuningJobSpec
from hptsim.explorer import state_graph
from hptsim.model.laws import Law
from hptsim.model.specification import clauses
from hptsim.model.statuses import TuningJobStatus
from hptsim.model.tables import TRAINING
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.views.explorer import DRAWN_WHOLE, STATUSES, explorer_page, page_data
from hptsim.views.marks import MARKS, mark_svg
from hptsim.views.palette import PALETTE

for module in ("jinja2", "pygraphviz"):
    pytest.importorskip(module, reason="needs the extra 'plots'")
HOSTILE = "</script><script>document.title='owned'</script>"
FORGETS = planted(TRAINING, "uploaded", "Stopping:uploading", effects=("VACATE", "TELL"))
"""Tables of a service that forgets the model that was saved during a stop."""
LAW = "what was saved is stored"
UPLOADED = "training a-001 uploaded: Uploading → Completed"


def scenario(*names, capacity=1):
    jobs = tuple(ScheduledTuningJob(TuningJobSpec(name)) for name in names)
    return Scenario(name="tiny", capacity={"ml.m5.xlarge": capacity}, tuning_jobs=jobs)


ONE = state_graph(scenario("a"), faults={"internal_error": 1})
BROKEN = state_graph(scenario("a"), tables=FORGETS)


def test_the_page_needs_nothing_else_and_names_stay_data():
    folder = resources.files("hptsim.views")
    for name in ("explorer.html", "explorer.js"):
        text = (folder / name).read_text(encoding="utf-8").replace('"http://www.w3.org/2000/svg"', "")
        for reference in (
            "http:",
            "https:",
            "//www",
            "src=",
            "href=",
            "@import",
            "fetch(",
            "import(",
            "XMLHttp",
            "innerHTML",
        ):
            assert reference not in text
    page = explorer_page(state_graph(attrs.evolve(scenario("a"), name=HOSTILE), stops=False))
    assert "default-src 'none'" in page and page.count("<script") == page.count("</script>") == 2
    assert "&lt;/script&gt;" in page


def test_the_data_say_each_text_once_and_have_words_for_every_step():
    data = page_data(ONE)
    assert len(data["states"]) == len(ONE.nodes) and len(data["faces"]) <= len(ONE.nodes)
    for kept in (data["texts"], data["faces"]):
        assert len(kept) == len({json.dumps(one) for one in kept})
    for node, state in zip(ONE.nodes, data["states"], strict=True):
        assert [step["to"] for step in state["steps"]] == [step.target for step in node.steps]
        assert [data["texts"][step["call"]] for step in state["steps"]] == [step.call for step in node.steps]
        assert ("rest" in state) == node.at_rest
        for step in state["steps"]:
            assert data["texts"][step["text"]].startswith("fault: ") == (step["kind"] == "fault")
            for text, rests_on, sources in (data["texts"][place] for place in step["said"]):
                assert "8e9aab3c" not in text and bool(rests_on) == bool(sources)
    said = {place for state in data["states"] for step in state["steps"] for place in step["said"]}
    [ends] = [dict(sources) for text, _, sources in map(data["texts"].__getitem__, said) if text == UPLOADED]
    assert ends["J7"] == f"{clauses()['J7'].says} ({clauses()['J7'].grade})"


def test_every_law_is_in_a_group_and_a_users_own_in_theirs():
    mine = Law("mine", "always", "a sentence", "a page", lambda state, what: None, ("step",))
    laws = page_data(state_graph(scenario("a"), laws=(*LAWS, mine), stops=False))["laws"]
    assert [law["name"] for law in laws] == [law.name for law in (*LAWS, mine)]
    assert [law["name"] for law in laws if law["group"] == "Your own laws"] == ["mine"]
    assert {law["name"] for law in laws if law["sometimes"]} == {law.name for law in LAWS if law.kind == "sometimes"}


def test_every_status_of_a_tuning_job_has_its_mark_in_the_key_and_a_color_that_the_others_have_not():
    page = explorer_page(state_graph(scenario("a"), stops=False))
    assert set(STATUSES) == set(TuningJobStatus)
    assert all(f"{mark_svg(status)}{status}</li>" in page for status in STATUSES)
    for shade in ("light", "dark"):
        shown = {getattr(PALETTE[name], shade) for name in (*(MARKS[status].color for status in STATUSES), "paper")}
        assert len(shown) == len(STATUSES) + 1


@pytest.fixture
def opened(browser, tmp_path):
    return partial(open_page, browser, tmp_path)


@contextmanager
def open_page(browser, tmp_path, graph, address="", **how):
    """The page in a headless browser that may not reach anything; fails on what its console complains of."""
    file = tmp_path / "explorer.html"
    explorer_page(graph, file)
    tab = browser.new_page(**{"viewport": {"width": 1200, "height": 800}, **how})
    errors, asked = [], []
    tab.on("console", lambda message: errors.append(message.text))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(file.as_uri() + address)
    yield tab
    tab.close()
    assert errors == [], "no complaint"
    assert {url.partition("#")[0] for url in asked} == {file.as_uri()}, "one file, no network"


def choices(tab):
    return [re.sub(r"^\d+\. ", "", text) for text in tab.locator("#choices button").all_inner_texts()]


def way(tab):
    return tab.locator("#way button").all_inner_texts()


def address(tab):
    return tab.evaluate("location.hash")


def boxes(tab):
    """Where every state is drawn: number to left, top, right, bottom."""
    return tab.evaluate("""() => Object.fromEntries([...document.querySelectorAll("#box .state .frame")].map(frame => {
        const {left, top, right, bottom} = frame.getBoundingClientRect();
        return [frame.parentNode.dataset.state, [left, top, right, bottom]];
    }))""")


@pytest.mark.long
def test_a_reader_starts_chooses_and_goes_back_in_every_way(opened):
    with opened(ONE) as tab:
        assert choices(tab) == ["the caller creates tuning job a"] and way(tab) == ["the beginning"]
        assert tab.inner_text("#now-head") == "State 0, as it is now" and "No job exists." in tab.inner_text("#now")
        assert tab.is_disabled("#undo")
        tab.click("#choices button")
        assert choices(tab) == ["tuning job a launches its next training job", "the caller stops tuning job a"]
        assert "InProgress" in tab.inner_text("#now") and address(tab) == "#0"
        assert "tuning a create: [*] → InProgress (H1)" in tab.inner_text("#said")
        assert tab.evaluate("document.activeElement.id") == "next", "the focus stays where the choices are"
        tab.keyboard.press("1")
        assert "training a-001 create: [*] → Starting (J1, R3)" in tab.inner_text("#said")
        assert "fault: training job a-001 meets an error of the service" in choices(tab)
        assert "a-001 InProgress Starting" in " ".join(tab.inner_text("#now").split())
        assert address(tab) == "#0.0" and len(way(tab)) == 3
        tab.keyboard.press("u")
        assert address(tab) == "#0" and len(way(tab)) == 2
        tab.go_back()  # to what the browser was at before
        expect(tab.locator("#way li")).to_have_count(3)
        assert address(tab) == "#0.0"
        tab.locator("#way button").first.click()
        assert address(tab) == "" and way(tab) == ["the beginning"]
        tab.go_back()
        expect(tab.locator("#way li")).to_have_count(3)
        assert tab.locator("#way [aria-current=step]").count() == 1
        tab.keyboard.press("s")
        assert way(tab) == ["the beginning"]


@pytest.mark.long
def test_an_address_is_a_way_that_can_be_shared(opened):
    number = max(range(len(ONE.nodes)), key=lambda number: len(ONE.way(number)))
    places = ONE.way(number)
    with opened(ONE, "#" + ".".join(map(str, places))) as tab:
        assert tab.inner_text("#now-head") == f"State {number}, as it is now" and len(way(tab)) == len(places) + 1
        assert tab.locator(f'.state.here[data-state="{number}"]').count() == tab.locator(".state.here").count() == 1
        assert tab.locator(".state.path").count() == len(places) + 1 and tab.locator(".arrow.path").count() == len(
            places
        )
        tab.evaluate("location.hash = '#0.99.1'")
        expect(tab.locator("#way li")).to_have_count(2)
        assert tab.inner_text("#spoken").startswith("The address leads no further than here. Step 1:")


@pytest.mark.long
def test_the_graph_is_drawn_whole_without_overlaps_in_the_colors_of_the_statuses_and_a_click_goes_there(opened):
    with opened(ONE) as tab:
        found = boxes(tab)
        assert sorted(map(int, found)) == list(range(len(ONE.nodes)))
        for (left, top, right, bottom), (west, north, east, south) in combinations(found.values(), 2):
            assert right <= west or east <= left or bottom <= north or south <= top
        arrows = {(number, step.target) for number, node in enumerate(ONE.nodes) for step in node.steps}
        drawn = tab.evaluate("[...document.querySelectorAll('#box .arrow')].map(line => line.dataset.arrow)")
        assert sorted(drawn) == sorted(f"{one}>{other}" for one, other in arrows)
        fills = tab.evaluate("""() => Object.fromEntries([...document.querySelectorAll("#box .state")].map(node => [
            node.dataset.state, [...node.querySelectorAll(".status")].map(one => getComputedStyle(one).fill)]))""")
        shapes = tab.evaluate("""() => Object.fromEntries([...document.querySelectorAll("#box .state")].map(node => [
            node.dataset.state, [...node.querySelectorAll(".shape")].map(one => one.getAttribute("d"))]))""")
        for number, node in enumerate(ONE.nodes):
            named = [PALETTE[MARKS[job.status].color].light for job in node.description.tuning_jobs]
            assert shapes[str(number)] == [MARKS[job.status].path for job in node.description.tuning_jobs]
            assert fills[str(number)] == ["rgb({}, {}, {})".format(*bytes.fromhex(color[1:])) for color in named]
        resting = tab.evaluate("[...document.querySelectorAll('.state.rest')].map(node => Number(node.dataset.state))")
        assert resting == [number for number, node in enumerate(ONE.nodes) if node.at_rest]
        corners = "node => node.querySelector('.frame').getAttribute('rx')"
        assert {tab.eval_on_selector(f'.state[data-state="{one}"]', corners) for one in resting} == {"0"}
        assert tab.eval_on_selector(".state:not(.rest)", corners) != "0", "told by shape too"
        last = len(ONE.nodes) - 1
        tab.eval_on_selector(f'.state[data-state="{last}"]', "node => node.dispatchEvent(new MouseEvent('click'))")
        expect(tab.locator(".state.here")).to_have_attribute("data-state", str(last))
        assert address(tab) == "#" + ".".join(map(str, ONE.way(last)))
        tab.fill("#number", "3")
        tab.keyboard.press("Enter")
        assert tab.inner_text("#now-head") == "State 3, as it is now", "the same without a mouse"
        tab.click("#fit")
        assert tab.evaluate("document.querySelector('#box').scrollWidth <= document.querySelector('#box').clientWidth")


@pytest.mark.long
def test_a_planted_bug_is_red_with_its_reason_and_a_choice_that_leads_there_is_marked_once_it_is_known(opened):
    number = next(number for number, node in enumerate(BROKEN.nodes) if node.broken)
    with opened(BROKEN) as tab:
        assert tab.inner_text("#warned") == f"In 1 of the {len(BROKEN.nodes)} states a law is broken."
        assert not tab.is_visible("#broken") and tab.locator("#laws .red").count() == 0
        assert tab.locator("#laws details[open]").count() == 0, "quiet while they hold"
        assert tab.inner_text("#laws p").startswith("No law is broken.")
        tab.evaluate(f"location.hash = '#{'.'.join(map(str, BROKEN.way(number)[:-1]))}'")
        expect(tab.locator("#way li")).to_have_count(len(BROKEN.way(number)))
        assert tab.locator("#choices .breaks").count() == tab.locator(".state.red").count() == 0, "not known yet"
        tab.click("#lead")
        assert tab.is_visible("#broken") and tab.get_attribute("#broken", "role") == "alert"
        assert LAW in tab.inner_text("#broken") and BROKEN.nodes[number].broken.reason in tab.inner_text("#broken")
        red = tab.locator("#laws li.red")
        assert red.count() == 1 and LAW in red.inner_text() and BROKEN.nodes[number].broken.reason in red.inner_text()
        assert red.is_visible()
        end = PALETTE["end-text"].light
        assert red.evaluate("node => getComputedStyle(node).color") == "rgb({}, {}, {})".format(*bytes.fromhex(end[1:]))
        assert choices(tab) == [] and "A law is broken here" in tab.inner_text("#choices")
        assert tab.locator(f'.state.red.here[data-state="{number}"]').count() == tab.locator(".state.red").count() == 1
        assert tab.locator(".state.red .status").evaluate("node => getComputedStyle(node).opacity") == "0"
        assert tab.locator(".state.red .cross").is_visible()
        assert not tab.locator(".state:not(.red) .cross").first.is_visible()
        tab.keyboard.press("u")
        assert not tab.is_visible("#broken")
        assert f"✗ breaks the law “{LAW}”" in tab.inner_text("#choices .breaks"), "now it is known"
        tab.keyboard.press("s")
        assert tab.locator("#choices .warned").count() == 0
        tab.click("#reveal")
        assert tab.inner_text("#choices .warned") == "a law can be broken after this"


@pytest.mark.long
def test_the_laws_that_the_last_step_was_tested_by_are_marked(opened):
    step = ONE.nodes[0].steps[0]
    with opened(ONE, "#0") as tab:
        marked = tab.evaluate("[...document.querySelectorAll('#laws li.tested')].map(item => item.textContent)")
        assert sorted(text.partition(":")[0] for text in marked) == sorted((*step.tested, *step.seen))
        assert f"{len(step.tested)} of " in tab.inner_text("#laws p") and len(step.tested) > 5


@pytest.mark.long
def test_a_large_graph_shows_what_is_around_and_says_what_it_does_not_hold(opened, monkeypatch):
    monkeypatch.setattr("hptsim.views.explorer.DRAWN_WHOLE", 10)
    graph = state_graph(scenario("a", "b"), max_states=30)
    assert not graph.complete and DRAWN_WHOLE >= 500
    short = next(number for number, node in enumerate(graph.nodes) if any(step.target is None for step in node.steps))
    with opened(graph, "#" + ".".join(map(str, graph.way(short)))) as tab:
        assert "Only the nearest states of this scenario are here: 30 states" in tab.inner_text("header")
        closed = tab.locator("#choices button:disabled")
        assert closed.count() == sum(step.target is None for step in graph.nodes[short].steps)
        assert "leads to a state that this page does not hold" in closed.first.inner_text()
        tab.click("#start")
        around = {0} | {step.target for step in graph.nodes[0].steps}
        around |= {step.target for number in set(around) for step in graph.nodes[number].steps}
        assert set(map(int, boxes(tab))) == around and tab.locator(".state.here").count() == 1
        for (left, top, right, bottom), (west, north, east, south) in combinations(boxes(tab).values(), 2):
            assert right <= west or east <= left or bottom <= north or south <= top


@pytest.mark.long
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_fits_its_window_and_follows_the_readers_theme(width, scheme, opened):
    address = "#" + ".".join(map(str, BROKEN.way(len(BROKEN.nodes) - 1)))
    with opened(BROKEN, address, viewport={"width": width, "height": 800}, color_scheme=scheme) as tab:
        check_page(tab, width, scheme)
        tab.emulate_media(media="print")
        assert not tab.is_visible("#undo") and tab.is_visible("#way") and tab.is_visible("#box svg")
