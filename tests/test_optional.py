"""Optional libraries are imported when they are there, and named by their extra when they are not."""

import json
import tomllib
from pathlib import Path

import pytest

from hptsim.errors import MissingExtra
from hptsim.optional import require


def test_what_is_installed_is_imported():
    assert require("json", "cli", "reading") is json


def test_what_is_missing_is_named_with_the_command_that_brings_it():
    with pytest.raises(
        MissingExtra, match=r"drawing needs the extra 'plots': pip install 'hptsim\[plots\]'"
    ) as missing:
        require("not_installed_anywhere", "plots", "drawing")
    assert isinstance(missing.value.__cause__, ImportError)


def test_every_extra_that_the_code_names_exists():
    root = Path(__file__).parent.parent
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = set()
    for path in (root / "hptsim").rglob("*.py"):
        for call in path.read_text().split("require(")[1:]:
            parts = call.split('"')
            if len(parts) > 3 and parts[0] == "":
                named.add(parts[3])
    assert {"cli", "planning", "test"} <= named <= set(extras)
