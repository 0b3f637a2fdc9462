"""The player in a real browser: what it shows when it opens, plays, is searched, printed, and shown in narrow windows."""

import re

import attrs
import pytest
from browser import expect
from examples import TIMINGS
from seen import check_page

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.definitions import ResourceLimits
from hptsim.model.specification import clauses
from hptsim.views.palette import PALETTE, contrast, phase_variables
from hptsim.views.player import to_html
from views.films import broken, data_of, move, shown, stopped, wait
from views.test_player import HOSTILE
from views.test_warm_pools import pooled

pytestmark = pytest.mark.long
FILLS = {variable[6:-1] for variable in phase_variables().values()}
"""The colors of bars, which have words on them."""


def bars(tab, canvas="lanes"):
    """The colors of a picture at the height of each lane, or of a chart, with where each begins and ends."""
    return tab.evaluate(
        """id => {
            const two = part => part.toString(16).padStart(2, "0").toUpperCase();
            const hexOf = (list, at) => "#" + [0, 1, 2].map(i => two(list[at + i])).join("");
            const node = document.getElementById(id), pen = node.getContext("2d"), ratio = devicePixelRatio, found = [];
            for (let lane = 0; lane < recording.lanes.length; lane++) {
                const y = Math.round((AXIS + (lane + .5) * row) * ratio) + 5;
                const line = pen.getImageData(0, y, node.width, 1).data, runs = [];
                for (let x = Math.ceil(names) + 1; x < node.width - MARGIN; x++) {
                    const hex = hexOf(line, 4 * x);
                    const last = runs[runs.length - 1];
                    if (line[4 * x + 3] < 255) continue;
                    if (last && last[0] === hex && last[2] === x - 1) last[2] = x; else runs.push([hex, x, x]);
                }
                found.push(runs.filter(([, a, b]) => b - a > 3));
            }
            return found;
        }""",
        canvas,
    )


def at(tab, seconds):
    """Where a time is across the picture."""
    return tab.evaluate("t => across(document.getElementById('lanes').clientWidth).x(t)", seconds)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_on_the_stop_with_a_sentence_and_bars_that_end_now(scheme, browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path, color_scheme=scheme) as tab:
        assert tab.inner_text("#sentence") == (
            "50.0 s: one is told to stop while 1 of its training jobs is in Training. It is Stopped 25 s later. "
            "1 ml.m5.xlarge stays reserved until then; 1 artifact is stored meanwhile."
        )
        assert tab.inner_text("#clock") == "50.0 s · Mon 2024-01-01 00:00:50 UTC"
        assert tab.get_attribute("#sentence", "aria-live") == "polite"
        assert tab.locator("#chapters [aria-current]").inner_text().startswith("■50.0 sone is told to stop")
        tab.keyboard.press("0")
        move(tab, 60)
        work, stopping = (getattr(PALETTE[name], scheme) for name in ("work", "end"))
        drawn = {color: (begin, end) for color, begin, end in bars(tab)[1]}
        assert drawn[work] == pytest.approx((at(tab, 20), at(tab, 50)), abs=4)
        assert drawn[stopping] == pytest.approx((at(tab, 50), at(tab, 60)), abs=4), "it goes on to now, and not further"
        assert max(end for runs in bars(tab) for _, _, end in runs) <= at(tab, 60) + 2
        move(tab, 20)
        assert stopping not in {color for color, _, _ in bars(tab)[1]}


def test_the_gap_after_a_stop_is_hatched_and_said(browser, tmp_path):
    with shown(browser, to_html(stopped(timings=_slow_to_end())), tmp_path) as tab:
        tab.keyboard.press("0")
        move(tab, 90)
        label = tab.get_attribute("#charts", "aria-label")
        assert "ml.m5.xlarge: reserved 1, quota 2; at work 0, 1 held and not at work" in label
        colors = pixels(tab, "charts", 82, 20, 32)
        assert colors.get(PALETTE["idle"].light, 0) > 20 and len(colors) > 3, (
            "hatched, so that it is told without colors"
        )
        assert PALETTE["work"].light not in colors


def test_a_warm_pool_has_a_lane_that_says_what_is_reserved_and_why(browser, tmp_path):
    with shown(browser, to_html(pooled()), tmp_path, "#t=250") as tab:
        tab.keyboard.press("0")
        [_, pool, *_] = bars(tab)
        assert pool[0][0] == PALETTE["work"].light and abs(pool[0][2] - at(tab, 135)) < 4, "occupied until its job ends"
        reserved = pixels(tab, "lanes", 145, "AXIS + 1.5 * row + 6")
        assert (
            reserved.get(PALETTE["idle"].light, 0) > 5 and len(reserved) > 3 and PALETTE["work"].light not in reserved
        )
        assert PALETTE["idle"].light not in pixels(tab, "lanes", 260, "AXIS + 1.5 * row + 6"), "and not after now"
        wide = written(tab)
        assert {"  first", "  warm pool of first", "at work for first"} <= wide and "taken over by second" not in wide
        legend = tab.inner_text("#legend")
        assert "Available" not in legend and "InUse" not in legend and "reserved, not at work" in legend
        assert tab.inner_text("#state") == "Training jobs now: none."
        tab.evaluate("look(100, 200)")
        assert "2 ml.m5.xlarge reserved for a next job" in written(tab)
        move(tab, 300)
        tab.keyboard.press("0")
        assert (
            "taken over by second" in written(tab) and tab.inner_text("#state") == "Training jobs now: 1 in Training."
        )
        x, y = tab.evaluate("[across($('lanes').clientWidth).x(200), AXIS + 1.5 * row]")
        box = tab.locator("#lanes").bounding_box()
        tab.mouse.move(box["x"] + x, box["y"] + y)
        expect(tab.locator("#why")).to_contain_text("the warm pool of first is no longer used by its training job")


def written(tab):
    """The words that the lanes have when they are drawn."""
    return set(
        tab.evaluate(
            """() => {
                const pen = CanvasRenderingContext2D.prototype, real = pen.fillText, found = [];
                pen.fillText = function (text, ...more) { found.push(text); real.call(this, text, ...more); };
                try { drawLanes(); } finally { pen.fillText = real; }
                return found;
            }"""
        )
    )


def pixels(tab, canvas, seconds, y, tall=6):
    """How often each color is in a piece of a picture, eight wide, right of a time."""
    return tab.evaluate(
        """([id, t, y, tall]) => {
            const c = document.getElementById(id), x = Math.round(across(c.clientWidth).x(t)), found = {};
            const all = c.getContext("2d").getImageData(x, Math.round(y), 8, tall).data;
            for (let i = 0; i < all.length; i += 4) {
                const hex = "#" + [0, 1, 2].map(k => all[i + k].toString(16).padStart(2, "0")).join("").toUpperCase();
                found[hex] = (found[hex] || 0) + 1;
            }
            return found;
        }""",
        [canvas, seconds, y if isinstance(y, int) else tab.evaluate(y), tall],
    )


def _slow_to_end():
    """The controller notices the end of the last training job at 75 s only when it looks again."""
    return attrs.evolve(TIMINGS, finish_s=40)


def test_keys_the_slider_and_chapters_go_through_the_film_and_the_address_follows(browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path) as tab:
        clock, events, early = move(tab, 30)
        assert clock.startswith("30.0 s") and "one-001" in events and "SIGTERM" not in events
        clock, events, late = move(tab, 60)
        assert clock.startswith("60.0 s") and "gets SIGTERM" in events and "has saved its model" not in events
        assert early[0] != late[0] and early[1] != late[1]
        assert move(tab, 30)[2] == early, "the same time shows the same picture"
        tab.keyboard.press("End")
        assert tab.inner_text("#clock").startswith("75.0 s")
        tab.keyboard.press("ArrowLeft")
        assert tab.inner_text("#clock").startswith("70.0 s")
        assert re.fullmatch(r"70.0 s: one-001-\w+ has saved its model\.", tab.inner_text("#sentence"))
        tab.keyboard.press("ArrowRight")
        assert tab.inner_text("#clock").startswith("75.0 s")
        tab.keyboard.press("Home")
        assert tab.inner_text("#clock").startswith("0.0 s")
        tab.keyboard.press("PageDown")
        assert tab.inner_text("#clock").startswith("50.0 s") and tab.url.endswith("#t=50")
        tab.locator("#chapters button", has_text="gives back").click()
        assert tab.url.endswith("#t=75") and "one gives back 1 ml.m5.xlarge" in tab.inner_text("#sentence")
        tab.go_back()
        wait(tab, "now === 50")
        tab.go_forward()
        wait(tab, "now === 75")
        tab.evaluate("history.replaceState(null, '', location.pathname)")


def test_a_bookmark_opens_its_moment(browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path, address="#t=70") as tab:
        assert tab.inner_text("#clock").startswith("70.0 s") and "has saved its model" in tab.inner_text("#sentence")


def test_events_show_their_row_and_its_specification_when_asked(browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path, address="#t=50") as tab:
        event = tab.locator("#events details", has_text="hears of the stop")
        assert event.locator("dd").count() == 0, "nothing is in the way before somebody asks"
        event.locator("summary").click()
        event.locator("dd").first.wait_for()
        said, row = event.inner_text(), clauses()["J11"]
        assert "stop: Training → Stopping" in said and "sends SIGTERM to the container" in said
        assert f"J11 ({row.grade})" in said and row.says in said and row.source in said
        tab.keyboard.press("0")
        box = tab.locator("#lanes").bounding_box()
        tab.mouse.move(box["x"] + at(tab, 30), box["y"] + tab.evaluate("AXIS + 1.5 * row"))
        assert "has its data, and trains" in tab.inner_text(
            "#why"
        ) and "downloaded: Downloading → Training" in tab.inner_text("#why")


def test_laws_are_quiet_while_they_hold_and_lit_when_the_last_event_tests_them(browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path, address="#t=30") as tab:
        lit = "[...document.querySelectorAll('#laws li.now summary')].map(one => one.textContent)"
        assert tab.inner_text("#count").endswith("checked so far, all hold") and set(tab.evaluate(lit)) == {
            "◆ phases in order",
            "◆ logs persist",
        }
        last = tab.locator("#laws li", has_text="every job ends")
        assert last.get_attribute("class") == ""
        move(tab, 70)
        assert "◆ grace is bounded" in tab.evaluate(lit)
        assert "◆ Training jobs" in tab.inner_text("#laws")
        move(tab, 71)
        move(tab, 75)
        assert {"◆ what was saved is stored", "◆ every job ends", "◆ reservation held until the end"} <= set(
            tab.evaluate(lit)
        )
        assert "◆ grants are in order" not in tab.evaluate(lit), "nothing was granted"


def test_where_nothing_has_happened_no_law_is_said_to_hold(browser, tmp_path):
    with shown(browser, to_html(Simulation()), tmp_path) as tab:
        assert re.fullmatch(r"Laws: none of \d+ checked yet", tab.inner_text("#count"))
        assert tab.inner_text("#sentence") == "Before the first event."


def test_a_broken_law_is_red_with_its_reason_at_the_event_and_no_earlier(browser, tmp_path):
    with shown(browser, to_html(broken()), tmp_path) as tab:
        assert tab.is_visible("#broken") and "A law is broken, logs persist" in tab.inner_text("#sentence")
        move(tab, 15)
        assert not tab.is_visible("#broken") and tab.locator("#laws li.red").count() == 0
        move(tab, 20)
        assert "law broken: logs persist" in tab.inner_text("#broken") and "has its data, and trains" in tab.inner_text(
            "#broken"
        )
        tab.click("#broken summary")
        assert clauses()["B13"].says in tab.inner_text("#broken")
        assert tab.inner_text("#laws li.red") == "✗ logs persist" and "Training jobs" in tab.inner_text(
            ".group.red summary"
        )


@pytest.mark.parametrize(("width", "scheme"), [(380, "light"), (800, "dark"), (1200, "dark")])
def test_it_fits_its_window_and_its_words_can_be_read(width, scheme, browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path, width=width, color_scheme=scheme) as tab:
        check_page(tab, width, scheme)
        ends = tab.evaluate("""() => {
            const ends = [], draws = CanvasRenderingContext2D.prototype, fill = draws.fillText;
            draws.fillText = function (text, x, y) {
                const wide = this.measureText(text).width, left = this.textAlign === "center" ? x - wide / 2 : x;
                // the overview's picture is drawn once, on a canvas of its own
                const seen = this.canvas.isConnected ? this.canvas.clientWidth : this.canvas.width / (devicePixelRatio || 1);
                ends.push([text, left, left + wide, seen]);
                return fill.call(this, text, x, y);
            };
            draw(); draws.fillText = fill; return ends;
        }""")
        for name, one in PALETTE.items():
            fill = getattr(one, scheme)
            assert contrast(fill, tab.evaluate("fill => readable(fill)", fill)) >= (4.5 if name in FILLS else 1), name
        seconds, dated = (next(one for one in ends if one[0] == text) for text in ("0 s", "Mon 2024-01-01 00:00"))
        assert abs(seconds[1] - dated[1]) < 1 and dated[2] > seconds[2], "both begin at the first line of the axis"
        drawn = {text for text, *_ in ends}
        assert any("quota 2" in text for text in drawn) and any(re.fullmatch(r"\d+ (s|min)", text) for text in drawn)
        for text, left, right, wide in ends:
            assert left >= -1 and right <= wide + 1, text
        told = tab.evaluate("""() => {
            const kinds = "p, button, summary, dt, dd, h1, h2, li, time, label, output, .sign";
            const seen = [...document.querySelectorAll(kinds)].filter(node => node.checkVisibility() && node.textContent.trim());
            return seen.map(node => {
                let under = node;
                while (under && getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)") under = under.parentElement;
                return [getComputedStyle(node).color, getComputedStyle(under || document.body).backgroundColor, node.textContent];
            });
        }""")
        assert len(told) > 50
        for words, under, text in told:
            assert contrast(_hex(words), _hex(under)) >= 4.5, (words, under, text)


def _hex(rgb):
    return "#" + "".join(f"{int(part):02X}" for part in re.findall(r"\d+", rgb)[:3])


def test_the_axis_has_units_and_zooms_and_pans_with_the_lanes(browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path) as tab:
        texts = """() => { const found = [], draws = CanvasRenderingContext2D.prototype, fill = draws.fillText;
            draws.fillText = function (text) { if (this.canvas.id === "lanes") found.push(text); };
            drawLanes(); draws.fillText = fill; return found; }"""
        tab.keyboard.press("0")
        assert {"0 s", "30 s", "Mon 2024-01-01 00:00:00", "00:00:30"} <= set(tab.evaluate(texts))
        assert {"■", "▲"} <= set(tab.evaluate(texts)), "the stop and the release are marked"
        before = at(tab, 60) - at(tab, 50)
        tab.keyboard.press("+")
        assert at(tab, 60) - at(tab, 50) == pytest.approx(2 * before)
        box, where = tab.locator("#lanes").bounding_box(), at(tab, 50)
        tab.mouse.move(box["x"] + 500, box["y"] + 200)
        tab.mouse.down()
        tab.mouse.move(box["x"] + 450, box["y"] + 200, steps=3)
        tab.mouse.up()
        assert at(tab, 50) == pytest.approx(where - 50, abs=2) and tab.inner_text("#clock").startswith("50.0 s")
        words = {t: tab.evaluate("t => lasting(t)", t) for t in (75, 1843.4, 3600, 7384, 100_000)}
        assert list(words.values()) == ["75.0 s", "30 min 43 s", "1 h", "2 h 03 min 04 s", "1 d 03 h 46 min 40 s"]


def test_space_plays_lingers_where_much_happens_and_stops_at_the_end(browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path) as tab:
        slow, fast = tab.evaluate("[partOf(75) - partOf(49), partOf(48) - partOf(22)]")
        assert slow > 4 * fast, "26 seconds with the stop, and 26 in which nothing happens"
        tab.uncheck("#linger")
        assert tab.evaluate("partOf(75) - partOf(49)") == pytest.approx(
            tab.evaluate("partOf(48) - partOf(22)"), rel=0.05
        )
        tab.select_option("#speed", "16")
        tab.evaluate("document.activeElement.blur()")
        tab.keyboard.press("Home")
        tab.keyboard.press("Space")
        assert tab.inner_text("#play") == "Pause" and tab.get_attribute("#sentence", "aria-live") == "off"
        wait(tab, "now > 1")
        wait(tab, "now === end && !playing")
        assert tab.inner_text("#play") == "Play" and tab.inner_text("#clock").startswith("75.0 s")


def test_who_wants_no_movement_gets_one_event_after_the_other(browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path, reduced_motion="reduce") as tab:
        tab.select_option("#speed", "16")
        tab.keyboard.press("Home")
        tab.evaluate("() => { window.seen = []; const old = go; go = (t, how) => { seen.push(t); old(t, how); }; }")
        tab.click("#play")
        wait(tab, "now === end && !playing")
        assert set(tab.evaluate("seen")) <= set(tab.evaluate("moments")), "never in between"


def test_paper_is_light_and_has_no_controls(browser, tmp_path):
    with shown(browser, to_html(stopped()), tmp_path, color_scheme="dark") as tab:
        assert tab.evaluate("COLORS.paper") == PALETTE["paper"].dark
        tab.emulate_media(media="print")
        wait(tab, f"COLORS.paper === '{PALETTE['paper'].light}'")
        drawn = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].some(v => v)"
        for canvas in ("#overview", "#lanes", "#charts"):
            wait(tab, f"({drawn})(document.querySelector('{canvas}'))")
        assert tab.locator("#lanes").bounding_box()["height"] == pytest.approx(12 / 2.54 * 96, abs=1)
        assert not tab.is_visible("#play") and not tab.is_visible("#slider") and tab.is_visible("#chapters")


def test_hostile_names_do_nothing_in_the_browser(browser, tmp_path):
    records = [*stopped().journal]
    records.append(records[-1]._replace(thing="log", name=HOSTILE, trigger="", source="", destination="", data=HOSTILE))
    with shown(browser, to_html(records), tmp_path) as tab:
        assert HOSTILE in move(tab, 75)[1] and tab.title() == "hptsim"


def test_ten_thousand_training_jobs_are_drawn_a_screenful_at_a_time(browser, tmp_path):
    """What keeps it smooth is counted, not timed: one frame draws the lanes in sight, and the charts a column for each pixel."""
    sim = Simulation(Scenario(), laws=False)
    for number in range(20):
        sim.create_tuning_job(TuningJobSpec(f"job-{number}", limits=ResourceLimits(500, 10)))
    sim.run()
    data = data_of(page := to_html(list(sim.journal)))
    assert len(data["lanes"]) == 10_020
    with shown(browser, page, tmp_path) as tab:
        count = """() => { let n = 0; const draws = CanvasRenderingContext2D.prototype, old = {};
            for (const name of ["fillRect", "fillText", "rect", "lineTo"]) {
                old[name] = draws[name];
                draws[name] = function (...a) { n++; return old[name].apply(this, a); };
            }
            draw(); Object.assign(draws, old); return n; }"""
        tab.evaluate("look(0, end); go(end)")
        assert 10 < tab.evaluate(count) < 8_000, "all have begun, the first are in sight"
        tab.evaluate("look(1000, 200); go(1100)")
        assert tab.evaluate("shownLanes.length") < 1000, "only those that exist in the time in sight"
        assert tab.evaluate("shownLanes.every(lane => lane.spans[0][1] < 1200 && lane.spans.at(-1)[2] >= 1000)")


def test_a_notebook_plays_the_recording_in_a_frame_of_its_own(browser, tmp_path):
    with shown(browser, f"<!DOCTYPE html><title>notebook</title>{stopped()._repr_html_()}", tmp_path) as tab:
        player = tab.frame_locator("iframe")
        player.locator("#chapters button").first.click()
        tab.keyboard.press("End")
        assert player.locator("#clock").inner_text().startswith("75.0 s")
        assert player.locator("#laws li.checked").count() > 20


def test_a_frame_that_is_shown_later_draws_the_recording_then(browser, tmp_path):
    hidden = stopped()._repr_html_().replace('style="', 'style="display: none; ')
    with shown(browser, f"<!DOCTYPE html><title>notebook</title>{hidden}", tmp_path) as tab:
        tab.eval_on_selector("iframe", "frame => { frame.style.display = 'block'; }")
        player = tab.frame_locator("iframe")
        player.locator("#slider").evaluate("s => { s.value = 60; s.dispatchEvent(new Event('input')); }")
        drawn = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].some(v => v)"
        for canvas in ("#lanes", "#charts"):
            assert player.locator(canvas).evaluate(drawn)
