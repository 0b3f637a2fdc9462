"""`hptsim diagram`: Mermaid on the terminal, or a drawing in a file."""

import pytest

from hptsim import Simulation, TuningJobSpec
from hptsim.cli.app import main
from hptsim.cli.diagram import diagram, smallest
from hptsim.explorer.tla import configuration, module
from hptsim.model.journal import Journal, read
from hptsim.model.tables import RESERVATION, TRAINING, TUNING
from hptsim.scenario.scenario import Scenario
from hptsim.views.state_diagrams import mermaid, state_diagram, svg

pytest.importorskip("pygraphviz", reason="needs the extra 'plots'")


def test_the_command_prints_mermaid_or_writes_a_drawing(tmp_path, capsys):
    assert main(["diagram", "training"]) == 0
    assert capsys.readouterr().out == mermaid(TRAINING) + "\n"
    assert main(["diagram", "--svg", str(tmp_path / "tuning.svg")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "tuning.svg").read_text() == svg(TUNING)
    assert main(["diagram", "reservation", "--mermaid", "--svg", str(tmp_path / "r.svg")]) == 0
    assert capsys.readouterr().out == mermaid(RESERVATION) + "\n" and (tmp_path / "r.svg").exists()
    assert main(["diagram", "trainin"]) == 2
    assert "did you mean 'training'" in capsys.readouterr().err
    assert main(["diagram", "training", "--tla", str(tmp_path / "m.tla")]) == 2
    assert "training: --tla has all lifecycles; leave it out" in capsys.readouterr().err
    assert not (tmp_path / "m.tla").exists()
    assert main(["diagram", "foo"]) == 2
    assert capsys.readouterr().err.count("warm_pool") == 1


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    file = tmp_path_factory.mktemp("saved") / "run.jsonl"
    sim = Simulation(Scenario(capacity={"ml.m5.xlarge": 4}), journal=Journal(file))
    sim.create_tuning_job(TuningJobSpec("demo"))
    sim.run(until=30)
    sim.stop_tuning_job("demo")
    sim.run()
    sim.journal.close()
    return file


def test_the_path_of_a_job_is_drawn_from_a_saved_journal(saved, tmp_path, capsys):
    drawing, name = tmp_path / "path.svg", next(one.name for one in read(saved).records if one.thing == "training")
    assert main(["diagram", "--journal", str(saved), "--job", name, "--svg", str(drawing)]) == 0
    assert drawing.read_text() == state_diagram("training", read(saved), name).svg()
    assert main(["diagram", "--journal", str(saved), "--job", "demo", "--svg", str(drawing)]) == 0
    assert drawing.read_text() == state_diagram("tuning", read(saved), "demo").svg()
    assert main(["diagram", "reservation", "--journal", str(saved), "--svg", str(drawing)]) == 0
    assert drawing.read_text() == state_diagram("reservation", read(saved)).svg()
    assert capsys.readouterr() == ("", "")


def test_a_damaged_journal_is_drawn_up_to_the_damage_and_says_so(saved, tmp_path, capsys):
    file, drawing = tmp_path / "damaged.jsonl", tmp_path / "path.svg"
    file.write_bytes(saved.read_bytes()[:-200])
    assert main(["diagram", "--journal", str(file), "--svg", str(drawing)]) == 0
    assert "damaged.jsonl" in capsys.readouterr().err and "have fired" in drawing.read_text()


def test_a_path_without_a_journal_or_a_drawing_is_refused(saved, tmp_path, capsys):
    drawing = tmp_path / "path.svg"
    for options, said in (
        (["--journal", str(saved)], "--svg FILE, which is not given"),
        (["--job", "demo", "--svg", str(drawing)], "--journal FILE, which is not given"),
        (["--journal", str(saved), "--job", "dmeo", "--svg", str(drawing)], "did you mean 'demo'?"),
        (["training", "--journal", str(saved), "--job", "demo", "--svg", str(drawing)], "the name of a training"),
        (["--journal", str(tmp_path / "none"), "--svg", str(drawing)], "a readable journal file"),
    ):
        assert main(["diagram", *options]) == 2
        assert said in capsys.readouterr().err
    assert not drawing.exists()


def test_without_arguments_it_draws_a_tuning_job(capsys):
    assert diagram() == 0
    assert capsys.readouterr().out == mermaid(TUNING) + "\n"


def test_the_model_is_written_in_tla_with_what_tlc_is_to_check(tiny, tmp_path, capsys):
    file = tmp_path / "model.tla"
    assert main(["diagram", "--tla", str(file)]) == 0
    assert capsys.readouterr().out == ""
    assert file.read_text() == module(smallest(), name="model")
    assert (tmp_path / "model.cfg").read_text() == configuration()
    scope = ["--scenario", str(tiny), "--fault", "interrupt", "--fault", "interrupt", "--delayed-stop"]
    assert main(["diagram", "--tla", str(file), *scope]) == 0
    assert file.read_text() == module(Scenario.load(tiny), faults={"interrupt": 2}, delayed_stop=True, name="model")
    assert main(["diagram", "--tla", str(file), "--mermaid"]) == 0
    assert capsys.readouterr().out == mermaid(TUNING) + "\n"


def test_a_file_that_names_no_module_and_a_scope_without_one_are_refused(tmp_path, capsys):
    for name in ("model.txt", "my-model.tla", "2.tla"):
        assert main(["diagram", "--tla", str(tmp_path / name)]) == 2
        assert f"--tla: got '{name}', expected a name of letters" in capsys.readouterr().err
    assert main(["diagram", "--tla", str(tmp_path / "model.tla"), "--fault", "interupt"]) == 2
    assert "did you mean 'interrupt'?" in capsys.readouterr().err
    assert main(["diagram", "--fault", "interrupt"]) == 2
    assert "--tla FILE, which is not given" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
