"""The page of an experiment, put together: what was asked, the answer, and what stands behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from hptsim.planning.answers import Answer
from hptsim.planning.results import spelled
from hptsim.scenario.price_sources import PriceSources
from hptsim.scenario.scenario import Scenario
from hptsim.views.axis_names import GROUPED, table_name
from hptsim.views.choice import Choice, mean_of
from hptsim.views.page_pictures import pictures
from hptsim.views.page_words import Setup, answer_lines, costs, left_out, question, sure
from hptsim.views.report import Cell, Report, Table, footer


def page(scenario: Scenario, answer: Answer, figures: Sequence[str], setup: Setup) -> str:
    """One HTML file that needs nothing else; *figures* are those of a sweep that are shown, of one design all are."""
    return report(scenario, answer, figures, setup).html()


def report(scenario: Scenario, answer: Answer, figures: Sequence[str], setup: Setup) -> Report:
    """What the page of an experiment says; *scenario* is the one whose replications are in *answer*."""
    choice = Choice.of(answer)
    return Report(
        title=scenario.name,
        question=question(answer),
        answer=answer_lines(answer, choice),
        sure=sure(answer, setup),
        costs=costs(answer, choice),
        left_out=left_out(answer, choice, setup),
        pictures=list(pictures(scenario, answer, choice, figures, setup)),
        tables=list(_tables(answer, choice, figures)),
        footer=footer(PriceSources.of(scenario), setup.warning, setup.written),
    )


def _tables(answer: Answer, choice: Choice, figures: Sequence[str]) -> Iterator[Table]:
    if answer.results.varied:
        yield _designs(answer, choice, figures)
    yield from _groups(answer, choice)
    yield _figures(answer, figures)


def _designs(answer: Answer, choice: Choice, figures: Sequence[str]) -> Table:
    """A row for each design: means, and the verdict; the chosen one in bold."""
    rows = []
    for set_, part in answer.points():
        cells = [Cell.of(value) for value in set_.values()]
        cells += [Cell.of(mean_of(part, name)) for name in figures]
        if answer.target is not None:
            cells.append(Cell.judged(answer.verdict(part)))
        rows.append([attrs.evolve(cells[0], chosen=set_ == choice.design), *cells[1:]])
    head = [*answer.results.varied, *figures, *([] if answer.target is None else ["target"])]
    return Table("Designs", head, rows)


def _groups(answer: Answer, choice: Choice) -> Iterator[Table]:
    """A row for each team, or whatever the figures are told apart by, of the chosen design or the first."""
    design, part = choice.closer(answer)
    found = [(match, name) for name in part.columns if (match := GROUPED.fullmatch(name)) and len(part.values(name))]
    for by in dict.fromkeys(match[2] for match, _ in found):
        mine = {(match[3], match[1]): name for match, name in found if match[2] == by}
        columns = list(dict.fromkeys(column for _, column in mine))
        rows = []
        for group in sorted({group for group, _ in mine}):
            names = [mine.get((group, column)) for column in columns]
            rows.append([Cell.of(group), *(Cell.of(None if name is None else mean_of(part, name)) for name in names)])
        where = f" with {spelled(design)}" if design else ""
        yield Table(f"By {by.replace('_', ' ')}{where}", [by, *columns], rows)


def _figures(answer: Answer, figures: Sequence[str]) -> Table:
    """Every figure with its interval: of a sweep those that are shown, of one design all that are not of a group."""
    summary = answer.results.summary(confidence=answer.confidence)
    varied = list(answer.results.varied)
    wanted = summary["figure"].isin(list(figures)) if varied else ~summary["figure"].str.contains("[", regex=False)
    shown = summary[wanted | summary["figure"].isin(list(figures))]
    single = max(len(part.table) for _, part in answer.points()) == 1  # one run of each design has no intervals
    if answer.search is not None:  # it has tried the values in an order of its own
        shown = shown.sort_values(varied, kind="stable")
    said = ["value"] if single else ["mean", "low", "high", "replications"]
    names = [*varied, "figure", "what it is", *said]
    rows = []
    for row in shown.to_dict("records"):
        values = {**row, "what it is": table_name(row["figure"]), "value": row["mean"]}
        rows.append([Cell.of(values[name]) for name in names])
    return Table("Figures", names, rows)
