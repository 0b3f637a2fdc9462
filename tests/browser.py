"""The headless browser of the tests: the one that HPTSIM_BROWSER names, the Chromium on the path, or the one Playwright has."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

CALM = ["--no-sandbox", "--disable-gpu", "--no-zygote", "--disable-background-networking", "--disable-component-update"]
CALM += ["--disable-sync", "--no-first-run"]


def expect(what):
    """Wait until a page or a part of it is as said: events reach a page late, and a policy may forbid `wait_for_function`."""
    from playwright.sync_api import expect

    return expect(what)


@contextmanager
def chromium():
    """A browser, also for root and without a display; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    named = os.environ.get("HPTSIM_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")
    with playwright.sync_playwright() as p:
        where = named or p.chromium.executable_path
        if not Path(where).exists():
            pytest.skip("needs a Chromium: on the path, or named by HPTSIM_BROWSER")
        browser = p.chromium.launch(executable_path=where, args=CALM)
        try:
            yield browser
        finally:
            browser.close()
