"""Where the labels of stops and releases stand above a scene: in levels, so that none lies on another."""

from __future__ import annotations

import attrs

from hptsim.views.scenes import Scene

NOW = "now"
_LEVELS = 2
_LONGEST = 24
"""So many letters of a name have room."""


@attrs.frozen
class Label:
    """What a line at *time_s* is: "now", or the kind of a chapter; its *words* stand in *level* 0, or above that."""

    time_s: float
    kind: str
    words: str
    level: int


def placed(scene: Scene, now_s: float, letters: float) -> tuple[list[Label], int]:
    """The labels that have room where *letters* letters are as wide as the scene, and how many have none.

    The moment and the scene's own job come first.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> from hptsim.views import scene
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> [(one.words, one.level) for one in placed(scene(sim), sim.now, 100)[0]]
    [('now', 0), ('release', 1)]
    """
    own = [one for one in scene.markers if one.job == scene.job]
    others = [one for one in scene.markers if one.job != scene.job]
    wanted = [(now_s, NOW, NOW)]
    wanted += [(one.time_s, one.kind, one.kind) for one in own]
    wanted += [(one.time_s, one.kind, f"{one.kind} of {shortened(one.job)}") for one in others]
    taken: list[list[tuple[float, float]]] = [[] for _ in range(_LEVELS)]
    found: list[Label] = []
    for time_s, kind, words in wanted:
        middle = (time_s - scene.begin_s) / (scene.end_s - scene.begin_s) * letters
        left, right = middle - len(words) / 2, middle + len(words) / 2
        free = (level for level, there in enumerate(taken) if all(right < one or two < left for one, two in there))
        if (level := next(free, None)) is not None:
            taken[level].append((left, right))
            found.append(Label(time_s, kind, words, level))
    return found, len(wanted) - len(found)


def shortened(name: str) -> str:
    """A long name without its middle.

    >>> shortened("a-tuning-job-with-quite-a-long-name")
    'a-tuning-job…a-long-name'
    """
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}…{name[-_LONGEST // 2 + 1 :]}"
