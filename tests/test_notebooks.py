"""Notebooks run and say what they mean to say; those for a plan are stored with their outputs, those for a class without.

They run in a kernel where there is one, else as scripts.
"""

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TRACE = FOLDER / "../../shared/data/openb_pod_list_default.csv"
SAID = {
    "01-the-obvious-model": (
        "law broken: reservation held until the end",
        "400.0 Stopping {",
        "obvious: 400 s, artifacts: 0",
    ),
    "02-every-order-at-once": (
        "states, every law kept in each",
        "release at Stopping: found in 2 steps\nlaw broken: reservation held until the end",
        "model dropped at the stop: found in 7 steps\nlaw broken: what was saved is stored",
        "launches after the stop: found in 2 steps\nlaw broken: tuning statuses in order",
        "released twice: found in 3 steps\nlaw broken: released at the end, exactly once",
        "stop ignored while starting: found in 3 steps\nlaw broken: a stop reaches every child",
        "withdraw: without DEQUEUE",
    ),
    "03-test-your-own-controller": (
        "700 s: submit True",
        "state.cancel(data=data(...))",
        "AssertionError: it counts on instances that are still reserved",
        "the correct controller: nothing found in 200 stories",
        "At 500 s it believed that nothing was in use; 3 instances were, until 567 s.",
    ),
    "04-what-a-stop-costs": (
        "reuse: Stopped after 44 s, 0.049 instance-hours held in the meantime",
        "With reservation = upfront, stop_to_stopped_s is ",
        "held_instance_hours: less in the second",
        "instance-hours more for each stop",
    ),
    "05-choosing-a-quota": (
        "meets waiting_time_s.above_600 <= 0.05: its mean is",
        "tuning jobs that started,",
        "meets waiting_time_s.p95 <= 600: its mean is",
        "utilization.ml.m5.xlarge is ",
    ),
    "06-spot-or-on-demand": (
        "cost_usd: less in the second",
        "time_in_system_s.mean: more in the second",
        "Spot costs 3",
        "USD, more than on-demand.",
    ),
    "07-replaying-a-trace": (
        "7,255 taken, 897 left out: 897 × scheduled_time: empty.",
        "40 GPUs: 11.7% of 6,179 jobs wait, the longest 17.3 h",
        "With 40 GPUs independent draws promise at most",
    ),
    "08-validating-the-twin": ("Theory lies inside 8 of 8 intervals, which all hold at once with 95 % confidence.",),
    "09-who-goes-first": (
        "Waiting time in hours:",
        "EASY, perfect: jobs with 1 GPU wait less (",
        "backfill: jobs with 1 GPU wait less (",
        "reclaim, hourly: jobs with 1 GPU wait less (",
    ),
}
"""What a notebook must print, with the trace or without it."""
WITH_OUTPUTS = {name for name in SAID if name >= "05"}
"""The notebooks that are stored as they ran, so that a reader sees the pictures; a class sees those of its own run."""
IN_A_KERNEL = all(map(importlib.util.find_spec, ("nbformat", "nbclient", "ipykernel")))


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def in_a_kernel(path):
    """What a notebook prints in a kernel, which must also have shown a picture."""
    import nbclient
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    where = {"metadata": {"path": str(FOLDER)}}
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = {kind for output in outputs for kind in output.get("data", {})}
    assert {"image/png", "application/vnd.plotly.v1+json"} & shown, "there is a picture"
    return "".join(output["text"] for output in outputs if output.get("name") == "stdout")


def as_a_script(path, capsys):
    """What the code of a notebook prints when it runs by itself."""
    source = "\n".join("".join(cell["source"]) for cell in cells(path) if cell["cell_type"] == "code")
    exec(compile(source, path.name, "exec"), {"__name__": "__main__"})
    return capsys.readouterr().out


def test_there_are_notebooks_and_the_overview_names_them():
    assert {path.stem for path in NOTEBOOKS} == set(SAID)
    assert all(f"({path.name})" in (FOLDER / "README.md").read_text(encoding="utf-8") for path in NOTEBOOKS)


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path.stem not in WITH_OUTPUTS], ids=lambda path: path.stem
)
def test_a_notebook_is_stored_without_outputs(path):
    for cell in cells(path):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.stem in WITH_OUTPUTS], ids=lambda path: path.stem)
def test_a_notebook_is_stored_with_outputs(path):
    outputs = [output for cell in cells(path) for output in cell.get("outputs", ())]
    printed = "".join("".join(output["text"]) for output in outputs if output.get("name") == "stdout")
    assert all(words in printed for words in SAID[path.stem])
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not any(output["output_type"] == "error" or output.get("name") == "stderr" for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_a_question_and_shows_pictures(path):
    texts = ["".join(cell["source"]) for cell in cells(path) if cell["cell_type"] == "markdown"]
    assert texts[0].startswith("# ") and "?" in texts[0]
    assert any(
        library in "".join(cell["source"])
        for cell in cells(path)
        for library in ("hptsim.views", "hptsim.views.interactive")
    )


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=pytest.mark.long) for path in NOTEBOOKS],
    ids=lambda path: path.stem,
)
def test_a_notebook_runs_and_says_what_it_means(path, capsys, monkeypatch):
    needed = {"matplotlib": "plots", "plotly": "plots", "pandas": "planning", "scipy": "planning"}
    for module, extra in (needed | ({"boto3": "boto"} if path.stem.startswith("03") else {})).items():
        pytest.importorskip(module, reason=f"notebooks draw and plan: pip install 'hptsim[{extra}]'")
    if path.stem.startswith("07") and not TRACE.exists():
        pytest.skip("needs the trace, of which the notebook says where to get it")
    monkeypatch.chdir(FOLDER)
    monkeypatch.setenv("PYTHONPATH", str(FOLDER.parent))
    printed = in_a_kernel(path) if IN_A_KERNEL else as_a_script(path, capsys)
    for words in SAID[path.stem]:
        assert words in printed


@pytest.mark.long
def test_the_disciplines_are_compared_without_the_trace_too(tmp_path, capsys, monkeypatch):
    pytest.importorskip("pandas", reason="the notebook plans: pip install 'hptsim[planning]'")
    pytest.importorskip("matplotlib", reason="the notebook draws: pip install 'hptsim[plots]'").use("Agg")
    away = tmp_path / "a" / "b"
    away.mkdir(parents=True)
    monkeypatch.chdir(away)
    name = "09-who-goes-first"
    printed = as_a_script(FOLDER / f"{name}.ipynb", capsys)
    assert "600 jobs that are made up" in printed
    assert all(words in printed for words in SAID[name])
