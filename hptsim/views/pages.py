"""The page of an experiment: tables and pictures in one HTML file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from io import StringIO
from typing import Any

from hptsim import planning
from hptsim.planning.answers import Answer
from hptsim.planning.results import html_table, percent, spelled
from hptsim.planning.streamed import Streamed
from hptsim.scenario.scenario import Scenario
from hptsim.views import charts
from hptsim.views.chart_data import interval_rows, share_rows


def page(scenario: Scenario, answer: Answer, figures: Sequence[str], seed: int, until: float | None) -> str:
    """One HTML file that needs nothing else: the sentence, the pictures, the table."""
    summary = answer.results.summary(confidence=answer.confidence)
    shown = summary if not answer.results.varied else summary[summary["figure"].isin(figures)]
    if len(answer.points()[0][1].table) == 1:  # one run of each design has no intervals
        shown = shown.drop(columns=["low", "high", "replications"]).rename(columns={"mean": "value"})
    if answer.search is not None:  # it has tried the values in an order of its own
        shown = shown.sort_values(answer.search.what, kind="stable")
    pictures = _pictures(scenario, answer, figures, seed, until)
    return document(scenario.name, answer.sentence(), pictures, answer.basis(seed), html_table(shown))


def document(title: str, sentence: str, pictures: Iterable[tuple[str, Any]], words: str, table: str) -> str:
    """One HTML file that needs nothing else: a sentence, *pictures* with their captions, and a *table* after its *words*.

    >>> html = document("a < b", "4 instances are enough.", [], "Means.", "<table></table>")
    >>> "<title>a &lt; b</title>" in html, "<strong>4 instances are enough.</strong>" in html
    (True, True)
    """
    drawings = (
        f"<figure>{_svg(picture)}<figcaption>{escape(caption)}</figcaption></figure>" for caption, picture in pictures
    )
    return _PAGE.format(
        title=escape(title),
        sentence="<br>".join(map(escape, sentence.splitlines())),
        pictures="\n".join(drawings),
        words=escape(words),
        table=table,
    )


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse }} td, th {{ padding: .2rem .8rem; text-align: right; border-top: 1px solid #ccc }}
p {{ overflow-wrap: anywhere }} .table {{ overflow-x: auto }}
figure {{ margin: 2rem 0 }} svg {{ max-width: 100%; height: auto }}
</style></head><body>
<h1>{title}</h1>
<p><strong>{sentence}</strong></p>
{pictures}
<h2>Figures</h2>
<p>{words}</p>
<div class="table">{table}</div>
</body></html>
"""


def _pictures(
    scenario: Scenario, answer: Answer, figures: Sequence[str], seed: int, until: float | None
) -> Iterator[tuple[str, Any]]:
    """Captions and pictures: each figure over what was varied first, and how long the tuning jobs of one run wait."""
    points = answer.points()
    varied = answer.results.varied
    if varied and all(isinstance(set_[varied[0]], (int, float)) for set_, _ in points):
        for name in figures:
            summary = answer.results.summary(name, answer.confidence).sort_values(varied[0], kind="stable")
            rows = interval_rows(summary)
            count = len(points[0][1].table)
            caption = f"{name}: mean over {count} replications, {percent(answer.confidence)} intervals"
            caption = caption if count > 1 else f"{name} in one run of each design"
            yield caption, charts.intervals(rows, varied[0], name)
    best = _best(answer)
    for path, value in best.items():
        scenario = planning.vary(scenario, path, value)
    run = Streamed(scenario, planning.seeds(seed, 1)[0])
    run.sim.run(scenario.until_s if until is None else until)
    if waits := [row.waiting_s for row in run.metrics().tuning_jobs if row.waiting_s is not None]:
        where = f" with {spelled(best)}" if best else ""
        which = " in the first replication" if len(points[0][1].table) > 1 else ""
        yield f"Waiting times{which}{where}", charts.waiting(share_rows(waits))


def _best(answer: Answer) -> Mapping[str, Any]:
    """The design to look at closely: the one that was found, or the first."""
    if answer.search is not None and answer.search.value is not None:
        return {answer.search.what: answer.search.value}
    return answer.points()[0][0]


def _svg(picture: Any) -> str:
    """A matplotlib figure as an element of a page."""
    drawing = StringIO()
    picture.savefig(drawing, format="svg", metadata={"Date": None})
    text = drawing.getvalue()
    return text[text.index("<svg") :]
