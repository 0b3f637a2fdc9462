"""What the pages of the lessons say to Sphinx: `{lesson}`, `{question}`, `{explorer}` and `{solutions}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import ClassVar
from urllib.parse import urlencode

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from . import forms, lesson_1, lesson_2, lesson_3, lesson_4, lesson_5, lesson_6
from .questions import Lesson

MAKERS: Mapping[str, Callable[[], Lesson]] = {
    "1-what-stop-means": lesson_1.lesson,
    "2-what-is-free-when": lesson_2.lesson,
    "3-races-and-orders": lesson_3.lesson,
    "4-the-bill-of-a-stop": lesson_4.lesson,
    "5-choose-what-happens": lesson_5.lesson,
    "6-how-to-trust-a-simulator": lesson_6.lesson,
}
"""What makes each page's lesson, in the order of the lessons."""


@cache
def lesson_of(page: str) -> Lesson:
    """The lesson of a page; hptsim has just answered its questions."""
    return MAKERS[page]()


def laboratory_address(lesson: Lesson) -> str:
    """The twin's page with the lesson's setup, as seen from the lesson's page."""
    return f"../twin/index.html?{urlencode(lesson.laboratory)}"


class _OfALesson(SphinxDirective):
    """Something about the lesson of the page it stands on."""

    def lesson(self) -> Lesson:
        page = self.env.docname.rpartition("/")[2]
        if page not in MAKERS:
            raise self.error(f"{page} is no lesson: {', '.join(MAKERS)}")
        return lesson_of(page)

    def written(self, markdown: str) -> list[nodes.Node]:
        """Markdown as a part of the page."""
        box = nodes.container()
        self.state.nested_parse(StringList(markdown.splitlines(), self.env.docname), self.content_offset, box)
        return list(box.children)


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
        text = "\n".join([*overview(), *(line for page in MAKERS for line in instructions(page))])
        self.state.nested_parse(StringList(text.splitlines(), self.env.docname), 0, box, match_titles=True)
        return list(box.children)


def overview() -> list[str]:
    """All lessons with their minutes, in Markdown."""
    lines = ["| lesson | minutes | predictions | laboratory |", "|---|---|---|---|"]
    for number, page in enumerate(MAKERS, 1):
        lesson = lesson_of(page)
        preset = ", ".join(f"{name} {value}" for name, value in lesson.laboratory.items())
        linked = f"[{number}. {lesson.title}]({page}.md)"
        lines.append(f"| {linked} | {lesson.minutes} | {len(lesson.questions)} | {plain(preset)} |")
    return [*lines, ""]


def instructions(page: str) -> list[str]:
    """A lesson as the instructor's page has it, in Markdown."""
    lesson, number = lesson_of(page), list(MAKERS).index(page) + 1
    lines = [f"## Lesson {number}: {lesson.title} ({lesson.minutes} minutes)", "", f"*Goal.* {lesson.goal}", ""]
    lines += [f"*What it takes.* {lesson.needed}", "", lesson.setup, ""]
    place = 0
    for part in lesson.parts:
        lines += [f"### {number}. {part.title}: {part.minutes} minutes", ""]
        for question in part.questions:
            place += 1
            lines += [f"**{place}.** {question.text}", "", f"*Solution:* {plain(question.solution())}", ""]
            lines += [question.because, "", "| who predicts | is told |", "|---|---|"]
            lines += [f"| {plain(wrong)} | {plain(hint)} |" for wrong, hint in question.wrong()]
            lines.append("")
        if not part.questions:
            lines += ["The page says what to do.", ""]
    return [*lines, "*If time is left:*", "", *(f"* {one}" for one in lesson.more), ""]


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


def _own_files(app: Sphinx, page: str, template: str, context: dict[str, object], doctree: object) -> None:
    """Only the lessons' pages have their style and their script."""
    if page.startswith("lessons/"):
        app.add_css_file("lesson.css")
        app.add_js_file("lesson.js", loading_method="defer")
