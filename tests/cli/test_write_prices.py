"""The script that writes a table of prices from a saved list."""

import json

from extras import TOML
from scenario.test_price_lists import listed

from hptsim.cli.write_prices import main
from hptsim.scenario.prices import Prices


@TOML
def test_a_table_is_written_and_can_be_read(tmp_path, capsys):
    (tmp_path / "index.json").write_text(json.dumps(listed()))
    out = tmp_path / "mine.toml"
    assert main([str(tmp_path / "index.json"), str(out), "eu-west-1"]) == 0
    assert Prices.load(out).of("ml.m5.xlarge") == 0.257
    assert capsys.readouterr().out == f"{out}: 1 instance types, eu-west-1, 2026-11-01\n"


def test_mistakes_write_nothing(tmp_path, capsys):
    out = tmp_path / "mine.toml"
    assert main([str(tmp_path / "none.json"), str(out)]) == 2 and main([]) == 2
    captured = capsys.readouterr().err
    assert "write_prices: " in captured and "LIST.json OUT.toml [REGION]" in captured and not out.exists()
