"""The page of an experiment: what stands on it, and that it fits its window."""

import pytest
from browser import chromium

from hptsim.views.chart_data import IntervalRow
from hptsim.views.charts import intervals
from hptsim.views.pages import document

MAPPING = "submit=submitted,duration=seconds,size=gpus,name=id,team=team,priority=urgency,cost=dollars,group=kind"
ROW = "".join(f"<td>{name}</td>" for name in ("capacity.ml.m5.xlarge", "training_quota_waiting_time_s.p95", "123456"))


def page():
    picture = intervals([IntervalRow("", 1, 9.0, 8.0, 10.0), IntervalRow("", 2, 3.0, 2.0, 4.0)], "GPUs", "wait (s)")
    return document("jobs", f"Read by mapping {MAPPING}.", [("Waiting", picture)], "Means.", f"<table>{ROW}</table>")


def test_what_is_said_is_on_it_once():
    html = page()
    assert html.count(MAPPING) == 1 and html.count("<svg") == 1 and "<figcaption>Waiting</figcaption>" in html
    assert '<meta name="viewport" content="width=device-width">' in html, "a telephone would show it small"


@pytest.mark.long
@pytest.mark.parametrize("width", [360, 900, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_no_wider_than_its_window_and_dark_on_light(width, scheme, tmp_path):
    """Long words break and a wide table scrolls by itself; a page is the same in both themes."""
    path = tmp_path / "page.html"
    path.write_text(page(), encoding="utf-8")
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        tab.goto(path.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert tab.evaluate("document.querySelector('svg').getBoundingClientRect().width") <= width
        assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
