"""The script that writes a table of prices from a saved list."""

import json

from extras import TOML
from scenario.test_price_lists import listed, product, term

from hptsim.cli.write_prices import main
from hptsim.scenario.prices import Prices


@TOML
def test_a_table_is_written_and_can_be_read(tmp_path, capsys):
    (tmp_path / "index.json").write_text(json.dumps(listed()))
    out = tmp_path / "mine.toml"
    assert main([str(tmp_path / "index.json"), str(out), "eu-west-1"]) == 0
    assert Prices.load(out).of("ml.m5.xlarge") == 0.257
    assert capsys.readouterr().out == f"{out}: 1 instance types, eu-west-1, 2026-11-01\n"


@TOML
def test_another_currency_is_converted(tmp_path, capsys):
    products = {"A": product("CNN1-Train:ml.m5.xlarge", "cn-north-1")}
    listing = listed(products=products, terms={"OnDemand": {"A": term("A", "2.0", "CNY")}})
    (tmp_path / "index.json").write_text(json.dumps(listing))
    out = tmp_path / "mine.toml"
    for worth in ([], ["dear"]):
        assert main([str(tmp_path / "index.json"), str(out), "cn-north-1", *worth]) == 2 and not out.exists()
    captured = capsys.readouterr().err
    assert "say what a unit is worth" in captured and "USD_PER_UNIT: got 'dear', expected a number" in captured
    assert main([str(tmp_path / "index.json"), str(out), "cn-north-1", "0.25"]) == 0
    assert Prices.load(out).of("ml.m5.xlarge") == 0.5


def test_mistakes_write_nothing(tmp_path, capsys):
    out = tmp_path / "mine.toml"
    assert main([str(tmp_path / "none.json"), str(out)]) == 2 and main([]) == 2
    captured = capsys.readouterr().err
    assert "write_prices: " in captured and "LIST.json OUT.toml [REGION]" in captured and not out.exists()
