"""The table of docs/speed.md, written from the result that is stored beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from measured import LeftOut, short
from suite import SUITE, Result, from_plain, plain

DOCS = Path(__file__).parent.parent / "docs"
STORED, PAGE = DOCS / "speed.json", DOCS / "speed.md"
BEGIN, END = "<!-- begin: written by `python benchmarks --page` -->\n", "<!-- end -->\n"


def store(result: Result) -> None:
    """Keep the result that the page shows."""
    STORED.write_text(json.dumps(plain(result), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def stored() -> Result:
    """The result that the page shows."""
    return from_plain(json.loads(STORED.read_text(encoding="utf-8")))


def updated(page: str, result: Result) -> str:
    """The page, with what stands between the two marks written anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n" + "\n".join(written(result)) + "\n\n" + END + after


def written(result: Result) -> Iterable[str]:
    """Where the figures come from, and a table."""
    machine = result.machine
    yield f"Measured on {result.date} by `python benchmarks{' --quick' if result.quick else ''}` on {machine.cores} cores,"
    yield f"{machine.processor}, {machine.system}, with {', '.join(f'{k} {v}' for k, v in result.versions.items())}."
    if machine.busy:
        yield f"The machine was busy (a load of {machine.load:g} before it began). Believe the ratios of processor time and"
        yield "memory, both sides of which were measured in the same run; figures by themselves less, and wall time not at all."
    else:
        yield f"The machine was quiet (a load of {machine.load:g} before it began)."
    yield ""
    yield "| what | ratio | baseline | measured | taken from |"
    yield "|---|---:|---|---:|---|"
    left_out = []
    for name, rows in result.found.items():
        yield f"| **{SUITE[name]}** | | | | `{name}` |"
        for row in rows:
            if isinstance(row, LeftOut):
                left_out.append(f"* {row.what} (`{name}`): {row.reason}")
            else:
                baseline = f"{row.baseline}: {short(row.baseline_value)}"
                yield f"| {row.what} | {short(row.ratio)} | {baseline} | {short(row.value)} {row.unit} | {row.taken} |"
    left_out += [f"* `{name}`: it was not part of this run" for name in SUITE if name not in result.found]
    if left_out:
        yield from ("", "Left out in this run:", "", *left_out)
