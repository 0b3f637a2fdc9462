"""The documentation site is built without a warning, every link in it leads somewhere, and reading it asks no network."""

import codeop
import doctest
import html
import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import chromium, expect
from seen import SCHEMES, WIDTHS, check_contrast, check_width, hexadecimal
from test_rooms import MAY_IMPORT

import hptsim
from hptsim.model.tables import ALL
from hptsim.views import state_diagrams as diagram
from hptsim.views.palette import PALETTE

pytestmark = pytest.mark.long
ROOT = Path(__file__).parent.parent
_spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loads, self.places = [], [], {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.places.add(given.get("id"))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(given["href"])
        elif tag in ("script", "img", "iframe", "object") and "src" in given:
            self.loads.append(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("furo", reason="the site is built with the extra docs")
    pytest.importorskip("myst_nb", reason="the site is built with the extra docs")
    folder = tmp_path_factory.mktemp("site")
    if os.environ.get("HPTSIM_SITE_IS_BUILT"):  # CI has just done so
        shutil.copytree(build.SITE, folder / "html", ignore=shutil.ignore_patterns("twin"))
    else:
        build.pages(folder / "html")
    build.page(folder / "html" / "twin")
    pages = {path.resolve(): Page(path) for path in (folder / "html").rglob("*.html")}
    return folder / "html", pages


def test_every_link_leads_somewhere(site):
    _, pages = site
    followed = 0
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path.name} links to {link}"
            if target.name.startswith("explorer") and re.fullmatch(r"\d+(\.\d+)*", parts.fragment):
                followed += 1  # steps on the explorer's page, which tests/test_lessons.py follows
            elif target in pages:
                assert unquote(parts.fragment) in pages[target].places, f"{path.name} links to {link}"
            followed += 1
    assert followed > 500


def test_reading_it_asks_no_network(site):
    _, pages = site
    loads = [(path, load) for path, page in pages.items() for load in page.loads]
    assert len(loads) > 100
    for path, load in loads:
        parts = urlsplit(load)
        assert parts.scheme in ("", "data") and not parts.netloc, f"{path.name} loads {load}"
        assert parts.scheme or (path.parent / parts.path).exists(), f"{path.name} loads {load}"


SIGNATURE = re.compile(
    r'<dl class="py (?:class|exception|function|method)">\s*<dt class="sig[^>]*>(.*?)</dt>', re.DOTALL
)


def test_no_signature_fills_a_page(site):
    folder, _ = site
    signatures = [
        html.unescape(re.sub("<[^>]+>", "", signature))
        for page in (folder / "reference").glob("*.html")
        for signature in SIGNATURE.findall(page.read_text(encoding="utf-8"))
    ]
    assert len(signatures) > 300
    assert any("tables: Tables = TABLES" in one or "tables=TABLES" in one for one in signatures)
    assert [one[:100] for one in signatures if len(one) > 1000] == []


READ = (
    "index.html",
    "tables.html",
    "semantics.html",
    "api/planning.html",
    "how-to/plan-a-quota.html",
    "reference/hptsim.simulation.html",
    "lessons/1-what-stop-means.html",
    "notebooks/05-choosing-a-quota.html",
)


def test_pages_of_the_site_can_be_read_in_every_window_and_theme(site):
    """Also with the theme's own switch; code has colors of its own, which have to be readable as well."""
    folder, _ = site
    with chromium() as browser:
        tab = browser.new_page()
        for page in READ:
            tab.goto((folder / page).as_uri())
            for width in WIDTHS:
                tab.set_viewport_size({"width": width, "height": 800})
                check_width(tab, width)
            for scheme in SCHEMES:
                tab.emulate_media(color_scheme=scheme)
                check_contrast(tab)
                ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
                assert hexadecimal(ground) == getattr(PALETTE["paper"], scheme)
        tab.emulate_media(color_scheme="light")
        tab.evaluate("document.body.dataset.theme = 'dark'")  # what the theme's button does
        assert hexadecimal(tab.evaluate("getComputedStyle(document.body).backgroundColor")) == PALETTE["paper"].dark
        check_contrast(tab)


def test_every_page_of_the_folder_is_in_the_site(site):
    folder, _ = site
    for page in (ROOT / "docs").rglob("*.md"):
        assert (folder / page.relative_to(ROOT / "docs").with_suffix(".html")).exists()


def test_the_diagrams_are_drawn_from_the_tables(site):
    folder, pages = site
    shown = (folder / "semantics.html").read_text(encoding="utf-8")
    for table in ALL:
        name = f"{table.name.replace(' ', '-')}.svg"
        drawing = (folder / "_static" / name).read_text(encoding="utf-8")
        assert drawing == diagram.svg(table, docs="../")
        for link in re.findall(r'<a href="([^"]+)">', drawing):
            path, _, fragment = link.partition("#")
            assert fragment in pages[(folder / "_static" / path).resolve()].places, link
        assert diagram.svg(table, colors=False) in shown and f'href="_static/{name}"' in shown


def test_drawings_follow_the_button_for_light_and_dark_whatever_the_system_wants(site):
    """From files: a page of the tables, the first page, and a lesson."""
    folder, _ = site
    drawn = {
        "semantics.html": (".drawing svg .paper", len(ALL)),
        "index.html": (".picture svg text", 10),
        "lessons/1-what-stop-means.html": (".drawn svg text", 10),
    }
    with chromium() as browser:
        for system in SCHEMES:
            with browser.new_context(color_scheme=system) as context:
                tab = context.new_page()
                for page, (inked, least) in drawn.items():
                    tab.goto((folder / page).as_uri())
                    wanted = {"auto": system, "light": "light", "dark": "dark"}
                    while wanted:
                        theme = tab.evaluate("document.body.dataset.theme")
                        name = "paper" if inked.endswith(".paper") else "ink"
                        fills = tab.eval_on_selector_all(inked, "all => all.map(one => getComputedStyle(one).fill)")
                        assert len(fills) >= least
                        assert {hexadecimal(one) for one in fills} == {getattr(PALETTE[name], wanted.pop(theme))}
                        tab.locator(".theme-toggle:visible").first.click()


def test_the_lessons_are_all_there(site):
    folder, pages = site
    page = pages[(folder / "lessons.html").resolve()]
    linked = {Path(urlsplit(link).path).name for link in page.links}
    assert {path.with_suffix(".html").name for path in (ROOT / "notebooks").glob("*.ipynb")} <= linked


APOSTROPHE, TYPOGRAPHIC = "'", "’"


def test_every_page_says_its_version_and_there_is_a_change_log(site):
    folder, _ = site
    for page in [folder / "index.html", *(folder / "api").glob("*.html"), *(folder / "how-to").glob("*.html")]:
        assert f"hptsim {hptsim.__version__}" in page.read_text(encoding="utf-8")
    shown = html.unescape((folder / "changelog.html").read_text(encoding="utf-8"))
    for heading in re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE):
        assert f"<h2>{heading.replace(APOSTROPHE, TYPOGRAPHIC)}<" in shown


def test_no_link_leads_to_a_local_server(site):
    _, pages = site
    hosts = {urlsplit(link).hostname for page in pages.values() for link in [*page.links, *page.loads]}
    assert "pyodide.org" in hosts and hosts.isdisjoint({"127.0.0.1", "localhost", "0.0.0.0", "::1"})


ROOMS = sorted({*MAY_IMPORT, "cli"})


@pytest.mark.parametrize("room", ROOMS)
def test_the_page_of_a_room_names_all_that_it_hands_out_and_leads_to_the_reference(site, room):
    folder, pages = site
    page = folder / "api" / f"{room}.html"
    shown = page.read_text(encoding="utf-8")
    names = importlib.import_module(f"hptsim.{room}").__all__
    assert [name for name in names if f'<span class="pre">{name}</span>' not in shown] == []
    deeper = [link for link in pages[page.resolve()].links if "../reference/" in link and "#" in link]
    assert room == "cli" or len(deeper) >= 2  # the modules of the command line have no place in the reference


def test_the_notebooks_are_pages_with_the_outputs_that_they_are_stored_with(site):
    folder, _ = site
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        shown = (folder / "notebooks" / path.with_suffix(".html").name).read_text(encoding="utf-8")
        cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
        pictures = sum("image/png" in out.get("data", {}) for cell in cells for out in cell["outputs"])
        assert shown.count('class="cell docutils container"') == len(cells)
        assert len(re.findall(r'<img[^>]+src="../_images/[0-9a-f]+\.png"', shown)) == pictures
        assert re.search(rf'<a class="reference download internal"[^>]+/{path.name}"', shown)


@contextmanager
def tab(site, served):
    """A tab of a browser, the address of the site, as files or from its own server, and what it asked others for."""
    folder, _ = site
    asked = []
    with chromium() as browser, build.serve(folder, port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        own = f"http://127.0.0.1:{server.server_port}/"
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"] if served else [])

        def watch(route):
            if route.request.url.startswith(own):
                route.continue_()
            else:
                asked.append(route.request.url)
                route.abort()

        context.route(re.compile("^https?://"), watch)
        yield context.new_page(), own if served else folder.as_uri() + "/", asked
        server.shutdown()


@pytest.mark.parametrize("served", [False, True], ids=["from files", "served"])
def test_it_works_without_a_network_and_its_search_finds(site, served):
    errors = []
    with tab(site, served) as (page, home, asked):
        page.on("pageerror", lambda error: errors.append(str(error)))
        for path in (
            "index.html",
            "api/planning.html",
            "notebooks/05-choosing-a-quota.html",
            "semantics.html",
            "speed.html",
        ):
            page.goto(home + path)
            assert page.locator("h1").count() == 1
            assert page.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
        page.goto(home + "search.html?q=grace+period")
        expect(page.locator("#search-results .search-summary")).to_contain_text("Search finished")
        if served:  # an excerpt of each page that is found comes later; a tab that closes before fails to fetch it
            expect(page.locator("#search-results li:not(:has(> span, > p))")).to_have_count(0)
        found = page.locator("#search-results li a").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
        assert any(link.startswith("glossary.html") for link in found)
    assert asked == [] and errors == []


def pasted(text):
    """Give lines to Python's prompt one by one, as a terminal does: how many statements there were. Raises SyntaxError."""
    statements, waiting = 0, []
    for line in text.split("\n"):
        waiting.append(line)
        if codeop.compile_command("\n".join(waiting), symbol="single") is not None:
            statements, waiting = statements + bool("".join(waiting).strip()), []
    assert not "".join(waiting).strip(), f"the prompt still waits: {waiting}"
    return statements


def test_what_the_copy_buttons_copy_can_be_pasted_at_the_prompt(site):
    with tab(site, served=True) as (page, home, _):
        for tutorial in ("tests", "planning", "teaching"):
            page.goto(f"{home}tutorials/{tutorial}.html")
            page.wait_for_selector("button.copy")
            texts = page.evaluate(
                "[...document.querySelectorAll('.highlight-python pre')].map((one) => copied(one.textContent))"
            )
            source = (ROOT / "docs" / "tutorials" / f"{tutorial}.md").read_text()
            assert sum(map(pasted, texts)) == len(doctest.DocTestParser().get_examples(source)) > 10
        button = page.locator(".highlight-python button.copy").first
        button.click()
        assert button.text_content() == "Copied"
        assert page.evaluate("navigator.clipboard.readText()") == texts[0]
        assert ">>>" not in texts[0] and texts[0].startswith("from hptsim import")


def test_a_mermaid_block_that_no_table_says_is_refused(tmp_path):
    pytest.importorskip("furo", reason="the site is built with the extra docs")
    pytest.importorskip("myst_nb", reason="the site is built with the extra docs")
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("reference", "*.md"))
    (tmp_path / "docs" / "index.md").write_text("# A lie\n\n```mermaid\nstateDiagram-v2\n    A --> B: once\n```\n")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", tmp_path / "docs", tmp_path / "html"]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode != 0 and "no table says" in built.stderr


def test_what_the_browser_is_sent_is_this_tree(tmp_path):
    if not build.fetched():
        pytest.skip("needs Pyodide: python docs/build.py gets it from npm")
    build.twin(tmp_path)
    names = json.loads((tmp_path / "twin" / "wheels.json").read_text())
    assert "hptsim.zip" in names and all((tmp_path / "twin" / "wheels" / name).exists() for name in names)
    with zipfile.ZipFile(tmp_path / "twin" / "wheels" / "hptsim.zip") as package:
        assert package.read("hptsim/views/player.html") == (ROOT / "hptsim" / "views" / "player.html").read_bytes()
        assert len(package.namelist()) > 30
