"""A counterexample that is looked at: the film that plays it, and the part of a page that a notebook shows."""

from __future__ import annotations

from html import escape
from pathlib import Path

from hptsim import html
from hptsim.errors import InvalidInput, LawBroken
from hptsim.explorer.exploration import Counterexample
from hptsim.explorer.inevitable import Inevitable
from hptsim.explorer.story import Step
from hptsim.views.chapters import INEVITABLE, Chapter
from hptsim.views.palette import css
from hptsim.views.player import to_html
from hptsim.views.recording import Played
from hptsim.views.sequence_diagram import sequence_svg

_SEARCHED = 5_000
"""A notebook waits for the search of so many states at most."""
_STYLE = """
.hptsim-story { background: var(--paper); color: var(--ink); padding: .5rem 1rem; font: 14px/1.5 system-ui, sans-serif; }
.hptsim-story .broken { color: var(--end-text); font-weight: bold; }
.hptsim-story .wide { overflow-x: auto; }
.hptsim-story code, .hptsim-story pre { font-size: 12px; color: var(--ink); background: none; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.hptsim-story li > div { color: var(--muted); overflow-wrap: anywhere; }
.hptsim-story summary { cursor: pointer; margin-top: .5rem; }
"""


def film(counterexample: Counterexample, path: str | Path | None = None) -> str:
    """A page that plays the steps of *counterexample*, evenly spaced, since the explorer has no clock; the broken law ends it.

    A chapter marks the step after which no run ends well, where a search of 5,000 states finds it. The page is written to *path*
    if there is one. Raises InvalidInput where its calls cannot be repeated.
    """
    scope, steps = counterexample.known_scope, counterexample.steps
    rests_on = next((law.rests_on for law in scope.laws if law.name == counterexample.law), "")
    broken = LawBroken(counterexample.law, counterexample.reason, rests_on)
    records = [record for step in steps for record in step.records]
    title = f"{scope.scenario.name}, a counterexample"
    marked = _marked(counterexample.inevitable(_SEARCHED))
    played = Played(records, title, scope.scenario.account, scope.laws, steps=steps, marked=marked)
    return to_html(played, path, broken=broken)


def _marked(when: Inevitable) -> list[Chapter]:
    """The chapters of the steps after which no run ends well: whatever happens, and by what has to happen alone."""
    may, must = when.may.hopeless_from, when.must.hopeless_from
    found = []
    if may is not None:
        words = "It is inevitable from here on: whatever happens, each run breaks a law, or never comes to rest"
        found.append(Chapter(float(may), INEVITABLE, "", words))
    if must is not None and must != may:
        words = "From here on it does not end well by itself: only commands or faults still help"
        found.append(Chapter(float(must), INEVITABLE, "", words))
    return found


def part(counterexample: Counterexample, lead: str = "") -> str:
    """What a notebook shows: what broke, when it became inevitable, the diagram, and each step with what has changed.

    *lead* is a sentence before it.
    """
    head = f"<style>{css().replace(':root', '.hptsim-story')}{_STYLE}</style>"
    said = f"<p>{escape(lead)}</p>" if lead else ""
    broken = f'{said}<p class="broken">{escape(counterexample.broken)}</p>'
    try:
        steps, when = counterexample.steps, counterexample.inevitable(_SEARCHED).sentence()
    except InvalidInput as error:
        again = f"{html.lines(counterexample)}<p>No more can be told: {escape(str(error))}</p>"
        return f'{head}<div class="hptsim-story">{broken}{again}</div>'
    shown = "".join(map(_step, steps))
    return (
        f'{head}<div class="hptsim-story">{broken}<div class="wide">{sequence_svg(steps, counterexample.broken)}</div>'
        f"{html.lines(when)}<details><summary>Step by step</summary><ol>{shown}</ol></details>"
        f"<details><summary>As calls to paste</summary>{html.lines(counterexample)}</details></div>"
    )


def _step(step: Step) -> str:
    changes = "".join(f"<div>{escape(str(one))}</div>" for one in (*step.refusals, *step.changes))
    again = " (again and again)" if step.repeated else ""
    return f"<li>{escape(step.words)}{again}<br><code>{escape(step.call)}</code>{changes}</li>"
