"""The player: one HTML file that plays a journal over simulated time, without a network.

What is played comes from `hptsim.views.recording`; how it looks is in player.html, player.css and the scripts that `_SCRIPTS`
names. Names and texts travel as JSON data and reach the page as text, so that nothing in a journal can act in the reader's
browser. It needs no template engine: the film works without any extra.
"""

from __future__ import annotations

import html
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

from hptsim.errors import LawBroken
from hptsim.views.recording import Source, recording
from hptsim.views.style import style_sheet

_MARK = re.compile("@(TITLE|STYLE|SCRIPT|DATA)@")
_SCRIPTS = ("time", "view", "lanes", "charts", "words", "play")
"""The parts of the page's script, in order: each uses those before it."""


def to_html(source: Source, path: str | Path | None = None, *, broken: LawBroken | None = None) -> str:
    """A journal as one self-contained HTML page that plays it, written to *path* if there is one.

    *source* is a simulation, a journal that was read from a file, the steps of a counterexample, or bare records; of those the
    laws are not checked, since records do not say which account they are about. With *broken*, the error that a run raised,
    the recording ends at the last entry and shows the error; without it, at the first entry at which a law is found broken.

    >>> from hptsim import Simulation, TuningJobSpec
    >>> sim = Simulation(); job = sim.create_tuning_job(TuningJobSpec("demo")); sim.run()
    >>> page = to_html(sim)
    >>> page.startswith("<!DOCTYPE html>"), "demo" in page, "https://" in page
    (True, True, False)
    """
    data = recording(source, broken)
    parts = {
        "TITLE": html.escape(data["title"]),
        "STYLE": f"{style_sheet()}\n{_read('player.css')}",
        "SCRIPT": "\n".join(_read(f"player_{part}.js") for part in _SCRIPTS),
        "DATA": escaped(data),
    }
    page = _MARK.sub(lambda found: parts[found[1]], _read("player.html"))
    if path is not None:
        Path(path).write_text(page, encoding="utf-8")
    return page


def _read(name: str) -> str:
    return (resources.files("hptsim.views") / name).read_text(encoding="utf-8")


def escaped(data: Any) -> str:
    """*data* as JSON that can stand inside a script element: nothing in it closes the element or opens a comment.

    >>> escaped("</script><!--")
    '"\\\\u003c/script\\\\u003e\\\\u003c!--"'
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
