"""Lessons run, say what they mean to say, and are stored without outputs."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
LESSONS = sorted(FOLDER.glob("*.ipynb"))
SAID = {
    "01-the-obvious-model": (
        "law broken: reservation held until the end",
        "400.0 Stopping {",
        "obvious: 400 s, artifacts: 0",
    )
}
"""What a lesson must print."""


def cells(path):
    return json.loads(path.read_text())["cells"]


def test_there_are_lessons_and_the_overview_names_them():
    assert {path.stem for path in LESSONS} == set(SAID)
    assert all(f"({path.name})" in (FOLDER / "README.md").read_text() for path in LESSONS)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_is_stored_without_outputs(path):
    for cell in cells(path):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_as_a_script_and_says_what_it_means(path, capsys):
    pytest.importorskip("matplotlib", reason="lessons draw: pip install 'hptsim[plots]'")
    source = "\n".join("".join(cell["source"]) for cell in cells(path) if cell["cell_type"] == "code")
    exec(compile(source, path.name, "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    for words in SAID[path.stem]:
        assert words in printed


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_is_a_valid_notebook_and_runs_in_a_kernel(path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    drawn = [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert drawn, "the lesson shows a picture"
