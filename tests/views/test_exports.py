"""Files of a scene: SVG, PNG and GIF are read back."""

import re
import xml.etree.ElementTree as ElementTree

import attrs
import pytest

from hptsim.views.palette import PALETTE
from hptsim.views.scenes import scene
from views.test_scenes import ran

pytest.importorskip("matplotlib", reason="needs the extra 'plots'")

from PIL import Image

from hptsim.views.exports import FRAMES, film_frames, svg, write_gif, write_png, write_svg

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def stop():
    return scene(ran())


def test_the_svg_has_words_as_words_and_follows_the_scheme_of_who_looks_at_it(stop, tmp_path):
    write_svg(stop, tmp_path / "stop.svg", 75)
    text = (tmp_path / "stop.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.find(f"{SVG}title").text == stop.chapter.words and root.get("role") == "img"
    assert root.find(f"{SVG}desc").text == f"Now: 75 s, Mon 2024-01-01 00:01:15 UTC. {stop.said(75)}"
    shown = ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]
    assert {"001-8e9aab3c", "Training", "stop", "release", "now", "occupied", "simulated time (s) and date (UTC)"} <= {
        one.strip() for one in shown
    }
    style = root.find(f"{SVG}style").text
    assert "prefers-color-scheme: dark" in style and PALETTE["work"].dark in style and ":root" not in style
    body = text.partition("</style>")[2]
    assert "var(--end)" in body and "var(--work)" in body and PALETTE["work"].light.lower() not in body
    assert root.find(f"{SVG}rect").get("style") == "fill: var(--paper)"
    assert (root.get("width"), root.get("height")) == ("1280", "720")


def test_the_bars_of_the_svg_stand_where_the_rows_say(stop):
    """Training and Stopping of the first training job: 15 s and 20 s of the scene, one behind the other."""
    spans = []
    for path in ElementTree.fromstring(svg(stop)).iter(f"{SVG}path"):
        if path.get("style", "").startswith(("fill: var(--work)", "fill: var(--end)")) and path.get("clip-path"):
            xs = [float(x) for x, _ in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path.get("d"))]
            spans.append((min(xs), max(xs)))
    training, stopping = spans[1], spans[2]
    assert training[1] == pytest.approx(stopping[0])
    assert (stopping[1] - stopping[0]) / (training[1] - training[0]) == pytest.approx(20 / 15)


def test_the_png_is_a_slide_light_or_dark(stop, tmp_path):
    for dark, scheme in ((False, "light"), (True, "dark")):
        write_png(stop, tmp_path / "stop.png", dark=dark)
        with Image.open(tmp_path / "stop.png") as picture:
            assert picture.size == (1280, 720)
            paper = getattr(PALETTE["paper"], scheme)
            assert "#{:02X}{:02X}{:02X}".format(*picture.convert("RGB").getpixel((2, 2))) == paper


def test_a_film_has_a_frame_for_each_instant_and_lingers_at_the_stop_and_the_release(stop):
    frames = film_frames(stop)
    assert [time_s for time_s, _ in frames] == [45, 50, 60, 80, 85, 95]
    long_ms = dict(frames)
    assert long_ms[60] == long_ms[85] > 3 * long_ms[50] == 3 * long_ms[80] and long_ms[95] >= long_ms[85]


def test_a_film_of_many_instants_is_thinned_but_for_the_stop_and_the_release(stop):
    events = tuple((45 + number / 20, ("x",)) for number in range(1, 1000))
    many = film_frames(attrs.evolve(stop, events=events))
    assert FRAMES / 2 < len(many) <= FRAMES and {45, 60, 85, 95} <= {time_s for time_s, _ in many}


@pytest.mark.long
def test_the_gif_has_these_frames_for_these_times(stop, tmp_path):
    short = attrs.evolve(stop, events=stop.events[-1:])
    frames = write_gif(short, tmp_path / "stop.gif")
    assert frames == film_frames(short)
    with Image.open(tmp_path / "stop.gif") as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (len(frames), (960, 540), 0)
        shown = []
        for number in range(film.n_frames):
            film.seek(number)
            shown.append(film.info["duration"])
    assert shown == [long_ms for _, long_ms in frames]
    assert (tmp_path / "stop.gif").stat().st_size < 1_000_000
