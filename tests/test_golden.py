"""Nothing changes by accident: journals, the explorer's counts and the public surface are as they were written down."""

import json
import os

import pytest
from golden import evidence


def kept(name):
    return json.loads((evidence.FOLDER / name).read_text())


def test_journals_are_as_they_were():
    assert evidence.journals() == kept("journals.json")


def test_the_explorer_counts_as_before():
    assert evidence.counts() == kept("counts.json")


def test_the_public_surface_is_as_it_was():
    assert evidence.surface() == (evidence.FOLDER / "surface.txt").read_text().splitlines()


@pytest.mark.long
@pytest.mark.skipif(os.environ.get("HYPOTHESIS_PROFILE") == "gate", reason="minutes: CI runs the notebooks once only")
def test_the_notebooks_simulate_what_they_did():
    pytest.importorskip("matplotlib").use("Agg")
    assert evidence.notebooks() == kept("notebooks.json")
