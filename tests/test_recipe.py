"""The recipe for testing one's own orchestrator runs as it stands on the page, in a project of its own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "testing.md"


@pytest.mark.long
def test_the_recipe_runs(tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    tests = re.findall(r"^def test_", "".join(blocks), re.MULTILINE)
    (tmp_path / "test_orchestrator.py").write_text("\n".join(blocks), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(tests) == 5 and "5 passed" in ran.stdout
