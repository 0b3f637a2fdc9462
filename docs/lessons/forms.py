"""A question as HTML: a form for the prediction, and the answer behind a heading that opens it.

Without JavaScript the form has no button: a reader writes the prediction down, and opens the answer. Every text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from hptsim.views.drawings import Drawing, Key
from hptsim.views.marks import mark_svg
from hptsim.views.player import escaped

from .questions import Choice, Matching, Number, Question, Way


def head(question: Question, place: int, count: int) -> str:
    """What stands before the question's words."""
    kind = "Task" if isinstance(question, Way) else "Prediction"
    return (
        f'<section class="question" id="{question.name}" aria-labelledby="{question.name}-head">'
        f'<p class="question-head" id="{question.name}-head">{kind} {place} of {count}</p>'
    )


def form(question: Question) -> str:
    """Where the prediction is made, and the beginning of the answer."""
    return (
        f'<form class="prediction" autocomplete="off"><fieldset><legend>{_asked(question)}</legend>'
        f"{''.join(_fields(question))}</fieldset>"
        '<p class="act" hidden><button type="submit">Check</button></p>'
        '<p class="verdict" role="status"></p></form>'
        "<noscript><p>This browser runs no JavaScript: write your prediction down, then open the answer.</p></noscript>"
        f'<script type="application/json">{escaped(question.data())}</script>'
        f'<details class="solution"><summary>The answer</summary>{_solution(question)}'
    )


def tail(question: Question) -> str:
    """The end of the answer."""
    return f"{'' if question.picture is None else picture(question.picture())}</details></section>"


def picture(drawing: Drawing) -> str:
    """A drawing under its caption, wide or narrow as the window is."""
    keys = "".join(f"<span>{_sign(key)}{escape(key.words)}</span>" for key in drawing.keys)
    return (
        f'<figure class="drawn"><figcaption>{escape(drawing.caption)}</figcaption><div class="wide">{drawing.wide}</div>'
        f'<div class="narrow">{drawing.narrow}</div><p class="keys">{keys}</p></figure>'
    )


def _sign(key: Key) -> str:
    """What stands before the words of a key: the shape of the status that they name, or a piece of a line or of an area."""
    return mark_svg(key.words) if key.shape == "mark" else f'<i class="{key.shape}" style="--of: {key.color}"></i>'


def _solution(question: Question) -> str:
    if isinstance(question, Way):
        address = f"{question.page}#{'.'.join(map(str, question.shortest()))}"
        words = f'{len(question.shortest())} steps, for example <a href="{address}" target="_blank">these</a>'
        return f'<p class="right">{words}</p>'
    if isinstance(question, Matching):
        pairs = (f"<li>{escape(row)}: {escape(right)}</li>" for row, (right, _) in question.rows.items())
        return f'<ul class="right">{"".join(pairs)}</ul>'
    return f'<p class="right">{escape(question.solution())}</p>'


def _asked(question: Question) -> str:
    match question:
        case Choice(several=True):
            return "Your prediction: all that are so, or none"
        case Number():
            return "Your prediction: a number"
        case Matching():
            return "Your prediction: one for each"
        case Way():
            return "Your way there"
    return "Your prediction"


def _fields(question: Question) -> Iterator[str]:
    name = question.name
    match question:
        case Choice():
            kind = "checkbox" if question.several else "radio"
            for place, option in enumerate(question.options):
                box = f'<input type="{kind}" name="{name}" value="{place}">'
                yield f"<label>{box} <span>{escape(option.words)}</span></label>"
        case Number():
            line = f'<input type="text" inputmode="decimal" size="8" name="{name}">'
            yield f"<label><span>{escape(question.label)}</span> {line} {escape(question.unit)}</label>"
        case Matching():
            options = "".join(
                f'<option value="{place}">{escape(one)}</option>' for place, one in enumerate(question.options)
            )
            for row in question.rows:
                choice = f'<select name="{name}"><option value="">choose</option>{options}</select>'
                yield f'<label class="row"><span>{escape(row)}</span> {choice}</label>'
        case Way():
            yield (
                '<details class="explorer" hidden><summary>Open the explorer\'s page here</summary>'
                f'<iframe data-src="{question.page}" title="The explorer: {escape(name)}"></iframe></details>'
                "<p>What you choose there comes into the line below. Or open it "
                f'<a href="{question.page}" target="_blank">in a tab of its own</a>, and paste its address.</p>'
                f'<label><span>The way</span> <input type="text" size="24" name="{name}"></label>'
            )
