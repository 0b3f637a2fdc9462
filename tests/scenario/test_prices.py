"""Prices: a dated table with its source, a file or single prices in its place, spot by ratio or by price."""

import re

import pytest
from extras import TOML

from hptsim import Scenario, TuningJobSpec
from hptsim.errors import InvalidInput
from hptsim.model.instants import read_instant
from hptsim.scenario import ScheduledTuningJob
from hptsim.scenario.prices import SPOT_PRICE_RATIO, Prices

TODAY = read_instant("2026-11-27")
M5, P3 = "ml.m5.xlarge", "ml.p3.2xlarge"
OWN = Prices("2026-11", "eu-west-1", "a contract", {M5: 1.0, P3: 5.0}, {P3: 2.0}, 0.5)
TEXT = """date = "2026-11"
region = "eu-west-1"
source = "a contract"
spot_ratio = 0.5
on_demand_usd_per_hour = { "ml.m5.xlarge" = 1.0, "ml.p3.2xlarge" = 5.0 }
spot_usd_per_hour = { "ml.p3.2xlarge" = 2.0 }
"""


def test_the_packaged_table_says_when_where_and_by_whom():
    prices = Prices.packaged()
    assert re.fullmatch(r"\d{4}-\d\d", prices.date) and prices.region and "price page" in prices.source
    assert prices.of(M5) == 0.23 and prices.of(M5, spot=True) == pytest.approx(0.23 * SPOT_PRICE_RATIO)
    assert prices.of("ml.unheard-of") is None and prices.of("ml.unheard-of", spot=True) is None
    assert Scenario().price_list is prices


def test_spot_has_its_own_price_or_its_ratio():
    assert OWN.of(P3, spot=True) == 2.0 and OWN.of(M5, spot=True) == 0.5


@TOML
def test_a_file_of_ones_own_replaces_it(tmp_path):
    (tmp_path / "mine.toml").write_text(TEXT)
    (tmp_path / "x.toml").write_text('prices = "mine.toml"\n[prices_usd_per_hour]\n"ml.m5.xlarge" = 3.0\n')
    scenario = Scenario.load(tmp_path / "x.toml")
    assert scenario.prices == OWN == Prices.load(tmp_path / "mine.toml")
    assert scenario.price_list.of(M5) == 3.0 and scenario.price_list.of(M5, spot=True) == 1.5
    assert scenario.price_list.of(P3, spot=True) == 2.0 and scenario.price_list.of("ml.m5.large") is None
    scenario.dump(tmp_path / "again.toml")
    assert Scenario.load(tmp_path / "again.toml") == scenario


def test_single_prices_come_first():
    scenario = Scenario(prices=OWN, prices_usd_per_hour={P3: 8.0}, spot_prices_usd_per_hour={M5: 0.1})
    assert scenario.price_list.of(P3, spot=True) == 4.0, "the listed spot price belonged to another on-demand price"
    assert scenario.price_list.of(M5, spot=True) == 0.1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace("date", "dote"), r"dote: got 'dote', expected a key .*did you mean 'date'"),
        (TEXT.replace("source =", "#"), "source: got None, expected a table of prices that says it"),
        (TEXT.replace("= 5.0", "= -5.0"), r"on_demand_usd_per_hour\.ml\.p3\.2xlarge: got -5"),
        (TEXT.replace("0.5", "'x'"), "spot_ratio: got 'x'"),
        (TEXT.replace('"2026-11"', "3"), "date: got 3"),
        (TEXT.replace("2026-11", "2026-13"), "date: got '2026-13', expected a date in ISO 8601"),
        (TEXT.replace("2026-11", "November"), "date: got 'November'"),
        (TEXT + "savings_plan_ratio = -1\n", "savings_plan_ratio: got -1"),
        ("= 3", "readable table of prices in TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=rf"mine\.toml: .*{message}"):
        Prices.load(path)
    (tmp_path / "x.toml").write_text('name = "x"\nprices = "mine.toml"\n')
    with pytest.raises(InvalidInput, match=rf"x\.toml:2: prices: .*{message}"):
        Scenario.load(tmp_path / "x.toml")


def test_what_is_wrong_inside_a_scenario_is_named(tmp_path):
    (tmp_path / "x.toml").write_text("[prices]\n" + TEXT.replace("spot_ratio", "spot_rtaio"))
    with pytest.raises(InvalidInput, match=r"x\.toml:5: prices\.spot_rtaio: .*did you mean 'spot_ratio'"):
        Scenario.load(tmp_path / "x.toml")


def test_a_savings_plan_pays_a_share_of_on_demand_and_not_of_spot():
    prices = Prices("2026-11-27", "x", "y", {M5: 1.0, P3: 5.0}, {P3: 2.0}, savings_plan_ratio=0.64)
    assert (prices.of(M5), prices.of(P3, spot=True)) == (0.64, 2.0)
    assert prices.of(M5, spot=True) == SPOT_PRICE_RATIO, "spot is a share of the on-demand price"
    assert prices.with_own({M5: 2.0}, {}).of(M5) == pytest.approx(1.28)


@pytest.mark.parametrize(
    ("date", "today", "old"),
    [
        ("2025-11", "2026-11-02", False),
        ("2025-11", "2026-11-03", True),
        ("2025-11-27", "2026-11-28", False),
        ("2025-11-27", "2026-12-01", True),
    ],
)
def test_a_table_older_than_a_year_is_told(date, today, old):
    prices = Prices(date, "eu-west-1", "y", {M5: 1.0})
    assert prices.warning([M5], read_instant(today)) == (
        f"prices are of {date} (eu-west-1), more than a year old: see docs/prices.md" if old else ""
    )
    assert prices.warning([P3], read_instant(today)) == "", "it has no price of that"


def test_a_scenario_warns_of_old_prices_that_it_uses():
    jobs = [ScheduledTuningJob(TuningJobSpec("a"))]
    assert "prices are of 2023-06 (us-east-1)" in Scenario(tuning_jobs=jobs).price_warning(TODAY)
    assert Scenario(tuning_jobs=jobs, prices_usd_per_hour={M5: 1.0}).price_warning(TODAY) == ""
    assert Scenario().price_warning(TODAY) == ""


@TOML
def test_what_is_dumped_is_loaded(tmp_path):
    OWN.dump(tmp_path / "own.toml")
    assert Prices.load(tmp_path / "own.toml") == OWN
