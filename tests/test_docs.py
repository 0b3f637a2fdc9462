"""The documentation is what the code says: the generated page is current, and the examples load and run."""

import json
import pkgutil
import re
import tomllib
from pathlib import Path

import attrs
import pytest
from test_rooms import DOORS, MAY_IMPORT

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.audit.laws import LAWS
from hptsim.cli import exit_codes
from hptsim.cli.app import main
from hptsim.cli.write_docs import PAGES, figures, semantics
from hptsim.model.assumptions import ASSUMPTIONS, DISCIPLINES, Assumptions
from hptsim.model.calls import ANSWERS
from hptsim.model.definitions import ServiceLimits
from hptsim.model.request_writer import to_request
from hptsim.model.tables import BOOKINGS, EFFECTS, EVERY_ROW, RESERVATION, TRAINING, TUNING, WARM_POOL
from hptsim.model.teams import Share, Teams
from hptsim.planning import horizon
from hptsim.planning.figures import FIGURES
from hptsim.planning.usage import USAGE, Usage
from hptsim.scenario.answers import SERVICE_RATES, InjectedAnswer
from hptsim.scenario.arrival_patterns import PATTERNS
from hptsim.scenario.cloud import Faults, Script, Timings
from hptsim.scenario.durations import KINDS
from hptsim.scenario.prices import Prices
from hptsim.scenario.workload import Arrivals
from hptsim.views.state_diagrams import mermaid

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "scenario.md").read_text()
EXAMPLE = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)[1]


def test_the_generated_pages_are_current():
    for path, page in PAGES.items():
        assert (ROOT / path).read_text() == page(), "run: python -m hptsim.cli.write_docs"


def test_the_generated_page_has_every_row_assumption_and_law():
    page = re.sub(r'<a id="[^"]+"></a>', "", re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", semantics()))  # without links
    for table in (TUNING, TRAINING, RESERVATION, WARM_POOL):
        assert f"```mermaid\n{mermaid(table)}\n```" in page
        for row in table.rows:
            books, effects = ", ".join(row.books), ", ".join(row.effects)
            cells = (row.trigger, row.source, row.destination, row.guard, books, effects, row.rests_on)
            assert f"| {' | '.join(cells)} |" in page
    assert all(f"* `{name}`: {words}" in page for name, words in {**ASSUMPTIONS, **EFFECTS, **BOOKINGS}.items())
    assert all(f"* {words}" in page for words in EVERY_ROW)
    assert all(f"| {law.name} | {law.kind} | {law.says} | {law.rests_on} |" in page for law in LAWS)


def test_the_page_of_figures_has_every_figure_and_every_field_of_money():
    page = figures()
    assert all(f"| `{name}` | {words} |" in page for name, words in {**FIGURES, **horizon.FIGURES, **USAGE}.items())
    assert all(hasattr(Usage(), name) for name in USAGE)


def test_the_generator_writes_the_pages(tmp_path, monkeypatch, capsys):
    import hptsim.cli.write_docs

    monkeypatch.chdir(tmp_path)
    hptsim.cli.write_docs.main()
    printed = capsys.readouterr().out
    for path, page in PAGES.items():
        assert (tmp_path / path).read_text() == page() and str(path) in printed


def test_the_example_loads_runs_and_survives_a_round_trip(tmp_path, capsys):
    path = tmp_path / "two-teams.toml"
    path.write_text(EXAMPLE)
    for name in ("nightly", "weekly"):
        (tmp_path / f"{name}.json").write_text(json.dumps(to_request(TuningJobSpec(name))))
    scenario = Scenario.load(path)
    sim = Simulation(scenario)
    sim.run(scenario.until_s)
    assert sim.tuning_job("churn").status == "Stopped" and sim.now == 86400
    assert main(["run", str(path), "--json"]) == 0
    again = tmp_path / "again.json"
    scenario.dump(again)
    loaded = Scenario.load(again)
    assert attrs.evolve(loaded, timings=scenario.timings) == scenario


@pytest.mark.parametrize(
    ("table", "cls", "more"),
    [
        ((), Scenario, set()),
        (("timings",), Timings, {"preset"}),
        (("faults",), Faults, set()),
        (("script",), Script, set()),
        (("assumptions",), Assumptions, set()),
        (("limits",), ServiceLimits, set()),
        (("prices",), Prices, set()),
        (("teams",), Teams, set()),
        (("teams", "shares", "vision"), Share, set()),
    ],
    ids=str,
)
def test_the_example_has_every_key(table, cls, more):
    plain = tomllib.loads(EXAMPLE)
    for name in table:
        plain = plain[name]
    assert plain.keys() == {field.name for field in attrs.fields(cls)} | more


def test_the_example_has_every_key_of_a_tuning_job_and_the_page_every_distribution():
    (job,) = tomllib.loads(EXAMPLE)["tuning_jobs"]
    assert job.keys() == {
        "request",
        "at_s",
        "stop_at_s",
        "priority",
        "team",
        "estimate_s",
        "strategy",
        "faults",
        "recorded",
    }
    assert all(f"{{ {kind} = {{" in PAGE for kind in (*KINDS, *PATTERNS, "scipy"))


def test_the_page_has_every_rate_and_every_key_and_kind_of_an_answer():
    (answer,) = tomllib.loads(EXAMPLE)["answers"]
    assert answer.keys() == {field.name for field in attrs.fields(InjectedAnswer)}
    assert all(f"`{kind}`" in PAGE for kind in ANSWERS)
    for operation, rate in SERVICE_RATES.items():
        name = "each other" if operation == "*" else f"`{operation}`"
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {name} | ")]
        assert row == f"| {name} | {rate.per_s:g} | {rate.burst:g} | {rate.source.removesuffix(' (`request-rates`)')} |"


def test_the_example_has_every_key_of_arrivals():
    (arrivals,) = tomllib.loads(EXAMPLE)["arrivals"]
    named = {"templates": "request"}
    beside = {"priority", "team", "estimate_s", "strategy"}
    assert arrivals.keys() == {named.get(one.name, one.name) for one in attrs.fields(Arrivals)} | beside


def test_every_discipline_has_its_line():
    assert {name for name in DISCIPLINES if f"\n| `{name}` | " in PAGE} == set(DISCIPLINES)


def test_the_exit_codes_are_the_command_lines():
    codes = {value for name, value in vars(exit_codes).items() if name.isupper()}
    page = (ROOT / "docs" / "command-line.md").read_text()
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)} == codes


NAMED = re.compile(r"`((?:hptsim|tests|benchmarks|notebooks)/[\w./-]+(?:::\w+)?|hptsim(?:\.\w+)+)")
"""A file, a folder, a test, a module or what stands in one, in backticks."""
WRITING = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "notebooks").glob("*"))]


def exists(name):
    """Whether a file, a test in a file, or a dotted name is there."""
    if "/" in name:
        path, _, test = name.partition("::")
        return (
            (ROOT / path).exists() and f"def {test}(" in (ROOT / path).read_text() if test else (ROOT / path).exists()
        )
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("page", WRITING, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_in_backticks_exists(page):
    text = "\n".join(written(page))
    assert [name for name in NAMED.findall(text) if not exists(name.rstrip("./"))] == []


def written(page):
    """The text of a page; of a notebook, that of its cells in Markdown."""
    if page.suffix != ".ipynb":
        return page.read_text().splitlines() if page.is_file() else []
    cells = json.loads(page.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


@pytest.mark.parametrize(
    "name", ["hptsim/search.py", "hptsim.nowhere", "hptsim.boto.nothing", "tests/test_docs.py::test_x"]
)
def test_a_name_that_does_not_exist_is_noticed(name):
    assert NAMED.findall(f"see `{name}`") == [name] and not exists(name)


def test_the_page_of_rooms_has_every_package_and_whom_it_may_import():
    page = (ROOT / "docs" / "rooms.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]*)\|$", page, re.MULTILINE)
    rooms = {name: set(re.findall(r"`(\w+)`", others)) for name, others in rows}
    packages = {path.parent.name for path in (ROOT / "hptsim").glob("*/__init__.py")}
    assert len(rows) == len(rooms) and rooms.keys() == packages - (DOORS - {"cli"})
    assert {name: rooms[name] for name in MAY_IMPORT} == {name: {*text.split()} for name, text in MAY_IMPORT.items()}


def test_the_readme_links_the_pages_and_they_exist():
    readme = (ROOT / "README.md").read_text()
    for link in ("docs/semantics.md", "docs/scenario.md"):
        assert f"({link})" in readme and (ROOT / link).exists()
