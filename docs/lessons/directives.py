"""What the pages of the lessons say to Sphinx: `{lesson}`, `{question}`, `{explorer}` and `{solutions}`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from hptsim.views.style import tokens

from . import forms, lesson_1, lesson_2, lesson_3, lesson_4, lesson_5, lesson_6
from .questions import Lesson

MAKERS: tuple[Callable[[], Lesson], ...] = tuple(
    module.lesson for module in (lesson_1, lesson_2, lesson_3, lesson_4, lesson_5, lesson_6)
)


@cache
def lessons() -> tuple[Lesson, ...]:
    """All lessons; hptsim has just answered their questions."""
    return tuple(make() for make in MAKERS)


def laboratory_address(lesson: Lesson) -> str:
    """The twin's page with the lesson's setup, as seen from the lesson's page."""
    return f"../twin/index.html?{urlencode(lesson.laboratory)}"


class _OfALesson(SphinxDirective):
    """Something about the lesson of the page it stands on."""

    def lesson(self) -> Lesson:
        page = self.env.docname.rpartition("/")[2]
        found = [lesson for lesson in lessons() if lesson.page == page]
        if not found:
            raise self.error(f"{page} is no lesson: {', '.join(lesson.page for lesson in lessons())}")
        return found[0]

    def written(self, markdown: str) -> list[nodes.Node]:
        """Markdown as a part of the page."""
        box = nodes.container()
        self.state.nested_parse(StringList(markdown.splitlines(), self.env.docname), self.content_offset, box)
        return box.children


class Opening(_OfALesson):
    """How a lesson's page begins: how long it takes, what is learned, and the run that it asks about."""

    def run(self) -> list[nodes.Node]:
        lesson = self.lesson()
        count = len(lesson.questions)
        score = f'<p class="score" role="status" data-count="{count}"></p>'
        opening = f"*{lesson.minutes} minutes, {count} predictions.* {lesson.goal}\n\n{lesson.setup}"
        return [*self.written(opening), nodes.raw("", score, format="html")]


class Asked(_OfALesson):
    """A question, by its name."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        questions = self.lesson().questions
        names = [question.name for question in questions]
        if self.arguments[0] not in names:
            raise self.error(f"there is no question {self.arguments[0]!r} in this lesson: {', '.join(names)}")
        place = names.index(self.arguments[0])
        question = questions[place]
        return [
            nodes.raw("", forms.head(question, place + 1, len(names)), format="html"),
            *self.written(question.text),
            nodes.raw("", forms.form(question), format="html"),
            *self.written(question.because),
            nodes.raw("", forms.tail(question), format="html"),
        ]


class Laboratory(_OfALesson):
    """The way to the twin with the lesson's setup."""

    def run(self) -> list[nodes.Node]:
        address = laboratory_address(self.lesson()).replace("&", "&amp;")
        link = f'<p><a class="stop" href="{address}" target="_blank">Open the laboratory</a> (a new tab, set up for it)</p>'
        return [nodes.raw("", link, format="html")]


class Solutions(SphinxDirective):
    """What the instructor has to know of every lesson."""

    def run(self) -> list[nodes.Node]:
        box = nodes.section()
        for number, lesson in enumerate(lessons(), 1):
            text = "\n".join(instructions(number, lesson))
            self.state.nested_parse(StringList(text.splitlines(), self.env.docname), 0, box, match_titles=True)
        return box.children


def instructions(number: int, lesson: Lesson) -> list[str]:
    """A lesson as the instructor's page has it, in Markdown."""
    lines = [f"## Lesson {number}: {lesson.title}", "", f"[The page]({lesson.page}.md). {lesson.goal}", ""]
    lines += [f"*What it takes.* {lesson.needed}", "", "| part | minutes |", "|---|---|"]
    lines += [f"| {part.title} | {part.minutes} |" for part in lesson.parts]
    lines += [f"| together | {lesson.minutes} |", "", f"{lesson.setup}", ""]
    for place, question in enumerate(lesson.questions, 1):
        lines += [
            f"**{place}. {lesson.title}: {question.name}.** {question.text}",
            "",
            f"*Solution:* {plain(question.solution())}",
            "",
        ]
        lines += [f"{question.because}", "", "| prediction | what to say |", "|---|---|"]
        lines += [f"| {plain(wrong)} | {plain(hint)} |" for wrong, hint in question.wrong()]
        lines.append("")
    lines += ["*If time is left.*", "", *(f"* {one}" for one in lesson.more), ""]
    return lines


def plain(text: str) -> str:
    """A text in which Markdown finds no marks.

    >>> plain("a|b `c` *d*")
    'a\\\\|b \\\\`c\\\\` \\\\*d\\\\*'
    """
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}")
    return text


def setup(app: Sphinx) -> None:
    app.add_directive("lesson", Opening)
    app.add_directive("question", Asked)
    app.add_directive("laboratory", Laboratory)
    app.add_directive("solutions", Solutions)
    app.connect("html-page-context", _own_files)
    app.connect("build-finished", _tokens)


def _own_files(app: Sphinx, page: str, template: str, context: dict[str, object], doctree: object) -> None:
    """Only the lessons' pages have their style and their script."""
    if page.startswith("lessons/"):
        for sheet in ("tokens.css", "lesson.css"):
            app.add_css_file(sheet)
        app.add_js_file("lesson.js", loading_method="defer")


def _tokens(app: Sphinx, exception: Exception | None) -> None:
    """The colors of all pages, for the theme's light and dark."""
    if exception is None and app.builder.name == "html":
        (Path(app.outdir) / "_static" / "tokens.css").write_text(tokens(), encoding="utf-8")
