"""The documentation site, built by Sphinx from docstrings and Markdown: see docs/build.py.

Nothing is fetched when it is built or read. Diagrams are drawn from the tables while the site is built, so that they
cannot lie: a Mermaid block of a page must be what the tables say, and is shown as their SVG. They are parts of their pages,
so that they follow the button for light and dark.
"""

import json
import re
import shutil
import sys
from html import unescape
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.inspect import object_description

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from lessons import graphs  # noqa: E402
from picture import picture  # noqa: E402

import hptsim  # noqa: E402
from hptsim.audit.laws import LAWS  # noqa: E402
from hptsim.model import tables  # noqa: E402
from hptsim.views import explorer_page  # noqa: E402
from hptsim.views import state_diagrams as diagram  # noqa: E402
from hptsim.views.drawings import element  # noqa: E402
from hptsim.views.firings import spoken  # noqa: E402
from hptsim.views.style import tokens  # noqa: E402

project = "hptsim"
author = "the hptsim authors"
release = hptsim.__version__
extensions = [
    "myst_nb",
    "curated",
    "lessons.directives",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_templates"]
templates_path = ["_templates"]

nb_execution_mode = "off"  # notebooks are shown with the outputs that they are stored with; the tests run them
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]
default_role = "code"  # docstrings write `names` as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

html_theme = "furo"
html_title = f"hptsim {release}"  # stands on each page
html_favicon = "twin/icon.svg"
html_static_path = ["_static"]
html_css_files = ["style.css", "site.css", "pages.css"]
html_js_files = ["copy.js", "search_files.js"]
THEME = {
    "color-foreground-primary": "ink",
    "color-foreground-secondary": "muted",
    "color-foreground-muted": "muted",
    "color-foreground-border": "edge",
    "color-background-primary": "paper",
    "color-background-secondary": "panel",
    "color-background-hover": "act-soft",
    "color-background-border": "rule",
    "color-brand-primary": "act",
    "color-brand-content": "act",
    "color-brand-visited": "act",
    "color-highlight-on-target": "mark",
    "color-problematic": "end-text",
    "font-stack": "words",
    "font-stack--monospace": "code",
}
"""What of the shared style each of the theme's variables is; the tokens know light and dark themselves."""
_variables = {name: f"var(--{token})" for name, token in THEME.items()}
html_theme_options = {"light_css_variables": _variables, "dark_css_variables": _variables}
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False

TABLES = {diagram.mermaid(table): table for table in tables.ALL}


class Diagram(SphinxDirective):
    """A Mermaid block, shown as the SVG of the table that it was written from, in the page's colors and by itself."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        table = TABLES.get("\n".join(self.content))
        if table is None:
            raise self.error("a Mermaid block that no table says: run python -m hptsim.cli.write_docs")
        folder = Path(self.env.app.outdir) / "_static"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{table.name.replace(' ', '-')}.svg"
        (folder / name).write_text(diagram.svg(table, docs="../"), encoding="utf-8")
        up = "../" * self.env.docname.count("/")
        # A part of the page, not an image: it has the colors that the reader has chosen for the page. As large as it is drawn:
        # a page that is narrower scrolls, and the letters stay legible.
        drawing = diagram.svg(table, colors=False)
        page = DRAWING.format(path=f"{up}_static/{name}", what=spoken(table), drawing=drawing)
        return [nodes.raw("", page, format="html")]


DRAWING = """<div class="drawing" tabindex="0" role="region"
aria-label="The states of a {what}, drawn; the table says the same.">
{drawing}</div>
<p>Pointing at a trigger shows what it does and rests on. <a href="{path}">In the drawing by itself</a> a click leads
there.</p>"""
PICTURE = re.compile(r'<img src="_static/stop\.svg" alt="([^"]+)">')


def first_picture(app: Sphinx, page: str, template: str, context: dict[str, object], doctree: object) -> None:
    """The picture of the first page as a part of it, drawn anew: it has the colors that the reader has chosen."""
    if page == "index":
        before, words, after = PICTURE.split(str(context["body"]))  # index.md shows it once
        context["body"] = f"{before}{element(picture(), unescape(words), 'stop')}{after}"


NOTEBOOKS = Path(__file__).parent / "notebooks"


def notebooks(app: Sphinx, config: object) -> None:
    """The notebooks as pages: copies, each with a link by which a reader gets the file."""
    shutil.rmtree(NOTEBOOKS, ignore_errors=True)
    NOTEBOOKS.mkdir()
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        first = notebook["cells"][0]
        assert first["cell_type"] == "markdown", f"{path.name} does not begin with its title"
        first["source"] = [*first["source"], f"\n\n{{download}}`Download this notebook <../../notebooks/{path.name}>`"]
        (NOTEBOOKS / path.name).write_text(json.dumps(notebook), encoding="utf-8")


def overview_of_notebooks(app: Sphinx, docname: str, source: list[str]) -> None:
    """The page of lessons ends with the notebooks' own overview."""
    if docname == "lessons":
        overview = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
        source[0] += overview.partition("\n")[2].replace("](", "](notebooks/")


def anchors(app: Sphinx, doctree: nodes.document) -> None:
    """The places that a page names in HTML, as GitHub understands them too: MyST looks for a link's place among headings."""
    page = Path(app.env.doc2path(app.env.docname))
    if page.suffix == ".md":
        known = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
        for place in re.findall(r'<a id="([^"]+)">', page.read_text(encoding="utf-8")):
            known[place] = (0, place, place)


def named_laws(
    app: Sphinx, kind: str, name: str, documented: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """A signature whose default is all laws says `LAWS`: sixty of them would fill the page."""
    return signature and signature.replace(object_description(LAWS), "LAWS"), returns


def explorer_pages(app: Sphinx, exception: Exception | None) -> None:
    """The two pages on which the class chooses what happens: of the service as it is, and of one that forgets a model."""
    if exception is None and app.builder.name == "html":
        for name, graph in graphs.PAGES.items():
            explorer_page(graph(), Path(app.outdir) / name)


def shared_style(app: Sphinx) -> None:
    """The tokens of the shared style, for the theme and for site.css."""
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "style.css").write_text(tokens(), encoding="utf-8")


def setup(app: Sphinx) -> None:
    app.connect("config-inited", notebooks)
    app.connect("builder-inited", shared_style)
    app.connect("build-finished", explorer_pages)
    app.connect("html-page-context", first_picture)
    app.connect("autodoc-process-signature", named_laws)
    app.add_directive("mermaid", Diagram)
    app.connect("source-read", overview_of_notebooks)
    app.connect("doctree-read", anchors)
