"""`hptsim film`: a moment and a short film in files, from a journal or a scenario."""

import pytest
from doctored import TWO

from hptsim import Simulation
from hptsim.cli.app import main
from hptsim.model.journal import Journal, read
from hptsim.views.scenes import scene

pytest.importorskip("matplotlib", reason="needs the extra 'plots'")

from PIL import Image

from hptsim.views.exports import film_frames, svg


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    file = tmp_path_factory.mktemp("film") / "run.log"
    sim = Simulation(TWO, laws=False, journal=Journal(file))
    sim.run()
    sim.journal.close()
    return file


def test_a_journal_is_drawn_whatever_it_is_called(saved, tmp_path, capsys):
    drawing, picture = tmp_path / "stop.svg", tmp_path / "stop.png"
    assert main(["film", str(saved), "--svg", str(drawing), "--png", str(picture), "--at", "75", "--dark"]) == 0
    assert "Now: 75 s" in drawing.read_text() and drawing.read_text() == svg(scene(read(saved), at_s=75), 75)
    with Image.open(picture) as shown:
        assert shown.size == (1280, 720)
    assert capsys.readouterr().out == ""


@pytest.mark.long
def test_a_scenario_runs_and_its_stop_becomes_a_film(tmp_path, capsys):
    TWO.dump(tmp_path / "two.toml")
    film = tmp_path / "stop.gif"
    assert main(["film", str(tmp_path / "two.toml"), "--gif", str(film), "--begin", "79", "--end", "90"]) == 0
    frames = film_frames(scene(simulated(), begin_s=79, end_s=90))
    with Image.open(film) as shown:
        assert shown.n_frames == len(frames)
    lasting_s = sum(long_ms for _, long_ms in frames) / 1000
    assert capsys.readouterr().out == f"{film}: {len(frames)} frames, {lasting_s:.0f} s\n"


def simulated():
    sim = Simulation(TWO, laws=False)
    sim.run()
    return sim


def test_errors_say_what_to_write(saved, tmp_path, capsys):
    drawing = tmp_path / "x.svg"
    for options, said in (
        ([str(saved)], "--svg FILE, --png FILE or --gif FILE"),
        ([str(saved), "--job", "c", "--svg", str(drawing)], "a tuning job or a training job of this run"),
        ([str(saved), "--at", "1e9", "--svg", str(drawing)], "a second of this run: from 0 to 85"),
        ([str(saved), "--seed", "0", "--svg", str(drawing)], "is a journal, of a run that had its seed"),
        ([str(saved), "--dark", "--svg", str(drawing)], "--dark: --png FILE or --gif FILE"),
        ([str(tmp_path / "none.toml"), "--svg", str(drawing)], "a readable scenario file"),
    ):
        assert main(["film", *options]) == 2
        assert said in capsys.readouterr().err
    assert not drawing.exists()


def test_a_damaged_journal_is_drawn_up_to_the_damage(saved, tmp_path, capsys):
    damaged, drawing = tmp_path / "damaged.jsonl", tmp_path / "x.svg"
    damaged.write_bytes(saved.read_bytes()[:-400])
    assert main(["film", str(damaged), "--svg", str(drawing)]) == 0
    assert "what stands before is drawn" in capsys.readouterr().err and drawing.exists()
