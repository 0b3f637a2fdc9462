"""Writes docs/validation/queueing.md: what queueing theory says beside what hptsim says, as tests/test_theory.py found it.

The models, the formulas, the seeds and the confidence are those of the tests and stand there only.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "validation" / "queueing.md"
HEAD = """# Queueing theory

What theory says and what hptsim says, written by `python benchmarks/validation.py` from the run of `tests/test_theory.py`.
A customer is a tuning job with one training job, a server an instance of the quota, a service takes 100 s on average (a
machine's repair too, every 300 s of its work). Each interval has a confidence of {confidence:.3%}, chosen beforehand, so that
all of them hold at once with 99 %; the seeds are fixed and nothing is fitted. `p95` is the 95 % quantile, times are in seconds.

| model | figure | theory | hptsim | replications |
|---|---|---|---|---|
"""


class Recorder:
    """A plugin that writes the page when all tests have passed."""

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Write it."""
        if exitstatus != 0:
            return
        theory = sys.modules["test_theory"]
        rows = [
            f"| {model} | `{figure}` | {expected:.4g} | {low:.4g} to {high:.4g} | {count} |\n"
            for model, figure, expected, low, high, count in theory.SEEN
        ]
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(HEAD.format(confidence=theory.CONFIDENCE) + "".join(rows), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-m", "", str(ROOT / "tests" / "test_theory.py")], plugins=[Recorder()]))
