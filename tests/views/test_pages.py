"""The page of an experiment is put together from its answer: tables, intervals, the last lines."""

import math
import re

import attrs
import pytest
from browser import chromium
from experiments_made_up import QUOTA, figures, history, results, swept, three

from hptsim import Scenario
from hptsim.planning.answers import Answer
from hptsim.views import pages
from hptsim.views.page_words import Setup
from hptsim.views.pages import page, report

pytest.importorskip("matplotlib", reason="pictures: pip install 'hptsim[plots]'")
pytest.importorskip("jinja2", reason="pages: pip install 'hptsim[plots]'")
SHOWN = ("waiting_time_s.p95", "cost_usd")


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch, request):
    """They have tests of their own, and take their time."""
    if "long" not in request.keywords:
        monkeypatch.setattr(pages, "pictures", lambda *_: iter(()))


def told(answer, shown=SHOWN, **scenario):
    return report(Scenario("jobs <b>", **scenario), answer, shown, Setup(written="2026-11-27"))


def test_the_table_of_designs_has_the_verdicts_and_the_chosen_one_in_bold():
    designs, table = told(three()).tables
    assert designs.head == [QUOTA, *SHOWN, "target"]
    assert [[cell.text for cell in row] for row in designs.rows] == [
        ["2", "9,002", "10", "✗ missed"],
        ["4", "600", "20", "? open"],
        ["6", "101.5", "30", "✓ met"],
    ]
    assert [row[0].chosen for row in designs.rows] == [False, False, True]
    assert table.head == [QUOTA, "figure", "what it is", "mean", "low", "high", "replications"]


def test_no_interval_crosses_zero_where_the_figure_cannot():
    spread = swept({2: [figures(value) for value in (0.0, 0.0, 1000.0)], 4: [figures(1.0), figures(2.0)]})
    [_, table] = told(spread).tables
    lows = [row[4].value for row in table.rows if row[4].value != ""]
    assert lows and min(lows) == 0.0, "a symmetric interval would go below"
    differences = attrs.evolve(spread, results=attrs.evolve(spread.results, signed=True))
    assert min(row[4].value for row in told(differences).tables[1].rows if row[4].value != "") < 0, "and what may, does"


def test_one_run_of_each_design_has_values_and_no_intervals():
    one = history({2: figures(700.0), 4: figures(500.0)})
    assert told(one).tables[1].head == [QUOTA, "figure", "what it is", "value"]


def test_of_a_single_design_every_figure_is_told():
    single = Answer(
        results({2: [figures(value, **{"waiting_time_s.mean": value, "x": math.nan}) for value in (9.0, 11.0)]}).at(
            {QUOTA: 2}
        ),
        0.95,
    )
    [table] = told(single).tables
    named = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    assert named["waiting_time_s.p95"][0] == "waiting of tuning jobs, 95 % quantile (s)"
    assert named["waiting_time_s.p95"][1] == "10" and named["x"][1:] == ["–", "–", "–", "0"]


def test_groups_have_a_table_of_their_own():
    teams = {
        "waiting_time_s.p95[team=vision]": 50.0,
        "waiting_time_s.p95[team=speech]": 70.0,
        "waiting_time_s.count[team=speech]": 7.0,
    }
    _, groups, table = told(swept({2: [figures(60.0, **teams)]})).tables
    assert (groups.caption, groups.head) == (
        f"By team with {QUOTA} = 2",
        ["team", "waiting_time_s.p95", "waiting_time_s.count"],
    )
    assert [[cell.text for cell in row] for row in groups.rows] == [["speech", "70", "7"], ["vision", "50", "–"]]
    assert not any("[" in row[1].text for row in table.rows)


def test_whose_prices_they_are_is_said_last():
    last = told(three(), prices_usd_per_hour={"ml.m5.xlarge": 1.0}).footer
    assert last[1].startswith("Prices in US dollars, of 2023-06, us-east-1.") and last[1].endswith(
        "ml.m5.xlarge is your own."
    )


@pytest.mark.long
def test_every_sentence_is_on_the_page_and_so_is_every_picture():
    said = told(three())
    text = page(Scenario("jobs <b>"), three(), SHOWN, Setup(written="2026-11-27"))
    words = [line.text for line in said.answer] + [*said.sure, *said.costs, *said.left_out, said.footer[0]]
    escaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'")
    assert all(f"{sentence}</p>" in escaped for sentence in words)
    assert text.count("<figure>") == len(said.pictures) == text.count('<div class="narrow"><svg')
    assert len(set(re.findall(r'\bid="([^"]+)"', text))) == len(re.findall(r'\bid="([^"]+)"', text))
    assert len(text) < 600_000


@pytest.mark.long
def test_its_pictures_fit_every_window_and_follow_the_theme(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page(Scenario(), three(), SHOWN, Setup()), encoding="utf-8")
    seen = set()
    with chromium() as browser:
        for width in (380, 800, 1200):
            for scheme in ("light", "dark"):
                tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
                complaints = []
                tab.on("console", lambda said, complaints=complaints: complaints.append(said.text))
                tab.goto(path.as_uri())
                assert tab.evaluate("document.documentElement.scrollWidth") == width and complaints == []
                shown = "narrow" if width == 380 else "wide"
                assert tab.evaluate(SEEN) == [shown] * tab.locator("figure").count()
                letters = tab.evaluate(f"document.querySelector('.{shown} svg text').getBoundingClientRect().height")
                assert letters >= 9, "they can be read"
                fill = tab.evaluate(f"getComputedStyle(document.querySelector('.{shown} svg text')).fill")
                assert fill == {"light": "rgb(17, 17, 17)", "dark": "rgb(240, 240, 240)"}[scheme]
                seen.add(
                    tab.evaluate(f"getComputedStyle(document.querySelector('.{shown} svg use[style*=done]')).fill")
                )
    assert seen == {"rgb(0, 158, 115)", "rgb(44, 194, 149)"}, "what is met is green on both"


SEEN = """() => [...document.querySelectorAll('figure > div')].filter(one => {
    const box = one.firstElementChild.getBoundingClientRect();
    return box.width > 0 && box.left >= 0 && box.right <= window.innerWidth;
}).map(one => one.className)"""
