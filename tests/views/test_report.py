"""The template of all reports: its parts in order, texts that stay texts, tables that sort and copy, no network."""

import re

import pytest
from browser import expect
from seen import SCHEMES, WIDTHS, check_page

from hptsim.scenario.price_sources import PriceSources
from hptsim.scenario.prices import Prices
from hptsim.views.report import Cell, Line, Report, Table, footer

pytest.importorskip("jinja2", reason="pages: pip install 'hptsim[plots]'")
HOSTILE = '<script>alert("&")</script>'
LONG = "submit=submitted,duration=seconds,size=gpus,name=id,team=team,priority=urgency,cost=dollars,group=kind"
LISTED = Prices("2023-06", "us-east-1", "a list", {})
HEAD = ("capacity.ml.m5.xlarge", "training_quota_waiting_time_s.p95", "name", "target")


def rows():
    values = [(4, 1234.5678, 'b, "x"', "met"), (12, 7.0, "a", "missed"), (2, float("nan"), "c\nd", "open")]
    return [[*map(Cell.of, row[:3]), Cell.judged(row[3])] for row in values]


def report(**changed):
    parts = {
        "title": f"title {HOSTILE}",
        "question": f"question {HOSTILE}",
        "answer": [Line(f"answer {HOSTILE}", "met"), Line("second", "missed"), Line("third", "open"), Line("fourth")],
        "sure": [f"sure {HOSTILE}", f"Read by mapping {LONG}."],
        "costs": [f"costs {HOSTILE}"],
        "left_out": [f"left out {HOSTILE}"],
        "pictures": [],
        "tables": [Table(f"table {HOSTILE}", HEAD, rows())],
        "footer": footer(PriceSources(LISTED, (HOSTILE,)), "prices are old", "2026-11-27"),
    }
    return Report(**{**parts, **changed})


def test_the_parts_stand_in_order_and_every_text_is_a_text():
    page = report().html()
    places = [
        page.index(word)
        for word in ("question &lt;", "answer &lt;", "How sure", "costs &lt;", "left out &lt;", "table &lt;")
    ]
    assert places == sorted(places)
    assert page.count("<script>") == page.count("</script>") == 1, "its own, and none of a name"
    assert page.count(LONG) == 1


def test_a_verdict_has_a_sign_and_a_class():
    page = report().html()
    signs = re.findall(r'<p class="said (\w*)">(?:<span class="sign">(.) (\w+)</span> )?', page)
    assert signs == [("met", "✓", "met"), ("missed", "✗", "missed"), ("open", "?", "open"), ("asked", "", "")]
    assert re.findall(r'class="(met|missed|open)">(. \w+)</td>', page) == [
        ("met", "✓ met"),
        ("missed", "✗ missed"),
        ("open", "? open"),
    ]


def test_what_there_is_nothing_to_say_about_has_no_head():
    assert "What it costs" not in report(costs=[]).html() and "What it costs" in report().html()


def test_it_asks_nothing_of_a_network():
    page = report().html()
    assert not re.findall(r'(?:src|href)="[^#]', page) and "url(http" not in page and "@import" not in page
    assert "default-src 'none'" in page and len(page) < 25_000


def test_the_last_lines_say_version_prices_currency_source_and_date():
    from hptsim import __version__

    lines = footer(PriceSources(LISTED, ("cpu", "gpu")), "prices are of 2023-06", "2026-11-27")
    assert lines[0] == f"Written by hptsim {__version__} on 2026-11-27."
    assert "US dollars, of 2023-06, us-east-1" in lines[1] and "a list" in lines[1]
    assert lines[1].endswith("The prices of cpu, gpu are your own.") and lines[2] == "Prices are of 2023-06."
    assert footer(PriceSources(LISTED), "", "") == [
        f"Written by hptsim {__version__}.",
        "Prices in US dollars, of 2023-06, us-east-1. Their source: a list.",
    ]


def test_cells_are_short_for_people_and_exact_for_machines():
    shown = {value: Cell.of(value).text for value in (0.123456, 0, 4, 999.96, 17534.26, 1e12, 1e-9)}
    assert shown == {
        0.123456: "0.1235",
        0: "0",
        4: "4",
        999.96: "1000",
        17534.26: "17,534",
        1e12: "1,000,000,000,000",
        1e-9: "1e-09",
    }
    assert Cell.of(17534.26).value == 17534.26 and Cell.of(True).text == "True"


@pytest.fixture
def tab(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(report().html(), encoding="utf-8")

    def opened(width=900, scheme="light"):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(path.as_uri())
        return page

    return opened


@pytest.mark.long
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_is_no_wider_than_its_window_and_can_be_read(tab, width, scheme):
    """Long words break, a wide table scrolls by itself."""
    page = tab(width, scheme)
    check_page(page, width, scheme)
    assert page.complaints == []


@pytest.mark.long
def test_a_table_sorts_by_what_its_cells_are_worth(tab):
    page = tab()

    def column(place):
        return page.evaluate(f"[...document.querySelectorAll('tbody tr')].map(row => row.cells[{place}].textContent)")

    heads = page.locator("thead button")
    heads.nth(0).click()
    assert column(0) == ["2", "4", "12"], "as numbers, not as words"
    assert page.get_attribute("th:nth-child(1)", "aria-sort") == "ascending"
    heads.nth(0).click()
    assert column(0) == ["12", "4", "2"] and page.get_attribute("th:nth-child(1)", "aria-sort") == "descending"
    heads.nth(1).click()
    assert column(1) == ["7", "1,235", "–"] and page.get_attribute("th:nth-child(1)", "aria-sort") is None
    heads.nth(1).click()
    assert column(1) == ["1,235", "7", "–"], "what is not known stays last"


@pytest.mark.long
def test_a_table_is_copied_as_csv_with_all_digits(tab):
    import csv
    import io

    page = tab()
    page.click(".copy button")
    expect(page.locator(".copy span").first).to_have_text("copied")
    found = list(csv.reader(io.StringIO(page.evaluate("navigator.clipboard.readText()"), newline="")))
    assert found[0] == list(HEAD)
    assert [row[:2] for row in found[1:]] == [["4", "1234.5678"], ["12", "7.0"], ["2", ""]]
    assert [row[2].replace("\r\n", "\n") for row in found[1:]] == ['b, "x"', "a", "c\nd"] and found[1][3] == "met"
