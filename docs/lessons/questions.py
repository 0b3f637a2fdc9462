"""What a lesson asks. Every answer is given by hptsim when the question is made; a hint names the idea behind a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from hptsim.views.drawings import Drawing


@attrs.frozen(kw_only=True)
class _Asked:
    """What every question has: *text* and the explanation, *because*, are Markdown; all else is plain text. *picture* draws one.

    Each kind has `data()`, what the page needs to check a prediction; `solution()`, the right answer in words; and `wrong()`, the
    usual wrong predictions, each with its hint.
    """

    name: str
    text: str
    because: str
    picture: Callable[[], Drawing] | None = None


@attrs.frozen
class Option:
    """One thing to choose: whether it is *so*, and what is said to who thinks otherwise."""

    words: str
    so: bool
    hint: str = ""


@attrs.frozen(kw_only=True)
class Choice(_Asked):
    """Which one of the options is so; or, where *several* may be, which of them are, possibly none."""

    options: tuple[Option, ...]
    several: bool = False

    def __attrs_post_init__(self) -> None:
        right = sum(option.so for option in self.options)
        if not self.several and right != 1:
            raise ValueError(f"question {self.name}: exactly one option has to be right, not {right}")
        for option in self.options:
            if not option.hint and (self.several or not option.so):
                raise ValueError(f"question {self.name}: {option.words!r} needs a hint")

    def data(self) -> dict[str, Any]:
        return {
            "kind": "choice",
            "right": [place for place, option in enumerate(self.options) if option.so],
            "hints": [option.hint for option in self.options],
        }

    def solution(self) -> str:
        return "; ".join(option.words for option in self.options if option.so) or "none of them"

    def wrong(self) -> list[tuple[str, str]]:
        if not self.several:
            return [(option.words, option.hint) for option in self.options if not option.so]
        return [(f"{'without' if option.so else 'with'}: {option.words}", option.hint) for option in self.options]


@attrs.frozen(kw_only=True)
class Number(_Asked):
    """Which number it is, *within* so much; *hints* are for certain wrong numbers, *low* and *high* for all others."""

    right: float
    unit: str
    label: str = "It is"
    within: float = 0.5
    hints: tuple[tuple[float, str], ...] = ()
    low: str
    high: str

    def __attrs_post_init__(self) -> None:
        numbers = [self.right, *(number for number, _ in self.hints)]
        for place, one in enumerate(numbers):
            if any(abs(one - other) <= 2 * self.within for other in numbers[:place]):
                raise ValueError(f"question {self.name}: {one:g} cannot be told from another number of it")

    def data(self) -> dict[str, Any]:
        hints = [list(pair) for pair in self.hints]
        named = {"right": self.right, "within": self.within, "hints": hints, "low": self.low, "high": self.high}
        return {"kind": "number", **named}

    def solution(self) -> str:
        return self._measured(self.right)

    def wrong(self) -> list[tuple[str, str]]:
        named = [(self._measured(number), hint) for number, hint in self.hints]
        return [*named, ("less", self.low), ("more", self.high)]

    def _measured(self, number: float) -> str:
        unit = self.unit.removesuffix("s") if number == 1 and len(self.unit) > 1 else self.unit
        return f"{shown(number)} {unit}".strip()


@attrs.frozen(kw_only=True)
class Matching(_Asked):
    """Which of the *options* belongs to each row: the place of the right one, and a hint for who takes another."""

    options: tuple[str, ...]
    rows: Mapping[str, tuple[str, str]]

    def __attrs_post_init__(self) -> None:
        for row, (right, _) in self.rows.items():
            if right not in self.options:
                raise ValueError(f"question {self.name}: {right!r}, the answer to {row!r}, is no option")

    def data(self) -> dict[str, Any]:
        right = [self.options.index(option) for option, _ in self.rows.values()]
        return {"kind": "matching", "right": right, "hints": [hint for _, hint in self.rows.values()]}

    def solution(self) -> str:
        return "; ".join(f"{row} → {right}" for row, (right, _) in self.rows.items())

    def wrong(self) -> list[tuple[str, str]]:
        return [(f"another one for: {row}", hint) for row, (_, hint) in self.rows.items()]


@attrs.frozen
class Wanted:
    """Something that the state has to be like: the numbers of the states that are, and what is said in another one."""

    states: frozenset[int]
    hint: str


@attrs.frozen(kw_only=True)
class Way(_Asked):
    """A state to reach on a page of the explorer, in the fewest steps.

    *page* is the file of that page; *targets* says where each step of each state leads.
    """

    page: str
    targets: tuple[tuple[int | None, ...], ...]
    wanted: tuple[Wanted, ...]

    def reached(self) -> frozenset[int]:
        """The states that are as they should be."""
        return frozenset.intersection(*(one.states for one in self.wanted))

    def shortest(self) -> tuple[int, ...]:
        """A shortest way there: the place of each step among those of its state.

        Raises:
            ValueError: there is none.
        """
        ways: list[tuple[int, tuple[int, ...]]] = [(0, ())]
        goals, seen = self.reached(), {0}
        for state, way in ways:  # breadth first: it grows while it is read
            if state in goals:
                return way
            for place, target in enumerate(self.targets[state]):
                if target is not None and target not in seen:
                    seen.add(target)
                    ways.append((target, (*way, place)))
        raise ValueError(f"question {self.name}: no way leads there")

    def data(self) -> dict[str, Any]:
        wanted = [[sorted(one.states), one.hint] for one in self.wanted]
        return {"kind": "way", "targets": self.targets, "wanted": wanted, "fewest": len(self.shortest())}

    def solution(self) -> str:
        way = ".".join(map(str, self.shortest()))
        return f"{len(self.shortest())} steps, for example {self.page}#{way}"

    def wrong(self) -> list[tuple[str, str]]:
        return [("a state that lacks it", one.hint) for one in self.wanted]


Question = Choice | Number | Matching | Way


def shown(number: float) -> str:
    """A number as a page shows it."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.4g}"


@attrs.frozen
class Part:
    """A part of a lesson: its heading on the page, its *minutes*, and its questions."""

    title: str
    minutes: int
    questions: tuple[Question, ...] = ()


@attrs.frozen
class Lesson:
    """A lesson: what is learned, what it takes, how it goes, and what to do with the time that is left.

    *setup*, *needed* and *more* are Markdown. *laboratory* is what the address of the twin's page says.
    """

    title: str
    goal: str
    setup: str
    parts: tuple[Part, ...]
    laboratory: Mapping[str, object]
    needed: str
    more: tuple[str, ...]

    @property
    def minutes(self) -> int:
        """How long it takes."""
        return sum(part.minutes for part in self.parts)

    @property
    def questions(self) -> list[Question]:
        """All that is asked, in order."""
        return [question for part in self.parts for question in part.questions]
