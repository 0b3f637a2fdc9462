"""`hptsim plan`: an experiment from the command line, told in tables, in a sentence, and on a page with pictures."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from io import StringIO
from json import dumps
from pathlib import Path
from typing import Any

import attrs

from hptsim import planning, views
from hptsim.errors import invalid
from hptsim.extras import require
from hptsim.results import Results, Target, check_confidence, digits, html_table, percent, spelled
from hptsim.rows import interval_rows, share_rows
from hptsim.scenario import Scenario
from hptsim.simulation import Simulation

SHOWN = ("waiting_time_s.mean", "waiting_time_s.p95", "cost_usd")
"""The figures of a sweep that are shown when nobody asks for others; after them, the utilization of each instance type."""


def plan(
    file: Path,
    *,
    over: list[str] | None = None,
    replications: int = 20,
    target: str | None = None,
    what: str | None = None,
    figure: list[str] | None = None,
    until: float | None = None,
    warm_up: float = 0.0,
    seed: int = 0,
    confidence: float = 0.95,
    checkpoint: Path | None = None,
    html: Path | None = None,
    parquet: Path | None = None,
    json: bool = False,
) -> int:
    """Replicate a scenario and answer with confidence intervals: as it is, over a grid, or the smallest quota that will do.

    Parameters
    ----------
    file
        the scenario (TOML or JSON)
    over
        what to vary, PATH=VALUES, such as capacity.ml.m5.xlarge=2,4,8 or =1:10; repeat it for a grid
    replications
        how many runs of each design
    target
        what a figure is wanted to be, such as "waiting_time_s.p95 <= 600"
    what
        search the smallest whole number of this path that meets the target, such as capacity.ml.m5.xlarge
    figure
        a figure to show; repeat it for more
    until
        end each replication at this many seconds
    warm_up
        tuning jobs that were created before this many seconds do not count
    seed
        the seed of all random streams
    confidence
        of every interval, one by one
    checkpoint
        a file that keeps finished replications; after Ctrl-C the same command does only what is missing
    html
        write a page with tables and pictures to this file
    parquet
        write every replication's figures to this file
    json
        print machine-readable results instead of tables
    """
    check_confidence(confidence)
    check_outputs(html, parquet)
    scenario = Scenario.load(file)
    wanted = None if target is None else Target.parse(target)
    above_s = planning.thresholds([*(figure or ()), *([] if wanted is None else [wanted.column])])
    settings: planning.Settings = {"until_s": until, "warm_up_s": warm_up, "above_s": above_s, "checkpoint": checkpoint}
    try:
        if what is None:
            grid = dict(map(parsed, over or []))
            answer = Answer(planning.sweep(scenario, grid, replications, seed, **settings), confidence, wanted)
        elif wanted is None or over:
            given = "--over" if over else "no --target"
            raise invalid("--what", given, "--target and no --over: it looks for the values to try by itself")
        else:
            search: Any = {"replications": replications, "seed": seed, "confidence": confidence, **settings}
            found = planning.smallest(scenario, what, str(wanted), **search)
            answer = Answer(found.results, confidence, wanted, found)
    except KeyboardInterrupt:
        kept = "nothing is kept without --checkpoint" if checkpoint is None else f"what has ended is in {checkpoint}"
        print(f"interrupted; {kept}", file=sys.stderr)
        raise
    figures = _chosen(answer.results, figure, wanted)
    if parquet is not None:
        answer.results.to_parquet(parquet)
    if html is not None:
        html.write_text(page(scenario, answer, figures, seed, until), encoding="utf-8")
    if json:
        print(dumps(answer.plain(scenario.name, seed), indent=2))
    else:
        _print(answer, scenario.name, figures)
    return 0


def check_outputs(html: Path | None, parquet: Path | None) -> None:
    """Refuse what could not be written, before anybody has computed for hours."""
    for name, path in (("--html", html), ("--parquet", parquet)):
        if path is not None and not path.parent.is_dir():
            raise invalid(name, str(path), "a file in a folder that exists")
    if html is not None:
        require("matplotlib", "plots", "--html")
    if parquet is not None:
        require("pyarrow", "planning", "--parquet")


def parsed(text: str) -> tuple[str, list[Any]]:
    """What `--over` says: a path and its values, or a range of whole numbers with both ends.

    >>> parsed("capacity.ml.m5.xlarge=2,4"), parsed("capacity.gpu=1:7:3")
    (('capacity.ml.m5.xlarge', [2, 4]), ('capacity.gpu', [1, 4, 7]))
    """
    path, _, values = text.partition("=")
    parts = values.split(":")
    if path and len(parts) in (2, 3) and all(part.strip().isdigit() for part in parts):
        first, last, step = (*map(int, parts), 1)[:3]
        if first <= last and step > 0:
            return path, list(range(first, last + 1, step))
    elif path and values and all(part.strip() for part in values.split(",")):
        return path, [_value(part.strip()) for part in values.split(",")]
    raise invalid(
        "--over", text, "PATH=VALUES", "for example capacity.ml.m5.xlarge=2,4,8 or capacity.ml.m5.xlarge=1:10"
    )


def _value(text: str) -> Any:
    """A number if it is one, else the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


@attrs.frozen
class Answer:
    """What was found: all replications, the target if there is one, and the search if there was one."""

    results: Results
    confidence: float
    target: Target | None = None
    search: planning.Smallest | None = None

    def points(self) -> list[tuple[dict[str, Any], Results]]:
        """The designs, those of a search in order."""
        points = list(self.results.points())
        return points if self.search is None else sorted(points, key=lambda point: next(iter(point[0].values())))

    def verdict(self, part: Results) -> str:
        """Whether a design meets the target; nothing without one."""
        return "" if self.target is None else self.target.verdict(part, self.confidence)

    def sentence(self) -> str:
        """The answer in words."""
        if self.search is not None:
            return self.search.sentence()
        if self.target is None:
            return self.results.sentence(confidence=self.confidence)
        words = {"met": "is met", "missed": "is missed", "open": "is neither shown to be met nor to be missed"}
        lines = []
        for set_, part in self.points():
            where = f" with {spelled(set_)}" if set_ else ""
            caveat = part.caveat(self.target.column)
            lines.append(
                f"{self.target} {words[self.verdict(part)]}{where} ({percent(self.confidence)} confidence).{caveat}"
            )
        return "\n".join(lines)

    def plain(self, scenario: str, seed: int) -> dict[str, Any]:
        """The answer for machines; a figure that nobody has shown is null."""
        points = []
        for set_, part in self.points():
            summary = part.summary(confidence=self.confidence).set_index("figure").to_dict("index")
            figures = {name: {key: _number(value) for key, value in row.items()} for name, row in summary.items()}
            points.append(
                {"point": set_, "figures": figures, **({"target": self.verdict(part)} if self.target else {})}
            )
        found = {} if self.search is None else {"what": self.search.what, "smallest": self.search.value}
        head = {"scenario": scenario, "seed": seed, "confidence": self.confidence, **found}
        return {**head, "sentence": self.sentence(), "points": points}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _chosen(results: Results, asked: Iterable[str] | None, target: Target | None) -> list[str]:
    """The figures to show: those that were asked for, or the usual ones that anybody has shown."""
    if asked:
        for name in asked:
            results.values(name)  # says which there are if there is none of that name
        return list(asked)
    usual = [*SHOWN, *(name for name in results.columns if name.startswith("utilization."))]
    if target is not None and target.column not in usual:
        usual.insert(0, target.column)
    return [name for name in usual if name in results.table and len(results.values(name))]


def _print(answer: Answer, name: str, figures: Sequence[str]) -> None:
    console = require("rich.console", "cli", "the command line").Console()
    if not console.is_terminal:
        console.width = 120  # a file has room for the whole table
    table = require("rich.table", "cli", "the command line").Table(box=None)
    for heading, justify in _headings(answer, figures):
        table.add_column(heading.replace(".", "\n.", 1), justify=justify, no_wrap=True)
    for cells in _cells(answer, figures):
        table.add_row(*cells)
    count = len(answer.points()[0][1].table)
    console.print(
        f"{name}: {count} replications, mean ± half of the {percent(answer.confidence)} interval", highlight=False
    )
    console.print(table)
    console.print(answer.sentence(), highlight=False, markup=False, soft_wrap=True)


def _headings(answer: Answer, figures: Sequence[str]) -> Iterator[tuple[str, str]]:
    varied = answer.results.varied
    yield from ((path, "right") for path in varied)
    yield from ((name, "right") for name in (figures if varied else ("figure", "mean")))
    if answer.target is not None:
        yield "target", "left"


def _cells(answer: Answer, figures: Sequence[str]) -> Iterator[list[str]]:
    """A row for each point of a sweep; or, of a single design, one for each figure."""
    for set_, part in answer.points():
        summary = part.summary(confidence=answer.confidence).set_index("figure")
        verdicts = [] if answer.target is None else [answer.verdict(part)]
        if set_:
            yield [*map(str, set_.values()), *(_interval(summary.loc[name]) for name in figures), *verdicts]
            continue
        for name, row in summary[summary["replications"] > 0].iterrows():
            mine = [verdict if answer.target and name == answer.target.column else "" for verdict in verdicts]
            yield [str(name), _interval(row), *mine]


def _interval(row: Any) -> str:
    """A mean and half of its interval, if it has one."""
    if not row["replications"]:
        return "–"
    half = row["high"] - row["mean"]
    return digits(row["mean"]) + ("" if math.isnan(half) else f" ± {digits(half, 2)}")


def page(scenario: Scenario, answer: Answer, figures: Sequence[str], seed: int, until: float | None) -> str:
    """One HTML file that needs nothing else: the sentence, the pictures, the table."""
    summary = answer.results.summary(confidence=answer.confidence)
    shown = summary if not answer.results.varied else summary[summary["figure"].isin(figures)]
    words = (
        f"Means over the replications with Student's {percent(answer.confidence)} confidence intervals, each of which holds by "
        f"itself. Seed {seed}."
    )
    pictures = _pictures(scenario, answer, figures, seed, until)
    return document(scenario.name, answer.sentence(), pictures, words, html_table(shown))


def document(title: str, sentence: str, pictures: Iterable[tuple[str, Any]], words: str, table: str) -> str:
    """One HTML file that needs nothing else: a sentence, *pictures* with their captions, and a *table* after its *words*."""
    ink = (
        f"<figure>{_svg(picture)}<figcaption>{escape(caption)}</figcaption></figure>" for caption, picture in pictures
    )
    return _PAGE.format(
        title=escape(title),
        sentence="<br>".join(map(escape, sentence.splitlines())),
        pictures="\n".join(ink),
        words=escape(words),
        table=table,
    )


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse }} td, th {{ padding: .2rem .8rem; text-align: right; border-top: 1px solid #ccc }}
figure {{ margin: 2rem 0 }} svg {{ max-width: 100%; height: auto }}
</style></head><body>
<h1>{title}</h1>
<p><strong>{sentence}</strong></p>
{pictures}
<h2>Figures</h2>
<p>{words}</p>
{table}
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
            caption = (
                f"{name}: mean over {len(points[0][1].table)} replications, {percent(answer.confidence)} intervals"
            )
            yield caption, views.intervals(rows, varied[0], name)
    best = _best(answer)
    for path, value in best.items():
        scenario = planning.vary(scenario, path, value)
    sim = Simulation(scenario, seed=planning.seeds(seed, 1)[0], laws=False)
    sim.run(scenario.until_s if until is None else until)
    if waits := [row.waiting_s for row in sim.metrics().tuning_jobs if row.waiting_s is not None]:
        where = f" with {spelled(best)}" if best else ""
        yield f"Waiting times in the first replication{where}", views.waiting(share_rows(waits))


def _best(answer: Answer) -> Mapping[str, Any]:
    """The design to look at closely: the one that was found, or the first."""
    if answer.search is not None and answer.search.value is not None:
        return {answer.search.what: answer.search.value}
    return answer.points()[0][0]


def _svg(picture: Any) -> str:
    """A matplotlib figure as an element of a page."""
    ink = StringIO()
    picture.savefig(ink, format="svg", metadata={"Date": None})
    text = ink.getvalue()
    return text[text.index("<svg") :]
