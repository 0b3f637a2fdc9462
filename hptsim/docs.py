"""The documentation that is generated from the code: `python -m hptsim.docs` writes docs/semantics.md.

The tables, the assumptions and the laws are said once, in the modules that act on them; a test sees that the committed
file is current.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hptsim import diagram, laws, lifecycle
from hptsim.assumptions import ASSUMPTIONS
from hptsim.lifecycle import EFFECTS, RESERVATION, TRAINING, TUNING

FILE = Path("docs/semantics.md")

_TABLES = (
    (
        TUNING,
        "A tuning job",
        "What stands before a colon is the status it shows; what stands behind is known to it alone.",
    ),
    (
        TRAINING,
        "A training job",
        "States are secondary statuses. A job in `Starting:stopping`, `Stopping`, `Stopping:uploading` or "
        "`Stopping:teardown` shows the primary status `Stopping`; one that ended `MaxRuntimeExceeded` or "
        "`MaxWaitTimeExceeded` shows `Stopped`.",
    ),
    (RESERVATION, "A reservation", "A request of a tuning job for quota, and what it holds once it is granted."),
)


def semantics() -> str:
    """The page that says what the twin does: tables, diagrams, assumptions, laws.

    >>> semantics().splitlines()[0]
    '# What the twin does'
    """
    parts = [
        "# What the twin does",
        "This page is written by `python -m hptsim.docs` from the code that runs: the tables of `hptsim/lifecycle.py`, the "
        "assumptions of `hptsim/assumptions.py` and the laws of `hptsim/laws.py`. Edit those. What a row *rests on* is a "
        "row of the specification of the service (H, J, K, L, R, S, B and a number), a section of it (§), a shape of "
        "botocore's service model (M:) or the name of an assumption below.",
        "## The tables",
        "Each row says what a trigger does to a thing in one state: where it leads, under which condition, and which "
        "effects it has on the world, in order. `[*]` is the state of what does not exist yet. What has no row cannot "
        "happen.",
    ]
    for table, title, words in _TABLES:
        drawing = f"```mermaid\n{diagram.mermaid(table)}\n```"
        parts += [f"### {title}", words, lifecycle.markdown(table), drawing]
    parts += [
        "### Effects",
        _listed(EFFECTS),
        "## Assumptions",
        "What nobody says about the service, so that we had to decide. Those that name a switch are switched in a "
        "[scenario](scenario.md).",
        _listed(ASSUMPTIONS),
        "## Laws",
        "*always* holds after every step, *eventually* when nothing is left to do; a suite that never sees a *sometimes* "
        "is too tame (`hptsim_sometimes` of the pytest plugin makes it red).",
        laws.markdown(),
    ]
    return "\n\n".join(parts) + "\n"


def _listed(words: Mapping[str, str]) -> str:
    return "\n".join(f"* `{name}`: {said}" for name, said in words.items())


def main() -> None:
    """Write the generated pages, below the current folder."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(semantics(), encoding="utf-8")
    print(f"wrote {FILE}")


if __name__ == "__main__":
    main()
