"""A counterexample's film and what a notebook shows of it."""

import attrs
import pytest
from explorer.test_endings import BUGS
from explorer.test_scope import NO_STOP
from explorer.test_search import scope

from hptsim import LAWS, Simulation, TuningJobSpec, explore
from hptsim.errors import InvalidInput
from hptsim.model.laws import Law
from hptsim.views.counterexamples import film, part
from views.films import data_of, entries_of, opened, wait


def stuck(monkeypatch, stops=True):
    scope, faults, tables = BUGS["a lost wake-up"](monkeypatch)
    return explore(scope, faults=faults, tables=tables, stops=stops)


def test_the_film_has_every_step_evenly_spaced_and_the_broken_law(monkeypatch, tmp_path):
    found = stuck(monkeypatch).counterexample
    data = data_of(found.to_html(tmp_path / "film.html"))
    assert data_of((tmp_path / "film.html").read_text()) == data
    assert [call for _, call, _ in data["steps"]] == list(found.calls[1:])
    records = [one._replace(time_s=float(step.number)) for step in found.steps for one in step.records]
    assert [entry for entry, _ in entries_of(data)] == [tuple(one[:6]) for one in records]
    assert data["end"] == 7 and len(found.steps) == 6, "the last step is shown as long as the others"
    assert (data["broken"]["law"], data["broken"]["reason"]) == (found.law, found.reason)
    assert data["broken"]["rests_on"] == next(law.rests_on for law in LAWS if law.name == found.law)
    assert {span[2] for lane in data["lanes"] for span in lane["spans"][-1:]} == {7}, (
        "what has not ended goes on to the end"
    )
    assert data["checked"] and data["pools"][0]["limit"] == 2


def test_the_film_of_a_law_of_ones_own_shows_that_law():
    mine = Law("short", "always", "no run trains", "my team", lambda state, entry: "it trains", ("training ready",))
    found = explore(scope(), laws=(*LAWS, mine)).counterexample
    data = data_of(film(found))
    assert data["broken"] == {"law": "short", "reason": "it trains", "rests_on": "my team"}
    assert data["laws"][-1]["name"] == "short" and entries_of(data)[-1][0][3] == "ready"


def test_an_ordinary_film_has_no_steps():
    sim = Simulation()
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run()
    data = data_of(sim.to_html())
    assert data["steps"] == [] and data["end"] == sim.now


def test_a_notebook_shows_the_law_the_diagram_the_steps_and_the_last_chance(monkeypatch):
    found = stuck(monkeypatch)
    shown = found._repr_html_()
    assert shown == part(found.counterexample, found.sentence().splitlines()[0])
    for words in (
        "every job ends",
        "<svg",
        "After step 3 one still could",
        "<li>tuning job a launches its next training job",
        "As calls to paste",
    ):
        assert words in shown
    assert "<script" not in shown and ":root" not in shown, "a page around it keeps its own look"


def test_where_calls_cannot_be_repeated_the_notebook_shows_them_and_why(monkeypatch):
    found = attrs.evolve(stuck(monkeypatch).counterexample, scope=None)
    assert "No more can be told" in found._repr_html_() and "sim.run()" in found._repr_html_()
    with pytest.raises(InvalidInput, match="does not know what was explored"):
        found.to_html()


def test_the_film_marks_the_step_after_which_no_run_ends_well(monkeypatch):
    found = stuck(monkeypatch, stops=False).counterexample
    data = data_of(found.to_html())
    (marked,) = [chapter for chapter in data["chapters"] if chapter[1] == "inevitable"]
    assert marked[0] == found.inevitable().may.hopeless_from == 4 and "whatever happens" in marked[3]
    assert [chapter[:2] for chapter in data["chapters"]][-1] == [6, "breach"]
    assert data["opening"] == len(data["chapters"]) - 1


def test_what_only_commands_or_faults_can_mend_is_marked_as_that(monkeypatch):
    scope, faults, tables = BUGS["an end that is put off for ever"](monkeypatch)
    found = explore(scope, faults=faults, tables=tables).counterexample
    marked = [chapter for chapter in data_of(found.to_html())["chapters"] if chapter[1] == "inevitable"]
    assert [(chapter[0], "only commands or faults" in chapter[3]) for chapter in marked] == [(1, True)]
    assert found.inevitable().may.hopeless_from is None


@pytest.mark.long
def test_the_film_opens_on_the_broken_law_and_shows_it_no_earlier(monkeypatch, tmp_path):
    with opened(stuck(monkeypatch).counterexample.to_html(), tmp_path) as tab:
        assert tab.inner_text("#clock") == "step 6 of 6" and tab.is_visible("#broken")
        assert tab.inner_text("#laws li.red") == "✗ every job ends" and "at:" not in tab.inner_text("#broken")
        assert (
            tab.locator("#chapters button", has_text="only commands or faults still help")
            .inner_text()
            .startswith("!step 4")
        )
        tab.keyboard.press("ArrowLeft")
        assert tab.inner_text("#clock") == "step 5 of 6" and not tab.is_visible("#broken")
        assert tab.locator("#laws li.red").count() == 0
        said = tab.inner_text("#step")
        assert said.startswith("5. training job a-002") and "The explorer has no clock" in said
        tab.keyboard.press("Home")
        assert tab.inner_text("#clock") == "step 0 of 6" and "before the first step" in tab.inner_text("#step")
        assert tab.inner_text("#sentence") == "Before the first step."


@pytest.mark.long
def test_a_film_that_plays_stops_at_its_end(tmp_path):
    found = explore(scope(total=2), tables=NO_STOP).counterexample
    with opened(found.to_html(), tmp_path) as tab:
        tab.evaluate("go(3.9)")
        assert tab.is_visible("#broken") and "at: step 3" in tab.inner_text("#broken")
        tab.keyboard.press("Space")
        wait(tab, "now >= end && !playing")
        assert tab.inner_text("#play") == "Play" and tab.inner_text("#clock") == "step 3 of 3"


@pytest.mark.long
@pytest.mark.parametrize("width", [380, 800, 1200])
def test_what_a_notebook_shows_is_no_wider_than_its_window(width, monkeypatch, tmp_path):
    page = f"<!DOCTYPE html><title>notebook</title>{stuck(monkeypatch)._repr_html_()}"
    with opened(page, tmp_path) as tab:
        tab.set_viewport_size({"width": width, "height": 800})
        for summary in tab.locator("summary").all():
            summary.click()
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        ends = "[...document.querySelectorAll('svg text')].map(t => t.getBBox()).map(b => b.x + b.width)"
        assert max(tab.evaluate(ends)) <= float(tab.locator("svg").get_attribute("width")), (
            "words end within the drawing"
        )
