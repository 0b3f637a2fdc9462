"""The player: one file without a network, that says what the journal says; in a real browser where there is one."""

import json
import re
from contextlib import contextmanager
from importlib import resources

import attrs
import pytest
from browser import chromium
from examples import TIMINGS, simulation

from hptsim import LAWS, Scenario, Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.errors import LawBroken
from hptsim.model.definitions import ResourceLimits
from hptsim.model.journal import read
from hptsim.model.laws import Law
from hptsim.model.machine import Tables
from hptsim.model.specification import clauses
from hptsim.model.tables import TRAINING, Table
from hptsim.scenario.cloud import Script
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.views.player import escaped, to_html

HOSTILE = "</script><script>document.title='owned'</script><!-- &amp; <img src=x onerror=alert(1)>"
TEMPLATE = (resources.files("hptsim.views") / "player.html").read_text()
SILENT = Tables.of(
    training=Table(
        "training",
        tuple(attrs.evolve(row, effects=()) if row.trigger == "downloaded" else row for row in TRAINING.rows),
        TRAINING.final,
    )
)
"""Tables in which a container writes no log when it starts."""


def data_of(page):
    """The data in a page, as a browser would read it."""
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(data)


def stopped(name="one", **changes):
    """Training from 20 to the stop at 50, saved at 70, stored at 75."""
    sim = simulation(capacity={"ml.m5.xlarge": 2}, script=Script("save", save_s=20), **changes)
    sim.create_tuning_job(TuningJobSpec(name))
    sim.run(until=50)
    sim.stop_tuning_job(name)
    sim.run()
    return sim


def test_the_page_has_no_external_reference():
    for reference in ("http:", "https:", "//www", "src=", "href=", "url(", "@import", "fetch(", "import(", "XMLHttp"):
        assert reference not in TEMPLATE
    assert "default-src 'none'" in TEMPLATE
    page = to_html(stopped())
    assert page.count("<script") == page.count("</script>") == 2
    assert "@DATA@" not in page and "@TITLE@" not in page


def test_the_page_has_every_entry_and_every_row():
    sim = stopped()
    data = data_of(to_html(sim))
    assert [tuple(entry[:6]) for entry in data["entries"]] == [tuple(record[:6]) for record in sim.journal]
    assert data["rows"]["training|stop|Training|Stopping"]["rests_on"] == "J11"
    for _, thing, _, trigger, source, destination, _ in data["entries"]:
        if thing in ("tuning", "training", "reservation"):
            rests_on = data["rows"]["|".join((thing, trigger, source, destination))]["rests_on"]
            assert rests_on and data["sources"][rests_on]
    assert data["sources"]["J11"] == [["J11", f"{clauses()['J11'].says} (DOC)"]]
    assert {law["rests_on"] for law in data["laws"]} <= data["sources"].keys()
    assert data["pools"] == [{"name": "ml.m5.xlarge", "limit": 2, "rows": [[0, 1, 1], [75, 0, 0]]}]
    assert data["stored"][-1] == [75, 1, 2] and data["end"] == 75
    assert [lane["training"] != "" for lane in data["lanes"]] == [False, True]
    assert data["lanes"][1]["spans"][2] == ["Training", 20, 50]
    spans = [span for lane in data["lanes"] for span in lane["spans"]]
    assert data["colors"].keys() == {phase for phase, _, _ in spans}, "the legend names what there is to see"


def test_a_hostile_name_stays_data():
    sim = Simulation(Scenario(name=HOSTILE))
    sim.create_training_job("alone")
    sim.journal.entries.append((0.0, "log", "alone", "", "", "", HOSTILE, 9))
    page = to_html(list(sim.journal))
    assert data_of(page)["entries"][-1][6] == HOSTILE
    assert "owned" in page and "<script>document" not in page and "<img" not in page and "<!-- " not in page
    sim.journal.entries.pop()
    assert "<script>document" not in to_html(sim) and "&lt;img" in to_html(sim)
    assert json.loads(escaped(HOSTILE)) == HOSTILE


def test_a_file_is_played_like_the_simulation_that_wrote_it(tmp_path, capsys):
    assert main(["run", "--html", str(tmp_path / "a.html"), "--journal", str(tmp_path / "a.jsonl")]) == 0
    page = (tmp_path / "a.html").read_text()
    again = data_of(to_html(read(tmp_path / "a.jsonl"), tmp_path / "b.html"))
    assert data_of((tmp_path / "b.html").read_text()) == again
    direct = data_of(page)
    assert [entry[:6] for entry in again["entries"]] == [entry[:6] for entry in direct["entries"]]
    for part in ("lanes", "pools", "queue", "stored", "rows", "end", "broken"):
        assert again[part] == direct[part]
    assert len(direct["lanes"]) > 10 and direct["broken"] is None


def test_a_method_writes_the_page(tmp_path):
    sim = stopped()
    assert sim.to_html(tmp_path / "out.html") == (tmp_path / "out.html").read_text() == to_html(sim)


def test_laws_are_marked_when_they_are_first_checked():
    sim = stopped()
    data = data_of(to_html(sim))
    first = {law["name"]: law["first_entry"] for law in data["laws"]}
    at = {(record.thing, record.trigger): place for place, record in reversed(list(enumerate(sim.journal)))}
    assert first["phases in order"] == at["training", "create"]
    assert first["SIGTERM opens the window"] <= at["signal", "SIGTERM"]
    assert first["nothing is stored unsaved"] == at["artifact", "store"]
    assert first["every job ends"] == first["a stopped job has artifacts"] == len(sim.journal) - 1
    assert first["a stop catches one starting"] is None, "the stop found it training"
    unknown = data_of(to_html(list(sim.journal)))
    assert not unknown["checked"] and {law["first_entry"] for law in unknown["laws"]} == {None}


def test_laws_of_the_end_are_not_marked_before_it():
    sim = simulation()
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=50)
    data = data_of(to_html(sim))
    first = {law["name"]: law["first_entry"] for law in data["laws"]}
    assert data["broken"] is None, "it has not ended yet, and need not have"
    assert first["every job ends"] is None and first["tuning statuses in order"] == 0


def test_the_page_shows_the_laws_of_the_simulation_and_when_each_is_checked():
    mine = Law("mine", "always", "a sentence", "a page", lambda state, entry: None, ("training ready", "step", "rest"))
    sim = Simulation(Scenario(timings=TIMINGS, script=Script("save", save_s=20)), laws=(*LAWS, mine))
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run(until=50)
    sim.stop_tuning_job("one")
    sim.run()
    laws = {law["name"]: law for law in data_of(to_html(sim))["laws"]}
    assert list(laws) == [law.name for law in (*LAWS, mine)]
    at = {(record.thing, record.trigger): place for place, record in reversed(list(enumerate(sim.journal)))}
    assert (
        laws["mine"]["checked_at"] == ["training", "step", "rest"]
        and laws["mine"]["first_entry"] < at["training", "ready"]
    )
    assert laws["grace is bounded"]["checked_at"] == ["training"]
    assert laws["grace is bounded"]["first_entry"] == at["training", "saved"]
    assert not any(law["checked_at"] for law in laws.values() if law["kind"] == "sometimes")


def test_a_broken_law_ends_the_recording_at_its_event():
    sim = Simulation(Scenario(timings=TIMINGS), tables=SILENT)
    sim.create_tuning_job(TuningJobSpec("one"))
    with pytest.raises(LawBroken) as raised:
        sim.run()
    data = data_of(to_html(sim, broken=raised.value))
    assert data["broken"]["law"] == "logs persist" and data["broken"]["rests_on"] == "S7, B13"
    assert data["entries"][-1][3] == "downloaded" and data["end"] == 20


def test_a_law_that_the_run_did_not_check_is_found_broken_by_the_player():
    sim = Simulation(Scenario(timings=TIMINGS), tables=SILENT, laws=False)
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run()
    data = data_of(to_html(sim))
    assert data["broken"]["law"] == "logs persist"
    assert data["entries"][-1][3] == "downloaded" and data["end"] == 20 < sim.now


def test_the_command_writes_the_recording_of_a_broken_law(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("hptsim.cli.run.Simulation", lambda *args, **more: Simulation(*args, tables=SILENT, **more))
    scenario = Scenario(timings=TIMINGS, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("one")),))
    scenario.dump(tmp_path / "one.toml")
    assert main(["run", str(tmp_path / "one.toml"), "--html", str(tmp_path / "out.html")]) == 3
    assert data_of((tmp_path / "out.html").read_text())["broken"]["law"] == "logs persist"


@contextmanager
def opened(page, tmp_path):
    """The page in a headless browser that may not reach anything; fails on what its console complains of."""
    (tmp_path / "player.html").write_text(page)
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1200, "height": 800})
        errors, asked = [], []
        tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto((tmp_path / "player.html").as_uri())
        yield tab
        assert errors == [], "no complaint"
        assert [url for url in asked if url != "about:srcdoc"] == [tab.url], "one file, no network"


def move(tab, seconds):
    """Put the slider at *seconds* and see what the page shows."""
    tab.eval_on_selector("#slider", f"s => {{ s.value = {seconds}; s.dispatchEvent(new Event('input')); }}")
    pictures = [tab.eval_on_selector(f"#{name}", "c => c.toDataURL()") for name in ("lanes", "charts")]
    return tab.inner_text("#clock"), tab.inner_text("#events"), pictures


@pytest.mark.long
def test_the_slider_moves_the_picture(tmp_path):
    with opened(to_html(stopped()), tmp_path) as tab:
        clock, events, early = move(tab, 30)
        assert clock == "30.0 s" and "downloaded" in events and "SIGTERM" not in events
        clock, events, late = move(tab, 60)
        assert clock == "60.0 s" and "SIGTERM" in events and "Stopped" not in events
        assert early[0] != late[0] and early[1] != late[1]
        assert move(tab, 30)[2] == early, "the same time shows the same picture"
        future = (
            "c => [...c.getContext('2d').getImageData(c.width * 0.7, 0, c.width * 0.3, c.height).data].some(v => v)"
        )
        assert not tab.eval_on_selector("#lanes", future), "nothing is drawn right of now"
        assert tab.locator("#laws li.checked").count() > 20
        last = tab.locator("#laws li", has_text="every job ends")
        assert "checked" not in (last.get_attribute("class") or "")
        tab.keyboard.press("End")
        assert tab.inner_text("#clock") == "75.0 s" and "checked" in last.get_attribute("class")
        tab.keyboard.press("ArrowLeft")
        assert tab.inner_text("#clock") == "70.0 s"
        tab.keyboard.press("ArrowRight")
        assert tab.inner_text("#clock") == "75.0 s"


@pytest.mark.long
@pytest.mark.parametrize("width", [400, 900, 1600])
def test_the_page_is_no_wider_than_its_window(width, tmp_path):
    with opened(to_html(stopped()), tmp_path) as tab:
        tab.set_viewport_size({"width": width, "height": 800})
        assert tab.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.long
@pytest.mark.parametrize("width", [380, 800, 1200])
def test_the_words_above_a_chart_fit_in_it(width, tmp_path):
    with opened(to_html(stopped()), tmp_path) as tab:
        tab.evaluate("""() => {
            window.ends = {};
            const draws = CanvasRenderingContext2D.prototype, fill = draws.fillText;
            draws.fillText = function (text, x, y) {
                if (this.canvas.id === "charts") window.ends[text] = x + this.measureText(text).width;
                return fill.call(this, text, x, y);
            };
        }""")
        tab.set_viewport_size({"width": width, "height": 800})
        move(tab, 30)
        ends = tab.evaluate("window.ends")
        assert "quota 2" in ends and max(ends.values()) <= tab.locator("#charts").bounding_box()["width"]


@pytest.mark.long
def test_space_plays_to_the_end_and_hovering_explains(tmp_path):
    with opened(to_html(stopped()), tmp_path) as tab:
        tab.keyboard.press("Space")
        assert tab.inner_text("#play") == "Pause"
        for _ in range(500):
            if tab.evaluate("now") > 0.5:
                break
            tab.wait_for_timeout(20)
        assert 0.5 < tab.evaluate("now") < 75
        tab.keyboard.press("Space")
        assert tab.inner_text("#play") == "Play"
        tab.keyboard.press("End")
        box = tab.locator("#lanes").bounding_box()
        row, names = tab.evaluate("[row, names]")

        def pointed(lane, seconds):
            tab.mouse.move(box["x"] + names + (box["width"] - names - 10) * seconds / 75, box["y"] + (lane + 0.5) * row)
            assert tab.inner_text("#why") == tab.get_attribute("#lanes", "title").strip()
            return tab.inner_text("#why")

        assert "tuning one stop: InProgress → Stopping" in pointed(0, 60)
        assert "tuning one create: [*] → InProgress" in pointed(0, 20)
        child = pointed(1, 60)
        assert "stop: Training → Stopping" in child and "rests on: J11" in child and "SIGTERM" in child
        assert f"J11: {clauses()['J11'].says}" in child


@pytest.mark.long
def test_the_recording_of_a_broken_law_says_why_at_the_event_and_no_earlier(tmp_path):
    sim = Simulation(Scenario(timings=TIMINGS), tables=SILENT, laws=False)
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run()
    with opened(to_html(sim), tmp_path) as tab:
        move(tab, 15)
        assert not tab.is_visible("#broken")
        move(tab, 20)
        assert tab.is_visible("#broken")
        assert "logs persist" in tab.inner_text("#broken") and "S7, B13" in tab.inner_text("#broken")
        assert clauses()["B13"].says in tab.inner_text("#broken")
        assert tab.inner_text("#laws li.red") == "logs persist"


@pytest.mark.long
def test_hostile_names_do_nothing_in_the_browser(tmp_path):
    records = [*stopped().journal]
    records.append(records[-1]._replace(thing="log", name=HOSTILE, trigger="", source="", destination="", data=HOSTILE))
    with opened(to_html(records), tmp_path) as tab:
        assert HOSTILE in move(tab, 75)[1] and tab.title() == "hptsim"


@pytest.mark.long
def test_ten_thousand_training_jobs_are_drawn_a_screenful_at_a_time(tmp_path):
    """What keeps it smooth is counted, not timed: one frame draws the lanes in sight, and the charts are one copy."""
    sim = Simulation(Scenario(timings=TIMINGS), laws=False)
    for number in range(20):
        sim.create_tuning_job(TuningJobSpec(f"job-{number}", limits=ResourceLimits(500, 10)))
    sim.run()
    data = data_of(page := to_html(list(sim.journal)))
    assert len(data["lanes"]) == 10_020
    with opened(page, tmp_path) as tab:
        move(tab, data["end"])
        count = """() => { let n = 0; const fill = CanvasRenderingContext2D.prototype.fillRect;
            CanvasRenderingContext2D.prototype.fillRect = function(...a) { n++; fill.apply(this, a); };
            scroll(-1e9); CanvasRenderingContext2D.prototype.fillRect = fill; return n; }"""
        assert 10 < tab.evaluate(count) < 1000, "all have begun, the first are in sight"


@pytest.mark.long
def test_a_notebook_plays_the_recording_in_a_frame_of_its_own(tmp_path):
    with opened(f"<!DOCTYPE html><title>notebook</title>{stopped()._repr_html_()}", tmp_path) as tab:
        player = tab.frame_locator("iframe")
        player.locator("#lanes").click()
        tab.keyboard.press("End")
        assert player.locator("#clock").inner_text() == "75.0 s" and player.locator("#laws li.checked").count() > 20


@pytest.mark.long
def test_a_frame_that_is_shown_later_draws_the_recording_then(tmp_path):
    hidden = stopped()._repr_html_().replace('style="', 'style="display: none; ')
    with opened(f"<!DOCTYPE html><title>notebook</title>{hidden}", tmp_path) as tab:
        tab.eval_on_selector("iframe", "frame => { frame.style.display = 'block'; }")
        player = tab.frame_locator("iframe")
        player.locator("#slider").evaluate("s => { s.value = 60; s.dispatchEvent(new Event('input')); }")
        drawn = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].some(v => v)"
        for canvas in ("#lanes", "#charts"):
            assert player.locator(canvas).evaluate(drawn)
