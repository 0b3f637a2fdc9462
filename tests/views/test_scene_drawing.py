"""A moment of a scene: what the figure says, where, and in which colors."""

from itertools import pairwise

import attrs
import pytest
from doctored import M5, TWO, job

from hptsim.views.palette import PALETTE, PHASES, contrast
from hptsim.views.scenes import scene
from views.test_scenes import ran
from views.test_warm_pools import pooled

pytest.importorskip("matplotlib", reason="needs the extra 'plots'")

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from hptsim.views.scene_drawing import moment


@pytest.fixture(scope="module")
def stop():
    return scene(ran())


def words(axes):
    return [text.get_text().strip() for text in axes.texts if text.get_text()]


def said(figure):
    return [text.get_text() for text in figure.texts]


def test_it_says_what_the_chapter_is_what_was_last_and_what_is_not_shown(stop):
    story, now, note = said(moment(stop, 82))
    assert story.replace("\n", " ") == stop.chapter.words
    assert now.startswith("Now: 82 s, Mon 2024-01-01 00:01:22 UTC.  Last, at 80 s: a-001-8e9aab3c has saved its model")
    assert note == "scenario, seed 0"
    hidden = attrs.evolve(stop, left_out=("7 other lanes",))
    assert said(moment(hidden))[2] == "scenario, seed 0; not shown: 7 other lanes"


def test_the_lanes_have_names_bars_in_the_colors_of_their_phases_and_ends(stop):
    lanes = moment(stop, 90).axes[0]
    assert [label.get_text() for label in lanes.get_yticklabels()] == ["a", "001-8e9aab3c", "002-8cdc1565", "b"]
    bars = {(round(bar.get_y() + bar.get_height() / 2), bar.get_x(), bar.get_width()): bar for bar in lanes.patches}
    for number, lane in enumerate(stop.lanes):
        for row in lane.rows:
            bar = bars[number, row.begin_s, row.end_s - row.begin_s]
            assert to_hex(bar.get_facecolor()) == PALETTE[PHASES[row.phase]].light.lower()
    assert words(lanes).count("Training") == 2 and words(lanes).count("■ Stopped") == 4
    where = {text.get_text().strip(): text.get_position()[0] for text in lanes.texts}
    assert where["■ Stopped"] in (70, 85)


@pytest.mark.parametrize(("dark", "scheme"), [(False, "light"), (True, "dark")])
def test_a_warm_pool_has_the_colors_of_reserved_and_occupied_and_says_why(dark, scheme):
    lanes = moment(scene(pooled(), "first", begin_s=0, end_s=290), dark=dark).axes[0]
    names = [label.get_text() for label in lanes.get_yticklabels()]
    assert names == ["first", "warm pool of first", "second", "warm pool of second"]
    occupied, reserved = (bar for bar in lanes.patches if round(bar.get_y() + bar.get_height() / 2) == 1)
    assert (occupied.get_width(), reserved.get_x(), reserved.get_width()) == (135, 135, 145)
    assert to_hex(occupied.get_facecolor()) == getattr(PALETTE["work"], scheme).lower()
    assert (
        to_hex(reserved.get_edgecolor()) == getattr(PALETTE["idle"], scheme).lower() and reserved.get_hatch() == "///"
    )
    assert {"2 ml.m5.xlarge at work for first", "reserved for a next job"} <= set(words(lanes))
    longer = moment(scene(pooled(), "first", begin_s=130, end_s=290)).axes[0]
    assert "2 ml.m5.xlarge reserved for a next job" in words(longer) and "at work for first" not in words(longer)
    [said] = [text for text in lanes.texts if "at work for first" in text.get_text()]
    assert contrast(to_hex(said.get_color()), getattr(PALETTE["work"], scheme)) >= 4.5
    keys = [text.get_text() for text in moment(scene(pooled(), "first")).legends[0].get_texts()]
    assert keys == ["Starting", "Training", "Uploading", "occupied", "reserved, not occupied", "quota"]


def test_how_a_warm_pool_ends_is_said_where_it_has_room():
    wide = scene(pooled(), "first", begin_s=0, end_s=685)
    assert "taken over by second" in words(moment(wide).axes[0])
    narrow = scene(pooled(), "first", begin_s=0, end_s=281)
    assert narrow.lanes[1].status == "taken over by second" not in words(moment(narrow).axes[0])


def test_reserved_and_occupied_are_drawn_with_the_quota_and_the_time_from_the_stop_to_the_end(stop):
    band = moment(stop).axes[1]
    assert (
        band.get_title(loc="left") == "ml.m5.xlarge of the whole account"
        and band.get_xlabel() == "simulated time (s) and date (UTC)"
    )
    quota = next(line for line in band.lines if line.get_linestyle() == "--")
    assert list(quota.get_ydata()) == [2, 2]
    steps = next(line for line in band.lines if len(line.get_xdata()) == 3)
    assert (list(steps.get_xdata()), list(steps.get_ydata())) == ([45, 85, 95], [2, 0, 0])
    assert "25 s from the stop to its end" in words(band)


def test_the_axis_has_the_dates_of_a_run_with_an_epoch(stop):
    late = moment(attrs.evolve(stop, epoch="2025-02-28T23:58:40+05:30"))
    axes = late.axes[-1]
    ticks = [label.get_text() for label in axes.get_xticklabels()]
    assert (ticks, list(axes.get_xticks())) == (
        ["50\nFri 2025-02-28 23:59:30", "60\n23:59:40", "70\n23:59:50", "80\nSat 2025-03-01 00:00:00", "90\n00:00:10"],
        [50, 60, 70, 80, 90],
    )
    assert axes.get_xlabel() == "simulated time (s) and date (+05:30)"
    assert said(late)[1].startswith("Now: 60 s, Fri 2025-02-28 23:59:40 +05:30.")
    without = moment(attrs.evolve(stop, epoch="")).axes[-1]
    assert without.get_xlabel() == "simulated time (s)"
    assert not any("\n" in label.get_text() for label in without.get_xticklabels())


@pytest.mark.parametrize("end_s", [95, 86400 * 3, 86400 * 40])
def test_no_date_lies_on_another_or_stands_out_of_the_picture(stop, end_s):
    figure = moment(attrs.evolve(stop, begin_s=0, end_s=end_s, epoch="2024-12-28T00:00:00Z"))
    FigureCanvasAgg(figure).draw()
    boxes = [label.get_window_extent() for label in figure.axes[-1].get_xticklabels()]
    assert len(boxes) >= 3 and all(one.x0 >= 0 and one.x1 <= figure.bbox.x1 for one in boxes)
    assert not any(one.overlaps(two) for one, two in pairwise(boxes))
    [legend] = figure.legends
    assert not figure.axes[-1].xaxis.label.get_window_extent().overlaps(legend.get_window_extent())


def test_every_stop_and_release_has_a_line_and_so_has_the_moment(stop):
    lanes = moment(stop, 75).axes[0]
    lines = {line.get_xdata()[0]: to_hex(line.get_color()) for line in lanes.lines}
    stops, releases, ink = (PALETTE[name].light.lower() for name in ("end-text", "done-text", "ink"))
    assert lines[60] == stops and lines[85] == releases and lines[75] == ink
    assert {"now", "stop", "release"} <= set(words(lanes))
    labels = [
        text for text in lanes.texts if text.get_text() in ("now", "stop", "release", "stop of b", "release of b")
    ]
    assert {text.get_text(): text.xy[0] for text in labels}["stop of b"] == 70


def test_no_label_of_a_line_lies_on_another():
    jobs = [job(f"job-{number}", 1, 1, number, 55 + number) for number in range(12)]
    found = scene(ran(attrs.evolve(TWO, capacity={M5: 12}, tuning_jobs=tuple(jobs))))
    figure = moment(found, 60)
    FigureCanvasAgg(figure).draw()
    labels = [text for text in figure.axes[0].texts if text.get_text().startswith(("now", "stop", "release"))]
    boxes = [text.get_window_extent() for text in labels]
    assert len(boxes) >= 4
    for place, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[place + 1 :])
    assert f"{len(found.markers) + 1 - len(labels)} other stops and releases" in said(figure)[2]


def test_what_comes_after_the_moment_is_under_a_veil(stop):
    for axes in moment(stop, 75).axes:
        [veil] = [patch for patch in axes.patches if patch.get_alpha()]
        assert (veil.get_x(), veil.get_x() + veil.get_width()) == (75, 95)


def test_light_and_dark_and_words_in_bars_can_be_read(stop):
    for dark, scheme in ((False, "light"), (True, "dark")):
        figure = moment(stop, dark=dark)
        assert to_hex(figure.get_facecolor()) == getattr(PALETTE["paper"], scheme).lower()
        for text in figure.axes[0].texts:
            if text.get_text() in PHASES:
                back = getattr(PALETTE[PHASES[text.get_text()]], scheme)
                assert contrast(to_hex(text.get_color()), back) >= 4.5, (text.get_text(), scheme)


def test_words_can_be_read_on_the_bar_of_every_phase(stop):
    for phase in set(PHASES) - {"InProgress", "InProgress:closing", "InProgress:failing"}:
        lane = attrs.evolve(stop.lanes[1], rows=(stop.lanes[1].rows[0]._replace(phase=phase, end_s=95),), status="")
        for dark, scheme in ((False, "light"), (True, "dark")):
            [text] = [
                one
                for one in moment(attrs.evolve(stop, lanes=(lane,)), dark=dark).axes[0].texts
                if one.get_text() == phase
            ]
            assert contrast(to_hex(text.get_color()), getattr(PALETTE[PHASES[phase]], scheme)) >= 4.5, (phase, scheme)


def test_all_words_are_within_the_picture(stop):
    figure = moment(stop)
    figure.set_dpi(100)
    FigureCanvasAgg(figure).draw()
    for text in [*figure.texts, *figure.legends[0].get_texts(), *figure.axes[0].get_yticklabels()]:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= 1280 and box.y1 <= 720, text.get_text()


def test_a_key_stands_for_every_phase_and_for_the_quota(stop):
    keys = [text.get_text() for text in moment(stop).legends[0].get_texts()]
    assert keys[-3:] == ["occupied", "reserved, not occupied", "quota"]
    phases = {row.phase for lane in stop.lanes for row in lane.rows}
    assert {name for key in keys[:-3] for name in key.split(", ")} == phases


@pytest.mark.long
def test_a_notebook_shows_it(stop):
    assert moment(stop)._repr_png_().startswith(b"\x89PNG")


def test_a_long_scene_has_minutes_and_a_name_with_a_dollar_is_a_name():
    jobs = (attrs.evolve(TWO.tuning_jobs[0], stop_at_s=None),)
    found = scene(ran(attrs.evolve(TWO, tuning_jobs=jobs)), begin_s=0, end_s=600)
    assert moment(found).axes[-1].get_xlabel() == "simulated time (min) and date (UTC)"
    assert said(moment(attrs.evolve(found, title="5 $ a $ b")))[2] == r"5 \$ a \$ b"
