"""`hptsim diagram`: Mermaid on the terminal, or a drawing in a file."""

from hptsim.cli.app import main
from hptsim.cli.diagram import diagram, smallest
from hptsim.explorer.tla import configuration, module
from hptsim.model.tables import RESERVATION, TRAINING, TUNING
from hptsim.scenario.scenario import Scenario
from hptsim.views.state_diagrams import mermaid, svg


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
    assert main(["diagram", "foo"]) == 2
    assert capsys.readouterr().err.count("warm_pool") == 1


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
