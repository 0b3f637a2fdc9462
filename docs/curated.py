"""The pages of docs/api: what most people need of a room, written from the docstrings, and the rest of it by name.

A directive `curated` names a module and, one a line, the objects that come first; each is shown with its call, its first
sentence and its example. The other public names of the module follow in a table. All lead to the full reference.
"""

from __future__ import annotations

import functools
import inspect
import pkgutil
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

MOST_PARAMETERS = 6
"""A call with more shows the ones that must be given, and these many in all."""
EXAMPLE = re.compile(r"(?:^>>> .*\n?(?:^(?!>>> )\S.*\n?|^[ .].*\n?)*)+", re.MULTILINE)
LINK = re.compile(r":\w+:`([^`<]+)(?: <[^>]+>)?`")


def sentence(thing: object) -> str:
    """The first sentence of what it says about itself; nothing for a value without words of its own."""
    if not (inspect.isclass(thing) or inspect.isroutine(thing) or inspect.ismodule(thing)):
        return ""
    paragraph = (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")
    first = LINK.sub(r"`\1`", re.split(r"(?<=[.?!]) (?=[A-Z*`])", paragraph)[0])
    return first.removesuffix(":") + "." if first.endswith(":") else first


def example(thing: object) -> str:
    """The first example of its docstring, which the tests run."""
    found = EXAMPLE.search(inspect.getdoc(thing) or "") if inspect.isclass(thing) or inspect.isroutine(thing) else None
    return found[0].rstrip() if found else ""


def call(name: str, thing: object) -> str:
    """How it is called: names and defaults, without types; of many parameters the first."""
    if not callable(thing):
        return name
    try:
        parameters = list(inspect.signature(thing).parameters.values())
    except (TypeError, ValueError):
        return name
    if parameters and parameters[0].name == "self":
        del parameters[0]
    needed = [one for one in parameters if one.default is one.empty]
    shown = parameters if len(parameters) <= MOST_PARAMETERS else parameters[: max(MOST_PARAMETERS - 1, len(needed))]
    parts: list[str] = []
    for one in shown:
        if one.kind is one.KEYWORD_ONLY and "*" not in parts and not any(part.startswith("*") for part in parts):
            parts.append("*")
        stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        parts.append(f"{stars}{one.name}" + ("" if one.default is one.empty else f"={_default(one.default)}"))
    return f"{name}({', '.join(parts)}{', …' if len(shown) < len(parameters) else ''})"


def _default(value: object) -> str:
    """A default that is short is shown, any other is hinted at."""
    words = repr(value) if isinstance(value, bool | int | float | str | type(None) | tuple) else "…"
    return words if len(words) <= 20 else "…"


def public(module: ModuleType) -> list[str]:
    """The names that a module hands out: its `__all__`, or what it has made itself or imported from its own package."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and str(getattr(thing, "__module__", "")).startswith(module.__name__)
    ]


class Curated(SphinxDirective):
    """`{curated} hptsim.planning`, and the names that come first."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        module = pkgutil.resolve_name(self.arguments[0])
        first = [line.strip() for line in self.content if line.strip()]
        rest = [name for name in public(module) if name not in first]
        shown = [node for name in first for node in self.entry(name, pkgutil.resolve_name(f"{module.__name__}:{name}"))]
        return [*shown, *self.others(module, rest)]

    def entry(self, name: str, thing: Any) -> Iterable[nodes.Node]:
        """A heading, the call, a sentence, an example."""
        section = nodes.section(ids=[nodes.make_id(name)], classes=["curated"])
        section += nodes.title("", "", nodes.literal("", name))
        line = nodes.paragraph("", "", nodes.literal("", call(name, thing), classes=["call"]))
        said = nodes.paragraph()
        said += self.inline(sentence(thing) or self.value(thing))
        section += [line, said]
        full = self.reference(thing, name, nodes.Text("In full"))
        if not isinstance(full, nodes.Text):
            said += [nodes.Text(" "), full]
        if shown := example(thing):
            section += nodes.literal_block(shown, shown, language="python")
        yield section

    def others(self, module: ModuleType, names: list[str]) -> Iterable[nodes.Node]:
        """The rest, one a line."""
        if not names:
            return
        section = nodes.section(ids=["also-here"])
        section += nodes.title("", "Also here")
        points = nodes.bullet_list()
        for name in names:
            thing = getattr(module, name)
            line = nodes.paragraph("", "", self.reference(thing, name, nodes.literal("", name)))
            if words := sentence(thing) or self.value(thing):
                line += [nodes.Text(": "), *self.inline(words)]
            points += nodes.list_item("", line)
        section += points
        yield section

    def value(self, thing: object) -> str:
        """Of a value, what it is."""
        kind = type(thing).__name__
        return f"{'An' if kind[0].lower() in 'aeiou' else 'A'} value of type `{kind}`."

    def inline(self, words: str) -> list[nodes.Node]:
        """Text with its `names` set as code and its *parameters* in italics."""
        parts = re.split(r"(`[^`]+`|\*[^*\s]+\*)", words)
        kinds = {"`": nodes.literal, "*": nodes.emphasis}
        return [kinds[part[0]]("", part[1:-1]) if part[0] in kinds else nodes.Text(part) for part in parts if part]

    def reference(self, thing: Any, name: str, content: nodes.Node) -> nodes.Node:
        """A link to its place in the full reference; what has no place there links to its room, or nowhere."""
        target, role = self.arguments[0], "mod"
        if inspect.ismodule(thing):
            target = thing.__name__
        elif (inspect.isclass(thing) or inspect.isroutine(thing)) and thing.__module__ in listed():
            target, role = f"{thing.__module__}.{thing.__qualname__.rpartition('.')[2]}", "obj"
        if role == "mod" and target not in listed():
            return content
        found = addnodes.pending_xref(
            "", refdomain="py", reftype=role, reftarget=target, refwarn=True, refexplicit=True
        )
        found += content
        return found


@functools.cache
def listed() -> frozenset[str]:
    """The modules of the full reference."""
    page = (Path(__file__).parent / "reference.md").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^   (hptsim[\w.]*)$", page, re.MULTILINE))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("curated", Curated)
    return {"parallel_read_safe": True}
