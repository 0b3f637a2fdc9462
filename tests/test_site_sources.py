"""What the site is made of: its links lead somewhere, words are explained, no page sends its reader to a local server."""

import importlib
import importlib.util
import pkgutil
import re
import types
from pathlib import Path
from urllib.parse import unquote

import pytest
from test_rooms import MAY_IMPORT

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
READ = [ROOT / "README.md", ROOT / "benchmarks" / "README.md", ROOT / "notebooks" / "README.md", *PAGES]
CODE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1$|`[^`\n]+`|^(?: {4}|\t)[^\n]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)|\]: (\S+)$|<(https?://[^>]+)>", re.MULTILINE)
LOCAL = re.compile(r"\b(?:127\.\d+\.\d+\.\d+|localhost|0\.0\.0\.0)\b|\[::1\]")
BUILT = re.compile(r"^(?:reference|twin|notebooks|_static)/|explorer[\w-]*\.html")
"""Made when the site is built: tests/test_site.py follows what leads there."""


def name(page):
    return str(page.relative_to(ROOT))


def places(page):
    """What can be linked to in a page: its headings, as GitHub and MyST name them, and the anchors that it sets."""
    text = page.read_text()
    found = set(re.findall(r'<a id="([^"]+)">', text))
    for heading in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        plain = re.sub(r"<[^>]+>|\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def links(page, text=None):
    """The targets of a page's links, outside its code."""
    prose = CODE.sub("", page.read_text() if text is None else text)
    return [next(filter(None, found)) for found in LINK.findall(prose)]


@pytest.mark.parametrize("page", READ, ids=name)
def test_links_lead_to_a_place_that_is_there(page):
    for link in links(page):
        path, _, place = unquote(link).partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve() if path else page
        if target.is_relative_to(DOCS) and BUILT.search(str(target.relative_to(DOCS))):
            continue
        assert target.exists(), link
        if place and target.suffix == ".md":
            assert place in places(target), link


def test_a_broken_link_would_be_noticed():
    page = DOCS / "index.md"
    found = links(page, "[a](nowhere.md), [b](glossary.md#no-such-word) and `[c](code.md)`")
    assert found == ["nowhere.md", "glossary.md#no-such-word"] and not (DOCS / "nowhere.md").exists()
    assert "no-such-word" not in places(DOCS / "glossary.md") and "grace-period" in places(DOCS / "glossary.md")


def sent_to_a_local_server(text):
    """Addresses of a local server in a page: in its links and prose; in code only that of `hptsim serve`, which readers start."""
    prose = CODE.sub("", text)
    return LOCAL.findall(prose) + re.findall(
        r"(?:127\.0\.0\.1|localhost):(?!8765\b)\d+", text.replace("127.0.0.1:8765:", "")
    )


@pytest.mark.parametrize("page", [*READ, ROOT / "CHANGELOG.md"], ids=name)
def test_no_page_sends_its_reader_to_a_local_server(page):
    assert sent_to_a_local_server(page.read_text()) == []


@pytest.mark.parametrize(
    "text", ["see <http://127.0.0.1:8000/stop.html>", "[here](http://localhost:8765/)", "`http://127.0.0.1:8000`"]
)
def test_such_an_address_would_be_noticed(text):
    assert sent_to_a_local_server(text)


def test_every_word_of_the_glossary_is_used_and_links_to_it():
    words = re.findall(r"^### (.+)$", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert len(words) > 20 and len(words) == len(set(words))
    linked = {
        link.partition("#")[2]
        for page in READ
        if page.name != "glossary.md"
        for link in links(page)
        if link.partition("#")[0].endswith("glossary.md")
    }
    assert linked >= {word.lower().replace(" ", "-") for word in words}


def loaded(path):
    """A script of the documentation, which is no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BLOCK = re.compile(r"^```\{curated\} (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
API = sorted(page for page in (DOCS / "api").glob("*.md") if page.name != "index.md")


def test_every_room_has_its_page():
    rooms = {*MAY_IMPORT, "cli"}
    assert rooms <= {page.stem for page in API}
    listed = re.findall(r"^(\w+)$", (DOCS / "api" / "index.md").read_text(), re.MULTILINE)
    assert sorted(listed) == [page.stem for page in API]


@pytest.mark.parametrize("page", API, ids=name)
def test_a_page_of_the_api_says_something_of_each_name_and_shows_an_example(page):
    pytest.importorskip("sphinx", reason="the site is built with the extra docs")
    curated = loaded(DOCS / "curated.py")
    [(module_name, names)] = BLOCK.findall(page.read_text())
    module = importlib.import_module(module_name)
    assert module_name == ("hptsim" if page.stem == "hptsim" else f"hptsim.{page.stem}")
    first = [pkgutil.resolve_name(f"{module_name}:{name}") for name in names.split()]
    assert len(first) >= 2 and set(names.split()) <= set(getattr(module, "__all__", names.split()))
    assert all(curated.sentence(thing) for thing in first if isinstance(thing, type | types.FunctionType))
    assert ">>> " in page.read_text() or any(curated.example(thing) for thing in first) or page.stem == "conformance"


def test_a_call_is_short():
    pytest.importorskip("sphinx", reason="the site is built with the extra docs")
    curated = loaded(DOCS / "curated.py")

    def few(a, b=1, *more, c="x" * 30, **others): ...

    def many(a, b, c, d, e, f, g, h=2): ...

    assert curated.call("few", few) == "few(a, b=1, *more, c=…, **others)"
    assert curated.call("many", many) == "many(a, b, c, d, e, f, g, …)"
    assert curated.sentence(list.append) == "Append object to the end of the list."
