"""What is known about the service: every row that tables, laws, assumptions and docstrings cite, with its words and its source.

The facts stand in specification.toml, once. docs/specification.md is written from them, and the player shows their words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

import attrs

from hptsim.model.assumptions import ASSUMPTIONS

GRADES: Mapping[str, str] = MappingProxyType(
    {
        "DOC": "AWS says it: an API page, the developer guide, the documentation strings of the service model",
        "MODEL": "botocore's service model says it in a form that machines read: shape, range, pattern, list of errors",
        "OBS": "seen in an answer or an error of the live service, or in the code of a client that ran against it",
        "PROBE": "tried with botocore or moto",
        "INF": "inferred, or open: not documented",
    }
)
"""What the grades of evidence mean."""
CITED = re.compile(
    r"(?<![\w/#.-])(?<!Amazon )"
    r"(?P<first>A-\d{2}|[BCDHJKLNORSW][1-9]\d?|§\d+(?:\.\d+)?|M:[A-Z]\w+)(?![\w-])"
    r"(?: to (?P<last>(?:A-|[A-Z])\d{1,2})(?!\w))?"
)
"""A code of a row (H2, A-35, O1), a section (§3.3) or a shape (M:StopTrainingJob); also a series of rows, J1 to J12."""


@attrs.frozen
class Clause:
    """One row of the specification: what it *says* of the service, its grades of evidence and its *source*.

    *decided_by* names the assumptions that settle an open question; *twin* says what the twin does where that is not plain.
    """

    code: str
    says: str
    grade: str
    source: str
    decided_by: tuple[str, ...] = attrs.field(default=(), converter=tuple)
    twin: str = ""


@attrs.frozen
class Section:
    """A numbered section of the specification: prose in Markdown, then rows."""

    number: str
    title: str
    says: str
    rows: tuple[Clause, ...] = ()

    @property
    def code(self) -> str:
        """How it is cited: §3.3."""
        return f"§{self.number}"


@cache
def sections() -> tuple[Section, ...]:
    """The whole specification, in its order.

    >>> sections()[0].title
    'The wire, and the client in the same process'
    """
    text = (resources.files("hptsim.model") / "specification.toml").read_text(encoding="utf-8")
    return tuple(
        Section(**{**section, "rows": tuple(Clause(code, **row) for code, row in section.get("rows", {}).items())})
        for section in tomllib.loads(text)["sections"]
    )


@cache
def clauses() -> Mapping[str, Clause]:
    """Every row by its code.

    >>> clauses()["H2"].says
    'StopHyperParameterTuningJob turns InProgress into Stopping.'
    """
    return MappingProxyType({clause.code: clause for section in sections() for clause in section.rows})


def anchor(code: str) -> str:
    """The place of a code on the page of the specification, and of an assumption on the page of semantics.

    >>> anchor("H2"), anchor("§3.3"), anchor("M:StopTrainingJob"), anchor("cluster-reuse")
    ('h2', 'section-3-3', 'm-stoptrainingjob', 'cluster-reuse')
    """
    return code.replace("§", "section-").replace(".", "-").replace(":", "-").lower()


def cited(text: str) -> tuple[str, ...]:
    """Every code of the specification that *text* cites; a series is cited in full.

    >>> cited("J1 to J3, R24, cluster-reuse, §3.3, M:StopTrainingJob")
    ('J1', 'J2', 'J3', 'R24', '§3.3', 'M:StopTrainingJob')
    """
    return tuple(code for found in CITED.finditer(text) for code in _series(found["first"], found["last"]))


def _series(first: str, last: str | None) -> Iterator[str]:
    yield first
    if last is not None:
        letters, begin, end = first.rstrip("0123456789"), *(int(re.sub(r"\D", "", code)) for code in (first, last))
        width = len(first) - len(letters) if letters == "A-" else 1
        yield from (f"{letters}{number:0{width}}" for number in range(begin + 1, end + 1))


def words(rests_on: str) -> dict[str, str]:
    """What a row or law rests on, in words: by code or by name of an assumption.

    >>> words("J6, quota-wait")["J6"]
    'The container exits with 0: Uploading. (DOC)'
    """
    said = {code: f"{one.says} ({one.grade})" for code in cited(rests_on) if (one := clauses().get(code))}
    titles = {section.code: section.title for section in sections()}
    said |= {code: titles[code] for code in cited(rests_on) if code in titles}
    return said | {name: ASSUMPTIONS[name] for name in rests_on.split(", ") if name in ASSUMPTIONS}


def place(code: str, suffix: str = ".md") -> str:
    """Where the documentation says what a code or an assumption says.

    >>> place("H2"), place("quota-wait", ".html")
    ('specification.md#h2', 'semantics.html#quota-wait')
    """
    return f"{'semantics' if code in ASSUMPTIONS else 'specification'}{suffix}#{anchor(code)}"


def linked(text: str) -> str:
    """*text* with every code, and every name of an assumption in a list of them, as a Markdown link to its place.

    >>> linked("H2, quota-wait")
    '[H2](specification.md#h2), [quota-wait](semantics.md#quota-wait)'
    """

    def replace(found: re.Match[str]) -> str:
        return " to ".join(_link(code) for code in (found["first"], found["last"]) if code)

    return ", ".join(_link(part) if part in ASSUMPTIONS else CITED.sub(replace, part) for part in text.split(", "))


def _link(code: str) -> str:
    return f"[{code}]({place(code)})"


def markdown() -> str:
    """The page of the specification.

    >>> markdown().splitlines()[0]
    '# What is known about the service'
    """
    parts = [
        "# What is known about the service",
        "The rows that tables, laws, assumptions and docstrings cite. This page is written by `python -m "
        "hptsim.cli.write_docs` from `hptsim/model/specification.toml`; edit that. Nothing here is quoted from AWS but names, "
        "values and texts of errors.",
        "Each row has a grade of evidence, or several:",
        "\n".join(f"* **{grade}**: {said}." for grade, said in GRADES.items()),
        "Sources: *service model* is botocore's `sagemaker/2017-07-24`; *API page* and *guide* are pages of Amazon SageMaker's "
        "documentation by their names; `owner/repository#1` is an issue or pull request on GitHub; *recorded answers* are "
        "answers of the live service, most of them from the test data of the AWS controller for Kubernetes.",
    ]
    for section in sections():
        parts += [
            f'<a id="{anchor(section.code)}"></a>',
            f"{'##' if '.' not in section.number else '###'} {section.number}. {section.title}",
        ]
        parts += [linked(section.says.strip())] if section.says else []
        parts += [_rows(section.rows)] if section.rows else []
    return "\n\n".join(parts) + "\n"


def _rows(rows: tuple[Clause, ...]) -> str:
    head = ["|   | says | grade | source | the twin |", "|---|---|---|---|---|"]
    if not any(row.decided_by or row.twin for row in rows):
        head = ["|   | says | grade | source |", "|---|---|---|---|"]
    return "\n".join(head + [_line(row, wide=head[0].count("|") == 6) for row in rows])


def _line(row: Clause, wide: bool) -> str:
    cells = [f'<a id="{anchor(row.code)}"></a>{row.code}', linked(row.says), row.grade, linked(row.source)]
    if wide:
        cells.append(" ".join(filter(None, (linked(row.twin), linked(", ".join(row.decided_by))))))
    return "| " + " | ".join(cells) + " |"
