"""What the project says of itself to contributors: named commands, versions of Python, hooks and the release agree."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import hptsim

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONTRIBUTING = (ROOT / ".github/CONTRIBUTING.md").read_text()
PYTHONS = [line.split(" :: ")[-1] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)]


def functions(path):
    return [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]


def test_the_same_versions_of_python_are_promised_tested_and_named():
    workflow = (ROOT / ".github/workflows/gate.yml").read_text()
    matrix = re.search(r"python: \[(.*)\]", workflow)[1]
    quick = next(one for one in functions(ROOT / "noxfile.py") if one.name == "quick")
    sessions = [python.value for python in quick.decorator_list[0].keywords[0].value.elts]
    assert re.findall(r'"(.*?)"', matrix) == sessions == PYTHONS
    assert PROJECT["requires-python"] == f">={PYTHONS[0]}"


def test_the_version_stands_in_three_places_and_is_the_same():
    citation = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.M)[1]
    assert hptsim.__version__ == PROJECT["version"] == citation


def test_every_named_command_is_in_the_table_for_contributors():
    named = re.findall(r"`nox -s (\w+)`", CONTRIBUTING.partition("\n## ")[0])
    assert sorted(named) == sorted(one.name for one in functions(ROOT / "noxfile.py"))


def test_what_a_commit_is_checked_with_is_installed_for_developers_and_run_by_the_gate():
    hooks = re.findall(r"entry: (\w+)", (ROOT / ".pre-commit-config.yaml").read_text())
    installed = PROJECT["optional-dependencies"]["dev"]
    gate = (ROOT / ".ci/run").read_text()
    assert set(hooks) == {"ruff", "codespell", "mypy"}
    assert all(hook in installed and f"step {hook}" in gate for hook in hooks)


@pytest.mark.parametrize("page", sorted((ROOT / ".github").rglob("*.md")), ids=lambda page: page.name)
def test_what_these_pages_link_to_is_there(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), f"{page.name} links to {target}"
