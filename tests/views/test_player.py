"""The player: one file without a network, that says what the journal says."""

import json
import re
from importlib import resources

from examples import TIMINGS

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.model.journal import read
from hptsim.scenario.workload import ScheduledTuningJob
from hptsim.views.player import escaped, to_html
from views.films import SILENT, data_of, entries_of, stopped

HOSTILE = "</script><script>document.title='owned'</script><!-- &amp; <img src=x onerror=alert(1)>"
PARTS = [
    path
    for path in resources.files("hptsim.views").iterdir()
    if path.name.startswith("player") and path.suffix != ".py"
]


def test_the_page_has_no_external_reference():
    assert len(PARTS) == 8
    for part in PARTS:
        text = part.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 300
        for reference in (
            "http://",
            "https:",
            "//cdn",
            "src=",
            "href=",
            "url(",
            "@import",
            "fetch(",
            "import(",
            "XMLHttp",
        ):
            assert reference not in text
    page = to_html(stopped())
    assert "default-src 'none'" in page and page.count("<script") == page.count("</script>") == 2
    assert not re.findall("@[A-Z]+@", page)


def test_a_hostile_name_stays_data():
    sim = Simulation(Scenario(name=HOSTILE))
    sim.create_training_job("alone")
    sim.journal.entries.append((0.0, "log", "alone", "", "", "", HOSTILE, 9))
    page = to_html(list(sim.journal))
    assert HOSTILE in entries_of(data_of(page))[-1][1]
    assert "owned" in page and "<script>document" not in page and "<img" not in page and "<!-- " not in page
    sim.journal.entries.pop()
    assert "<script>document" not in to_html(sim) and "&lt;img" in to_html(sim)
    assert json.loads(escaped(HOSTILE)) == HOSTILE


def test_a_file_is_played_like_the_simulation_that_wrote_it(tmp_path, capsys):
    assert main(["run", "--html", str(tmp_path / "a.html"), "--journal", str(tmp_path / "a.jsonl")]) == 0
    page = (tmp_path / "a.html").read_text()
    again = data_of(to_html(read(tmp_path / "a.jsonl"), tmp_path / "b.html"))
    assert data_of((tmp_path / "b.html").read_text()) == again
    direct = data_of(page)
    for part in (
        "entries",
        "phrases",
        "lanes",
        "pools",
        "queue",
        "stored",
        "rows",
        "end",
        "broken",
        "chapters",
        "epoch",
    ):
        assert again[part] == direct[part]
    assert len(direct["lanes"]) > 10 and direct["broken"] is None


def test_a_method_writes_the_page(tmp_path):
    sim = stopped()
    assert sim.to_html(tmp_path / "out.html") == (tmp_path / "out.html").read_text() == to_html(sim)


def test_the_command_writes_the_recording_of_a_broken_law(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("hptsim.cli.run.Simulation", lambda *args, **more: Simulation(*args, tables=SILENT, **more))
    scenario = Scenario(timings=TIMINGS, tuning_jobs=(ScheduledTuningJob(TuningJobSpec("one")),))
    scenario.dump(tmp_path / "one.toml")
    assert main(["run", str(tmp_path / "one.toml"), "--html", str(tmp_path / "out.html")]) == 3
    assert data_of((tmp_path / "out.html").read_text())["broken"]["law"] == "logs persist"
