"""A scene in files: a moment as SVG or PNG, and a short film of it as GIF (extra `plots`; no browser is needed)."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from hptsim.optional import require
from hptsim.views.chapters import RELEASE, STOP
from hptsim.views.drawings import element
from hptsim.views.palette import css
from hptsim.views.scene_drawing import moment
from hptsim.views.scenes import Scene

FRAMES = 40
"""A film has at most so many frames."""
_GLANCE_MS, _LOOK_MS, _END_MS = 700, 2500, 3500
"""How long a frame is shown: an ordinary one, one of a stop or a release, and the last one."""
_DOTS = 75
"""To the inch, in a film: 960 by 540 pixels."""
_COLORS = 64


def write_svg(scene: Scene, path: str | Path, now_s: float | None = None) -> None:
    """A moment of a scene as SVG, whose words are words and whose colors follow the reader's light or dark scheme.

    *now_s* is the moment, in seconds; without one it is that of the scene's chapter.
    """
    Path(path).write_text(svg(scene, now_s), encoding="utf-8")


def svg(scene: Scene, now_s: float | None = None) -> str:
    """The text of `write_svg`.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> from hptsim.views import scene
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> "demo has ended" in svg(scene(sim), sim.now)
    True
    """
    now_s = scene.opens_s if now_s is None else now_s
    words = scene.title if scene.chapter is None else scene.chapter.words
    drawn = element(moment(scene, now_s), words, "film")
    said = f"Now: {scene.instant(now_s)}. {scene.said(now_s)}"
    head = f"<title>{escape(words)}</title><desc>{escape(said)}</desc><style>{css().replace(':root', '.film')}</style>"
    paper = '<rect width="100%" height="100%" style="fill: var(--paper)"/>'
    opening, rest = drawn.split(">", 1)
    return f'{opening} class="film" width="1280" height="720">{head}{paper}{rest}'


def write_png(scene: Scene, path: str | Path, now_s: float | None = None, *, dark: bool = False) -> None:
    """A moment of a scene as PNG, 1,280 by 720 pixels."""
    moment(scene, now_s, dark=dark).savefig(path, format="png", dpi=100)


def write_gif(scene: Scene, path: str | Path, *, dark: bool = False) -> list[tuple[float, int]]:
    """The scene as a GIF of 960 by 540 pixels, from its begin to its end; it lingers at stops and releases.

    Returns the frames: which second each shows, and for how many milliseconds. Of more than 40 instants some are left out,
    but no stop and no release of the scene's job.
    """
    canvas = require("matplotlib.backends.backend_agg", "plots", "drawing").FigureCanvasAgg
    image = require("PIL.Image", "plots", "a GIF")
    frames = film_frames(scene)
    pictures = []
    for now_s, _ in frames:
        picture = moment(scene, now_s, dark=dark)
        picture.set_dpi(_DOTS)
        drawn = canvas(picture)
        drawn.draw()
        pixels: Any = image.frombuffer("RGBA", drawn.get_width_height(), drawn.buffer_rgba()).convert("RGB")
        pictures.append(pixels.quantize(_COLORS, dither=image.Dither.NONE))
    shown = [long_ms for _, long_ms in frames]
    pictures[0].save(path, format="GIF", save_all=True, append_images=pictures[1:], duration=shown, loop=0)
    return frames


def film_frames(scene: Scene) -> list[tuple[float, int]]:
    """The seconds that a film shows, in order, and for how many milliseconds each."""
    marked = {one.time_s for one in scene.markers if one.job == scene.job and one.kind in (STOP, RELEASE)}
    inside = [time_s for time_s, _ in scene.events if scene.begin_s < time_s < scene.end_s and time_s not in marked]
    thinned = inside[:: 1 + len(inside) // max(1, FRAMES - 2 - len(marked))]
    times = sorted({scene.begin_s, scene.end_s, *marked, *thinned})
    lasting_ms = {time_s: _LOOK_MS if time_s in marked else _GLANCE_MS for time_s in times}
    return list((lasting_ms | {times[0]: _LOOK_MS, times[-1]: _END_MS}).items())
