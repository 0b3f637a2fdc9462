"""Documentation that is written from the code: `python -m hptsim.cli.write_docs` writes three pages of docs.

The tables, the assumptions, the laws, the figures and what is known about the service are said once, in the modules that act
on them; a test sees that the committed files are current.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hptsim.audit.laws import LAWS
from hptsim.model import laws, specification, tables
from hptsim.model.assumptions import ASSUMPTIONS
from hptsim.model.tables import BOOKINGS, EFFECTS, EVERY_ROW, RESERVATION, TRAINING, TUNING, WARM_POOL
from hptsim.planning import horizon
from hptsim.planning.figures import FIGURES
from hptsim.planning.usage import USAGE
from hptsim.scenario.prices import Prices
from hptsim.views import state_diagrams as diagram

_TABLES = (
    (
        TUNING,
        "A tuning job",
        "What stands before a colon is the status it shows; what stands behind is known to it alone.",
    ),
    (
        TRAINING,
        "A training job",
        "States are secondary statuses. A job in `Starting:stopping`, `Stopping`, `Stopping:uploading` or "
        "`Stopping:teardown` shows the primary status `Stopping`; one that ended `MaxRuntimeExceeded` or "
        "`MaxWaitTimeExceeded` shows `Stopped`.",
    ),
    (RESERVATION, "A reservation", "A request of a tuning job for quota, and what it holds once it is granted."),
    (
        WARM_POOL,
        "A warm pool",
        "What a training job without a tuning job keeps reserved after its end, if it asks for KeepAlivePeriodInSeconds.",
    ),
)


def semantics() -> str:
    """The page that says what the twin does: tables, diagrams, assumptions, laws.

    >>> semantics().splitlines()[0]
    '# What the twin does'
    """
    parts = [
        "# What the twin does",
        "This page is written by `python -m hptsim.cli.write_docs` from the code that runs: the tables of "
        "`hptsim/model/tables.py`, the assumptions of `hptsim/model/assumptions.py` and the laws of "
        "`hptsim/audit`. Edit those. What a row *rests on* is a "
        "row of [what is known about the service](specification.md) (H, J, K, L, R, S, B and a number), a section of it (§), a "
        "shape of botocore's service model (M:) or the name of an assumption below.",
        "## The tables",
        "Each row says what a trigger does to an entity in one state: where it leads, under which condition, what it books "
        "on the entity's record, and which effects it has on the world, in order. `[*]` is the state of what does not exist "
        "yet. What has no row cannot happen.",
        "With every row alike:",
        "\n".join(f"* {words}" for words in EVERY_ROW),
    ]
    for table, title, words in _TABLES:
        drawing = f"```mermaid\n{diagram.mermaid(table)}\n```"
        parts += [f"### {title}", words, _sourced(tables.markdown(table)), drawing]
    parts += [
        "### Bookings",
        _listed(BOOKINGS),
        "### Effects",
        _listed(EFFECTS),
        "## Assumptions",
        "Undocumented behavior that we had to decide. Those that name a switch are switched in a "
        "[scenario](scenario.md).",
        "\n".join(
            f'* <a id="{specification.anchor(name)}"></a>`{name}`: {specification.linked(said)}'
            for name, said in ASSUMPTIONS.items()
        ),
        "## Laws",
        "*always* holds after every step, *eventually* when nothing is left to do; a suite that never sees a *sometimes* "
        "never reaches an interesting case (`hptsim_sometimes` of the pytest plugin makes it red).",
        _sourced(laws.markdown(LAWS)),
    ]
    return "\n\n".join(parts) + "\n"


def figures() -> str:
    """The page that says what every figure of a run is.

    >>> figures().splitlines()[0]
    '# Figures'
    """
    prices = Prices.packaged()
    return (
        "\n\n".join(
            (
                "# Figures",
                "This page is written by `python -m hptsim.cli.write_docs`. `sim.metrics().figures()` gives all figures of a "
                "run by name; the table of an experiment (`hptsim.planning`) has a column for each (with variance reduction "
                "for one), and a target may ask for any of them. TYPE is an instance type. All leave out a warm-up "
                "(`sim.metrics(begin_s=...)`): the tuning jobs that were created in it, and the time that passed in it. A "
                "figure that was not observed is NaN.",
                _table("figure", FIGURES),
                "Where all tuning jobs arrive at a rate that does not change, the table of an experiment has three columns more. "
                "They say whether its runs are long enough for a system that goes on; `sim.metrics().figures()` does not have "
                "them.",
                _table("column", horizon.FIGURES),
                "## Instance-seconds and money",
                "`sim.metrics().tuning_jobs` has a row for each tuning job, `sim.metrics().alone` one for all training jobs "
                "without a tuning job. What is still running when the run ends is counted, and billed, up to there. Reserved = "
                "occupied + idle, and occupied = billable + unbilled: always, and by instance type in `sim.metrics().types` too.",
                _table("field", USAGE),
                f"Prices come from `hptsim/scenario/prices.toml`: {prices.source} ({prices.region}, {prices.date}). A scenario's "
                "`prices` replaces that table, its `prices_usd_per_hour` and `spot_prices_usd_per_hour` come before it. "
                "They are for estimates: look up your own.",
                "## One long run",
                '`sim.metrics().steady("waiting_time_s")` gives an interval from a single run by batch means, after a warm-up '
                "that MSER-5 finds or a given `cut`. `sim.metrics().warm_up_s()` is when that warm-up ends. "
                "It needs batches much longer than waiting times depend on each other.",
            )
        )
        + "\n"
    )


PAGES = {
    Path("docs/semantics.md"): semantics,
    Path("docs/figures.md"): figures,
    Path("docs/specification.md"): specification.markdown,
}
"""The generated pages."""


def _sourced(table: str) -> str:
    """A Markdown table whose last column says what its rows rest on, with links from there."""
    cells = [line.rpartition(" | ") for line in table.splitlines()]
    return "\n".join(f"{before}{bar}{specification.linked(last[:-2])}{last[-2:]}" for before, bar, last in cells)


def _table(what: str, words: Mapping[str, str]) -> str:
    lines = [f"| `{name}` | {said} |" for name, said in words.items()]
    return "\n".join([f"| {what} | what it is |", "|---|---|", *lines])


def _listed(words: Mapping[str, str]) -> str:
    return "\n".join(f"* `{name}`: {said}" for name, said in words.items())


def main() -> None:
    """Write the generated pages, below the current folder."""
    for path, page in PAGES.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(page(), encoding="utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
