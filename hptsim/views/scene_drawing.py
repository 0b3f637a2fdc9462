"""The ink of a scene: a moment of it as a figure of matplotlib (extra `plots`), in the shape of a slide, light or dark.

What comes after the moment is there already, but pale. Phases have the colors that they have in the film.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from functools import partial
from io import BytesIO
from typing import Any

import attrs

from hptsim.optional import require
from hptsim.views.chapters import RELEASE, STOP, lasting
from hptsim.views.chart_data import GanttRow
from hptsim.views.charts import lane_label, plain, unmarked
from hptsim.views.dates import Dates, write_dates
from hptsim.views.marks import MARKS
from hptsim.views.palette import PALETTE, PHASES, WARM_POOLS, contrast
from hptsim.views.scene_labels import NOW, placed, shortened
from hptsim.views.scenes import Band, Lane, Scene
from hptsim.views.time_axis import Clock

WIDE, TALL = 12.8, 7.2
"""Inches: 1,280 by 720 pixels, at 100 to the inch."""
_SMALL, _BODY, _HEAD = 11, 13, 16
"""Points of letters: of ticks, keys and bars, of axes, and of the chapter's sentence."""
_LETTER = 0.008
"""How wide a letter of the small size is at most on average, as a part of the picture's width."""
_PANEL = 0.775
"""How wide a panel is, as a part of the picture's width."""
_LINES = {NOW: ("ink", "-"), STOP: ("end-text", "-"), RELEASE: ("done-text", ":")}
"""The color and the dashes of a line."""


def moment(scene: Scene, now_s: float | None = None, *, dark: bool = False) -> Any:
    """The moment *now_s* of a scene, that of its chapter if none is given, as a figure to show or to save.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> from hptsim.views import scene
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> moment(scene(sim)).axes[-1].get_xlabel()
    'simulated time (s) and date (UTC)'
    """
    return _Drawing(scene, scene.opens_s if now_s is None else now_s, "dark" if dark else "light").figure()


@attrs.frozen
class _Drawing:
    scene: Scene
    now_s: float
    scheme: str

    def color(self, name: str) -> str:
        """A color of the palette."""
        return str(getattr(PALETTE[name], self.scheme))

    def figure(self) -> Any:
        """All of it."""
        scene = self.scene
        picture = require("matplotlib.figure", "plots", "drawing").Figure((WIDE, TALL), facecolor=self.color("paper"))
        picture._repr_png_ = partial(_png, picture)  # without pyplot, a notebook would show its name only
        heights = [max(2.0, 0.62 * len(scene.lanes)), *([2.3 if len(scene.bands) > 1 else 2.8] * len(scene.bands))]
        places = {
            "left": 0.19,
            "right": 0.19 + _PANEL,
            "top": 0.78,
            "bottom": 0.225 if scene.epoch else 0.195,
            "hspace": 0.32,
        }
        panels = picture.subplots(
            1 + len(scene.bands), 1, sharex=True, squeeze=False, height_ratios=heights, gridspec_kw=places
        )
        lanes, *bands = panels[:, 0]
        clock = Clock.of(scene.end_s - scene.begin_s)
        for axes in panels[:, 0]:
            self._plain(axes)
            axes.set_xlim(*clock.times([scene.begin_s, scene.end_s]))
        self._lanes(lanes, clock)
        for axes, band in zip(bands, scene.bands, strict=True):
            self._band(axes, band, clock)
        hidden = self._markers(panels[:, 0], clock)
        self._now(panels[:, 0], clock)
        dates, label = Dates(scene.epoch), clock.label
        if scene.epoch:
            write_dates(panels[-1, 0], clock, dates, scene.begin_s, scene.end_s, _PANEL / _LETTER)
            label += f" and date ({dates.zone})"
        panels[-1, 0].set_xlabel(label, fontsize=_BODY, color=self.color("ink"))
        self._words(picture, hidden)
        self._keys(picture)
        return picture

    def _plain(self, axes: Any) -> None:
        axes.set_facecolor(self.color("paper"))
        axes.tick_params(labelsize=_SMALL, color=self.color("ink"), labelcolor=self.color("ink"))
        for place, spine in axes.spines.items():
            spine.set(edgecolor=self.color("ink"), visible=place in ("left", "bottom"))
        plain(axes.xaxis)

    def _lanes(self, axes: Any, clock: Clock) -> None:
        """A lane for each job, its phases in color and in words where they have room, and how it ended."""
        for number, lane in enumerate(self.scene.lanes):
            for row in lane.rows:
                [begin, end] = clock.times([row.begin_s, row.end_s])
                color, tall = self.color(PHASES[row.phase]), 0.72 if lane.training_job else 0.4
                axes.barh(number, end - begin, tall, begin, color=color)
                self._phase(axes, number, lane, row, clock)
            self._pool(axes, number, lane, clock)
            self._end(axes, number, lane, clock)
        names = [shortened(_label(lane)) for lane in self.scene.lanes]
        axes.set_yticks(range(len(names)), [unmarked(name) for name in names])
        for label, lane in zip(axes.get_yticklabels(), self.scene.lanes, strict=True):
            label.set_fontweight("bold" if not lane.training_job else "normal")
        axes.set_ylim(max(1, len(names)) - 0.4, -0.6)

    def _pool(self, axes: Any, number: int, lane: Lane, clock: Clock) -> None:
        """What a warm pool holds: occupied and reserved have the colors that they have in the panels below, and say why."""
        for row in lane.pool:
            [begin, end] = clock.times([row.begin_s, row.end_s])
            occupied = WARM_POOLS[row.status] == "work"
            axes.barh(number, end - begin, 0.72, begin, **(self._occupied() if occupied else self._idle()))
            room = (
                (row.end_s - row.begin_s) / (self.scene.end_s - self.scene.begin_s) * _PANEL * (1 if occupied else 0.7)
            )
            words = next((one for one in (f"{row.instances} {row.why}", row.why) if len(one) * _LETTER < room), "")
            look: dict[str, Any] = {"va": "center", "fontsize": _SMALL}
            look["color"] = self._on("work") if occupied else self.color("ink")
            if words and not occupied:
                look["bbox"] = {"facecolor": self.color("paper"), "edgecolor": "none", "pad": 1.5}
            axes.text(begin, number, unmarked(f"  {words}" if words else ""), **look)

    def _occupied(self) -> dict[str, Any]:
        return {"color": self.color("work"), "linewidth": 0}

    def _idle(self) -> dict[str, Any]:
        """The look of what is reserved and not occupied."""
        return {"facecolor": self.color("paper"), "edgecolor": self.color("idle"), "hatch": "///", "linewidth": 0}

    def _phase(self, axes: Any, number: int, lane: Lane, row: GanttRow, clock: Clock) -> None:
        """A phase's name in its bar."""
        share = (row.end_s - row.begin_s) / (self.scene.end_s - self.scene.begin_s) * _PANEL
        if lane.training_job and share > len(row.phase) * _LETTER:
            [middle] = clock.times([(row.begin_s + row.end_s) / 2])
            axes.text(
                middle, number, row.phase, ha="center", va="center", fontsize=_SMALL, color=self._on(PHASES[row.phase])
            )

    def _on(self, name: str) -> str:
        """Letters on a color of the palette: those that have more contrast in either scheme, for an SVG has to suit both."""
        best = {
            scheme: max(("ink", "paper"), key=lambda one: _contrast(one, name, scheme)) for scheme in ("light", "dark")
        }
        if best == {"light": "ink", "dark": "paper"}:
            return "black"  # dark letters in both, which the palette, whose ink is light in the dark, does not have
        return self.color(best["light"])

    def _end(self, axes: Any, number: int, lane: Lane, clock: Clock) -> None:
        """The status with which a job ends, with its sign, behind its bar; its sign alone where there is no more room."""
        if lane.end_s is None or not (lane.pool or lane.status in MARKS):
            return
        words = f" {lane.status}" if lane.pool else f" {MARKS[lane.status].sign} {lane.status}"
        room = (self.scene.end_s - lane.end_s) / (self.scene.end_s - self.scene.begin_s) * _PANEL
        words = words if room > len(words) * _LETTER else "" if lane.pool else words[:2]
        [end] = clock.times([lane.end_s])
        box = {"facecolor": self.color("paper"), "edgecolor": "none", "pad": 0.5}
        look: dict[str, Any] = {"ha": "left", "va": "center", "fontsize": _SMALL, "color": self.color("ink")}
        look |= {"zorder": 6, "bbox": box} if lane.end_s <= self.now_s else {}
        axes.text(end, number, unmarked(words), **look)

    def _band(self, axes: Any, band: Band, clock: Clock) -> None:
        """Reserved and occupied instances, as `views.bands` draws them, and how long they stay reserved after a stop."""
        rows = band.rows
        times = clock.times([*(row.time_s for row in rows), self.scene.end_s])
        reserved, occupied = (
            [*values, values[-1]] for values in zip(*((row.reserved, row.occupied) for row in rows), strict=True)
        )
        axes.fill_between(times, occupied, reserved, step="post", **self._idle())
        axes.fill_between(times, occupied, step="post", **self._occupied())
        axes.step(times, reserved, where="post", color=self.color("idle"), linewidth=3)
        limit = rows[0].limit
        if limit is not None:
            axes.axhline(limit, color=self.color("ink"), linestyle="--", linewidth=1.5)
        axes.set_ylim(0, 1.55 * max(1, limit or 0, *reserved))
        axes.yaxis.get_major_locator().set_params(integer=True)
        who = f"of {band.job}" if band.job else "of the whole account"
        axes.set_title(unmarked(f"{band.pool} {who}"), loc="left", fontsize=_SMALL, color=self.color("ink"), pad=4)
        if band is self.scene.bands[0]:
            self._gap(axes, clock)

    def _gap(self, axes: Any, clock: Clock) -> None:
        """How long after the stop the job has ended, as a span."""
        chapter = self.scene.chapter
        if chapter is None or chapter.kind != STOP or chapter.until_s is None or chapter.until_s == chapter.time_s:
            return
        begin, end = clock.times([chapter.time_s, min(chapter.until_s, self.scene.end_s)])
        top = 0.84 * axes.get_ylim()[1]
        arrow = {"arrowstyle": "<->", "color": self.color("end-text"), "linewidth": 1.5}
        axes.annotate("", (begin, top), (end, top), arrowprops=arrow, zorder=6)
        words = f" {lasting(chapter.until_s - chapter.time_s)} from the stop to its end "
        box = {"facecolor": self.color("paper"), "edgecolor": "none", "pad": 1}
        look = {"fontsize": _SMALL, "color": self.color("end-text"), "bbox": box}
        axes.text((begin + end) / 2, top, words, ha="center", va="center", zorder=7, **look)

    def _markers(self, panels: Any, clock: Clock) -> int:
        """A line and a label at each stop and release, and at the moment that is shown; returns how many have no room."""
        found, hidden = placed(self.scene, self.now_s, _PANEL / _LETTER)
        for label in found:
            color, dashes = _LINES[label.kind]
            self._line(panels, clock.times([label.time_s])[0], label.level, label.words, self.color(color), dashes)
        return hidden

    def _line(self, panels: Any, x: float, level: int, words: str, color: str, dashes: str) -> None:
        for axes in panels:
            axes.axvline(x, color=color, linestyle=dashes, linewidth=2, zorder=5)
        place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "xytext": (0, 6 + 14 * level)}
        look = {"fontsize": _SMALL, "color": color, "ha": "center", "annotation_clip": False}
        panels[0].annotate(unmarked(words), (x, 1.0), **place, **look)

    def _now(self, panels: Any, clock: Clock) -> None:
        """A veil on what comes after the moment."""
        now, end = clock.times([self.now_s, self.scene.end_s])
        for axes in panels:
            axes.axvspan(now, max(now, end), color=self.color("paper"), alpha=0.62, linewidth=0, zorder=4)

    def _words(self, picture: Any, hidden: int) -> None:
        """The chapter's sentence, what happened last, and what has no room."""
        scene = self.scene
        story = scene.title if scene.chapter is None else scene.chapter.words
        look: Mapping[str, Any] = {"ha": "left", "va": "top"}
        picture.text(
            0.02, 0.975, _wrapped(story, 114), fontsize=_HEAD, color=self.color("ink"), linespacing=1.3, **look
        )
        said = scene.said(self.now_s)
        now = f"Now: {scene.instant(self.now_s)}." + (f"  Last, at {said}" if said else "")
        picture.text(
            0.02, 0.885, _wrapped(now, 116), fontsize=_BODY, color=self.color("muted"), linespacing=1.3, **look
        )
        left_out = [*scene.left_out, *([f"{hidden} other stops and releases"] if hidden else [])]
        note = scene.title + (f"; not shown: {', '.join(left_out)}" if left_out else "")
        picture.text(0.02, 0.035, unmarked(textwrap.shorten(note, 150, placeholder=" …")), fontsize=_SMALL,
                     color=self.color("muted"), **look)  # fmt: skip

    def _keys(self, picture: Any) -> None:
        """What the colors stand for: phases that share one share a key."""
        patch = require("matplotlib.patches", "plots", "drawing").Patch
        line = require("matplotlib.lines", "plots", "drawing").Line2D
        phases: dict[str, list[str]] = {}
        for lane in self.scene.lanes:
            for row in lane.rows:
                names = phases.setdefault(PHASES[row.phase], [])
                names += [] if row.phase in names else [row.phase]
        handles = [patch(color=self.color(color), label=", ".join(names)) for color, names in phases.items()]
        handles += [
            patch(color=self.color("work"), label="occupied"),
            patch(
                facecolor=self.color("paper"), edgecolor=self.color("idle"), hatch="///", label="reserved, not occupied"
            ),
            line([], [], color=self.color("ink"), linestyle="--", label="quota"),
        ]
        look = {
            "loc": "lower left",
            "bbox_to_anchor": (0.01, 0.03),
            "ncols": 6,
            "frameon": False,
            "columnspacing": 1.2,
        }
        picture.legend(handles=handles, fontsize=_SMALL - 1, labelcolor=self.color("ink"), **look)


def _label(lane: Lane) -> str:
    return f"warm pool of {lane.training_job}" if lane.pool else lane_label(lane.tuning_job, lane.training_job)


def _contrast(one: str, other: str, scheme: str) -> float:
    return contrast(getattr(PALETTE[one], scheme), getattr(PALETTE[other], scheme))


def _wrapped(words: str, letters: int) -> str:
    """*words* in two lines at most; three dots say that there would be more."""
    return unmarked("\n".join(textwrap.wrap(words, letters, max_lines=2, placeholder=" …", break_on_hyphens=False)))


def _png(picture: Any) -> bytes:
    """What a notebook shows."""
    stream = BytesIO()
    picture.savefig(stream, format="png")
    return stream.getvalue()
