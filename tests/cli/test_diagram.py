"""`hptsim diagram`: Mermaid on the terminal, or a drawing in a file."""

from hptsim.cli.app import main
from hptsim.cli.diagram import diagram
from hptsim.model.tables import RESERVATION, TRAINING, TUNING
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
