"""Films that several tests look at, and how their data and pages are read."""

import json
import re
from contextlib import contextmanager

import attrs
from browser import chromium
from examples import TIMINGS, simulation

from hptsim import Scenario, Simulation, TuningJobSpec
from hptsim.model.machine import Tables
from hptsim.model.tables import TRAINING, Table
from hptsim.scenario.cloud import Script

SILENT = Tables.of(
    training=Table(
        "training",
        tuple(attrs.evolve(row, effects=()) if row.trigger == "downloaded" else row for row in TRAINING.rows),
        TRAINING.final,
    )
)
"""Tables in which a container writes no log when it starts."""


def data_of(page):
    """The data in a page, as a browser would read it."""
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(data)


def entries_of(data):
    """The entries of a film as a journal has them, without payloads, and the sentence of each."""
    return [
        ((t, kind[0], name, *kind[1:]), data["phrases"][phrase].replace("{name}", name, 1))
        for t, place, called, phrase in data["entries"]
        for kind, name in [(data["kinds"][place], data["names"][called])]
    ]


def stopped(name="one", **changes):
    """Training from 20 to the stop at 50, saved at 70, stored at 75."""
    sim = simulation(capacity={"ml.m5.xlarge": 2}, script=Script("save", save_s=20), **changes)
    sim.create_tuning_job(TuningJobSpec(name))
    sim.run(until=50)
    sim.stop_tuning_job(name)
    sim.run()
    return sim


def broken():
    """A run in which a law is broken at 20 s, and which the laws did not watch."""
    sim = Simulation(Scenario(timings=TIMINGS), tables=SILENT, laws=False)
    sim.create_tuning_job(TuningJobSpec("one"))
    sim.run()
    return sim


@contextmanager
def opened(page, tmp_path, address="", width=1200, **context):
    """The page in a headless browser that may not reach anything; fails on what its console complains of."""
    with chromium() as browser, shown(browser, page, tmp_path, address, width, **context) as tab:
        yield tab


@contextmanager
def shown(browser, page, tmp_path, address="", width=1200, **context):
    """The same in a browser that is there already."""
    (tmp_path / "player.html").write_text(page)
    with browser.new_context(viewport={"width": width, "height": 800}, **context) as own:
        tab, errors, asked = own.new_page(), [], []
        tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        tab.goto((tmp_path / "player.html").as_uri() + address)
        yield tab
        assert errors == [], "no complaint"
        assert {url for url in asked if url != "about:srcdoc"} == {tab.url.partition("#")[0]}, "one file, no network"


def move(tab, seconds):
    """Put the slider at *seconds* and see what the page shows."""
    tab.eval_on_selector("#slider", f"s => {{ s.value = {seconds}; s.dispatchEvent(new Event('input')); }}")
    pictures = [tab.eval_on_selector(f"#{name}", "c => c.toDataURL()") for name in ("lanes", "charts")]
    return tab.inner_text("#clock"), tab.inner_text("#events"), pictures


def wait(tab, condition):
    """Wait for a condition of the page's script, which its policy keeps from being given as text."""
    for _ in range(1500):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(20)
    raise AssertionError(f"{condition} did not come true in 30 s")
