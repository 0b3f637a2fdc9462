"""The rooms of the house: who may import whom, where simpy, clocks and randomness may be, and no circles."""

import ast
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "hptsim"
DOORSTEP = {"__init__", "errors", "optional", "html"}
MAY_IMPORT = {
    "model": "",
    "scenario": "model",
    "world": "model",
    "strategies": "model",
    "cloud": "model scenario world",
    "audit": "model",
    "simulation": "model scenario world strategies cloud audit",
    "explorer": "model scenario world strategies cloud audit simulation",
    "planning": "model scenario simulation",
    "service": "model scenario strategies simulation",
    "views": "model scenario audit simulation explorer planning",
    "conformance": "model world",
}
"""The rooms, and whose modules each may import besides its own and the doorstep's."""
DOORS = {"boto", "recorder", "server", "testing", "pytest_plugin", "traces", "cli", "__main__"}
"""They may import every room, and each other."""
LATE = {
    ("simulation.simulation", "planning.metrics"): "Simulation.metrics()",
    ("simulation.simulation", "views.player"): "Simulation.to_html()",
    ("explorer.exploration", "views.counterexamples"): "Counterexample.to_html()",
}
"""The three arrows that point up, inside functions."""
LENT_TO_THE_AUDITOR = {
    "account": {"Account", "TOTAL", "TUNING_JOBS", "standalone_holder"},
    "copying": {"duplicate"},
    "definitions": {"NO_CRITERIA", "CompletionCriteria", "Hyperband", "TrainingJobDefinition"},
    "journal": {"Entry"},
    "laws": None,
    "payloads": None,
    "ranges": {"ParameterRange"},
    "specs": {"TuningJobSpec"},
}
"""What the auditor may take of the model: names, records, what a law is, and no rule by which the world goes too."""
RULES = {
    "cost",
    "holds",
    "objective_of",
    "ranges_of",
    "never_fits",
    "grantable",
    "status",
    "primary",
    "bucket",
    "whole_second",
    "whole_seconds",
}
"""Methods and functions that are such rules: how objectives compare, which values a range has, what a state shows."""
WALL_CLOCK = {"cli", "boto", "recorder", "server"}
WAITS = "conformance.contract_tests.endpoint"
"""It tests what runs elsewhere, on a clock of its own."""
DATES = {"model.instants"}
"""It reads and writes dates that it is given, and no clock."""


def modules():
    """Every module's dotted name below hptsim, a package by its own name, with its parsed text."""
    for path in sorted(FOLDER.rglob("*.py")):
        parts = path.relative_to(FOLDER).with_suffix("").parts
        name = ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)
        yield name, ast.parse(path.read_text())


MODULES = dict(modules())


def imports(tree):
    """All that a module imports, in functions and for annotations too: (module, name or nothing)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def within(module, name):
    """The module below hptsim that an import is about; nothing for one from elsewhere."""
    if module != "hptsim" and not module.startswith("hptsim."):
        return None
    own = module.removeprefix("hptsim").lstrip(".")
    deeper = f"{own}.{name}".lstrip(".")
    if deeper in MODULES:
        return deeper
    return own if own in MODULES else "__init__"


def room(name):
    return name.partition(".")[0]


def arrows(name):
    return {
        target for module, symbol in imports(MODULES[name]) if (target := within(module, symbol)) not in (None, name)
    }


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name):
    here = room(name)
    if here in DOORS or name == "__init__":
        return
    allowed = {here, *DOORSTEP, *MAY_IMPORT.get(here, "").split()}
    for target in arrows(name):
        if (name, target) not in LATE:
            assert room(target) in allowed, f"{name} imports {target}"


AUDIT = [name for name in MODULES if room(name) == "audit"]


@pytest.mark.parametrize("name", AUDIT)
def test_the_auditor_shares_no_rule_with_the_world_that_it_judges(name):
    for module, symbol in imports(MODULES[name]):
        target = within(module, symbol)
        if target is None or room(target) != "model":
            continue
        lent = LENT_TO_THE_AUDITOR.get(target.removeprefix("model."), set())
        assert lent is None or symbol in lent, f"{name} imports {symbol} of {target}: write it a second time"
    for node in ast.walk(MODULES[name]):
        if isinstance(node, ast.Attribute):
            assert node.attr not in RULES, f"{name}:{node.lineno} uses {node.attr}: write it a second time"


def test_the_test_of_the_auditor_sees_a_short_cut(monkeypatch):
    for text in ("from hptsim.model.statuses import bucket", "from hptsim.model import billing", "objective.cost(1.0)"):
        monkeypatch.setitem(MODULES, "audit.expected", ast.parse(text))
        with pytest.raises(AssertionError, match="write it a second time"):
            test_the_auditor_shares_no_rule_with_the_world_that_it_judges("audit.expected")


def test_the_arrows_that_point_up_are_late():
    for name, target in LATE:
        early = [node for node in MODULES[name].body if isinstance(node, ast.ImportFrom)]
        assert target in arrows(name), f"{name} imports {target} no more: take it off the list"
        assert f"hptsim.{target}" not in [node.module for node in early]


def test_no_circle_within_a_room():
    for name in MODULES:
        seen, ahead = set(), [name]
        while ahead:
            for target in arrows(ahead.pop()):
                if room(target) == room(name) and target != room(name) and target not in seen:
                    seen.add(target)
                    ahead.append(target)
        assert name not in seen, f"{name} imports itself by way of {sorted(seen)}"


def test_no_private_name_of_another_room():
    for name, tree in MODULES.items():
        for module, symbol in imports(tree):
            target = within(module, symbol)
            if target is not None and room(target) != room(name):
                assert not symbol.startswith("_") or symbol.startswith("__"), f"{name} imports {module}.{symbol}"


@pytest.mark.parametrize("name", MODULES)
def test_clocks_chance_and_machines_stand_where_they_belong(name):
    for module, _ in imports(MODULES[name]):
        top = module.partition(".")[0]
        if top == "simpy":
            assert room(name) == "simulation"
        if top == "transitions":
            assert name in ("model.machine", "views.state_diagrams")
        if top in ("time", "random", "secrets", "uuid"):
            assert room(name) in WALL_CLOCK or name == WAITS, f"{name} imports {module}"
        if top == "datetime":
            assert room(name) in WALL_CLOCK or name in DATES, f"{name} imports {module}"


def test_every_room_says_what_lives_there():
    for folder in FOLDER.iterdir():
        if folder.is_dir() and folder.name != "__pycache__":
            text = ast.get_docstring(MODULES[folder.name])
            assert folder.name in {*MAY_IMPORT, *DOORS}
            assert text and text.splitlines()[0].endswith((".", "`."))
