"""The pages' templates: every value that they show is a text, whatever it contains; all have the shared style."""

from __future__ import annotations

from typing import Any

from hptsim.optional import require
from hptsim.views.style import style_sheet


def rendered(name: str, **values: Any) -> str:
    """The template of this file name with its *values*, and the shared style as `style`; it needs the extra `plots`.

    >>> rendered("report.html")
    Traceback (most recent call last):
    ...
    jinja2.exceptions.UndefinedError: 'page' is undefined
    """
    jinja = require("jinja2", "plots", "pages")
    world = jinja.Environment(
        loader=jinja.PackageLoader("hptsim.views", "."),
        autoescape=True,
        undefined=jinja.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return str(world.get_template(name).render(style=style_sheet(), **values))
